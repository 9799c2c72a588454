"""RomM as a process of its own, with its first administrator."""

from tests.processes.conftest import idp

__all__ = ["idp"]
