"""Devices that apps register themselves."""

from typing import Any

import httpx
import pytest

from romm.domain.credentials.device_registry import MOST
from romm.domain.errors import Code
from tests.world import PASSWORD, World

VERA, EDITH = ("vera", PASSWORD), ("edith", PASSWORD)
CARD = "00:00:5e:00:53:01"


@pytest.fixture
async def world() -> World:
    made = World()
    for name in ("vera", "edith"):
        await made.add(name)
    return made


async def register(world: World, auth: tuple[str, str] = VERA, **fields: Any) -> httpx.Response:
    return await world.program().post("/api/devices", auth=auth, json=fields)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_device_is_registered_found_again_and_refused_on_demand(world: World) -> None:
    first = await register(world, name="Deck", mac_address=CARD)
    assert (first.status_code, first.json()["name"]) == (201, "Deck")
    again = await register(world, name="Another name", mac_address=CARD)
    assert (again.status_code, again.json()) == (200, first.json())
    assert refusal(await register(world, mac_address=CARD, allow_existing=False)) == (409, Code.DEVICE_EXISTS)
    second = await register(world, mac_address=CARD, allow_duplicate=True)
    assert second.status_code == 201
    assert second.json()["device_id"] != first.json()["device_id"]
    assert (await register(world, EDITH, mac_address=CARD)).status_code == 201
    assert [line["account"] for line in world.lines("device.registered")] == [1, 1, 2]


async def test_it_is_read_changed_and_removed_by_its_owner_alone(world: World) -> None:
    path = f"/api/devices/{(await register(world, name='Deck')).json()['device_id']}"
    program = world.program()
    change = {"client_version": "2", "sync_config": {"a": [1]}, "sync_mode": "push_pull"}
    for method, body in (("GET", None), ("PUT", change), ("DELETE", None)):
        assert refusal(await program.request(method, path, auth=EDITH, json=body)) == (404, Code.DEVICE_UNKNOWN)
    changed = (await program.put(path, auth=VERA, json=change)).json()
    assert {name: changed[name] for name in ("name", *change)} == {"name": "Deck"} | change
    emptied = dict.fromkeys(("name", "client_version", "sync_config", "sync_mode", "sync_enabled"))
    changed = (await program.put(path, auth=VERA, json=emptied)).json()
    assert [changed[name] for name in emptied] == [None, None, None, "api", True]
    assert (await program.get(path, auth=VERA)).json() == changed
    assert (await program.delete(path, auth=VERA)).status_code == 204
    assert (await program.get("/api/devices", auth=VERA)).json() == []


async def test_an_account_registers_so_many_devices(world: World) -> None:
    for _ in range(MOST):
        assert (await register(world, allow_duplicate=True)).status_code == 201
    assert refusal(await register(world, name="one more")) == (409, Code.DEVICES_FULL)
    assert len(world.devices.by_id) == MOST


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "two\nlines"},
        {"name": "x" * 256},
        {"platform": "x" * 51},
        {"sync_mode": "often"},
        {"sync_config": "text"},
        {"sync_config": {"a": "x" * 5000}},
        {"allow_existing": "perhaps"},
        {"mac_address": 7},
    ],
)
async def test_what_is_not_well_formed_is_refused(world: World, fields: dict[str, Any]) -> None:
    assert refusal(await register(world, **fields)) == (400, Code.REQUEST_INVALID)
    assert world.devices.by_id == {}


async def test_the_page_of_devices_tells_them_from_paired_ones(world: World) -> None:
    await register(world)
    browser = world.browser()
    await browser.submit("/api/login", username="vera", password=PASSWORD)
    page = (await browser.get("/account/devices")).text
    assert "Unnamed device" in page
    assert "registered by the app" in page
    assert "no longer signed in" not in page
