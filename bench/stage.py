"""Where the groups' programs run: one folder, one process of clients, one provider with a client for each relying party."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from random import Random
from subprocess import Popen
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from msgspec import Struct

from bench import load, servers
from bench.load import Party
from bench.servers import Server

Client = Callable[..., Any]
"""`client(load.get, ...)` runs a load in the clients' process."""

Between = Callable[[str], None]


class Effort(Struct, frozen=True, kw_only=True):
    """`requests`, `sign_ins` and `passwords` are those of one sample; a sample takes some tenths of a second."""

    rounds: int
    requests: int
    sign_ins: int
    passwords: int
    starts: int
    tries: int
    refusals: int
    seconds: float


FULL = Effort(rounds=15, requests=600, sign_ins=40, passwords=10, starts=7, tries=200, refusals=10_000, seconds=12)
QUICK = Effort(rounds=5, requests=300, sign_ins=15, passwords=5, starts=1, tries=40, refusals=500, seconds=3)


class Stage(Struct, frozen=True, kw_only=True):
    """`postgres_url` is empty without a server; `accounts` is the size of the large database, 0 for none."""

    path: Path
    client: Client
    provider: Popen[bytes]
    effort: Effort
    random: Random
    postgres_url: str
    accounts: int
    soak_seconds: float

    def folder(self) -> Path:
        return Path(mkdtemp(dir=self.path))

    def settings(self, redirect_uri: str, *, encrypted: bool = False) -> dict[str, str]:
        """Of a new client at the provider, as RomM's variables."""
        assert self.provider.stdin is not None and self.provider.stdout is not None  # noqa: PT018, S101  for mypy: pipes
        self.provider.stdin.write(json.dumps([redirect_uri, encrypted]).encode() + b"\n")
        found: dict[str, str] = json.loads(self.provider.stdout.readline())
        return found

    @contextmanager
    def romm(
        self, settings: Mapping[str, str] | None = None, *, encrypted: bool = False, between: Between | None = None
    ) -> Iterator[tuple[Server, Party]]:
        """With an administrator who is signed in, beside a provider. `between` gets the database's URL before the last start."""
        folder, port = self.folder(), servers.free_port()
        own = {"ROMM_DATABASE_URL": f"sqlite:///{folder}/romm.db"} | self.settings(_callback(port), encrypted=encrypted)
        own |= settings or {}
        servers.upgrade(folder, own)
        if between is not None:
            with servers.romm(folder, port, own) as first:
                self.client(load.set_up, first.origin)
            between(own["ROMM_DATABASE_URL"])
        with servers.romm(folder, port, own) as server:
            if between is None:
                self.client(load.set_up, server.origin)
            yield server, _party(server, own)

    @contextmanager
    def shortest(self, *, encrypted: bool = False) -> Iterator[tuple[Server, Party]]:
        """The relying party of `apps/`. It has the session's own Python, which has Starlette."""
        port = servers.free_port()
        own = self.settings(_callback(port), encrypted=encrypted)
        with servers.app(self.path, "relying_party", {**own, "PORT": str(port)}, sys.executable) as server:
            yield server, _party(server, own)


@contextmanager
def stage(effort: Effort, postgres_url: str, accounts: int, soak_seconds: float) -> Iterator[Stage]:
    clients = ProcessPoolExecutor(1, get_context("spawn"), load.stay_on, (servers.CLIENTS_CORE,))
    with TemporaryDirectory(prefix="romm-bench-") as folder, clients, _provider(Path(folder)) as provider:
        Path(folder).chmod(0o755)  # Apache reads as another user
        yield Stage(
            path=Path(folder),
            client=lambda work, *arguments: clients.submit(work, *arguments).result(),
            provider=provider,
            effort=effort,
            random=Random(),  # noqa: S311  an order, not a secret
            postgres_url=postgres_url,
            accounts=accounts,
            soak_seconds=soak_seconds,
        )


@contextmanager
def _provider(folder: Path) -> Iterator[Popen[bytes]]:
    command = [sys.executable, str(servers.HERE / "provider.py"), str(folder)]
    python_path = {"PYTHONPATH": str(servers.HERE.parent)}
    with servers.running(command, python_path, folder / "provider.log", servers.CLIENTS_CORE) as process:
        yield process


def _callback(port: int) -> str:
    return f"http://127.0.0.1:{port}/api/oauth/openid"


def _party(server: Server, settings: Mapping[str, str]) -> Party:
    return Party(server.origin, settings["OIDC_SERVER_APPLICATION_URL"], settings["OIDC_TLS_CACERTFILE"])
