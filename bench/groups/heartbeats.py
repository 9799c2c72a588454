"""How long others wait while passwords are hashed."""

from collections.abc import Iterator
from statistics import median, quantiles

from bench import load
from bench.figures import Figure, one
from bench.stage import Stage

GROUP = "waiting"
SLOWEST_MS = 50


def measure(stage: Stage) -> Iterator[Figure]:
    """The slowest of a hundred."""
    with stage.romm() as (server, _):
        for how, busy in (("alone", False), (f"beside {load.CLIENTS} sign-ins by password at a time", True)):
            taken = [
                seconds * 1000 for seconds in stage.client(load.heartbeats, server.origin, stage.effort.seconds, busy)
            ]
            yield one(GROUP, f"a heartbeat {how}, median", "ms", median(taken))
            slowest = quantiles(taken, n=100)[-1]
            yield one(GROUP, f"a heartbeat {how}, 99th percentile", "ms", slowest, SLOWEST_MS if busy else None)
