"""Identities that an account is linked to, or not."""

from typing import Any

from romm.domain.errors import Code
from romm.domain.model import Identity
from tests.fixes.refusals.scene import Executor, Row, Scene, Stage, house
from tests.fixes.refusals.sign_in.responses import new_sign_in, signs_in
from tests.fixes.refusals.ways import (
    OTHER,
    at_page,
    change,
    instead,
)
from tests.world import PASSWORD


async def links(scene: Scene) -> Any:
    return await scene.get(await scene.at_provider("/api/identities/link"))


def linking(*others: Executor) -> Stage:
    """vera links the identity that is alice at the provider."""

    async def stage() -> Scene:
        scene = Scene(world=await house(), action=links)
        for each in others:
            await each(scene)
        await scene.sign_in("vera")
        return scene

    return stage


async def of_alices_account(scene: Scene) -> None:
    browser = Scene(world=scene.world)
    await signs_in(browser)
    await browser.ask(
        "PUT", f"/api/users/{scene.account('alice').id}", {"password": OTHER}, headers={"sec-fetch-site": "same-origin"}
    )
    scene.kept["alice"] = scene.account("alice").id


async def with_another_subject(scene: Scene) -> None:
    scene.world.link(scene.account("vera"), Identity(scene.world.idp.issuer, "another subject"))


async def unlinked_by_its_owner(scene: Scene) -> None:
    owner = Scene(world=scene.world)
    username = "alice" if "alice" in scene.kept else "vera"
    await owner.sign_in(username, OTHER if username == "alice" else PASSWORD)
    identity = (await owner.ask("GET", "/api/users/me")).json()["identities"][0]["id"]
    await owner.submit("/account/unlink", identity=identity)
    await scene.sign_in("vera")


async def unlinked_by_an_administrator(scene: Scene) -> None:
    username = "alice" if "alice" in scene.kept else "vera"
    identity = (await of(scene, username))["identities"][0]["id"]
    await at_page(f"/admin/users/{scene.account(username).id}/unlink", identity=identity)(scene)
    await scene.sign_in("vera")


async def of(scene: Scene, username: str) -> Any:
    path = f"/api/users/{scene.account(username).id}"
    return (await Scene(world=scene.world).ask("GET", path, auth=("keeper", PASSWORD))).json()


async def session_changes_on_the_way(scene: Scene) -> Any:
    callback = await scene.at_provider("/api/identities/link")
    await scene.sign_in("keeper")
    return await scene.get(callback)


async def starts_over(scene: Scene) -> None:
    await scene.sign_in("vera")
    scene.action = links


async def unlinks_the_only_way() -> Scene:
    scene = Scene(world=await house(), action=unlinks)
    await signs_in(scene)
    return scene


async def unlinks(scene: Scene) -> Any:
    identity = (await of(scene, "alice"))["identities"][0]["id"]
    return await scene.submit("/account/unlink", identity=identity)


async def with_a_password(scene: Scene) -> None:
    await scene.submit("/account/password", password=OTHER)
    await scene.sign_in("alice", OTHER)


async def unlinked_while_passwords_are_off(scene: Scene) -> Any:
    identity = (await of(scene, "alice"))["identities"][0]["id"]
    await at_page(f"/admin/users/{scene.account('alice').id}/unlink", identity=identity)(scene)


ROWS = (
    Row(Code.IDENTITY_IN_USE, linking(of_alices_account), {
        "Sign in with it": new_sign_in, "unlink it there first": unlinked_by_its_owner,
        "unlink it on /admin/users/{account}": unlinked_by_an_administrator, "then link it here": unlinked_by_an_administrator,
    }),
    Row(Code.ACCOUNT_LINKED, linking(with_another_subject), {
        "Unlink that one first, then link the new one": unlinked_by_its_owner,
        "Unlink the old one on /account": unlinked_by_its_owner, "/admin/users/{account}": unlinked_by_an_administrator,
    }),
    Row(Code.LINK_SESSION_CHANGED, linking(change(action=session_changes_on_the_way)), {
        "Sign in again and start over from your account page": starts_over,
    }),
    Row(Code.LAST_WAY_IN, unlinks_the_only_way, {
        "Set a password first, then unlink it": with_a_password, "Set a password on /account first": with_a_password,
        "an administrator unlinks on /admin/users/{account}": instead(unlinked_while_passwords_are_off),
    }),
)  # fmt: skip
