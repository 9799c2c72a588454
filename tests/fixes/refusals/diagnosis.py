"""Requests that no route takes, that another site sent, or that came at a bad moment."""

from typing import Any

from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel
from tests.fakes import FakePasswords
from tests.fixes.refusals.scene import Row, Scene, Stage, house
from tests.fixes.refusals.ways import UNSENT, both, change, configure, header, instead, send
from tests.world import HTML, ORIGIN, PASSWORD, World


def asks(method: str, path: str, **changes: Any) -> Stage:
    async def stage() -> Scene:
        return Scene(world=await house(), method=method, path=path, **changes)

    return stage


def signing_in(url: str = ORIGIN, **headers: str) -> Stage:
    """The form of RomM's own page, as its browser sends it."""

    async def stage() -> Scene:
        scene = Scene(world=await house(), path="/api/login", form=True, origin=url)
        scene.body = {"username": "vera", "password": PASSWORD}
        scene.headers = HTML | {name.replace("_", "-"): value for name, value in headers.items()}
        return scene

    return stage


async def a_program_with_a_cookie() -> Scene:
    scene = Scene(world=await house(), method="PUT", path="/api/users/2", body={"username": "violet"})
    await scene.sign_in("vera")
    scene.headers = {"origin": "https://app.example.org"}
    return scene


async def with_basic(scene: Scene) -> None:
    scene.cookies.clear()
    scene.headers.clear()
    scene.auth = ("vera", PASSWORD)


async def reads_the_description(scene: Scene) -> None:
    """Which names the route, and what it takes."""
    described = (await scene.ask("GET", "/api/openapi.json")).json()["paths"]
    assert (await scene.get("/api/docs")).status_code == 200
    assert "/api/users/me" in described
    content = described["/api/login"]["post"]["requestBody"]["content"]
    assert {"username", "password"} <= set(content["application/json"]["schema"]["properties"])


async def opens_the_start_page(scene: Scene) -> Any:
    return await scene.get("/login")


async def sends_back_channel(scene: Scene) -> Any:
    token = {"logout_token": scene.world.idp.logout_token()}
    return await scene.ask("POST", "/api/oauth/openid/backchannel-logout", token, form=True)


class Busy(FakePasswords):
    """As many passwords wait as may."""

    free = 0

    async def verify(self, *arguments: Any, **named: Any) -> Any:
        if not self.free:
            raise Refused(Code.BUSY, problem="64 passwords wait to be checked")
        return await super().verify(*arguments, **named)


async def everyone_signs_in() -> Scene:
    world = World(passwords=Busy())
    await world.add("vera", level=AccessLevel.VIEWER)
    return Scene(world=world, path="/api/login", body={"username": "vera", "password": PASSWORD})


async def seconds_later(scene: Scene) -> None:
    assert isinstance(scene.world.passwords, Busy)
    scene.world.passwords.free = 1


async def more_workers(scene: Scene) -> None:
    await configure(WEB_SERVER_CONCURRENCY="4")(scene)
    await seconds_later(scene)


async def signs_in(scene: Scene) -> None:
    await scene.sign_in("vera")


LOCAL = {"ROMM_BASE_URL": "http://nas.lan:8080", "OIDC_REDIRECT_URI": ""}
FROM_LOCAL = signing_in("http://nas.lan:8080", origin="http://nas.lan:8080", host="romm:8080")
NULL = signing_in(origin="null")
OWN = {"origin": ORIGIN}

ROWS = (
    Row(Code.CLAIMS_UNREADABLE, asks("POST", "/api/oidc/explain", auth=("keeper", PASSWORD), body=["sub", "alice"]), {
        "Paste one JSON object": change(body={"sub": "alice"}),
        "the claims, or an object with id_token and userinfo": change(
            body={"id_token": {"sub": "alice"}, "userinfo": {"sub": "alice"}}
        ),
        "Give one JSON object": change(body={"sub": "alice"}),
    }),
    Row(Code.NOT_SIGNED_IN, asks("GET", "/api/users/me"), {"Please sign in": signs_in}),
    Row(Code.CROSS_SITE, signing_in(sec_fetch_site="cross-site", origin="https://evil.test"), {
        "Open RomM's own page and try again": header(sec_fetch_site="same-origin", origin=ORIGIN),
    }),
    Row(Code.CROSS_SITE, a_program_with_a_cookie, {"Programs send a bearer token or Basic instead of a cookie": with_basic}),
    Row(Code.CROSS_SITE, FROM_LOCAL, {"Behind a proxy set ROMM_BASE_URL to the address that people use": configure(**LOCAL)}),
    Row(Code.CROSS_SITE, NULL, {
        "the proxy sets Referrer-Policy: no-referrer: remove that": header(origin=ORIGIN),
        "use https": header(sec_fetch_site="same-origin"),
    }),
    Row(Code.REQUEST_INVALID, asks("POST", "/api/login", body={"user": "vera"}), {
        "/api/docs shows what each route takes": both(reads_the_description, send(user=UNSENT, username="vera", password=PASSWORD)),
    }),
    Row(Code.NOT_FOUND, asks("GET", "/romm/api/users/me", auth=("vera", PASSWORD)), {
        "/api/docs lists the routes": both(reads_the_description, change(path="/api/users/me")),
        "a proxy has to pass on the path unchanged": change(path="/api/users/me"),
    }),
    Row(Code.METHOD_NOT_ALLOWED, asks("GET", "/api/logout", headers=dict(HTML)), {
        "Open RomM's start page and use its buttons": instead(opens_the_start_page),
        "Link to pages such as / or /login": change(path="/login"),
        "choose back-channel there, not front-channel": instead(sends_back_channel),
    }),
    Row(Code.BUSY, everyone_signs_in, {"Try again in a few seconds": seconds_later, "see WEB_SERVER_CONCURRENCY": more_workers}),
)  # fmt: skip
