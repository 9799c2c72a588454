"""What a sign-in by password costs beside Argon2id alone, and whether its time reveals accounts."""

from collections.abc import Iterator
from functools import partial

from bench import load, rounds
from bench.figures import Figure, Pair, compared
from bench.groups import alike
from bench.primitives import Primitives
from bench.rounds import Subject
from bench.stage import Stage

GROUP = "passwords"
ARGON2, ROMM = "Argon2id alone", "a sign-in by password"
PAIRS = (Pair(of=ROMM, to=ARGON2, target=1.15),)


def measure(stage: Stage) -> Iterator[Figure]:
    count = stage.effort.passwords
    with stage.romm() as (server, _), Primitives.started(stage.folder()) as primitives:
        subjects = [
            Subject(ARGON2, partial(primitives.milliseconds, "argon2", count)),
            Subject(ROMM, rounds.processor_ms(server, stage.client, load.password, server.origin, count=count)),
        ]
        yield from compared(GROUP, "ms", rounds.taken(subjects, stage.effort.rounds, stage.random), PAIRS)
    yield from alike.figures(GROUP, stage)
