"""Bearer tokens on the way in (RFC 6750): one look-up by kind and hash, and a wrong one is refused, never ignored."""

from datetime import timedelta
from typing import Any

import pytest

from romm.domain import scopes
from romm.domain.credentials.credential import TOUCH_INTERVAL, Kind, issued
from romm.domain.digests import digest
from romm.domain.errors import Code
from romm.domain.model import AccessLevel, Account
from tests.api.credentials.test_native_apps import SHELF, asking
from tests.world import World

DAY = timedelta(days=1)
ACCESS, CLIENT = "an access token", "rmm_" + "0" * 64


async def give(world: World, owner: Account, secret: str, kind: Kind, *scopes: str) -> None:
    now = world.clock()
    token = issued(kind, owner.id, digest(secret), now, now + DAY, scopes=scopes)
    await world.credentials.add(world.accounts.by_id[owner.id], token)


async def asked(world: World, authorization: str, cookie: str = "") -> tuple[int, str]:
    headers = {"authorization": authorization} | ({"cookie": cookie} if cookie else {})
    response = await world.program().get("/api/users/me", headers=headers)
    return response.status_code, response.headers.get("www-authenticate", "")


@pytest.mark.parametrize(("secret", "kind"), [(ACCESS, Kind.ACCESS_TOKEN), (CLIENT, Kind.CLIENT_TOKEN)])
async def test_a_token_says_who_is_asking(world: World, secret: str, kind: Kind) -> None:
    await give(world, await world.add("vera"), secret, kind, "me.read")

    response = await world.program().get("/api/users/me", headers={"authorization": f"bearer {secret}"})

    assert response.json()["username"] == "vera"


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.ACCESS_TOKEN}))
async def test_no_other_kind_passes_for_an_access_token(world: World, kind: Kind) -> None:
    """R-75, R-43."""
    await give(world, await world.add("vera"), ACCESS, kind, "me.read")

    assert await asked(world, f"Bearer {ACCESS}") == (401, 'Bearer error="invalid_token"')


async def test_an_access_token_never_passes_for_a_client_token(world: World) -> None:
    await give(world, await world.add("vera"), CLIENT, Kind.ACCESS_TOKEN, "me.read")

    assert (await asked(world, f"Bearer {CLIENT}"))[0] == 401


@pytest.mark.parametrize("wrong", [ACCESS + "x", ACCESS[:-1], ACCESS.upper(), "", "é"])
async def test_one_character_off_is_another_token(world: World, wrong: str) -> None:
    await give(world, await world.add("vera"), ACCESS, Kind.ACCESS_TOKEN, "me.read")

    authorization = f"Bearer {wrong}".encode()
    response = await world.program().get("/api/users/me", headers=[(b"authorization", authorization)])

    assert response.status_code == 401


async def test_blanks_around_a_token_are_none_of_it(world: World) -> None:
    """RFC 6750, 2.1 and RFC 9110, 11.4: one blank or more."""
    await give(world, await world.add("vera"), ACCESS, Kind.ACCESS_TOKEN, "me.read")
    assert (await asked(world, f"Bearer   {ACCESS}"))[0] == 200


@pytest.mark.parametrize("header", ["Digest username=vera", "Negotiate", ACCESS, ""])
async def test_whoever_says_it_another_way_is_asked_for_a_token(world: World, header: str) -> None:
    """And not for a password, which a browser would ask its person for."""
    await give(world, await world.add("vera"), ACCESS, Kind.ACCESS_TOKEN, "me.read")
    assert await asked(world, header) == (401, "Bearer"), "it is no credential of RomM, perhaps meant for a proxy"


async def test_a_wrong_token_is_not_ignored_for_a_good_session(world: World) -> None:
    browser = world.browser()
    await world.add("vera")
    await browser.submit("/api/login", username="vera", password="a lantern in the attic")
    assert (await browser.me()).status_code == 200

    assert (await asked(world, "Bearer wrong", f"__Host-romm_session={browser.session}"))[0] == 401


@pytest.mark.parametrize(
    "path", ["/", "/account", "/account/tokens", "/account/devices", "/pair", "/admin/users", asking()]
)
@pytest.mark.parametrize("header", [f"Bearer {ACCESS}", "Bearer wrong", "Basic dmVyYTphIGxhbnRlcm4gaW4gdGhlIGF0dGlj"])
async def test_a_page_is_for_sessions_and_does_not_look_at_a_header(path: str, header: str) -> None:
    """Good or wrong: a proxy in front may ask for a password of its own and pass it on."""
    world = World(apps=(SHELF,))
    browser, owner = world.browser(authorization=header), await world.add("vera", level=AccessLevel.ADMIN)
    await give(world, owner, ACCESS, Kind.ACCESS_TOKEN, *scopes.ALL)
    refused = await browser.get(path)
    assert refused.status_code == 303
    assert refused.headers["location"].startswith("/login")

    await browser.submit("/api/login", username="vera", password="a lantern in the attic")
    assert (await browser.get(path)).status_code == 200


