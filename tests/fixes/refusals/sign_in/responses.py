"""What comes back from the provider, passwords, and signing out."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from romm.domain.errors import Code, Refused
from romm.domain.model import EmailSource
from tests.fake_provider import error, public_jwk
from tests.fakes import FakeCredentials
from tests.fixes.refusals.scene import Row, Scene, Stage, code_of, house
from tests.fixes.refusals.ways import (
    OTHER,
    at_page,
    change,
    command,
    configure,
    header,
    instead,
    new_password,
)
from tests.world import HTML, PASSWORD

TRUSTED = {"ROMM_TRUSTED_PROXIES": "192.0.2.0/24"}
ALICE = "alice@example.org"


async def comes_back(scene: Scene) -> Any:
    """With the answer that was kept."""
    return await scene.get(scene.kept["callback"])


async def signs_in(scene: Scene) -> Any:
    begun = await presses_the_button(scene)
    return begun if code_of(begun) else await scene.get(await scene.back_from(begun))


async def new_sign_in(scene: Scene) -> None:
    scene.action = signs_in


def answer(spoil: Callable[[Scene], None] | None = None, **kept: str) -> Stage:
    """A browser that comes back, late or changed."""

    async def stage() -> Scene:
        scene = Scene(world=await house(), action=comes_back, kept=dict(kept))
        if "callback" not in kept:
            scene.kept["callback"] = await scene.at_provider()
        if spoil:
            spoil(scene)
        return scene

    return stage


def too_late(scene: Scene) -> None:
    scene.world.clock.advance(timedelta(seconds=601))


def in_another_browser(scene: Scene) -> None:
    """After the first one was signed in."""
    scene.action = comes_back_twice


async def comes_back_twice(scene: Scene) -> Any:
    await comes_back(scene)
    return await comes_back(Scene(world=scene.world, kept=scene.kept))


def to_another_client(scene: Scene) -> None:
    scene.world.idp.client_id = "another"
    scene.world.reconfigure({**scene.world.settings_environ, "OIDC_CLIENT_ID": "another"})


async def off() -> Scene:
    return Scene(world=await house(OIDC_ENABLED="false"), action=presses_the_button)


async def presses_the_button(scene: Scene) -> Any:
    return await scene.get("/api/login/openid")


async def signs_in_with_password(scene: Scene) -> Any:
    return await scene.submit("/api/login", username="vera", password=PASSWORD)


def sign_in_at(spoil: Callable[[Scene], None]) -> Stage:
    """Of alice, at a provider that is not as it should be, or with accounts that are not."""

    async def stage() -> Scene:
        scene = Scene(world=await house(**TRUSTED), action=signs_in)
        await scene.world.add("second")
        spoil(scene)
        return scene

    return stage


def redirect_uri_is_not_the_same(scene: Scene) -> None:
    scene.world.idp.instead["token"] = error("invalid_grant")


async def registered_exactly(scene: Scene) -> None:
    del scene.world.idp.instead["token"]


def key_is_garbled(scene: Scene) -> None:
    def publish(jwks: dict[str, Any]) -> None:
        jwks["keys"][0].update(n="no base64url,,")
        jwks["keys"].append(public_jwk("RS256", 1, "other"))

    scene.world.idp.alter_jwks = publish


async def another_key(scene: Scene) -> None:
    """Which is published as a key should be; RomM fetches the keys anew."""
    scene.world.idp.alter_jwks = lambda jwks: None
    await configure()(scene)


def two_with_one_address(scene: Scene) -> None:
    for username in ("second", "vera"):
        account = scene.account(username)
        changed = replace(account, email=ALICE, email_source=EmailSource.ADMINISTRATOR, version=account.version + 1)
        scene.world.accounts.by_id[account.id] = changed


async def from_a_portal() -> Scene:
    issuer = "https://portal.example.org"
    return Scene(world=await house(), method="GET", path=f"/api/login/initiate?iss={issuer}", headers=dict(HTML))


async def in_a_frame() -> Scene:
    scene = Scene(world=await house(), method="GET", path="/api/login/openid")
    scene.headers = HTML | {"sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}
    return scene


ON_ITS_OWN = header(sec_fetch_mode="navigate", sec_fetch_dest="document")


async def a_question_that_is_over() -> Scene:
    scene = Scene(world=await house(**TRUSTED), path="/login/account/mine", form=True)
    scene.headers, scene.body = HTML | {"sec-fetch-site": "same-origin"}, {"current_password": PASSWORD}
    account = scene.account("vera")
    scene.world.accounts.by_id[account.id] = replace(account, email=ALICE, email_source=EmailSource.OWNER)
    await signs_in(scene)
    scene.world.clock.advance(timedelta(seconds=601))
    return scene


async def a_wrong_password() -> Scene:
    scene = Scene(world=await house(), path="/api/login", body={"username": "vera", "password": "forgotten"})
    scene.headers = {"sec-fetch-site": "same-origin"}
    return scene


async def reset_by_an_administrator(scene: Scene) -> None:
    made = await Scene(world=scene.world).ask("POST", "/api/users/2/reset-link", {}, auth=("keeper", PASSWORD))
    await new_password(scene, made.json()["token"])
    scene.body["password"] = OTHER


async def reset_by_command(scene: Scene) -> None:
    await command("romm users reset-link vera")(scene)
    scene.body["password"] = OTHER


class Failing(FakeCredentials):
    """A database that takes nothing out while its disk is full."""

    is_full = True

    async def take(self, kind: Any, digest: str) -> Any:
        if self.is_full:
            raise Refused(Code.STORAGE_UNAVAILABLE, problem="database or disk is full")
        return await super().take(kind, digest)


async def signs_out_on_a_full_disk() -> Scene:
    scene = Scene(world=await house(), action=signs_out)
    failing = Failing(scene.world.accounts, scene.world.clock)
    scene.world.serve(credentials=failing)
    scene.kept["database"] = failing
    await scene.sign_in("vera")
    return scene


async def signs_out(scene: Scene) -> Any:
    return await scene.submit("/api/logout")


async def ended_at_the_account_page(scene: Scene) -> None:
    scene.kept["database"].is_full = False
    await scene.sign_in("vera")
    assert len((await scene.ask("GET", "/api/sessions")).json()) == 2
    await scene.submit("/account/sessions/end-others")
    assert len((await scene.ask("GET", "/api/sessions")).json()) == 1


ROWS = (
    Row(Code.OIDC_OFF, off, {
        "Correct that and restart": configure(OIDC_ENABLED="true"), "Sign in with a local account": instead(signs_in_with_password),
        "ask the administrator": configure(OIDC_ENABLED="true"),
    }),
    Row(Code.INITIATION_ISSUER, from_a_portal, {
        "Sign in with the button": new_sign_in,
        "let it link to /api/login/initiate with exactly this issuer": change(path="/api/login/initiate?iss=https://idp.test"),
        "Otherwise ignore it": new_sign_in,
    }),
    Row(Code.STATE_UNKNOWN, answer(callback="/api/oauth/openid?code=x&state=bookmarked"), {"Please sign in again": new_sign_in}),
    Row(Code.ATTEMPT_EXPIRED, answer(too_late), {"Please sign in again": new_sign_in}),
    Row(Code.ATTEMPT_USED, answer(in_another_browser), {"Please sign in again": new_sign_in}),
    Row(Code.ATTEMPT_OUTDATED, answer(to_another_client), {"Please sign in again": new_sign_in}),
    Row(Code.NAVIGATION_REQUIRED, in_a_frame, {"Open RomM there and sign in": ON_ITS_OWN, "must link to it instead": ON_ITS_OWN}),
    Row(Code.CODE_REJECTED, sign_in_at(redirect_uri_is_not_the_same), {
        "Please sign in again": registered_exactly, "Register exactly {redirect_uri} there": registered_exactly,
    }),
    Row(Code.ID_TOKEN_KEY_UNREADABLE, sign_in_at(key_is_garbled), {
        "Choose another signing key there": another_key, "update the provider": another_key,
    }),
    Row(Code.EMAIL_AMBIGUOUS, sign_in_at(two_with_one_address), {
        "Ask the administrator to correct that": at_page("/admin/users/{second}", username="second", email=""),
        "Change it in all but one, on /admin/users": at_page("/admin/users/{vera}", username="vera", email="vera@romm.test"),
    }),
    Row(Code.QUESTION_EXPIRED, a_question_that_is_over, {"Please sign in again": new_sign_in}),
    Row(Code.CREDENTIALS_WRONG, a_wrong_password, {
        "create a reset link on /admin/users": reset_by_an_administrator, "`romm users reset-link`": reset_by_command,
    }),
    Row(Code.SESSION_NOT_ENDED, signs_out_on_a_full_disk, {
        "or when you end it on your account's page": ended_at_the_account_page,
        "the session can be ended at /account": ended_at_the_account_page,
    }),
)  # fmt: skip
