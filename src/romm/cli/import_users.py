"""`romm import`: prints the plan for each user; carries it out with `--apply`."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from tempfile import TemporaryDirectory
from typing import assert_never

from romm.accounts.imports import ImportUsers
from romm.adapters.accounts.foreign_users import SQLForeignUsers
from romm.adapters.accounts.imports import SQLImports
from romm.adapters.database import migrations
from romm.adapters.database.sqlite.versions import SQLITE
from romm.adapters.database.transactions import Database
from romm.cli.report import create, say
from romm.composition.adapters import now
from romm.domain.accounts.imports import Decision, ExistingAccounts, Import, Skip
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.model import AccessLevel
from romm.settings.model import Settings


def run(settings: Settings, source: str, *, apply: bool) -> None:
    """Raises `Refused` for an unusable database. Only `apply` creates one."""
    with ExitStack() as stack:
        url = settings.database.url
        if apply:
            create(settings)
        elif not migrations.exists(url):
            url = f"{SQLITE}{stack.enter_context(TemporaryDirectory(prefix='romm-import-'))}/romm.db"
            migrations.upgrade(url)
        migrations.require_current(url)
        asyncio.run(_run(url, source, apply=apply))


async def _run(url: str, source: str, *, apply: bool) -> None:
    target = Database(url)
    try:
        imports = SQLImports(target)
        use_case = ImportUsers(source=SQLForeignUsers(source), imports=imports, clock=now)
        before, decisions = await imports.existing_accounts(), await use_case.plan(COMMAND_LINE)
        if apply:
            decisions = await use_case.carry_out(COMMAND_LINE, decisions)
    finally:
        await target.close()
    _print(decisions, before, done=apply)


def _print(decisions: Sequence[Decision], before: ExistingAccounts, *, done: bool) -> None:
    width = max((len(_format_name(decision.found.username)) for decision in decisions), default=0)
    for decision in decisions:
        for line in _lines(decision, width):
            say(line)
    for warning in _about_admins(decisions, before):
        say(warning, fg="yellow", bold=True)
    imported = sum(isinstance(decision, Import) for decision in decisions)
    skipped = len(decisions) - imported
    if done:
        say(f"{imported} imported, {skipped} skipped.")
    else:
        say(f"{imported} to import, {skipped} to skip. Nothing was written; use --apply to import.")


def _lines(decision: Decision, width: int) -> Iterator[str]:
    name = f"{_format_name(decision.found.username):<{width}}"
    match decision:
        case Import():
            yield f"import  {name}  {_describe(decision)}"
            yield from (f"        {'':<{width}}  note: {note}" for note in decision.notes)
        case Skip(reason=reason):
            yield f"skip    {name}  {reason}"
        case _:
            assert_never(decision)


def _describe(decision: Import) -> str:
    renamed = "" if decision.username == decision.found.username else f"as {decision.username}: "
    facts = (
        "ADMIN" if decision.level is AccessLevel.ADMIN else decision.level.label,
        "enabled" if decision.enabled else "DISABLED",
        "with password" if decision.password_hash else "without password",
        decision.email or "without e-mail address",
    )
    return renamed + ", ".join(facts)


def _about_admins(decisions: Iterable[Decision], before: ExistingAccounts) -> Iterator[str]:
    admins = [each for each in decisions if isinstance(each, Import) and each.level is AccessLevel.ADMIN]
    if not admins:
        return
    beside = "besides the existing ones" if before.any_admin else "the first ones, so /setup closes"
    yield f"The import includes administrators, {beside}: {', '.join(each.username for each in admins)}"
    if not before.enabled_admin and not any(each.enabled for each in admins):
        yield "None of them is enabled, so RomM would have no administrator: create one at /setup before the import."


def _format_name(name: str) -> str:
    return name if name and name.isprintable() else repr(name)
