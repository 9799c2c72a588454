"""How a fix is carried out: another request, other settings, a page of RomM's, a command, or time."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import click

from romm.accounts.forms import AccountForm
from romm.cli.main import main as romm
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.model import AccessLevel
from tests.fixes.refusals.scene import Executor, Scene, code_of
from tests.world import PASSWORD

UNSENT = object()
OTHER = "a ladder to the loft"


def both(*executors: Executor) -> Executor:
    async def carry_out(scene: Scene) -> None:
        for each in executors:
            await each(scene)

    return carry_out


def send(**changes: Any) -> Executor:
    """The request with other fields."""

    async def carry_out(scene: Scene) -> None:
        scene.body = {name: value for name, value in (scene.body | changes).items() if value is not UNSENT}

    return carry_out


def header(**changes: Any) -> Executor:
    async def carry_out(scene: Scene) -> None:
        named = {name.replace("_", "-"): value for name, value in changes.items()}
        scene.headers = {name: value for name, value in (scene.headers | named).items() if value is not UNSENT}

    return carry_out


def change(**changes: Any) -> Executor:
    """Another address, another method, another way."""

    async def carry_out(scene: Scene) -> None:
        for name, value in changes.items():
            setattr(scene, name, value)

    return carry_out


def by(username: str, password: str = PASSWORD) -> Executor:
    return change(auth=(username, password))


def keep(**changes: Any) -> Executor:
    async def carry_out(scene: Scene) -> None:
        scene.kept |= changes

    return carry_out


def configure(**environ: str) -> Executor:
    """Other settings, and a restart."""

    async def carry_out(scene: Scene) -> None:
        scene.world.reconfigure({**scene.world.settings_environ, **environ})

    return carry_out


def later(age: timedelta) -> Executor:
    async def carry_out(scene: Scene) -> None:
        scene.world.clock.advance(age)

    return carry_out


def instead(way: Executor) -> Executor:
    """The same end by another way."""
    return change(action=way)


def at_page(path: str, *, as_: str = "keeper", **fields: Any) -> Executor:
    """On a page of RomM's, signed in. `{vera}` in the path is the number of vera's account."""

    async def carry_out(scene: Scene) -> None:
        browser = Scene(world=scene.world)
        await browser.sign_in(as_)
        numbers = {each.username: each.id for each in scene.world.accounts.by_id.values()}
        response = await browser.submit(path.format(**numbers), **fields)
        assert code_of(response) == "", f"{path} answered {code_of(response)}"

    return carry_out


def command(line: str, **options: Any) -> Executor:
    """A `romm users` command as it is printed: read by the command line's own parser, done by its use case."""

    async def carry_out(scene: Scene) -> None:
        words = line.split()
        group = romm.commands["users"]
        assert isinstance(group, click.Group)
        name = words[2]
        given = group.commands[name].make_context(name, [*words[3:], *options.get("also", ())]).params
        await _COMMANDS[name](scene, given)

    return carry_out


async def _add(scene: Scene, given: dict[str, Any]) -> None:
    level = AccessLevel.ADMIN if given["admin"] else AccessLevel.VIEWER
    form = AccountForm(username=given["username"], email="", password=PASSWORD)
    await scene.world.use_cases.administration.create(COMMAND_LINE, form, level)


async def _set_role(scene: Scene, given: dict[str, Any]) -> None:
    await _change(scene, given["username"], level=AccessLevel[given["role"].upper()])


async def _rename(scene: Scene, given: dict[str, Any]) -> None:
    await _change(scene, given["username"], username=given["new_name"])


async def _change(scene: Scene, account_name: str, **changes: Any) -> None:
    administration = scene.world.use_cases.administration
    account = await administration.named(COMMAND_LINE, account_name)
    await administration.change(COMMAND_LINE, account.id, AccountForm(**changes))


async def _reset_link(scene: Scene, given: dict[str, Any]) -> None:
    account = await scene.world.use_cases.administration.named(COMMAND_LINE, given["username"])
    secret, _ = await scene.world.use_cases.recovery.reset_link(COMMAND_LINE, account)
    await new_password(scene, secret)


async def _list(scene: Scene, given: dict[str, Any]) -> None:
    found = await scene.world.use_cases.administration.all_accounts(COMMAND_LINE, given["search"])
    scene.kept["usernames"] = [each.username for each in found]


async def new_password(scene: Scene, secret: str) -> None:
    """As the person who opens a reset link."""
    chosen = await Scene(world=scene.world).ask("POST", "/api/reset-password", {"token": secret, "password": OTHER})
    assert chosen.status_code == 200, chosen.text


_COMMANDS: Mapping[str, Callable[[Scene, dict[str, Any]], Awaitable[None]]] = {
    "add": _add,
    "set-role": _set_role,
    "rename": _rename,
    "reset-link": _reset_link,
    "list": _list,
}
