"""Apps that send a browser, or would rather have a password."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from romm.domain.credentials.native_apps import CODE_LIFETIME, App
from romm.domain.digests import code_challenge
from romm.domain.errors import Code
from tests.fixes.refusals.credentials.client_tokens import made
from tests.fixes.refusals.credentials.tokens import token_request
from tests.fixes.refusals.scene import Executor, Row, Scene, Stage, hidden_fields, house
from tests.fixes.refusals.ways import (
    change,
    configure,
    instead,
    later,
    send,
)
from tests.world import HTML

SHELF = App(name="Shelf", redirect_uris=("org.example.shelf:/callback",))
CALLBACK = SHELF.redirect_uris[0]
VERIFIER = "v" * 43


async def without_passwords() -> Scene:
    scene = await token_request()()
    await configure(ROMM_PASSWORD_GRANT="false")(scene)
    return scene


async def app_with_a_code(scene: Scene) -> Any:
    await known(SHELF)(scene)
    await scene.sign_in("vera")
    await asks_anew(scene)
    return await scene.ask("POST", "/api/token", scene.body, form=True)


async def with_a_client_token(scene: Scene) -> Any:
    token = await made(scene)
    return await scene.ask("GET", "/api/users/me", headers={"authorization": f"Bearer {token['raw_token']}"})


def asking(apps: tuple[App, ...] = (SHELF,), **changes: str) -> Stage:
    """An app sends vera's browser."""

    async def stage() -> Scene:
        scene = Scene(world=await house(*apps), method="GET", path=address(**changes), headers=dict(HTML))
        await scene.sign_in("vera")
        return scene

    return stage


def address(**changes: str) -> str:
    query = {
        "response_type": "code", "client_id": "Shelf", "redirect_uri": CALLBACK, "scope": "me.read", "state": "s",
        "code_challenge": code_challenge(VERIFIER), "code_challenge_method": "S256",
    }  # fmt: skip
    return f"/api/authorize?{urlencode(query | changes)}"


def known(*apps: App) -> Executor:
    """In the file of ROMM_SETTINGS_FILE."""

    async def carry_out(scene: Scene) -> None:
        scene.world.apps = apps
        await configure()(scene)

    return carry_out


def redeeming(spoil: Executor) -> Stage:
    async def stage() -> Scene:
        scene = Scene(world=await house(SHELF), path="/api/token", form=True)
        await scene.sign_in("vera")
        await asks_anew(scene)
        await spoil(scene)
        return scene

    return stage


async def asks_anew(scene: Scene) -> None:
    fields = hidden_fields(await scene.get(address()))
    location = (await scene.submit("/api/authorize", **fields, decision="allow")).headers["location"]
    [code] = parse_qs(urlsplit(location).query)["code"]
    scene.body = {"grant_type": "authorization_code", "code": code, "client_id": "Shelf", "redirect_uri": CALLBACK}
    scene.body["code_verifier"] = VERIFIER


async def redeemed(scene: Scene) -> None:
    await scene.attempt()


ROWS = (
    Row(Code.PASSWORD_GRANT_OFF, without_passwords, {
        "Connect the app with a code, through the browser": instead(app_with_a_code),
        "change that and restart": configure(ROMM_PASSWORD_GRANT="true"),
        "or with a client token": instead(with_a_client_token),
        "create a client token for it on /account/tokens": instead(with_a_client_token),
    }),
    Row(Code.APP_UNKNOWN, asking(client_id="Shelves"), {
        "Add it as /docs/native-apps shows": known(App(name="Shelves", redirect_uris=SHELF.redirect_uris)),
        "correct the client id in the app": change(path=address()),
    }),
    Row(Code.APP_ADDRESS_UNKNOWN, asking(redirect_uri="org.example.other:/"), {
        "Add it if it really is the app's": known(App(name="Shelf", redirect_uris=("org.example.other:/",))),
    }),
    Row(Code.APP_CODE_INVALID, redeeming(later(CODE_LIFETIME)), {"Try again in the app": asks_anew}),
    Row(Code.APP_CODE_INVALID, redeeming(send(code_verifier="w" * 43)), {"update it or tell its author": asks_anew}),
    Row(Code.APP_CODE_REUSED, redeeming(redeemed), {"Try again in the app": asks_anew}),
)  # fmt: skip
