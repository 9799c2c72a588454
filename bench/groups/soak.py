"""Everything at once for some minutes: what is different at the end."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

from msgspec import structs

from bench import load
from bench.figures import Figure, Ratio, one, spread
from bench.stage import Stage

GROUP = "soak"
GROWTH_MIB = 10
SLOWER = 1.3


def measure(stage: Stage) -> Iterator[Figure]:
    folder = stage.folder()
    with stage.romm({"ROMM_DATABASE_URL": f"sqlite:///{folder}/romm.db"}) as (server, party):
        stage.client(load.mixed, party, stage.soak_seconds / 10)  # fills caches
        memory, size = server.worker_mib, _mib(folder)
        begin = stage.client(load.mixed, party, stage.soak_seconds / 10)
        stage.client(load.mixed, party, stage.soak_seconds * 0.8)
        end = stage.client(load.mixed, party, stage.soak_seconds / 10)
        minutes = f"{stage.soak_seconds / 60:g} minutes"
        yield one(GROUP, "memory of a worker at the beginning", "MiB", memory)
        yield one(GROUP, f"its growth in {minutes}", "MiB", server.worker_mib - memory, GROWTH_MIB)
        yield one(GROUP, "the database's files at the beginning", "MiB", size)
        yield one(GROUP, f"their growth in {minutes}", "MiB", _mib(folder) - size)
        for name, first in begin.items():
            for what, of in (("median", median), ("99th percentile", _slowest)):
                at_end = of(end[name]) * 1000
                beside = Ratio(to="at the beginning", value=spread([at_end / (of(first) * 1000)]), target=SLOWER)
                figure = one(GROUP, f"{name}, {what} at the end", "ms", at_end)
                yield structs.replace(figure, ratios=(beside,))


def _slowest(values: list[float]) -> float:
    """Of a hundred."""
    return quantiles(values, n=100)[-1]


def _mib(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.glob("romm.db*")) / 2**20
