"""Every route, asked with every kind of credential for one's own number and for another's: `doors.py` says what comes.

The routes are those of the OpenAPI document and, for pages, of the app itself. A route without a row fails, and so does a
row without a route.
"""

import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from msgspec.structs import replace

from romm.api.routes import routes
from romm.composition import app
from romm.domain import scopes
from romm.domain.credentials.credential import Kind
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.api.door_house import LEVELS, Holder, House
from tests.api.doors import DOORS, Door, Open, Page
from tests.world import World

BY_LITESTAR = re.compile(r"/api/openapi(/|$)|/romm-static/")
NUMBER = re.compile(r"\{(user|session|token|device|identity)_id\}")
TO_SIGN_IN = ("/login?next=", "/api/authorize?")
CLOSED = {name: row for name, row in DOORS.items() if not isinstance(row, Open)}
OPENING = {name: row for name, row in DOORS.items() if isinstance(row, Open)}


def door_of(row: Door | Page) -> Door:
    return row.door if isinstance(row, Page) else row


IN_DOORS = sorted({scope for row in CLOSED.values() for scope in (door_of(row).needs, door_of(row).others) if scope})
"""The scopes that open a route. A token with one of the others opens none, and all those are alike."""

ANONYMOUS = Holder(name="no credential", kind=None)
PEOPLE = [
    Holder(name=f"{name}'s {kind}", username=name, kind=kind)
    for name in ("vera", "eddie", "keeper")
    for kind in (Kind.SESSION, Kind.ACCESS_TOKEN, Kind.CLIENT_TOKEN)
]
NARROW = [
    *(Holder(name=f"only {scope}", scopes=frozenset({scope})) for scope in IN_DOORS),
    *(Holder(name=f"all but {scope}", scopes=frozenset(scopes.ALL) - {scope}) for scope in IN_DOORS),
    Holder(name="none that opens a route", scopes=frozenset(scopes.ALL) - set(IN_DOORS)),
    Holder(name="all but one that opens none", scopes=frozenset(scopes.ALL) - {"roms.write"}),
    Holder(name="no scope", scopes=frozenset()),
]


@cache
def litestar() -> Litestar:
    world = World()
    return routes(app.app_dependencies(world.settings, world.ports), app.VERSION)


def documented() -> set[str]:
    paths = litestar().openapi_schema.to_schema()["paths"]
    return {f"{method.upper()} {path}" for path, item in paths.items() for method in item if method != "parameters"}


def served() -> Iterator[str]:
    """Of pages, too; HEAD and OPTIONS follow from the others."""
    for route in litestar().routes:
        if isinstance(route, HTTPRoute) and not BY_LITESTAR.match(route.path_format):
            methods = set(route.route_handler_map) - {"OPTIONS", "HEAD"}
            yield from (f"{method} {route.path_format}" for method in methods)


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    rows = {re.split(r"\?| #", name)[0] for name in DOORS}
    assert documented() <= rows
    assert rows == set(served())


def test_what_litestar_adds_is_the_description_and_the_static_files() -> None:
    """Open to everyone, so they have no rows."""
    added = {route.path_format for route in litestar().routes if BY_LITESTAR.match(route.path_format)}
    assert {path.rpartition("/")[0] for path in added} == {"/api", "/api/openapi", "/romm-static"}


@pytest.mark.parametrize("name", CLOSED)
async def test_a_door_opens_to_those_of_its_row(name: str) -> None:
    row, house = CLOSED[name], House()
    await house.furnish()
    answers, wrong = set(), []
    for holder in holders(row):
        for owner in owners(name, row, holder):
            found = code_of(await house.ask(name, door_of(row), holder, owner))
            answers.add(found)
            if found not in expected(row, holder, owner):
                wrong.append((holder.name, owner, found, expected(row, holder, owner)))
            shut = is_shut(row, holder, owner)
            assert not (shut and house.calls), f"only {house.calls} refused {holder.name}"
            assert found is None or house.is_as_before, f"refused, but changed by {holder.name}"
            house.restore()
    assert wrong == []
    assert None in answers, "the row's request never succeeds, so it proves nothing"


