"""Apps that keep the session cookie: they look for RomM's name, send neither Origin nor Sec-Fetch-Site, and sign out."""

import httpx
import pytest

from romm.domain.model import AccessLevel
from tests.compatibility.contract import ROMM
from tests.world import ORIGIN, PASSWORD, World

NAME = ROMM["session_cookie"]
OWN = "__Host-romm_session"
VERA = ("vera", PASSWORD)


@pytest.fixture
async def house() -> World:
    world = World()
    await world.add("vera", level=AccessLevel.ADMIN)
    return world


def named(world: World, secret: str, **headers: str) -> httpx.AsyncClient:
    """An app that kept the cookie of RomM's name alone."""
    client = world.program()
    client.headers.update({"cookie": f"{NAME}={secret}"} | headers)
    return client


async def signed_in(world: World) -> str:
    answer = await world.program().post("/api/login", auth=VERA)
    return str(answer.cookies[NAME])


async def test_over_https_the_cookie_has_romms_name_as_well(house: World) -> None:
    answer = await house.program().post("/api/login", auth=VERA)
    assert answer.cookies[NAME] == answer.cookies[OWN]
    for line in answer.headers.get_list("set-cookie"):
        assert "; HttpOnly; SameSite=lax; Secure" in line
        assert "Domain" not in line


async def test_an_app_with_romms_name_alone_is_signed_in_writes_and_signs_out(house: World) -> None:
    app = named(house, await signed_in(house))
    assert (await app.get("/api/users/me")).json()["username"] == "vera"
    assert (await app.put("/api/users/1", json={"username": "vera2"})).status_code == 200
    out = await app.post("/api/logout")
    assert (out.status_code, out.json()) == (200, None)
    assert any(line.startswith(f"{NAME}=;") for line in out.headers.get_list("set-cookie"))
    assert (await app.get("/api/users/me")).status_code == 401


async def test_a_header_of_another_scheme_is_no_credential(house: World) -> None:
    app = named(house, await signed_in(house), authorization="session")
    assert (await app.get("/api/users/me")).status_code == 200
    stranger = await house.program().get("/api/users/me", headers={"authorization": "session"})
    assert (stranger.status_code, stranger.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"sec-fetch-site": "same-origin"}, id="a browser"),
        pytest.param({"origin": ORIGIN}, id="an older browser that writes"),
        pytest.param({"accept": "text/html"}, id="an older browser that opens a page"),
    ],
)
async def test_no_browser_is_signed_in_by_romms_name(house: World, headers: dict[str, str]) -> None:
    """Another host of the domain could have written it: a cookie without `__Host-` keeps nobody out."""
    app = named(house, await signed_in(house), **headers)
    assert (await app.get("/api/users/me")).status_code == 401


async def test_no_page_is_opened_by_romms_name(house: World) -> None:
    app = named(house, await signed_in(house))
    assert (await app.get("/account")).headers["location"].startswith("/login?")


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "same-origin"}, {"origin": ORIGIN}])
async def test_no_browser_gets_romms_name(house: World, headers: dict[str, str]) -> None:
    """It would send it on to what stands behind forward authentication."""
    for accept in ("text/html", "application/json"):
        answer = await house.program().post("/api/login", headers=headers | {"accept": accept},
                                            data={"username": "vera", "password": PASSWORD})  # fmt: skip
        assert answer.status_code in (200, 303)
        assert NAME not in answer.cookies
        assert OWN in answer.cookies


async def test_without_https_there_is_one_cookie_of_romms_name() -> None:
    world = World({"ROMM_BASE_URL": "http://nas.local:8080", "OIDC_ENABLED": "false"})
    await world.add("vera")
    answer = await world.program().post("/api/login", auth=VERA)
    [line] = [each for each in answer.headers.get_list("set-cookie") if "romm_session" in each]
    assert line.startswith(f"{NAME}=")
