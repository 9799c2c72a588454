"""A device and the person in front of it, as the tests of both shapes need them."""

from typing import Any

import httpx
from msgspec.structs import replace

from romm.credentials.devices import DEVICE_CODE
from romm.domain.credentials.credential import NEVER, Kind, issued
from romm.domain.digests import digest
from romm.domain.model import Account
from tests.world import PASSWORD, Browser, World

ADDRESS = "/api/auth/device"
INIT = {
    "client_device_identifier": "b7c1",
    "name": "Handheld",
    "client": "Argosy",
    "platform": "android",
    "client_version": "1.2",
    "requested_scopes": ["roms.read", "assets.write", "users.write"],
}


async def signed_in(world: World, username: str = "vera") -> Browser:
    """A browser of somebody who may what a viewer may, or who was there before."""
    if await world.accounts.password(username) is None:
        await world.add(username)
    browser = world.browser()
    await browser.submit("/api/login", username=username, password=PASSWORD)
    return browser


async def bearer(
    world: World, owner: Account, *scopes: str, kind: Kind = Kind.CLIENT_TOKEN, **more: Any
) -> dict[str, str]:
    """The header of a token that somebody has."""
    now, secret = world.clock(), f"{'rmm_' if kind is Kind.CLIENT_TOKEN else ''}{len(world.credentials.stored)}"
    token = replace(issued(kind, owner.id, digest(secret), now, NEVER, scopes=scopes), **more)
    await world.credentials.add(world.accounts.by_id[owner.id], token)
    return {"authorization": f"Bearer {secret}"}


async def init(world: World, **changes: Any) -> dict[str, Any]:
    """A device asks in the older shape; gives what it is answered."""
    response = await world.program().post(f"{ADDRESS}/init", json=INIT | changes)
    assert response.status_code == 201
    answer: dict[str, Any] = response.json()
    return answer


async def ask(world: World, scope: str = "roms.read assets.write", client: str = "Argosy") -> dict[str, Any]:
    """A device asks in the standard's shape; gives what it is answered."""
    form = {"client_id": client, "scope": scope}
    response = await world.program().post("/api/device_authorization", data=form)
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer


async def approve(browser: Browser, user_code: str, *scopes: str, **more: Any) -> httpx.Response:
    """The person's own program lets it in, with the session."""
    body = {"user_code": user_code, "approved_scopes": scopes or ("roms.read",)} | more
    headers = {"sec-fetch-site": "same-origin", "accept": "application/json"}
    return await browser.client.post(f"{ADDRESS}/approve", json=body, headers=headers)


async def redeem(world: World, asked: dict[str, Any]) -> httpx.Response:
    """The device asks what was decided, in the older shape."""
    return await world.program().post(f"{ADDRESS}/token", json={"device_code": asked["device_code"]})


async def poll(world: World, asked: dict[str, Any], client: str = "Argosy") -> httpx.Response:
    """The device asks what was decided, in the standard's shape."""
    form = {"grant_type": DEVICE_CODE, "device_code": asked["device_code"], "client_id": client}
    return await world.program().post("/api/token", data=form)


async def refused(response: httpx.Response) -> tuple[int, str]:
    """Status and word of a refusal in either shape."""
    answer = response.json()
    return response.status_code, answer.get("error") or answer["detail"]
