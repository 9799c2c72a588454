"""Prepare `romm serve` in a process that ends: Dynaconf and Alembic would stay in memory."""

import os
import signal
import sys
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection

from romm.cli import process
from romm.cli.report import explained, loaded
from romm.settings.model import Loaded


def prepared() -> Loaded:
    """Exits on a problem."""
    receiver, sender = Pipe(duplex=False)
    # As a daemon it ends with its parent.
    preparation = Process(target=_prepare, args=(sender,), name="romm-preparation", daemon=True)
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


def _prepare(sender: Connection) -> None:
    """Other databases need `romm db upgrade`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; the parent ends this process
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    process.block_unused_imports()
    from romm.adapters import log
    from romm.adapters.database import space, versions

    with explained():
        found = loaded(os.environ)
        logger = log.configure(found.settings.log.level, found.settings.log.format)
        for note in found.notes:
            logger.info("settings.note", note=note)
        for warning in found.warnings:
            logger.warning("settings.warning", warning=warning)
        for each in found.settings.all_providers:
            if each.oidc.enabled and each.off:
                logger.warning("oidc.off", provider=each.id, reason=each.off)
        url = found.settings.database.url
        if found.settings.database.is_embedded:
            if not versions.is_migrated(url):
                from romm.adapters.database import migrations

                migrations.upgrade(url)
            space.prepare(url, logger)
    sender.send(found)
