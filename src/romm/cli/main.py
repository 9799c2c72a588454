"""The `romm` command: one thin function per subcommand. Imports are inside, for a fast start."""

import os
import sys
from typing import TextIO

import click

from romm.cli.database import db
from romm.cli.errors import errors
from romm.cli.explain import explain
from romm.cli.init import init
from romm.cli.report import Commands, explained, loaded, print_all_characters
from romm.cli.server import process
from romm.cli.sessions import sessions
from romm.cli.settings import config, settings
from romm.cli.sign_ins import sign_ins
from romm.cli.users import recover, users


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="romm-sign-in", prog_name="romm")
@click.pass_context
def main(ctx: click.Context) -> None:
    """RomM sign-in."""
    if os.environ.get("NO_COLOR"):  # no-color.org; click does not read it
        ctx.color = False
    process.block_unused_imports()
    print_all_characters()


@main.command()
@click.option("--host", help="The address to listen on, instead of ROMM_HOST.")
@click.option("--port", help="The port to listen on, instead of ROMM_PORT.")
@click.option("--check", is_flag=True, help="Only look whether it would start: settings, database and port.")
def serve(host: str | None, port: str | None, check: bool) -> None:
    """Run the service. Creates and migrates the embedded database first."""
    options = {"--host": ("server.host", host), "--port": ("server.port", port)}
    given = {option: {path: value} for option, (path, value) in options.items() if value is not None}
    if check:
        from romm.cli.server.check import check_start

        check_start(given)
        return
    from romm.cli.server.prepare import prepared
    from romm.cli.server.serve import run

    run(prepared(given))


@main.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Where RomM listens on 127.0.0.1. [default: 8080 or a free one]"
)
@click.option(
    "--provider-port",
    type=click.IntRange(0, 65535),
    help="Where the demo's identity provider listens. [default: 9400 or a free one]",
)
def demo(port: int | None, provider_port: int | None) -> None:
    """Run RomM with a demo provider and three people.

    The database is thrown away.
    """
    from romm.cli.demo import run

    with explained():
        run(port, provider_port)


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

    settings = loaded(os.environ).settings
    with explained(settings.server.base_url):
        run(settings, source, apply=apply)


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


main.add_command(config)
main.add_command(db)
main.add_command(errors)
main.add_command(explain)
main.add_command(init)
main.add_command(recover)
main.add_command(sessions)
main.add_command(settings)
main.add_command(sign_ins)
main.add_command(users)
