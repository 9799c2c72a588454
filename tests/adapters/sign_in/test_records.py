"""The contract of `ports.SignInRecords`."""

import pytest
from msgspec.structs import replace
from sqlalchemy.exc import IntegrityError

from romm.adapters.database.transactions import Database
from romm.domain.model import Account
from romm.domain.sign_in.authorization import ATTEMPT_LIFETIME
from romm.domain.sign_in.outcomes import Opened
from romm.ports.conflicts import Conflict
from romm.ports.sign_in import SignInEntry, SignInFilter, UsedAttempt
from tests.adapters.conftest import Stores, in_database
from tests.adapters.examples import alice, has_session, session
from tests.domain.examples import NOW
from tests.fakes import FakeClock

OPENED = Opened("digest", linked=True)


def line(owner: Account) -> SignInEntry:
    return SignInEntry(
        at=NOW,
        method="openid",
        outcome="signed_in",
        rule="L-01",
        code=None,
        issuer="https://idp.test",
        subject_digest="abc",
        account_id=owner.id,
        address="192.0.2.7",
        correlation_id="0123456789abcdef",
    )


async def lines(stores: Stores) -> list[SignInEntry]:
    return [replace(each, id=None) for each in await stores.sign_in_log.search(SignInFilter(), 10)]


async def test_a_session_comes_with_its_line_and_the_outcome_of_its_attempt(stores: Stores):
    owner = await alice(stores)
    await stores.attempts.take("state", NOW + ATTEMPT_LIFETIME)

    await stores.sign_in_records.keep(owner, session(owner), line(owner), "state", OPENED)

    assert await has_session(stores)
    assert await lines(stores) == [line(owner)]
    assert await stores.attempts.recall("state") == UsedAttempt(taken_at=NOW, outcome=OPENED)
    assert await stores.accounts.get(owner.id) == replace(owner, last_login=NOW)


async def test_an_answer_to_a_question_concludes_no_attempt(stores: Stores):
    owner = await alice(stores)
    await stores.attempts.take("state", NOW + ATTEMPT_LIFETIME)

    await stores.sign_in_records.keep(owner, session(owner), line(owner), None, OPENED)

    assert await has_session(stores)
    assert await lines(stores) == [line(owner)]
    assert await stores.attempts.recall("state") == UsedAttempt(taken_at=NOW, outcome=None)


async def test_nothing_is_kept_for_an_account_that_changed(stores: Stores):
    seen = await alice(stores)
    await stores.attempts.take("state", NOW + ATTEMPT_LIFETIME)
    await stores.disable(seen.id)

    with pytest.raises(Conflict, match="version"):
        await stores.sign_in_records.keep(seen, session(seen), line(seen), "state", OPENED)

    assert not await has_session(stores)
    assert await lines(stores) == []
    assert await stores.attempts.recall("state") == UsedAttempt(taken_at=NOW, outcome=None)


async def test_there_is_no_session_without_its_line(database: Database):
    stores = in_database(database, FakeClock(NOW))
    owner = await alice(stores)
    unstorable = replace(line(owner), account_id=owner.id, method=None)  # the log needs one

    with pytest.raises(IntegrityError):
        await stores.sign_in_records.keep(owner, session(owner), unstorable, None, OPENED)

    assert not await has_session(stores)
