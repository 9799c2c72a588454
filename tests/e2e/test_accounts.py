"""Whole journeys of people and administrators, in a real browser, with a certified provider where one is needed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import ADMIN, HOME_HOST, StartRomM
from tests.e2e.furnished import PASSWORD, add, ask, invitation, recovery_link
from tests.e2e.test_sign_in import ADMINS, environment, me, sign_in

NEW = "a kettle under the stars"
LINKED = "Your account is now linked with Authelia."


@pytest.fixture
def other(browser: Browser) -> Iterator[Page]:
    """The page of a second person, in a browser of their own."""
    context = browser.new_context()
    context.set_default_timeout(8000)
    yield context.new_page()
    context.close()


def by_password(page: Page, origin: str, username: str, password: str = PASSWORD) -> None:
    page.goto(f"{origin}/login")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{origin}/")


def told(page: Page, text: str) -> None:
    expect(page.get_by_role("status")).to_contain_text(text)


def at_the_provider(page: Page, user: str) -> None:
    page.get_by_label("User").fill(user)
    page.get_by_role("button", name="Sign in").click()


def test_first_boot_makes_the_administrator_who_finds_the_people(page: Page, start_romm: StartRomM) -> None:
    origin = start_romm({}, admin=False)
    page.goto(origin)
    page.get_by_label("User name").fill(ADMIN["username"])
    page.get_by_label("Password").fill(ADMIN["password"])
    page.get_by_role("button", name="Create the administrator").click()
    told(page, "RomM is set up.")
    by_password(page, origin, ADMIN["username"], ADMIN["password"])
    page.get_by_role("navigation", name="Your pages").get_by_role("link", name="People").click()
    expect(page.get_by_role("heading", name="All people: 1")).to_be_visible()
    page.goto(f"{origin}/setup")
    expect(page).to_have_url(f"{origin}/login")


def test_an_invited_person_registers_on_a_phone_and_signs_in(
    page: Page, browser: Browser, start_romm: StartRomM
) -> None:
    origin = start_romm({})
    by_password(page, origin, ADMIN["username"], ADMIN["password"])
    page.goto(f"{origin}/admin/users")
    page.get_by_text("Invite a person").click()
    page.locator("#invite-role").select_option("editor")
    page.get_by_label("The link works for").select_option("7 days")
    page.get_by_role("button", name="Create an invitation link").click()
    link = page.get_by_label("Invitation link").inner_text()
    assert "token" not in page.url
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    phone = context.new_page()
    phone.goto(link)
    phone.get_by_label("User name").fill("dora")
    phone.get_by_label("Password").fill("password")
    phone.get_by_role("button", name="Create the account").tap()
    expect(phone.get_by_role("alert")).to_contain_text("password_weak")
    expect(phone.get_by_label("User name")).to_have_value("dora")
    phone.get_by_label("Password").fill(PASSWORD)
    phone.get_by_role("button", name="Create the account").tap()
    told(phone, "Your account is created.")
    by_password(phone, origin, "dora")
    assert me(phone, origin)["access_level"] == "editor"
    phone.goto(link)
    expect(phone.get_by_role("heading", name="This link does not work")).to_be_visible()
    context.close()


def test_an_address_typed_on_the_account_page_is_linked_at_the_next_single_sign_on(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    """The guides' way: RomM → Profile → set your email to exactly the same address."""
    origin = start_romm(environment(provider, romm_port, "authelia"))
    by_password(page, origin, ADMIN["username"], ADMIN["password"])
    page.get_by_role("link", name="Your account").click()
    page.get_by_label("E-mail").fill("Bob@Example.org")
    page.get_by_role("button", name="Save profile").click()
    told(page, "Saved.")
    expect(page.get_by_label("E-mail")).to_have_value("bob@example.org")
    page.get_by_role("button", name="Sign out", exact=True).click()
    sign_in(page, origin, "bob")
    told(page, LINKED)
    assert me(page, origin)["username"] == ADMIN["username"]


def test_an_account_is_linked_and_unlinked_by_hand(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    origin = start_romm(environment(provider, romm_port, "authelia"))
    add(origin, "robert")
    by_password(page, origin, "robert")
    page.goto(f"{origin}/account")
    page.get_by_role("button", name="Link with Authelia").click()
    at_the_provider(page, "bob")
    told(page, LINKED)
    expect(page.get_by_text("by you, on this page")).to_be_visible()
    page.get_by_text("Unlink", exact=True).click()
    page.get_by_role("button", name="Unlink from Authelia").click()
    told(page, "Unlinked.")
    linking = page.get_by_role("region", name="Single sign-on")
    linking.get_by_role("link", name="Confirm").click()  # the sign-in that unlinked is no proof any more
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("button", name="Link with Authelia")).to_be_visible()


