"""The walls: what a jail holds, and what it forbids.

It holds Python, PyTorch, the library `rnn2attn` and what these need, all of it
read-only, and a small /tmp. There is no network, no /proc, and no process but
its own; the learner's code is no one there and can become no one else. The
program bubblewrap (bwrap) makes it of namespaces and mounts. Within it, the
jail's first process puts a second set of walls around each run, see
`inside.fork_server`, the filter of system calls among them, which the library
libseccomp makes.
"""

import contextlib
import errno
import fcntl
import functools
import os
import signal
import socket
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import rnn2attn
import rnn2attn_grading
from rnn2attn_grading.sandbox import inside

USER = 1 << 24  # from here on, numbers that are nobody's; used where the supervisor is root
MOST = 64  # jails of one supervisor at a time
# System calls that no answer needs. The last two lines hold memory that no limit
# counts. 463 is setxattrat, which is younger than many a libseccomp.
FORBIDDEN = [
    "unshare", "setns", "mount", "umount2", "pivot_root", "chroot",
    "move_mount", "open_tree", "fsopen", "fsmount", "fspick", "mount_setattr",
    "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd",
    "keyctl", "add_key", "request_key", "bpf", "perf_event_open",
    "userfaultfd", "io_uring_setup", "open_by_handle_at", "kexec_load",
    "init_module", "finit_module", "delete_module",
    "inotify_add_watch", "fanotify_mark",
    "memfd_create", "memfd_secret", "shmget", "msgget", "semget",
    "vmsplice", "setxattr", "lsetxattr", "fsetxattr", 463,
]  # fmt: skip
RUN = 2  # the number of a run in its walls, where it is the second process
CLONE_NEWUSER = 0x10000000
SETDELEG = 1040  # of linux/fcntl.h: a lease by another name, which Python does not know yet
# What the first process may do, to give each run its walls. A run may do none of it.
RIGHTS = ["SYS_ADMIN", "SETUID", "SETGID", "SETPCAP", "KILL"]


class RefusedError(Exception):
    """There is no jail on this machine; the text says why."""


def command(channel: int, calls: int, disk: int, number: int) -> list[str]:
    """The command line of a jail.

    Args:
        channel: file descriptor of the first process's end of the socket.
        calls: file descriptor of the filter of system calls.
        disk: bytes of a run's /tmp.
        number: of the jail. Each has a user of its own, because processes are
            counted by user.
    """
    line = """
        bwrap --die-with-parent --new-session --unshare-pid --unshare-net
        --unshare-ipc --unshare-uts --unshare-cgroup-try --cap-drop ALL
    """
    if os.geteuid():
        line += "--unshare-user --uid 65534 --gid 65534 "
    for right in RIGHTS:
        line += f"--cap-add CAP_{right} "
    words = line.split()
    for folder in ("/usr", "/python", "/python/bin", "/book", "/proc"):
        words += ["--dir", folder]  # else a bind makes it, for root alone
    shown = mounts()
    for within, outside in shown.items():
        words += ["--ro-bind", str(outside), within]
    for within, outside in masked(shown).items():
        if outside.is_dir():
            words += ["--tmpfs", within, "--remount-ro", within]
        else:
            words += ["--ro-bind", "/dev/null", within]
    user = USER + os.getpid() * MOST + number % MOST
    # -S: no .pth file is carried out; -u: what is printed is seen.
    words += f"""
        --symlink usr/lib /lib --symlink usr/lib64 /lib64
        --dev /dev --remount-ro /dev/pts --remount-ro /dev --tmpfs /tmp
        --remount-ro / --chdir /tmp --clearenv --setenv HOME /tmp
        --setenv PYTHONPATH /book:/site --setenv LD_LIBRARY_PATH /python/lib
        --setenv OMP_NUM_THREADS 1 --setenv MPLBACKEND agg
        /python/bin/python -Su /jail/fork_server.py {channel} {calls} {disk} {user}
    """.split()
    return words


