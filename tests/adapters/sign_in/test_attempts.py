"""The contract of `ports.Attempts`."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from romm.adapters.database.tables import AttemptRow
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.attempts import SQLAttempts
from romm.domain.sign_in.authorization import ATTEMPT_LIFETIME, LoginAttempt, Purpose
from romm.ports.sign_in import AttemptOutcome
from tests.adapters.conftest import Stores
from tests.domain import examples
from tests.domain.examples import NOW
from tests.factories import filled
from tests.fakes import FakeClock


def attempt(state_digest: str = "state", **changes: Any) -> LoginAttempt:
    ordinary = examples.attempt(
        state_digest=state_digest,
        browser_key_digest="browser",
        return_to="/rom/1?q=%C3%A9",
        expires_at=NOW + ATTEMPT_LIFETIME,
    )
    return replace(ordinary, **changes)


async def test_an_attempt_is_given_out_as_it_was_put(stores: Stores):
    for put in filled(LoginAttempt, expires_at=NOW + ATTEMPT_LIFETIME):
        await stores.attempts.put(put)
        taken = await stores.attempts.take(put.state_digest, put.browser_key_digest)
        assert taken == put
        assert type(taken.purpose) is Purpose


async def test_an_attempt_is_given_out_once(stores: Stores):
    await stores.attempts.put(attempt())
    await stores.attempts.take("state", "browser")

    assert await stores.attempts.take("state", "browser") is None


@pytest.mark.parametrize(("state", "browser"), [("state", "another"), ("another", "browser"), ("", ""), ("state", "")])
async def test_who_brings_the_wrong_thing_gets_nothing_and_takes_nothing(stores: Stores, state: str, browser: str):
    await stores.attempts.put(attempt())

    assert await stores.attempts.take(state, browser) is None
    assert await stores.attempts.take("state", "browser") == attempt()


async def test_of_many_who_take_an_attempt_one_gets_it(rivals: list[Stores]):
    await rivals[0].attempts.put(attempt())

    taken = await asyncio.gather(*(rivals[n % len(rivals)].attempts.take("state", "browser") for n in range(20)))

    assert [each for each in taken if each is not None] == [attempt()]


async def test_attempts_do_not_touch_each_other(stores: Stores):
    await stores.attempts.put(attempt("one"))
    await stores.attempts.put(attempt("two", nonce="its own"))
    await stores.attempts.take("one", "browser")
    await stores.attempts.conclude("one", "done")

    assert await stores.attempts.recall("two") == AttemptOutcome(taken=False, outcome=None, return_to="/rom/1?q=%C3%A9")
    assert await stores.attempts.take("two", "browser") == attempt("two", nonce="its own")


async def test_what_is_left_of_an_attempt_tells_how_far_it_came(stores: Stores):
    left = AttemptOutcome(taken=False, outcome=None, return_to="/rom/1?q=%C3%A9")
    assert await stores.attempts.recall("state") is None

    await stores.attempts.put(attempt())
    assert await stores.attempts.recall("state") == left

    await stores.attempts.take("state", "browser")
    assert await stores.attempts.recall("state") == replace(left, taken=True)

    await stores.attempts.conclude("state", "no_role")
    assert await stores.attempts.recall("state") == replace(left, taken=True, outcome="no_role")


async def test_an_outcome_is_that_of_one_attempt(stores: Stores):
    for state in ("one", "two"):
        await stores.attempts.put(attempt(state))
        await stores.attempts.take(state, "browser")
    await stores.attempts.conclude("one", "no_role")

    left = await stores.attempts.recall("one"), await stores.attempts.recall("two")

    assert [recalled and recalled.outcome for recalled in left] == ["no_role", None]


async def test_the_first_outcome_stays(stores: Stores):
    await stores.attempts.put(attempt())
    await stores.attempts.take("state", "browser")
    await stores.attempts.conclude("state", "no_role")
    await stores.attempts.conclude("state", "done")

    recalled = await stores.attempts.recall("state")

    assert recalled is not None
    assert recalled.outcome == "no_role"


async def test_an_attempt_that_nobody_took_has_no_outcome(stores: Stores):
    await stores.attempts.put(attempt())
    await stores.attempts.conclude("state", "done")
    await stores.attempts.conclude("unknown", "done")

    recalled = await stores.attempts.recall("state")

    assert recalled is not None
    assert recalled.outcome is None
    assert await stores.attempts.recall("unknown") is None


@pytest.mark.parametrize(
    ("since_expiry", "remembered"),
    [(timedelta(0), True), (timedelta(hours=1), True), (timedelta(hours=1, seconds=1), False)],
)
async def test_an_attempt_is_remembered_for_an_hour_after_it_expired(
    stores: Stores, since_expiry: timedelta, remembered: bool
):
    await stores.attempts.put(attempt())
    stores.clock.advance(ATTEMPT_LIFETIME + since_expiry)

    await stores.attempts.put(attempt("newer", expires_at=stores.clock() + ATTEMPT_LIFETIME))

    assert (await stores.attempts.recall("state") is not None) is remembered
    assert (await stores.attempts.take("state", "browser") is not None) is remembered


async def test_the_secrets_of_a_taken_attempt_are_gone_from_the_database(database: Database):
    attempts = SQLAttempts(database, FakeClock(NOW))
    await attempts.put(attempt())
    await attempts.take("state", "browser")

    async with database.read() as reader:
        left = await reader.execute(select(AttemptRow.nonce, AttemptRow.code_verifier, AttemptRow.taken_at))

    assert left.one() == (None, None, NOW)
