"""Runs migrations over RomM's own engine; `romm.adapters.database` starts it and names the database."""

import asyncio
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationInfo
from sqlalchemy import Connection, text

from romm.adapters.database.engines import migrating
from romm.adapters.database.tables import Base

LOCK = 7666_0001  # an arbitrary number of ours: containers that start together take turns


def report(*, step: MigrationInfo, **_: Any) -> None:
    """After each step, before the commit of all."""
    tell = context.config.attributes.get("report", lambda _: None)
    script = step.up_revision
    if script is not None and step.is_upgrade:
        tell(f"{script.revision}: {script.doc}")


def migrate(connection: Connection) -> None:
    """All pending migrations in one transaction, all or nothing."""
    sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transactional_ddl=True,
        render_as_batch=sqlite,
        compare_type=True,
        on_version_apply=report,
    )
    with context.begin_transaction():
        if not sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        context.run_migrations()


async def run(url: str) -> None:
    engine = migrating(url)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


asyncio.run(run(context.config.attributes["url"]))
