"""Settings that are not in use are checked for those who may change them, and in bounded time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from romm.composition import diagnosis
from romm.credentials.rate_limits import Rates
from romm.diagnosis.candidates import Candidates
from romm.diagnosis.doctor import Doctor
from romm.domain import scopes
from romm.domain.credentials.credential import Kind
from romm.domain.credentials.permissions import COMMAND_LINE, Actor
from romm.domain.diagnosis.findings import Outcome
from romm.domain.errors import Code, Refused
from romm.settings.candidate import ProviderCandidate
from tests.fake_provider import CLIENT_ID, CLIENT_SECRET
from tests.world import ORIGIN, World

NARROW = frozenset({"users.read", "users.write"})


def candidate(world: World) -> ProviderCandidate:
    return ProviderCandidate(
        base_url=ORIGIN,
        provider="authelia",
        address=world.idp.issuer,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
    )


def actor(world: World, *, held: frozenset[str] = frozenset(scopes.ALL), age: timedelta = timedelta()) -> Actor:
    return Actor(account_id=1, scopes=held, kind=Kind.SESSION, proven_at=world.clock() - age)


@pytest.mark.parametrize(
    ("held", "age", "code"),
    [
        pytest.param(NARROW, timedelta(), Code.ADMIN_REQUIRED, id="not an administrator"),
        pytest.param(frozenset(scopes.ALL), timedelta(minutes=6), Code.CONFIRMATION_REQUIRED, id="an old session"),
    ],
)
async def test_others_make_romm_ask_nothing(held: frozenset[str], age: timedelta, code: Code) -> None:
    world = World()
    candidates = diagnosis.candidates(world.settings, world.ports)
    with pytest.raises(Refused) as refused:
        await candidates.check(actor(world, held=held, age=age), candidate(world), 10)
    assert refused.value.code is code
    assert world.idp.requests == []
    assert world.lines("provider.candidate_checked") == []


async def test_a_check_is_in_the_log_with_its_place_alone() -> None:
    world = World()
    findings = await diagnosis.candidates(world.settings, world.ports).check(actor(world), candidate(world), 10)
    assert Outcome.FAILED not in [each.outcome for each in findings]
    assert world.lines("provider.candidate_checked") == [{"by": 1, "place": world.idp.issuer}]


async def test_it_ends_in_time_and_closes_what_it_opened() -> None:
    world, events = World(), []

    @asynccontextmanager
    async def examine(_: ProviderCandidate) -> AsyncIterator[Doctor]:
        async with diagnosis.candidates(world.settings, world.ports).examine(candidate(world)) as doctor:
            yield doctor
        events.append("closed")

    candidates = Candidates(
        examine=examine, rates=Rates(world.throttles, world.clock), log=world.log, clock=world.clock
    )
    findings = await candidates.check(COMMAND_LINE, candidate(world), 0)
    assert findings[-1].outcome is Outcome.SKIPPED
    assert events == ["closed"]