async def test_a_token_lives_until_it_expires(world: World) -> None:
    await give(world, await world.add("vera"), ACCESS, Kind.ACCESS_TOKEN, "me.read")
    world.clock.advance(DAY - timedelta(microseconds=1))
    assert (await asked(world, f"Bearer {ACCESS}"))[0] == 200
    world.clock.advance(timedelta(microseconds=1))
    assert (await asked(world, f"Bearer {ACCESS}"))[0] == 401


async def test_a_disabled_owners_token_is_nobodys(world: World) -> None:
    """R-29."""
    owner = await world.add("vera")
    await give(world, owner, ACCESS, Kind.ACCESS_TOKEN, "me.read")
    world.disable(owner)
    assert (await asked(world, f"Bearer {ACCESS}"))[0] == 401


async def test_a_token_may_do_what_it_was_given_and_its_owner_may_do_now(world: World) -> None:
    """R-71."""
    admin, viewer = await world.add("ada", level=AccessLevel.ADMIN), await world.add("vera")
    await give(world, admin, "narrow", Kind.ACCESS_TOKEN, "users.read")
    await give(world, viewer, "wide", Kind.ACCESS_TOKEN, "me.read", "users.read")

    assert (await asked(world, "Bearer narrow"))[0] == 403
    assert (await asked(world, "Bearer wide"))[0] == 200


async def test_use_is_noted_once_a_minute(world: World) -> None:
    await give(world, await world.add("vera"), ACCESS, Kind.ACCESS_TOKEN, "me.read")
    world.clock.advance(TOUCH_INTERVAL * 2)

    await asked(world, f"Bearer {ACCESS}")

    [used] = world.credentials.stored.values()
    assert used.last_used_at == world.clock()


async def test_who_brings_nothing_is_asked_for_a_token_without_a_reproach(world: World) -> None:
    """R-74; RFC 6750, 3.1."""
    response = await world.program().get("/api/users/me")
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")


async def test_a_token_that_may_not_is_told_which_scope_is_missing(world: World) -> None:
    """R-74; RFC 6750, 3.1: stay where you are (403), and ask for this one."""
    await give(world, await world.add("vera"), ACCESS, Kind.ACCESS_TOKEN, "roms.read")
    assert await asked(world, f"Bearer {ACCESS}") == (403, 'Bearer error="insufficient_scope", scope="me.read"')


async def test_who_came_without_a_token_is_not_told_to_get_a_better_one(world: World) -> None:
    """RFC 6750, 3: the challenge is for tokens; a browser's session has all that its owner has."""
    await give(world, await world.add("vera"), "s3cret", Kind.SESSION, "roms.read")
    response = await world.program().get("/api/users/me", headers={"cookie": "__Host-romm_session=s3cret"})
    assert (response.status_code, response.headers.get("www-authenticate")) == (403, None)


@pytest.mark.parametrize("header", [True, False], ids=["and in the header", "alone"])
@pytest.mark.parametrize(
    "elsewhere",
    [
        {"params": {"access_token": ACCESS}},
        {"data": {"access_token": ACCESS, "token": ACCESS}},
        {"files": {"access_token": (None, ACCESS)}},
    ],
    ids=["query", "form", "parts"],
)
async def test_a_token_stands_in_the_header_and_nowhere_else(
    world: World, elsewhere: dict[str, Any], header: bool
) -> None:
    """R-74; RFC 6750, 2 and 3.1; RFC 9700, 4.3.2."""
    await give(world, await world.add("vera"), ACCESS, Kind.ACCESS_TOKEN, "me.read")
    headers = {"authorization": f"Bearer {ACCESS}"} if header else {}
    response = await world.program().post("/api/token/introspect", headers=headers, **elsewhere)
    assert (response.status_code, response.json()["code"]) == (400, Code.TOKEN_MISPLACED)
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_request"'
    assert ACCESS not in str(world.log.lines)


async def test_a_form_that_cannot_be_read_is_refused(world: World) -> None:
    await give(world, await world.add("vera"), ACCESS, Kind.ACCESS_TOKEN, "me.read")
    headers = {"authorization": f"Bearer {ACCESS}", "content-type": "multipart/form-data; boundary=x"}
    response = await world.program().post("/api/token/introspect", headers=headers, content=b"--x\r\n")
    assert (response.status_code, response.json()["code"]) == (400, Code.REQUEST_INVALID)


async def test_a_request_without_a_body_may_call_it_what_it_likes(world: World) -> None:
    """Some libraries name a content type with every request; there is nothing in it to look at."""
    await give(world, await world.add("vera"), ACCESS, Kind.ACCESS_TOKEN, "me.read")
    headers = {"authorization": f"Bearer {ACCESS}", "content-type": "multipart/form-data; boundary=x"}
    response = await world.program().request("GET", "/api/users/me", headers=headers, content=b"--x\r\n")
    assert response.status_code == 200
