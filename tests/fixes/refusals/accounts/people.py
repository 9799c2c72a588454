"""Names, addresses, passwords, links, and setting RomM up."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from romm.domain.credentials.credential import FRESH_SESSION
from romm.domain.errors import Code
from tests.fakes import FakePasswords
from tests.fixes.refusals.scene import Executor, Row, Scene, Stage, house
from tests.fixes.refusals.ways import (
    OTHER,
    at_page,
    by,
    command,
    configure,
    header,
    instead,
    new_password,
    send,
)
from tests.world import PASSWORD, World

NEW = {"username": "violet", "password": OTHER, "email": ""}
KEEPER = ("keeper", PASSWORD)
LATER = FRESH_SESSION + timedelta(seconds=1)


def creates(**fields: Any) -> Stage:
    """keeper creates an account."""

    async def stage() -> Scene:
        return Scene(world=await house(), path="/api/users", body=NEW | fields, auth=KEEPER)

    return stage


async def sets_up_again() -> Scene:
    return Scene(world=await house(), path="/api/users", body=NEW, headers={"sec-fetch-site": "same-origin"})


async def sets_up_by_another_name() -> Scene:
    name = "romm.example.net:8080"
    headers = {"host": name, "origin": f"http://{name}"}
    return Scene(
        world=World({"ROMM_BASE_URL": "", "OIDC_REDIRECT_URI": ""}), path="/api/users", body=NEW, headers=headers
    )


async def signs_in(scene: Scene) -> Any:
    await scene.sign_in("vera")
    return await scene.get("/account")


def finds(search: str, username: str) -> Executor:
    """Then the person who has it is known; the address is for the other one."""

    async def carry_out(scene: Scene) -> None:
        found = await scene.ask("GET", f"/api/users?search={search}", auth=KEEPER)
        assert [each["username"] for each in found.json()] == [username]
        scene.body["email"] = ""

    return carry_out


def opened_at(address: str) -> Executor:
    return header(host=address, origin=f"http://{address}")


BASE_URL = configure(ROMM_BASE_URL="http://romm.example.net:8080")


async def an_old_session_changes_the_password() -> Scene:
    scene = Scene(world=await house(), method="PUT", path="/api/users/2", body={"password": OTHER})
    scene.headers = {"sec-fetch-site": "same-origin"}
    await scene.sign_in("vera")
    scene.world.clock.advance(LATER)
    return scene


async def a_wrong_password_as_proof() -> Scene:
    scene = await an_old_session_changes_the_password()
    scene.body |= {"password": "a third lantern", "current_password": "forgotten"}
    return scene


async def reset_link_from_page(scene: Scene) -> None:
    """Then the person signs in anew."""
    made = await Scene(world=scene.world).ask("POST", "/api/users/2/reset-link", {}, auth=KEEPER)
    await new_password(scene, made.json()["token"])
    scene.body["current_password"] = OTHER
    await scene.sign_in("vera", OTHER)


async def reset_link_by_command(scene: Scene) -> None:
    await command("romm users reset-link vera")(scene)
    scene.body["current_password"] = OTHER
    await scene.sign_in("vera", OTHER)


async def signed_out_everywhere(scene: Scene) -> None:
    """The intruder's session is gone."""
    await at_page("/admin/users/{vera}/end-sign-ins")(scene)
    assert (await scene.ask("GET", "/api/users/me")).status_code == 401


async def confirms(scene: Scene) -> None:
    await scene.submit("/account/confirm", current_password=PASSWORD)


async def signs_in_again(scene: Scene) -> None:
    await scene.sign_in("vera")


async def a_token_changes_an_address() -> Scene:
    scene = Scene(world=await house(), method="PUT", path="/api/users/2", body={"email": "violet@romm.test"})
    await all_scopes(scene, "access.grant")
    return scene


async def with_the_right_to_grant(scene: Scene) -> None:
    await all_scopes(scene)
    await uses_token(*scene.kept["scopes"], "access.grant")(scene)


async def an_invitation_is_used_twice() -> Scene:
    scene = Scene(world=await house(), path="/api/users/register", body=NEW)
    await invited(scene)
    assert (await scene.ask("POST", scene.path, scene.body | {"username": "someone"})).status_code == 201
    return scene


async def invited(scene: Scene) -> None:
    made = await Scene(world=scene.world).ask("POST", "/api/users/invite-link", {"role": "viewer"}, auth=KEEPER)
    scene.body["token"] = made.json()["token"]


async def an_invitation_comes_too_late() -> Scene:
    scene = Scene(world=await house(), path="/api/users/register", body=NEW)
    await invited(scene)
    scene.world.clock.advance(timedelta(seconds=601))
    return scene


async def longer_invitation(scene: Scene) -> None:
    await configure(INVITE_TOKEN_EXPIRY_SECONDS="3600")(scene)
    await invited(scene)
    scene.world.clock.advance(timedelta(seconds=601))


