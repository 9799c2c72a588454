"""Runs `apps/primitives.py` on the servers' core."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from bench import servers


class Primitives(Struct, frozen=True):
    process: "subprocess.Popen[bytes]"

    @staticmethod
    @contextmanager
    def started(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator["Primitives"]:
        command = [servers.PYTHON, str(servers.APPS / "primitives.py")]
        with servers.running(command, settings or {}, folder / "primitives.log") as process:
            found = Primitives(process)
            found._answer()  # until it is ready
            yield found

    def milliseconds(self, name: str, count: int) -> float:
        """Of processor time, for each of `count`."""
        if self.process.stdin is not None:
            self.process.stdin.write(f"{name} {count}\n".encode())
        return float(self._answer())

    def _answer(self) -> str:
        line = self.process.stdout.readline().decode() if self.process.stdout else ""
        if not line:
            raise RuntimeError("the cryptography's process ended")
        return line
