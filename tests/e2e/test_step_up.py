"""A session that has grown old, in a real browser: proof, and back to what was being done."""

import sqlite3
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.conftest import ADMIN, StartRomM
from tests.e2e.test_accounts import at_the_provider, by_password
from tests.e2e.test_sign_in import ADMINS, environment, sign_in

LONG_AGO = "2020-01-01 00:00:00.000000"


def grow_old(data: Path) -> None:
    """Every session is a month old, or more."""
    [path] = data.rglob("*.db")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE credentials SET proven_at = ? WHERE kind = 'session'", (LONG_AGO,))


def test_an_old_session_invites_an_administrator_after_the_proof(
    page: Page, start_romm: StartRomM, tmp_path: Path
) -> None:
    origin = start_romm({})
    by_password(page, origin, ADMIN["username"], ADMIN["password"])
    page.goto(f"{origin}/admin/users")
    grow_old(tmp_path / "data")
    page.get_by_text("Invite a person").click()
    page.locator("#invite-role").select_option("admin")
    page.get_by_label("The link works for").select_option("30 days")
    page.get_by_role("button", name="Create an invitation link").click()
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    page.get_by_label("Current password").fill("wrong")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_contain_text("password_wrong")
    page.get_by_label("Current password").fill(ADMIN["password"])
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("#invite-role")).to_have_value("admin")
    expect(page.get_by_label("The link works for")).to_have_value("2592000")
    page.get_by_role("button", name="Create an invitation link").click()
    expect(page.get_by_label("Invitation link")).to_contain_text("/register?token=")


def test_with_passwords_off_the_provider_asks_the_person_anew(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int, tmp_path: Path
) -> None:
    off = ADMINS | {"DISABLE_USERPASS_LOGIN": "true"}
    origin = start_romm(environment(provider, romm_port, "authelia", **off), admin=False)
    sign_in(page, origin, "alice")
    expect(page).to_have_url(f"{origin}/")
    page.goto(f"{origin}/account/tokens")
    grow_old(tmp_path / "data")
    page.locator("#name").fill("Handheld")
    page.get_by_role("button", name="Create the token").click()
    page.get_by_role("button", name="Sign in with").click()
    at_the_provider(page, "alice")
    expect(page.locator("#name")).to_have_value("Handheld")
    page.get_by_role("button", name="Create the token").click()
    expect(page.get_by_role("status")).to_contain_text("“Handheld” is ready")
