"""Client tokens: shown once, never worth more than what made them or than their owner is now."""

import asyncio
import re
from collections import Counter
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from romm.credentials.principal import Principal
from romm.domain.credentials.client_tokens import MOST, ClientTokenRequest, Lifetime
from romm.domain.credentials.credential import FRESH_SESSION, NEVER, Kind, issued
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel
from romm.domain.scopes import GRANT_ACCESS
from tests.credentials.token_house import HANDHELD, NOW, TokenHouse

MOMENT = timedelta(microseconds=1)


@pytest.fixture
def house() -> TokenHouse:
    return TokenHouse()


async def test_a_token_is_long_random_marked_and_stored_nowhere(house: TokenHouse) -> None:
    """R-80."""
    vera = await house.add("vera")
    secrets = [(await house.make(vera)).secret for _ in range(MOST)]
    assert len(set(secrets)) == MOST
    assert all(re.fullmatch(r"rmm_[0-9a-f]{64}", secret) for secret in secrets)
    seen = str(house.credentials.stored) + str(house.log.lines)
    assert not any(secret.removeprefix("rmm_") in seen for secret in secrets)


async def test_one_person_has_a_limited_number_and_an_ended_or_expired_one_makes_room(house: TokenHouse) -> None:
    vera, victor = await house.add("vera"), await house.add("victor")
    first, *_ = [await house.make(vera) for _ in range(MOST)]
    with pytest.raises(Refused) as refused:
        await house.make(vera)
    assert refused.value.code is Code.TOKENS_FULL
    await house.make(victor)
    assert first.token.id is not None
    await house.tokens.end(vera, first.token.id)
    await house.make(vera)
    house.clock.now = first.token.expires_at
    await house.make(vera)


async def test_many_at_once_are_no_more_than_the_limit(house: TokenHouse) -> None:
    vera = await house.add("vera")

    async def make() -> str:
        try:
            await house.make(vera)
        except Refused as refused:
            return refused.code
        return "made"

    assert Counter(await asyncio.gather(*(make() for _ in range(40)))) == {"made": MOST, Code.TOKENS_FULL: 40 - MOST}


async def test_a_token_lives_until_the_moment_it_expires(house: TokenHouse) -> None:
    minted = await house.make(await house.add("vera"))
    house.clock.now = minted.token.expires_at - MOMENT
    assert await house.scopes(minted.secret) == {"me.read", "roms.read"}
    house.clock.now = minted.token.expires_at
    assert await house.scopes(minted.secret) is None


async def test_a_token_without_an_end_has_none(house: TokenHouse) -> None:
    vera = await house.add("vera")
    minted = await house.tokens.create(vera, replace(HANDHELD, lifetime=Lifetime.NEVER))
    house.clock.now = NEVER - MOMENT
    assert await house.scopes(minted.secret) is not None


async def test_a_demoted_owners_token_keeps_only_what_is_left(house: TokenHouse) -> None:
    """R-15, R-71."""
    ada = await house.add("ada", AccessLevel.ADMIN)
    minted = await house.make(ada, "me.read", "roms.write", "users.write")
    house.change(ada, level=AccessLevel.EDITOR)
    assert await house.scopes(minted.secret) == {"me.read", "roms.write"}
    house.change(ada, level=AccessLevel.VIEWER)
    assert await house.scopes(minted.secret) == {"me.read"}


async def test_a_disabled_owners_token_opens_nothing(house: TokenHouse) -> None:
    """R-29."""
    vera = await house.add("vera")
    minted = await house.make(vera)
    house.change(vera, enabled=False)
    assert await house.scopes(minted.secret) is None


async def test_a_token_makes_no_stronger_one_and_renews_none(house: TokenHouse) -> None:
    """R-71: no credential can create another one with more scopes than itself."""
    vera = await house.add("vera")
    strong = (await house.make(vera, "me.read", "roms.read")).token
    weak = await house.by_token(vera, "me.read", "me.write")
    assert strong.id is not None
    for attempt in (
        house.tokens.create(weak, replace(HANDHELD, scopes=("roms.read",))),
        house.tokens.regenerate(weak, strong.id),
        house.pairing.offer(weak, strong.id),
    ):
        with pytest.raises(Refused) as refused:
            await attempt
        assert refused.value.code is Code.SCOPES_EXCEEDED
    assert strong in await house.tokens.own(vera), "it is as it was"


async def test_a_right_that_sleeps_in_a_token_is_no_way_around_that(house: TokenHouse) -> None:
    """A demoted owner's token: what renews it must have been given what it was given, or it would wake up with more."""
    eddie = await house.add("eddie", AccessLevel.EDITOR)
    sleeping = (await house.make(eddie, "me.read", "roms.write")).token
    weak = await house.by_token(eddie, "me.read", "me.write")
    house.change(eddie, level=AccessLevel.VIEWER)
    assert sleeping.id is not None
    with pytest.raises(Refused) as refused:
        await house.tokens.regenerate(weak, sleeping.id)
    assert refused.value.code is Code.SCOPES_EXCEEDED
    assert (await house.tokens.regenerate(eddie, sleeping.id)).token.scopes == ("me.read", "roms.write")


