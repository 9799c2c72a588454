"""The pictures of docs/images, from the real program: `nox -s screenshots`."""

import base64
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.conftest import BROWSER_OPTIONS, CHROMIUM, free_port, wait_for

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDTH = 860  # pixels
USUAL_HEIGHT = 640
QUALITY = 85  # of 100; a third of what PNG needs


@contextmanager
def demo() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "romm", "demo", "--port", str(port), "--provider-port", str(free_port())]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/api/health/ready")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)


def take(page: Page, name: str, height: int = USUAL_HEIGHT) -> None:
    page.set_viewport_size({"width": WIDTH, "height": height})
    page.wait_for_load_state("networkidle")
    chromium = page.context.new_cdp_session(page)
    picture = chromium.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    (IMAGES / f"{name}.webp").write_bytes(base64.b64decode(picture["data"]))


def sign_in(page: Page, origin: str, person: str) -> None:
    page.goto(f"{origin}/login?next=/account")
    page.get_by_role("link", name="Sign in with").click()
    page.get_by_role("button", name=person).click()


def be_refused(page: Page, origin: str) -> None:
    """A person whom the provider knows, in none of its groups."""
    page.goto(f"{origin}/login")
    page.get_by_role("link", name="Sign in with").click()
    page.get_by_role("textbox").fill("guest@example.org")
    page.get_by_role("button", name="Authorize").click()


def pictures(browser: Browser, origin: str) -> None:
    page = browser.new_context(
        color_scheme="light", reduced_motion="reduce", locale="en-GB", timezone_id="Europe/London"
    ).new_page()
    page.goto(f"{origin}/login")
    take(page, "sign-in", 700)
    be_refused(page, origin)
    take(page, "error")
    sign_in(page, origin, "vera")
    page.goto(f"{origin}/account")
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    sign_in(page, origin, "ada")
    page.goto(f"{origin}/admin/oidc")
    take(page, "single-sign-on", 720)
    page.goto(f"{origin}/admin/sign-ins")
    take(page, "sign-ins", 720)
    page.goto(f"{origin}/me")  # after the check, whose result it shows
    take(page, "start")


def main() -> None:
    with demo() as origin, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_OPTIONS)
        pictures(browser, origin)
        browser.close()


if __name__ == "__main__":
    main()
