"""`romm demo`: one command, a click at a real provider, and a shelf of games with the right role."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

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
def test_a_click_at_the_provider_comes_back_to_a_shelf_with_the_right_role(
    page: Page, demo: str, person: str, level: str, tmp_path: Path
) -> None:
    page.goto(demo)
    expect(page).to_have_url(f"{demo}/login?next=%2F")
    page.get_by_role("link", name="Sign in with Demo Provider").click()
    page.get_by_role("button", name=person).click()
    expect(page).to_have_url(f"{demo}/")
    expect(page.get_by_role("heading", name="Lucky Seven")).to_be_visible()
    assert page.request.get(f"{demo}/api/users/me").json()["access_level"] == level
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # both are among the literals
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=tmp_path / f"{scheme}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    with page.expect_download() as download:
        page.get_by_role("link", name="Download Lucky Seven").click()
    assert download.value.suggested_filename == "Lucky Seven.ch8"
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out")).to_be_visible()
