"""What an unknown visitor may cause is bounded by address and all together: each row of the table is tried."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from romm.domain import limits
from romm.domain.credentials.rate_limits import RateLimitKey
from romm.domain.errors import Code
from romm.domain.limits import (
    DEVICE_POLLS,
    DEVICE_REQUESTS,
    EXCHANGES,
    FAILED_CALLBACKS,
    FAILED_LOGOUT_TOKENS,
    FORGOTTEN,
    NOTED_REFUSALS,
    PUSHED_REQUESTS,
    QUESTIONS,
    STRANGERS,
    USER_CODES,
    Bound,
)
from romm.domain.sign_in.throttle import Failures
from tests.api.credentials.devices import ADDRESS, INIT, signed_in
from tests.fake_provider import error
from tests.world import HTML, ORIGIN, World

Door = Callable[[World, httpx.AsyncClient], Awaitable[Any]]


async def ask_for_pairing(_: World, client: httpx.AsyncClient) -> None:
    await client.post(f"{ADDRESS}/init", json=INIT)


async def poll(_: World, client: httpx.AsyncClient) -> None:
    await client.post(f"{ADDRESS}/token", json={"device_code": "unknown"})


async def type_a_code(_: World, client: httpx.AsyncClient) -> None:
    await client.get(f"{ADDRESS}/pending/BBBBBBBB")


async def exchange(_: World, client: httpx.AsyncClient) -> None:
    await client.post("/api/client-tokens/exchange", json={"code": "BBBB-BBBB"})


async def ask_about_a_code(_: World, client: httpx.AsyncClient) -> None:
    await client.get("/api/client-tokens/pair/BBBBBBBB/status")


async def forget_the_password(_: World, client: httpx.AsyncClient) -> None:
    await client.post("/api/forgot-password", data={"username": "keeper"}, headers={"sec-fetch-site": "same-origin"})


async def press_the_button(_: World, client: httpx.AsyncClient) -> None:
    await client.get("/api/login/openid", headers=HTML)


async def bring_an_invented_code(world: World, client: httpx.AsyncClient) -> None:
    begun = await client.get("/api/login/openid", headers=HTML)
    query = await world.idp.approve(begun.headers["location"])
    await client.get(f"/api/oauth/openid?{query}", headers=HTML)


async def send_a_logout_token(_: World, client: httpx.AsyncClient) -> None:
    await client.post("/api/oauth/openid/backchannel-logout", data={"logout_token": "nonsense"})


async def come_back_without_a_cookie(_: World, client: httpx.AsyncClient) -> None:
    await client.get(f"/api/oauth/openid?code=x&state={'s' * 43}", headers=HTML)


DOORS: dict[str, tuple[Bound, Door]] = {
    "device requests": (DEVICE_REQUESTS, ask_for_pairing),
    "device polls": (DEVICE_POLLS, poll),
    "user codes": (USER_CODES, type_a_code),
    "exchanges": (EXCHANGES, exchange),
    "questions": (QUESTIONS, ask_about_a_code),
    "forgotten": (FORGOTTEN, forget_the_password),
    "pushed": (PUSHED_REQUESTS, press_the_button),
    "callbacks": (FAILED_CALLBACKS, bring_an_invented_code),
    "logout tokens": (FAILED_LOGOUT_TOKENS, send_a_logout_token),
    "noted": (NOTED_REFUSALS, come_back_without_a_cookie),
}
FAIR = {"pushed", "callbacks", "logout tokens"}
each_door = pytest.mark.parametrize("door", DOORS)


@pytest.fixture
async def house(door: str) -> World:
    world = World({"OIDC_PUSHED_REQUESTS": "true"} if door == "pushed" else {})
    await world.add("keeper")
    if door == "callbacks":
        world.idp.instead["token"] = error("invalid_grant")
    return world


async def client(world: World, door: str, address: str) -> httpx.AsyncClient:
    made = httpx.AsyncClient(transport=httpx.ASGITransport(world.app, client=(address, 4711)), base_url=ORIGIN)
    if door == "user codes":
        made.cookies = (await signed_in(world)).client.cookies
    return made


async def is_stopped(world: World, door: str, client: httpx.AsyncClient) -> bool:
    """Is the next try refused for being one too many?"""
    world.log.lines.clear()
    noted = len(world.sign_ins.entries)
    await DOORS[door][1](world, client)
    if door == "noted":
        return len(world.sign_ins.entries) == noted
    return any(line["code"] == Code.TOO_MANY_REQUESTS for line in world.lines("refused"))


def fill(world: World, bound: Bound) -> None:
    """What others did within the last minute."""
    key = RateLimitKey(bound.together).keys(world.clock())[0]
    world.throttles.counted[key] = Failures(key, bound.together.tries, world.clock())


def counters(world: World, bound: Bound) -> set[str]:
    names = tuple(f"rate:{limit.name}:" for limit in (bound.each, bound.together))
    return {key for key in world.throttles.counted if key.startswith(names)}


def test_every_row_of_the_table_has_its_door() -> None:
    rows = {name for name, value in vars(limits).items() if isinstance(value, Bound)}
    assert len(DOORS) == len(rows) == len(STRANGERS)
    assert {bound.causes for bound, _ in DOORS.values()} == {bound.causes for bound in STRANGERS}


@each_door
async def test_one_network_may_do_it_so_often_and_another_is_unharmed(house: World, door: str) -> None:
    """R-57. The addresses of one IPv6 network count as one."""
    bound = DOORS[door][0]
    here = [await client(house, door, f"2001:db8::{number}") for number in (1, 2)]
    tries = bound.each.tries + (1 if door in FAIR else 0)  # known after one more
    assert not any([await is_stopped(house, door, here[number % 2]) for number in range(tries)])
    assert await is_stopped(house, door, here[tries % 2])
    assert not await is_stopped(house, door, await client(house, door, "2001:db8:0:1::1"))


@each_door
async def test_all_together_may_do_it_so_often(house: World, door: str) -> None:
    """R-57. Where that would shut others out, an address without a try still has one."""
    fill(house, DOORS[door][0])
    here = await client(house, door, "192.0.2.1")
    if door in FAIR:
        assert not await is_stopped(house, door, here)
    before = counters(house, DOORS[door][0])
    assert await is_stopped(house, door, here)
    assert counters(house, DOORS[door][0]) == before, "what is refused adds no row"
