"""`nox -s bench`: what RomM costs, beside a bare Litestar application on the same server. Has no pass or fail.

CPU time is the kernel's, for all processes of a server, so other load changes it little. Loads take turns for several
rounds; the best round counts.
"""

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import alike
import load
import measures
import servers
from figures import Figure, table
from load import Instance
from measures import Client, Load
from servers import Server

SERVERS, CLIENTS = (0, 1) if os.sched_getaffinity(0) >= {0, 1} else (None, None)
"""Separate cores for servers and clients."""

SIGN_IN_MS, ME_MS = 4.0, 0.8


@dataclass(frozen=True)
class Effort:
    rounds: int
    requests: int
    sign_ins: int
    starts: int
    refusals: int
    seconds: float


FULL = Effort(rounds=6, requests=2000, sign_ins=120, starts=3, refusals=10_000, seconds=12)
QUICK = Effort(rounds=3, requests=1000, sign_ins=60, starts=1, refusals=500, seconds=4)


@dataclass(frozen=True)
class Running:
    """The yardstick, and two instances of RomM: their providers use http and https."""

    hello: Server
    plain: tuple[Server, Instance]
    encrypted: tuple[Server, Instance]


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers end too
    options = argparse.ArgumentParser(description="Measure what RomM costs.")
    options.add_argument("--quick", action="store_true", help="less of everything, in less than a minute")
    effort = QUICK if options.parse_args().quick else FULL
    with TemporaryDirectory(prefix="romm-bench-") as folder, _clients() as client:
        for line in table(_figures(Path(folder), client, effort)):
            print(line, flush=True)


def _figures(folder: Path, client: Client, effort: Effort) -> Iterator[Figure]:
    with _running(folder, client) as running:
        yield from measures.processor_time(_loads(running, client, effort), client, effort.rounds)
        yield from measures.memory(running.hello, running.encrypted[0], client)
        yield from measures.growth(*running.plain, client, effort.refusals)
    yield from measures.starts(folder, {}, effort.starts)
    yield from measures.heartbeats(Path(mkdtemp(dir=folder)), client, effort.seconds)
    yield from alike.figures(Path(mkdtemp(dir=folder)), client)


def _loads(running: Running, client: Client, effort: Effort) -> list[Load]:
    """Counts take some tenths of a second, because the kernel counts hundredths."""
    server, instance = running.plain
    who, count = (instance.romm, "/api/users/me", client(load.session, instance.romm)), effort.requests
    return [
        Load("hello", running.hello, load.get, (running.hello.origin, "/", ""), count * 3),
        Load("GET /api/users/me", server, load.get, who, count, ME_MS),
        Load("GET /api/heartbeat", server, load.get, (instance.romm, "/api/heartbeat", ""), count),
        Load("sign-in, provider over http", server, load.sign_in, (instance,), effort.sign_ins, SIGN_IN_MS),
        Load(
            "sign-in, provider over https",
            running.encrypted[0],
            load.sign_in,
            (running.encrypted[1],),
            effort.sign_ins,
            SIGN_IN_MS,
        ),
    ]


@contextmanager
def _clients() -> Iterator[Client]:
    process = ProcessPoolExecutor(1, get_context("spawn"), load.stay_on, (CLIENTS,))
    with process:
        yield lambda work, *arguments: process.submit(work, *arguments).result()


@contextmanager
def _running(folder: Path, client: Client) -> Iterator[Running]:
    ports = [servers.free_port() for _ in range(2)]
    callbacks = [f"http://127.0.0.1:{port}/api/oauth/openid" for port in ports]
    with ExitStack() as stack:
        hello = stack.enter_context(servers.hello(folder, SERVERS))
        both = stack.enter_context(servers.providers(folder, callbacks, CLIENTS))
        data = [Path(mkdtemp(dir=folder)) for _ in ports]
        instances = [stack.enter_context(_instance(*each, client)) for each in zip(data, ports, both, strict=True)]
        yield Running(hello, *instances)


@contextmanager
def _instance(data: Path, port: int, settings: dict[str, str], client: Client) -> Iterator[tuple[Server, Instance]]:
    """Restarted: the first start still holds the memory of migrating."""
    with servers.romm(data, port, settings, SERVERS) as first:
        client(load.set_up, first.origin)
    with servers.romm(data, port, settings, SERVERS) as server:
        provider, authority = settings["OIDC_SERVER_APPLICATION_URL"], settings["OIDC_TLS_CACERTFILE"]
        yield server, Instance(server.origin, provider, authority)


if __name__ == "__main__":
    main()
