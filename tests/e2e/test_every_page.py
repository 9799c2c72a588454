"""Every page, light and dark, on a desktop and on a phone, in three languages: nothing that axe-core finds, nothing sticks
out, nothing is large, comes from elsewhere or needs a script.
"""

import base64
import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e import every_page
from tests.e2e.accessibility import looked_at, needs_scripts, photographed, transferred
from tests.e2e.conftest import ADMIN, StartRomM, create_first_admin
from tests.e2e.furnished import PASSWORD, add, ask, invitation, recovery_link, reset_link
from tests.e2e.test_native_apps import APP, APPS, PRIVATE
from tests.e2e.test_sign_in import ADMINS, environment

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
LOOKS: dict[str, dict[str, Any]] = {
    "light desktop in English": {"color_scheme": "light", "viewport": DESKTOP, "locale": "en-GB"},
    "dark desktop in French": {"color_scheme": "dark", "viewport": DESKTOP, "locale": "fr-FR"},
    "light phone in German": {"color_scheme": "light", "viewport": PHONE, "locale": "de-DE"},
}
CLAIMS = ('{"email": "ada@example.org", "groups": ["users"]}', "no claims")


@dataclass
class Look:
    """The page of a browser, and what is wrong on those that it opened. `whole`: also size, other servers and scripts."""

    name: str
    page: Page
    origin: str
    whole: bool
    problems: dict[str, list[str]] = field(default_factory=dict)

    def at(self, paths: tuple[str, ...], known: dict[str, str], who: str) -> None:
        for path in paths:
            url = path.format_map(known)
            self.note(f"{who} {path}", [*self.sized(url), *looked_at(self.page), *self.without_scripts()])

    def answer(self, what: str) -> None:
        self.page.wait_for_load_state()
        self.note(what, looked_at(self.page))

    def note(self, what: str, found: list[str]) -> None:
        photographed(self.page, f"{self.name} {what}")
        if found:
            self.problems[what] = found

    def sized(self, url: str) -> list[str]:
        if not self.whole:
            self.page.goto(url)
            return []
        with transferred(self.page, self.origin) as transfer:
            self.page.goto(url)
        return transfer.problems()

    def without_scripts(self) -> list[str]:
        return needs_scripts(self.page) if self.whole else []


@pytest.fixture(params=LOOKS)
def look(request: pytest.FixtureRequest, browser: Browser, romm_port: int) -> Iterator[Look]:
    origin = f"http://127.0.0.1:{romm_port}"
    # Our pages let no other script in, axe-core neither: only here the policy is set aside. Without transitions: axe-core
    # would see a color between two.
    context: BrowserContext = browser.new_context(
        bypass_csp=True, reduced_motion="reduce", base_url=origin, **LOOKS[request.param]
    )
    context.set_default_timeout(30_000)
    yield Look(request.param, context.new_page(), origin, whole=request.param == next(iter(LOOKS)))
    context.close()


def test_every_page_can_be_used_by_everyone(
    look: Look, start_romm: StartRomM, provider: str, romm_port: int, tmp_path: Path
) -> None:
    (tmp_path / "romm.toml").write_text(APPS)
    apps = {"ROMM_SETTINGS_FILE": str(tmp_path / "romm.toml")}
    origin = start_romm(environment(provider, romm_port, "authelia", **ADMINS, **apps), admin=False)
    look.at(every_page.BEFORE_SET_UP, {}, "before set-up")
    create_first_admin(origin)
    known = furnish(origin, tmp_path)
    look.at(every_page.ANYONE, known, "anyone")
    look.at(every_page.DOCUMENTATION if look.whole else (), known, "anyone")
    by_single_sign_on(look.page, "bob")
    known["bob"] = str(next(each["id"] for each in ask(origin, "/api/users") if each["username"] == "bob"))
    look.at(every_page.PERSON, known, "a person")
    by_single_sign_on(look.page, "carol")
    look.at(every_page.ASKED, known, "asked")
    by_password(look.page)
    look.at(every_page.ADMINISTRATOR, known, "an administrator")
    answers(look, known)
    assert look.problems == {}


