"""Saves memory and time in server processes; figures in docs/performance.md."""

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

UNUSED = ("rich", "httpx._main", "uuid_utils")
"""Imported if installed, and Litestar and advanced-alchemy install them: tracebacks (structlog), a command line (httpx) and
keys that are UUIDs. RomM uses none of them."""

_M_MMAP_THRESHOLD = -3  # its number in glibc's malloc.h
_LARGE = 1024 * 1024  # bytes


TUNABLES = "GLIBC_TUNABLES"
HUGE_PAGES = "glibc.malloc.hugetlb=1"


def start_with_huge_pages() -> None:
    """Starts this program again, as the same process: glibc reads its settings at the start only.

    Returns if they are set, empty ones too, and where there is no Linux.
    """
    if sys.platform != "linux" or TUNABLES in os.environ:
        return
    with suppress(OSError):
        again = [sys.executable, *sys.orig_argv[1:]]
        os.execve(again[0], again, os.environ | {TUNABLES: HUGE_PAGES})  # noqa: S606  (this very program)


def block_unused_imports(*others: str) -> None:
    """Call before any other import. Saves 6 MiB per process. `others` are left out of this process besides."""
    for name in (*UNUSED, *others):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # the import system's mark for "not found"


@contextmanager
def without_collections() -> Iterator[None]:
    """Around imports: all that they make stays, so to search it for garbage, then or later, is in vain."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def return_freed_memory() -> None:
    """glibc would keep 40 MiB per worker after password hashing."""
    with suppress(AttributeError):  # musl has no mallopt, and returns them anyway
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)
