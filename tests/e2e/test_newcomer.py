"""A newcomer copies a value wrongly, and has nothing but what the product says: from the refused sign-in to the working one.

Three servers in the shapes of `tests/shapes`, healthy and registered by the guide; what is wrong is in RomM's settings.
"""

import re
import time
from collections.abc import Iterator, Mapping

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import ADMIN, StartRomM
from tests.e2e.test_accounts import by_password
from tests.fake_provider import served
from tests.shapes.provider import ShapedProvider
from tests.shapes.register import shape

SERVERS = ["authelia-4.39", "keycloak-26", "pocket-id-2.14"]
MISTAKES = {
    "OIDC_CLIENT_SECRET": "$2b$12$the-hash-of-it",
    "OIDC_CLIENT_ID": "rom",
    "OIDC_REDIRECT_URI": "http://127.0.0.1:{port}/api/oauth/openid/",
}
PATIENCE_SECONDS = 120
_VARIABLE = re.compile(r"\bOIDC_[A-Z_]+\b")


@pytest.fixture
def idp(request: pytest.FixtureRequest, romm_port: int) -> Iterator[ShapedProvider]:
    """The server, with a browser's way to it."""
    server = shape(request.param)
    made = server.healthy(redirect_uri=f"http://127.0.0.1:{romm_port}/api/oauth/openid")
    with served(made) as port:
        made.issuer = server.shape.issuer.replace("https://idp.test", f"http://127.0.0.1:{port}")
        yield made


def in_its_console(idp: ShapedProvider) -> Mapping[str, str]:
    """Where an administrator reads what is registered."""
    return {
        "OIDC_CLIENT_ID": idp.client_id,
        "OIDC_CLIENT_SECRET": idp.client_secret,
        "OIDC_REDIRECT_URI": idp.redirect_uri,
    }


def by_the_guide(idp: ShapedProvider) -> dict[str, str]:
    server = shape(idp.shape.name).environment
    roles = {"OIDC_ROLE_VIEWER": "*"} if "OIDC_CLAIM_ROLES" in server else {}
    return {
        **server,
        **roles,
        "OIDC_ENABLED": "true",
        "OIDC_SERVER_APPLICATION_URL": idp.issuer,
        **in_its_console(idp),
    }


def press_the_button(page: Page, origin: str) -> None:
    """And sign in at the provider, where it gets so far."""
    page.context.clear_cookies()
    page.goto(f"{origin}/login")
    page.get_by_role("link", name="Sign in with").click()
    if page.locator("input[name=user]").count():
        page.locator("input[name=user]").fill("alice")
        page.locator("input[name=password]").fill("secret")
        page.get_by_role("button").click()


def what_the_product_says(page: Page, origin: str) -> str:
    """The administrator's page of single sign-on, which begins with what fails."""
    page.context.clear_cookies()
    by_password(page, origin, ADMIN["username"], ADMIN["password"])
    page.get_by_role("navigation", name="Your pages").get_by_role("link", name="Single sign-on").click()
    return page.locator(".problems > .failed").inner_text()


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("idp", SERVERS, indirect=True)
def test_a_newcomer_does_what_the_product_says_and_is_in(
    page: Page, start_romm: StartRomM, idp: ShapedProvider, romm_port: int, mistake: str
) -> None:
    wrong = by_the_guide(idp) | {mistake: MISTAKES[mistake].format(port=romm_port)}
    origin = start_romm(wrong)
    started = time.monotonic()
    press_the_button(page, origin)
    assert page.url != f"{origin}/"
    said = _VARIABLE.findall(what_the_product_says(page, origin))
    assert set(said) == {mistake}, "the fix names what is wrong, and nothing that is right"
    start_romm(wrong | {name: in_its_console(idp)[name] for name in said}, restart=True)
    press_the_button(page, origin)
    expect(page).to_have_url(f"{origin}/")
    assert page.request.get(f"{origin}/api/users/me").json()["username"] == "alice"
    assert time.monotonic() - started < PATIENCE_SECONDS
