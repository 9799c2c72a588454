"""Other hosts behind one proxy, and logout tokens, which come from no browser."""

from typing import Any

from romm.domain.errors import Code
from tests.fixes.refusals.scene import Row, Scene, Stage, house
from tests.fixes.refusals.sign_in.responses import TRUSTED
from tests.fixes.refusals.ways import (
    configure,
    instead,
)
from tests.world import HTML, PASSWORD

PROXY = "192.0.2.80"
FILES = "https://files.test"


def logout_token(**changes: Any) -> Stage:
    async def stage() -> Scene:
        scene = Scene(world=await house(), path="/api/oauth/openid/backchannel-logout", form=True)
        scene.body = {"logout_token": scene.world.idp.logout_token(**changes)}
        return scene

    return stage


async def sends_as_it_should(scene: Scene) -> None:
    scene.body = {"logout_token": scene.world.idp.logout_token()}


async def without_a_type() -> Scene:
    scene = await logout_token()()
    scene.world.idp.alter_header = lambda header: header.update(typ="JWT")
    await sends_as_it_should(scene)
    return scene


def behind(host: str, **environ: str) -> Stage:
    """The proxy of another host asks."""

    async def stage() -> Scene:
        scene = Scene(world=await house(**environ), method="GET", path="/api/auth/forward", peer=PROXY)
        scene.headers = HTML | {"x-forwarded-uri": "/a", "x-forwarded-host": host, "x-forwarded-method": "GET"}
        return scene

    return stage


async def signs_in_there(scene: Scene) -> None:
    await scene.sign_in("vera")


async def by_basic(scene: Scene) -> None:
    scene.auth = ("vera", PASSWORD)


async def a_code_twice() -> Scene:
    scene = Scene(world=await house(**TRUSTED, ROMM_FORWARD_HOSTS="files.test"), peer=PROXY, action=loads_twice)
    await scene.sign_in("vera")
    return scene


async def hand_over(scene: Scene) -> str:
    """Gives where the browser is sent with its code."""
    about = HTML | {"x-forwarded-uri": "/a", "x-forwarded-host": "files.test", "x-forwarded-method": "GET"}
    asked = await Scene(world=scene.world, peer=PROXY).ask("GET", "/api/auth/forward", headers=about)
    begun = await scene.get(asked.headers["location"])
    return str((await scene.get(begun.headers["location"])).headers["location"])


async def loads_twice(scene: Scene) -> Any:
    location = await hand_over(scene)
    await scene.get(location)
    return await scene.get(location)


async def opens_once(scene: Scene) -> Any:
    return await scene.get(await hand_over(scene))


async def a_proxy_without_cookies(scene: Scene) -> Any:
    """Its browser's key does not arrive."""
    location = await hand_over(scene)
    return await Scene(world=scene.world, peer=PROXY).get(location)


async def loses_cookies() -> Scene:
    scene = await a_code_twice()
    scene.action = a_proxy_without_cookies
    return scene


ROWS = (
    Row(Code.LOGOUT_TOKEN_INVALID, logout_token(iss="https://other.test"), {
        "compare its issuer, client id and clock": sends_as_it_should,
        "let it sign logout tokens as it signs ID tokens": sends_as_it_should,
        "If it did not, ignore it": sends_as_it_should,
    }),
    Row(Code.LOGOUT_TOKEN_INVALID, without_a_type, {
        "If only the typ is JWT or absent, set OIDC_UNTYPED_LOGOUT_TOKENS=true": configure(OIDC_UNTYPED_LOGOUT_TOKENS="true"),
    }),
    Row(Code.FORWARDED_ELSEWHERE, behind("files.test", **TRUSTED), {
        "Add {host} to ROMM_FORWARD_HOSTS": configure(ROMM_FORWARD_HOSTS="files.test"),
        "set ROMM_BASE_URL to the address that people use": configure(ROMM_BASE_URL=FILES, OIDC_REDIRECT_URI=""),
        "Programs may send a bearer token or Basic": by_basic,
    }),
    Row(Code.PROXY_UNTRUSTED, behind("romm.test"), {
        "Please sign in": signs_in_there, "add it to ROMM_TRUSTED_PROXIES": configure(**TRUSTED),
    }),
    Row(Code.HAND_OVER_FAILED, a_code_twice, {
        "Open the page that you wanted once more": instead(opens_once), "works when it is opened again": instead(opens_once),
    }),
    Row(Code.HAND_OVER_FAILED, loses_cookies, {
        "see that the proxy passes /romm-forward/ with its `Host` and cookies on to RomM": instead(opens_once),
        "that the browser accepts cookies there": instead(opens_once),
    }),
)  # fmt: skip
