"""A browser loads the callback twice while the provider, as on a small NAS, takes its time."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from romm.domain.errors import Code
from tests.e2e.conftest import StartRomM
from tests.e2e.test_sign_in import log_lines
from tests.fake_provider import CLIENT_ID, CLIENT_SECRET, FakeProvider, served

CALLBACK = "/api/oauth/openid"
TOKEN_SECONDS = 1.5
EMBED = "([kind, url]) => document.body.append(Object.assign(document.createElement(kind), {src: url}))"


class SlowProvider(FakeProvider):
    """One that signs everybody in without a question, and whose token endpoint is slow."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path") == "/token":
            await asyncio.sleep(TOKEN_SECONDS)
        await super().__call__(scope, receive, send)


@pytest.fixture
def slow(romm_port: int) -> Iterator[SlowProvider]:
    idp = SlowProvider(redirect_uri=f"http://127.0.0.1:{romm_port}{CALLBACK}")
    with served(idp) as port:
        idp.issuer = f"http://127.0.0.1:{port}"
        yield idp


def environment(idp: FakeProvider) -> dict[str, str]:
    return {
        "OIDC_ENABLED": "true",
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "OIDC_SERVER_APPLICATION_URL": idp.issuer,
        "ROMM_BASE_URL": idp.redirect_uri.removesuffix(CALLBACK),
    }


def sent_to_callback(page: Page, origin: str) -> str:
    """Press the button; gives the callback's address as soon as the browser loads it."""

    def is_callback(request: Request) -> bool:
        return CALLBACK in request.url

    page.goto(f"{origin}/login?next=/account")
    with page.expect_request(is_callback) as asked:
        page.get_by_role("link", name="Sign in with").click(no_wait_after=True)
    return asked.value.url


def is_signed_in(page: Page, origin: str) -> None:
    expect(page).to_have_url(f"{origin}/account")
    expect(page.get_by_text("alice", exact=True).first).to_be_visible()


def test_one_window_that_loads_it_twice_ends_where_it_wanted_to_go(
    page: Page, start_romm: StartRomM, slow: SlowProvider
) -> None:
    """The first answer is lost, with the cookie of its session."""
    origin = start_romm(environment(slow))
    callback = sent_to_callback(page, origin)
    page.goto(callback)
    is_signed_in(page, origin)
    assert len(slow.received("/token")) == 1


def test_two_windows_end_where_the_person_wanted_to_go(
    page: Page, context: BrowserContext, start_romm: StartRomM, slow: SlowProvider
) -> None:
    origin = start_romm(environment(slow))
    callback = sent_to_callback(page, origin)
    other = context.new_page()
    other.goto(callback)
    for each in (other, page):
        is_signed_in(each, origin)
        each.reload()
        is_signed_in(each, origin)
    assert len(slow.received("/token")) == 1


def test_an_image_and_a_frame_of_another_page_spend_nothing(
    page: Page, context: BrowserContext, start_romm: StartRomM, slow: SlowProvider, tmp_path: Path
) -> None:
    """The page is of the same site, so the browser sends the attempt's cookie along."""
    origin = start_romm(environment(slow))
    begun = context.request.get(f"{origin}/api/login/openid?next=/account", max_redirects=0)
    callback = context.request.get(begun.headers["location"], max_redirects=0).headers["location"]
    page.goto(f"{slow.issuer}/.well-known/openid-configuration")
    for kind in ("img", "iframe"):
        page.evaluate(EMBED, [kind, callback])
    expected = ["sec-fetch-dest: iframe", "sec-fetch-mode: no-cors"]
    for _ in range(50):
        refused = [line for line in log_lines(tmp_path) if line.get("code") == Code.NAVIGATION_REQUIRED]
        if len(refused) == len(expected):
            break
        page.wait_for_timeout(100)
    assert [found for found in expected if found in str(refused)] == expected
    assert slow.received("/token") == []
    page.goto(callback)
    is_signed_in(page, origin)
