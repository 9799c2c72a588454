"""Which registration is a new device, and which one is known."""

from typing import Any

import pytest

from romm.domain.credentials.device_registry import (
    MOST_CONFIG,
    DeviceFacts,
    Keep,
    Register,
    Registration,
    SyncMode,
    decide,
    validate,
)
from romm.domain.credentials.devices import Device
from romm.domain.errors import Code, Refuse
from tests.domain.examples import NOW


def device(number: int, **facts: str) -> Device:
    nothing: dict[str, Any] = dict.fromkeys(("name", "client", "platform", "client_version"), "")
    return Device(
        id=number,
        account_id=1,
        client_device_identifier=f"registered:{number}",
        created_at=NOW,
        last_paired_at=NOW,
        updated_at=NOW,
        **nothing | facts,
    )


CARD = "00:00:5e:00:53:01"
OWNED = [device(1, mac_address=CARD), device(2, hostname="deck", platform="steamos"), device(3)]


def row(reason: str, expected: int | str, facts: dict[str, Any], **how: Any) -> object:
    return pytest.param(Registration(facts=DeviceFacts(**facts), **how), expected, id=reason)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        row("nothing that one could recognise", "new", {"name": "Handheld"}),
        row("the same network card", 1, {"mac_address": CARD}),
        row("in capitals", 1, {"mac_address": CARD.upper()}),
        row("another network card in a host of the same name", 2, {"mac_address": "x", "hostname": "deck", "platform": "steamos"}),
        row("a host of the same name and platform", 2, {"hostname": "deck", "platform": "steamos"}),
        row("a host of the same name alone", "new", {"hostname": "deck"}),
        row("another platform", "new", {"hostname": "deck", "platform": "android"}),
        row("empty texts are no match", "new", {"hostname": "", "platform": "", "mac_address": ""}),
        row("the device whose token asks", 3, {"name": "Handheld"}, current=3),
        row("the same card counts before the token", 1, {"mac_address": CARD}, current=3),
        row("a token of a device that ended", "new", {}, current=9),
        row("a second one on purpose", "new", {"mac_address": CARD}, allow_duplicate=True),
        row("a second one on purpose, by a device's token", "new", {}, allow_duplicate=True, current=3),
        row("one that must be new", "exists", {"mac_address": CARD}, allow_existing=False),
        row("one that must be new, and is", "new", {"name": "Handheld"}, allow_existing=False, current=3),
    ],
)  # fmt: skip
def test_a_registration_is_new_known_or_refused(asked: Registration, expected: int | str) -> None:
    match decide(asked, OWNED):
        case Register(facts):
            assert (expected, facts) == ("new", asked.facts)
        case Keep(kept):
            assert kept.id == expected
        case Refuse(code, facts):
            assert (expected, code, facts) == ("exists", Code.DEVICE_EXISTS, {"device": 1})


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"name": "two\nlines"}, id="a line break"),
        pytest.param({"hostname": "\u202egpj.exe"}, id="a change of direction"),
        pytest.param({"client": "x" * 256}, id="too long"),
        pytest.param({"sync_config": "x" * (MOST_CONFIG + 1)}, id="too much to keep"),
    ],
)
def test_texts_are_safe_and_short(facts: dict[str, Any]) -> None:
    refusal = validate(DeviceFacts(**facts))
    assert isinstance(refusal, Refuse)
    assert refusal.code == Code.REQUEST_INVALID


def test_ordinary_facts_are_kept_as_they_are() -> None:
    facts = DeviceFacts(name="Deck 🎮", sync_mode=SyncMode.API, sync_enabled=False, sync_config="x" * MOST_CONFIG)
    assert validate(facts) is facts
    assert facts.given.keys() == {"name", "sync_mode", "sync_enabled", "sync_config"}
