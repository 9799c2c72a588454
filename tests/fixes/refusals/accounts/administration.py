"""What administrators may not do, and commands about accounts."""

from typing import Any

from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.errors import Code
from romm.domain.model import AccessLevel, Identity
from tests.fixes.refusals.accounts.people import KEEPER, all_scopes, uses_token
from tests.fixes.refusals.scene import Row, Scene, Stage, house
from tests.fixes.refusals.ways import (
    at_page,
    both,
    command,
    instead,
    keep,
)
from tests.world import PASSWORD


def asks(method: str, path: str, **body: Any) -> Stage:
    async def stage() -> Scene:
        return Scene(world=await house(), method=method, path=path, body=body, auth=KEEPER)

    return stage


async def a_token_disables_an_administrator() -> Scene:
    world = await house()
    await world.add("second", level=AccessLevel.ADMIN)
    scene = Scene(world=world, method="PUT", path="/api/users/3", body={"enabled": False})
    await uses_token("users.write", "me.write")(scene)
    return scene


async def with_second(scene: Scene) -> None:
    await scene.world.add("second", level=AccessLevel.ADMIN)


async def by_another_administrator(scene: Scene) -> None:
    await with_second(scene)
    scene.auth = ("second", PASSWORD)


async def a_role_of_the_groups() -> Scene:
    scene = Scene(world=await house(), method="PUT", body={"role": "editor"}, auth=KEEPER)
    await sign_in_at_provider(scene)
    scene.path = f"/api/users/{scene.account('alice').id}"
    return scene


async def sign_in_at_provider(scene: Scene) -> None:
    browser = Scene(world=scene.world)
    await browser.get(await browser.at_provider())


async def in_another_group(scene: Scene) -> None:
    scene.world.idp.claims["groups"] = ["romm-editors"]
    await sign_in_at_provider(scene)
    assert scene.account("alice").level is AccessLevel.EDITOR
    scene.action = looks_at_the_account


async def looks_at_the_account(scene: Scene) -> Any:
    return await scene.ask("GET", scene.path, auth=KEEPER)


async def unlinked(scene: Scene) -> None:
    administration = scene.world.use_cases.administration
    await administration.unlink(COMMAND_LINE, scene.account("alice").id, "")


def by_command(line: str, **kept: str) -> Stage:
    async def stage() -> Scene:
        async def action(scene: Scene) -> None:
            await command(line.format(**scene.kept))(scene)

        return Scene(world=await house(), action=action, kept=dict(kept))

    return stage


async def recovers_a_viewer() -> Scene:
    async def action(scene: Scene) -> None:
        account = await scene.world.use_cases.administration.named(COMMAND_LINE, scene.kept["name"])
        await scene.world.use_cases.recovery.recovery_link(COMMAND_LINE, account)

    return Scene(world=await house(), action=action, kept={"name": "vera"})


async def by_a_listed_name(scene: Scene) -> None:
    await command("romm users list")(scene)
    assert "keeper" in scene.kept["usernames"]
    scene.kept["name"] = "keeper"


async def moves_from_nowhere() -> Scene:
    async def action(scene: Scene) -> Any:
        return await scene.submit("/admin/oidc/move", old=scene.kept["old"], way="by-email")

    scene = Scene(world=await house(), action=action, kept={"old": "https://elsewhere.example.org"})
    scene.world.link(scene.account("vera"), Identity("https://old.example.org", "vera"))
    await scene.sign_in("keeper")
    return scene


ROWS = (
    Row(Code.ADMIN_REQUIRED, a_token_disables_an_administrator, {
        "use a token that has all scopes of an administrator": all_scopes,
    }),
    Row(Code.OWN_ACCOUNT, asks("DELETE", "/api/users/1"), {
        "change it on your account page": instead(at_page("/account/profile", username="warden", email="")),
        "Let another administrator do it": by_another_administrator,
        "`romm users`": instead(both(with_second, command("romm users set-role keeper viewer"))),
    }),
    Row(Code.ROLE_MANAGED, a_role_of_the_groups, {
        "Change it there": in_another_group, "Change the person's groups at the provider": in_another_group,
        "unlink the account": unlinked,
    }),
    Row(Code.LAST_ADMIN, by_command("romm users set-role keeper viewer"), {
        "Make another account administrator first": command("romm users set-role vera admin"),
        "Make another first, on /admin/users": at_page("/admin/users/{vera}", username="vera", email="", role="admin"),
        "`romm users set-role`": command("romm users set-role vera admin"),
    }),
    Row(Code.ACCOUNT_UNKNOWN, by_command("romm users rename {name} violet", name="kepper"), {"`romm users list`": by_a_listed_name}),
    Row(Code.NOT_AN_ADMIN, recovers_a_viewer, {
        "`romm users list` shows who is": by_a_listed_name,
        "`romm users set-role {username} admin`": command("romm users set-role vera admin"),
    }),
    Row(Code.ISSUER_NOT_LINKED, moves_from_nowhere, {"Name one of these": keep(old="https://old.example.org")}),
)  # fmt: skip
