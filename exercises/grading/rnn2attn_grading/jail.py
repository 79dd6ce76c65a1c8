"""A running jail: one bubblewrap and one fresh Python for a learner's notebook.

What it holds and what it forbids stands in `bubblewrap`. Its limits are set
by `jailed.worker`, before that runs a line of the learner's.
"""

import contextlib
import re
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field, fields

from rnn2attn_grading.bubblewrap import Refused, command, filtering
from rnn2attn_grading.jailed.wire import Broken, receive, send

STARTING = 120  # seconds
MIB = 1 << 20
NO_MEMORY = re.compile("MemoryError|an(not|'t) allocate memory")


def option(default: float, text: str):
    """A field of `Limits` with what the command line says of it."""
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class Limits:
    """What a submission may use."""

    cell: float = option(30, "seconds that a cell may take")
    call: float = option(10, "seconds that a call of a function may take")
    submission: float = option(300, "seconds that a submission may take")
    cpu: int = option(120, "seconds of CPU of a process")
    memory: int = option(2048, "MiB of all processes, beyond PyTorch's own")
    processes: int = option(1, "processes and threads")
    file: int = option(8, "MiB of a file")
    disk: int = option(64, "MiB of all files")
    output: int = option(100, "kB of printed output that are kept")
    answer: int = option(4, "MiB of an answer")

    def __post_init__(self):
        for limit in fields(self):
            value = getattr(self, limit.name)
            if not value > 0:
                raise ValueError(f"{limit.name} is {value}; above 0 is needed")


class Stopped(Exception):
    """The learner's process is gone, or was ended.

    Attributes:
        status: "timed out", "killed (memory)" or "crashed".
        says: what happened.
    """

    def __init__(self, status: str, says: str):
        super().__init__(f"{status}: {says}")
        self.status, self.says = status, says


class Jail:
    """A running jail, to be closed: ``with Jail(Limits()) as jail``.

    `Refused` is raised where it does not start.

    Attributes:
        output: what was printed, as far as the limit goes.
        cut: whether more was printed.
        stopped: whether the learner's process is gone, or of no more use.
    """

    def __init__(self, limits: Limits):
        self.limits, self.stopped = limits, False
        self.output, self.cut = bytearray(), False
        self._number = 0
        self._channel, theirs = socket.socketpair()
        with theirs, filtering() as calls:
            shared = [theirs.fileno(), calls.fileno()]
            disk = int(limits.disk * MIB)
            self._process = subprocess.Popen(
                command(*shared, disk), pass_fds=shared,
                env={"PATH": "/usr/bin"}, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            failed = self.ask(
                "limit", STARTING, cpu=limits.cpu, file=limits.file * MIB,
                memory=limits.memory * MIB // limits.processes,
                processes=limits.processes,
            )  # fmt: skip
        except Stopped as stopped:
            failed = stopped.says
        if failed:  # no limits, no learner's code
            self.close()
            printed = self.output.decode(errors="replace").strip()
            raise Refused(f"{failed} {printed[-300:]}")

    def __enter__(self) -> "Jail":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def ask(self, do: str, seconds: float, /, **given: object) -> object:
        """Have the worker do something, and return its reply: data, not truth.

        Args:
            do: a key of `worker.serve`.
            seconds: until the reply is complete.
            given: its arguments.

        Raises:
            Stopped: no reply came, or something that is none.
        """
        self._number += 1
        request = {"number": self._number, "do": do, "with": given}
        try:
            return self._reply(request, seconds)
        except TimeoutError:
            text = f"It had not come to an end after {seconds:.3g} s."
            stopped = Stopped("timed out", text)
        except (EOFError, OSError):
            stopped = self._ended()
        except Broken as broken:
            stopped = Stopped("crashed", f"Its message is none: {broken}.")
        except MemoryError:
            text = f"It wanted more than {self.limits.memory} MiB."
            stopped = Stopped("killed (memory)", text)
        self.stopped = True
        raise stopped

    def _reply(self, request: dict, seconds: float) -> object:
        ends = time.monotonic() + seconds
        if seconds <= 0:
            raise TimeoutError
        self._channel.settimeout(seconds)
        send(self._channel, request)
        message = {"number": 0}
        while message["number"] in range(request["number"]):
            # What answers an earlier request was sent by a learner's code, or
            # late, because that code had sent something in its place.
            most = int(self.limits.answer * MIB)
            message = receive(self._channel, most, ends)
            if not isinstance(message, dict) or "reply" not in message:
                raise Broken("it is no reply")
            if not isinstance(message.get("number"), int):
                raise Broken("it has no number")
        if message["number"] != request["number"]:
            raise Broken("it replies to what was not asked")
        reply = message["reply"]
        error = reply.get("error") if isinstance(reply, dict) else None
        if NO_MEMORY.search(str(error)):  # what holds it may still hold it
            raise MemoryError
        return reply

    def close(self) -> None:
        """End everything that runs in the jail."""
        self._process.kill()  # and with it, all in its process namespace
        self._process.wait()
        self._reader.join(timeout=5)
        self._channel.close()

    def _ended(self) -> Stopped:
        """How the process ended that no longer answers."""
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return Stopped("crashed", "It closed its side of the pipe.")
        if code <= 128:
            return Stopped("crashed", f"It ended itself, with status {code}.")
        if code - 128 == signal.SIGXCPU:
            text = f"It took more than {self.limits.cpu} s of CPU."
            return Stopped("timed out", text)
        with contextlib.suppress(ValueError):
            code = signal.Signals(code - 128).name
        return Stopped("crashed", f"It was ended by {code}.")

    def _read(self) -> None:
        """Take what is printed, so that nobody waits, and keep some of it."""
        most = int(self.limits.output * 1000)
        with self._process.stdout as pipe:
            while data := pipe.read1(1 << 16):
                self.cut |= len(self.output) + len(data) > most
                self.output += data[: most - len(self.output)]
