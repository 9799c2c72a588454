"""Saves memory and time in server processes; figures in docs/performance.md."""

import os
import sys
from contextlib import suppress

UNUSED = ("rich", "httpx._main", "uuid_utils")
"""Imported if installed, and Litestar and advanced-alchemy install them: tracebacks (structlog), a command line (httpx) and
keys that are UUIDs. RomM uses none of them."""

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


def block_unused_imports() -> None:
    """Call before any other import. Saves 6 MiB per process."""
    for name in UNUSED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # the import system's mark for "not found"
