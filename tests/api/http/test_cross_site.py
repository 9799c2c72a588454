"""R-39: no other site makes a signed-in browser write here."""

import asyncio

import pytest

from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.api.sign_in.test_openid import error_of
from tests.world import ORIGIN, PASSWORD, World

EVIL = "https://evil.test"


@pytest.fixture(scope="module")
def house() -> World:
    """One instance for the whole table: making one takes longer than asking it."""
    world = World()
    asyncio.run(world.add("keeper", level=AccessLevel.ADMIN))
    return world


def row(reason: str, carried_out: bool, **headers: str) -> object:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return pytest.param(given, carried_out, id=reason)


@pytest.mark.parametrize(
    ("headers", "carried_out"),
    [
        row("our own page", True, sec_fetch_site="same-origin", origin=ORIGIN),
        row("typed into the address bar, or a bookmark", True, sec_fetch_site="none"),
        row("another site", False, sec_fetch_site="cross-site", origin=EVIL),
        row("another host of our domain", False, sec_fetch_site="same-site", origin="https://blog.romm.test"),
        row("a value of the future", False, sec_fetch_site="same-planet"),
        row("an empty value beside our origin", False, sec_fetch_site="", origin=ORIGIN),
        row("our value in capitals is not the browser's", False, sec_fetch_site="SAME-ORIGIN"),
        row("another site that claims our origin", False, sec_fetch_site="cross-site", origin=ORIGIN),
        row("our own page in a browser that hides origins", True, sec_fetch_site="same-origin", origin="null"),
        row("an older browser on our page", True, origin=ORIGIN),
        row("an older browser, whose host a proxy rewrites", True, origin=ORIGIN, host="10.0.0.5:8080"),
        row("an older browser at the host it asked", True, origin="http://nas.local:8080", host="nas.local:8080"),
        row("the default port, which a proxy writes out", True, origin="http://nas.local", host="NAS.local:80"),
        row("the default port of another scheme", False, origin="http://nas.local", host="nas.local:443"),
        row("an older browser on another site", False, origin=EVIL),
        row("a sandboxed frame or a local file", False, origin="null"),
        row("an empty origin", False, origin=""),
        row("another port of ours", False, origin=f"{ORIGIN}:8443"),
        row("a host that begins like ours", False, origin="https://romm.test.evil.test"),
        row("a host that ends like ours", False, origin="https://evilromm.test"),
        row("our host as a user name", False, origin="https://romm.test@evil.test"),
        row("our host in the path", False, origin="https://evil.test/romm.test"),
        row("no origin at all", False, origin="https://[::1"),
        row("an origin that a proxy made up", False, origin=EVIL, x_forwarded_host="evil.test"),
        row("a program with a cookie: every browser would say where it comes from", True),
        row("a form of another site", False, origin=EVIL, content_type="application/x-www-form-urlencoded"),
        row("a form as plain text", False, origin=EVIL, content_type="text/plain"),
        row("a token in a header, where only the cookie acts", False, authorization="Bearer abc", origin=EVIL),
        row("a program with a token and a cookie", True, authorization="Bearer abc"),
        row("a program with Basic", True, authorization="Basic abc"),
        row("a browser that remembers a Basic password", False, authorization="Basic abc", sec_fetch_site="cross-site"),
        row("an older browser that remembers one", False, authorization="Basic abc", origin=EVIL),
        row(
            "a browser that remembers one, on our own page",
            True,
            authorization="Basic abc",
            sec_fetch_site="same-origin",
        ),
    ],
)
async def test_a_write_with_a_cookie_needs_to_come_from_our_own_pages(
    house: World, headers: dict[str, str], carried_out: bool
) -> None:
    program = house.program()
    await program.post("/api/login", json={"username": "keeper", "password": PASSWORD})
    house.log.lines.clear()
    response = await program.post("/api/logout", headers=headers)
    assert response.status_code == (200 if carried_out else 403)
    assert carried_out or response.json()["code"] == Code.CROSS_SITE
    assert (await program.get("/api/users/me")).status_code == (401 if carried_out else 200)
    assert house.lines("unexpected") == []


