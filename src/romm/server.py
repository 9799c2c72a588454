"""Runs the service: what the settings say is logged, the database migrated, then the workers answer HTTP."""

import socket
import sys

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from romm.adapters import database, log
from romm.ports import Log
from romm.settings import Loaded

# A worker that is told to stop while it starts does not hear it; Docker waits for 10 seconds.
KILL_SECONDS = 8
_OURS = {"version": 1, "disable_existing_loggers": False, "loggers": {"_granian": {"handlers": []}}}


def run(loaded: Loaded) -> None:
    """Serve until told to stop. The embedded database is migrated here; any other one by `romm db upgrade`."""
    settings = loaded.settings
    logger = log.configure(settings.log.level, settings.log.format)
    _report(loaded, logger)
    if settings.database.is_embedded:
        database.upgrade(settings.database.url)
    where = settings.server
    try:
        _check_free(where.host, where.port)
    except OSError as error:
        hint = "another program listens there, or the address is not this machine's: see ROMM_HOST and ROMM_PORT"
        logger.error("server.cannot_listen", host=where.host, port=where.port, problem=str(error), hint=hint)
        sys.exit(1)
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
        workers_kill_timeout=KILL_SECONDS,
    )
    logger.info("server.starting", host=where.host, port=where.port, base_url=where.base_url)
    server.serve()


def _check_free(host: str, port: int) -> None:
    """Raises OSError when the address is taken. The server itself would share it with a forgotten instance, silently."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _report(loaded: Loaded, logger: Log) -> None:
    for note in loaded.notes:
        logger.info("settings.note", note=note)
    for warning in loaded.warnings:
        logger.warning("settings.warning", warning=warning)
    if loaded.settings.oidc.enabled and loaded.settings.oidc_off:
        logger.warning("oidc.off", reason=loaded.settings.oidc_off)
