"""From an empty machine to a sign-in with the provider, by what the pages say."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.e2e.accessibility import findings
from tests.e2e.conftest import ADMIN, SECRET, StartRomM
from tests.e2e.test_sign_in import me, sign_in

PHONE, DESKTOP = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=900)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Without transitions: axe-core would see a color between two."""
    with browser.new_context(bypass_csp=True, reduced_motion="reduce") as context:
        yield context.new_page()


def looked_at(page: Page, name: str) -> None:
    """Serious findings of axe-core, and what sticks out, on a phone and in the dark too. Screenshots where SHOTS says."""
    looks: tuple[tuple[ViewportSize, Literal["light", "dark"]], ...] = ((DESKTOP, "light"), (PHONE, "dark"))
    for size, scheme in looks:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        if folder := os.environ.get("SHOTS"):
            page.screenshot(path=Path(folder) / f"{name}-{scheme}.png", full_page=True)
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light")


def test_the_pages_lead_from_the_first_start_to_the_first_sign_in(
    page: Page, start_romm: StartRomM, provider: str
) -> None:
    origin = start_romm({}, admin=False)
    page.goto(origin)
    page.get_by_label("User name").fill(ADMIN["username"])
    page.get_by_label("Password", exact=True).fill(ADMIN["password"])
    page.get_by_role("button", name="Create the administrator").click()
    page.get_by_label("User name").fill(ADMIN["username"])
    page.get_by_label("Password", exact=True).fill(ADMIN["password"])
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Connect a provider")).to_be_visible()
    looked_at(page, "choose")
    page.get_by_label("Authelia").check()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("textbox", name="Redirect URI").first).to_have_text(f"{origin}/api/oauth/openid")
    looked_at(page, "register")

    typed(page, provider, "wrong")
    expect(page.get_by_role("status")).to_contain_text("failed: Client and secret")
    looked_at(page, "failed")
    typed(page, provider, SECRET)
    expect(page.get_by_role("status")).to_contain_text("All 22 checks are ok.")
    looked_at(page, "good")
    block = page.locator("#env-file").inner_text()
    assert SECRET not in page.content()

    kept = dict(line.split("=", 1) for line in block.strip().splitlines())
    assert kept["OIDC_CLIENT_SECRET"] == "'<the client secret>'"
    start_romm(kept | {"OIDC_CLIENT_SECRET": SECRET}, restart=True)
    page.context.clear_cookies()
    sign_in(page, origin, "alice")
    assert me(page, origin)["username"] == "alice"


def typed(page: Page, provider: str, secret: str) -> None:
    page.get_by_label("Address of Authelia").fill(f"{provider}/authelia")
    page.get_by_label("Client id").fill("romm")
    page.get_by_label("Client secret").fill(secret)
    page.get_by_role("button", name="Check").click()
