"""The contract of `ports.Logouts`."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from romm.adapters.database.tables import LogoutTokenRow
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.logouts import SQLLogouts
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.model import Account, Identity
from romm.domain.sign_in.logout_token import Logout
from romm.ports.conflicts import Conflict
from tests.adapters.conftest import Stores
from tests.adapters.examples import alice, bob, has_session, session
from tests.domain.examples import ALICE, ISSUER, NOW
from tests.fakes import FakeClock

HERS, OTHERS = {"identity": ALICE, "sid": "this"}, {"identity": ALICE, "sid": "that"}
ELSEWHERE = Identity("https://other.example", ALICE.subject)


def logout(digest: str = "token", **changes: Any) -> Logout:
    """Of all sessions of Alice, unless a test says otherwise."""
    forgotten_at = NOW + timedelta(minutes=3)
    ordinary = Logout(issuer=ISSUER, subject=ALICE.subject, sid=None, digest=digest, forgotten_at=forgotten_at)
    return replace(ordinary, **changes)


async def furnished(stores: Stores) -> tuple[Account, Account]:
    """Two people with a session of each sort."""
    hers, his = await alice(stores), await bob(stores)
    sessions: list[Credential] = [
        session(hers, "this", **HERS),
        session(hers, "this again", **HERS),
        session(hers, "that", **OTHERS),
        session(hers, "no sid", identity=ALICE),
        session(hers, "elsewhere", identity=ELSEWHERE, sid="this"),
        session(hers, "password"),
    ]
    await stores.credentials.add(hers, *sessions)
    await stores.credentials.add(his, session(his, "bob", identity=Identity(ISSUER, "bob"), sid="his"))
    return hers, his


async def living(stores: Stores) -> set[str]:
    digests = ("this", "this again", "that", "no sid", "elsewhere", "password", "bob")
    return {digest for digest in digests if await has_session(stores, digest)}


ALL = {"this", "this again", "that", "no sid", "elsewhere", "password", "bob"}


@pytest.mark.parametrize(
    ("changes", "ended"),
    [
        pytest.param({}, {"this", "this again", "that", "no sid"}, id="a person"),
        pytest.param({"subject": None, "sid": "this"}, {"this", "this again"}, id="a session"),
        pytest.param({"sid": "that"}, {"that"}, id="a session of a person"),
        pytest.param({"subject": "bob", "sid": "this"}, set(), id="a session of somebody else"),
        pytest.param({"subject": "nobody"}, set(), id="nobody"),
        pytest.param({"subject": None, "sid": "THIS"}, set(), id="another case"),
        pytest.param({"issuer": "https://third.example"}, set(), id="another provider"),
        pytest.param({"issuer": ELSEWHERE.issuer}, {"elsewhere"}, id="the other provider"),
    ],
)
async def test_the_sessions_that_are_meant_end_and_no_others(stores: Stores, changes: dict[str, Any], ended: set[str]):
    """R-42."""
    hers, _ = await furnished(stores)

    assert await stores.logouts.carry_out(logout(**changes)) == [hers.id] * len(ended)

    assert await living(stores) == ALL - ended


async def test_sessions_of_several_people_may_be_meant(stores: Stores):
    hers, his = await furnished(stores)
    await stores.credentials.add(his, session(his, "shared", identity=Identity(ISSUER, "bob"), sid="this"))

    owners = await stores.logouts.carry_out(logout(subject=None, sid="this"))

    assert sorted(owners) == [hers.id, hers.id, his.id]


@pytest.mark.parametrize(
    ("changes", "algorithms"),
    [
        ({"subject": None, "sid": "this"}, {"RS256", None}),
        ({"sid": "that"}, {"ES256"}),
        ({}, {"RS256", "ES256", None}),
        ({"subject": "nobody"}, set()),
        ({"issuer": ELSEWHERE.issuer}, {"PS256"}),
    ],
)
async def test_the_algorithms_are_those_of_the_sessions_that_are_meant(
    stores: Stores, changes: dict[str, Any], algorithms: set[str | None]
):
    """R-42."""
    hers = await alice(stores)
    await stores.credentials.add(
        hers,
        session(hers, "this", id_token_alg="RS256", **HERS),
        session(hers, "this again", id_token_alg="RS256", **HERS),
        session(hers, "from before", **HERS),
        session(hers, "that", id_token_alg="ES256", **OTHERS),
        session(hers, "elsewhere", identity=ELSEWHERE, id_token_alg="PS256"),
        session(hers, "an app's", kind=Kind.REFRESH_TOKEN, id_token_alg="HS256", **HERS),
    )
    assert set(await stores.logouts.algorithms(logout(**changes))) == algorithms


async def test_what_is_no_session_stays(stores: Stores):
    hers, _ = await furnished(stores)
    await stores.credentials.add(hers, session(hers, "an app's", kind=Kind.REFRESH_TOKEN, **HERS))

    await stores.logouts.carry_out(logout())

    assert await stores.credentials.find(Kind.REFRESH_TOKEN, "an app's") is not None


async def test_a_token_is_carried_out_once(stores: Stores):
    hers, _ = await furnished(stores)
    await stores.logouts.carry_out(logout())
    await stores.credentials.add(hers, session(hers, "new", **HERS))

    with pytest.raises(Conflict) as refused:
        await stores.logouts.carry_out(logout())

    assert refused.value.what == "logout_token"
    assert await has_session(stores, "new")
    assert await stores.logouts.carry_out(logout("another")) == [hers.id]


async def test_a_token_is_known_until_it_is_forgotten(stores: Stores):
    await stores.logouts.carry_out(logout())
    stores.clock.advance(timedelta(minutes=3))
    with pytest.raises(Conflict):
        await stores.logouts.carry_out(logout())

    stores.clock.advance(timedelta(seconds=1))

    assert await stores.logouts.carry_out(logout()) == []


async def test_of_several_workers_one_carries_it_out(rivals: list[Stores]):
    hers, _ = await furnished(rivals[0])

    done = await asyncio.gather(*(each.logouts.carry_out(logout()) for each in rivals), return_exceptions=True)

    assert [each for each in done if not isinstance(each, Conflict)] == [[hers.id] * 4]


async def test_forgotten_tokens_leave_the_database(database: Database):
    clock = FakeClock(NOW)
    logouts = SQLLogouts(database, clock)
    await logouts.carry_out(logout("old"))
    clock.advance(timedelta(hours=1))

    await logouts.carry_out(logout("new", forgotten_at=clock() + timedelta(minutes=3)))

    assert [row.digest for row in await database.fetch(select(LogoutTokenRow.digest), {})] == ["new"]
