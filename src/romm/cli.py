"""The `romm` command: one thin function per subcommand. Imports stay inside, so that each starts fast."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from romm.domain.errors import Refused
from romm.settings import Loaded, SettingsError, describe, load


@click.group()
@click.version_option(package_name="romm-sign-in", prog_name="romm")
def main() -> None:
    """RomM sign-in."""


@main.command()
def serve() -> None:
    """Run the service; the embedded database is made and migrated first."""
    from romm.server import run

    with _explained():
        run(_loaded())


@main.command()
@click.option("--port", default=8080, show_default=True, help="Where RomM listens on 127.0.0.1.")
@click.option("--provider-port", default=9400, show_default=True, help="Where the demo's identity provider listens.")
def demo(port: int, provider_port: int) -> None:
    """Run RomM and a real identity provider with three people, on a database that is thrown away."""
    from romm.demo import run

    run(port, provider_port)


@main.command()
def settings() -> None:
    """Print the settings in effect and where each came from; secrets are hidden."""
    loaded = _loaded()
    rows = describe(loaded)
    width = max(len(variable) for variable, _, _ in rows)
    for variable, value, origin in rows:
        click.echo(f"{variable:<{width}}  {value}  ({origin})")
    for line in loaded.notes:
        click.echo(f"note: {line}", err=True)
    for line in loaded.warnings:
        click.secho(f"warning: {line}", err=True, fg="yellow")
    click.echo(f"Single sign-on is {'off: ' + loaded.settings.oidc_off if loaded.settings.oidc_off else 'on'}")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as a JSON list.")
def doctor(as_json: bool) -> None:
    """Test the OpenID configuration end to end; each failure comes with its fix. The service need not run."""
    from romm.doctor import run

    sys.exit(run(os.environ, as_json=as_json))


@main.group()
def db() -> None:
    """The database's schema."""


@db.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Migrate the database to the newest schema."""
    from romm.adapters import database

    with _explained():
        database.upgrade(_loaded().settings.database.url, revision)
    click.echo("The database is up to date.")


@db.command()
def current() -> None:
    """Print the schema revision that the database has."""
    from romm.adapters import database

    with _explained():
        click.echo(database.current(_loaded().settings.database.url) or "none")


def _loaded() -> Loaded:
    try:
        return load(os.environ)
    except SettingsError as error:
        _fail(error.problems)


@contextmanager
def _explained() -> Iterator[None]:
    """A refusal, such as a database that cannot be used, as one sentence instead of a traceback."""
    try:
        yield
    except Refused as refused:
        _fail((refused.operator_text,))


def _fail(problems: tuple[str, ...]) -> NoReturn:
    for problem in problems:
        click.secho(f"error: {problem}", err=True, fg="red")
    sys.exit(2)
