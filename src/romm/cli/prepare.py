"""What `romm serve` does before it serves, in a process of its own that ends with it.

What only this needs, Dynaconf and Alembic above all, would otherwise stay in the memory of the server and each worker.
"""

import os
import signal
import sys
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection

from romm.cli import process
from romm.cli.report import explained, loaded
from romm.settings.model import Loaded


def prepared() -> Loaded:
    """The settings in effect, reported; the embedded database has the newest schema. Ends here with what is wrong."""
    receiver, sender = Pipe(duplex=False)
    preparation = Process(
        target=_prepare, args=(sender,), name="romm-preparation", daemon=True
    )  # it does not outlive us
    for told_to_stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told_to_stop, lambda *_: sys.exit(0))
    preparation.start()
    sender.close()
    try:
        found: Loaded = receiver.recv()
    except EOFError:  # it has said why
        preparation.join()
        sys.exit(preparation.exitcode or 1)
    preparation.join()
    return found


def _prepare(sender: Connection) -> None:
    """Any other database than the embedded one is migrated by `romm db upgrade`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; the one who waits ends this one
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    process.leave_out()
    from romm.adapters import log
    from romm.adapters.database import migrations

    with explained():
        found = loaded(os.environ)
        logger = log.configure(found.settings.log.level, found.settings.log.format)
        for note in found.notes:
            logger.info("settings.note", note=note)
        for warning in found.warnings:
            logger.warning("settings.warning", warning=warning)
        if found.settings.oidc.enabled and found.settings.oidc_off:
            logger.warning("oidc.off", reason=found.settings.oidc_off)
        if found.settings.database.is_embedded:
            migrations.upgrade(found.settings.database.url)
    sender.send(found)
