"""The filter of system calls: the calls that a run may make. Every other one is answered as a kernel without it does.

It names what Python, PyTorch, NumPy, pandas, matplotlib and the C library make, so that a call which a later kernel
brings is closed from the beginning. Three kinds are left out on purpose, although programs make them: what tells or
changes something that runs share (which pages of a file are in memory, who has locked or opened it, how much memory
the machine has left), what holds memory that no limit counts, and what only root needs.
"""

import errno
import fcntl
import functools
import signal
import socket
import tempfile
import termios

ALLOWED = """
    read write readv writev pread64 pwrite64 preadv pwritev open openat creat close lseek
    stat fstat lstat newfstatat statx access faccessat faccessat2 statfs fstatfs readlink readlinkat
    getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr
    getcwd chdir fchdir mkdir mkdirat rmdir rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat
    chmod fchmod fchmodat umask utime utimes futimesat utimensat getdents getdents64
    truncate ftruncate fallocate fsync fdatasync sendfile copy_file_range dup dup2 dup3 pipe pipe2
    poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait eventfd eventfd2
    socketpair connect bind listen accept accept4 getsockname getpeername getsockopt setsockopt shutdown
    sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg
    brk mmap munmap mprotect mremap msync
    fork vfork execve exit exit_group wait4 waitid
    getpid getppid gettid getpgrp getpgid setpgid getsid setsid
    getuid geteuid getgid getegid getresuid getresgid getgroups capget prctl arch_prctl
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait rt_sigqueueinfo
    rt_tgsigqueueinfo sigaltstack pause restart_syscall
    futex set_robust_list get_robust_list set_tid_address rseq
    sched_yield sched_getaffinity sched_setaffinity sched_getparam sched_getscheduler
    sched_get_priority_max sched_get_priority_min getcpu getpriority setpriority
    getrlimit setrlimit prlimit64 getrusage times uname getrandom
    time gettimeofday clock_gettime clock_getres clock_nanosleep nanosleep
    alarm getitimer setitimer timer_create timer_settime timer_gettime timer_getoverrun timer_delete
    timerfd_create timerfd_settime timerfd_gettime
"""
# Programs try these, and go on where they are not permitted.
REFUSED = """
    chown fchown lchown fchownat mknod mknodat setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr
"""
RUN = 2  # the number of a run in its walls, where it is the second process
WORD = 0xFFFFFFFF  # the kernel looks at these bits of a command alone
NAMESPACES = 0x7E020000  # flags of clone: a new namespace of any kind
# Which of an argument: call → its number, and the values that are allowed. Numbers come from linux/fcntl.h,
# asm-generic/ioctls.h and asm-generic/mman-common.h.
ARGUMENTS = {
    "socket": (0, [socket.AF_UNIX, socket.AF_INET, socket.AF_INET6]),
    "fcntl": (
        1,
        [
            *(fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC, fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL, fcntl.F_SETFL),
            *(1032, 1034),  # to read the size of a pipe, and the seals of a file
        ],
    ),
    "ioctl": (
        1,
        [
            *(termios.TCGETS, 0x802C542A, termios.TIOCGWINSZ, termios.TIOCGPGRP),
            *(termios.FIONREAD, termios.FIONBIO, termios.FIOCLEX, termios.FIONCLEX),
        ],
    ),
    # Of its own memory: not the advice that pages of a file leave the memory of all, nor that equal pages be one.
    "madvise": (2, [0, 1, 2, 3, 4, 8, 10, 11, 14, 15, 16, 17, 18, 19]),
}
# A lock is granted and locks nothing: a run is alone with what it may write, and of the rest it must tell nobody.
LOCKS = [fcntl.F_SETLK, fcntl.F_SETLKW, 37, 38]  # the last two: those of an open file


class NoFilterError(Exception):
    """System calls cannot be filtered here; the text says why."""


@functools.cache
def call_filter() -> bytes:
    """The filter, as instructions for the kernel.

    Raises:
        NoFilterError: pyseccomp or libseccomp is missing, or too old.
    """
    try:
        import pyseccomp as seccomp

        def only(argument: int, value: int, mask: int = WORD) -> seccomp.Arg:
            return seccomp.Arg(argument, seccomp.MASKED_EQ, mask, value)

        kept = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
        for name in ALLOWED.split():
            kept.add_rule(seccomp.ALLOW, name)
        for name in REFUSED.split():
            kept.add_rule(seccomp.ERRNO(errno.EPERM), name)
        for name, (argument, values) in ARGUMENTS.items():
            for value in values:
                kept.add_rule(seccomp.ALLOW, name, only(argument, value))
        # What comes after IPv6 is for the kernel, or, as AF_VSOCK to the host of a virtual machine, in no namespace.
        other = seccomp.Arg(0, seccomp.GT, socket.AF_INET6)
        kept.add_rule(seccomp.ERRNO(errno.EAFNOSUPPORT), "socket", other)
        # The flags of clone3 cannot be seen. Without it, the C library calls clone.
        kept.add_rule(seccomp.ALLOW, "clone", only(0, 0, NAMESPACES))
        # A run that kills itself, by its number or its group, ends by SIGSYS, so that SIGKILL is somebody else's.
        for name, first in ("kill", 0), ("tkill", 0), ("tgkill", 1):
            kept.add_rule(seccomp.ALLOW, name, seccomp.Arg(first + 1, seccomp.NE, signal.SIGKILL))
            kills = only(first + 1, signal.SIGKILL)
            kept.add_rule(seccomp.ALLOW, name, seccomp.Arg(first, seccomp.GT, RUN), kills)
            for number, action in (0, seccomp.KILL_PROCESS), (1, seccomp.ALLOW), (RUN, seccomp.KILL_PROCESS):
                kept.add_rule(action, name, only(first, number), kills)
        kept.add_rule(seccomp.ERRNO(0), "flock")
        for value in LOCKS:
            kept.add_rule(seccomp.ERRNO(0), "fcntl", only(1, value))
        with tempfile.TemporaryFile() as file:
            kept.export_bpf(file)
            file.seek(0)
            return file.read()
    except (ImportError, RuntimeError, OSError) as error:
        raise NoFilterError(f"System calls cannot be filtered: {error}.") from None
