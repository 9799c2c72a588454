"""`romm demo`: one command, a click at a real provider, signed in with the right role."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import free_port, wait_for


@pytest.fixture
def demo() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "romm", "demo", "--port", str(port), "--provider-port", str(free_port())]
    process = subprocess.Popen(command)
    wait_for(f"http://127.0.0.1:{port}/api/health/ready")
    yield f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=15) == 0


@pytest.mark.parametrize(("person", "level"), [("ada", "admin"), ("eddie", "editor"), ("vera", "viewer")])
def test_a_click_at_the_provider_comes_back_with_the_right_role(page: Page, demo: str, person: str, level: str) -> None:
    page.goto(f"{demo}/login")
    page.get_by_role("link", name="Sign in with Demo Provider").click()
    page.get_by_role("button", name=person).click()
    expect(page).to_have_url(f"{demo}/")
    assert page.request.get(f"{demo}/api/users/me").json()["access_level"] == level
