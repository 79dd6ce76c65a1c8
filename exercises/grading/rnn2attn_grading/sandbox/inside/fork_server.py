"""The fork server of a jail: its first process, which loads PyTorch once, and forks, within walls, for each run.

It reads nothing that a learner wrote and runs no line of theirs. Its copy is process 1 of namespaces of its own,
which part it from all else that runs. It takes an empty /tmp and gives up every right. The copy of that is the run.
When process 1 ends, the system ends whatever is left in there, and what was written goes with it.
"""

import ctypes
import errno
import gc
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable

from large_pages import collapse  # the first import: what comes later is what it is for
from worker import prepare, serve

# Seconds that a run has to end, by the supervisor's word: if its own code has
# closed its socket, and if the supervisor has. The system counts the CPU time
# of what ends, and not of what is killed.
MOMENTS = {b"w": 5, b"k": 0.2}
# The kernel's numbers, from asm-generic/unistd.h, linux/sched.h, mount.h, prctl.h and capability.h.
CLONE3 = 435  # on all machines
NEWNS, NEWPID, NEWNET = 0x00020000, 0x20000000, 0x40000000
NOSUID, NODEV = 2, 4
PAGE = 4096  # bytes of /tmp for each file: an empty one takes memory too
SET_SECCOMP, FILTER, BOUNDING_DROP = 22, 2, 24
CAPABILITIES = 0x20080522  # version 3 of capset
LIBC = ctypes.CDLL(None, use_errno=True)
PYTHON = ctypes.PyDLL(None, use_errno=True)  # calls keep the interpreter's lock


class Program(ctypes.Structure):
    """A filter of system calls, of 8 bytes an instruction: struct sock_fprog."""

    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]


def system(name: str, *given: object) -> None:
    """Call a function of the C library. OSError: it fails."""
    if getattr(LIBC, name)(*given):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def parted() -> int:
    """`os.fork`, whose copy is process 1 of new namespaces. OSError: there is none.

    One more process between, which enters them by unshare, would be one more copy of PyTorch's memory.
    """
    given = (ctypes.c_uint64 * 8)(NEWPID | NEWNS | NEWNET, 0, 0, 0, signal.SIGCHLD)
    PYTHON.PyOS_BeforeFork()
    child = PYTHON.syscall(ctypes.c_long(CLONE3), given, ctypes.c_size_t(ctypes.sizeof(given)))
    number = ctypes.get_errno()
    if child:
        PYTHON.PyOS_AfterFork_Parent()
    else:
        PYTHON.PyOS_AfterFork_Child()
    if child < 0:
        raise OSError(number, f"clone3: {os.strerror(number)}")
    return child


def copied(fork: Callable[[], int], do: Callable, *given: object) -> int:
    """Make a copy of this process, which does something and ends. Its number; what it raises, it prints."""
    child = fork()
    if child:
        return child
    try:
        do(*given)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def runs(control: socket.socket, *walls: object) -> None:
    """Have one run after the other, as often as the supervisor asks, end it when that says so, and say how it ended.

    Args:
        control: brings the ends of a run's socket and pipe, and the word to end it.
        walls: see `one`.
    """
    while True:
        word, ends, *_ = socket.recv_fds(control, 1, 2)
        if not word:
            return
        child = copied(parted, one, control, *ends, *walls)
        for end in ends:
            os.close(end)
        seconds = MOMENTS.get(control.recv(1), 0)
        status = str(ended(child, seconds)).encode()
        control.send(bytes([len(status)]) + status)


def one(control: socket.socket, channel: int, output: int, disk: int, user: int, calls: bytes) -> None:
    """Process 1 of a run: no one, without rights, and with nothing but this run.

    Args:
        control: is closed.
        channel: the run's end of its socket.
        output: of the pipe that takes what it prints.
        disk: bytes of /tmp.
        user: whom it becomes, where it is root.
        calls: the filter of system calls.
    """
    for standard in (1, 2):
        os.dup2(output, standard)
    os.close(output)
    control.close()
    os.close(0)
    os.open(os.devnull, os.O_RDONLY)  # 0 again: the one before is everyone's
    room = b"size=%d,nr_inodes=%d,mode=1777" % (disk, disk // PAGE + 1)
    system("mount", b"tmpfs", b"/tmp", b"tmpfs", NOSUID | NODEV, room)
    os.chdir("/tmp")
    drop(user)
    program = Program(len(calls) // 8, calls)
    system("prctl", SET_SECCOMP, FILTER, ctypes.byref(program), 0, 0)
    # To a signal that it does not handle, process 1 is deaf from within.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    run = copied(os.fork, begin, channel)
    os.close(channel)
    number = 0
    while number != run:  # others are what a run left behind
        number, status = os.wait()
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def begin(channel: int) -> None:
    """The run: SIGINT is what it is in any Python, however the supervisor was started."""
    os.setsid()  # else a signal to its group would be one to the first process
    signal.signal(signal.SIGINT, signal.default_int_handler)
    serve(channel)


def drop(user: int) -> None:
    """Give up all rights of this process, and of all that it starts, for good."""
    number = 0
    while not LIBC.prctl(BOUNDING_DROP, number, 0, 0, 0):
        number += 1
    if ctypes.get_errno() != errno.EINVAL:  # there is no such right
        raise PermissionError("The rights of later programs cannot be dropped.")
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    system("capset", (ctypes.c_uint32 * 2)(CAPABILITIES, 0), (ctypes.c_uint32 * 6)())


def ended(child: int, seconds: float) -> int | str:
    """How a process ended: its status, a signal's number above 128; "" if it had to be ended."""
    handle = os.pidfd_open(child)
    select.select([handle], [], [], seconds)
    os.close(handle)
    number, status = os.waitpid(child, os.WNOHANG)
    if number:
        return os.waitstatus_to_exitcode(status)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return ""


def main() -> None:
    """Load what a run needs, and wait for the supervisor."""
    control, calls, disk, user = map(int, sys.argv[1:])
    with open(calls, "rb") as file:
        walls = disk, user, file.read()
    prepare()
    gc.collect()
    collapse()
    gc.freeze()  # what is here now stays; to look at it again would copy its pages
    first = socket.socket(fileno=control)
    first.send(b"r")
    runs(first, *walls)


if __name__ == "__main__":
    main()
