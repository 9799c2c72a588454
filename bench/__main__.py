"""`nox -s bench`: has no pass or fail, and ends with 0 whatever it finds.

Costs are processor time of all processes of a program, by the kernel's clock for each process. Those of one group are taken
in rounds, each in another order; a ratio is that of one round's two values, and its spread that of the rounds.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from bench import machine, table
from bench.figures import Absent, Figure, Report, merged, read, written
from bench.groups import checks, heartbeats, passwords, process, sign_ins, sizes, soak
from bench.stage import FULL, QUICK, Stage, stage

DOCS = Path(__file__).parents[1] / "docs"
RESULTS, PICTURE = DOCS / "performance.json", DOCS / "images" / "performance.webp"
SOAK_MINUTES = 10.0
ACCOUNTS = 1_000_000

GROUPS: dict[str, Callable[[Stage], Iterable[Figure | Absent]]] = {
    checks.GROUP: checks.measure,
    sign_ins.GROUP: sign_ins.measure,
    passwords.GROUP: passwords.measure,
    heartbeats.GROUP: heartbeats.measure,
    process.GROUP: process.measure,
    process.IMPORTS: process.imports,
    sizes.GROUP: sizes.measure,
    soak.GROUP: soak.measure,
}


def main(arguments: Sequence[str]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers end too
    asked = _asked(arguments)
    before = machine.lines()
    names = _names(asked)
    effort = QUICK if asked.quick else FULL
    url = os.environ.get("ROMM_TEST_POSTGRES_URL", "")
    about = (*before, f"{'short' if asked.quick else 'full'} form, {effort.rounds} rounds")
    with stage(effort, url, asked.accounts, asked.soak * 60) as where:
        for name in names:
            found = _shown(name, where)
            if asked.write:
                keep(report(found, about), [name])
    if asked.write:
        show()


def report(found: Sequence[Figure | Absent], about: tuple[str, ...] = ()) -> Report:
    return Report(
        machine=about,
        figures=tuple(each for each in found if isinstance(each, Figure)),
        absent=tuple(each for each in found if isinstance(each, Absent)),
    )


def keep(new: Report, groups: Sequence[str]) -> None:
    """After each group: half an hour is long."""
    old = read(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else Report()
    RESULTS.write_text(written(merged(old, new, groups)), encoding="utf-8")


def show() -> None:
    """The picture and the tables."""
    from bench.picture import draw  # noqa: PLC0415  matplotlib takes a second

    draw(RESULTS, PICTURE)
    subprocess.run([sys.executable, str(DOCS / "tables.py")], check=True)


def _names(asked: argparse.Namespace) -> list[str]:
    """Two groups take long, and are measured only if they are asked for."""
    long = {sizes.GROUP: asked.accounts, soak.GROUP: asked.soak}
    return [name for name in GROUPS if name in (asked.only or GROUPS) and long.get(name, True)]


def _shown(name: str, where: Stage) -> list[Figure | Absent]:
    started = time.monotonic()
    found = [*_group(name, where)]
    print(f"\n{name}, measured in {time.monotonic() - started:.0f} s")
    for line in table.lines(table.rows(report(found), name)):
        print(line, flush=True)
    return found


def _group(name: str, where: Stage) -> Iterator[Figure | Absent]:
    """A group that fails is named, with the reason, and the next one goes on."""
    try:
        yield from GROUPS[name](where)
    except Exception as error:  # noqa: BLE001  any
        traceback.print_exc()
        yield Absent(group=name, name=name, reason=f"failed: {error}")


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="nox -s bench --", description="Measure what RomM costs.")
    option = options.add_argument
    option("--quick", action="store_true", help="less of everything, in less than two minutes")
    option("--accounts", type=int, default=0, metavar="N", help="also on a database of N accounts")
    option(
        "--soak",
        type=float,
        nargs="?",
        default=0,
        const=SOAK_MINUTES,
        metavar="MINUTES",
        help="also everything at once, 10",
    )
    option("--only", nargs="+", choices=list(GROUPS), metavar="GROUP", help=f"of {', '.join(GROUPS)}")
    option(
        "--write",
        action="store_true",
        help=f"the whole of it, with --accounts {ACCOUNTS} and --soak, into docs/performance.json, .md and the picture",
    )
    asked = options.parse_args(arguments)
    if asked.write and not asked.quick:
        asked.accounts, asked.soak = asked.accounts or ACCOUNTS, asked.soak or SOAK_MINUTES
    return asked


if __name__ == "__main__":
    main(sys.argv[1:])
