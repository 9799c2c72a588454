"""`romm sessions`: who is signed in, and the end of it."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from romm.cli.report import run, say
from romm.domain.credentials.credential import Credential
from romm.domain.credentials.permissions import COMMAND_LINE

if TYPE_CHECKING:
    from romm.composition.use_cases import UseCases

_COLUMNS = "{:<7} {:<17} {:<17} {:<39} {}"


@click.group()
def sessions() -> None:
    """Browsers that are signed in."""


@sessions.command("list")
@click.argument("username")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_sessions(username: str, as_json: bool) -> None:
    """List the sessions of an account, newest first."""

    async def work(does: "UseCases") -> Sequence[Credential]:
        account = await does.administration.named(COMMAND_LINE, username)
        return await does.sessions.of(COMMAND_LINE, account.id)

    found = run(work)
    if as_json:
        say(_as_json(found))
        return
    say(_COLUMNS.format("id", "began", "last used", "address", "browser"))
    for each in found:
        began, used = (f"{moment:%Y-%m-%d %H:%M}" for moment in (each.created_at, each.last_used_at))
        say(_COLUMNS.format(each.id, began, used, each.address, each.user_agent))


def _as_json(found: Sequence[Credential]) -> str:
    import msgspec

    from romm.api.credentials.sessions import session_schema

    listed = msgspec.to_builtins([session_schema(each, None) for each in found])
    return json.dumps(listed, indent=2, ensure_ascii=False)


@sessions.command()
@click.argument("username")
@click.argument("session", type=click.IntRange(min=1), required=False)
@click.option("--apps", is_flag=True, help="End the sign-ins of its apps and devices too.")
def end(username: str, session: int | None, apps: bool) -> None:
    """End one session, or all sessions of an account.

    SESSION is its id in the list.
    """
    if apps and session is not None:
        raise click.UsageError("--apps ends every sign-in: leave out SESSION.")

    async def work(does: "UseCases") -> int:
        administration = does.administration
        account = await administration.named(COMMAND_LINE, username)
        if session is not None:
            await administration.end_session(COMMAND_LINE, account.id, session)
            return 1
        return await (administration.end if apps else administration.end_sessions)(COMMAND_LINE, account.id)

    ended = run(work)
    say(f"Ended {ended} {'sign-in' if apps else 'session'}{'' if ended == 1 else 's'} of {username}.")
