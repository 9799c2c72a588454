"""Introspection with the client authentication that libraries of resource servers have (RFC 6749, 2.3.1; RFC 7662, 2.1)."""

import base64
from typing import Any

import httpx
import pytest

from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.world import PASSWORD, World

KEEPER = ("keeper", PASSWORD)
PATH = "/api/token/introspect"


@pytest.fixture
async def house() -> World:
    world = World()
    await world.add("keeper", level=AccessLevel.ADMIN)
    await world.add("vera")
    return world


async def made(world: World, *scopes: str) -> str:
    """A client token, the secret of a resource server."""
    form = {"name": "Shelf", "scopes": list(scopes), "expires_in": "never"}
    answer = await world.program().post("/api/client-tokens", auth=KEEPER, json=form)
    return str(answer.json()["raw_token"])


async def access_token(world: World) -> str:
    form = {"username": "vera", "password": PASSWORD, "scope": "me.read"}
    return str((await world.program().post("/api/token", data=form)).json()["access_token"])


def basic(name: str, secret: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


async def asked(world: World, secret: str, way: str) -> httpx.Response:
    form: dict[str, Any] = {"token": await access_token(world)}
    headers = {
        "client_secret_basic": basic("any name", secret),
        "Bearer": {"authorization": f"Bearer {secret}"},
    }.get(way, {})
    if way == "client_secret_post":
        form |= {"client_id": "shelf", "client_secret": secret}
    return await world.program().post(PATH, data=form, headers=headers)


@pytest.mark.parametrize("way", ["client_secret_basic", "client_secret_post", "Bearer"])
async def test_a_client_token_is_the_secret_of_a_resource_server(house: World, way: str) -> None:
    said = (await asked(house, await made(house, "me.read", "users.read"), way)).json()
    assert (said["active"], said["username"]) == (True, "vera")
    narrow = await asked(house, await made(house, "me.read"), way)
    assert narrow.json() == {"active": False}
    assert (await asked(house, await made(house, "roms.read"), way)).json()["code"] == Code.FORBIDDEN


@pytest.mark.parametrize("way", ["client_secret_basic", "client_secret_post", "Bearer"])
async def test_the_ways_are_in_the_metadata_and_a_wrong_secret_is_none(house: World, way: str) -> None:
    metadata = (await house.program().get("/.well-known/oauth-authorization-server")).json()
    assert way in metadata["introspection_endpoint_auth_methods_supported"]
    answer = await asked(house, f"rmm_{'0' * 64}", way)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic" if way == "client_secret_basic" else "Bearer")
    assert house.throttles.counted == {}


async def test_an_access_token_is_no_secret_of_a_client(house: World) -> None:
    answer = await asked(house, await access_token(house), "client_secret_post")
    assert (answer.status_code, answer.json()["code"]) == (401, Code.NOT_SIGNED_IN)


async def test_some_libraries_encode_the_secret(house: World) -> None:
    """As a form would: RFC 6749, 2.3.1."""
    secret = await made(house, "me.read")
    answer = await asked(house, secret.replace("_", "%5F"), "client_secret_basic")
    assert answer.json() == {"active": False}


async def test_a_name_with_a_password_works_as_before(house: World) -> None:
    answer = await house.program().post(PATH, data={"token": await access_token(house)}, auth=KEEPER)
    assert answer.json()["active"] is True


@pytest.mark.parametrize("path", ["/api/users/me", "/api/client-tokens"])
async def test_nowhere_else_a_token_is_a_password(house: World, path: str) -> None:
    secret = await made(house, "me.read")
    answer = await house.program().get(path, headers=basic("any name", secret))
    assert (answer.status_code, answer.json()["code"]) == (401, Code.CREDENTIALS_WRONG)


async def test_nowhere_else_a_form_has_a_secret(house: World) -> None:
    secret = await made(house, "me.read", "me.write")
    form = {"client_secret": secret, "name": "x", "scopes": "me.read"}
    answer = await house.program().post("/api/client-tokens", data=form)
    assert (answer.status_code, answer.json()["code"]) == (401, Code.NOT_SIGNED_IN)


async def test_a_website_asks_nothing_by_a_remembered_password(house: World) -> None:
    headers = basic("any name", await made(house, "me.read")) | {"sec-fetch-site": "cross-site"}
    answer = await house.program().post(PATH, data={"token": "x"}, headers=headers)
    assert answer.json()["code"] == Code.CROSS_SITE
