"""Whose address counts: what proxies in front of RomM say of a visitor reaches limits, log and sessions in one form."""

from typing import Any

import httpx
import pytest

from romm.api.http.proxies import MAX_PROXIES, behind_proxies
from tests.world import ORIGIN, World

PROXY = "192.0.2.80"


async def seen(headers: list[tuple[str, str]], peer: str = PROXY) -> tuple[str, str]:
    """Address and scheme that the app gets."""
    got: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        got.update(scope)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    wrapped = behind_proxies(app, ["192.0.2.0/24"])
    transport = httpx.ASGITransport(wrapped, client=(peer, 4711))  # type: ignore[arg-type]  # httpx has its own ASGI types
    async with httpx.AsyncClient(transport=transport, base_url="http://romm.test") as client:
        await client.get("/", headers=headers)
    return got["client"][0], got["scheme"]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param(["203.0.113.9"], "203.0.113.9", id="one entry"),
        pytest.param(["203.0.113.9:51234"], "203.0.113.9", id="with a port"),
        pytest.param(["203.0.113.9, 192.0.2.81"], "203.0.113.9", id="two proxies"),
        pytest.param(["203.0.113.9", "192.0.2.81"], "203.0.113.9", id="two proxies with a header each"),
        pytest.param(["198.51.100.1", "203.0.113.9"], "203.0.113.9", id="a header that the client brought"),
        pytest.param(["x" * 60_000], PROXY, id="junk"),
        pytest.param(["192.0.2.81," * 5_000 + "192.0.2.82"], "192.0.2.82", id="thousands of proxies"),
        pytest.param(["203.0.113.9" + ", 192.0.2.81" * MAX_PROXIES], "192.0.2.81", id="more proxies than are read"),
    ],
)
async def test_the_client_is_the_nearest_address_that_is_no_proxy(entries: list[str], expected: str) -> None:
    assert (await seen([("x-forwarded-for", entry) for entry in entries]))[0] == expected


async def test_a_stranger_is_not_believed_and_counts_in_canonical_form() -> None:
    said = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https")]
    assert await seen(said, peer="::ffff:198.51.100.1") == ("198.51.100.1", "http")


async def test_a_proxy_that_is_mapped_into_ipv6_is_the_one_that_was_named() -> None:
    said = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https")]
    assert await seen(said, peer=f"::ffff:{PROXY}") == ("203.0.113.9", "https")


async def test_only_schemes_of_the_web_are_taken_over() -> None:
    assert await seen([("x-forwarded-proto", "gopher")]) == (PROXY, "http")


@pytest.mark.parametrize("forwarded", ["203.0.113.7:{}", "[2001:db8::7]:{}", "junk{}", "192.0.2.{}, 192.0.2.81"])
async def test_however_a_proxy_writes_addresses_guessing_is_throttled(forwarded: str) -> None:
    world = World({"ROMM_TRUSTED_PROXIES": "192.0.2.0/24"})
    transport = httpx.ASGITransport(world.app, client=(PROXY, 4711))
    codes = []
    for n in range(1, 8):
        body, said = {"username": f"ghost{n}", "password": "x" * 12}, {"x-forwarded-for": forwarded.format(n)}
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            codes.append((await client.post("/api/login", json=body, headers=said)).status_code)
    assert codes[:4] == [401] * 4
    assert codes[-1] == 429


async def test_the_sign_in_log_has_an_address_or_nothing() -> None:
    world = World({"ROMM_TRUSTED_PROXIES": "192.0.2.0/24"})
    transport = httpx.ASGITransport(world.app, client=(PROXY, 4711))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        body = {"username": "ghost", "password": "x" * 12}
        await client.post("/api/login", json=body, headers={"x-forwarded-for": "y" * 60_000})
    [entry] = world.sign_ins.entries
    assert entry.address == PROXY
