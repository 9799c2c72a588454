"""Saves memory in server processes; figures in docs/performance.md."""

import ctypes
import sys
from contextlib import suppress

UNUSED = ("rich", "httpx._main", "uuid_utils")
"""Imported if installed, and Litestar and advanced-alchemy install them: tracebacks (structlog), a command line (httpx) and
keys that are UUIDs. RomM uses none of them."""

_M_MMAP_THRESHOLD = -3  # its number in glibc's malloc.h
_LARGE = 1024 * 1024  # bytes


def block_unused_imports() -> None:
    """Call before any other import. Saves 6 MiB per process."""
    for name in UNUSED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # the import system's mark for "not found"


def return_freed_memory() -> None:
    """glibc would keep 40 MiB per worker after password hashing."""
    with suppress(AttributeError):  # musl has no mallopt, and returns them anyway
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)
