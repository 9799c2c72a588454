"""A household of four moves to another provider, with passwords off, in real browsers: nobody is locked out."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.e2e.conftest import StartRomM
from tests.e2e.test_accounts import told
from tests.e2e.test_confirmation import photographed
from tests.e2e.test_sign_in import ADMINS, environment, me, sign_in

Look = tuple[Literal["light", "dark"], ViewportSize]

PEOPLE = ("alice", "bob", "carol", "dave")
DARK_PHONE: Look = ("dark", {"width": 390, "height": 844})
LIGHT_DESKTOP: Look = ("light", {"width": 1280, "height": 900})
OFF = ADMINS | {"DISABLE_USERPASS_LOGIN": "true"}


@pytest.fixture
def pages(browser: Browser) -> Iterator[dict[str, Page]]:
    """Each of the four has a browser of their own; Bob's is a phone in the dark."""
    with ExitStack() as contexts:
        opened = {}
        for name in PEOPLE:
            scheme, size = DARK_PHONE if name == "bob" else LIGHT_DESKTOP
            context = browser.new_context(color_scheme=scheme, viewport=size, bypass_csp=True)
            contexts.callback(context.close)
            context.set_default_timeout(8000)
            opened[name] = context.new_page()
        yield opened


@pytest.fixture
def romm(start_romm: StartRomM, provider: str, romm_port: int, pages: dict[str, Page]) -> str:
    """Everybody signed in at Authelia once; then the settings named another provider, and RomM was started anew."""
    origin = start_romm(environment(provider, romm_port, "authelia", **OFF), admin=False)
    for name, page in pages.items():
        sign_in(page, origin, name)
        expect(page).to_have_url(f"{origin}/")
    next_one = environment(provider, romm_port, "application/o/romm-ok/", **OFF, OIDC_PROVIDER="authentik")
    return start_romm(next_one, restart=True, admin=False)


def move(page: Page, origin: str, way: str, said: str) -> None:
    """Count, preview, carry out: on the page of single sign-on, by the administrator whose session still lives."""
    page.goto(f"{origin}/admin/oidc")
    expect(page.get_by_role("heading", name="4 accounts at")).to_be_visible()
    photographed(page, f"elsewhere-{way}")
    page.get_by_label("What happened?").select_option(way)
    page.get_by_role("button", name="Show what would happen").click()
    expect(page.get_by_text("This would move 4 of 4.")).to_be_visible()
    expect(page.get_by_role("cell", name=said)).to_have_count(4)
    photographed(page, f"preview-{way}")
    page.get_by_role("button", name="Move 4 accounts").click()
    told(page, "Moved 4 of 4.")
    photographed(page, f"moved-{way}")


@pytest.mark.parametrize(
    ("way", "said", "links"),
    [
        (
            "by-email",
            "links again at the next sign-in",
            ["Linked with an earlier provider: {there}", "Linked with Authentik"],
        ),
        ("same-subjects", "same subject, now at", ["Linked with Authentik"]),
    ],
)
def test_everybody_comes_into_the_account_they_had(
    pages: dict[str, Page], romm: str, provider: str, way: str, said: str, links: list[str]
) -> None:
    expected = [link.format(there=provider.partition("://")[2]) for link in links]
    alice, bob = pages["alice"], pages["bob"]
    before = {name: me(page, romm)["id"] for name, page in pages.items()}
    bob.goto(f"{romm}/account")
    expect(bob.get_by_role("heading", name="Linked with another provider: 127.0.0.1")).to_be_visible()
    expect(bob.get_by_text("This is your only sign-in method")).to_have_count(0)
    photographed(bob, f"before-{way}")
    bob.context.clear_cookies(name="romm_session")
    sign_in(bob, romm, "bob")
    expect(bob.get_by_role("alert")).to_contain_text("already_linked")

    move(alice, romm, way, said)

    for name, page in pages.items():
        page.context.clear_cookies(name="romm_session")
        page.goto(f"{romm}/login")
        page.get_by_role("link", name="Sign in with Authentik").click()
        if page.get_by_label("User").count():
            page.get_by_label("User").fill(name)
            page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        page.goto(f"{romm}/account")
        assert page.get_by_role("heading", name="Linked with").all_inner_texts() == expected
    assert {name: me(page, romm)["id"] for name, page in pages.items()} == before
    assert [me(page, romm)["access_level"] for page in pages.values()] == ["admin", "viewer", "viewer", "viewer"]
    photographed(bob, f"after-{way}")
    alice.goto(f"{romm}/admin/oidc")
    expect(alice.get_by_role("heading", name="Linked to another provider")).to_have_count(0)
    photographed(alice, f"well-{way}")
    alice.goto(f"{romm}/admin/users/{before['bob']}")
    photographed(alice, f"person-{way}")
    alice.goto(romm)
    photographed(alice, f"home-{way}")
