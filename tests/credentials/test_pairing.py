"""Pairing codes: five minutes, once, for exactly one device, and no way to guess one."""

import asyncio
import dataclasses
from collections import Counter
from datetime import timedelta

import pytest

from romm.credentials.client_tokens import Minted
from romm.credentials.pairing import Offer
from romm.domain.credentials.client_tokens import Renewal
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.credentials.short_codes import ALPHABET, format_code
from romm.domain.errors import Code, Refused
from romm.domain.model import Visitor
from romm.domain.scopes import GRANT_ACCESS
from tests.credentials.token_house import HANDHELD, TokenHouse
from tests.fakes import FakeCredentials
from tests.world import VISITOR

MOMENT = timedelta(microseconds=1)
LIFETIME = timedelta(minutes=5)


@pytest.fixture
def house() -> TokenHouse:
    return TokenHouse()


def at(number: int) -> Visitor:
    return Visitor(
        address=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", user_agent="", correlation_id=""
    )


async def offered(house: TokenHouse) -> tuple[Minted, Offer]:
    """A token of an ordinary person that may manage tokens, and a pairing code for it."""
    vera = await house.add("vera")
    minted = await house.make(vera, "me.read", "me.write", GRANT_ACCESS)
    assert minted.token.id is not None
    return minted, await house.pairing.offer(vera, minted.token.id)


async def outcome(house: TokenHouse, code: str, visitor: Visitor = VISITOR) -> str:
    try:
        return (await house.pairing.exchange(code, visitor)).secret
    except Refused as refused:
        return refused.code


async def is_waiting(house: TokenHouse, code: str, visitor: Visitor = VISITOR) -> bool:
    try:
        return await house.pairing.waiting(code, visitor) > 0
    except Refused as refused:
        assert refused.code is Code.PAIRING_CODE_INVALID  # noqa: PT017
        return False


async def test_a_device_gets_the_token_with_a_secret_that_nobody_saw(house: TokenHouse) -> None:
    minted, offer = await offered(house)
    exchanged = await house.pairing.exchange(format_code(offer.code).lower(), VISITOR)
    assert exchanged.token.id == minted.token.id
    assert (exchanged.token.name, exchanged.token.scopes) == (minted.token.name, minted.token.scopes)
    assert await house.scopes(exchanged.secret) == {"me.read", "me.write"}
    assert await house.scopes(minted.secret) is None, "what a page showed before is dead"


async def test_a_code_is_random_short_and_stored_nowhere(house: TokenHouse) -> None:
    """R-80."""
    minted, _ = await offered(house)
    codes = [(await offered_again(house, minted)).code for _ in range(50)]
    assert len(set(codes)) == 50
    assert all(len(code) == 8 and set(code) <= set(ALPHABET) for code in codes)
    seen = str(house.credentials.stored) + str(house.log.lines)
    assert not any(code in seen for code in codes)


async def offered_again(house: TokenHouse, minted: Minted) -> Offer:
    found = await house.bearers.who(minted.secret)
    assert found is not None
    assert minted.token.id is not None
    return await house.pairing.offer(found, minted.token.id)


async def test_a_code_works_once(house: TokenHouse) -> None:
    _, offer = await offered(house)
    assert await is_waiting(house, offer.code)
    assert (await outcome(house, offer.code)).startswith("rmm_")
    assert not await is_waiting(house, offer.code)
    assert await outcome(house, offer.code) == Code.PAIRING_CODE_INVALID


async def test_a_code_leads_to_its_own_token_and_no_other_of_the_same_person(house: TokenHouse) -> None:
    vera = await house.add("vera")
    first, second, third = [await house.make(vera) for _ in range(3)]
    assert second.token.id is not None
    offer = await house.pairing.offer(vera, second.token.id)
    assert (await house.pairing.exchange(offer.code, VISITOR)).token.id == second.token.id
    assert [await house.scopes(each.secret) is None for each in (first, second, third)] == [False, True, False]


async def test_of_many_devices_at_once_one_gets_the_token(house: TokenHouse) -> None:
    """R-79."""
    _, offer = await offered(house)
    outcomes = Counter(await asyncio.gather(*(outcome(house, offer.code, at(n)) for n in range(50))))
    assert outcomes.pop(Code.PAIRING_CODE_INVALID) == 49
    [secret] = outcomes
    assert await house.scopes(secret) is not None


async def test_a_code_lives_until_the_moment_it_expires(house: TokenHouse) -> None:
    _, offer = await offered(house)
    assert offer.expires_in == LIFETIME.total_seconds()
    house.clock.advance(LIFETIME - MOMENT)
    assert await house.pairing.waiting(offer.code, VISITOR) == 1
    house.clock.advance(MOMENT)
    assert not await is_waiting(house, offer.code)
    assert await outcome(house, offer.code) == Code.PAIRING_CODE_INVALID


async def test_a_newer_code_replaces_the_older(house: TokenHouse) -> None:
    minted, older = await offered(house)
    newer = await offered_again(house, minted)
    assert not await is_waiting(house, older.code)
    assert (await outcome(house, newer.code)).startswith("rmm_")


