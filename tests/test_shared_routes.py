"""Worlds share routes and nothing else, whether they come one after the other, at the same time or within each other."""

import asyncio
from dataclasses import replace

import httpx
import pytest
from litestar.di import Provide

from romm.api.http.requests import Request
from romm.api.routes import AppDependencies
from romm.composition import app
from romm.composition.ports import Ports
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from romm.settings.model import Settings
from tests import shared_routes
from tests.world import ORIGIN, PASSWORD, World

KEEPER = {"username": "keeper", "password": PASSWORD}


async def house(name: str, environ: dict[str, str] | None = None) -> World:
    """A world with an administrator of that name."""
    world = World(environ or {})
    await world.add(name, level=AccessLevel.ADMIN)
    return world


async def test_a_world_knows_nobody_and_nothing_of_the_one_before() -> None:
    before = await house("keeper")
    browser = before.browser()
    assert (await browser.submit("/api/login", **KEEPER)).headers["location"] == "/"
    await browser.submit("/api/login", **KEEPER | {"password": "a guess"})

    after = await house("other")
    stranger = after.browser()
    stranger.client.cookies = browser.client.cookies
    assert (await stranger.me()).status_code == 401
    assert (await browser.me()).json()["username"] == "keeper"
    refused = await after.program().post("/api/login", json=KEEPER)
    assert refused.json()["code"] == Code.CREDENTIALS_WRONG
    assert [account.username for account in after.accounts.by_id.values()] == ["other"]
    assert len(after.lines("refused")) == 2  # its own


async def test_worlds_at_the_same_time_keep_their_settings_and_people_apart() -> None:
    worlds = [
        await house(f"keeper{number}", {"OIDC_PROVIDER": name}) for number, name in enumerate(("authelia", "google"))
    ]

    async def names(number: int) -> tuple[str, str]:
        program = worlds[number].program()
        who = await program.get("/api/users/me", auth=(f"keeper{number}", PASSWORD))
        return who.json()["username"], (await program.get("/api/heartbeat")).json()["OIDC"]["PROVIDER"]

    found = await asyncio.gather(*(names(number % 2) for number in range(20)))
    assert found == [("keeper0", "authelia"), ("keeper1", "google")] * 10


async def test_a_request_within_another_leaves_the_outer_one_in_its_world() -> None:
    """As a reverse proxy in front of both would make them."""
    inner, outer = await house("inner"), await house("outer")

    async def ask_the_other() -> bool:
        answer = await inner.program().get("/api/users/me", auth=("nobody", PASSWORD))
        assert answer.json()["code"] == Code.CREDENTIALS_WRONG
        return False

    outer.serve(is_ready=ask_the_other)
    answer = await outer.program().get("/api/health/ready")
    assert answer.json()["code"] == Code.STORAGE_UNAVAILABLE
    codes = [[facts["code"] for facts in world.lines("refused")] for world in (inner, outer)]
    assert codes == [[Code.CREDENTIALS_WRONG], [Code.STORAGE_UNAVAILABLE]]


async def test_every_world_checks_where_a_write_comes_from_by_its_own_address() -> None:
    at_home, elsewhere = World(), World({"ROMM_BASE_URL": "https://elsewhere.test"})
    headers = {"origin": ORIGIN, "cookie": "a=b", "host": "proxy.test"}
    answers = [await world.program().post("/api/logout", headers=headers) for world in (at_home, elsewhere)]
    assert [answer.status_code for answer in answers] == [200, 403]


@pytest.mark.parametrize("path", ["/api/openapi.json", "/romm-static/romm.css", "/login", "/api/no/such/path"])
async def test_a_world_answers_as_the_product_does(path: str) -> None:
    world = World()
    whole = httpx.ASGITransport(app.create_app(world.settings, world.ports))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=whole, base_url=ORIGIN) as client:
        ours, theirs = await world.program().get(path), await client.get(path)
    vary = {"x-correlation-id", "date"}
    assert (ours.status_code, len(ours.content)) == (theirs.status_code, len(theirs.content))
    assert {*ours.headers} - vary == {*theirs.headers} - vary


async def test_a_person_who_is_kept_by_mistake_is_seen_by_the_next_one_in_tests_too() -> None:
    def kept(settings: Settings, ports: Ports) -> AppDependencies:
        wired = app.app_dependencies(settings, ports)
        principal = Provide(wired.dependencies["principal"].dependency, use_cache=True)
        return replace(wired, dependencies={**wired.dependencies, "principal": principal})

    world = await house("keeper")
    await world.add("vera")
    world.app = shared_routes.service(world.settings, world.ports, kept)
    answers = [await world.program().get("/api/users/me", auth=(name, PASSWORD)) for name in ("keeper", "vera")]
    assert [answer.json()["username"] for answer in answers] == ["keeper", "keeper"]


async def test_what_a_request_leaves_on_the_shared_app_fails_the_test() -> None:
    async def leave(request: Request) -> None:
        request.app.state.seen = True

    def leaving(settings: Settings, ports: Ports) -> AppDependencies:
        return replace(app.app_dependencies(settings, ports), before_request=leave)

    world = World()
    world.app = shared_routes.service(world.settings, world.ports, leaving)
    with pytest.raises(AssertionError, match="the next world"):
        await world.program().get("/api/heartbeat")


async def test_what_starts_and_stops_is_never_a_shared_app() -> None:
    async def never() -> None:
        raise AssertionError

    with pytest.raises(AssertionError, match="create_app"):
        await World().app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, never, never)
