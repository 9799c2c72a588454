"""What people do in a year, by the words of the documentation: with a mouse, with the keys alone, without JavaScript, and by
the accessibility tree.
"""

import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.docs.test_token_clients import EXAMPLE
from tests.e2e.conftest import ADMIN, StartRomM
from tests.e2e.furnished import PASSWORD, add
from tests.e2e.guide import Guide
from tests.e2e.hands import Keyboard, Mouse, ScreenReader
from tests.e2e.test_accounts import at_the_provider, by_password, told
from tests.e2e.test_sign_in import environment, me, sign_in

NEW = "nine lanterns by the stairs"

DONE_ELSEWHERE = {
    "a provider is connected, with a wrong secret first": (
        "connecting",
        "test_connecting.test_the_pages_lead_from_the_first_start_to_the_first_sign_in",
    ),
    "a wrong secret, id or redirect URI is fixed by what the page says": (
        "doctor",
        "test_newcomer.test_a_newcomer_does_what_the_product_says_and_is_in",
    ),
    "an account is linked by its address": (
        "accounts",
        "test_accounts.test_an_address_typed_on_the_account_page_is_linked_at_the_next_single_sign_on",
    ),
    "an account is linked and unlinked by hand": (
        "accounts",
        "test_accounts.test_an_account_is_linked_and_unlinked_by_hand",
    ),
    "an administrator who is locked out recovers": (
        "accounts",
        "test_accounts.test_an_administrator_who_is_locked_out_recovers",
    ),
    "an administrator invites after a proof": (
        "accounts",
        "test_step_up.test_an_old_session_invites_an_administrator_after_the_proof",
    ),
    "a household moves to another provider": (
        "changing-provider",
        "test_changing_provider.test_everybody_comes_into_the_account_they_had",
    ),
    "a refusal is found by its reference": (
        "sign-in-log",
        "test_single_sign_on_page.test_the_line_that_a_refused_person_copied_leads_to_the_reason",
    ),
}
"""By what is done: the page of docs/ that it follows, and the test that does it."""

_PRESSED = re.compile(
    r"""(?:get_by_role\("(?:button|link)", name=|get_by_text\()f?"([^"{]+)"(?:, exact=True)?\)+\.click\("""
)
_OF_EVERY_PAGE = {"Sign in", "Sign out"}


@pytest.mark.parametrize(("guide", "test"), DONE_ELSEWHERE.values(), ids=list(DONE_ELSEWHERE))
def test_a_task_that_another_test_does_is_named_as_its_guide_names_it(guide: str, test: str) -> None:
    module, _, name = test.partition(".")
    source = inspect.getsource(getattr(import_module(f"tests.e2e.{module}"), name))
    pressed = set(map(str.strip, _PRESSED.findall(source))) - _OF_EVERY_PAGE
    assert [each for each in sorted(pressed) if not Guide(guide).says(each)] == []


Hand = Callable[[Page], Mouse]
WAYS: dict[str, tuple[Hand, bool]] = {
    "mouse": (Mouse, True),
    "keyboard": (Keyboard, True),
    "without JavaScript": (Mouse, False),
    "accessibility tree": (ScreenReader, True),
}


@pytest.fixture(params=WAYS)
def hands(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Callable[[], Mouse]]:
    """People, each with a browser of their own."""
    hand, scripts = WAYS[request.param]
    contexts = []

    def person() -> Mouse:
        contexts.append(browser.new_context(java_script_enabled=scripts))
        contexts[-1].set_default_timeout(10_000)
        return hand(contexts[-1].new_page())

    yield person
    for context in contexts:
        context.close()


def test_a_household_does_a_years_tasks_by_the_documentation(
    hands: Callable[[], Mouse], start_romm: StartRomM, tmp_path: Path
) -> None:
    origin = start_romm({}, admin=False)
    keeper, dora = hands(), hands()
    create_the_first_administrator(keeper, origin)
    invite(keeper, dora, origin)
    forget_the_password(keeper, dora, origin)
    approve_a_device_and_deny_another(dora, origin)
    token = pair_by_a_code_of_romm(dora, origin)
    sign_out_everywhere(dora, origin, token)
    find_out_why_a_person_cannot_sign_in(keeper, dora, origin)


def create_the_first_administrator(keeper: Mouse, origin: str) -> None:
    guide = Guide("accounts")
    keeper.page.goto(f"{origin}/setup")
    keeper.enter("User name", ADMIN["username"])
    keeper.enter("Password", ADMIN["password"])
    keeper.press(guide["Create the administrator"])
    told(keeper.page, "RomM is set up.")
    sign_in_with_the_password(keeper, origin, ADMIN["username"], ADMIN["password"])


