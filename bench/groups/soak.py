"""Everything at once for some minutes: what is different at the end."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

from bench import load
from bench.figures import Absent, Figure, one
from bench.stage import Stage

GROUP = "soak"
GROWTH_MIB = 10
SLOWER = 1.3


def measure(stage: Stage) -> Iterator[Figure | Absent]:
    if not stage.soak_seconds:
        yield Absent(group=GROUP, name=GROUP, reason="only with --soak")
        return
    folder = stage.folder()
    with stage.romm({"ROMM_DATABASE_URL": f"sqlite:///{folder}/romm.db"}) as (server, party):
        stage.client(load.mixed, party, stage.soak_seconds / 10)  # fills caches
        memory, size = server.worker_mib, _mib(folder)
        begin = stage.client(load.mixed, party, stage.soak_seconds / 10)
        stage.client(load.mixed, party, stage.soak_seconds * 0.8)
        end = stage.client(load.mixed, party, stage.soak_seconds / 10)
        minutes = f"{stage.soak_seconds / 60:.0f} minutes"
        yield one(GROUP, "memory of a worker at the begin", "MiB", memory)
        yield one(GROUP, f"its growth in {minutes}", "MiB", server.worker_mib - memory, GROWTH_MIB)
        yield one(GROUP, "the database's files at the begin", "MiB", size)
        yield one(GROUP, f"their growth in {minutes}", "MiB", _mib(folder) - size)
        for name, first in begin.items():
            last = end[name]
            yield one(GROUP, f"{name}, median at the begin", "ms", median(first) * 1000)
            yield one(GROUP, f"{name}, 99th percentile at the begin", "ms", quantiles(first, n=100)[-1] * 1000)
            yield one(GROUP, f"{name}, 99th percentile at the end", "ms", quantiles(last, n=100)[-1] * 1000)
            yield one(GROUP, f"{name}, median at the end beside the begin", "×", median(last) / median(first), SLOWER)


def _mib(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.glob("romm.db*")) / 2**20
