"""Read and upgrade the schema's version. Not inside an event loop. Raises `Refused(STORAGE_UNAVAILABLE)`."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from romm.adapters.database import backup
from romm.adapters.database.causes import place_of
from romm.adapters.database.sqlite import files
from romm.adapters.database.sqlite.versions import FOLDER
from romm.adapters.database.transactions import HEAD, Database, storage_errors
from romm.domain.diagnosis.storage import Cause, age, unusable

if TYPE_CHECKING:
    from alembic.config import Config

T = TypeVar("T")


Report = Callable[[str], None]
"""Gets a line about each step."""

COPY_HINT = "`romm db upgrade --copy FILE` makes one first, with pg_dump"


def upgrade(
    url: str,
    revision: str = "head",
    *,
    keeps_copy: bool = False,
    copy: Path | None = None,
    report: Report = lambda _: None,
) -> None:
    """Creates the database if there is none. `keeps_copy` before its first change: in `copy`, else beside a SQLite file.

    Raises `ValueError` for an unknown revision, and OSError for `copy`.
    """
    with storage_errors(place_of(url)):
        found = current(url)
    if found == HEAD and revision == "head":
        return  # the usual case at start
    if age(found, HEAD) is Cause.NEWER:
        raise unusable(Cause.NEWER, place_of(url).name, str(found))
    if keeps_copy and found is not None:
        report(_kept(url, found, copy))
    with storage_errors(place_of(url)):
        _upgrade(url, revision, report)


def _kept(url: str, found: str, copy: Path | None) -> str:
    file = place_of(url).file
    if copy is not None:
        backup.copy(url, copy)
    elif file is not None:
        copy = _free_name(file.with_name(f"{file.name}.at-{found}"))
        with storage_errors(place_of(url)):
            backup.copy(url, copy)
    else:
        return f"note: no copy of the PostgreSQL database at {found} is kept. {COPY_HINT}"
    return f"Kept a copy of the database at {found}: {copy}"


def _free_name(wanted: Path) -> Path:
    """An earlier attempt may have left its copy."""
    names = (wanted, *(wanted.with_name(f"{wanted.name}.{number}") for number in range(2, 1000)))
    return next((each for each in names if not each.exists()), wanted)


def _upgrade(url: str, revision: str, report: Report) -> None:
    from alembic import command  # noqa: PLC0415  (slow to import)
    from alembic.util import CommandError  # noqa: PLC0415

    try:
        config = alembic_config(url)
        config.attributes["report"] = report
        command.upgrade(config, revision)
    except CommandError as error:
        raise ValueError(str(error)) from error


def create(url: str) -> bool:
    """False, without a change, if there is a database."""
    is_new = not exists(url)
    if is_new:
        upgrade(url)
    return is_new


def require_current(url: str) -> None:
    """Creates and changes nothing."""
    if not exists(url):
        raise unusable(Cause.MISSING, place_of(url).name)
    found = current(url)
    if cause := age(found, HEAD):
        raise unusable(cause, place_of(url).name, str(found))


def exists(url: str) -> bool:
    """A server's counts as there. After an interrupted restore a database must not start empty."""
    place = place_of(url)
    with storage_errors(place):
        if place.file is None or not _is_absent(place.file):
            return True
        if left := files.half_restored(place.file.resolve()):
            raise unusable(Cause.HALF_RESTORED, place.name, str(left[0]))
        return False


def current(url: str) -> str | None:
    """None for an empty or missing database."""
    return asyncio.run(_with_database(url, Database.revision)) if exists(url) else None


def is_current(url: str) -> bool:
    """Like `current`, it does not import alembic."""
    return current(url) == HEAD


def check_write(url: str) -> None:
    asyncio.run(_with_database(url, Database.check_write))


def alembic_config(url: str) -> "Config":
    """`env.py` reads the URL from here: a `%` in a password is never interpolated."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"url": url})
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


async def _with_database(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    database = Database(url)
    try:
        return await work(database)
    finally:
        await database.close()


def _is_absent(file: Path) -> bool:
    """Raises OSError for a path through a file, which `Path.exists` would hide."""
    try:
        file.stat()
    except FileNotFoundError:
        return True
    return False