@pytest.mark.parametrize("name", OPENING)
async def test_an_open_route_answers_without_a_credential(name: str) -> None:
    row, house = OPENING[name], House()
    await house.furnish()
    answer = await house.ask(name, None, ANONYMOUS, "vera")
    assert (answer.status_code, code_of(answer)) == (row.status, row.code)


def is_shut(row: Door | Page, holder: Holder, owner: str) -> bool:
    """By the route's own lock, before a use case is asked."""
    door = door_of(row)
    own = owner == holder.username
    return is_unknown(row, holder) or (lacks_scope(door, holder, own=own) and not door.locked_within)


def holders(row: Door | Page) -> list[Holder]:
    """Pages ignore tokens, so that narrow ones come as sessions there."""
    narrow = [replace(each, kind=Kind.SESSION) for each in NARROW] if isinstance(row, Page) else NARROW
    return [ANONYMOUS, *PEOPLE, *narrow]


def owners(name: str, row: Door | Page, holder: Holder) -> tuple[str, ...]:
    """One's own number, that of a viewer and that of another administrator."""
    is_numbered = NUMBER.search(name) or any(NUMBER.search(str(value)) for value in door_of(row).body.values())
    return (holder.username, "mallory", "ada") if is_numbered else (holder.username,)


def is_unknown(row: Door | Page, holder: Holder) -> bool:
    return holder.kind is None or (isinstance(row, Page) and holder.kind is not Kind.SESSION)


def lacks_scope(door: Door, holder: Holder, *, own: bool) -> bool:
    return door.needs not in holder.allowed or (not own and bool(door.others) and door.others not in holder.allowed)


def expected(row: Door | Page, holder: Holder, owner: str) -> set[Code | None]:
    """None for success. Where two refusals are right, either is."""
    door, own = door_of(row), owner == holder.username
    if holder.kind is None:
        return {door.anonymous}
    if is_unknown(row, holder):
        return {Code.NOT_SIGNED_IN}
    if lacks_scope(door, holder, own=own):
        return {Code.FORBIDDEN}
    if not own and door.foreign:
        return {door.foreign}
    return set(refusals(door, holder, owner)) or {None}


def refusals(door: Door, holder: Holder, owner: str) -> Iterator[Code]:
    own = owner == holder.username
    if own and door.own:
        yield door.own
    if own and door.proof and holder.kind is not Kind.SESSION:
        yield Code.CONFIRMATION_REQUIRED
    if needs_right(door, owner, own=own) and holder.kind is not Kind.SESSION:
        yield Code.CONFIRMATION_REQUIRED
    if door.passes and door.passes[0] not in holder.allowed:
        yield door.passes[1]
    level = None if own and door.others else needed_level(door.rights, LEVELS[owner])
    if level and not set(scopes.granted(level)) <= holder.allowed:
        yield Code.ADMIN_REQUIRED if level is AccessLevel.ADMIN else Code.SCOPES_EXCEEDED


def needs_right(door: Door, owner: str, *, own: bool) -> bool:
    """Of these tokens none was given it by name, and none is of a fresh sign-in. See `test_step_up.py`."""
    is_ignored = own and (door.proof or door.others)  # one's own role
    is_kept = "role" in door.body and door.others and LEVELS[owner].label == door.body["role"]
    return door.lasting in ("named", "fresh") and not is_ignored and not is_kept


def needed_level(rights: str, owner: AccessLevel) -> AccessLevel | None:
    match rights:
        case "":
            return None
        case "protected":
            return owner if owner is AccessLevel.ADMIN else None
        case "target":
            return owner
        case _:
            return AccessLevel[rights.upper()]


def code_of(answer: httpx.Response) -> Code | None:
    location = answer.headers.get("location", "")
    if location.startswith("/account/confirm?next="):
        return Code.CONFIRMATION_REQUIRED
    if location.startswith(TO_SIGN_IN):
        return Code.NOT_SIGNED_IN
    if location.startswith("/") and (error := parse_qs(urlsplit(location).query).get("error")):
        return Code(error[0])
    if answer.status_code < 400:
        return None
    return Code(answer.json()["code"])
