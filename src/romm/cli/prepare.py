"""Prepare `romm serve` in a process that ends: Dynaconf and Alembic would stay in memory."""

import os
import signal
import sys
from importlib.util import find_spec
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection

from romm.cli import process
from romm.cli.report import explained, fail, last_resort, loaded
from romm.domain.catalogue import operator_text
from romm.domain.diagnosis.storage import Cause
from romm.domain.errors import Refused
from romm.ports.process import Log
from romm.settings.load import Given
from romm.settings.model import Database, Loaded, Settings

LATER = {Cause.UNREACHABLE, Cause.CONNECTIONS, Cause.EMPTY, Cause.OLDER}
"""What may come in order while RomM runs."""


def prepared(given: Given) -> Loaded:
    """Exits on a problem."""
    receiver, sender = Pipe(duplex=False)
    # As a daemon it ends with its parent.
    preparation = Process(target=_prepare, args=(sender, given), name="romm-preparation", daemon=True)
    for told_to_stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told_to_stop, lambda *_: sys.exit(0))
    preparation.start()
    sender.close()
    try:
        found: Loaded = receiver.recv()
    except EOFError:  # the child has printed the reason
        preparation.join()
        sys.exit(preparation.exitcode or 1)
    preparation.join()
    return found


def _prepare(sender: Connection, given: Given) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; the parent ends this process
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    process.block_unused_imports()
    from romm.adapters import log

    with last_resort(), explained():
        found = loaded(os.environ, given)
        check_packages(found.settings)
        logger = log.configure(found.settings.log.level, found.settings.log.format)
        for note in found.notes:
            logger.info("settings.note", note=note)
        for warning in found.warnings:
            logger.warning("settings.warning", warning=warning)
        for each in found.settings.all_providers:
            if each.oidc.enabled and each.off:
                logger.warning("oidc.off", provider=each.id, reason=each.off)
        _prepare_database(found.settings.database, logger)
    sender.send(found)


def check_packages(settings: Settings) -> None:
    """Of traces; the database looks for its own. Exits if one is missing."""
    if settings.traces.endpoint and find_spec("opentelemetry") is None:
        install = "pip install --require-hashes -r requirements/otel.txt"
        fail((f"ROMM_TRACES_ENDPOINT needs the packages of OpenTelemetry. In RomM's source run `{install}`.",))


def _prepare_database(database: Database, logger: Log) -> None:
    """Raises `Refused`. PostgreSQL needs `romm db upgrade`."""
    from romm.adapters.database import space, versions

    if not database.is_embedded:
        _look_at_server(database.url, logger)
        return
    if not versions.is_migrated(database.url):
        from romm.adapters.database import migrations
        from romm.adapters.database.causes import place_of

        if migrations.create(database.url):
            logger.info("database.created", file=place_of(database.url).name)
        migrations.upgrade(
            database.url, keeps_copy=True, report=lambda line: logger.info("database.migrating", step=line)
        )
        migrations.check_write(database.url)
    space.prepare(database.url, logger)


def _look_at_server(url: str, logger: Log) -> None:
    """It may be started or migrated after RomM."""
    from romm.adapters.database import migrations

    try:
        migrations.require_current(url)
    except Refused as refused:
        if refused.facts["cause"] not in LATER:
            raise
        logger.warning("database.not_ready", code=refused.code, hint=operator_text(refused))
