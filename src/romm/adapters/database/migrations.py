"""The schema's version: read it, upgrade it."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from romm.domain.errors import Code, Refused

if TYPE_CHECKING:
    from alembic.config import Config

from romm.adapters.database.transactions import HEAD, Database, storage_errors


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate. Not inside an event loop. Raises `Refused(STORAGE_UNAVAILABLE)`."""
    if revision == "head" and is_current(url):
        return  # as at nearly every start
    from alembic import command  # noqa: PLC0415  (slow to import)
    from alembic.util import CommandError  # noqa: PLC0415

    try:
        with storage_errors():
            command.upgrade(alembic_config(url), revision)
    except CommandError as error:  # no such revision
        raise Refused(Code.STORAGE_UNAVAILABLE, problem=error) from error


def current(url: str) -> str | None:
    """The migration a database is at. Not inside an event loop. Raises `Refused(STORAGE_UNAVAILABLE)`."""
    return asyncio.run(_revision(url))


def is_current(url: str) -> bool:
    """Is the database what this code expects? Raises as `current`; neither of the two imports alembic."""
    return current(url) == HEAD


def alembic_config(url: str) -> "Config":
    """What alembic needs to know; `env.py` reads the URL, so that no `%` in a password is ever interpolated."""
    from alembic.config import Config  # noqa: PLC0415

    packaged = Path(__file__).parents[2] / "_migrations"
    folder = packaged if packaged.is_dir() else Path(__file__).parents[4] / "alembic"
    config = Config(attributes={"url": url})
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


async def _revision(url: str) -> str | None:
    database = Database(url)
    try:
        return await database.revision()
    finally:
        await database.close()
