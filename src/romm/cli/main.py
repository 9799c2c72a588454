"""The `romm` command: one thin function per subcommand. Imports are inside, so that each starts fast."""

import os
import sys
from pathlib import Path
from typing import TextIO

import click

from romm.cli import process
from romm.cli.errors import errors
from romm.cli.explain import explain
from romm.cli.report import Commands, explained, loaded, print_all_characters, run, say
from romm.cli.sign_ins import sign_ins
from romm.cli.users import recover, users
from romm.settings.load import describe


@click.group(cls=Commands)
@click.version_option(package_name="romm-sign-in", prog_name="romm")
def main() -> None:
    """RomM sign-in."""
    process.block_unused_imports()
    print_all_characters()


@main.command()
def serve() -> None:
    """Run the service. Creates and migrates the embedded database first."""
    from romm.cli.prepare import prepared
    from romm.cli.serve import run

    run(prepared())


@main.command()
@click.option("--port", default=8080, show_default=True, help="Where RomM listens on 127.0.0.1.")
@click.option("--provider-port", default=9400, show_default=True, help="Where the demo's identity provider listens.")
def demo(port: int, provider_port: int) -> None:
    """Run RomM with a demo provider and three people.

    The database is thrown away.
    """
    from romm.cli.demo import run

    run(port, provider_port)


@main.command()
def settings() -> None:
    """Print the settings in effect and where each came from. Secrets are hidden."""
    found = loaded(os.environ)
    rows = describe(found)
    width = max(len(variable) for variable, _, _ in rows)
    for variable, value, origin in rows:
        say(f"{variable:<{width}}  {value}  ({origin})")
    for line in found.notes:
        say(f"note: {line}", err=True)
    for line in found.warnings:
        say(f"warning: {line}", err=True, fg="yellow")
    first, *others = found.settings.all_providers
    say(f"Single sign-on is {f'off: {first.off}' if first.off else 'on'}")
    for each in others:
        say(f"Provider {each.id} ({each.label}) is {f'off: {each.off}' if each.off else 'on'}")


@main.command("import")
@click.option(
    "--from",
    "source",
    envvar="ROMM_IMPORT_FROM",
    show_envvar=True,
    required=True,
    metavar="URL",
    help="The other database: postgresql:// or mysql://",
)
@click.option("--apply", is_flag=True, help="Import. Without this option the plan is only printed.")
def import_(source: str, apply: bool) -> None:
    """Import the users of an existing RomM, with their passwords.

    Existing accounts are never changed, so you can run it again.
    """
    from romm.cli.import_users import run

    with explained():
        run(loaded(os.environ).settings, source, apply=apply)


@main.command()
@click.argument("provider", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as a JSON list.")
@click.option(
    "--report", type=click.File("w", encoding="utf-8", lazy=True), help="Write a report for an issue into this file."
)
def doctor(provider: str | None, as_json: bool, report: TextIO | None) -> None:
    """Test the OpenID configuration end to end.

    PROVIDER is the id of one of several providers; without it all are tested. Each failure comes with its fix. The
    service need not run. The file of --report has no secrets, names, addresses and hosts.
    """
    from romm.cli.doctor import run, write_report

    with explained():
        if report is not None:
            if provider or as_json:
                raise click.UsageError("--report has all providers, as Markdown: leave out PROVIDER and --json.")
            return write_report(loaded(os.environ), report)
        sys.exit(run(os.environ, provider, as_json=as_json))


@main.group()
def db() -> None:
    """The database's schema."""


@db.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Migrate the database to the newest schema. Creates a new one."""
    from romm.adapters.database import migrations

    with explained():
        try:
            migrations.upgrade(loaded(os.environ).settings.database.url, revision)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="REVISION") from None
    say("The database is up to date.")


@db.command()
def current() -> None:
    """Print the schema revision of the database."""
    from romm.adapters.database import migrations

    with explained():
        say(migrations.current(loaded(os.environ).settings.database.url) or "none")


@db.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Copy the SQLite database into FILE, also while RomM runs. For PostgreSQL use pg_dump."""
    from romm.adapters.database import backup

    with explained():
        backup.copy(loaded(os.environ).settings.database.url, file)
    say(f"Copied to {file}. To restore it: stop RomM and replace its database with this file.")


@db.command("rotate-key")
def rotate_key() -> None:
    """Make a new key for the cookies that RomM seals; sign-ins that are under way go on."""
    run(lambda made: made.sign_ins.at(None).attempts.seal.rotate())
    say("A new key seals from now on, within five minutes in every process. The old one opens for another hour.")


main.add_command(users)
main.add_command(errors)
main.add_command(explain)
main.add_command(recover)
main.add_command(sign_ins)
