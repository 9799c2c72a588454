"""The contract of `ports.Attempts`."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from romm.adapters.database.tables import AttemptRow
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.attempts import SQLAttempts
from romm.domain.errors import Code
from romm.domain.sign_in.authorization import ATTEMPT_LIFETIME
from romm.domain.sign_in.outcomes import NotOpened, Opened, Outcome, Reported
from romm.ports.sign_in import UsedAttempt
from tests.adapters.conftest import Stores
from tests.domain.examples import NOW
from tests.fakes import FakeClock

EXPIRES = NOW + ATTEMPT_LIFETIME
REFUSED = NotOpened(Code.NO_ROLE, "0123456789abcdef")
OUTCOMES: list[Outcome] = [REFUSED, Opened("digest"), Opened("digest", linked=True), Reported('{"claims": "é"}')]


async def test_an_attempt_is_used_once(stores: Stores):
    assert await stores.attempts.take("state", EXPIRES)
    assert not await stores.attempts.take("state", EXPIRES)


async def test_of_many_who_use_an_attempt_one_does(rivals: list[Stores]):
    taken = await asyncio.gather(*(rivals[n % len(rivals)].attempts.take("state", EXPIRES) for n in range(20)))

    assert taken.count(True) == 1


async def test_attempts_do_not_touch_each_other(stores: Stores):
    await stores.attempts.take("one", EXPIRES)
    await stores.attempts.conclude("one", REFUSED)

    assert await stores.attempts.recall("two") is None
    assert await stores.attempts.take("two", EXPIRES)
    assert await stores.attempts.recall("two") == UsedAttempt(taken_at=NOW, outcome=None)


@pytest.mark.parametrize("outcome", OUTCOMES, ids=str)
async def test_a_used_attempt_tells_how_far_it_came(stores: Stores, outcome: Outcome):
    assert await stores.attempts.recall("state") is None

    await stores.attempts.take("state", EXPIRES)
    assert await stores.attempts.recall("state") == UsedAttempt(taken_at=NOW, outcome=None)

    await stores.attempts.conclude("state", outcome)
    assert await stores.attempts.recall("state") == UsedAttempt(taken_at=NOW, outcome=outcome)


async def test_the_first_outcome_stays(stores: Stores):
    await stores.attempts.take("state", EXPIRES)
    await stores.attempts.conclude("state", REFUSED)
    await stores.attempts.conclude("state", Opened("digest"))

    recalled = await stores.attempts.recall("state")

    assert recalled is not None
    assert recalled.outcome == REFUSED


async def test_an_attempt_that_was_not_used_has_no_outcome(stores: Stores):
    await stores.attempts.conclude("state", REFUSED)

    assert await stores.attempts.recall("state") is None


@pytest.mark.parametrize(
    ("since_expiry", "remembered"),
    [(timedelta(0), True), (timedelta(hours=1), True), (timedelta(hours=1, seconds=1), False)],
)
async def test_a_used_attempt_is_remembered_for_an_hour_after_it_expired(
    stores: Stores, since_expiry: timedelta, remembered: bool
):
    await stores.attempts.take("state", EXPIRES)
    stores.clock.advance(ATTEMPT_LIFETIME + since_expiry)

    await stores.attempts.take("newer", stores.clock() + ATTEMPT_LIFETIME)

    assert (await stores.attempts.recall("state") is not None) is remembered


async def test_a_used_attempt_is_a_small_row(database: Database):
    attempts = SQLAttempts(database, FakeClock(NOW))
    await attempts.take("state", EXPIRES)
    await attempts.conclude("state", REFUSED)

    async with database.read() as reader:
        [outcome] = (await reader.scalars(select(AttemptRow.outcome))).all()
        assert await reader.scalar(select(func.count()).select_from(AttemptRow)) == 1

    assert len(outcome or "") < 100
