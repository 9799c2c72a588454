"""The page for Prometheus. The sum over workers is in tests/processes."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from romm.adapters.metrics import PrometheusMeter, page

TOKEN = "a token"

WORKER = """
import sys
from romm.adapters.metrics import PrometheusMeter, workers_registry
meter = PrometheusMeter(workers_registry())
meter.sign_in("password", "signed_in")
meter.sampled({"files": 7}, {})
"""


def asked(folder: Path, path: str = "/metrics", token: str = "", sent: str | None = None) -> tuple[str, str]:
    """The status and the text."""
    environ: dict[str, Any] = {"PATH_INFO": path}
    setup_testing_defaults(environ)
    if sent is not None:
        environ["HTTP_AUTHORIZATION"] = sent
    statuses: list[str] = []
    body = page(token, folder, "1.2.3")(environ, lambda status, _: statuses.append(status))
    return statuses[0][:3], b"".join(body).decode()


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("/metrics", f"Bearer {TOKEN}", "200"),
        ("/metrics", None, "401"),
        ("/metrics", "Bearer another", "401"),
        ("/metrics", f"bearer{TOKEN}", "401"),
        ("/metrics", "Bearer \udcff", "401"),
        ("/", f"Bearer {TOKEN}", "404"),
    ],
)
def test_only_the_token_opens_the_page(tmp_path: Path, path: str, sent: str | None, status: str) -> None:
    found, text = asked(tmp_path, path, TOKEN, sent)
    assert found == status
    assert ("romm_build_info" in text) is (status == "200")
    assert TOKEN not in text


def test_without_a_token_everyone_who_reaches_it_reads_it(tmp_path: Path) -> None:
    assert asked(tmp_path)[0] == "200"


def test_counters_of_a_worker_that_ended_stay_and_its_levels_go(tmp_path: Path) -> None:
    for _ in range(2):
        environ = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
        subprocess.run([sys.executable, "-c", WORKER], env=environ, check=True, timeout=60)
    _, text = asked(tmp_path)
    values = {each.name: each.value for family in text_string_to_metric_families(text) for each in family.samples}
    assert values["romm_sign_ins_total"] == 2
    assert "romm_open_files" not in values


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_a_number_that_another_users_process_has_now_is_a_dead_worker() -> None:
    with TemporaryDirectory() as name:
        level = Path(name, "gauge_livesum_1.db")  # 1 belongs to root
        level.touch()
        level.parent.chmod(0o777)
        if (child := os.fork()) == 0:
            os.setresuid(65534, 65534, 65534)
            with suppress(PermissionError):
                asked(level.parent)
            os._exit(0)
        os.waitpid(child, 0)
        assert not level.exists()


def test_scrapes_at_the_same_time_forget_a_dead_worker_once(tmp_path: Path) -> None:
    for pid in range(5_000_000, 5_001_500):  # above Linux's highest number of a process
        (tmp_path / f"gauge_livesum_{pid}.db").touch()
    with ThreadPoolExecutor(8) as scrapers:
        found = list(scrapers.map(lambda _: asked(tmp_path)[0], range(8)))
    assert found == ["200"] * 8


def test_reads_of_documents_are_counted_once() -> None:
    registry = CollectorRegistry()
    meter = PrometheusMeter(registry)
    for total in (3, 3, 5):
        meter.sampled({}, {("oidc", "keys", "cache"): total})
    assert (
        registry.get_sample_value(
            "romm_provider_documents_total", {"provider": "oidc", "document": "keys", "source": "cache"}
        )
        == 5
    )
    assert b"romm_provider_documents" in generate_latest(registry)
