"""The walls: what a jail holds, and what it forbids.

It holds Python, PyTorch, the library `rnn2attn` and what these need, all of it
read-only, and a small /tmp. There is no network, no /proc, and no process but
its own; the learner's code is no one there and can become no one else. The
program bubblewrap (bwrap) makes it of namespaces and mounts. Within it, the
jail's first process puts a second set of walls around each run, see
`inside.fork_server`, the filter of `system_calls` among them.
"""

import contextlib
import os
import secrets
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import rnn2attn
import rnn2attn_grading
from rnn2attn_grading.sandbox import inside
from rnn2attn_grading.sandbox.system_calls import NoFilterError, call_filter

USER = 1 << 24  # from here on, numbers that are nobody's; used where the supervisor is root
USERS = 1 << 30  # how many there are
# What the first process may do, to give each run its walls. A run may do none of it.
RIGHTS = ["SYS_ADMIN", "SETUID", "SETGID", "SETPCAP", "KILL"]


class RefusedError(Exception):
    """There is no jail on this machine; the text says why."""


def command(channel: int, calls: int, told: int, disk: int) -> list[str]:
    """The command line of a jail.

    Args:
        channel: file descriptor of the first process's end of the socket.
        calls: file descriptor of the filter of system calls.
        told: file descriptor to which bubblewrap writes the number of the process that holds all others.
        disk: bytes of a run's /tmp.
    """
    line = """
        bwrap --new-session --unshare-pid --unshare-net
        --unshare-ipc --unshare-uts --unshare-cgroup-try --cap-drop ALL
    """
    if os.geteuid():
        line += "--unshare-user --uid 65534 --gid 65534 "
    for right in RIGHTS:
        line += f"--cap-add CAP_{right} "
    words = [*line.split(), "--info-fd", str(told)]
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
    # Each jail has a user of its own, because processes are counted by user, on the whole machine.
    user = USER + secrets.randbelow(USERS)
    # -S: no .pth file is carried out; -u: what is printed is seen.
    words += f"""
        --symlink usr/lib /lib --symlink usr/lib64 /lib64
        --dev /dev --remount-ro /dev/pts --remount-ro /dev --tmpfs /tmp
        --remount-ro / --chdir /tmp --clearenv --setenv HOME /tmp
        --setenv PYTHONPATH /book:/site --setenv LD_LIBRARY_PATH /python/lib
        --setenv OMP_NUM_THREADS 1 --setenv OMP_THREAD_LIMIT 1 --setenv MPLBACKEND agg
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
    try:
        instructions = call_filter()
    except NoFilterError as error:
        raise RefusedError(str(error)) from None
    with tempfile.TemporaryFile() as file:
        file.write(instructions)
        file.seek(0)
        yield file
