"""Forward authentication over HTTP: what a proxy hears about its visitor, and whom it is believed."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from romm.domain.catalogue import CATALOGUE
from romm.domain.credentials.credential import Kind
from romm.domain.errors import Code
from romm.domain.model import AccessLevel, EmailSource
from tests.api.credentials.test_bearer import ACCESS, give
from tests.world import HTML, ORIGIN, PASSWORD, World

FORWARD = "/api/auth/forward"
PROXY = "192.0.2.80"
FILE = "/files/game.zip?part=1&of=2"
TO_LOGIN = f"{ORIGIN}/login?next=%2Ffiles%2Fgame.zip%3Fpart%3D1%26of%3D2"
ASKED = {"x-forwarded-uri": FILE, "x-forwarded-host": "romm.test", "x-forwarded-method": "GET"}


@pytest.fixture
async def house() -> World:
    """An instance behind a proxy that it trusts."""
    world = World({"ROMM_TRUSTED_PROXIES": "192.0.2.0/24"})
    await world.add("keeper", "keeper@romm.test", AccessLevel.ADMIN)
    await world.add("vera", None)
    return world


def through(world: World, peer: str = PROXY) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(world.app, client=(peer, 4711)), base_url=ORIGIN)


async def ask(world: World, headers: Mapping[str, str] = {}, *, query: str = "", peer: str = PROXY) -> httpx.Response:
    return await through(world, peer).get(FORWARD + query, headers=dict(headers))


async def session(world: World, username: str) -> dict[str, str]:
    browser = world.browser()
    await browser.submit("/api/login", username=username, password=PASSWORD)
    return {"cookie": f"__Host-romm_session={browser.session}"}


def remote(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("remote-")}


async def test_an_address_that_somebody_typed_is_not_told(house: World) -> None:
    """What stands behind the proxy may find people by it."""
    mallory = await house.add("mallory", "somebody-else@romm.test")
    house.accounts.by_id[mallory.id] = replace(mallory, email_source=EmailSource.OWNER)
    assert remote(await ask(house, await session(house, "mallory")))["remote-email"] == ""


async def test_whoever_is_signed_in_comes_in_and_is_named(house: World) -> None:
    response = await ask(house, await session(house, "keeper"))

    assert response.status_code == 204
    assert response.content == b""
    assert remote(response) == {
        "remote-user": "keeper",
        "remote-name": "keeper",
        "remote-email": "keeper@romm.test",
        "remote-groups": "viewer,editor,admin",
    }


async def test_every_header_comes_even_when_it_is_empty(house: World) -> None:
    assert remote(await ask(house, await session(house, "vera")))["remote-email"] == ""


async def test_every_credential_counts(house: World) -> None:
    vera = await house.add("nina")
    await give(house, vera, ACCESS, Kind.ACCESS_TOKEN, "me.read")
    basic = httpx.BasicAuth("vera", PASSWORD)

    assert (await through(house).get(FORWARD, auth=basic)).headers["remote-user"] == "vera"
    by_token = await ask(house, {"authorization": f"Bearer {ACCESS}"})
    assert (by_token.headers["remote-user"], by_token.headers["remote-groups"]) == ("nina", "")


@pytest.mark.parametrize(
    ("query", "vera", "keeper"),
    [
        pytest.param("", 204, 204, id="anybody"),
        pytest.param("?level=viewer", 204, 204, id="a viewer"),
        pytest.param("?level=editor", 403, 204, id="an editor"),
        pytest.param("?scope=roms.write", 403, 204, id="a scope"),
        pytest.param("?scope=roms.read", 204, 204, id="another scope"),
        pytest.param("?level=editr", 400, 400, id="a slip lets nobody in"),
        pytest.param("?level=editor&level=viewer", 400, 400, id="two levels"),
        pytest.param("?role=editor", 400, 400, id="a misspelt name"),
    ],
)
async def test_the_operator_chooses_who_comes_in(house: World, query: str, vera: int, keeper: int) -> None:
    assert (await ask(house, await session(house, "vera"), query=query)).status_code == vera
    assert (await ask(house, await session(house, "keeper"), query=query)).status_code == keeper


@pytest.mark.parametrize(
    "header", ["Basic dmVyYTp0aGUgYXBwJ3Mgb3du", "Bearer the-apps-own-jwt", "Token abc", "Basic !"]
)
async def test_a_session_decides_before_a_header_that_is_meant_for_the_app(house: World, header: str) -> None:
    own = await session(house, "vera")
    assert remote(await ask(house, own | {"authorization": header}))["remote-user"] == "vera"
    assert house.throttles.counted == {}


async def test_a_header_that_is_meant_for_the_app_is_no_guess_at_our_passwords(house: World) -> None:
    """R-31: it counts here alone, where else guessing would be free."""
    answers = [(await through(house).get(FORWARD, auth=("vera", f"guess {number}"))).status_code for number in range(6)]
    assert answers == [401] * 5 + [429]
    elsewhere = through(house)
    assert (await elsewhere.get("/api/users/me", auth=("vera", PASSWORD))).status_code == 200
    assert (await elsewhere.get("/api/users/me", auth=("keeper", PASSWORD))).status_code == 200


async def test_a_token_without_rights_does_not_say_whose_it_is(house: World) -> None:
    await give(house, await house.add("nina"), ACCESS, Kind.ACCESS_TOKEN)
    response = await ask(house, {"authorization": f"Bearer {ACCESS}"})
    assert (response.status_code, remote(response)) == (403, {})


async def test_a_person_of_the_wrong_role_reads_why(house: World) -> None:
    response = await ask(house, HTML | ASKED | await session(house, "vera"), query="?level=editor")
    assert response.status_code == 403
    assert CATALOGUE[Code.FORBIDDEN].person in response.text
    assert Code.FORBIDDEN in response.text


async def test_a_browser_without_a_session_is_sent_to_sign_in_and_back(house: World) -> None:
    response = await ask(house, HTML | ASKED)
    assert (response.status_code, response.headers["location"]) == (303, TO_LOGIN)


@pytest.mark.parametrize(
    "method",
    [pytest.param({"x-forwarded-method": "HEAD"}, id="HEAD"), pytest.param({}, id="a proxy that does not name it")],
)
async def test_whatever_only_looks_at_a_page_is_sent_to_sign_in(house: World, method: dict[str, str]) -> None:
    said = {name: value for name, value in ASKED.items() if name != "x-forwarded-method"}
    assert (await ask(house, HTML | said | method)).status_code == 303


async def test_nginx_is_told_the_way_beside_the_only_status_it_takes(house: World) -> None:
    response = await ask(house, HTML | {"x-original-uri": FILE, "x-forwarded-host": "romm.test"})
    assert (response.status_code, response.headers["location"]) == (401, TO_LOGIN)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="a program"),
        pytest.param(HTML, id="a browser, but the proxy says nothing"),
        pytest.param(ASKED, id="an image of a page"),
        pytest.param(HTML | ASKED | {"x-forwarded-method": "POST"}, id="a form"),
        pytest.param(HTML | ASKED | {"authorization": "Bearer wrong"}, id="a wrong token"),
        pytest.param({"remote-user": "keeper", "remote-groups": "admin"}, id="somebody who says who they are"),
    ],
)
async def test_anybody_else_without_a_credential_is_refused(house: World, headers: dict[str, str]) -> None:
    response = await ask(house, headers)
    assert (response.status_code, "location" in response.headers) == (401, False)
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert remote(response) == {}


async def test_a_wrong_password_is_asked_for_again(house: World) -> None:
    response = await through(house).get(FORWARD, auth=httpx.BasicAuth("vera", "wrong"), headers=HTML | ASKED)
    assert (response.status_code, response.headers["www-authenticate"].split()[0]) == (401, "Basic")


@pytest.mark.parametrize("peer", ["198.51.100.1", "no address"])
async def test_only_a_trusted_proxy_is_believed(house: World, peer: str) -> None:
    said = HTML | ASKED | {"x-forwarded-for": PROXY}
    assert (await ask(house, said, peer=peer)).status_code == 401


async def test_nobody_is_believed_who_came_without_an_address(house: World) -> None:
    """Over a socket of the file system there is none."""

    async def nameless(scope: Any, receive: Any, send: Any) -> None:
        await house.app({**scope, "client": None}, receive, send)

    visitor = httpx.AsyncClient(transport=httpx.ASGITransport(nameless), base_url=ORIGIN)
    assert (await visitor.get(FORWARD, headers=HTML | ASKED)).status_code == 401


async def test_a_trusted_proxy_is_believed_whoever_it_speaks_for(house: World) -> None:
    assert (await ask(house, HTML | ASKED | {"x-forwarded-for": "198.51.100.1"})).status_code == 303


async def test_nobody_is_sent_to_another_site(house: World) -> None:
    response = await ask(house, HTML | ASKED | {"x-forwarded-uri": "//evil.test/"})
    assert response.headers["location"] == f"{ORIGIN}/login?next=%2F"


async def test_on_another_host_signing_in_would_not_help_and_the_page_says_so(house: World) -> None:
    response = await ask(house, HTML | ASKED | {"x-forwarded-host": "files.test"})
    assert response.status_code == 401
    assert Code.FORWARDED_ELSEWHERE in response.text
    [line] = [line for line in house.lines("refused") if line["code"] == Code.FORWARDED_ELSEWHERE]
    assert "files.test" in line["hint"]
    assert ORIGIN in line["hint"]


async def test_no_other_method_is_a_permission(house: World) -> None:
    """Some proxies ask with the visitor's method, and take any 2xx for a yes."""
    proxy = through(house)
    for method in ("OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"):
        answer = await proxy.request(method, "/api/auth/forward")
        assert (answer.status_code, answer.headers["allow"].replace(", OPTIONS", "")) == (405, "GET, HEAD")
    assert (await proxy.head("/api/auth/forward")).status_code == 401


async def test_a_disabled_person_is_out_at_the_next_request(house: World) -> None:
    cookie = await session(house, "vera")
    [vera] = [each for each in house.accounts.by_id.values() if each.username == "vera"]
    house.disable(vera)
    assert (await ask(house, HTML | ASKED | cookie)).status_code == 303
