"""What watches the requests to the provider."""

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from romm.adapters.provider.timed import TimedTransport
from romm.adapters.provider.traced import TracedTransport
from romm.adapters.traces import Tracing

URL = "https://idp.test/token?code=secret"


class Failing(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no way to alice")


def answering(status: int) -> httpx.AsyncBaseTransport:
    return httpx.MockTransport(lambda _: httpx.Response(status))


async def test_each_request_is_measured_by_its_result() -> None:
    seen: list[tuple[str, str]] = []
    for status in (200, 503):
        timed = TimedTransport(answering(status), lambda method, result, seconds: seen.append((method, result)))
        await timed.handle_async_request(httpx.Request("POST", URL))
    failing = TimedTransport(Failing(), lambda method, result, seconds: seen.append((method, result)))
    with pytest.raises(httpx.ConnectError):
        await failing.handle_async_request(httpx.Request("GET", URL))
    assert seen == [("POST", "2xx"), ("POST", "5xx"), ("GET", "failed")]


async def test_a_span_has_no_query_and_no_text_of_an_error() -> None:
    exporter = InMemorySpanExporter()
    tracing = Tracing(exporter, "1.2.3")
    await TracedTransport(answering(200), tracing).handle_async_request(httpx.Request("POST", URL))
    with pytest.raises(httpx.ConnectError):
        await TracedTransport(Failing(), tracing).handle_async_request(httpx.Request("GET", URL))
    tracing.close()
    good, bad = exporter.get_finished_spans()
    assert good.attributes == {
        "http.request.method": "POST",
        "url.full": "https://idp.test/token",
        "http.response.status_code": 200,
    }
    assert bad.attributes
    assert bad.attributes["error.type"] == "ConnectError"
    assert "alice" not in bad.to_json() + good.to_json()