async def test_another_secret_leaves_the_rest_and_kills_the_old_one_at_once(house: TokenHouse) -> None:
    vera = await house.add("vera")
    old = await house.make(vera)
    house.clock.advance(timedelta(days=3))
    assert old.token.id is not None
    new = await house.tokens.regenerate(vera, old.token.id)
    assert replace(new.token, digest="") == replace(old.token, digest="")
    assert await house.scopes(old.secret) is None
    assert await house.scopes(new.secret) == {"me.read", "roms.read"}


@pytest.mark.parametrize("level", AccessLevel)
async def test_somebody_elses_token_is_not_there(house: TokenHouse, level: AccessLevel) -> None:
    """For administrators neither."""
    minted, other = await house.make(await house.add("vera")), await house.add("other", level)
    assert minted.token.id is not None
    for number in (minted.token.id, 10**30, -1):
        for attempt in (house.tokens.end, house.tokens.regenerate, house.pairing.offer):
            with pytest.raises(Refused) as refused:
                await attempt(other, number)
            assert refused.value.code is Code.CREDENTIAL_UNKNOWN
    assert await house.scopes(minted.secret) is not None
    assert await house.tokens.own(other) == []


async def test_an_administrator_ends_anybodys_token(house: TokenHouse) -> None:
    ada, minted = await house.add("ada", AccessLevel.ADMIN), await house.make(await house.add("vera"))
    assert [(token, owner.username) for token, owner in await house.tokens.all_tokens(COMMAND_LINE, 10)] == [
        (minted.token, "vera")
    ]
    assert minted.token.id is not None
    await house.tokens.end_any(ada, minted.token.id)
    assert await house.scopes(minted.secret) is None
    assert house.log.lines[-1][2]["by"] == ada.account.id
    with pytest.raises(Refused) as refused:
        await house.tokens.end_any(ada, minted.token.id)
    assert refused.value.code is Code.CREDENTIAL_UNKNOWN


async def test_half_an_administrator_ends_no_administrators_token(house: TokenHouse) -> None:
    ada = await house.add("ada", AccessLevel.ADMIN)
    hers, veras = await house.make(ada), await house.make(await house.add("vera"))
    half = await house.by_token(ada, "users.read", "users.write")
    assert hers.token.id is not None
    assert veras.token.id is not None
    with pytest.raises(Refused) as refused:
        await house.tokens.end_any(half, hers.token.id)
    assert refused.value.code is Code.ADMIN_REQUIRED
    assert await house.scopes(hers.secret) is not None
    await house.tokens.end_any(half, veras.token.id)


async def test_the_first_use_is_noted_at_once_and_later_ones_once_a_minute(house: TokenHouse) -> None:
    vera = await house.add("vera")
    minted = await house.make(vera)
    for seconds, noted in ((1, 1), (59, 1), (2, 62)):
        house.clock.advance(timedelta(seconds=seconds))
        await house.scopes(minted.secret)
        [token] = await house.tokens.own(vera)
        assert token.last_used_at == NOW + timedelta(seconds=noted)


async def test_a_token_makes_none_that_outlives_it(house: TokenHouse) -> None:
    """However long the one who found it would like."""
    vera = await house.add("vera")
    found = await house.by_token(vera, "me.read", "me.write")
    assert found.credential is not None
    made = await house.tokens.create(
        found, ClientTokenRequest(name="for ever", scopes=("me.read",), lifetime=Lifetime.NEVER)
    )
    assert made.token.expires_at == found.credential.expires_at
    later = await house.tokens.create(
        vera, ClientTokenRequest(name="hers", scopes=("me.read",), lifetime=Lifetime.NEVER)
    )
    assert later.token.id is not None
    for renewal in (house.tokens.regenerate(found, later.token.id), house.pairing.offer(found, later.token.id)):
        with pytest.raises(Refused) as refused:
            await renewal
        assert refused.value.code is Code.LIFETIME_EXCEEDED


def by_access_token(house: TokenHouse, owner: Principal, proven_at: datetime | None) -> Principal:
    now = house.clock()
    token = issued(Kind.ACCESS_TOKEN, owner.account.id, "digest", now, now + timedelta(minutes=30), proven_at=proven_at)
    return Principal(account=owner.account, scopes=frozenset({"me.read", "me.write"}), credential=token)


async def test_the_access_token_of_a_fresh_sign_in_makes_the_token_that_its_app_keeps(house: TokenHouse) -> None:
    app = by_access_token(house, await house.add("vera"), house.clock() - FRESH_SESSION)
    kept = await house.tokens.create(app, replace(HANDHELD, scopes=("me.read",), lifetime=Lifetime.NEVER))
    assert kept.token.expires_at == NEVER
    for more in ("roms.read", GRANT_ACCESS):
        with pytest.raises(Refused, match=Code.SCOPES_EXCEEDED):
            await house.make(app, "me.read", more)
    assert kept.token.id is not None
    for renewal in (house.tokens.regenerate(app, kept.token.id), house.pairing.offer(app, kept.token.id)):
        with pytest.raises(Refused, match=Code.CONFIRMATION_REQUIRED):
            await renewal


async def test_an_older_access_token_and_one_of_a_device_make_nothing_that_lasts(house: TokenHouse) -> None:
    vera = await house.add("vera")
    for proven_at in (house.clock() - FRESH_SESSION - MOMENT, None):
        with pytest.raises(Refused, match=Code.CONFIRMATION_REQUIRED):
            await house.make(by_access_token(house, vera, proven_at), "me.read")
