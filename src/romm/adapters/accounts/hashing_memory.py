"""glibc's memory for password hashes: kept for the next, then given back (docs/performance.md).

musl has neither call and returns freed memory at once.
"""

import ctypes
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # their numbers in glibc's malloc.h

ONE_HASH = 20 * 1024 * 1024
"""Bytes, a little more than Argon2id's 19 MiB; what is larger is returned as soon as it is freed."""

KEPT = 64 * 1024 * 1024
"""Bytes at the end of the heap, at most: room for three hashes. Two run at a time, and something small can be where one was,
so that the next needs another place.
"""


def keep_freed() -> None:
    """Call before a second thread: each would get an arena, whose end `give_back` cannot return."""
    with suppress(AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_ARENA_MAX, 1)
        mallopt(_MMAP_THRESHOLD, ONE_HASH)
        mallopt(_TRIM_THRESHOLD, KEPT)


def give_back() -> None:
    """Takes 0.2 ms, or 3 ms without huge pages."""
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
