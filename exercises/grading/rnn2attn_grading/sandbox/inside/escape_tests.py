"""What must not be possible in the jail, tried from within by the trial."""

import ctypes
import errno
import fcntl
import importlib.util
import os
import signal
import socket

CLONE_NEWUSER = 0x10000000
NO_NEW_PRIVS, BOUND = 39, 23  # for prctl
CAPABILITIES = 0x20080522  # version 3 of capget
NOWAIT = 8  # for preadv2: RWF_NOWAIT
# Numbers of system calls, the same on all machines that PyTorch runs on, and what they are given.
OPEN_TREE, STATMOUNT, LISTMOUNT, OPEN_TREE_ATTR = 428, 457, 458, 467
AT_FDCWD, ROOT_MOUNT = -100, 0xFFFFFFFFFFFFFFFF
LEFT, QUEUE = "/tmp/rnn2attn-left", b"/rnn2attn-left"


def breaches(
    port: int, path: str, variable: str, supervisor: int, processes: int, memory: int, disk: int, covers: list[str]
) -> list[str]:
    """What was possible, each as the end of "learners' code can …".

    Args:
        port: of 127.0.0.1, on which the supervisor listens.
        path: of a file that everyone may read.
        variable: of the supervisor's environment.
        supervisor: its process id.
        processes: that may run.
        memory: bytes that may be had.
        disk: bytes that may be written.
        covers: what the jail has in place of this package.
    """
    libc = ctypes.CDLL("librt.so.1", use_errno=True)  # and the C library
    tries = {
        "reach the network": lambda: connected(port),
        "read this machine's files": lambda: os.stat(path),
        "read the specifications": lambda: importable("rnn2attn_grading"),
        "read the environment": lambda: os.environ[variable],
        "see other processes": lambda: neighbours(supervisor),
        "signal other processes": lambda: signalled(supervisor),
        "start more processes than allowed": lambda: forked(processes),
        "take more memory than allowed": lambda: bytearray(memory + (64 << 20)),
        "fill the disk": lambda: filled("/tmp", disk + (1 << 20)),
        "write outside of /tmp": lambda: writable(covers),
        "find the files of another run": lambda: os.remove(LEFT),
        "find the messages of another run": lambda: zero(libc.mq_unlink(QUEUE)),
        "use the network of another run": loop,
        "be root": lambda: zero(os.getuid()),
        "make namespaces": lambda: zero(libc.unshare(CLONE_NEWUSER)),
        "watch what others read": watched,
        "see which files are in memory": lambda: cached(libc),
        "see the machine's mounts": lambda: mounts(libc),
        "gain privileges": lambda: zero(libc.prctl(NO_NEW_PRIVS, 0, 0, 0, 0)),
        "use privileges": lambda: privileged(libc),
    }
    return [text for text, attempt in tries.items() if possible(attempt)]


def leave() -> None:
    """Leave behind what another run must not find, as far as that is possible."""
    with open(LEFT, "w"):
        pass
    ctypes.CDLL("librt.so.1").mq_open(QUEUE, os.O_CREAT, 0o666, None)


def possible(attempt) -> bool:
    """Whether nothing was raised."""
    try:
        attempt()
    except (OSError, MemoryError, LookupError):
        return False
    return True


def zero(result: int) -> None:
    """OSError: it is another number, as when the kernel refuses."""
    if result:
        raise OSError(result)


def connected(port: int) -> None:
    """Connect, and hang up."""
    socket.create_connection(("127.0.0.1", port), timeout=1).close()


def loop() -> None:
    """Send something to this machine itself."""
    with socket.socket(type=socket.SOCK_DGRAM) as sending:
        sending.sendto(b"", ("127.0.0.1", 9))


def neighbours(supervisor: int) -> None:
    """Find a process that is neither this one nor its parent, or what is known of the first."""
    if os.path.exists("/proc/1"):
        return
    for number in {supervisor, *range(1, 1000)} - own():
        try:
            os.getpgid(number)
        except ProcessLookupError:
            continue
        return
    raise LookupError


