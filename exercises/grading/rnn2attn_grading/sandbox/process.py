"""The learner's process in a jail, as the supervisor sees it: a socket, a pipe with what it prints, and its end."""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from typing import Protocol

from rnn2attn_grading.sandbox.inside.protocol import BrokenMessageError, Stream, packed, receive
from rnn2attn_grading.sandbox.limits import MIB, Limits

SAID = 1 << 16  # bytes of a reply to all but a call: of a cell comes only what it raised


class StoppedError(Exception):
    """The learner's process is gone, or was ended.

    Attributes:
        status: "timed out", "killed (memory)" or "crashed".
        says: what happened.
    """

    def __init__(self, status: str, says: str):
        super().__init__(f"{status}: {says}")
        self.status, self.says = status, says


class KilledError(Exception):
    """The learner's process was killed, and not by itself: nothing is known of what it would have done."""


class Keeper(Protocol):
    """What a `Process` needs of its jail."""

    def begin(self, channel: int, output: int) -> None:
        """Start the process with its ends of the socket and the pipe."""

    def end(self, now: bool) -> int | None:
        """End the process, at once or after a moment, and say how it ended.

        The exit status; below 0, a signal's number, SIGKILL also where the
        jail is gone with it; None if it had to be ended.
        """


class Process:
    """One process of a jail, made by `Jail.process` and to be closed.

    Args:
        limits: of what it may use.
        jail: starts and ends it.

    Attributes:
        output: what was printed, as far as the limit goes.
        cut: whether more was printed.
        stopped: whether the process is gone, or of no more use.
    """

    def __init__(self, limits: Limits, jail: Keeper):
        self.limits, self.stopped = limits, False
        self.output, self.cut = bytearray(), False
        self._jail, self._ended, self._number = jail, False, 0
        self._answer = int(limits.answer * MIB)
        self._began = time.monotonic()
        self._channel, theirs = socket.socketpair()
        self._stream = Stream(self._channel)
        reading, writing = os.pipe()
        self._reader = threading.Thread(target=self._read, args=(reading,), daemon=True)
        self._reader.start()
        try:
            with theirs:
                jail.begin(theirs.fileno(), writing)
        except BaseException:
            self._channel.close()
            raise
        finally:
            os.close(writing)

    def __enter__(self) -> "Process":
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
            StoppedError: no reply came, or something that is none.
            KilledError: somebody else ended it.
        """
        with self._ending(seconds):
            deadline = self._ask(do, seconds, given)
            return self._reply(self._answer if do == "call" else min(self._answer, SAID), deadline)

    def calls(self, cases: bytes, most: int, seconds: float, /, **given: object) -> Iterator[object]:
        """Have the worker call a function on one case after the other; its replies, at least one, from the first on.

        There are no more of them after an error, nor when it has called for a moment: it is then asked for the rest.

        Args:
            cases: the inputs, as `protocol.packed` leaves a list of them.
            most: how many replies are wanted.
            seconds: until they are complete.
            given: arguments of `worker.some`.

        Raises:
            StoppedError: as for `ask`.
            KilledError: as for `ask`.
        """
        with self._ending(seconds):
            deadline = self._ask("calls", seconds, given, cases)
            count = self._reply(SAID, deadline)
            if type(count) is not int or not 0 < count <= most:
                raise BrokenMessageError("it has not called what was asked")
        for _ in range(count):
            with self._ending(seconds):
                reply = self._reply(self._answer, deadline)
            yield reply

    def _ask(self, do: str, seconds: float, given: dict, behind: bytes = b"") -> float:
        """Send a request, with more behind it; when the reply must be there, on `time.monotonic`."""
        self._number += 1
        deadline = time.monotonic() + seconds
        if seconds <= 0:
            raise TimeoutError
        self._channel.settimeout(seconds)
        self._channel.sendall(packed({"number": self._number, "do": do, "with": given}) + behind)
        return deadline

    def _reply(self, max_bytes: int, deadline: float) -> object:
        message = {"number": 0}
        while message["number"] in range(self._number):
            # What answers an earlier request was sent by a learner's code, or
            # late, because that code had sent something in its place.
            message = receive(self._stream, max_bytes, deadline)
            if not isinstance(message, dict) or "reply" not in message:
                raise BrokenMessageError("it is no reply")
            if not isinstance(message.get("number"), int):
                raise BrokenMessageError("it has no number")
        if message["number"] != self._number:
            raise BrokenMessageError("it replies to what was not asked")
        reply = message["reply"]
        if isinstance(reply, dict) and reply.get("memory") is True:  # what holds it may still hold it
            raise StoppedError("killed (memory)", f"It wanted more than {self.limits.memory} MiB.")
        return reply

    @contextlib.contextmanager
    def _ending(self, seconds: float) -> Iterator[None]:
        """Where no reply comes, or something that is none, the process is of no more use: StoppedError."""
        try:
            yield
        except StoppedError as error:
            stopped = error
        except TimeoutError:
            text = f"It had not come to an end after {seconds:.3g} s."
            stopped = StoppedError("timed out", text)
        except (EOFError, OSError):
            stopped = self._death()
        except BrokenMessageError as broken:
            stopped = StoppedError("crashed", f"Its message is none: {broken}.")
        else:
            return
        self.stopped = True
        raise stopped

    def close(self) -> None:
        """End it, and all that it started."""
        self._channel.close()
        if not self._ended:
            self._jail.end(True)
        self._reader.join(timeout=5)

    def _death(self) -> StoppedError:
        """How the process ended that no longer answers."""
        code, self._ended = self._jail.end(False), True
        if code is None:
            return StoppedError("crashed", "It closed its side of the pipe.")
        if code >= 0:
            return StoppedError("crashed", f"It ended itself, with status {code}.")
        late = time.monotonic() - self._began > self.limits.cpu  # deaf to SIGXCPU, it gets SIGKILL
        if -code == signal.SIGKILL and not late:
            raise KilledError
        if -code in (signal.SIGXCPU, signal.SIGKILL):
            text = f"It took more than {self.limits.cpu} s of CPU."
            return StoppedError("timed out", text)
        name = f"signal {-code}"
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
        if -code == signal.SIGSYS:  # see `system_calls.call_filter`
            name = "SIGKILL, which it sent itself"
        return StoppedError("crashed", f"It was ended by {name}.")

    def _read(self, number: int) -> None:
        """Take what is printed, so that nobody waits, and keep some of it."""
        max_bytes = int(self.limits.output * 1000)
        with open(number, "rb", buffering=0) as pipe:
            while data := pipe.read(1 << 16):
                self.cut |= len(self.output) + len(data) > max_bytes
                self.output += data[: max_bytes - len(self.output)]
