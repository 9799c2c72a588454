"""Runs the service: what the settings say is logged, the database migrated, then the workers answer HTTP."""

import sys

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from romm.adapters import database, log
from romm.ports import Log
from romm.settings import Loaded

_OURS = {"version": 1, "disable_existing_loggers": False, "loggers": {"_granian": {"handlers": []}}}


def run(loaded: Loaded) -> None:
    """Serve until told to stop. The embedded database is migrated here; any other one by `romm db upgrade`."""
    settings = loaded.settings
    logger = log.configure(settings.log.level, settings.log.format)
    _report(loaded, logger)
    if settings.database.is_embedded:
        database.upgrade(settings.database.url)
    where = settings.server
    server = Granian(
        "romm.app:serve",
        factory=True,
        interface=Interfaces.ASGI,
        address=where.host,
        port=where.port,
        workers=where.workers,
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=_OURS,
        respawn_failed_workers=True,
    )
    logger.info("server.starting", host=where.host, port=where.port, base_url=where.base_url)
    try:
        server.serve()
    except OSError as error:
        logger.error("server.cannot_listen", problem=str(error), hint="choose another ROMM_HOST or ROMM_PORT")
        sys.exit(1)


def _report(loaded: Loaded, logger: Log) -> None:
    for note in loaded.notes:
        logger.info("settings.note", note=note)
    for warning in loaded.warnings:
        logger.warning("settings.warning", warning=warning)
    if loaded.settings.oidc.enabled and loaded.settings.oidc_off:
        logger.warning("oidc.off", reason=loaded.settings.oidc_off)
