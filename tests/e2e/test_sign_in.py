"""People sign in at a certified provider in the shapes that RomM meets, with a real browser."""

import json
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import ADMIN, HOME_HOST, SECRET, StartRomM

AUTHELIA = """
OIDC_ENABLED=true
OIDC_PROVIDER=authelia
OIDC_CLIENT_ID=romm
OIDC_CLIENT_SECRET={secret}
OIDC_REDIRECT_URI={romm}/api/oauth/openid
OIDC_SERVER_APPLICATION_URL={provider}/{shape}
"""
ADMINS = {"OIDC_CLAIM_ROLES": "groups", "OIDC_ROLE_ADMIN": "romm-admins", "OIDC_ROLE_VIEWER": "users"}


def environment(provider: str, romm_port: int, shape: str, **more: str) -> dict[str, str]:
    """The environment block of the Authelia guide, with other hosts."""
    text = AUTHELIA.format(secret=SECRET, romm=f"http://127.0.0.1:{romm_port}", provider=provider, shape=shape)
    return dict(line.split("=", 1) for line in text.strip().splitlines()) | more


def sign_in(page: Page, origin: str, user: str) -> None:
    page.goto(f"{origin}/login")
    page.get_by_role("link", name="Sign in with").click()
    page.get_by_label("User").fill(user)
    page.get_by_role("button", name="Sign in").click()


def me(page: Page, origin: str) -> dict[str, object]:
    body: dict[str, object] = page.request.get(f"{origin}/api/users/me").json()
    return body


@pytest.mark.parametrize(
    ("shape", "more", "level"),
    [
        pytest.param("authelia", ADMINS, "admin", id="authelia: claims only in UserInfo, role by group"),
        pytest.param(
            "authelia-without-groups", {}, "viewer", id="authelia: the client of the guide has no groups scope"
        ),
        pytest.param(
            "application/o/romm-ok",
            ADMINS | {"OIDC_PROVIDER": "authentik"},
            "admin",
            id="authentik: issuer with a slash",
        ),
        pytest.param("es256", ADMINS | {"OIDC_SCOPES": "openid profile email groups"}, "admin", id="ES256"),
        pytest.param("pkce", {}, "viewer", id="PKCE required"),
        pytest.param("par", {}, "viewer", id="pushed authorization requests required"),
    ],
)
def test_a_person_signs_in_and_has_the_role_of_their_group(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int, shape: str, more: dict[str, str], level: str
) -> None:
    origin = start_romm(environment(provider, romm_port, shape, **more))
    sign_in(page, origin, "alice")
    expect(page).to_have_url(f"{origin}/")
    expect(page.get_by_text("alice", exact=True).first).to_be_visible()
    assert (me(page, origin)["username"], me(page, origin)["access_level"]) == ("alice", level)