def uses_token(*scopes: str) -> Executor:
    async def carry_out(scene: Scene) -> None:
        body = {"name": "a program", "scopes": scopes, "expires_in": "never"}
        made = await Scene(world=scene.world).ask("POST", "/api/client-tokens", body, auth=KEEPER)
        scene.headers = {"authorization": f"Bearer {made.json()['raw_token']}"}

    return carry_out


async def all_scopes(scene: Scene, without: str = "") -> None:
    me = await Scene(world=scene.world).ask("GET", "/api/users/me", auth=KEEPER)
    scene.kept["scopes"] = [each for each in me.json()["oauth_scopes"] if each != without]
    await uses_token(*scene.kept["scopes"])(scene)


class Meddled(FakePasswords):
    """While a password is hashed, another program renames the account."""

    meddles: Callable[[], Awaitable[None]] | None = None

    async def hash(self, password: str) -> str:
        if self.meddles:
            await self.meddles()
        return await super().hash(password)


async def changed_meanwhile() -> Scene:
    passwords = Meddled()
    world = World(passwords=passwords)
    await world.add("vera")
    scene = Scene(world=world, method="PUT", path="/api/users/1", body={"password": OTHER})
    scene.headers = {"sec-fetch-site": "same-origin"}
    await scene.sign_in("vera")

    async def meddles() -> None:
        account = world.accounts.by_id[1]
        world.accounts.by_id[1] = replace(account, version=account.version + 1)

    passwords.meddles = meddles
    return scene


async def no_longer_meddled(scene: Scene) -> None:
    passwords = scene.world.passwords
    assert isinstance(passwords, Meddled)
    passwords.meddles = None


ROWS = (
    Row(Code.USERNAME_INVALID, creates(username="Véra"), {
        "A user name has 3 to 64 characters": send(username="vivian"), "Choose another": send(username="v-era.2"),
    }),
    Row(Code.USERNAME_TAKEN, creates(username="vera"), {
        "Choose another": send(username="violet"),
        "rename the account that has it on /admin/users": at_page("/admin/users/{vera}", username="veronica", email=""),
    }),
    Row(Code.EMAIL_TAKEN, creates(email="vera@romm.test"), {
        "Search for it on /admin/users": finds("vera@romm.test", "vera"),
        "remove it from the wrong account": at_page("/admin/users/{vera}", username="vera", email=""),
    }),
    Row(Code.ADDRESS_INVALID, creates(email="Violet <violet@romm.test>"), {
        "Write it as name@example.org": send(email="violet@romm.test"),
    }),
    Row(Code.PASSWORD_WEAK, creates(password="password"), {
        "use 8 to 256 characters": send(password=OTHER), "Choose a longer one": send(password="x" * 7 + OTHER),
    }),
    Row(Code.PASSWORD_WRONG, a_wrong_password_as_proof, {
        "create a reset link on /admin/users": reset_link_from_page, "`romm users reset-link`": reset_link_by_command,
        "sign the account out everywhere there": signed_out_everywhere,
    }, {"sign the account out everywhere there": Code.NOT_SIGNED_IN}),
    Row(Code.CONFIRMATION_REQUIRED, an_old_session_changes_the_password, {
        "open /account/confirm, enter your current password": confirms, "sign in again there": signs_in_again,
        "A program uses HTTP Basic": by("vera"), "`current_password`": send(current_password=PASSWORD),
    }),
    Row(Code.CONFIRMATION_REQUIRED, a_token_changes_an_address, {
        "A client token needs the permission access.grant": with_the_right_to_grant,
        "a client token that was given `access.grant`": with_the_right_to_grant,
    }),
    Row(Code.LINK_INVALID, an_invitation_is_used_twice, {"Ask the administrator for a new one": invited}),
    Row(Code.LINK_INVALID, an_invitation_comes_too_late, {"INVITE_TOKEN_EXPIRY_SECONDS": longer_invitation}),
    Row(Code.ACCOUNT_CHANGED, changed_meanwhile, {
        "Please try again": no_longer_meddled, "find the program that keeps changing the account": no_longer_meddled,
    }),
    Row(Code.SETUP_CLOSED, sets_up_again, {
        "Sign in": instead(signs_in), "ask the administrator": instead(at_page("/admin/users", **NEW)),
        "Create accounts on /admin/users": instead(at_page("/admin/users", **NEW)),
        "`romm users add`": instead(command("romm users add violet")),
    }),
    Row(Code.SETUP_HOST, sets_up_by_another_name, {
        "Open it at its IP address": opened_at("192.168.1.20:8080"), "set ROMM_BASE_URL to this address": BASE_URL,
        "Set ROMM_BASE_URL to the address that people use": BASE_URL, "open /setup at an IP address": opened_at("nas.local:8080"),
        "use `romm users add --admin`": instead(command("romm users add keeper --admin")),
    }),
)  # fmt: skip