def sign_in_with_the_password(person: Mouse, origin: str, name: str, password: str) -> None:
    person.page.goto(f"{origin}/login?next=/account")
    person.enter("User name", name)
    person.enter("Password", password)
    person.press("Sign in")
    expect(person.page.get_by_role("heading", name="Your account")).to_be_visible()


def invite(keeper: Mouse, dora: Mouse, origin: str) -> None:
    guide = Guide("accounts")
    keeper.press(guide["People"])
    keeper.press(guide["Invite a person"])
    keeper.press(guide["Create an invitation link"])
    dora.page.goto(keeper.page.get_by_label("Invitation link").inner_text())
    dora.enter("User name", "dora")
    dora.enter("Password", "password")
    dora.press(guide["Create the account"])
    expect(dora.page.get_by_role("alert")).to_contain_text("Nothing was saved and your link still works")
    expect(dora.page.get_by_label("User name")).to_have_value("dora")
    assert "dora" not in dora.page.url
    dora.enter("Password", PASSWORD)
    dora.press(guide["Create the account"])
    told(dora.page, "Your account is created.")
    sign_in_with_the_password(dora, origin, "dora", PASSWORD)


def forget_the_password(keeper: Mouse, dora: Mouse, origin: str) -> None:
    guide = Guide("accounts")
    dora.press("Sign out")
    dora.press(guide["Forgot your password?"])
    dora.enter("User name or e-mail", "dora")
    dora.press(guide["Tell the administrators"])
    told(dora.page, "If the account exists")
    keeper.press(guide["People"])
    expect(keeper.page.get_by_text("forgot password")).to_be_visible()
    keeper.press("dora")
    keeper.press(guide["Create a link for a new password"])
    dora.page.goto(keeper.page.get_by_label("Link for a new password").inner_text())
    dora.enter("New password", NEW)
    dora.press(guide["Set the password"])
    told(dora.page, "Your new password is set.")
    sign_in_with_the_password(dora, origin, "dora", NEW)


def approve_a_device_and_deny_another(dora: Mouse, origin: str) -> None:
    """In both forms: the standard's, and the one of existing apps."""
    guide = Guide("devices")
    enter_the_code(dora, origin, "BBBB-CCCC")
    expect(dora.page.get_by_role("alert")).to_contain_text("No device was approved")

    asked = json.loads(curl(guide, "curl --silent https://romm.example.com/api/device_authorization", origin))
    enter_the_code(dora, origin, asked["user_code"].replace("-", "").lower())
    dora.press(guide["Allow"])
    told(dora.page, "You can go back to your device.")
    poll = "curl --silent https://romm.example.com/api/token "
    assert json.loads(curl(guide, poll, origin, DEVICE_CODE=asked["device_code"]))["access_token"]

    asked = json.loads(curl(guide, "curl --silent https://romm.example.com/api/device_authorization", origin))
    enter_the_code(dora, origin, asked["user_code"])
    dora.press(guide["Deny"])
    told(dora.page, "The device was denied.")
    assert json.loads(curl(guide, poll, origin, DEVICE_CODE=asked["device_code"]))["error"] == "access_denied"


def enter_the_code(person: Mouse, origin: str, code: str) -> None:
    person.page.goto(f"{origin}/pair")
    person.enter("Code on the device", code)
    person.press("Continue")


def pair_by_a_code_of_romm(dora: Mouse, origin: str) -> str:
    """The other way round; gives the token that the device has then."""
    guide = Guide("client-tokens")
    dora.page.goto(f"{origin}/account")
    dora.press(guide["Client tokens"])
    dora.enter("Name", "Handheld")
    dora.press(guide["Create the token"])
    told(dora.page, "“Handheld” is ready")
    dora.press(guide["Show a pairing code"])
    code = dora.page.get_by_label("Enter this code on the device").input_value()
    exchanged = curl(guide, "curl https://romm.example.com/api/client-tokens/exchange", origin, **{"BCDF-GHJK": code})
    return str(json.loads(exchanged)["raw_token"])


def sign_out_everywhere(dora: Mouse, origin: str, token: str) -> None:
    guide = Guide("accounts")
    assert opens(dora.page, origin, token)
    dora.page.goto(f"{origin}/account")
    dora.press(guide["Sign out everywhere"])
    dora.press(guide["Yes, sign out everywhere"])
    told(dora.page, "You are signed out everywhere")
    assert not opens(dora.page, origin, token)
    dora.page.goto(f"{origin}/account")
    expect(dora.page.get_by_label("User name")).to_be_visible()


def opens(page: Page, origin: str, token: str) -> bool:
    return page.request.get(f"{origin}/api/users/me", headers={"authorization": f"Bearer {token}"}).ok


