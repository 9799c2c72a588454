"""Administrators find out why somebody cannot sign in, in a real browser: by reference, by a trial, from a silent provider."""

import socket
import time

from playwright.sync_api import Page, expect

from tests.e2e.conftest import ADMIN, HOME_HOST, StartRomM
from tests.e2e.test_accounts import at_the_provider, by_password
from tests.e2e.test_sign_in import ADMINS, environment, sign_in


def as_keeper(page: Page, origin: str) -> None:
    page.context.clear_cookies()
    by_password(page, origin, ADMIN["username"], ADMIN["password"])


def test_the_line_that_a_refused_person_copied_leads_to_the_reason(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    origin = start_romm(environment(provider, romm_port, "application/o/romm", OIDC_PROVIDER="authentik"))
    sign_in(page, origin, "alice")
    copied = page.get_by_role("alert").locator(".quote").inner_text()
    as_keeper(page, origin)
    page.get_by_role("navigation", name="Your pages").get_by_role("link", name="Sign-ins").click()
    page.get_by_label("Reference").fill(copied)
    page.keyboard.press("Enter")
    line = page.locator(".log > li")
    expect(line).to_have_count(1)
    expect(line).to_contain_text("The provider does not say that the address is verified")
    expect(line.get_by_text("Your e-mail address is not verified at the sign-in provider")).to_be_visible()
    expect(line.get_by_text("alice@example.org").first).to_be_visible()


def test_a_trial_works_in_a_home_network_without_https(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    home = f"http://{HOME_HOST}:{romm_port}"
    start_romm(environment(provider, romm_port, "authelia", OIDC_REDIRECT_URI=f"{home}/api/oauth/openid", **ADMINS))
    as_keeper(page, home)
    page.get_by_role("navigation", name="Your pages").get_by_role("link", name="Single sign-on").click()
    page.get_by_role("button", name="Try a sign-in").click()
    at_the_provider(page, "alice")
    trial = page.get_by_role("region", name="Your test sign-in")
    expect(trial).to_contain_text("This person would get a new account and be signed in.")
    expect(trial.get_by_role("row", name="groups")).to_contain_text("romm-admins")
    page.get_by_role("link", name="Account").click()
    expect(page.get_by_label("User name")).to_have_value(ADMIN["username"])


def test_a_provider_that_never_answers_keeps_nobody_waiting_for_long(page: Page, start_romm: StartRomM) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        origin = start_romm(environment(address, 1, "authelia"))
        as_keeper(page, origin)
        started = time.monotonic()
        page.goto(f"{origin}/admin/oidc")
        assert time.monotonic() - started < 8
        expect(page.get_by_role("region", name="Status")).to_contain_text("failed: Discovery")