def mounts() -> dict[str, Path]:
    """What the jail holds, read-only: path in it → path here."""
    shown = {
        "/usr/lib": Path("/usr/lib"),
        "/usr/lib64": Path("/usr/lib64"),
        "/proc/cpuinfo": Path("/proc/cpuinfo"),
        "/python/bin/python": Path(sys.executable),
        "/python/lib": Path(sys.base_prefix, "lib"),
        "/site": Path(sysconfig.get_path("purelib")),
        "/book/rnn2attn": Path(rnn2attn.__file__).parent,
        "/jail": Path(inside.__file__).parent,
    }
    return {p: path.resolve() for p, path in shown.items() if path.exists()}


def masked(shown: dict[str, Path]) -> dict[str, Path]:
    """What belongs to this package in what is shown: path in the jail → here.

    An editable installation leaves a few lines with a path among the
    packages, another one the specifications themselves.
    """
    base = Path(sysconfig.get_path("stdlib")).resolve()
    ours = {Path(rnn2attn_grading.__file__).resolve().parent}
    for folder in (shown["/site"], *base.glob("*-packages")):
        ours |= set(folder.glob("*rnn2attn_grading*"))
    return {
        f"{inside}/{path.relative_to(outside)}": path
        for inside, outside in shown.items()
        for path in ours
        if inside != "/jail" and path.is_relative_to(outside)
    }


@contextlib.contextmanager
def filtering() -> Iterator[BinaryIO]:
    """An open file with the filter of system calls.

    Raises:
        RefusedError: see `call_filter`.
    """
    with tempfile.TemporaryFile() as file:
        file.write(call_filter())
        file.seek(0)
        yield file


@functools.cache
def call_filter() -> bytes:
    """The filter: all system calls are allowed but the `FORBIDDEN`, new namespaces, unusual sockets, leases.

    Raises:
        RefusedError: pyseccomp or libseccomp is missing, or too old.
    """
    try:
        import pyseccomp as seccomp

        kept = seccomp.SyscallFilter(seccomp.ALLOW)
        for name in FORBIDDEN:
            kept.add_rule(seccomp.ERRNO(errno.EPERM), name)
        new = seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER)
        kept.add_rule(seccomp.ERRNO(errno.EPERM), "clone", new)
        # Its flags cannot be seen. Without it, the C library calls clone.
        kept.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
        # What comes after IPv6 is for the kernel, or, as AF_VSOCK to the host
        # of a virtual machine, in no namespace.
        other = seccomp.Arg(0, seccomp.GT, socket.AF_INET6)
        kept.add_rule(seccomp.ERRNO(errno.EAFNOSUPPORT), "socket", other)
        # Who opens a leased file waits, and what is shown may be the learner's,
        # where the supervisor is an ordinary user.
        for word in fcntl.F_SETLEASE, SETDELEG:
            lease = seccomp.Arg(1, seccomp.MASKED_EQ, 0xFFFFFFFF, word)
            kept.add_rule(seccomp.ERRNO(errno.EPERM), "fcntl", lease)
        # A run that kills itself ends by SIGSYS, so that SIGKILL is somebody else's.
        for name, first in ("kill", 0), ("tkill", 0), ("tgkill", 1):
            itself = seccomp.Arg(first, seccomp.MASKED_EQ, 0xFFFFFFFF, RUN)
            kills = seccomp.Arg(first + 1, seccomp.MASKED_EQ, 0xFFFFFFFF, signal.SIGKILL)
            kept.add_rule(seccomp.KILL_PROCESS, name, itself, kills)
        with tempfile.TemporaryFile() as file:
            kept.export_bpf(file)
            file.seek(0)
            return file.read()
    except (ImportError, RuntimeError, OSError) as error:
        raise RefusedError(f"System calls cannot be filtered: {error}.") from None
