"""The learner's side: runs the cells of a notebook, then calls its functions.

The first process of the jail loads PyTorch and makes a copy of itself for
each run of a notebook. In the copy the learner's code runs as well, so it can
be changed by that code and nothing that it says is relied upon. It holds no
reference and no expected output. The learner's code may end the first
process, and with it the jail; it does not hold the socket on which that one
is told what to do.
"""

import functools
import math
import mmap
import os
import resource
import shutil
import signal
import socket
import sys
import time

import torch
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
from wire import receive, send

import rnn2attn.check
from rnn2attn.check import calling
from rnn2attn.check.reading import forbidden_call

MOST = 1 << 30  # bytes of a request; the supervisor is trusted
PACKAGES = "/site"  # where the jail has what is installed
MOMENT = 5  # seconds that a process has to end that has closed its socket


class Shell(InteractiveShell):
    """IPython without what needs a terminal, a front end or other programs."""

    def enable_gui(self, gui=None):
        """Ignore ``%matplotlib``."""

    def system(self, command):
        """Ignore ``!command``."""

    def getoutput(self, command, split=True, depth=0):
        """Ignore ``x = !command``."""
        return []


def shell() -> Shell:
    """A new IPython that writes no history and prints errors in one line."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.xmode = "Minimal"
    config.InteractiveShell.colors = "NoColor"
    return Shell.instance(config=config)


def run_cell(source: str) -> dict:
    """Run a cell as Jupyter does; what it raised is the answer."""
    result = Shell.instance().run_cell(source)
    error = result.error_before_exec or result.error_in_exec
    return {"error": described(error) if error else None}


def look(name: str, forbidden: tuple[str, ...]) -> dict:
    """Whether there is such a function, and what it uses that is forbidden."""
    function = Shell.instance().user_ns.get(name)
    found = callable(function)
    return {
        "found": found,
        "uses": found and forbidden_call(function, forbidden),
    }


def call(name: str, inputs: dict, gradients: tuple, seconds: float) -> dict:
    """Call a function of the notebook, see `rnn2attn.check.calling.call`."""
    function = Shell.instance().user_ns[name]
    try:
        answer = calling.call(function, inputs, gradients, seconds)
    except NotImplementedError as error:  # not the function's: see `plain`
        raise ValueError(f"What it returns is no data. {error}") from None
    return vars(answer) | {"error": answer.error and vars(answer.error)}


def described(error: BaseException) -> dict:
    """An exception as data."""
    text = str(error)
    if isinstance(error, SyntaxError):
        text = f"{error.msg}, line {error.lineno}"
    return {"type": type(error).__name__, "message": text[:300]}


def limit(cpu: int, memory: int, processes: int, file: int) -> None:
    """Bound this process for good, and with it all that it may start.

    Args:
        cpu: seconds from now.
        memory: bytes, beyond those in use now.
        processes: of this user, threads included.
        file: bytes of a file.
    """
    space = used() + memory
    cpu += math.ceil(time.process_time())
    for name, soft, hard in (
        ("AS", space, space),
        ("CPU", cpu, cpu + 1),  # a signal that has a name, then SIGKILL
        ("NPROC", processes + 1, processes + 1),  # the first one counts
        ("FSIZE", file, file),
        ("NOFILE", 64, 64),
        ("CORE", 0, 0),
    ):
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (soft, hard))


def used() -> int:
    """Bytes of address space in use: below that limit, no page can be had.

    There is no /proc to read it from, and PyTorch with CUDA takes gigabytes.
    """
    low, high = 0, 1 << 47
    while high - low > 1 << 20:
        middle = (low + high) // 2
        resource.setrlimit(resource.RLIMIT_AS, (middle, resource.RLIM_INFINITY))
        try:
            mmap.mmap(-1, mmap.PAGESIZE).close()
        except (OSError, MemoryError):
            low = middle
        else:
            high = middle
    return high


def serve(channel: socket.socket) -> None:
    """Do what the supervisor asks for, until it hangs up."""
    do = {"limit": limit, "cell": run_cell, "look": look, "call": call}
    while True:
        request = receive(channel, MOST)
        try:
            reply = do[request["do"]](**request["with"])
        except BaseException as error:
            reply = {"error": described(error)}
        number = request["number"]
        try:
            send(channel, {"number": number, "reply": reply})
        except (TypeError, ValueError) as error:  # an integer without end
            reply = {"error": described(error)}
            send(channel, {"number": number, "reply": reply})


def runs(control: socket.socket, folder: str) -> None:
    """Start a run, end it and clear up, as often as the supervisor asks.

    Args:
        control: brings the ends of a run's socket and pipe, and then the word
            to end it.
        folder: where learners' code may write; what a run leaves there goes.
    """
    while True:
        word, ends, *_ = socket.recv_fds(control, 1, 2)
        if not word:
            return
        child = os.fork()
        if not child:
            control.close()
            run(*ends)
        for end in ends:
            os.close(end)
        while (word := control.recv(1)) == b"?":
            control.send(b"!")
        status = str(ended(child, MOMENT if word == b"w" else 0)).encode()
        control.send(bytes([len(status)]) + status)
        for entry in os.scandir(folder):
            remove = (
                shutil.rmtree
                if entry.is_dir(follow_symlinks=False)
                else os.remove
            )
            remove(entry.path)
        control.send(b"c")


def run(channel: int, output: int) -> None:
    """One run, in a process of its own, which does not return."""
    try:
        for standard in (1, 2):
            os.dup2(output, standard)
        os.close(output)
        serve(socket.socket(fileno=channel))
    finally:
        os._exit(1)


def ended(child: int, seconds: float) -> int | str:
    """How a process ended: its status, below 0 a signal; "" if it had to be ended."""
    ends = time.monotonic() + seconds
    number, status = os.waitpid(child, os.WNOHANG)
    while not number and time.monotonic() < ends:
        time.sleep(0.005)
        number, status = os.waitpid(child, os.WNOHANG)
    if number:
        return os.waitstatus_to_exitcode(status)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return ""


if __name__ == "__main__":
    torch.set_num_threads(1)
    calling.FOREIGN += (PACKAGES,)
    # The supervisor calls the functions itself; `check` need not.
    silent = functools.wraps(rnn2attn.check.check)(lambda *_: None)
    silent.summary = silent
    rnn2attn.check.check = silent
    shell()
    first = socket.socket(fileno=int(sys.argv[1]))
    first.send(b"r")
    runs(first, sys.argv[2])
