"""The contracts of `device_ports`: each step of a request is taken once, whoever else tries at the same time."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, func, select

from romm.adapters.credentials.devices import REMEMBERED, SQLDeviceAuthorizations, SQLDevices
from romm.adapters.credentials.store import SQLCredentials
from romm.adapters.database.tables import AccountRow, CredentialRow, DeviceAuthorizationRow, DeviceRow
from romm.adapters.database.transactions import Database
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.domain.credentials.credential import EVERYTHING, Credential, Kind
from romm.domain.credentials.device_registry import REGISTERED, DeviceFacts, SyncMode
from romm.domain.credentials.devices import LIFETIME, UNNAMED, Approve, Device, DeviceAuthorization, Flavor, State
from romm.domain.model import Account
from romm.ports.conflicts import Conflict
from tests.adapters.conftest import Stores
from tests.adapters.examples import DAY, alice, all_digests, attach, bob
from tests.domain.examples import ALICE, NOW, credential, device_authorization
from tests.factories import filled, new_account
from tests.fakes import FakeClock

TICK = timedelta(microseconds=1)
END = NOW + LIFETIME


def request(code: str = "one", **changes: Any) -> DeviceAuthorization:
    """A request with this device code, whose user code is that in capitals."""
    ordinary = device_authorization(
        device_code_digest=code,
        user_code_digest=code.upper(),
        shape=Flavor.LEGACY,
        client_device_identifier="b7c1",
        name="Handheld",
        client="Argosy",
        platform="android",
        client_version="1.2",
    )
    return replace(ordinary, **changes)


def approval(asked: DeviceAuthorization, account: Account, device_name: str = "Kitchen") -> Approve:
    return Approve(asked, account, ("roms.read",), device_name, NOW + 30 * DAY)


def token(account: Account, device_id: int | None, digest: str = "token", **changes: Any) -> Credential:
    ordinary = credential(
        digest=digest,
        kind=Kind.CLIENT_TOKEN,
        account_id=account.id,
        scopes=("roms.read",),
        expires_at=NOW + 30 * DAY,
        device_id=device_id,
    )
    return replace(ordinary, **changes)


async def paired(stores: Stores, account: Account, asked: DeviceAuthorization) -> int:
    await stores.device_authorizations.put(asked)
    device = await stores.device_authorizations.approve(approval(asked, account))
    assert device is not None
    return device


async def state(stores: Stores, code: str = "one") -> State | None:
    found = await stores.device_authorizations.find_by_user_code(code.upper())
    return None if found is None else found.state


async def test_a_request_is_found_by_both_of_its_codes_as_it_was_stored(stores: Stores):
    for put in filled(DeviceAuthorization, expires_at=END, account_id=None, device_id=None):
        await stores.device_authorizations.put(put)
        assert await stores.device_authorizations.find_by_device_code(put.device_code_digest) == (put, None)
        assert await stores.device_authorizations.find_by_user_code(put.user_code_digest) == put


async def test_nothing_is_found_by_another_code(stores: Stores):
    await stores.device_authorizations.put(request())

    assert await stores.device_authorizations.find_by_device_code("ONE") is None
    assert await stores.device_authorizations.find_by_user_code("one") is None
    assert not await stores.device_authorizations.deny("one")
    assert not await stores.device_authorizations.spend("ONE")


async def test_no_two_requests_have_the_same_user_code(stores: Stores):
    await stores.device_authorizations.put(request())

    with pytest.raises(Conflict) as refused:
        await stores.device_authorizations.put(request("two", user_code_digest="ONE"))

    assert refused.value.what == "user_code"


async def test_an_old_request_is_remembered_for_an_hour_after_its_end(stores: Stores):
    await stores.device_authorizations.put(request())
    stores.clock.advance(LIFETIME + REMEMBERED)
    await stores.device_authorizations.put(request("two", expires_at=stores.clock() + LIFETIME))
    assert await state(stores) is State.PENDING

    stores.clock.advance(TICK)
    await stores.device_authorizations.put(request("three", expires_at=stores.clock() + LIFETIME))
    assert await state(stores) is None
    assert await state(stores, "two") is State.PENDING


async def test_a_poll_is_noted_with_the_interval_from_now_on(stores: Stores):
    await stores.device_authorizations.put(request())
    await stores.device_authorizations.put(request("two"))
    stores.clock.advance(timedelta(seconds=3))

    await stores.device_authorizations.note_poll("one", 10)

    assert await stores.device_authorizations.find_by_user_code("ONE") == request(
        interval_seconds=10, last_polled_at=stores.clock()
    )
    assert await stores.device_authorizations.find_by_user_code("TWO") == request("two")


async def test_an_approval_is_found_with_its_owner_and_its_device(stores: Stores):
    owner = await stores.accounts.link(attach(await alice(stores)), ALICE, NOW)

    device = await paired(stores, owner, request())

    assert await stores.device_authorizations.find_by_device_code("one") == (
        request(
            state=State.APPROVED,
            name="Kitchen",
            approved_scopes=("roms.read",),
            account_id=owner.id,
            account_version=owner.version,
            device_id=device,
            token_expires_at=NOW + 30 * DAY,
        ),
        owner,
    )
    assert list(await stores.devices.of(owner.id)) == [
        Device(
            id=device,
            account_id=owner.id,
            client_device_identifier="b7c1",
            name="Kitchen",
            client="Argosy",
            platform="android",
            client_version="1.2",
            created_at=NOW,
            last_paired_at=NOW,
            updated_at=NOW,
        )
    ]


async def test_the_same_identifier_of_the_same_owner_is_the_same_device(stores: Stores):
    owner = await alice(stores)
    first = await paired(stores, owner, request())
    stores.clock.advance(timedelta(minutes=1))

    again = await paired(stores, owner, request("two", client_version="1.3"))

    [device] = await stores.devices.of(owner.id)
    assert again == first == device.id
    assert (device.client_version, device.created_at, device.last_paired_at) == ("1.3", NOW, stores.clock())


async def test_another_owner_or_identifier_is_another_device(stores: Stores):
    owner = await alice(stores)
    ids = [
        await paired(stores, owner, request()),
        await paired(stores, await bob(stores), request("two")),
        await paired(stores, owner, request("three", client_device_identifier="B7C1")),
    ]

    assert len(set(ids)) == 3
    assert [each.id for each in await stores.devices.of(owner.id)] == [ids[2], ids[0]]


@pytest.mark.parametrize("first", ["approve", "deny"])
@pytest.mark.parametrize("second", ["approve", "deny"])
async def test_what_is_decided_stays_decided(stores: Stores, first: str, second: str):
    owner, other = await alice(stores), await bob(stores)
    await stores.device_authorizations.put(request())

    async def decide(how: str, who: Account) -> bool:
        if how == "deny":
            return await stores.device_authorizations.deny("ONE")
        return await stores.device_authorizations.approve(approval(request(), who)) is not None

    assert await decide(first, owner)
    assert not await decide(second, other)
    found = await stores.device_authorizations.find_by_user_code("ONE")
    assert found is not None
    assert (found.state, found.account_id) == (
        (State.APPROVED, owner.id) if first == "approve" else (State.DENIED, None)
    )
    assert list(await stores.devices.of(other.id)) == []


async def test_nothing_is_decided_or_handed_over_after_the_end(stores: Stores):
    owner = await alice(stores)
    await stores.device_authorizations.put(request())
    await paired(stores, owner, request("two", client_device_identifier="other"))
    stores.clock.advance(LIFETIME - TICK)
    await paired(stores, owner, request("three", client_device_identifier="third"))
    stores.clock.advance(TICK)

    assert await stores.device_authorizations.approve(approval(request(), owner)) is None
    assert not await stores.device_authorizations.deny("ONE")
    assert not await stores.device_authorizations.spend("two")
    assert not await stores.device_authorizations.spend("three")


async def test_only_an_approval_is_handed_over(stores: Stores):
    await stores.device_authorizations.put(request())
    assert not await stores.device_authorizations.spend("one")
    await stores.device_authorizations.deny("ONE")
    assert not await stores.device_authorizations.spend("one")


async def test_of_many_who_fetch_an_approval_one_gets_it(rivals: list[Stores]):
    """Two devices that poll one code get one token."""
    await paired(rivals[0], await alice(rivals[0]), request())

    spent = await asyncio.gather(*(rivals[n % len(rivals)].device_authorizations.spend("one") for n in range(20)))

    assert Counter(spent) == {True: 1, False: 19}
    assert await state(rivals[0]) is State.SPENT


async def test_of_many_who_decide_at_once_one_wins(rivals: list[Stores]):
    owner = await alice(rivals[0])
    for round_ in range(5):
        asked = request(f"round {round_}")
        await rivals[0].device_authorizations.put(asked)

        async def decide(n: int, asked: DeviceAuthorization = asked) -> str:
            store = rivals[n % len(rivals)].device_authorizations
            if n % 2:
                return "denied" if await store.deny(asked.user_code_digest) else "late"
            return "late" if await store.approve(approval(asked, owner)) is None else "approved"

        decided = Counter(await asyncio.gather(*map(decide, range(12))))
        assert decided["late"] == 11
        assert decided[str(await state(rivals[0], asked.device_code_digest))] == 1


async def test_one_device_paired_twice_at_once_stays_one(rivals: list[Stores]):
    owner = await alice(rivals[0])
    for n in range(8):
        await rivals[0].device_authorizations.put(request(f"n{n}"))

    ids = await asyncio.gather(
        *(rivals[n % len(rivals)].device_authorizations.approve(approval(request(f"n{n}"), owner)) for n in range(8))
    )

    assert len(set(ids)) == 1
    assert len(await rivals[0].devices.of(owner.id)) == 1


async def test_nothing_is_handed_over_when_the_owner_was_disabled_or_changed(stores: Stores):
    owner, other = await alice(stores), await bob(stores)
    await paired(stores, owner, request())
    await paired(stores, other, request("two"))

    await stores.accounts.link(attach(owner), ALICE, NOW)
    await stores.disable(other.id)

    assert not await stores.device_authorizations.spend("one")
    assert not await stores.device_authorizations.spend("two")


async def test_the_end_of_all_sign_ins_withdraws_what_no_device_has_fetched(stores: Stores):
    owner, other = await alice(stores), await bob(stores)
    await paired(stores, owner, request())
    await paired(stores, other, request("two", client_device_identifier="c8d2"))
    await stores.credentials.end_all(owner.id, [Kind.SESSION])
    assert await state(stores) is State.APPROVED
    await stores.credentials.end_all(owner.id, EVERYTHING)
    assert await state(stores) is State.DENIED
    assert await state(stores, "two") is State.APPROVED
    assert not await stores.device_authorizations.spend("one")


async def test_a_device_shows_the_last_use_of_what_it_holds(stores: Stores):
    owner = await alice(stores)
    device = await paired(stores, owner, request())
    await stores.credentials.add(
        owner,
        token(owner, device, "a", last_used_at=NOW + TICK),
        token(owner, device, "b", last_used_at=NOW + 2 * TICK, kind=Kind.REFRESH_TOKEN),
        token(owner, device, "c", last_used_at=NOW + 3 * TICK, expires_at=NOW),
        token(owner, None, "d", last_used_at=NOW + 4 * TICK),
    )

    [seen] = await stores.devices.of(owner.id)

    assert seen.last_used_at == NOW + 2 * TICK


async def test_a_new_token_takes_the_place_of_the_devices_older_ones(stores: Stores):
    owner = await alice(stores)
    device = await paired(stores, owner, request())
    other = await paired(stores, owner, request("two", client_device_identifier="other"))
    await stores.credentials.add(owner, token(owner, other, "others"), token(owner, None, "nobodys"))
    await stores.credentials.add(owner, token(owner, device, "refresh", kind=Kind.REFRESH_TOKEN))

    await stores.devices.give(token(owner, device, "first"), owner)
    await stores.devices.give(token(owner, device, "second"), owner)

    left = {each.digest for each, _ in await stores.credentials.of(owner.id, list(Kind))}
    assert left == {"others", "nobodys", "refresh", "second"}
    found = await stores.credentials.find(Kind.CLIENT_TOKEN, "second")
    assert found is not None
    assert replace(found[0], id=None) == token(owner, device, "second")


async def test_no_token_is_stored_for_who_was_disabled_or_changed(stores: Stores):
    owner, other = await alice(stores), await bob(stores)
    devices = [await paired(stores, owner, request()), await paired(stores, other, request("two"))]
    await stores.credentials.add(owner, token(owner, devices[0], "older"))
    await stores.accounts.link(attach(owner), ALICE, NOW)
    await stores.disable(other.id)

    for late, seen in ((token(owner, devices[0]), owner), (token(other, devices[1], "bobs"), other)):
        with pytest.raises(Conflict, match="version"):
            await stores.devices.give(late, seen)

    assert await all_digests(stores) == {"older"}


async def test_no_token_is_stored_for_a_device_that_was_ended(stores: Stores):
    owner = await alice(stores)
    device = await paired(stores, owner, request())
    await stores.devices.end(device, owner.id)

    with pytest.raises(Conflict, match="device"):
        await stores.devices.give(token(owner, device), owner)

    assert await all_digests(stores) == set()


async def test_a_pair_for_an_ended_device_is_a_conflict_too(database: Database):
    clock = FakeClock(NOW)
    owner = await SQLAccounts(database).create(new_account("alice"), NOW)

    with pytest.raises(Conflict, match="device"):
        await SQLCredentials(database, clock).add(owner, token(owner, 7, kind=Kind.REFRESH_TOKEN))


async def test_an_ended_device_takes_what_it_holds_and_what_it_was_promised_along(stores: Stores):
    owner, other = await alice(stores), await bob(stores)
    device = await paired(stores, owner, request())
    await stores.credentials.add(owner, token(owner, device), token(owner, None, "nobodys"))

    assert await stores.devices.end(device, other.id) is None
    assert await stores.credentials.find(Kind.CLIENT_TOKEN, "token") is not None
    ended = await stores.devices.end(device, owner.id)

    assert ended is not None
    assert ended.client_device_identifier == "b7c1"
    assert await stores.devices.end(device, owner.id) is None
    assert list(await stores.devices.of(owner.id)) == []
    assert await stores.credentials.find(Kind.CLIENT_TOKEN, "token") is None
    assert await stores.credentials.find(Kind.CLIENT_TOKEN, "nobodys") is not None
    assert not await stores.device_authorizations.spend("one")


FACTS = DeviceFacts(name="Deck", platform="steamos", mac_address="00:00:5e:00:53:01", sync_config='{"a":1}')


async def test_a_registered_device_is_kept_with_what_its_app_says(stores: Stores):
    owner = await alice(stores)
    made = await stores.devices.register(owner, f"{REGISTERED}1", FACTS, at_most=9)

    assert (made.account_id, made.name, made.client, made.sync_mode, made.sync_enabled) == (
        owner.id,
        "Deck",
        "",
        "api",
        True,
    )
    assert (made.created_at, made.last_paired_at, made.updated_at) == (NOW, NOW, NOW)
    assert list(await stores.devices.of(owner.id)) == [made]


async def test_a_change_keeps_what_it_does_not_name(stores: Stores):
    owner, other = await alice(stores), await bob(stores)
    made = await stores.devices.register(owner, f"{REGISTERED}1", FACTS, at_most=9)
    stores.clock.advance(DAY)
    change = DeviceFacts(name="Deck 2", hostname="deck", sync_mode=SyncMode.PUSH_PULL, sync_enabled=False)

    assert await stores.devices.change(made.id, other.id, change) is None
    assert list(await stores.devices.of(owner.id)) == [made], "also in the database"
    changed = await stores.devices.change(made.id, owner.id, change)

    told = {"name": "Deck 2", "hostname": "deck", "sync_mode": SyncMode.PUSH_PULL, "sync_enabled": False}
    assert changed == replace(made, **told, updated_at=NOW + DAY)
    assert list(await stores.devices.of(owner.id)) == [changed]


async def test_an_account_has_so_many_devices(stores: Stores):
    owner, other = await alice(stores), await bob(stores)
    await paired(stores, owner, request())
    await stores.devices.register(owner, f"{REGISTERED}1", FACTS, at_most=2)

    with pytest.raises(Conflict, match="full"):
        await stores.devices.register(owner, f"{REGISTERED}2", FACTS, at_most=2)

    assert len(await stores.devices.of(owner.id)) == 2
    await stores.devices.register(other, f"{REGISTERED}2", FACTS, at_most=2)


async def test_no_device_is_registered_for_who_was_disabled_meanwhile(stores: Stores):
    owner = await alice(stores)
    await stores.disable(owner.id)

    with pytest.raises(Conflict, match="version"):
        await stores.devices.register(owner, f"{REGISTERED}1", FACTS, at_most=2)


async def test_a_pairing_forgets_no_registered_device(stores: Stores):
    owner = await alice(stores)
    made = await stores.devices.register(owner, f"{REGISTERED}1", FACTS, at_most=9)
    stores.clock.advance(REMEMBERED + TICK)
    await paired(stores, owner, request("fresh", expires_at=NOW + DAY))

    assert made.id in {each.id for each in await stores.devices.of(owner.id)}


async def test_devices_that_nobody_can_meet_again_are_forgotten_when_they_hold_nothing(stores: Stores):
    owner = await alice(stores)
    names = {"empty": UNNAMED + "1", "holds": UNNAMED + "2", "own": "b7c1"}
    ids = {
        name: await paired(stores, owner, request(name, client_device_identifier=identifier))
        for name, identifier in names.items()
    }
    await stores.credentials.add(owner, token(owner, ids["holds"], expires_at=NOW + DAY))
    stores.clock.advance(REMEMBERED + TICK)

    fresh = await paired(stores, owner, request("fresh", client_device_identifier=UNNAMED + "3", expires_at=NOW + DAY))

    assert {each.id for each in await stores.devices.of(owner.id)} == {ids["holds"], ids["own"], fresh}


async def test_a_device_that_was_just_let_in_is_not_forgotten_before_it_fetched_its_tokens(stores: Stores):
    owner = await alice(stores)
    first = await paired(stores, owner, request(client_device_identifier=UNNAMED + "1"))
    second = await paired(stores, owner, request("two", client_device_identifier=UNNAMED + "2"))

    assert {each.id for each in await stores.devices.of(owner.id)} == {first, second}


async def test_a_deleted_account_takes_its_devices_along(database: Database):
    clock = FakeClock(NOW)
    owner = await SQLAccounts(database).create(new_account("alice"), NOW)
    authorizations = SQLDeviceAuthorizations(database, clock)
    await authorizations.put(request())
    device = await authorizations.approve(approval(request(), owner))
    await SQLDevices(database, clock).give(token(owner, device), owner)
    await database.write(
        lambda connection: connection.execute(delete(AccountRow).where(AccountRow.id == owner.id)).rowcount
    )

    async with database.read() as reader:
        for row in (DeviceRow, DeviceAuthorizationRow, CredentialRow):
            assert await reader.scalar(select(func.count()).select_from(row)) == 0
    assert await SQLCredentials(database, clock).find(Kind.CLIENT_TOKEN, "token") is None
