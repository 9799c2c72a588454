"""What a device that polls is answered, who may let it in, and for how much: the tables, row by row."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from romm.domain import scopes
from romm.domain.credentials import client_tokens
from romm.domain.credentials.client_tokens import MOST, Lifetime
from romm.domain.credentials.credential import NEVER, Kind
from romm.domain.credentials.devices import (
    INTERVAL,
    LIFETIME,
    MAX_NAME_LENGTH,
    TOLERANCE,
    Approve,
    Approver,
    Choice,
    Device,
    DeviceAuthorization,
    DeviceAuthorizationRequest,
    Flavor,
    HandOver,
    OwnedTokens,
    Poll,
    State,
    Wait,
    allowed,
    answer,
    approval,
    undecided,
    validate_request,
)
from romm.domain.errors import Code, Refuse
from romm.domain.limits import USER_CODES
from romm.domain.model import AccessLevel, Account
from tests.domain.examples import NOW, account, credential, device_authorization

TICK = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
OWNER = account(username="vera", version=3)
PENDING = device_authorization(
    shape=Flavor.STANDARD,
    client_device_identifier="id",
    name="Handheld",
    client="Argosy",
    requested_scopes=("roms.read", "assets.write", "users.write"),
)
APPROVED = replace(
    PENDING,
    state=State.APPROVED,
    approved_scopes=("roms.read",),
    account_id=7,
    account_version=3,
    device_id=5,
    token_expires_at=NOW + timedelta(days=30),
)
POLLED = replace(PENDING, last_polled_at=NOW)
END = PENDING.expires_at


def polled(asked: DeviceAuthorization | None, owner: Account | None = OWNER, **poll: Any) -> HandOver | Wait | Code:
    found = answer(asked, owner, replace(Poll(shape=Flavor.STANDARD, client="Argosy", at=NOW), **poll))
    return found.code if isinstance(found, Refuse) else found


def handed() -> HandOver:
    return HandOver(OWNER, ("roms.read",), "Argosy", 5, "Handheld", NOW + timedelta(days=30))


@pytest.mark.parametrize(
    ("asked", "poll", "expected"),
    [
        pytest.param(None, {}, Code.DEVICE_CODE_INVALID, id="no device was given it"),
        pytest.param(replace(APPROVED, state=State.SPENT), {}, Code.DEVICE_CODE_INVALID, id="it was used"),
        pytest.param(
            APPROVED, {"shape": Flavor.LEGACY}, Code.DEVICE_CODE_INVALID, id="it was asked for in another shape"
        ),
        pytest.param(APPROVED, {"client": "Other"}, Code.DEVICE_CODE_INVALID, id="another app brings it"),
        pytest.param(APPROVED, {"client": ""}, Code.DEVICE_CODE_INVALID, id="an app without a name brings it"),
        pytest.param(APPROVED, {"at": END}, Code.DEVICE_CODE_EXPIRED, id="approved, and fetched too late"),
        pytest.param(PENDING, {"at": END}, Code.DEVICE_CODE_EXPIRED, id="nobody decided"),
        pytest.param(replace(PENDING, state=State.DENIED), {}, Code.DEVICE_DENIED, id="denied"),
        pytest.param(APPROVED, {"at": END - TICK}, handed(), id="approved, at the last moment"),
        pytest.param(APPROVED, {"client": None}, handed(), id="approved; the older shape names no app"),
        pytest.param(replace(APPROVED, last_polled_at=NOW), {}, handed(), id="approved, and asked too early"),
        pytest.param(PENDING, {}, Wait(Code.AUTHORIZATION_PENDING, 5), id="the first poll"),
        pytest.param(POLLED, {"at": NOW + 5 * SECOND}, Wait(Code.AUTHORIZATION_PENDING, 5), id="in time"),
        pytest.param(
            POLLED, {"at": NOW + INTERVAL - TOLERANCE}, Wait(Code.AUTHORIZATION_PENDING, 5), id="a little early"
        ),
        pytest.param(POLLED, {"at": NOW + INTERVAL - TOLERANCE - TICK}, Wait(Code.SLOW_DOWN, 10), id="too early"),
        pytest.param(
            replace(POLLED, interval_seconds=10), {"at": NOW + 5 * SECOND}, Wait(Code.SLOW_DOWN, 15), id="and again"
        ),
        pytest.param(
            replace(POLLED, interval_seconds=10),
            {"at": NOW + 10 * SECOND},
            Wait(Code.AUTHORIZATION_PENDING, 10),
            id="slower than before",
        ),
    ],
)
def test_a_poll_is_answered_by_the_table(asked, poll, expected):
    """R-78; RFC 8628, 3.5."""
    assert polled(asked, **poll) == expected


@pytest.mark.parametrize(
    "owner",
    [
        pytest.param(None, id="deleted"),
        pytest.param(replace(OWNER, enabled=False), id="disabled"),
        pytest.param(replace(OWNER, version=4), id="changed, as by a link that took the account over"),
    ],
)
def test_an_approval_is_worthless_when_its_account_does_not_stand_as_it_stood(owner):
    assert polled(APPROVED, owner) is Code.DEVICE_DENIED


def test_only_an_approval_that_stands_hands_anything_over():
    """Over every combination of facts."""
    accounts = [None, OWNER, replace(OWNER, enabled=False), replace(OWNER, version=9)]
    times = [NOW, END - TICK, END, END + LIFETIME]
    for state, shape, client, owner, at in product(State, Flavor, ["Argosy", "x", None], accounts, times):
        found = polled(replace(APPROVED, state=state, shape=shape), owner, client=client, at=at)
        stands = owner is OWNER and state is State.APPROVED and shape is Flavor.STANDARD
        assert isinstance(found, HandOver) == (stands and client != "x" and at < END)


@pytest.mark.parametrize(
    ("asked", "at", "expected"),
    [
        (PENDING, END - TICK, PENDING),
        (None, NOW, Code.DEVICE_CODE_UNKNOWN),
        (PENDING, END, Code.DEVICE_CODE_UNKNOWN),
        (APPROVED, END, Code.DEVICE_CODE_UNKNOWN),
        (APPROVED, NOW, Code.DEVICE_CODE_DECIDED),
        (replace(PENDING, state=State.DENIED), NOW, Code.DEVICE_CODE_DECIDED),
        (replace(PENDING, state=State.SPENT), NOW, Code.DEVICE_CODE_DECIDED),
    ],
)
def test_a_person_decides_about_what_waits(asked, at, expected):
    found = undecided(asked, at)
    assert (found.code if isinstance(found, Refuse) else found) == expected


def test_what_may_be_given_was_asked_for_and_is_ones_own_in_published_order():
    assert allowed(PENDING, scopes.granted(AccessLevel.VIEWER)) == ("roms.read", "assets.write")
    assert allowed(PENDING, scopes.ALL) == ("roms.read", "assets.write", "users.write")
    assert allowed(PENDING, ()) == ()


def by(kind: Kind = Kind.SESSION, *, own: tuple[str, ...] = scopes.ALL, days: int = 10) -> Approver:
    brought = credential(kind=kind, scopes=own, expires_at=NOW + timedelta(days=days))
    return Approver(OWNER, frozenset(own), brought)


def approved(
    choice: Choice,
    approver: Approver | None = None,
    asked: DeviceAuthorization = PENDING,
    held: OwnedTokens | None = None,
) -> Approve | Code:
    found = approval(asked, approver or by(), choice, NOW, held or OwnedTokens())
    return found.code if isinstance(found, Refuse) else found


@pytest.mark.parametrize(
    ("choice", "own", "expected"),
    [
        (Choice(scopes=()), scopes.ALL, Code.DEVICE_SCOPES_MISSING),
        (Choice(scopes=("roms.read", "me.read")), scopes.ALL, Code.DEVICE_SCOPES_EXCEEDED),
        (Choice(scopes=("roms.read", "users.write")), ("roms.read",), Code.DEVICE_SCOPES_EXCEEDED),
        (Choice(scopes=("nonsense",)), scopes.ALL, Code.DEVICE_SCOPES_EXCEEDED),
        (Choice(scopes=("roms.read",), device_name="a\nb"), scopes.ALL, Code.NAME_INVALID),
        (Choice(scopes=("roms.read",), device_name="a" * 256), scopes.ALL, Code.NAME_INVALID),
    ],
)
def test_what_may_not_be_given_is_refused(choice, own, expected):
    assert approved(choice, by(own=own)) is expected


def test_an_approval_carries_what_was_chosen():
    choice = Choice(
        scopes=("assets.write", "roms.read", "roms.read"), device_name=" Kitchen ", lifetime=Lifetime.QUARTER
    )
    end = NOW + timedelta(days=90)
    assert approved(choice) == Approve(PENDING, OWNER, ("roms.read", "assets.write"), "Kitchen", end)


def test_a_device_without_a_chosen_name_keeps_its_own():
    found = approved(Choice(scopes=("roms.read",), device_name="  "))
    assert isinstance(found, Approve)
    assert found.device_name == "Handheld"


@pytest.mark.parametrize("lifetime", Lifetime)
@pytest.mark.parametrize("kind", [Kind.SESSION, Kind.CLIENT_TOKEN])
def test_a_client_token_makes_none_that_outlives_it(lifetime, kind):
    asked = replace(PENDING, shape=Flavor.LEGACY)
    found = approved(Choice(scopes=("roms.read",), lifetime=lifetime), by(kind), asked)
    assert isinstance(found, Approve)
    if kind is Kind.CLIENT_TOKEN:
        assert found.token_expires_at == NOW + timedelta(days=10)
    else:
        assert found.token_expires_at == client_tokens.end(lifetime, NOW)


@pytest.mark.parametrize(
    ("kind", "end", "shape", "expected"),
    [
        (Kind.CLIENT_TOKEN, NOW + timedelta(days=10), Flavor.STANDARD, Code.LIFETIME_EXCEEDED),
        (Kind.CLIENT_TOKEN, NEVER, Flavor.STANDARD, None),
        (Kind.CLIENT_TOKEN, NEVER, Flavor.LEGACY, None),
        (Kind.SESSION, NOW + timedelta(days=10), Flavor.STANDARD, None),
    ],
)
def test_what_is_lost_sooner_lets_no_device_in_for_longer(kind, end, shape, expected):
    """A pair of tokens is renewed on and on."""
    who = by(kind)
    approver = Approver(who.account, who.scopes, who.credential and replace(who.credential, expires_at=end))
    found = approved(Choice(scopes=("roms.read",)), approver, replace(PENDING, shape=shape))
    assert (found if isinstance(found, Code) else None) is expected


def held(others: int, own: int) -> OwnedTokens:
    """So many client tokens, and some of the device that asks."""
    device = Device(
        id=5,
        account_id=7,
        client_device_identifier=PENDING.client_device_identifier,
        name="Handheld",
        client="Argosy",
        platform="",
        client_version="",
        created_at=NOW,
        last_paired_at=NOW,
        updated_at=NOW,
    )
    [token] = [by(Kind.CLIENT_TOKEN).credential]
    assert token is not None
    return OwnedTokens([token] * others + [replace(token, device_id=5)] * own, [device])


@pytest.mark.parametrize(
    ("shape", "others", "own", "full"),
    [
        (Flavor.LEGACY, MOST - 1, 0, False),
        (Flavor.LEGACY, MOST - 1, 1, False),
        (Flavor.LEGACY, MOST, 0, True),
        (Flavor.LEGACY, MOST, 1, True),
        (Flavor.STANDARD, MOST, 0, False),
    ],
)
def test_devices_have_no_more_client_tokens_than_an_account_may(shape, others, own, full):
    found = approved(Choice(scopes=("roms.read",)), None, replace(PENDING, shape=shape), held(others, own))
    assert (found is Code.TOKENS_FULL) == full


ASKED = DeviceAuthorizationRequest(client="Argosy", scopes=("roms.read",))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"name": "Ünïcode 掌机", "platform": "android", "client_version": "1.0"}, None),
        ({"name": "a" * MAX_NAME_LENGTH}, None),
        ({"client": ""}, Code.REQUEST_INVALID),
        ({"client": "  "}, Code.REQUEST_INVALID),
        ({"client": "a" * (MAX_NAME_LENGTH + 1)}, Code.REQUEST_INVALID),
        ({"client": "RomM\u202e"}, Code.REQUEST_INVALID),
        ({"name": "a\x00b"}, Code.REQUEST_INVALID),
        ({"platform": "a\nb"}, Code.REQUEST_INVALID),
        ({"client_version": "\x1b[2J"}, Code.REQUEST_INVALID),
        ({"client_device_identifier": "\ud800"}, Code.REQUEST_INVALID),
        ({"scopes": ()}, Code.SCOPE_UNKNOWN),
        ({"scopes": ("roms.read", "roms.Read")}, Code.SCOPE_UNKNOWN),
    ],
)
def test_a_request_asks_for_what_exists_and_hides_nothing(changes, code):
    found = validate_request(replace(ASKED, **changes))
    assert (found.code if isinstance(found, Refuse) else None) is code


@given(st.text())
def test_no_name_breaks_the_line_it_is_shown_on(name: str):
    found = validate_request(replace(ASKED, name=name))
    assert isinstance(found, Refuse) == (not name.isprintable() or len(name) > MAX_NAME_LENGTH)


def test_guessing_a_user_code_is_hopeless():
    """R-79; RFC 8628, 5.1: with a hundred devices waiting, all the tries that anybody may make while one waits."""
    tries = USER_CODES.together.tries * (LIFETIME / USER_CODES.together.window)
    assert tries * 100 / 20**8 < 1e-5
