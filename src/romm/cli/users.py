"""`romm users` and `romm recover`: administration without the web pages."""

import json
import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec
from msgspec import UNSET

from romm.cli.report import loaded, run, say
from romm.domain.credentials.credential import link_url
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel, Account
from romm.domain.printable import escaped

if TYPE_CHECKING:
    from romm.composition.use_cases import UseCases

LEVELS = click.Choice([level.label for level in AccessLevel])
_COLUMNS = "{:<5} {:<24} {:<32} {:<7} {:<9} {:<17} {}"


@click.group()
def users() -> None:
    """Accounts that may sign in."""


@users.command("list")
@click.option("--search", default="", help="Only accounts whose name or e-mail address begins with this text.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, as GET /api/users does.")
def list_users(search: str, as_json: bool) -> None:
    """List the accounts: role, enabled or not, and sign-in methods."""

    async def work(does: "UseCases") -> list[Account]:
        return list(await does.administration.all_accounts(COMMAND_LINE, search))

    found = run(work)
    if as_json:
        say(_as_json(found))
        return
    say(_COLUMNS.format("id", "name", "e-mail", "role", "enabled", "last sign-in", "signs in with"))
    for each in found:
        enabled = "yes" if each.enabled else "no"
        row = (each.id, each.username, each.email or "-", each.level.label, enabled, _day(each.last_login), _ways(each))
        say(_COLUMNS.format(*row))


def _as_json(found: list[Account]) -> str:
    from romm.api.accounts.schemas import user_schema

    return json.dumps(msgspec.to_builtins([user_schema(each) for each in found]), indent=2, ensure_ascii=False)


@users.command()
@click.argument("username")
@click.option(
    "--email", default="", help="E-mail address. Single sign-on with the same verified address links to this account."
)
@click.option("--admin", is_flag=True, help="The same as --role admin.")
@click.option("--role", type=LEVELS, help="[default: viewer]")
@click.option("--password", "asks", is_flag=True, help="Ask for a password. Without one only single sign-on works.")
def add(username: str, email: str, admin: bool, role: str | None, asks: bool) -> None:
    """Create an account. Creates the database too if there is none yet."""
    from romm.accounts.forms import AccountForm

    if admin and role not in (None, AccessLevel.ADMIN.label):
        raise click.UsageError(f"--admin and --role {role} contradict each other: leave one of them out.")

    password = click.prompt("Password", hide_input=True, confirmation_prompt=True) if asks else UNSET
    level = AccessLevel.ADMIN if admin else AccessLevel[(role or "viewer").upper()]
    typed = AccountForm(username=username, email=email, password=password)
    created = run(lambda does: does.administration.create(COMMAND_LINE, typed, level), creates=True)
    say(f"Created {created.username} ({created.level.label}). Sign-in methods: {_ways(created)}.")


@users.command()
@click.argument("username")
def disable(username: str) -> None:
    """Disable an account and end its sessions and tokens."""
    say(f"{_changed(username, enabled=False).username} is disabled.")


@users.command()
@click.argument("username")
def enable(username: str) -> None:
    """Enable an account."""
    say(f"{_changed(username, enabled=True).username} is enabled.")


@users.command("set-role")
@click.argument("username")
@click.argument("role", type=LEVELS)
def set_role(username: str, role: str) -> None:
    """Change an account's role."""
    changed = _changed(username, level=AccessLevel[role.upper()])
    say(f"{changed.username} has the role {changed.level.label} now.")


@users.command()
@click.argument("username")
@click.argument("new_name")
def rename(username: str, new_name: str) -> None:
    """Change an account's user name."""
    say(f"{username} is {_changed(username, username=new_name).username} now.")


@users.command()
@click.argument("username")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(username: str, yes: bool) -> None:
    """Delete an account with its sessions, tokens and devices. To keep it, use disable.

    A person who may register at the provider has a new account after the next sign-in.
    """

    async def look(does: "UseCases") -> Account:
        return await does.administration.named(COMMAND_LINE, username)

    found = run(look)
    if not yes:
        click.confirm(escaped(f"Delete {found.username} ({found.level.label}, {found.email or '-'})?"), abort=True)
    run(lambda does: does.administration.delete(COMMAND_LINE, found.id))
    say(f"{found.username} is deleted.")


@users.command("reset-link")
@click.argument("username")
def reset_link(username: str) -> None:
    """Print a link to set a new password.

    It works once, within a day.
    """

    async def work(does: "UseCases") -> str:
        account = await does.administration.named(COMMAND_LINE, username)
        secret, _ = await does.recovery.reset_link(COMMAND_LINE, account)
        return secret

    say(_url("/reset-password", run(work)))


@users.command()
@click.argument("username")
@click.argument("issuer", default="")
def unlink(username: str, issuer: str) -> None:
    """Unlink an account.

    From ISSUER, or from all. Its sessions end, and the next verified sign-in links again.
    """

    async def work(does: "UseCases") -> Account:
        account = await does.administration.named(COMMAND_LINE, username)
        return await does.administration.unlink(COMMAND_LINE, account.id, issuer)

    changed = run(work)
    say(f"{changed.username} is unlinked; signs in with {_ways(changed)}.")


@users.command("move-issuer")
@click.argument("old")
@click.argument("new")
@click.option(
    "--same-subjects", "way", flag_value="same-subjects", help="OLD was renamed: its links become links to NEW."
)
@click.option(
    "--by-email", "way", flag_value="by-email", help="NEW is another provider: verified addresses link again."
)
@click.option("--apply", is_flag=True, help="Write it. Without this, what would happen is printed and nothing else.")
def move_issuer(old: str, new: str, way: str | None, apply: bool) -> None:
    """Move all accounts to another issuer.

    From the provider with issuer OLD to the one with issuer NEW. Their sessions end.

    OLD and NEW may be the same with --by-email, when that provider gave everybody a new subject.
    """
    from romm.cli.move_issuer import move

    move(old, new, way, apply=apply)


@click.command()
@click.argument("username", required=False)
def recover(username: str | None) -> None:
    """Print a link that signs an administrator in once.

    It works for 10 minutes, also when the provider is down.
    """

    async def work(does: "UseCases") -> tuple[Account, str]:
        account = await _admin(does, username)
        return account, await does.recovery.recovery_link(COMMAND_LINE, account)

    account, secret = run(work)
    say(f"Signs in as {account.username}, once, within 10 minutes:", err=True)
    say(_url("/recover", secret))


async def _admin(does: "UseCases", username: str | None) -> Account:
    """Without a name, the oldest enabled administrator."""
    if username is not None:
        return await does.administration.named(COMMAND_LINE, username)
    admin = await does.administration.oldest_admin(COMMAND_LINE)
    if admin is None:
        raise Refused(Code.NOT_AN_ADMIN, username="(none)")
    return admin


def _changed(account_name: str, /, **changes: Any) -> Account:
    from romm.accounts.forms import AccountForm

    async def work(does: "UseCases") -> Account:
        account = await does.administration.named(COMMAND_LINE, account_name)
        return await does.administration.change(COMMAND_LINE, account.id, AccountForm(**changes))

    return run(work)


def _url(page: str, secret: str) -> str:
    return link_url(loaded(os.environ).settings.server.base_url, page, secret)


def _ways(account: Account) -> str:
    links = (link.identity.issuer for link in account.links if link.retired_at is None)
    ways = [*links, *(["a password"] if account.password_set_at else [])]
    return ", ".join(ways) or "none yet"


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"