@pytest.mark.parametrize("how", ["ended", "expired", "regenerated"])
async def test_a_code_of_a_token_that_changed_leads_to_nothing(house: TokenHouse, how: str) -> None:
    minted, offer = await offered(house)
    found = await house.bearers.who(minted.secret)
    assert found is not None
    assert minted.token.id is not None
    match how:
        case "ended":
            await house.tokens.end(found, minted.token.id)
        case "regenerated":
            await house.tokens.regenerate(found, minted.token.id)
        case _:
            house.clock.now = minted.token.expires_at
    assert not await is_waiting(house, offer.code)
    assert await outcome(house, offer.code) == Code.PAIRING_CODE_INVALID


class Vanishing(FakeCredentials):
    """Each token has ended by the time it would be renewed."""

    async def renew(self, renewal: Renewal) -> Credential | None:
        await self.end(Kind.CLIENT_TOKEN, renewal.token.id or 0, None)
        return await super().renew(renewal)


async def test_a_token_that_ends_during_the_exchange_opens_nothing(house: TokenHouse) -> None:
    _, offer = await offered(house)
    vanishing = Vanishing(house.accounts, house.clock)
    pairing = dataclasses.replace(house.pairing, credentials=vanishing)
    with pytest.raises(Refused, match=Code.PAIRING_CODE_INVALID):
        await pairing.exchange(offer.code, VISITOR)


async def test_a_disabled_owners_code_leads_to_nothing_and_is_not_used_up(house: TokenHouse) -> None:
    minted, offer = await offered(house)
    found = await house.bearers.who(minted.secret)
    assert found is not None
    house.change(found, enabled=False)
    assert await outcome(house, offer.code) == Code.ACCOUNT_DISABLED
    house.change(found, enabled=True)
    assert (await outcome(house, offer.code)).startswith("rmm_")


async def test_neither_code_nor_its_stored_form_passes_for_anything_else(house: TokenHouse) -> None:
    """R-43, R-75."""
    minted, offer = await offered(house)
    [(stored, _)] = await house.credentials.of(None, [Kind.PAIRING_CODE])
    for secret in (offer.code, stored.digest, f"rmm_{offer.code}", f"rmm_{stored.digest}", minted.token.digest):
        assert await house.scopes(secret) is None
    for code in (stored.digest, minted.secret, minted.token.digest):
        assert await outcome(house, code, at(1)) == Code.PAIRING_CODE_INVALID


async def test_ten_thousand_wrong_codes_of_one_address_end_after_five(house: TokenHouse) -> None:
    """R-79."""
    await offered(house)
    outcomes = [await outcome(house, f"BCDFGH{n % 20:02}") for n in range(10_000)]
    assert outcomes[:5] == [Code.PAIRING_CODE_INVALID] * 5
    assert set(outcomes[5:]) == {Code.TOO_MANY_REQUESTS}


async def test_ten_thousand_wrong_codes_of_as_many_addresses_end_after_a_hundred(house: TokenHouse) -> None:
    """R-79: also the right one is not looked at then, and all is well again a good minute later."""
    _, offer = await offered(house)
    outcomes = Counter([await outcome(house, "BCDFGHJK", at(n)) for n in range(10_000)])
    assert outcomes == {Code.PAIRING_CODE_INVALID: 100, Code.TOO_MANY_REQUESTS: 9_900}
    assert await outcome(house, offer.code, at(10_001)) == Code.TOO_MANY_REQUESTS
    house.clock.advance(timedelta(seconds=70))
    assert (await outcome(house, offer.code)).startswith("rmm_")


async def test_asking_about_codes_is_no_cheaper_way_to_guess(house: TokenHouse) -> None:
    """R-79: the question tells about a code as much as an exchange does."""
    _, offer = await offered(house)
    assert [await is_waiting(house, offer.code) for _ in range(30)] == [True] * 30
    with pytest.raises(Refused) as refused:
        await house.pairing.waiting(offer.code, VISITOR)
    assert refused.value.code is Code.TOO_MANY_REQUESTS
    for number in range(1, 571):
        await is_waiting(house, "BCDFGHJK", at(number))
    with pytest.raises(Refused) as refused:
        await house.pairing.waiting(offer.code, at(600))
    assert refused.value.code is Code.TOO_MANY_REQUESTS


async def test_nothing_is_made_or_renewed_by_a_password_that_was_changed_meanwhile(house: TokenHouse) -> None:
    """R-38: a check of the old one may still be under way."""
    vera = await house.add("vera")
    token = (await house.make(vera)).token
    assert token.id is not None
    house.change(vera, version=vera.account.version + 1)
    for late in (
        house.tokens.create(vera, HANDHELD),
        house.tokens.regenerate(vera, token.id),
        house.pairing.offer(vera, token.id),
    ):
        with pytest.raises(Refused) as refused:
            await late
        assert refused.value.code is Code.ACCOUNT_CHANGED
    assert [each.digest for each in house.credentials.stored.values()] == [token.digest]