def find_out_why_a_person_cannot_sign_in(keeper: Mouse, dora: Mouse, origin: str) -> None:
    guide = Guide("sign-in-log")
    dora.page.goto(f"{origin}/login")
    dora.enter("User name", "dora")
    dora.enter("Password", PASSWORD)  # the one that she forgot
    dora.press("Sign in")
    expect(dora.page.get_by_role("alert")).to_be_visible()
    keeper.press(guide["Sign-ins"])
    keeper.enter("Reference, name, address or code", "dora")
    keeper.press(guide["Search"])
    expect(keeper.page.get_by_text("credentials_wrong").first).to_be_attached()


def curl(guide: Guide, beginning: str, origin: str, **known: str) -> str:
    """Run a command of the page as the person would, with the values that they have."""
    command = guide.command(beginning).replace(EXAMPLE, origin)
    for example, value in known.items():
        command = command.replace(example, value) if "-" in example else command
    environ = os.environ | known if all("-" not in each for each in known) else os.environ
    return subprocess.run(["sh", "-c", command], env=environ, check=True, capture_output=True, text=True).stdout


def test_an_invitation_opens_single_sign_on_also_while_registration_is_closed(
    page: Page, browser: Browser, start_romm: StartRomM, provider: str, romm_port: int
) -> None:
    guide = Guide("accounts")
    origin = start_romm(environment(provider, romm_port, "authelia", OIDC_ALLOW_REGISTRATION="false"))
    keeper = Mouse(page)
    by_password(page, origin, ADMIN["username"], ADMIN["password"])
    keeper.press(guide["People"])
    keeper.press(guide["Invite a person"])
    keeper.press(guide["Create an invitation link"])
    with browser.new_context() as context:
        bob = Mouse(context.new_page())
        sign_in(bob.page, origin, "carol")
        expect(bob.page.get_by_role("alert")).to_contain_text("registration_closed")
        context.clear_cookies()
        bob.page.goto(page.get_by_label("Invitation link").inner_text())
        bob.press(guide["Sign in with Authelia"])
        at_the_provider(bob.page, "bob")
        expect(bob.page).to_have_url(f"{origin}/")
        assert me(bob.page, origin)["username"] == "bob"


def test_why_can_bob_not_sign_in_is_answered_by_his_name(
    page: Page, browser: Browser, start_romm: StartRomM, provider: str, romm_port: int, tmp_path: Path
) -> None:
    guide = Guide("sign-in-log")
    origin = start_romm(environment(provider, romm_port, "application/o/romm", OIDC_PROVIDER="authentik"))
    with browser.new_context() as context:
        bob = context.new_page()
        sign_in(bob, origin, "bob")
        expect(bob.get_by_role("alert")).to_be_visible()
    keeper = Mouse(page)
    by_password(page, origin, ADMIN["username"], ADMIN["password"])
    keeper.press(guide["Sign-ins"])
    keeper.enter("Reference, name, address or code", "bob")
    keeper.press(guide["Search"])
    line = page.locator(".log > li")
    expect(line).to_have_count(1)
    expect(line).to_contain_text("The provider does not say that the address is verified")
    expect(line.get_by_text("bob@example.org").first).to_be_visible()
    printed = romm(guide.command("romm sign-ins bob"), origin, tmp_path)
    assert "email_not_verified" in printed
    assert "bob@example.org" in printed


def test_a_backup_brings_back_what_was_deleted(page: Page, start_romm: StartRomM, tmp_path: Path) -> None:
    guide = Guide("operating")
    origin = start_romm({})
    add(origin, "dora")
    copy, back = (guide.command(f"romm db {what}") for what in ("backup", "restore"))
    romm(copy, origin, tmp_path)
    keeper = Mouse(page)
    by_password(page, origin, ADMIN["username"], ADMIN["password"])
    keeper.press("People")
    keeper.press("dora")
    keeper.press("Delete")
    keeper.press("Yes, delete for good")
    told(page, "The account is deleted.")
    start_romm({}, restart=True, stopped=lambda: romm(back, origin, tmp_path))
    page.context.clear_cookies()
    by_password(page, origin, "dora")
    assert me(page, origin)["username"] == "dora"


def romm(command: str, origin: str, folder: Path) -> str:
    """The output of a command of the documentation, where RomM runs; its backups are in the test's folder."""
    program, *words = command.split()
    assert program == "romm"
    own = {"ROMM_PORT": origin.rpartition(":")[2], "ROMM_BASE_PATH": str(folder / "data")}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OIDC_", "ROMM_"))}
    placed = [word.replace("/backups", str(folder)) for word in words]
    done: subprocess.CompletedProcess[Any] = subprocess.run(
        [sys.executable, "-m", "romm", *placed], env=inherited | own, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return str(done.stdout)
