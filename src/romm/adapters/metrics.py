"""Metrics for Prometheus. Imported only when they are on.

Each worker writes into a shared folder (prometheus_client's multiprocess mode). The process that started the workers
answers with the sums, which outlive a worker.
"""

import hmac
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_wsgi_app
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SCRAPE_SECONDS = 10
"""For a request to this page."""

_GAUGES = {
    "requests": ("romm_http_requests_in_progress", "Requests that are being answered."),
    "passwords_waiting": ("romm_passwords_waiting", "Passwords that wait to be checked."),
    "passwords_checked": ("romm_passwords_being_checked", "Passwords that are being checked."),
    "database": ("romm_database_connections_in_use", "Connections of the reading pool in use; with PostgreSQL of all."),
    "files": ("romm_open_files", "Connections and files that are open."),
}


class PrometheusMeter:
    """No label comes from a request."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def histogram(name: str, text: str, *labels: str) -> Histogram:
            return Histogram(name, text, labels, buckets=SECONDS, registry=registry)

        self._sign_ins = Counter(
            "romm_sign_ins",
            "Sign-ins by method, outcome (begun, signed_in, refused, signed_out) and the code of a refusal.",
            ("method", "outcome", "code"),
            registry=registry,
        )
        self._documents = Counter(
            "romm_provider_documents",
            "Reads of the provider's metadata and keys, from the cache or from the provider.",
            ("provider", "document", "source"),
            registry=registry,
        )
        self._provider = histogram(
            "romm_provider_request_seconds",
            "Time until the provider's answer begins, by status class or failed.",
            *("provider", "method", "result"),
        )
        self._http = histogram("romm_http_request_seconds", "Time for a whole answer.", "method", "route", "status")
        self._gauges = {
            key: Gauge(name, text, registry=registry, multiprocess_mode="livesum")
            for key, (name, text) in _GAUGES.items()
        }
        self._read: dict[tuple[str, str, str], int] = {}

    def sign_in(self, method: str, outcome: str, code: str = "") -> None:
        self._sign_ins.labels(method, outcome, code).inc()

    def provider(self, provider: str, method: str, result: str, seconds: float) -> None:
        self._provider.labels(provider, method, result).observe(seconds)

    def begun(self) -> None:
        self._gauges["requests"].inc()

    def answered(self, method: str, route: str, status: str, seconds: float) -> None:
        self._gauges["requests"].dec()
        self._http.labels(method, route, status).observe(seconds)

    def sampled(self, levels: Mapping[str, int], reads: Mapping[tuple[str, str, str], int]) -> None:
        """`levels` by gauge; `reads` by provider, document and source, since the start of the process."""
        for key, level in levels.items():
            self._gauges[key].set(level)
        for labels, total in reads.items():
            self._documents.labels(*labels).inc(total - self._read.get(labels, 0))
        self._read.update(reads)


def workers_registry() -> CollectorRegistry:
    """Of one process; with PROMETHEUS_MULTIPROC_DIR set the values are in its files."""
    return CollectorRegistry()


def serve(host: str, port: int, token: str, folder: Path, version: str) -> None:
    """In a thread. `token` may be empty. Raises OSError if the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    chosen: type[_Server] = type("_Server", (_Server,), {"address_family": family})
    server = make_server(host, port, page(token, folder, version), chosen, _Quiet)
    Thread(target=server.serve_forever, name="romm-metrics", daemon=True).start()


Start = Callable[..., Any]


def page(token: str, folder: Path, version: str) -> Callable[[dict[str, Any], Start], Iterable[bytes]]:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]  # prometheus_client's own
    registry.register(_Build(version))
    written = make_wsgi_app(registry)
    expected = f"Bearer {token}".encode()

    def answer(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        sent = str(environ.get("HTTP_AUTHORIZATION", "")).encode("utf-8", "surrogateescape")
        if environ.get("PATH_INFO") != "/metrics":
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"The metrics are at /metrics.\n"]
        if token and not hmac.compare_digest(sent, expected):
            start("401 Unauthorized", [("Content-Type", "text/plain"), ("WWW-Authenticate", "Bearer")])
            return [b"Send the token of ROMM_METRICS_TOKEN: Authorization: Bearer ...\n"]
        _forget_dead(folder)
        found: Iterable[bytes] = written(environ, start)
        return found

    return answer


class _Build:
    def __init__(self, version: str) -> None:
        self._version = version

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily("romm_build_info", "The version of RomM.", labels=["version"])
        family.add_metric([self._version], 1)
        yield family


def _forget_dead(folder: Path) -> None:
    """Levels of a worker that ended; its counters stay."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, PermissionError):  # another user's process: the number was given anew
            with suppress(FileNotFoundError):  # another scrape was faster
                mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]  # prometheus_client's own


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    timeout = SCRAPE_SECONDS

    def log_message(self, *_: Any) -> None:
        pass
