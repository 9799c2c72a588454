"""What the process costs: its start, its memory and its imports."""

import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench import load, rounds, servers
from bench.figures import Figure, Pair, compared, one
from bench.load import Party
from bench.rounds import Subject
from bench.servers import Server
from bench.stage import Client, Stage

GROUP, IMPORTS = "process", "imports"
HELLO, START, FIRST = (
    "hello (Litestar), start to the first answer",
    "start to the first answer",
    "first start, with a new file",
)
PAIRS = (Pair(of=START, to=HELLO, target=2.0), Pair(of=FIRST, to=HELLO))
TARGETS = {START: 2.0, FIRST: 2.0}  # seconds

WORKER_MIB, GROWTH_MIB = 110, 3.0
"""SQLite's page caches grow by 2 MiB a connection, or 4 on the event loop; a leak of 1 KiB a request would be 10 MiB."""

PASSWORD_SECONDS = 1.0
IDLE_SECONDS = 3.0
"""Without a password, until their memory is given back (`adapters/accounts/hashing_queue.py`) and a little longer."""

MOST_PACKAGES = 10
_IMPORTED = """
from romm.cli.server import process
with process.lean_imports():
    import romm.composition.app
"""  # as a worker does (cli/server/serve.py)
_NOTHING_SET = {"PATH": os.environ["PATH"]}  # such as PYTHONDONTWRITEBYTECODE
_LINE = re.compile(r"import time:\s+(?P<own>\d+) \|\s+\d+ \|\s+(?P<package>\w+)")


def measure(stage: Stage) -> Iterator[Figure]:
    migrated = stage.folder()
    with servers.romm(migrated, servers.free_port(), {}):
        pass
    subjects = [
        Subject(HELLO, partial(_hello, stage)),
        Subject(START, partial(_romm, migrated)),
        Subject(FIRST, lambda: _romm(stage.folder())),
    ]
    yield from compared(GROUP, "s", rounds.taken(subjects, stage.effort.starts, stage.random), PAIRS, TARGETS)
    with servers.app(stage.path, "hello") as hello, stage.romm(encrypted=True) as (server, party):
        stage.client(load.get, hello.origin, "/", "", stage.effort.requests)
        yield one(GROUP, "memory of hello's worker", "MiB", hello.worker_mib)
        yield from _memory(stage, server, party)


def imports(stage: Stage) -> Iterator[Figure]:
    """By package, without the packages that each imports; bytecode is cached."""
    totals = [_imports() for _ in range(stage.effort.starts)]
    best = {package: min(each[package] for each in totals) for package in totals[0]}
    yield one(IMPORTS, "everything", "ms", sum(best.values()))
    for package, milliseconds in Counter(best).most_common(MOST_PACKAGES):
        yield one(IMPORTS, f"`{package}`", "ms", milliseconds)


def by_package(importtime: str) -> Counter[str]:
    """Milliseconds from what `python -X importtime` prints."""
    found: Counter[str] = Counter()
    for line in importtime.splitlines():
        if parts := _LINE.match(line):
            found[parts["package"]] += int(parts["own"]) / 1000  # type: ignore[assignment]  # a Counter of floats
    return found


def _memory(stage: Stage, server: Server, party: Party) -> Iterator[Figure]:
    """After every kind of request, password hashing included; then its growth, once the caches are full."""
    stage.client(
        load.get, server.origin, "/api/users/me", stage.client(load.session, server.origin), stage.effort.requests
    )
    stage.client(load.sign_in, party, stage.effort.sign_ins)
    stage.client(load.heartbeats, server.origin, PASSWORD_SECONDS, True)
    yield one(GROUP, "memory of a worker while passwords are checked", "MiB", server.worker_mib)
    time.sleep(IDLE_SECONDS)
    yield one(GROUP, "memory of a worker", "MiB", server.worker_mib, WORKER_MIB)
    refusals = stage.effort.refusals
    _refuse(stage.client, party, refusals // 10)
    before = server.worker_mib
    _refuse(stage.client, party, refusals)
    yield one(GROUP, f"its growth over {refusals:,} refused sign-ins", "MiB", server.worker_mib - before, GROWTH_MIB)


def _refuse(client: Client, party: Party, count: int) -> None:
    client(load.cancel, party, count // 2)
    client(load.invent, party.origin, count // 2)


def _hello(stage: Stage) -> float:
    with servers.app(stage.path, "hello") as server:
        return server.start_seconds


def _romm(folder: Path) -> float:
    with servers.romm(folder, servers.free_port(), {}) as server:
        return server.start_seconds


def _imports() -> Counter[str]:
    command = [servers.PYTHON, "-X", "importtime", "-c", _IMPORTED]
    return by_package(subprocess.run(command, check=True, capture_output=True, text=True, env=_NOTHING_SET).stderr)
