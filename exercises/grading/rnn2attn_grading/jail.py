"""A running jail: one bubblewrap for a learner, and in it a fresh process for every run of a notebook.

What a jail holds and what it forbids stands in `bubblewrap`. Its first
process has PyTorch loaded, runs no line of a learner's, and makes a copy of
itself (fork) for each run. The limits are set in the copy, before that runs
a line of the learner's. Two notebooks of a learner share the walls, and
neither a process nor a file.
"""

import contextlib
import itertools
import socket
import subprocess

from rnn2attn_grading.bubblewrap import Refused, command, filtering
from rnn2attn_grading.limits import MIB, Limits
from rnn2attn_grading.process import Process, Stopped

STARTING = 120  # seconds
ANSWERING = 30  # seconds that the first process has for it
NUMBERS = itertools.count()


class Gone(Exception):
    """The jail has ended; another one is needed."""


class Jail:
    """A running jail, to be closed: ``with Jail(Limits()) as jail``.

    It starts beside the caller; the first `process` waits for it.
    """

    def __init__(self, limits: Limits):
        self.limits, self.gone = limits, False
        self._ready = False
        self._control, theirs = socket.socketpair()
        with theirs, filtering() as calls:
            shared = [theirs.fileno(), calls.fileno()]
            disk = int(limits.disk * MIB)
            self._bubblewrap = subprocess.Popen(
                command(*shared, disk, next(NUMBERS)),
                pass_fds=shared, env={"PATH": "/usr/bin"},
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C is for the supervisor alone
            )  # fmt: skip

    def __enter__(self) -> "Jail":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def process(self) -> Process:
        """A fresh process of Python, with the limits set.

        Raises:
            Refused: the jail does not start, or not its limits.
            Gone: it has ended.
        """
        self._wait()
        limits = self.limits
        process = Process(limits, self)
        try:
            failed = process.ask(
                "limit", STARTING, cpu=limits.cpu, file=limits.file * MIB,
                memory=limits.memory * MIB // limits.processes,
                processes=limits.processes,
            )  # fmt: skip
        except Stopped as stopped:
            failed = {"error": stopped.says}
        if failed:  # no limits, no learner's code
            process.close()
            printed = process.output.decode(errors="replace").strip()
            raise Refused(f"{failed} {printed[-300:]}")
        return process

    def kill(self) -> None:
        """End everything that runs in it."""
        self.gone = True
        self._bubblewrap.kill()  # and with it, all in its process namespace

    def close(self) -> None:
        """Kill it, and free what it holds."""
        self.kill()
        self._bubblewrap.wait()
        self._bubblewrap.stdout.close()
        self._control.close()

    def _wait(self) -> None:
        """Wait until the first process is there."""
        if self.gone:
            raise Gone
        if self._ready:
            return
        self._control.settimeout(STARTING)
        with contextlib.suppress(OSError):
            self._ready = self._control.recv(1) == b"r"
        if not self._ready:
            self._bubblewrap.kill()
            printed = self._bubblewrap.stdout.read().decode(errors="replace")
            self.close()
            raise Refused(f"It did not start. {printed.strip()[-300:]}")

    def begin(self, channel: int, output: int) -> None:
        """Have the first process start a run, see `Process`."""
        self._control.settimeout(ANSWERING)
        try:
            socket.send_fds(self._control, [b"r"], [channel, output])
        except OSError:
            self.gone = True
            raise Gone from None

    def well(self) -> bool:
        """Whether the first process answers; a signal that is to end it, and was sent before, keeps it from that."""
        try:
            self._control.send(b"?")
            return self._control.recv(1) == b"!"
        except OSError:
            return False

    def end(self, now: bool) -> int | None:
        """Have the first process end a run, and clear up; see `Process`."""
        # Processes that it left behind would go on. One alone leaves none.
        self.gone |= self.limits.processes > 1
        try:
            self._control.send(b"k" if now else b"w")
            (length,) = self._control.recv(1)
            status = self._control.recv(length, socket.MSG_WAITALL).decode()
            cleared = self._control.recv(1) == b"c"
        except (OSError, ValueError):  # the learner's code took it along
            self.gone = True
            return self._ended()
        self.gone |= not cleared
        return int(status) if status else None

    def _ended(self) -> int | None:
        """How the first process ended; below 0, by a signal."""
        try:
            code = self._bubblewrap.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return None
        return 128 - code if code > 128 else code