def test_an_unverified_address_is_refused_with_a_sentence_and_no_session(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    origin = start_romm(environment(provider, romm_port, "application/o/romm", OIDC_PROVIDER="authentik"))
    sign_in(page, origin, "alice")
    expect(page.get_by_role("alert")).to_contain_text("not verified")
    expect(page.get_by_role("alert")).to_contain_text("email_not_verified")
    assert page.request.get(f"{origin}/api/users/me").status == 401


def test_hs256_is_refused_and_the_log_says_what_to_change(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int, tmp_path: Path
) -> None:
    origin = start_romm(environment(provider, romm_port, "hs256"))
    sign_in(page, origin, "alice")
    expect(page.get_by_role("alert")).to_contain_text("id_token_algorithm")
    [line] = [entry for entry in log_lines(tmp_path) if entry.get("code") == "id_token_algorithm"]
    assert "HS256" in str(line["hint"])
    assert "choose a signing key" in str(line["hint"])


def test_rotated_keys_are_fetched_again(page: Page, start_romm: StartRomM, provider: str, romm_port: int) -> None:
    origin = start_romm(environment(provider, romm_port, "rotate"))
    sign_in(page, origin, "alice")
    expect(page).to_have_url(f"{origin}/")
    urllib.request.urlopen(f"{provider}/ctl/rotate", timeout=5).close()
    page.context.clear_cookies()
    sign_in(page, origin, "bob")
    expect(page).to_have_url(f"{origin}/")
    assert me(page, origin)["username"] == "bob"


def test_a_cancelled_sign_in_is_explained_without_the_providers_markup(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    origin = start_romm(environment(provider, romm_port, "authelia"))
    page.goto(f"{origin}/login")
    page.get_by_role("link", name="Sign in with").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("cancelled")
    assert page.locator("b", has_text="no").count() == 0


def test_the_person_returns_to_the_page_they_asked_for_also_after_a_restart(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    settings = environment(provider, romm_port, "authelia")
    origin = start_romm(settings)
    page.goto(f"{origin}/login?next=/account")
    page.get_by_role("link", name="Sign in with").click()
    expect(page.get_by_label("User")).to_be_visible()
    start_romm(settings, restart=True)
    page.get_by_label("User").fill("alice")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{origin}/account")


def test_two_tabs_finish_in_either_order(
    context: BrowserContext, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    origin = start_romm(environment(provider, romm_port, "authelia"))
    tabs = [context.new_page(), context.new_page()]
    for tab in tabs:
        tab.goto(f"{origin}/login")
        tab.get_by_role("link", name="Sign in with").click()
    for tab in reversed(tabs):
        tab.get_by_label("User").fill("alice")
        tab.get_by_role("button", name="Sign in").click()
        expect(tab).to_have_url(f"{origin}/")


def test_a_used_callback_sends_a_signed_in_browser_home_and_anyone_else_to_the_login_page(
    page: Page, context: BrowserContext, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    origin = start_romm(environment(provider, romm_port, "authelia"))
    callbacks: list[str] = []
    page.on("request", lambda request: callbacks.append(request.url) if "/api/oauth/openid?" in request.url else None)
    sign_in(page, origin, "alice")
    expect(page).to_have_url(f"{origin}/")
    page.goto(callbacks[0])
    expect(page).to_have_url(f"{origin}/")
    context.clear_cookies()
    page.goto(callbacks[0])
    expect(page.get_by_role("alert")).to_contain_text("attempt_used")


def test_signing_out_reaches_the_provider_and_autologin_does_not_undo_it(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    more = {"OIDC_AUTOLOGIN": "true", "OIDC_RP_INITIATED_LOGOUT": "true"}
    home = f"http://127.0.0.1:{romm_port}"
    origin = start_romm(
        environment(provider, romm_port, "authelia", OIDC_POST_LOGOUT_REDIRECT_URI=f"{home}/login", **more)
    )
    page.goto(f"{origin}/")
    page.get_by_label("User").fill("alice")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{origin}/")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Yes, sign me out").click()
    expect(page.get_by_role("status")).to_contain_text("You are signed out, here and at Authelia.")
    expect(page.get_by_role("link", name="Sign in with")).to_be_visible()
    assert page.url.startswith(f"{origin}/login?state=")
    page.goto(f"{origin}/")
    expect(page.get_by_role("link", name="Sign in with")).to_be_visible()
    assert page.request.get(f"{origin}/api/users/me").status == 401


def test_signing_out_at_the_provider_signs_out_here(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int, tmp_path: Path
) -> None:
    """R-42: the provider tells RomM behind the browser's back."""
    origin = start_romm(environment(provider, romm_port, "back-channel"))
    sign_in(page, origin, "alice")
    expect(page).to_have_url(f"{origin}/")
    page.goto(f"{provider}/back-channel/session/end")
    page.get_by_role("button", name="Yes, sign me out").click()
    expect(page.get_by_role("heading", name="Sign-out Success")).to_be_visible()
    page.goto(f"{origin}/account")
    expect(page.get_by_role("link", name="Sign in with")).to_be_visible()
    assert page.request.get(f"{origin}/api/users/me").status == 401
    [line] = [entry for entry in log_lines(tmp_path) if entry["event"] == "backchannel.signed_out"]
    assert (line["ended"], line["named_by"]) == (1, "sub and sid")


def test_autologin_goes_straight_to_the_provider_and_an_error_ends_there(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    origin = start_romm(environment(provider, romm_port, "hs256", OIDC_AUTOLOGIN="true"))
    page.goto(f"{origin}/login?bypass_autologin=true")
    expect(page.get_by_role("link", name="Sign in with")).to_be_visible()
    page.goto(f"{origin}/login")
    page.get_by_label("User").fill("alice")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("id_token_algorithm")


def test_a_home_network_without_https_signs_in_both_ways(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    """R-18 and the guide for Authentik: no ROMM_BASE_URL, an http redirect URI, a host name that is not localhost."""
    home = f"http://{HOME_HOST}:{romm_port}"
    start_romm(environment(provider, romm_port, "authelia", OIDC_REDIRECT_URI=f"{home}/api/oauth/openid"))
    page.goto(f"{home}/login")
    page.get_by_label("User name").fill(ADMIN["username"])
    page.get_by_label("Password").fill(ADMIN["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{home}/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in with")).to_be_visible()
    sign_in(page, home, "alice")
    expect(page).to_have_url(f"{home}/")
    expect(page.get_by_text("alice", exact=True).first).to_be_visible()


def test_the_provider_may_post_its_answer_from_another_site(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    """`form_post`: a browser sends no `Lax` cookie with another site's POST."""
    home = f"http://{HOME_HOST}:{romm_port}"
    more = {"OIDC_REDIRECT_URI": f"{home}/api/oauth/openid", "OIDC_RESPONSE_MODE": "form_post"}
    start_romm(environment(provider, romm_port, "authelia", **more))
    with page.expect_request(lambda request: request.method == "POST" and request.url == f"{home}/api/oauth/openid"):
        sign_in(page, home, "alice")
    expect(page).to_have_url(f"{home}/")
    expect(page.get_by_text("alice", exact=True).first).to_be_visible()


def test_first_boot_by_keyboard_only(page: Page, start_romm: StartRomM) -> None:
    origin = start_romm({}, admin=False)
    page.goto(f"{origin}/")
    expect(page).to_have_url(f"{origin}/setup")
    page.get_by_label("User name").focus()
    for value in (ADMIN["username"], "", ADMIN["password"]):
        page.keyboard.type(value)
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show password")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Password")).to_have_attribute("type", "text")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_label("User name").focus()
    page.keyboard.type(ADMIN["username"])
    page.keyboard.press("Tab")
    page.keyboard.type(ADMIN["password"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Connect a provider")).to_be_visible()
    assert me(page, origin)["role"] == "admin"


def log_lines(folder: Path) -> list[dict[str, object]]:
    lines = (folder / "romm.log").read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]
