"""Spans as a collector receives them: OTLP over HTTP, decoded with OpenTelemetry's own messages.

The OpenTelemetry Collector 0.165 (built with its otlp receiver and debug exporter) printed the same tree.
"""

import gzip
from pathlib import Path

from litestar import Litestar, Request, post
from litestar.datastructures import State
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.fake_provider import FakeProvider, served
from tests.processes.conftest import create_first_admin, romm
from tests.processes.test_metrics import sign_in


class Collector:
    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def app(self) -> Litestar:
        @post("/v1/traces", status_code=200, media_type="application/x-protobuf")
        async def take(request: Request[None, None, State]) -> bytes:
            body = await request.body()
            self.bodies.append(gzip.decompress(body) if request.headers.get("content-encoding") == "gzip" else body)
            return b""

        return Litestar([take], openapi_config=None)

    def spans(self) -> list[Span]:
        resources = (each for body in self.bodies for each in ExportTraceServiceRequest.FromString(body).resource_spans)
        return [span for resource in resources for scope in resource.scope_spans for span in scope.spans]


def route(span: Span) -> str:
    return next((fact.value.string_value for fact in span.attributes if fact.key == "http.route"), "")


def test_a_collector_receives_the_tree_of_a_sign_in_and_no_word_of_the_person(
    idp: FakeProvider, tmp_path: Path
) -> None:
    collector = Collector()
    with served(collector.app()) as port:
        endpoint = f"http://127.0.0.1:{port}/v1/traces"
        with romm(idp, tmp_path, ROMM_TRACES_ENDPOINT=endpoint) as (address, _):
            idp.redirect_uri = f"{address}/api/oauth/openid"
            create_first_admin(address)
            assert sign_in(address, idp).headers["location"] == "/"
    spans = collector.spans()
    (callback,) = [span for span in spans if route(span) == "/api/oauth/openid"]
    below = {span.name for span in spans if span.parent_span_id == callback.span_id}
    assert {"provider.exchange", "provider.verify"} <= below
    for private in (b"alice", b"keeper", b"code="):
        assert not any(private in body for body in collector.bodies)
