"""Prepare `romm serve` in a process that ends: Dynaconf and Alembic would stay in memory."""

import os
import signal
import sys
from importlib.util import find_spec
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection

from romm.cli.report import explained, fail, last_resort, loaded
from romm.cli.server import process
from romm.settings.load import Given
from romm.settings.model import Loaded, Settings


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
    with last_resort(), explained():
        with process.without_collections():
            from romm.adapters import log
            from romm.composition import start

            found = loaded(os.environ, given)
        check_packages(found.settings)
        logger = log.configure(found.settings.log.level, found.settings.log.format)
        start.prepare(found, logger)
    sender.send(found)


def check_packages(settings: Settings) -> None:
    """Of traces; the database looks for its own. Exits if one is missing."""
    if settings.traces.endpoint and find_spec("opentelemetry") is None:
        install = "pip install --require-hashes -r requirements/otel.txt"
        fail((f"ROMM_TRACES_ENDPOINT needs the packages of OpenTelemetry. In RomM's source run `{install}`.",))
