"""Every page, light and dark, on a phone and on a desktop: nothing that axe-core finds serious, and nothing sticks out."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import findings
from tests.e2e.conftest import ADMIN, StartRomM, create_first_admin
from tests.e2e.furnished import add, ask, invitation, recovery_link, reset_link
from tests.e2e.test_accounts import at_the_provider
from tests.e2e.test_sign_in import ADMINS, environment, sign_in

OPEN = [
    "/login",
    "/login?error=no_role&ref=0123456789abcdef",
    "/login?error=credentials_wrong",
    "/login?notice=reset_asked",
    "/forgot-password",
    "/register?token=used-up",
    "/nothing-here",
    "/help",
    "/help/email_not_verified",
    "/docs",
    "/docs/errors",
    "/docs/tutorial",
    "/docs?search=no_role",
]
SIGNED_IN = [
    "/",
    "/account",
    "/account?error=last_way_in&ref=0123456789abcdef",
    "/account?notice=linked",
    "/admin/users",
    "/admin/users?error=username_taken&ref=0123456789abcdef",
    "/admin/users?search=nobody-at-all",
    "/account/tokens",
    "/account/tokens?error=name_invalid&ref=0123456789abcdef",
    "/account/devices",
    "/pair",
    "/pair?error=device_code_unknown&ref=0123456789abcdef",
    "/admin/oidc",
    "/admin/oidc?error=access_denied&ref=0123456789abcdef",
    "/admin/oidc?report=gone",
    "/admin/sign-ins",
    "/admin/sign-ins?search=bob",
    "/admin/sign-ins?search=0123456789abcdef",
]
"""What an administrator meets; a page that is added to RomM is added here."""

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


def check(page: Page, paths: list[str]) -> dict[str, list[str]]:
    found = {}
    for path in paths:
        page.goto(path)
        found[path] = looked_at(page)
    return {path: problems for path, problems in found.items() if problems}


def looked_at(page: Page) -> list[str]:
    """What is wrong with the page that is open, with everything on it unfolded."""
    for details in page.locator("details").all():
        details.evaluate("element => { element.open = true; }")
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return findings(page) + ([f"sticks out by {width} pixels"] if width > 0 else [])


def check_single_sign_on(page: Page) -> dict[str, list[str]]:
    """What an administrator is shown after a trial, after claims that are explained, and after some that are not."""
    found = {}
    page.goto("/admin/oidc")
    page.get_by_role("button", name="Try a sign-in").click()
    at_the_provider(page, "alice")
    expect(page.get_by_role("heading", name="Your test sign-in")).to_be_visible()
    found["a trial"] = looked_at(page)
    for claims in ('{"email": "ada@example.org", "groups": ["users"]}', "no claims"):
        page.get_by_label("Claims, as JSON").fill(claims)
        page.get_by_role("button", name="Explain").click()
        found[claims] = looked_at(page)
    return {what: problems for what, problems in found.items() if problems}


def check_answers(page: Page, person: str) -> dict[str, list[str]]:
    """What only a click shows: the links that an administrator hands on, and a device that asks to be let in."""
    found = {}
    for path, button in (("/admin/users", "Create an invitation link"), (person, "Create a link for a new password")):
        page.goto(path)
        for details in page.locator("details").all():
            details.evaluate("element => { element.open = true; }")
        page.get_by_role("button", name=button).click()
        page.wait_for_load_state()
        found[button] = looked_at(page)
    asked = page.request.post("/api/device_authorization", form={"client_id": "Handheld", "scope": "me.read"}).json()
    page.goto(f"/pair?user_code={asked['user_code']}")
    expect(page.get_by_text("Handheld").first).to_be_visible()
    found["a device that asks"] = looked_at(page)
    return {what: problems for what, problems in found.items() if problems}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_page_can_be_used_by_everybody(
    browser: Browser,
    start_romm: StartRomM,
    provider: str,
    romm_port: int,
    tmp_path: Path,
    scheme: str,
    size: dict[str, int],
) -> None:
    origin = start_romm(environment(provider, romm_port, "authelia", **ADMINS), admin=False)
    # Our pages let no script in, ours neither: only here the policy is set aside.
    context = browser.new_context(bypass_csp=True, color_scheme=scheme, viewport=size, base_url=origin)  # type: ignore[arg-type]
    context.set_default_timeout(8000)
    page = context.new_page()
    problems = check(page, ["/setup", "/setup?error=password_weak", "/login"])
    create_first_admin(origin)
    ada = add(origin, "ada", email="ada@example.org", role="editor")
    ask(origin, "/api/forgot-password", {"username": "ada"})
    links = [invitation(origin), reset_link(origin, ada), recovery_link(origin, tmp_path)]
    ask(origin, "/api/forgot-password", {"username": "ada"})
    problems |= check(page, [*OPEN, *links, f"{links[0]}&error=username_taken", f"{links[1]}&error=password_weak"])
    sign_in(page, origin, "bob")
    problems |= {f"bob: {path}": found for path, found in check(page, ["/account", "/admin/users"]).items()}
    page.context.clear_cookies()
    page.goto("/login")
    page.get_by_label("User name").fill(ADMIN["username"])
    page.get_by_label("Password").fill(ADMIN["password"])
    page.get_by_role("button", name="Sign in").click()
    people = [f"/admin/users/{person['id']}" for person in ask(origin, "/api/users")]
    problems |= check(page, [*SIGNED_IN, *people])
    problems |= check_answers(page, f"/admin/users/{ada}")
    problems |= check_single_sign_on(page)
    context.close()
    assert problems == {}