def test_linking_works_in_a_home_network_without_https(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    """There a browser says nothing of where a click comes from; a form still does. The link's page keeps its secret."""
    home = f"http://{HOME_HOST}:{romm_port}"
    origin = start_romm(environment(provider, romm_port, "authelia", OIDC_REDIRECT_URI=f"{home}/api/oauth/openid"))
    page.goto(invitation(origin))
    page.get_by_label("User name").fill("robert")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    told(page, "Your account is created.")
    by_password(page, home, "robert")
    page.goto(f"{home}/account")
    page.get_by_role("button", name="Link with Authelia").click()
    at_the_provider(page, "bob")
    told(page, LINKED)


def test_the_last_way_in_stays_and_a_first_password_opens_a_second(
    page: Page, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    origin = start_romm(environment(provider, romm_port, "authelia"))
    sign_in(page, origin, "bob")
    page.goto(f"{origin}/account")
    expect(page.get_by_text("This is your only sign-in method")).to_be_visible()
    expect(page.get_by_role("button", name="Unlink from Authelia")).to_have_count(0)
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Set password").click()
    told(page, "Your new password is set.")
    page.get_by_text("Unlink", exact=True).click()
    page.get_by_role("button", name="Unlink from Authelia").click()
    told(page, "Unlinked.")
    page.get_by_role("button", name="Sign out", exact=True).click()
    by_password(page, origin, "bob", NEW)


def test_a_disabled_person_is_signed_out_at_the_next_click(page: Page, other: Page, start_romm: StartRomM) -> None:
    origin = start_romm({})
    add(origin, "robert")
    by_password(other, origin, "robert")
    by_password(page, origin, ADMIN["username"], ADMIN["password"])
    page.goto(f"{origin}/admin/users?search=robert")
    page.get_by_role("link", name="robert").click()
    page.get_by_text("Disable", exact=True).click()
    page.get_by_role("button", name="Yes, disable").click()
    told(page, "The account is disabled.")
    other.get_by_role("link", name="Your account").click()
    expect(other).to_have_url(f"{origin}/login?next=%2Faccount")
    assert other.request.get(f"{origin}/api/users/me").status == 401


def test_a_forgotten_password_is_asked_for_and_set_by_a_link(page: Page, other: Page, start_romm: StartRomM) -> None:
    origin = start_romm({})
    add(origin, "robert")
    other.goto(f"{origin}/login")
    other.get_by_role("link", name="Forgot your password?").click()
    other.get_by_label("User name or e-mail").fill("robert")
    other.get_by_role("button", name="Tell the administrators").click()
    told(other, "If the account exists")
    by_password(page, origin, ADMIN["username"], ADMIN["password"])
    page.goto(f"{origin}/admin/users")
    expect(page.get_by_text("forgot password")).to_be_visible()
    page.get_by_role("link", name="robert").click()
    page.get_by_role("button", name="Create a link for a new password").click()
    other.goto(page.get_by_label("Link for a new password").inner_text())
    other.get_by_label("New password").fill(NEW)
    other.get_by_role("button", name="Set the password").click()
    told(other, "Your new password is set.")
    by_password(other, origin, "robert", NEW)


def test_an_administrator_who_is_locked_out_recovers(page: Page, start_romm: StartRomM, tmp_path: Path) -> None:
    """The provider is down and passwords are off: the way in is the machine itself."""
    start_romm({})
    origin = start_romm({"DISABLE_USERPASS_LOGIN": "true"}, restart=True)
    page.goto(f"{origin}/login")
    expect(page.get_by_text("There is no way to sign in here at the moment.")).to_be_visible()
    link = recovery_link(origin, tmp_path)
    page.goto(link)
    page.goto(link)
    page.get_by_role("button", name="Sign in once").click()
    expect(page).to_have_url(f"{origin}/account")
    assert me(page, origin)["role"] == "admin"
    page.goto(link)
    expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()


def test_somebody_else_reads_why_the_administrators_pages_are_closed(page: Page, start_romm: StartRomM) -> None:
    origin = start_romm({})
    add(origin, "robert")
    by_password(page, origin, "robert")
    expect(page.get_by_role("link", name="People")).to_have_count(0)
    answer = page.goto(f"{origin}/admin/users")
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("heading", name="Not allowed")).to_be_visible()


def test_a_person_is_found_changed_and_deleted_by_keyboard_only(page: Page, start_romm: StartRomM) -> None:
    origin = start_romm({})
    robert = add(origin, "robert")
    by_password(page, origin, ADMIN["username"], ADMIN["password"])
    page.goto(f"{origin}/admin/users/{robert}")
    tab_to(page, "User name")
    page.keyboard.press("Control+A")
    page.keyboard.type("robin")
    page.keyboard.press("Enter")
    told(page, "Saved.")
    tab_to(page, "Delete")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    told(page, "The account is deleted.")
    assert [person["username"] for person in ask(origin, "/api/users")] == [ADMIN["username"]]


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus is called this."""
    for _ in range(60):
        page.keyboard.press("Tab")
        called = "e => e.labels?.length ? e.labels[0].innerText : e.innerText"
        if str(page.evaluate(f"({called})(document.activeElement)")).strip() == name:
            return
    raise AssertionError(f"Tab never comes to {name}")


def test_groups_that_rule_the_role_lock_it_on_the_page(
    page: Page, other: Page, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    origin = start_romm(environment(provider, romm_port, "authelia", **ADMINS))
    sign_in(other, origin, "bob")
    sign_in(page, origin, "alice")
    page.goto(f"{origin}/admin/users?search=bob")
    page.get_by_role("link", name="bob", exact=True).click()
    expect(page.get_by_text("managed by Authelia")).to_be_visible()
    expect(page.get_by_label("Role", exact=True)).to_have_count(0)
