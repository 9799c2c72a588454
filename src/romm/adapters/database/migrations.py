"""Read and upgrade the schema's version. Not inside an event loop. Raises `Refused(STORAGE_UNAVAILABLE)`."""

import asyncio
from typing import TYPE_CHECKING

from romm.adapters.database.transactions import HEAD, Database, storage_errors
from romm.adapters.database.versions import FOLDER
from romm.domain.errors import Code, Refused

if TYPE_CHECKING:
    from alembic.config import Config


def upgrade(url: str, revision: str = "head") -> None:
    if revision == "head" and is_current(url):
        return  # the usual case at start
    from alembic import command  # noqa: PLC0415  (slow to import)
    from alembic.util import CommandError  # noqa: PLC0415

    try:
        with storage_errors():
            command.upgrade(alembic_config(url), revision)
    except CommandError as error:  # unknown revision
        raise Refused(Code.STORAGE_UNAVAILABLE, problem=error) from error


def current(url: str) -> str | None:
    return asyncio.run(_revision(url))


def is_current(url: str) -> bool:
    """Like `current`, it does not import alembic."""
    return current(url) == HEAD


def alembic_config(url: str) -> "Config":
    """`env.py` reads the URL from here: a `%` in a password is never interpolated."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"url": url})
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


async def _revision(url: str) -> str | None:
    database = Database(url)
    try:
        return await database.revision()
    finally:
        await database.close()
