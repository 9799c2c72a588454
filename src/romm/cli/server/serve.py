"""Runs the server's workers, all with the same settings."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from multiprocessing import connection, parent_process
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from romm.adapters.accounts import hashing_memory
from romm.cli.server import connections, process
from romm.cli.server.connections import Room
from romm.ports.process import Log
from romm.settings.model import Loaded, Metrics

# Limit for open requests at shutdown; Docker waits for 10 seconds.
KILL_SECONDS = 8
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client's variable, which it reads when it is imported, here and in the workers."""

CANNOT_LISTEN = (
    "another program uses the port, or this machine does not have the address: see ROMM_HOST and ROMM_PORT, or --host and "
    "--port"
)
_OURS = {"version": 1, "disable_existing_loggers": False, "loggers": {"_granian": {"handlers": []}}}


def run(loaded: Loaded, make: Callable[[Loaded], Any] | None = None) -> None:
    """The database is migrated. `make` gives each worker another application than RomM's."""
    hashing_memory.keep_freed()  # a forked worker would use the arenas of this process's threads
    # Not above: a spawned worker imports this module before it can leave anything out.
    from romm.adapters import log

    settings = loaded.settings
    logger = log.configure(settings.log.level, settings.log.format)
    where = settings.server
    try:
        check_free(where.host, where.port)
    except OSError as error:
        logger.error("server.cannot_listen", host=where.host, port=where.port, problem=str(error), hint=CANNOT_LISTEN)
        sys.exit(1)
    room = connections.make_room(where.workers)
    connections.report_few_files(room, logger)
    server = Granian(
        "romm.composition.app:serve",
        interface=Interfaces.ASGI,
        address=where.host,
        port=where.port,
        workers=where.workers,
        websockets=False,
        # Not `auto`, which waits for a connection's first bytes without a limit.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=connections.IDLE_SECONDS * 1000, max_buffer_size=connections.HEAD_BYTES
        ),
        backlog=connections.CONNECTIONS,
        backpressure=room.connections,
        log_level=LogLevels.warning,
        log_dictconfig=_OURS,
        respawn_failed_workers=True,
        workers_kill_timeout=KILL_SECONDS,
    )
    logger.info("server.starting", host=where.host, port=where.port, base_url=where.base_url)
    with _metrics(loaded.settings.metrics, logger):
        server.serve(target_loader=partial(_app, loaded, room, make), wrap_loader=False)


@contextmanager
def _metrics(settings: Metrics, logger: Log) -> Iterator[None]:
    """In this process, which sees all workers."""
    if not settings.port:
        yield
        return
    with TemporaryDirectory(prefix="romm-metrics-") as folder:
        os.environ[METRICS_FOLDER] = folder
        from romm.adapters import metrics

        try:
            metrics.serve(settings.host, settings.port, settings.token, Path(folder), version("romm-sign-in"))
        except OSError as error:
            hint = "another program uses the port, or this machine does not have the address: see ROMM_METRICS_PORT"
            logger.error("metrics.cannot_listen", host=settings.host, port=settings.port, problem=str(error), hint=hint)
            sys.exit(1)
        logger.info("metrics.serving", host=settings.host, port=settings.port, token=bool(settings.token))
        yield


def _app(loaded: Loaded, room: Room, make: Callable[[Loaded], Any] | None) -> Any:
    """Imported in the worker, to keep the parent small.

    Until it serves, SIGTERM has its default action: the parent's handler would swallow it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which then sends SIGTERM
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    hashing_memory.keep_freed()
    Thread(target=_end_with_parent, name="romm-parent-watch", daemon=True).start()
    with process.lean_imports():
        from romm.adapters import log
        from romm.composition.app import serve

        app = (make or serve)(loaded)
    logger = log.configure(loaded.settings.log.level, loaded.settings.log.format)
    Thread(target=connections.watch, args=(room, logger), name="romm-connections", daemon=True).start()
    return app


def _end_with_parent() -> None:
    """Workers would keep the port and the old settings."""
    if (parent := parent_process()) is not None:
        connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


def check_free(host: str, port: int) -> None:
    """Raises OSError. The server would silently share the address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