@pytest.mark.parametrize("authorization", ["Basic abc", "Bearer abc"])
@pytest.mark.parametrize("path", ["/account/password", "/api/authorize"])
async def test_a_page_looks_at_the_cookie_alone_and_so_does_its_protection(
    house: World, path: str, authorization: str
) -> None:
    """A browser that remembers a Basic password would otherwise be taken for a program."""
    program = house.program()
    await program.post("/api/login", json={"username": "keeper", "password": PASSWORD})
    house.log.lines.clear()
    await program.post(path, headers={"authorization": authorization})
    [line] = house.lines("refused")
    assert line["code"] == Code.CROSS_SITE


async def test_a_form_of_a_browser_that_says_nothing_of_its_origin_is_no_programs(house: World) -> None:
    """Firefox before version 70; another host of our domain gets the cookie along."""
    browser = house.program()
    await browser.post("/api/login", json={"username": "keeper", "password": PASSWORD})
    accept = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    form = {"username": "mallory", "password": PASSWORD, "role": "admin"}
    assert error_of(await browser.post("/api/users", data=form, headers=accept)) == Code.CROSS_SITE
    assert error_of(await browser.post("/api/logout", headers=accept)) == Code.CROSS_SITE
    assert (await browser.get("/api/users/me")).status_code == 200


async def test_a_browser_that_hides_its_origin_points_to_the_proxy(house: World) -> None:
    """Over plain http nothing else tells our own form from another site's, so it stays refused."""
    house.log.lines.clear()
    form = {"username": "keeper", "password": PASSWORD}
    assert error_of(await house.browser(origin="null").client.post("/api/login", data=form)) == Code.CROSS_SITE
    [line] = house.lines("refused")
    assert "Referrer-Policy: no-referrer" in line["hint"]


OPEN_TO_APPS = [
    "/api/token", "/api/token/revoke", "/api/device_authorization", "/api/auth/device/init", "/api/auth/device/token",
    "/api/client-tokens/exchange", "/api/client-tokens/pair/BCDFGHJK/status",
]  # fmt: skip


@pytest.mark.parametrize("path", OPEN_TO_APPS)
@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        row("an app sends neither header", True),
        row("an app that keeps cookies", True, cookie="romm_session=x"),
        row("our own page", True, sec_fetch_site="same-origin", origin=ORIGIN),
        row("an older browser on our own page", True, origin=ORIGIN),
        row("a web view with a scheme of its own", True, origin="capacitor://localhost"),
        row("the same, of today", True, origin="capacitor://localhost", sec_fetch_site="cross-site"),
        row("a website", False, sec_fetch_site="cross-site", origin=EVIL),
        row("a link or an image of a website", False, sec_fetch_site="cross-site"),
        row("another host of our domain", False, sec_fetch_site="same-site", origin="https://blog.romm.test"),
        row("a website in an older browser, or over plain http", False, origin=EVIL),
        row("a website's sandboxed frame", False, origin="null"),
        row("a website that claims to be an app", False, origin="https://capacitor.test"),
    ],
)
async def test_no_website_spends_other_peoples_attempts(
    house: World, path: str, headers: dict[str, str], let_in: bool
) -> None:
    method = "GET" if path.endswith("status") else "POST"
    response = await house.program().request(method, path, data={"username": "keeper"}, headers=headers)
    assert (response.json().get("code") != Code.CROSS_SITE) is let_in
    assert let_in or response.status_code == 403 or response.json()["error"]


FROM_THE_PROVIDER = {
    "/api/oauth/openid",
    "/api/oauth/openid/{provider_id}",
    "/api/oauth/openid/backchannel-logout",
    "/api/login/initiate",
}


