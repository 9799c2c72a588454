"""What an answer is counted as, and its span: the route, and nothing that a visitor chose."""

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from romm.adapters.traces import Tracing
from romm.api.http.measured import measured
from romm.api.http.traced import traced


class Meter:
    def __init__(self) -> None:
        self.open = 0
        self.seen: list[tuple[str, str, str]] = []

    def begun(self) -> None:
        self.open += 1

    def answered(self, method: str, route: str, status: str, seconds: float) -> None:
        self.open -= 1
        self.seen.append((method, route, status))


async def answer(scope, receive, send) -> None:
    if scope["path"] == "/hung-up":
        raise ConnectionError
    if scope["path"].startswith("/users/"):
        scope["path_template"] = "/users/{user_id}"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def asked(app, method: str, path: str) -> None:
    async def nothing(*_) -> None: ...

    await app({"type": "http", "method": method, "path": path, "query_string": b"code=secret"}, nothing, nothing)


@pytest.mark.parametrize(
    ("method", "path", "counted"),
    [
        ("GET", "/users/7", ("GET", "/users/{user_id}", "200")),
        ("GET", "/chosen-by-a-visitor", ("GET", "none", "200")),
        ("CHOSEN", "/users/7", ("other", "/users/{user_id}", "200")),
    ],
)
async def test_labels_are_ours(method: str, path: str, counted: tuple[str, str, str]) -> None:
    """A visitor who makes up paths and methods makes no new series."""
    meter, exporter = Meter(), InMemorySpanExporter()
    tracing = Tracing(exporter, "1.2.3")
    await asked(traced(measured(answer, meter), tracing), method, path)
    assert (meter.seen, meter.open) == ([counted], 0)
    tracing.close()
    [span] = exporter.get_finished_spans()
    text = span.to_json()
    assert "secret" not in text
    assert "chosen-by-a-visitor" not in text
    assert "CHOSEN" not in text


async def test_a_request_that_is_not_answered_is_counted_too() -> None:
    meter = Meter()
    with pytest.raises(ConnectionError):
        await asked(measured(answer, meter), "GET", "/hung-up")
    assert (meter.seen, meter.open) == ([("GET", "none", "none")], 0)
