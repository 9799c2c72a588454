"""A PostgreSQL of its own, which a test stops, freezes and starts again."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.fake_provider import free_port

INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


class Cluster:
    def __init__(self, folder: Path) -> None:
        # PostgreSQL refuses to run as root; Debian's package has an account for it.
        as_postgres: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []}
        account = as_postgres if os.geteuid() == 0 else {}
        shutil.chown(folder, account.get("user", os.geteuid()))
        self._folder, self._programs, self.port = folder, INSTALLED[-1], free_port()
        self._run = partial(subprocess.run, check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=60, **account)
        self._run([self._programs / "initdb", "--pgdata=cluster", "--auth=trust", "--username=romm", "--encoding=UTF8"])

    @property
    def url(self) -> str:
        return f"postgresql+asyncpg://romm@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        self._control(f"--options={options}", "start")

    def stop(self, mode: str) -> None:
        self._control(f"--mode={mode}", "stop")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections and answers nothing, as behind a network that loses everything."""
        processes = self._processes()
        for each in processes:
            os.kill(each, signal.SIGSTOP)
        try:
            yield
        finally:
            for each in processes:
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGCONT)

    def _processes(self) -> list[int]:
        parent = int((self._folder / "cluster" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [parent, *map(int, children)]

    def _control(self, *arguments: str) -> None:
        self._run([self._programs / "pg_ctl", "--pgdata=cluster", "--log=log", "--wait", *arguments])


@contextmanager
def cluster() -> Iterator[Cluster]:
    with TemporaryDirectory() as folder:
        made = Cluster(Path(folder))
        made.start()
        try:
            yield made
        finally:
            made.stop("immediate")
