"""Saves memory and time in the `romm` command's processes; figures in docs/performance.md."""

import gc
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any, cast

UNUSED = ("rich", "httpx._main", "uuid_utils")
"""Imported if installed, and Litestar and advanced-alchemy install them: tracebacks (structlog), a command line (httpx) and
keys that are UUIDs. RomM uses none of them."""

OTHER_DIALECTS = ("sqlalchemy.dialects.mssql", "sqlalchemy.dialects.mysql", "sqlalchemy.dialects.oracle")
"""advanced-alchemy imports types of theirs, which it uses on these databases only."""

_NOT_FOUND = cast("ModuleType", None)  # the import system's mark

TUNABLES = "GLIBC_TUNABLES"
HUGE_PAGES = "glibc.malloc.hugetlb=1"


def start_with_huge_pages() -> None:
    """Starts this program again, as the same process: glibc reads its settings at the start only.

    Returns if they are set, even empty, and outside Linux.
    """
    if sys.platform != "linux" or TUNABLES in os.environ:
        return
    with suppress(OSError):
        again = [sys.executable, *sys.orig_argv[1:]]
        os.execve(again[0], again, os.environ | {TUNABLES: HUGE_PAGES})  # noqa: S606  (this very program)


def block_unused_imports() -> None:
    """Call before any other import. Saves 6 MiB per process."""
    for name in UNUSED:
        sys.modules.setdefault(name, _NOT_FOUND)


@contextmanager
def lean_imports() -> Iterator[None]:
    """Around all that a worker imports and makes before it serves."""
    block_unused_imports()
    with without_collections(), without_other_databases():
        yield


@contextmanager
def left_out(*names: str) -> Iterator[None]:
    """Around imports that do without these packages. They can be imported later."""
    with _in_place(dict.fromkeys(names, _NOT_FOUND)):
        yield


@contextmanager
def without_other_databases() -> Iterator[None]:
    """Around the import of advanced-alchemy, which otherwise imports all of itself and three more databases' dialects."""
    found = find_spec("advanced_alchemy")
    own = {} if found is None else {found.name: module_from_spec(found)}  # not executed; its modules can be imported
    # Litestar imports it if it is there, and has its own.
    unused = {"advanced_alchemy.service": _NOT_FOUND}
    with _in_place(own | unused), hollow(*OTHER_DIALECTS):
        yield


@contextmanager
def hollow(*names: str) -> Iterator[None]:
    """Around imports that use none of these packages. They can be imported later, and are as soon as one is used."""
    with _in_place({name: _Hollow(name) for name in names}):
        yield


@contextmanager
def _in_place(modules: Mapping[str, ModuleType]) -> Iterator[None]:
    added = modules.keys() - sys.modules.keys()
    sys.modules.update({name: modules[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            sys.modules.pop(name, None)


class _Hollow(ModuleType):
    """Each of its names is None, and once it is out of place, the package's own."""

    def __getattr__(self, name: str) -> Any:
        is_in_place = sys.modules.get(self.__name__) is self
        return None if is_in_place else getattr(import_module(self.__name__), name)


@contextmanager
def without_collections() -> Iterator[None]:
    """Around imports: all that they make stays, and is never garbage."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
