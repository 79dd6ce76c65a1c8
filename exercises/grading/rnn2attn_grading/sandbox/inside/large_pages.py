"""The memory of a process that is copied often, in few large pages. Import this before what takes the memory.

A fork copies an entry for each page, and PyTorch takes some forty thousand of 4 KiB.
"""

import ctypes
import gc

LIBC = ctypes.CDLL(None)
LIBC.sbrk.restype, LIBC.sbrk.argtypes = ctypes.c_void_p, [ctypes.c_ssize_t]
LIBC.madvise.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
LARGE = 1 << 21  # bytes of a large page
COLLAPSE = 25  # the kernel's number, from linux/mman.h; Linux has it since 6.1
START = LIBC.sbrk(0)  # where C's heap ends so far
# Python takes memory by the MiB, each where there is a gap. What is taken at once lies in one piece; a few bytes in
# each MiB keep it. PyTorch, and all else that a run needs, then hardly takes any more.
TAKEN, PIECE = 96 << 20, 1 << 20
BYTES, BLOCK = 440, 480  # more than 512 would be C's
kept: list[bytes | None] = [None] * (TAKEN // BLOCK)
for number in range(len(kept)):  # a list that grows would lie between
    kept[number] = bytes(BYTES)
kept = kept[:: PIECE // BLOCK - 100]


def collapse() -> None:
    """Have large pages made of C's heap and of Python's objects. Where that cannot be, all stays as it is."""
    heap = range(START & -LARGE, LIBC.sbrk(0), LARGE)
    for place in {*heap, *(id(thing) & -LARGE for thing in gc.get_objects())}:
        LIBC.madvise(place, LARGE, COLLAPSE)
