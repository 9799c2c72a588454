"""What can be spent once is spent by a person who opens a page, not by a browser that looks ahead."""

from typing import Any

import pytest
from litestar.routes import HTTPRoute

from romm.api.http.navigation import OWN_NAVIGATION, not_opened
from romm.api.routes import routes
from romm.composition import app
from romm.domain.catalogue import CATALOGUE
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.world import PASSWORD, Browser, World

CALLBACK = "/api/oauth/openid"
FURTHER = "/api/oauth/openid/{provider_id:str}"
BY_PAGES = {"/api/login/openid", "/api/login/initiate", "/api/identities/link", "/api/oidc/trial"}
ACTS = {CALLBACK, FURTHER, *BY_PAGES, "/romm-forward/begin", "/romm-forward/hand-over", "/romm-forward/finish"}
"""Every route that does something for a browser that comes by with GET."""

AUTOMATIC = [
    pytest.param({"sec-purpose": "prefetch"}, id="a prefetch"),
    pytest.param({"sec-purpose": "prefetch;prerender"}, id="a prerender"),
    pytest.param({"sec-purpose": "prefetch;anonymous-client-ip"}, id="a prefetch by a proxy"),
    pytest.param({"purpose": "prefetch"}, id="an older prefetch"),
    pytest.param({"x-moz": "Prefetch"}, id="an older Firefox"),
    pytest.param({"x-purpose": "preview"}, id="Safari's top sites"),
    pytest.param({"sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}, id="an image"),
    pytest.param({"sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}, id="a script"),
    pytest.param({"sec-fetch-mode": "same-origin", "sec-fetch-dest": "empty"}, id="a script of our own site"),
    pytest.param({"sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}, id="a frame"),
    pytest.param({"sec-fetch-mode": "navigate", "sec-fetch-dest": "object"}, id="an embedded object"),
    pytest.param({"sec-fetch-mode": ""}, id="an empty mode"),
]
OWN = [
    pytest.param({}, id="a browser without these headers"),
    pytest.param({"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}, id="a page"),
    pytest.param({"sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site"}, id="a page, from the provider"),
    pytest.param({"sec-fetch-mode": "navigate", "sec-fetch-dest": "empty"}, id="a page, passed on by a service worker"),
    pytest.param({"service-worker-navigation-preload": "true", "sec-fetch-mode": "navigate"}, id="a preload"),
    pytest.param({"purpose": "shopping"}, id="another purpose"),
]


@pytest.mark.parametrize("headers", AUTOMATIC)
def test_a_request_that_no_person_makes_says_so(headers: dict[str, str]) -> None:
    found = not_opened(headers)
    assert found is not None
    assert any(found.startswith(f"{name}: ") for name in headers)


@pytest.mark.parametrize("headers", OWN)
def test_a_page_that_a_person_opens_goes_on(headers: dict[str, str]) -> None:
    assert not_opened(headers) is None


@pytest.mark.parametrize("headers", AUTOMATIC)
async def test_a_callback_that_no_person_opens_spends_nothing(world: World, headers: dict[str, str]) -> None:
    """R-11. The answer is no redirect: a browser may keep that for the person and never ask again."""
    browser = world.browser()
    query = await world.idp.approve(await browser.begin("/collection"))
    answer = await browser.client.get(f"{CALLBACK}?{query}", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert CATALOGUE[Code.NAVIGATION_REQUIRED].person in answer.text
    assert answer.headers.get_list("set-cookie") == []
    assert world.attempts.used == {}
    assert world.idp.received("/token") == []
    assert (await browser.come_back(query)).headers["location"] == "/collection"


def get_routes(world: World) -> dict[str, Any]:
    """The handlers of GET by their path."""
    service = routes(app.app_dependencies(world.settings, world.ports), app.VERSION)
    return {
        route.path: route.route_handler_map["GET"][0]
        for route in service.routes
        if isinstance(route, HTTPRoute) and "GET" in route.route_handler_map
    }


def test_every_route_that_acts_on_get_asks_first(world: World) -> None:
    guarded = {path for path, handler in get_routes(world).items() if handler.opt.get(OWN_NAVIGATION)}
    assert guarded == ACTS


@pytest.mark.parametrize("path", sorted(ACTS - {CALLBACK, FURTHER}))
async def test_a_prefetch_begins_nothing(world: World, path: str) -> None:
    browser = await keeper_of(world)
    answer = await browser.client.get(path, headers={"sec-purpose": "prefetch"})
    assert answer.status_code == 403
    assert answer.headers.get_list("set-cookie") == []


async def test_looking_at_any_other_page_spends_nothing() -> None:
    """Previews and virus scanners follow links, too: an invitation, a reset or recovery link, a pairing code."""
    world = World()
    await world.add("keeper", level=AccessLevel.ADMIN)
    browser = await keeper_of(world)
    links = await links_of(world, browser)
    before = stored(world)
    paths = [path for path in get_routes(world) if path not in ACTS and "{" not in path]
    assert len(paths) > 20
    for _ in range(2):
        for link in links:
            assert (await browser.get(link)).status_code == 200, link
        for path in paths:
            await browser.get(path)
    assert stored(world) == before


async def keeper_of(world: World) -> Browser:
    """The keeper's browser."""
    browser = world.browser()
    await browser.submit("/api/login", username="keeper", password=PASSWORD)
    return browser


async def links_of(world: World, browser: Browser) -> list[str]:
    """A link of each kind that can be used once."""
    vera = await world.add("vera")
    own = {"sec-fetch-site": "same-origin"}
    program = world.program()
    invited = (await browser.client.post("/api/users/invite-link", json={"role": "viewer"}, headers=own)).json()
    reset = (await browser.client.post(f"/api/users/{vera.id}/reset-link", headers=own)).json()
    device = (await program.post("/api/device_authorization", data={"client_id": "Player", "scope": "me.read"})).json()
    recovery = await world.use_cases.recovery.recovery_link(COMMAND_LINE, world.accounts.by_id[1])
    urls = [invited["url"], reset["url"], device["verification_uri_complete"], f"/recover?token={recovery}"]
    return [url.removeprefix("https://romm.test") for url in urls]


def stored(world: World) -> object:
    """All that a link could change."""
    credentials = {each.digest: (each.kind, each.spent_at) for each in world.accounts.credentials.values()}
    accounts = {each.id: each.version for each in world.accounts.by_id.values()}
    return credentials, accounts, len(world.sign_ins.entries), dict(world.attempts.used)