async def test_every_write_that_needs_no_credential_refuses_what_a_browser_sends_for_a_website(house: World) -> None:
    """A new route, too."""
    described = (await house.program().get("/api/openapi.json")).json()["paths"]
    writes = {path for path, operations in described.items() if operations.get("post", {}).get("security") == [{}]}
    assert writes >= FROM_THE_PROVIDER | set(OPEN_TO_APPS[:-1])
    for path in writes - FROM_THE_PROVIDER:
        for site in ("cross-site", "same-site"):
            answer = await house.program().post(path, headers={"sec-fetch-site": site})
            assert answer.json()["code"] == Code.CROSS_SITE, path


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_password_that_a_browser_sends_for_a_website_is_not_looked_at(site: str) -> None:
    """R-31: a link or an image with a name and a password in its address."""
    world = World()
    await world.add("keeper")
    program = world.program()
    for number in range(6):
        answer = await program.get(
            "/api/users/me", auth=("keeper", f"guess {number}"), headers={"sec-fetch-site": site}
        )
        assert (answer.status_code, answer.json()["code"]) == (403, Code.CROSS_SITE)
    assert (await program.get("/api/users/me", auth=("keeper", PASSWORD))).status_code == 200


async def test_a_program_without_cookies_needs_nothing(house: World) -> None:
    answer = await house.program().post("/api/login", json={"username": "keeper", "password": PASSWORD})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site", "origin": EVIL}, {"origin": EVIL}, {"origin": "null"}],
    ids=["a browser of today", "an older one", "a sandboxed frame"],
)
async def test_another_site_cannot_sign_a_browser_in_as_somebody_else(house: World, headers: dict[str, str]) -> None:
    """Login CSRF: the form is covered although it needs no cookie."""
    browser = house.browser(**headers)
    form = {"username": "keeper", "password": PASSWORD}
    response = await browser.client.post("/api/login", data=form)
    assert error_of(response) == Code.CROSS_SITE
    assert browser.session is None
    as_program = await house.program().post("/api/login", json=form, headers=headers)
    assert (as_program.status_code, as_program.json()["code"]) == (403, Code.CROSS_SITE)


async def test_another_site_cannot_set_an_instance_up() -> None:
    world = World()
    form = {"username": "mallory", "password": PASSWORD}
    response = await world.browser().client.post("/api/users", data=form, headers={"origin": EVIL})
    assert error_of(response) == Code.CROSS_SITE
    assert response.headers["location"].startswith("/setup?")
    assert world.accounts.by_id == {}


async def test_a_link_of_another_site_may_lead_here(house: World) -> None:
    """Reading is not writing: the provider itself sends browsers here."""
    browser = house.browser(**{"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"})
    assert (await browser.get("/login")).status_code == 200
    assert (await browser.sign_in()).headers["location"] == "/"


@pytest.mark.parametrize("path", ["/api/identities/link", "/api/oidc/trial"])
async def test_no_link_of_another_site_links_an_account_or_tries_a_sign_in(house: World, path: str) -> None:
    """These begin something at a GET."""
    browser = house.browser(**{"sec-fetch-mode": "navigate"})
    await browser.submit("/api/login", username="keeper", password=PASSWORD)
    browser.client.headers["sec-fetch-site"] = "cross-site"
    assert error_of(await browser.get(path)) == Code.CROSS_SITE


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_a_method_that_only_reads_may_come_from_anywhere(house: World, method: str) -> None:
    program = house.program()
    await program.post("/api/login", json={"username": "keeper", "password": PASSWORD})
    response = await program.request(method, "/api/users/me", headers={"origin": EVIL})
    assert response.status_code in (200, 204)


async def test_the_operator_reads_which_origin_was_refused_and_what_to_set(house: World) -> None:
    house.log.lines.clear()
    await house.program().post("/api/logout", headers={"origin": EVIL})
    [line] = house.lines("refused")
    assert EVIL in line["hint"]
    assert ORIGIN in line["hint"]
    assert "ROMM_BASE_URL" in line["hint"]


async def test_a_hidden_origin_is_not_ours_because_there_is_no_host_either(house: World) -> None:
    program = house.program()
    await program.post("/api/login", json={"username": "keeper", "password": PASSWORD})
    request = program.build_request("POST", "/api/logout", headers={"origin": "null"})
    request.headers["host"] = ""
    assert (await program.send(request)).status_code == 400
    assert (await program.get("/api/users/me")).status_code == 200
