"""Spans by OTLP over HTTP. Imported only when that is on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode

from romm.domain.errors import Refused

SEND_SECONDS = 3
"""Also the wait for the last spans at the end of a worker."""

_KINDS = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT, "internal": SpanKind.INTERNAL}

Note = Callable[[str, str | int], None]


class Tracing:
    def __init__(self, exporter: SpanExporter, version: str) -> None:
        about = Resource.create({"service.name": "romm", "service.version": version})
        self._provider = TracerProvider(resource=about, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("romm", version)

    @contextmanager
    def span(self, name: str, kind: str = "internal", **facts: str | int) -> Iterator[Note]:
        """Of an exception only its class, and of a refusal its code: texts may name people."""
        with self._tracer.start_as_current_span(
            name,
            kind=_KINDS[kind],
            attributes={each.replace("__", "."): fact for each, fact in facts.items()},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span.set_attribute
            except BaseException as error:
                code = error.code if isinstance(error, Refused) else type(error).__name__
                span.set_attribute("error.type", code)
                span.set_status(Status(StatusCode.ERROR))
                raise

    def close(self) -> None:
        """Sends what is left; takes seconds at most."""
        self._provider.shutdown()


def tracing(endpoint: str, version: str) -> Tracing:
    return Tracing(OTLPSpanExporter(endpoint=endpoint, timeout=SEND_SECONDS), version)
