"""A running jail: one bubblewrap for many runs, each in a process of its own, within walls of its own.

What a jail holds and what it forbids stands in `bubblewrap`, and what parts
its runs from each other in `inside.fork_server`. Its first process has PyTorch
loaded, runs no line of a learner's, and makes a copy of itself (fork) for each
run. The limits are set in the copy, before that runs a line of the learner's.
No two runs see each other, of one learner or of two.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess

from rnn2attn_grading.sandbox.bubblewrap import RefusedError, command, filtering
from rnn2attn_grading.sandbox.limits import MIB, Limits
from rnn2attn_grading.sandbox.process import KilledError, Process, StoppedError

STARTING = 120  # seconds
ANSWERING = 30  # seconds that the first process has for it
# Processes of a run's user beside the run: process 1 of its walls, and if the
# user is one for the whole jail, the first process and bubblewrap's.
BESIDE = 3 if os.geteuid() else 1


class GoneError(Exception):
    """The jail has ended; another one is needed."""


class Jail:
    """A running jail, to be closed: ``with Jail(Limits()) as jail``.

    It starts beside the caller; the first `process` waits for it. It holds
    one process at a time.
    """

    def __init__(self, limits: Limits):
        self.limits, self._stopped = limits, False
        self._start()

    def __enter__(self) -> "Jail":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def process(self) -> Process:
        """A fresh process of Python, with the limits set.

        Raises:
            RefusedError: the jail does not start, or not its walls or limits.
            GoneError: `stop` was called.
        """
        for _ in range(2):
            if self._gone and not self._stopped:
                self.close()
                self._start()
            with contextlib.suppress(GoneError):
                return self._process()
        if self._stopped:
            raise GoneError
        raise RefusedError("The jail was ended twice, and not by what runs in it. Is the machine out of memory?")

    def stop(self) -> None:
        """End what runs, from another thread; nothing starts from now on."""
        self._stopped = True
        self._kill()

    def close(self) -> None:
        """Kill it, and free what it holds."""
        self._kill()
        self._control.close()
        self._bubblewrap.wait()
        self._bubblewrap.stdout.close()
        if self._holds is not None:
            os.close(self._holds)
            self._holds = None

    def _start(self) -> None:
        self._ready = self._gone = False
        self._holds = None
        self._control, theirs = socket.socketpair()
        reading, writing = os.pipe()
        with open(reading, "rb") as told, open(writing, "wb") as telling, theirs, filtering() as calls:
            shared = [theirs.fileno(), calls.fileno(), telling.fileno()]
            disk = int(self.limits.disk * MIB)
            self._bubblewrap = subprocess.Popen(
                command(*shared, disk),
                pass_fds=shared, env={"PATH": "/usr/bin"},
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C is for the supervisor alone
            )  # fmt: skip
            telling.close()
            self._holds = _opened(told.read())

    def _kill(self) -> None:
        """Kill the process that holds all others; bubblewrap then ends.

        To kill bubblewrap would leave that one asleep for ever, if it waits for bubblewrap's word to begin.
        """
        if self._holds is not None:
            with contextlib.suppress(OSError):  # it is gone
                signal.pidfd_send_signal(self._holds, signal.SIGKILL)

    def _process(self) -> Process:
        self._wait()
        limits = self.limits
        process = Process(limits, self)
        try:
            failed = process.ask(
                "limit", STARTING, cpu=limits.cpu, file=limits.file * MIB,
                memory=limits.memory * MIB // limits.processes,
                processes=limits.processes + BESIDE,
            )  # fmt: skip
        except StoppedError as stopped:
            failed = {"error": stopped.says}
        except KilledError:
            process.close()
            raise GoneError from None
        if failed:  # no walls, no limits, no learner's code
            process.close()
            printed = process.output.decode(errors="replace").strip()
            raise RefusedError(f"{failed} {printed[-300:]}")
        return process

    def _wait(self) -> None:
        """Wait until the first process is there."""
        if self._stopped:
            raise GoneError
        if self._ready:
            return
        self._control.settimeout(STARTING)
        with contextlib.suppress(OSError):
            self._ready = self._control.recv(1) == b"r"
        if not self._ready:
            self._kill()
            self._control.close()
            printed = self._bubblewrap.stdout.read().decode(errors="replace")
            self.close()
            raise RefusedError(f"It did not start. {printed.strip()[-300:]}")

    def begin(self, channel: int, output: int) -> None:
        """Have the first process start a run, see `Process`."""
        self._control.settimeout(ANSWERING)
        try:
            socket.send_fds(self._control, [b"r"], [channel, output])
        except OSError:  # a machine that is out of memory may have ended it
            self._gone = True
            raise GoneError from None

    def end(self, now: bool) -> int | None:
        """Have a run ended, and all that it started; see `Process`."""
        try:
            self._control.send(b"k" if now else b"w")
            (length,) = self._control.recv(1)
            status = self._control.recv(length, socket.MSG_WAITALL).decode()
        except (OSError, ValueError):
            self._gone = True
            return -signal.SIGKILL
        if not status:
            return None
        code = int(status)
        return 128 - code if code > 128 else code


def _opened(told: bytes) -> int | None:
    """A file descriptor of the process of which bubblewrap told; None if it is gone, or told of none."""
    with contextlib.suppress(ValueError, ProcessLookupError):
        return os.pidfd_open(json.loads(told)["child-pid"])
    return None
