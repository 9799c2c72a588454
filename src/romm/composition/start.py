"""Logs remarks on the settings and prepares the database."""

from romm.adapters.database.sqlite import space, versions
from romm.domain.catalogue import operator_text
from romm.domain.diagnosis.storage import Cause
from romm.domain.errors import Refused
from romm.ports.process import Log
from romm.settings.model import Database, Loaded

LATER = {Cause.UNREACHABLE, Cause.CONNECTIONS, Cause.EMPTY, Cause.OLDER}
"""What may come in order while RomM runs."""


def prepare(loaded: Loaded, log: Log) -> None:
    """Migrates SQLite's file; PostgreSQL needs `romm db upgrade`. Not inside an event loop. Raises `Refused`."""
    for note in loaded.notes:
        log.info("settings.note", note=note)
    for warning in loaded.warnings:
        log.warning("settings.warning", warning=warning)
    for each in loaded.settings.all_providers:
        if each.oidc.enabled and each.off:
            log.warning("oidc.off", provider=each.id, reason=each.off)
    _prepare_database(loaded.settings.database, log)


def _prepare_database(database: Database, log: Log) -> None:
    if not database.is_embedded:
        _look_at_server(database.url, log)
        return
    if not versions.is_migrated(database.url):
        _migrate(database.url, log)
    space.prepare(database.url, log)


def _migrate(url: str, log: Log) -> None:
    if file := versions.create(url):
        log.info("database.created", file=str(file))
        return
    from romm.adapters.database import migrations  # noqa: PLC0415  (SQLAlchemy takes half of a start)
    from romm.adapters.database.causes import place_of  # noqa: PLC0415

    if migrations.create(url):
        log.info("database.created", file=place_of(url).name)
    migrations.upgrade(url, keeps_copy=True, report=lambda line: log.info("database.migrating", step=line))
    migrations.check_write(url)


def _look_at_server(url: str, log: Log) -> None:
    """It may be started or migrated after RomM."""
    from romm.adapters.database import migrations  # noqa: PLC0415  (SQLite needs it only where it is not migrated)

    try:
        migrations.require_current(url)
    except Refused as refused:
        if refused.facts["cause"] not in LATER:
            raise
        log.warning("database.not_ready", code=refused.code, hint=operator_text(refused))
