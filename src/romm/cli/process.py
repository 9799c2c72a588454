"""What a server process leaves out and gives back. docs/performance.md has the figures that this keeps."""

import ctypes
import sys
from contextlib import suppress

UNUSED = ("rich", "httpx._main")
"""What structlog and httpx import wherever it is installed, for tracebacks and a command line that RomM does not use;
Litestar installs it."""

_M_MMAP_THRESHOLD = -3  # its number in glibc's malloc.h
_LARGE = 1024 * 1024  # bytes


def leave_out() -> None:
    """Make the import of what is unused fail, before anything else is imported: 5 MiB less in each process."""
    for name in UNUSED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # the import system's word for "not there"


def give_back() -> None:
    """Return large memory to the system when it is freed: glibc would keep 40 MiB per worker of hashing passwords."""
    with suppress(AttributeError):  # musl has no mallopt, and does not keep it
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)
