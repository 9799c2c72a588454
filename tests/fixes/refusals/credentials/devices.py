"""Devices: pairing by a code, and the list of those that apps register."""

from datetime import timedelta
from typing import Any

from romm.credentials.devices import DEVICE_CODE
from romm.domain.credentials.device_registry import MOST
from romm.domain.errors import Code
from tests.fixes.refusals.scene import Executor, Row, Scene, Stage, house
from tests.fixes.refusals.ways import at_page, later, send
from tests.world import PASSWORD

VERA = ("vera", PASSWORD)
CARD = "00:00:5e:00:53:01"
APPROVE = "/api/auth/device/approve"


async def begins(scene: Scene, scope: str = "roms.read") -> None:
    """A device shows its code."""
    asked = await scene.ask("POST", "/api/device_authorization", {"client_id": "Argosy", "scope": scope}, form=True)
    scene.kept |= asked.json()
    scene.body = {"grant_type": DEVICE_CODE, "device_code": scene.kept["device_code"], "client_id": "Argosy"}


async def approves(scene: Scene, *scopes: str, path: str = APPROVE) -> Any:
    """vera enters the code."""
    body = {"user_code": scene.kept["user_code"], "approved_scopes": scopes or ("roms.read",)}
    return await scene.ask("POST", path, body, auth=VERA)


async def is_approved(scene: Scene) -> None:
    assert (await approves(scene)).status_code == 200


async def starts_again(scene: Scene) -> None:
    """On the device; then vera lets it in."""
    await begins(scene)
    await is_approved(scene)


def polling(*before: Executor) -> Stage:
    """A device asks whether it may."""

    async def stage() -> Scene:
        scene = Scene(world=await house(), path="/api/token", form=True)
        await begins(scene)
        for each in before:
            await each(scene)
        return scene

    return stage


async def polls(scene: Scene) -> None:
    await scene.attempt()


async def is_denied(scene: Scene) -> None:
    await approves(scene, path="/api/auth/device/deny")


def approving(*scopes: str, **kept: str) -> Stage:
    async def stage() -> Scene:
        scene = Scene(world=await house(), action=by_code)
        await begins(scene, "roms.read users.write")
        scene.kept |= {"scopes": scopes, "shown": scene.kept["user_code"]} | kept
        return scene

    return stage


async def by_code(scene: Scene) -> Any:
    return await scene.ask("POST", APPROVE, _approval(scene), auth=VERA)


def _approval(scene: Scene) -> dict[str, Any]:
    return {"user_code": scene.kept["user_code"], "approved_scopes": scene.kept["scopes"]}


async def compared(scene: Scene) -> None:
    scene.kept["user_code"] = scene.kept["shown"]


async def another_code(scene: Scene) -> None:
    await begins(scene)


def chosen(*scopes: str) -> Executor:
    async def carry_out(scene: Scene) -> None:
        scene.kept["scopes"] = scopes

    return carry_out


async def decided_twice() -> Scene:
    scene = await approving("roms.read")()
    await by_code(scene)
    return scene


async def denies(scene: Scene) -> None:
    scene.action = _denies


async def _denies(scene: Scene) -> Any:
    return await scene.ask("POST", "/api/auth/device/deny", {"user_code": scene.kept["user_code"]}, auth=VERA)


def registering(times: int, **fields: Any) -> Stage:
    """An app registers a device, once more."""

    async def stage() -> Scene:
        scene = Scene(world=await house(), path="/api/devices", auth=VERA)
        for _ in range(times):
            scene.body = {"mac_address": CARD, "allow_duplicate": True}
            scene.kept["device"] = (await scene.attempt()).json()["device_id"]  # type: ignore[union-attr]  # no refusal yet
        scene.body = fields
        return scene

    return stage


async def one_removed(scene: Scene) -> None:
    await at_page(f"/account/devices/{scene.kept['device']}/end", as_="vera")(scene)


AS_ADMIN = at_page("/admin/users/{vera}", username="vera", email="", role="admin")

ROWS = (
    Row(Code.AUTHORIZATION_PENDING, polling(), {
        "Open the address that it shows, on a phone or computer, and enter its code there": is_approved,
    }),
    Row(Code.SLOW_DOWN, polling(polls), {
        "wait 5 seconds longer": later(timedelta(seconds=10)), "Let the app wait": later(timedelta(seconds=10)),
        "update it": later(timedelta(seconds=10)),
    }, dict.fromkeys(("wait 5 seconds longer", "Let the app wait", "update it"), Code.AUTHORIZATION_PENDING)),
    Row(Code.DEVICE_DENIED, polling(is_denied), {"Start again on the device": starts_again}),
    Row(Code.DEVICE_CODE_EXPIRED, polling(later(timedelta(minutes=10))), {"Start again on the device": starts_again}),
    Row(Code.DEVICE_CODE_INVALID, polling(send(device_code="x")), {"Start again on the device": starts_again}),
    Row(Code.DEVICE_CODE_UNKNOWN, approving("roms.read", user_code="BBBBBBBB"), {
        "Compare it with the code on the device": compared, "start again on the device": another_code,
    }),
    Row(Code.DEVICE_CODE_DECIDED, decided_twice, {"To change that, start again on the device": another_code}),
    Row(Code.DEVICE_SCOPES_MISSING, approving(), {
        "Choose at least one permission for the device": chosen("roms.read"), "deny it": denies,
        "A program sends `approved_scopes`": chosen("roms.read"),
    }),
    Row(Code.DEVICE_SCOPES_EXCEEDED, approving("roms.read", "users.write"), {
        "Approve fewer": chosen("roms.read"), "raise the access level of the approver on /admin/users": AS_ADMIN,
    }),
    Row(Code.DEVICE_EXISTS, registering(1, mac_address=CARD, allow_existing=False), {
        "`allow_existing`": send(allow_existing=True), "`allow_duplicate`": send(allow_duplicate=True),
    }),
    Row(Code.DEVICES_FULL, registering(MOST, name="one more"), {
        "Remove one that you no longer use": one_removed, "Its owner removes one on /account/devices": one_removed,
    }),
)  # fmt: skip
