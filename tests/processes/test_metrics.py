"""`/metrics` of a RomM with two workers, read by Prometheus's own parser."""

import asyncio
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.fake_provider import FakeProvider, free_port
from tests.processes.conftest import create_first_admin, romm
from tests.world import HTML

TOKEN = "a-token-for-prometheus"
REQUESTS = 20

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def watched(idp: FakeProvider, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The addresses of RomM and of its metrics."""
    port = free_port()
    on: dict[str, Any] = {"ROMM_METRICS_PORT": str(port), "ROMM_METRICS_TOKEN": TOKEN, "WEB_SERVER_CONCURRENCY": "2"}
    with romm(idp, tmp_path, **on) as (address, _):
        idp.redirect_uri = f"{address}/api/oauth/openid"
        yield address, f"http://127.0.0.1:{port}/metrics"


def scraped(url: str, token: str = TOKEN) -> str:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        text: str = answer.read().decode()
    return text


def samples(text: str) -> Samples:
    families = text_string_to_metric_families(text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def at_rest(url: str) -> str:
    """An answer is counted once it is sent, so its client may ask before."""
    deadline = time.monotonic() + 10
    while total(samples(text := scraped(url)), "romm_http_requests_in_progress") and time.monotonic() < deadline:
        time.sleep(0.01)
    return text


def total(found: Samples, name: str, **labels: str) -> float:
    wanted = labels.items()
    return sum(value for (each, has), value in found.items() if each == name and wanted <= dict(has).items())


def sign_in(address: str, idp: FakeProvider) -> httpx.Response:
    with httpx.Client(base_url=address, headers=HTML, timeout=30) as browser:
        begun = browser.get("/api/login/openid")
        return browser.get(f"/api/oauth/openid?{asyncio.run(idp.approve(begun.headers['location']))}")


def test_prometheus_reads_the_sum_of_all_workers(watched: tuple[str, str], idp: FakeProvider) -> None:
    address, url = watched
    create_first_admin(address)
    before = samples(scraped(url))
    for _ in range(REQUESTS):  # a connection for each, so that both workers get some
        urllib.request.urlopen(f"{address}/api/health/live?secret=canary", timeout=30).close()
    assert sign_in(address, idp).headers["location"] == "/"
    idp.sub = "mallory"
    idp.alter_id_token = lambda claims: claims.update(nonce="another")
    sign_in(address, idp)
    text = at_rest(url)
    found = samples(text)
    live = {"route": "/api/health/live", "status": "200"}
    more = total(found, "romm_http_request_seconds_count", **live) - total(
        before, "romm_http_request_seconds_count", **live
    )
    assert more == REQUESTS
    assert total(found, "romm_sign_ins_total", method="openid", outcome="begun") == 2
    assert total(found, "romm_sign_ins_total", method="openid", outcome="signed_in") == 1
    assert total(found, "romm_sign_ins_total", outcome="refused", code="id_token_nonce") == 1
    assert total(found, "romm_provider_request_seconds_count", provider="oidc", method="POST", result="2xx") == 2
    assert total(found, "romm_http_requests_in_progress") == 0
    assert total(found, "romm_open_files") > 2
    assert total(found, "romm_build_info") == 1
    for private in ("alice", "mallory", "127.0.0.1", "canary", "keeper", "example"):
        assert private not in text
