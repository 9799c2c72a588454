"""Every door to what lasts, asked by sessions and tokens of every age: what may make what outlives it.

The doors are the rows of `doors.py` with `lasting`.
"""

from collections.abc import Iterator

import httpx
import pytest

from romm.domain import scopes
from romm.domain.credentials.credential import FRESH_SESSION, Kind
from romm.domain.credentials.step_up import TABLE, Tokens
from romm.domain.errors import Code
from romm.domain.scopes import GRANT_ACCESS
from tests.api.door_house import Holder, House
from tests.api.doors import DOORS, Door, Open, Page
from tests.api.test_doors import NUMBER, code_of, door_of
from tests.world import PASSWORD

LASTING = {name: row for name, row in DOORS.items() if not isinstance(row, Open) and door_of(row).lasting}
EVERYTHING = frozenset(scopes.ALL)

NEW_SESSION = Holder(name="a fresh session", kind=Kind.SESSION, proven=True)
OLD_SESSION = Holder(name="an old session", kind=Kind.SESSION, proven=False)
FRESH_TOKEN = Holder(name="a fresh access token", kind=Kind.ACCESS_TOKEN, proven=True)
OLD_TOKEN = Holder(name="an old access token", kind=Kind.ACCESS_TOKEN, proven=False)
CLIENT_TOKEN = Holder(name="a client token", proven=False)
NAMED_TOKEN = Holder(name="a client token with the right", scopes=EVERYTHING | {GRANT_ACCESS}, proven=False)
NAMED_ACCESS_TOKEN = Holder(  # no grant gives it; the scope alone is not enough
    name="an access token with the scope", kind=Kind.ACCESS_TOKEN, scopes=EVERYTHING | {GRANT_ACCESS}, proven=False
)
OPENS = {
    "none": {NEW_SESSION.name},
    "named": {NEW_SESSION.name, NAMED_TOKEN.name},
    "fresh": {NEW_SESSION.name, NAMED_TOKEN.name, FRESH_TOKEN.name},
    "any": {
        NEW_SESSION.name,
        NAMED_TOKEN.name,
        FRESH_TOKEN.name,
        OLD_TOKEN.name,
        CLIENT_TOKEN.name,
        NAMED_ACCESS_TOKEN.name,
    },
}


def holders(row: Door | Page) -> Iterator[Holder]:
    """Pages know sessions only."""
    yield from (NEW_SESSION, OLD_SESSION)
    if not isinstance(row, Page):
        yield from (FRESH_TOKEN, OLD_TOKEN, CLIENT_TOKEN, NAMED_TOKEN, NAMED_ACCESS_TOKEN)


def owner_of(name: str, door: Door) -> str:
    """Another viewer where the row is about other accounts."""
    is_numbered = NUMBER.search(name) or any(NUMBER.search(str(value)) for value in door.body.values())
    return "mallory" if is_numbered and not door.foreign else "keeper"


@pytest.mark.parametrize("name", LASTING)
async def test_what_lasts_needs_a_proof_or_a_right_given_by_name(name: str) -> None:
    row, house = LASTING[name], House()
    await house.furnish()
    door, found = door_of(row), {}
    for holder in holders(row):
        found[holder.name] = code_of(await house.ask(name, door, holder, owner_of(name, door)))
        assert found[holder.name] is None or house.is_as_before, f"refused, but changed by {holder.name}"
        house.restore()
    opens = OPENS[door.lasting]
    assert found == {each: None if each in opens else Code.CONFIRMATION_REQUIRED for each in found}


@pytest.mark.parametrize("name", [name for name, row in LASTING.items() if isinstance(row, Door)])
async def test_a_password_in_the_request_is_a_proof(name: str) -> None:
    house, door = House(), door_of(LASTING[name])
    await house.furnish()
    holder = Holder(name="nobody yet", kind=None)
    answer = await house.ask(name, door, holder, owner_of(name, door), auth=httpx.BasicAuth("keeper", PASSWORD))
    assert code_of(answer) is None


@pytest.mark.parametrize("name", LASTING)
async def test_the_same_session_may_after_the_proof(name: str) -> None:
    house, door = House(), door_of(LASTING[name])
    await house.furnish()
    owner = owner_of(name, door)
    assert code_of(await house.ask(name, door, OLD_SESSION, owner)) is Code.CONFIRMATION_REQUIRED
    browser = house.world.browser(**house.hold(OLD_SESSION))
    confirmed = await browser.submit("/account/confirm", current_password=PASSWORD, next="/account")
    assert confirmed.headers["location"] == "/account"
    del browser.client.headers["cookie"]
    assert code_of(await house.send(browser.client, name, door, "keeper", owner)) is None


def test_five_minutes_are_the_last_minutes() -> None:
    assert FRESH_SESSION.total_seconds() == 300


def test_each_kind_of_exception_has_a_door() -> None:
    """So that a row of the rule is no dead letter."""
    assert {door_of(row).lasting for row in LASTING.values()} == {each.name.lower() for each in Tokens}
    assert set(TABLE.values()) == set(Tokens)
