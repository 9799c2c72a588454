"""Rounds: in each, all subjects take their turn in another order. Noise meets all of them, and none comes always first."""

from collections.abc import Callable, Iterable
from random import Random

from msgspec import Struct

from bench.servers import Server

Sample = Callable[[], float]
Client = Callable[..., float]
"""`client(load.get, ...)` runs a load in the clients' process."""


class Subject(Struct, frozen=True):
    name: str
    sample: Sample


def taken(subjects: Iterable[Subject], rounds: int, random: Random) -> dict[str, list[float]]:
    """What each round gave, by name. The first round only warms up."""
    every = [*subjects]
    found: dict[str, list[float]] = {each.name: [] for each in every}
    for _ in range(rounds + 1):
        for each in random.sample(every, len(every)):
            found[each.name].append(each.sample())
    return {name: values[1:] for name, values in found.items()}


def processor_ms(server: Server, client: Client, work: Callable[..., float], *arguments: object, count: int) -> Sample:
    """Processor time of all of a server's processes, in milliseconds for each of `count`."""

    def sample() -> float:
        before = server.cpu_seconds
        client(work, *arguments, count)
        return (server.cpu_seconds - before) / count * 1000

    return sample
