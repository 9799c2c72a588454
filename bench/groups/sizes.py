"""What grows with the number of accounts: a large database beside a small one."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

from bench import filling, load, rounds
from bench.figures import Figure, Pair, compared
from bench.postgres import database
from bench.rounds import Sample, Subject
from bench.stage import Stage

GROUP = "sizes"
SMALL = 100
"""Accounts of the small database: the pages of its lists are full, too."""

SLOW_SHARE = 60  # requests of a list in a sample are this many times fewer
MOST = 1.3
PASSWORDS = 5
"""In a sample at most. The account that signs in has at most 100 sessions, and that of the lists must not be the oldest."""
CHECKS = {
    "`GET /api/auth/forward`": "/api/auth/forward",
    "`GET /api/users/me`": "/api/users/me",
}
LISTS = {
    "`GET /api/users`": "/api/users?limit=50",
    "`GET /api/users`, a search": f"/api/users?limit=50&search={filling.BEGINNING}",
    "`/admin/users`": "/admin/users",
    "`/admin/users`, a search": f"/admin/users?search={filling.BEGINNING}",
    "`/admin/sign-ins` of an account": "/admin/sign-ins?account=77",
}


def measure(stage: Stage) -> Iterator[Figure]:
    yield from _on(stage, "", lambda _: "")
    if stage.postgres_url:
        yield from _on(stage, ", PostgreSQL", lambda stack: stack.enter_context(database(stage.postgres_url)))


def _on(stage: Stage, where: str, url: Callable[[ExitStack], str]) -> Iterator[Figure]:
    pairs, subjects = [], []
    with ExitStack() as stack:
        for accounts in (SMALL, stage.accounts):
            for name, sample in _samples(stage, stack, url(stack), accounts):
                subjects.append(Subject(_named(name, where, accounts), sample))
                large, small = (_named(name, where, each) for each in (stage.accounts, SMALL))
                pairs.append(Pair(of=large, to=small, target=MOST))
        yield from compared(
            GROUP, "ms", rounds.taken(subjects, stage.effort.rounds, stage.random), dict.fromkeys(pairs)
        )


def _named(name: str, where: str, accounts: int) -> str:
    return f"{name}{where}, {accounts:,} accounts"


def _samples(stage: Stage, stack: ExitStack, url: str, accounts: int) -> Iterator[tuple[str, Sample]]:
    settings = {"ROMM_TRUSTED_PROXIES": "127.0.0.1"} | ({"ROMM_DATABASE_URL": url} if url else {})
    server, party = stack.enter_context(stage.romm(settings, between=partial(filling.fill, accounts=accounts)))
    cost: Callable[..., Sample] = partial(rounds.processor_ms, server, stage.client)
    session, effort = stage.client(load.session, server.origin), stage.effort
    for name, target in CHECKS.items():
        yield name, cost(load.get, server.origin, target, session, count=effort.requests)
    yield "a sign-in", cost(load.sign_in, party, count=effort.sign_ins)
    yield "a sign-in by password", cost(load.password, server.origin, count=min(PASSWORDS, effort.passwords))
    yield "a wrong password", cost(load.wrong_password, server.origin, count=effort.passwords)
    for name, target in LISTS.items():
        yield name, cost(load.get, server.origin, target, session, count=max(1, effort.requests // SLOW_SHARE))