def signalled(supervisor: int) -> None:
    """Reach the supervisor with a signal, or what is in one group with this process."""
    if os.getpgrp() == os.getpid():
        if supervisor in own():
            raise LookupError
        os.kill(supervisor, 0)


def own() -> set[int]:
    """The numbers of this process and of the first one of its walls.

    Where few processes run, as in a container, the supervisor may have one of
    them there. Neither of the two is the supervisor: that starts no run itself.
    """
    return {os.getpid(), os.getppid()}


def watched() -> None:
    """Ask to be told by a signal when somebody reads in a folder that all runs share."""
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    folder = os.open(os.path.dirname(os.__file__), os.O_RDONLY)
    try:
        fcntl.fcntl(folder, fcntl.F_NOTIFY, fcntl.DN_ACCESS)
    finally:
        os.close(folder)
        signal.signal(signal.SIGIO, before)


def cached(libc: ctypes.CDLL) -> None:
    """Read something that all runs share only if it is in memory."""
    with open(os.__file__, "rb") as file:
        page = ctypes.create_string_buffer(1)
        place = (ctypes.c_size_t * 2)(ctypes.addressof(page), 1)
        number = ctypes.c_long(0)
        if libc.preadv2(file.fileno(), place, 1, number, NOWAIT) < 0 and ctypes.get_errno() != errno.EAGAIN:
            raise OSError


def mounts(libc: ctypes.CDLL) -> None:
    """Open a mount, or have a list of them: the four calls of which one is in every kernel."""
    request, found = (ctypes.c_uint64 * 4)(32, ROOT_MOUNT, 1, 0), (ctypes.c_uint64 * 512)()
    words = ctypes.c_size_t(0), ctypes.c_size_t(0)
    for number, *given in (
        (OPEN_TREE, AT_FDCWD, b"/", 0),
        (OPEN_TREE_ATTR, AT_FDCWD, b"/", 0, *words),
        (LISTMOUNT, request, found, 512, 0),
        (STATMOUNT, request, found, 4096, 0),
    ):
        if libc.syscall(ctypes.c_long(number), *given) >= 0:
            return
    raise OSError


def importable(name: str) -> None:
    """Find a package that has anything in it: an empty folder is a package too."""
    spec = importlib.util.find_spec(name)
    if not any(map(os.listdir, spec.submodule_search_locations if spec else [])):
        raise LookupError


def forked(count: int) -> None:
    """Start so many processes, beside this one."""
    children = []
    try:
        for _ in range(count):
            children.append(os.fork())
            if not children[-1]:
                signal.pause()
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def filled(folder: str, size: int) -> None:
    """Write so much, in files of 1 MiB, and remove them."""
    names = [f"{folder}/rnn2attn-{n}" for n in range(size >> 20)]
    try:
        for name in names:
            with open(name, "wb") as file:
                file.write(bytes(1 << 20))
    finally:
        for name in filter(os.path.exists, names):
            os.remove(name)


def writable(covers: list[str]) -> None:
    """Mark one of the folders that the jail holds with the time: who may write to it or owns it can."""
    for folder in ("/", "/dev", "/dev/pts", "/dev/shm", "/jail", "/python", "/site", "/usr", *covers):
        try:
            os.utime(folder)
        except OSError:
            continue
        return
    raise LookupError


def privileged(libc: ctypes.CDLL) -> None:
    """Have a capability, or leave one to be had by a program that is started."""
    held = (ctypes.c_uint32 * 6)()
    libc.capget((ctypes.c_uint32 * 2)(CAPABILITIES, 0), held)
    bounds = (libc.prctl(BOUND, number, 0, 0, 0) for number in range(64))
    if not any(held) and 1 not in bounds:
        raise LookupError