def furnish(origin: str, folder: Path) -> dict[str, str]:
    """People, links and a device that waits."""
    ada = add(origin, "ada", email="ada@example.org", role="editor")
    robert = add(origin, "robert")
    types_the_address(origin, "robert", robert, "carol@example.org")
    ask(origin, "/api/forgot-password", {"username": "ada"})
    asked = urllib.request.Request(f"{origin}/api/device_authorization", b"client_id=Handheld&scope=me.read+roms.read")
    with urllib.request.urlopen(asked, timeout=10) as answer:
        device = json.loads(answer.read())["user_code"]
    links = {"reset": reset_link(origin, ada), "invitation": invitation(origin)}
    ask(origin, "/api/forgot-password", {"username": "ada"})
    apps = {"app": quote(APP), "redirect": quote(PRIVATE)}
    return {"ada": str(ada), "device": device, "recovery": recovery_link(origin, folder), **links, **apps}


def types_the_address(origin: str, username: str, user_id: int, address: str) -> None:
    """The owner of an account, on their own page."""
    basic = base64.b64encode(f"{username}:{PASSWORD}".encode()).decode()
    headers = {"authorization": f"Basic {basic}", "content-type": "application/json"}
    body: Any = json.dumps({"email": address, "current_password": PASSWORD}).encode()
    request = urllib.request.Request(f"{origin}/api/users/{user_id}", body, headers, method="PUT")
    urllib.request.urlopen(request, timeout=10).close()


def by_single_sign_on(page: Page, user: str) -> None:
    page.context.clear_cookies()
    page.goto("/login")
    page.locator("a[href^='/api/login/openid']").click()
    page.locator("[name=user]").fill(user)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


def by_password(page: Page) -> None:
    page.context.clear_cookies()
    page.goto("/login")
    page.locator("#username").fill(ADMIN["username"])
    page.locator("#password").fill(ADMIN["password"])
    send(page, "/api/login")


def send(page: Page, action: str) -> None:
    with page.expect_navigation():
        page.locator(f"form[action='{action}'] button:not([type=button])").first.evaluate("button => button.click()")


def answers(look: Look, known: dict[str, str]) -> None:
    """The pages that answer a form. What lasts needs a sign-in of the last five minutes."""
    page = look.page
    by_password(page)
    at = f"/admin/users/{known['ada']}"
    for where, action in (("/admin/users", "/admin/users/invite"), (at, f"{at}/reset-link")):
        page.goto(where)
        send(page, action)
        look.answer(f"a link from {action.replace(known['ada'], 'ada')}")
    page.goto("/account/tokens")
    page.locator("#name").fill("Handheld")
    send(page, "/account/tokens")
    look.answer("a token")
    for deed in ("pair", "regenerate"):
        page.goto("/account/tokens")
        send(page, str(page.locator(f"form[action$='/{deed}']").first.get_attribute("action")))
        look.answer(f"a token: {deed}")
    by_password(page)
    page.goto("/admin/connect")
    page.locator("[name=provider]").first.check()
    send(page, "/admin/connect")
    look.answer("what to register")
    page.locator("[name=address]").fill("http://127.0.0.1:9")
    page.locator("[name=client_id]").fill("romm")
    page.locator("[name=client_secret]").fill("a secret")
    send(page, "/admin/connect/check")
    look.answer("a provider that does not answer")
    for claims in CLAIMS:
        page.goto("/admin/oidc")
        page.locator("[name=claims]").fill(claims)
        send(page, "/admin/oidc/explain")
        look.answer(f"explained: {claims}")
    page.goto("/admin/oidc")
    send(page, "/admin/oidc/try")
    page.locator("[name=user]").fill("alice")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/oidc**")
    look.answer("a test sign-in")


def test_a_time_is_in_the_language_of_its_sentence(browser: Browser, start_romm: StartRomM) -> None:
    origin = start_romm({})
    page = browser.new_page(base_url=origin, locale="de-DE")
    by_password(page)
    for path, now in (("/account", "jetzt"), ("/admin/sign-ins", "now")):
        page.goto(path)
        assert page.locator("time:not([data-day])").first.inner_text() == now, path
    page.context.close()
