"""What a sign-in by password costs beside Argon2id alone, and whether its time reveals accounts."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from functools import partial

from bench import load, rounds
from bench.figures import Figure, Pair, compared
from bench.groups import alike
from bench.primitives import Primitives
from bench.rounds import Subject
from bench.stage import Stage

GROUP = "passwords"
ARGON2, ROMM = "Argon2id alone", "a sign-in by password"
SMALL_PAGES = ", small pages"
PAGES: Mapping[str, Mapping[str, str]] = {"": {}, SMALL_PAGES: {"GLIBC_TUNABLES": ""}}
"""As `romm serve` sets it, and without."""

PAIRS = tuple(Pair(of=ROMM + pages, to=ARGON2 + pages, target=1.15) for pages in PAGES)


def measure(stage: Stage) -> Iterator[Figure]:
    count = stage.effort.passwords
    with ExitStack() as stack:
        subjects = []
        for pages, settings in PAGES.items():
            server, _ = stack.enter_context(stage.romm(settings))
            bare = stack.enter_context(Primitives.started(stage.folder(), settings))
            sample = rounds.processor_ms(server, stage.client, load.password, server.origin, count=count)
            subjects.append(Subject(ARGON2 + pages, partial(bare.milliseconds, "argon2", count)))
            subjects.append(Subject(ROMM + pages, sample))
        yield from compared(GROUP, "ms", rounds.taken(subjects, stage.effort.rounds, stage.random), PAIRS)
    yield from alike.figures(GROUP, stage)
