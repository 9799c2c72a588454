"""`romm db`: the database's schema, its copies and its key."""

import json
import os
from pathlib import Path

import click

from romm.cli.report import explained, loaded, run, say


@click.group()
def db() -> None:
    """The database: schema, copies and sealing key."""


@db.command()
@click.argument("revision", default="head")
@click.option(
    "--copy",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Copy the database into FILE first, PostgreSQL's with pg_dump. Without a copy nothing is changed.",
)
@click.option("--no-copy", is_flag=True, help="Keep no copy of the SQLite file, which needs as much room again.")
def upgrade(revision: str, file: Path | None, no_copy: bool) -> None:
    """Migrate the database to the newest schema. Creates a new one.

    A SQLite file is copied first, beside the file. A PostgreSQL database is copied with --copy only.
    """
    if file is not None and no_copy:
        raise click.UsageError("--copy and --no-copy contradict each other.")
    from romm.adapters.database import migrations

    url = loaded(os.environ).settings.database.url
    with explained():
        try:
            migrations.upgrade(url, revision, keeps_copy=not no_copy, copy=file, report=_say_step)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="REVISION") from None
    say("The database is up to date.")


def _say_step(line: str) -> None:
    say(line, err=True)


@db.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")
def current(as_json: bool) -> None:
    """Print the schema revision of the database.

    A note says why this version cannot use it.
    """
    from romm.adapters.database import migrations
    from romm.adapters.database.transactions import HEAD
    from romm.domain.diagnosis.storage import SENTENCES, age

    with explained():
        found = migrations.current(loaded(os.environ).settings.database.url)
    cause = age(found, HEAD)
    if as_json:
        say(json.dumps({"revision": found, "newest": HEAD, "state": cause or "current"}, indent=2))
        return
    say(found or "none")
    if found and cause:
        problem = SENTENCES[cause].problem.format(place="the database", detail=found)
        say(f"note: {problem}, which needs {HEAD}. {SENTENCES[cause].fix}.", err=True, fg="yellow")


@db.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Copy the database into FILE, also while RomM runs. PostgreSQL's is copied by pg_dump."""
    from romm.adapters.database import backup

    database = loaded(os.environ).settings.database
    with explained():
        backup.copy(database.url, file)
    back = "run romm db restore" if database.is_embedded else "restore into an empty database with pg_restore"
    say(f"Copied to {file}. To go back to it: stop RomM, and {back} {file}")


@db.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put the copy FILE in the place of the SQLite database. Stop RomM before.

    The database that was there is kept beside it. For PostgreSQL use pg_restore or psql.
    """
    from romm.adapters.database.sqlite import restore

    with explained():
        kept = restore.restore(loaded(os.environ).settings.database.url, file)
    say(f"Restored {file}.")
    if kept is not None:
        say(f"The database that was there is now {kept}; remove it when you do not need it any more.")


@db.command("rotate-key")
def rotate_key() -> None:
    """Make a new key for the cookies that RomM seals.

    Sign-ins that are under way go on.
    """
    run(lambda made: made.sign_ins.at(None).attempts.seal.rotate())
    say("A new key seals from now on, within five minutes in every process. The old one opens for another hour.")
