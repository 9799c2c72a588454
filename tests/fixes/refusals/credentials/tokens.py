"""What the token endpoint refuses."""

from base64 import b64encode
from datetime import timedelta
from typing import Any

from romm.domain.errors import Code
from tests.fixes.refusals.scene import Row, Scene, Stage, house
from tests.fixes.refusals.ways import (
    UNSENT,
    both,
    command,
    configure,
    header,
    send,
)
from tests.world import PASSWORD


def token_request(**fields: Any) -> Stage:
    """An app that has vera's name and password."""

    async def stage() -> Scene:
        body = {"grant_type": "password", "username": "vera", "password": PASSWORD, "scope": "me.read"} | fields
        return Scene(world=await house(), path="/api/token", form=True, body=_sent(body))

    return stage


def _sent(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not UNSENT}


async def basic_without_form() -> Scene:
    scene = await token_request(username=UNSENT, password=UNSENT)()
    scene.headers = {"authorization": "Basic " + b64encode(f"vera:{PASSWORD}".encode()).decode()}
    return scene


async def in_the_form(scene: Scene) -> None:
    await both(header(authorization=UNSENT), send(username="vera", password=PASSWORD))(scene)


async def a_pair(scene: Scene) -> dict[str, Any]:
    """The app signs in again."""
    form = {"username": "vera", "password": PASSWORD, "scope": "me.read"}
    answer: dict[str, Any] = (await scene.ask("POST", "/api/token", form, form=True)).json()
    scene.body = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}
    return answer


async def app_signs_in_again(scene: Scene) -> None:
    await a_pair(scene)


async def an_old_refresh_token() -> Scene:
    scene = Scene(world=await house(), path="/api/token", form=True)
    await a_pair(scene)
    scene.world.clock.advance(timedelta(days=8))
    return scene


async def longer(scene: Scene) -> None:
    await configure(OAUTH_REFRESH_TOKEN_EXPIRE_SECONDS="1209600")(scene)
    await a_pair(scene)
    scene.world.clock.advance(timedelta(days=8))


async def a_refresh_token_twice() -> Scene:
    scene = Scene(world=await house(), path="/api/token", form=True)
    await a_pair(scene)
    await scene.attempt()
    scene.world.clock.advance(timedelta(hours=1))
    return scene


async def a_token_in_the_address() -> Scene:
    scene = Scene(world=await house(), method="GET")
    scene.kept["token"] = (await a_pair(scene))["access_token"]
    scene.body, scene.path = {}, f"/api/users/me?access_token={scene.kept['token']}"
    return scene


async def in_the_header(scene: Scene) -> None:
    scene.path, scene.headers = "/api/users/me", {"authorization": f"Bearer {scene.kept['token']}"}


async def revoked(scene: Scene) -> None:
    await scene.ask("POST", "/api/token/revoke", {"token": scene.kept["token"]}, form=True)
    await in_the_header(scene)


LESS = send(scope="me.read")


ROWS = (
    Row(Code.TOKEN_REQUEST_INVALID, token_request(password=UNSENT), {
        "Send a form with every parameter of its grant type exactly once": send(password=PASSWORD),
        "Update the app": send(password=PASSWORD),
    }),
    Row(Code.GRANT_TYPE_UNSUPPORTED, token_request(grant_type="client_credentials"), {
        "Let the app use one of these": send(grant_type="password"), "update it": send(grant_type="password"),
    }),
    Row(Code.CLIENT_UNKNOWN, token_request(client_secret="x"), {
        "leave the secret out": send(client_secret=UNSENT), "Remove the secret from the app's settings": send(client_secret=UNSENT),
    }),
    Row(Code.CLIENT_UNKNOWN, basic_without_form, {"Send a person's name and password in the form": in_the_form}),
    Row(Code.SCOPE_UNKNOWN, token_request(scope="me.read openid"), {"let the app ask for these alone": LESS}),
    Row(Code.SCOPE_EXCEEDED, token_request(scope="users.read"), {
        "Raise the access level of the account": command("romm users set-role vera admin"), "let the app ask for less": LESS,
    }),
    Row(Code.REFRESH_TOKEN_INVALID, an_old_refresh_token, {
        "Sign in again in the app": app_signs_in_again, "OAUTH_REFRESH_TOKEN_EXPIRE_SECONDS": longer,
    }),
    Row(Code.REFRESH_TOKEN_REUSED, a_refresh_token_twice, {"Sign in again in the app": app_signs_in_again}),
    Row(Code.TOKEN_MISPLACED, a_token_in_the_address, {
        "Send the token in the Authorization header only": in_the_header, "Treat it as stolen and revoke it": revoked,
    }, {"Treat it as stolen and revoke it": Code.NOT_SIGNED_IN}),
)  # fmt: skip
