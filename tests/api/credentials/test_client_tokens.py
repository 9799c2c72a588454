"""Client tokens and pairing codes over HTTP, as companion apps send and read them."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import pytest

from romm.domain import scopes
from romm.domain.catalogue import CATALOGUE
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.world import PASSWORD, World

WANTED = {"name": "Handheld", "scopes": ["me.read", "roms.read"], "expires_in": "30d"}
SHOWN = {"id", "name", "scopes", "expires_at", "last_used_at", "created_at", "user_id", "device_id"}


def person(world: World, username: str = "keeper") -> httpx.AsyncClient:
    program = world.program()
    program.auth = httpx.BasicAuth(username, PASSWORD)
    return program


def app(world: World, secret: str) -> httpx.AsyncClient:
    program = world.program()
    program.headers["authorization"] = f"Bearer {secret}"
    return program


def at(world: World, address: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(world.app, client=(address, 50_000)), base_url="https://romm.test"
    )


async def made(world: World, username: str = "keeper", *given: str) -> dict[str, Any]:
    response = await person(world, username).post("/api/client-tokens", json=WANTED | {"scopes": given or ["me.read"]})
    assert response.status_code == 201
    token: dict[str, Any] = response.json()
    return token


async def code_for(world: World, token: dict, username: str = "keeper") -> str:
    response = await person(world, username).post(f"/api/client-tokens/{token['id']}/pair")
    assert response.status_code == 200
    assert response.json().keys() == {"code", "expires_in"}
    return str(response.json()["code"])


def _body(kind: str, code: str) -> dict[str, Any]:
    return {kind: {"code": code}}


def said(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


@pytest.mark.parametrize("form", [{"json": WANTED}, {"data": WANTED}], ids=["json", "form"])
async def test_a_token_is_made_and_shown_this_once(world: World, form: dict) -> None:
    response = await person(world).post("/api/client-tokens", **form)
    now = world.clock()
    token = response.json()
    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    secret = token.pop("raw_token")
    assert token == {
        "id": token["id"],
        "name": "Handheld",
        "scopes": ["me.read", "roms.read"],
        "expires_at": (now + timedelta(days=30)).isoformat().replace("+00:00", "Z"),
        "last_used_at": None,
        "created_at": now.isoformat().replace("+00:00", "Z"),
        "user_id": 1,
        "device_id": None,
    }
    assert (await app(world, secret).get("/api/users/me")).json()["username"] == "keeper"
    assert (await person(world).get("/api/client-tokens")).json() == [token]
    assert secret not in str(world.log.lines)


@pytest.mark.parametrize("expires_in", [{}, {"expires_in": None}, {"expires_in": "never"}])
async def test_a_token_has_an_end_only_if_somebody_says_so(world: World, expires_in: dict) -> None:
    wanted = {"name": "Script", "scopes": ["me.read"]} | expires_in
    response = await person(world).post("/api/client-tokens/", json=wanted)
    assert response.json()["expires_at"] is None


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"scopes": []}, (400, Code.SCOPES_INVALID)),
        ({"scopes": ["me.everything"]}, (400, Code.SCOPES_INVALID)),
        ({"scopes": ["me.read", "users.read"]}, (403, Code.SCOPES_EXCEEDED)),
        ({"scopes": "me.read"}, (400, Code.REQUEST_INVALID)),
        ({"name": " "}, (400, Code.NAME_INVALID)),
        ({"name": None}, (400, Code.REQUEST_INVALID)),
        ({"expires_in": "31d"}, (400, Code.REQUEST_INVALID)),
    ],
)
async def test_what_cannot_be_made_is_refused_with_its_reason(world: World, change: dict, refusal: tuple) -> None:
    await world.add("vera")
    response = await person(world, "vera").post("/api/client-tokens", json=WANTED | change)
    assert said(response) == refusal
    assert (await person(world, "vera").get("/api/client-tokens")).json() == []


async def test_a_form_without_scopes_is_told_so(world: World) -> None:
    response = await person(world).post("/api/client-tokens", data={"name": "Handheld"})
    assert said(response) == (400, Code.SCOPES_INVALID)


async def test_the_twenty_sixth_is_refused(world: World) -> None:
    responses = [await person(world).post("/api/client-tokens", json=WANTED) for _ in range(26)]
    assert [response.status_code for response in responses] == [201] * 25 + [409]
    assert said(responses[-1]) == (409, Code.TOKENS_FULL)


async def test_everything_of_ones_own_needs_the_right_scope(world: World) -> None:
    token = await made(world, "keeper", *scopes.ALL)
    reader, writer = [app(world, (await made(world, "keeper", each))["raw_token"]) for each in ("me.read", "me.write")]
    number = token["id"]
    assert (await reader.get("/api/client-tokens")).status_code == 200
    assert said(await writer.get("/api/client-tokens")) == (403, Code.FORBIDDEN)
    for method, path in (
        ("POST", ""),
        ("DELETE", f"/{number}"),
        ("PUT", f"/{number}/regenerate"),
        ("POST", f"/{number}/pair"),
    ):
        assert said(await reader.request(method, f"/api/client-tokens{path}", json=WANTED)) == (403, Code.FORBIDDEN)
    for method, path in (("GET", "all"), ("DELETE", f"{number}/admin")):
        assert said(await writer.request(method, f"/api/client-tokens/{path}")) == (403, Code.FORBIDDEN)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("POST", ""), ("GET", "/all"), ("DELETE", "/1"), ("DELETE", "/1/admin")]
)
async def test_nobody_is_told_to_sign_in(world: World, method: str, path: str) -> None:
    assert said(await world.program().request(method, f"/api/client-tokens{path}")) == (401, Code.NOT_SIGNED_IN)


async def test_a_token_makes_weaker_ones_and_renews_itself_but_makes_no_stronger_one(world: World) -> None:
    """R-71."""
    mine = await made(world, "keeper", "me.read", "me.write", "access.grant")
    other = await made(world, "keeper", "roms.read")
    bearer = app(world, mine["raw_token"])
    weaker = await bearer.post("/api/client-tokens", json=WANTED | {"scopes": ["me.read"]})
    assert weaker.status_code == 201
    assert said(await bearer.post("/api/client-tokens", json=WANTED)) == (403, Code.SCOPES_EXCEEDED)
    for method, path in (("PUT", "regenerate"), ("POST", "pair")):
        response = await bearer.request(method, f"/api/client-tokens/{other['id']}/{path}")
        assert said(response) == (403, Code.SCOPES_EXCEEDED)
    renewed = await bearer.put(f"/api/client-tokens/{mine['id']}/regenerate")
    assert renewed.status_code == 200
    assert renewed.json().keys() == SHOWN | {"raw_token"}
    assert (await bearer.get("/api/users/me")).status_code == 401, "it is dead from the next request on"
    assert (await app(world, renewed.json()["raw_token"]).get("/api/users/me")).status_code == 200


async def test_an_ended_token_is_refused_at_the_next_call(world: World) -> None:
    """R-80."""
    token = await made(world)
    response = await person(world).delete(f"/api/client-tokens/{token['id']}")
    assert (response.status_code, response.content) == (204, b"")
    refused = await app(world, token["raw_token"]).get("/api/users/me")
    assert said(refused) == (401, Code.NOT_SIGNED_IN)
    assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    again = await person(world).delete(f"/api/client-tokens/{token['id']}")
    assert said(again) == (404, Code.CREDENTIAL_UNKNOWN)


async def test_somebody_elses_token_is_not_there_for_administrators_neither(world: World) -> None:
    await world.add("vera")
    token = await made(world, "vera")
    for method, path in (("DELETE", ""), ("PUT", "/regenerate"), ("POST", "/pair")):
        response = await person(world).request(method, f"/api/client-tokens/{token['id']}{path}")
        assert said(response) == (404, Code.CREDENTIAL_UNKNOWN)
    assert (await app(world, token["raw_token"]).get("/api/users/me")).status_code == 200


async def test_an_administrator_sees_and_ends_anybodys(world: World) -> None:
    await world.add("vera")
    token = await made(world, "vera")
    [listed] = (await person(world).get("/api/client-tokens/all")).json()
    assert (listed.pop("user_avatar_path"), bool(listed.pop("user_updated_at"))) == ("", True)
    assert listed == {name: token[name] for name in SHOWN} | {"username": "vera"}
    assert said(await person(world, "vera").get("/api/client-tokens/all")) == (403, Code.FORBIDDEN)
    assert (await person(world).delete(f"/api/client-tokens/{token['id']}/admin")).status_code == 204
    assert (await app(world, token["raw_token"]).get("/api/users/me")).status_code == 401


async def test_half_an_administrator_ends_no_administrators_token(world: World) -> None:
    await world.add("ada", level=AccessLevel.ADMIN)
    hers, half = await made(world, "ada"), await made(world, "keeper", "users.read", "users.write")
    path = f"/api/client-tokens/{hers['id']}/admin"
    assert said(await app(world, half["raw_token"]).delete(path)) == (403, Code.ADMIN_REQUIRED)
    assert (await person(world).delete(path)).status_code == 204


async def test_use_is_shown(world: World) -> None:
    token = await made(world)
    world.clock.advance(timedelta(seconds=5))
    await app(world, token["raw_token"]).get("/api/users/me")
    [listed] = (await person(world).get("/api/client-tokens")).json()
    assert listed["last_used_at"] == world.clock().isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("kind", ["json", "data"])
async def test_a_device_trades_a_code_for_its_token(world: World, kind: str) -> None:
    token = await made(world)
    code = await code_for(world, token)
    status = f"/api/client-tokens/pair/{code[:4]}-{code[4:]}/status"
    assert (await world.program().get(status)).json() == {"expires_in": 300}

    response = await world.program().post("/api/client-tokens/exchange", **_body(kind, code.lower()))

    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert response.json().keys() == SHOWN | {"raw_token"}
    assert (await app(world, response.json()["raw_token"]).get("/api/users/me")).json()["username"] == "keeper"
    assert (await app(world, token["raw_token"]).get("/api/users/me")).status_code == 401
    assert said(await world.program().get(status)) == (404, Code.PAIRING_CODE_INVALID)
    again = await world.program().post("/api/client-tokens/exchange", json={"code": code})
    assert said(again) == (404, Code.PAIRING_CODE_INVALID)


async def test_of_many_devices_at_once_one_gets_the_token(world: World) -> None:
    """R-79."""
    code = await code_for(world, await made(world))
    trades = (at(world, f"192.0.2.{n}").post("/api/client-tokens/exchange", json={"code": code}) for n in range(20))
    assert Counter(response.status_code for response in await asyncio.gather(*trades)) == {200: 1, 404: 19}


async def test_a_disabled_owners_code_is_refused(world: World) -> None:
    code = await code_for(world, await made(world))
    world.disable(world.accounts.by_id[1])
    response = await world.program().post("/api/client-tokens/exchange", json={"code": code})
    assert said(response) == (403, Code.ACCOUNT_DISABLED)


@pytest.mark.parametrize("code", ["", "x", "BCDFGHJK", "é" * 8, "BCDF GHJK", "B" * 10_000])
async def test_a_wrong_code_is_not_there(world: World, code: str) -> None:
    response = await world.program().post("/api/client-tokens/exchange", json={"code": code})
    assert said(response) == (404, Code.PAIRING_CODE_INVALID)


async def test_five_tries_a_minute_and_address(world: World) -> None:
    """R-79: then even the right code waits, and another address does not."""
    right = await code_for(world, await made(world))
    path = "/api/client-tokens/exchange"
    here = at(world, "2001:db8::1")
    wrong = [await here.post(path, json={"code": "BCDFGHJK"}) for _ in range(5)]
    assert {said(response) for response in wrong} == {(404, Code.PAIRING_CODE_INVALID)}
    for same_network in (here, at(world, "2001:db8::2")):
        response = await same_network.post(path, json={"code": right})
        assert said(response) == (429, Code.TOO_MANY_REQUESTS)
        assert 0 < int(response.headers["retry-after"]) <= 70
        assert response.json()["detail"] == CATALOGUE[Code.TOO_MANY_REQUESTS].person
    world.clock.advance(timedelta(seconds=int(response.headers["retry-after"])))
    assert (await here.post(path, json={"code": right})).status_code == 200


async def test_no_code_of_an_address_line_is_in_the_log(world: World) -> None:
    code = await code_for(world, await made(world))
    for _ in range(31):
        await world.program().get(f"/api/client-tokens/pair/{code}/status")
    assert world.lines("refused")[-1]["path"] == "/api/client-tokens/pair/…/status"
    assert world.lines("refused")[-1]["code"] is Code.TOO_MANY_REQUESTS
    assert code not in str(world.log.lines)
