"""The measurements. Each ends what it started."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from tempfile import mkdtemp
from typing import Any

import load
import servers
from figures import Figure
from load import Instance
from servers import Server

Client = Callable[..., Any]
"""`client(load.get, ...)` runs a load in the clients' process."""

START_SECONDS, WORKER_MIB, HEARTBEAT_MS = 2.0, 110, 50
GROWTH_MIB = 3.0  # SQLite's page caches grow by 2 MiB a connection; a leak of 1 KiB a request would be 10 MiB
PASSWORD_SECONDS = 1.0


@dataclass(frozen=True)
class Load:
    """`target` is in milliseconds of processor time."""

    name: str
    server: Server
    work: Callable[..., float]
    arguments: tuple[Any, ...]
    count: int
    target: float | None = None


def processor_time(loads: Sequence[Load], client: Client, rounds: int) -> Iterator[Figure]:
    """Loads take turns; the first is the yardstick."""
    for each in loads:
        _sample(each, client)  # warms up
    samples = [[_sample(each, client) for each in loads] for _ in range(rounds)]
    taken = [tuple(zip(*column, strict=True)) for column in zip(*samples, strict=True)]
    times, rates = [column[0] for column in taken], [column[1] for column in taken]
    for each, time, rate in zip(loads, times, rates, strict=True):
        least, most = min(time), max(rate)
        yield Figure(
            name=f"{each.name}, CPU ms",
            value=least,
            middle=median(time),
            times_hello=least / min(times[0]),
            target=each.target,
        )
        yield Figure(name=f"{each.name}, per second", value=most, middle=median(rate), times_hello=most / max(rates[0]))


def memory(hello: Server, romm: Server, client: Client) -> Iterator[Figure]:
    """Of a worker after every kind of request, password hashing included."""
    client(load.heartbeats, romm.origin, PASSWORD_SECONDS, True)
    used = romm.worker_mib
    yield Figure(name="memory of a worker, MiB", value=used, times_hello=used / hello.worker_mib, target=WORKER_MIB)


def growth(server: Server, instance: Instance, client: Client, refusals: int) -> Iterator[Figure]:
    """During refused sign-ins, after a tenth as many to fill the caches."""
    _refuse(instance, client, refusals // 10)
    before = server.worker_mib
    _refuse(instance, client, refusals)
    name = f"memory's growth over {refusals:,} refused sign-ins, MiB"
    yield Figure(name=name, value=server.worker_mib - before, target=GROWTH_MIB)


def starts(folder: Path, settings: Mapping[str, str], times: int) -> Iterator[Figure]:
    """To the first response: on an empty folder, and on a migrated database."""
    bare: list[float] = []
    first: list[float] = []
    again: list[float] = []
    for _ in range(times):
        with servers.hello(folder, None) as server:
            bare.append(server.start_seconds)
        data = Path(mkdtemp(dir=folder))
        for found in (first, again):
            with servers.romm(data, servers.free_port(), settings, None) as server:
                found.append(server.start_seconds)
    for name, found in (("start, s", again), ("first start, s", first)):
        least = min(found)
        yield Figure(name=name, value=least, middle=median(found), times_hello=least / min(bare), target=START_SECONDS)


def heartbeats(folder: Path, client: Client, seconds: float) -> Iterator[Figure]:
    """The slowest of a hundred, alone and beside sign-ins by password."""
    with servers.romm(folder, servers.free_port(), {}, None) as server:
        client(load.set_up, server.origin)
        for name, busy in (("alone", False), (f"beside {load.CLIENTS} password sign-ins", True)):
            taken = client(load.heartbeats, server.origin, seconds, busy)
            slow = quantiles(taken, n=100)[-1] * 1000
            target = HEARTBEAT_MS if busy else None
            yield Figure(name=f"heartbeat {name}, p99 ms", value=slow, middle=median(taken) * 1000, target=target)


def _sample(each: Load, client: Client) -> tuple[float, float]:
    before = each.server.cpu_seconds
    per_second = client(each.work, *each.arguments, each.count)
    return (each.server.cpu_seconds - before) / each.count * 1000, per_second


def _refuse(instance: Instance, client: Client, count: int) -> None:
    client(load.cancel, instance, count // 2)
    client(load.invent, instance.romm, count // 2)
