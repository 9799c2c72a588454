"""“Is this your account?” in a real browser: the password, a wrong one, one click, not mine, and passwords off."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import findings
from tests.e2e.conftest import StartRomM
from tests.e2e.furnished import PASSWORD, add
from tests.e2e.test_accounts import LINKED, by_password, told
from tests.e2e.test_sign_in import ADMINS, environment, me, sign_in

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
ADDRESS = "bob@example.org"


@pytest.fixture(params=[("light", PHONE), ("dark", DESKTOP)], ids=["light on a phone", "dark on a desktop"])
def fresh(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page of a browser that no account knows."""
    scheme, size = request.param
    context = browser.new_context(color_scheme=scheme, viewport=size, bypass_csp=True)
    context.set_default_timeout(8000)
    yield context.new_page()
    context.close()


def typed(page: Page, origin: str, username: str = "robert") -> None:
    """A person who signs in with a password types an address on their account page, and signs out."""
    add(origin, username)
    by_password(page, origin, username)
    page.goto(f"{origin}/account")
    page.get_by_label("E-mail").fill(ADDRESS)
    page.get_by_role("button", name="Save profile").click()
    told(page, "Saved.")
    page.get_by_role("button", name="Sign out").click()


def asked(page: Page, origin: str) -> None:
    sign_in(page, origin, "bob")
    expect(page).to_have_url(f"{origin}/login/account")
    expect(page.get_by_role("heading", name="Is this your account?")).to_be_visible()


def photographed(page: Page, name: str) -> None:
    """Nothing serious, nothing sticks out; and a picture, where somebody wants to look at it."""
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    if folder := os.environ.get("ROMM_E2E_PICTURES"):
        scheme = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
        page.screenshot(path=Path(folder) / f"{name}-{scheme}.png", full_page=True)


def test_a_wrong_password_is_explained_and_the_right_one_links(
    page: Page, fresh: Page, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    origin = start_romm(environment(provider, romm_port, "authelia", **ADMINS))
    typed(page, origin)
    asked(fresh, origin)
    photographed(fresh, "question")
    fresh.get_by_label("Password of robert").fill("a wrong one")
    fresh.get_by_role("button", name="Yes, sign in to it").click()
    expect(fresh.get_by_role("alert")).to_contain_text("password_wrong")
    photographed(fresh, "wrong-password")
    fresh.get_by_label("Password of robert").fill(PASSWORD)
    fresh.get_by_role("button", name="Yes, sign in to it").click()
    told(fresh, LINKED)
    assert me(fresh, origin)["username"] == "robert"
    fresh.goto(f"{origin}/account")
    expect(fresh.get_by_text("by you, when you proved that this account is yours")).to_be_visible()


def test_not_mine_goes_on_and_the_owner_is_told(
    page: Page, fresh: Page, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    origin = start_romm(environment(provider, romm_port, "authelia", **ADMINS))
    typed(page, origin, "mallory")
    asked(fresh, origin)
    fresh.get_by_role("button", name="Not mine, go on").click()
    expect(fresh).to_have_url(f"{origin}/")
    assert (me(fresh, origin)["username"], me(fresh, origin)["email"]) == ("bob", ADDRESS)
    by_password(page, origin, "mallory")
    page.goto(f"{origin}/account")
    expect(page.get_by_text("Your e-mail address was removed on")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value("")
    if folder := os.environ.get("ROMM_E2E_PICTURES"):
        page.screenshot(path=Path(folder) / "removed.png")


def test_in_the_browser_that_the_account_knows_one_click_is_enough(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    origin = start_romm(environment(provider, romm_port, "authelia", **ADMINS))
    typed(page, origin)
    by_password(page, origin, "robert")  # an address that is changed makes every browser unknown
    page.get_by_role("button", name="Sign out").click()
    asked(page, origin)
    expect(page.get_by_label("Password of robert")).to_have_count(0)
    if folder := os.environ.get("ROMM_E2E_PICTURES"):
        page.screenshot(path=Path(folder) / "one-click.png", full_page=True)
    page.get_by_role("button", name="Yes, sign in to it").click()
    told(page, LINKED)
    assert me(page, origin)["username"] == "robert"


def test_with_passwords_off_an_unknown_browser_can_only_say_no(
    page: Page, fresh: Page, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    settings = environment(provider, romm_port, "authelia", **ADMINS)
    origin = start_romm(settings)
    typed(page, origin)
    start_romm(settings | {"DISABLE_USERPASS_LOGIN": "true"}, restart=True)
    asked(fresh, origin)
    expect(fresh.get_by_role("button", name="Yes, sign in to it")).to_have_count(0)
    expect(fresh.get_by_text("because passwords are switched off")).to_be_visible()
    photographed(fresh, "passwords-off")
    fresh.get_by_role("button", name="Not mine, go on").click()
    expect(fresh).to_have_url(f"{origin}/")
    assert me(fresh, origin)["username"] == "bob"
