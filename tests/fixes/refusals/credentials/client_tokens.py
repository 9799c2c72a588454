"""Client tokens, their pairing, and scopes that are missing."""

from collections.abc import Sequence
from typing import Any

from romm.domain.errors import Code
from romm.domain.limits import EXCHANGES
from tests.fixes.refusals.scene import Executor, Row, Scene, Stage, house
from tests.fixes.refusals.ways import (
    UNSENT,
    at_page,
    both,
    by,
    command,
    configure,
    header,
    send,
)
from tests.world import PASSWORD

TOKEN = {"name": "Handheld", "scopes": ["me.read"], "expires_in": "never"}
VERA = ("vera", PASSWORD)


def client_token(**fields: Any) -> Stage:
    """vera creates one."""

    async def stage() -> Scene:
        return Scene(world=await house(), path="/api/client-tokens", body=TOKEN | fields, auth=VERA)

    return stage


async def made(scene: Scene, auth: tuple[str, str] = VERA, **fields: Any) -> dict[str, Any]:
    answer = await Scene(world=scene.world).ask("POST", "/api/client-tokens", TOKEN | fields, auth=auth)
    found: dict[str, Any] = answer.json()
    return found


def by_token(*scopes: str, **fields: Any) -> Executor:
    async def carry_out(scene: Scene) -> None:
        token = await made(scene, scopes=scopes, **fields)
        scene.auth, scene.headers = None, {"authorization": f"Bearer {token['raw_token']}"}

    return carry_out


async def by_session(scene: Scene) -> None:
    scene.auth, scene.headers = None, {"sec-fetch-site": "same-origin"}
    await scene.sign_in("vera")


def asks_as(username: str, method: str, path: str) -> Stage:
    async def stage() -> Scene:
        return Scene(world=await house(), method=method, path=path, auth=(username, PASSWORD))

    return stage


def asks_by_token(method: str, path: str, *scopes: str) -> Stage:
    async def stage() -> Scene:
        scene = Scene(world=await house(), method=method, path=path)
        await by_token(*scopes)(scene)
        return scene

    return stage


def renews(*scopes: str, renewed: Sequence[str] = ("me.read",), **fields: Any) -> Stage:
    """A token renews another one of vera's, which has the scopes `renewed` and no end."""

    async def stage() -> Scene:
        scene = Scene(world=await house(), method="PUT")
        scene.path = f"/api/client-tokens/{(await made(scene, scopes=list(renewed)))['id']}/regenerate"
        await by_token(*scopes, "access.grant", **fields)(scene)
        return scene

    return stage


async def one_too_many() -> Scene:
    scene = await client_token()()
    for _ in range(25):
        scene.kept["token"] = (await made(scene))["id"]
    return scene


async def one_revoked(scene: Scene) -> None:
    await at_page(f"/account/tokens/{scene.kept['token']}/end", as_="vera")(scene)


async def new_pairing_code(scene: Scene) -> None:
    token = await made(scene)
    offered = await scene.ask("POST", f"/api/client-tokens/{token['id']}/pair", {}, auth=VERA)
    scene.body = {"code": offered.json()["code"]}


async def a_used_pairing_code() -> Scene:
    scene = Scene(world=await house(), path="/api/client-tokens/exchange")
    await new_pairing_code(scene)
    await scene.attempt()
    return scene


async def exchanges_too_often(scene: Scene) -> None:
    for _ in range(EXCHANGES.each.tries):
        await scene.attempt()


async def many_people_behind_one_proxy() -> Scene:
    """Others of them have typed wrong codes; the next one has the right one."""
    scene = Scene(world=await house(), path="/api/client-tokens/exchange", body={"code": "WRONGCDE"}, peer="192.0.2.80")
    scene.headers = {"x-forwarded-for": "203.0.113.7"}
    await exchanges_too_often(scene)
    await new_pairing_code(scene)
    scene.headers = {"x-forwarded-for": "203.0.113.8"}
    return scene


async def waited(scene: Scene) -> None:
    scene.world.clock.advance(EXCHANGES.each.window + EXCHANGES.each.slot)
    await new_pairing_code(scene)


ROWS = (
    Row(Code.NAME_INVALID, client_token(name=" "), {"Give it a name of 1 to 255 characters": send(name="Deck")}),
    Row(Code.SCOPES_INVALID, client_token(scopes=["me.everything"]), {"Choose at least one scope": send(scopes=["me.read"])}),
    Row(Code.SCOPES_EXCEEDED, client_token(scopes=["users.write"]), {
        "Leave out what you may not do yourself": send(scopes=["me.read"]),
    }),
    Row(Code.SCOPES_EXCEEDED, renews("me.write"), {
        "Create and renew a token with a credential that has all its scopes": by_token("me.read", "me.write", "access.grant"),
        "a session, a password": by_session, "or another token": by_token("me.read", "me.write", "access.grant"),
    }),
    Row(Code.LIFETIME_EXCEEDED, renews("me.read", "me.write", expires_in="30d"), {
        "Sign in with a browser": by_session, "use your password": both(header(authorization=UNSENT), by("vera")),
        "A session or a password may do both": by_session,
    }),
    Row(Code.TOKENS_FULL, one_too_many, {
        "Revoke one that you no longer use": one_revoked, "Its owner revokes one on /account/tokens": one_revoked,
    }),
    Row(Code.PAIRING_CODE_INVALID, a_used_pairing_code, {
        "Create a new one and enter it within five minutes": new_pairing_code,
        "Create a new one on /account/tokens": new_pairing_code,
    }),
    Row(Code.TOO_MANY_REQUESTS, many_people_behind_one_proxy, {
        "Wait a while, then try again": waited, "name it in ROMM_TRUSTED_PROXIES": configure(ROMM_TRUSTED_PROXIES="192.0.2.0/24"),
    }),
    Row(Code.FORBIDDEN, asks_as("vera", "GET", "/api/users"), {
        "Raise the account's access level on /admin/users": at_page("/admin/users/{vera}", username="vera", email="", role="admin"),
        "`romm users set-role`": command("romm users set-role vera admin"),
    }),
    Row(Code.FORBIDDEN, asks_by_token("GET", "/api/users/me", "roms.read"), {"give the token this scope": by_token("me.read")}),
)  # fmt: skip
