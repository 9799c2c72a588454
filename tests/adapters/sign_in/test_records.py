"""The contract of `ports.SignInRecords`."""

import pytest
from msgspec.structs import replace
from sqlalchemy.exc import IntegrityError

from romm.adapters.database.transactions import Database
from romm.domain.credentials.credential import Kind
from romm.domain.sign_in.authorization import ATTEMPT_LIFETIME
from romm.domain.sign_in.outcomes import Opened
from romm.ports.conflicts import Conflict
from romm.ports.sign_in import SignInEntry, SignInFilter, UsedAttempt
from tests.adapters.conftest import Stores, in_database
from tests.adapters.examples import alice, all_digests, bob, has_session, line, session
from tests.domain.examples import NOW
from tests.fakes import FakeClock

OPENED = Opened("digest", linked=True)


async def lines(stores: Stores) -> list[SignInEntry]:
    return [replace(each, id=None) for each in await stores.sign_in_log.search(SignInFilter(), 10)]


async def test_a_session_comes_with_its_line_and_the_outcome_of_its_attempt(stores: Stores):
    owner, other = await alice(stores), await bob(stores)
    await stores.attempts.take("state", NOW + ATTEMPT_LIFETIME)

    await stores.sign_in_records.keep(owner, line(owner), session(owner), concludes=("state", OPENED))

    assert await has_session(stores)
    assert await lines(stores) == [line(owner)]
    assert await stores.attempts.recall("state") == UsedAttempt(taken_at=NOW, outcome=OPENED)
    assert await stores.accounts.get(owner.id) == replace(owner, last_login=NOW)
    assert await stores.accounts.get(other.id) == other


async def test_what_the_browser_had_ends_whosever_it_was(stores: Stores):
    owner, other = await alice(stores), await bob(stores)
    for each in (session(owner, "stays"), session(other, "old")):
        await stores.credentials.add(owner if each.account_id == owner.id else other, each)

    ends = [(Kind.SESSION, "old"), (Kind.DEVICE_COOKIE, "unknown"), (Kind.DEVICE_COOKIE, "stays")]
    ended = await stores.sign_in_records.keep(owner, line(owner), session(owner), session(owner, "second"), ends=ends)

    assert [(each.digest, each.account_id) for each in ended] == [("old", other.id)]
    assert await all_digests(stores) == {"stays", "digest", "second"}


async def test_an_answer_to_a_question_concludes_no_attempt(stores: Stores):
    owner = await alice(stores)
    await stores.attempts.take("state", NOW + ATTEMPT_LIFETIME)

    await stores.sign_in_records.keep(owner, line(owner), session(owner))

    assert await has_session(stores)
    assert await lines(stores) == [line(owner)]
    assert await stores.attempts.recall("state") == UsedAttempt(taken_at=NOW, outcome=None)


async def test_nothing_is_kept_for_an_account_that_changed(stores: Stores):
    seen = await alice(stores)
    await stores.attempts.take("state", NOW + ATTEMPT_LIFETIME)
    await stores.disable(seen.id)

    with pytest.raises(Conflict, match="version"):
        await stores.sign_in_records.keep(seen, line(seen), session(seen), concludes=("state", OPENED))

    assert not await has_session(stores)
    assert await lines(stores) == []
    assert await stores.attempts.recall("state") == UsedAttempt(taken_at=NOW, outcome=None)


async def test_there_is_no_session_without_its_line(database: Database):
    stores = in_database(database, FakeClock(NOW))
    owner = await alice(stores)
    await stores.credentials.add(owner, session(owner, "old"))
    unstorable = replace(line(owner), account_id=owner.id, method=None)  # the log needs one

    with pytest.raises(IntegrityError):
        await stores.sign_in_records.keep(owner, unstorable, session(owner), ends=[(Kind.SESSION, "old")])

    assert await all_digests(stores) == {"old"}
