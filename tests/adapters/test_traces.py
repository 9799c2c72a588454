"""Spans of a sign-in: which, below which, and without a word of the person."""

import json

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from romm.adapters.traces import Tracing
from romm.domain.errors import Code, Refused


def spans(exporter: InMemorySpanExporter, tracing: Tracing) -> dict[str, dict[str, object]]:
    tracing.close()
    return {span.name: json.loads(span.to_json()) for span in exporter.get_finished_spans()}


def test_a_span_knows_what_it_is_part_of() -> None:
    exporter = InMemorySpanExporter()
    tracing = Tracing(exporter, "1.2.3")
    with tracing.span("GET", "server") as note, tracing.span("provider.exchange", romm__provider="oidc"):
        note("http.route", "/api/oauth/openid")
    found = spans(exporter, tracing)
    assert found["provider.exchange"]["parent_id"] == found["GET"]["context"]["span_id"]  # type: ignore[index]  # of JSON
    assert found["provider.exchange"]["attributes"] == {"romm.provider": "oidc"}
    assert found["GET"]["attributes"] == {"http.route": "/api/oauth/openid"}


def test_a_refusal_is_told_by_its_code_alone() -> None:
    exporter = InMemorySpanExporter()
    tracing = Tracing(exporter, "1.2.3")
    with pytest.raises(Refused), tracing.span("provider.exchange"):
        raise Refused(Code.CLIENT_REJECTED, found="alice@example.org")
    found = spans(exporter, tracing)["provider.exchange"]
    assert found["attributes"] == {"error.type": "client_rejected"}
    assert "alice" not in json.dumps(found)
