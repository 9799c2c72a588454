"""An invitation opens single sign-on: for one new account, with the role of the groups or else its own."""

from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from msgspec.structs import replace

from romm.domain.errors import Code
from romm.domain.model import AccessLevel, EmailSource, Identity
from romm.sign_in.destinations import QUESTION_PAGE
from tests.api.accounts.test_administration import keeper
from tests.api.accounts.test_links import LIFETIME, invite
from tests.api.sign_in.test_openid import error_of
from tests.api.sign_in.test_pages import words
from tests.world import Browser, World

__all__ = ["keeper"]

CLOSED = {"OIDC_ALLOW_REGISTRATION": "false"}
WITHOUT_GROUPS = {"OIDC_CLAIM_ROLES": "", "OIDC_ROLE_ADMIN": "", "OIDC_ROLE_EDITOR": "", "OIDC_ROLE_VIEWER": ""}


@pytest.fixture
async def world(request: pytest.FixtureRequest) -> World:
    more: dict[str, str] = getattr(request, "param", WITHOUT_GROUPS)
    world = World(environ=CLOSED | more)
    await world.add("keeper", level=AccessLevel.ADMIN)
    return world


async def invited(browser: Browser, token: str) -> httpx.Response:
    """To the provider and back."""
    sent = await browser.submit("/register/provider", token=token)
    assert urlsplit(sent.headers["location"]).path == "/authorize"
    return await browser.come_back(await browser.world.idp.approve(sent.headers["location"]))


async def test_the_page_of_an_invitation_offers_both_ways(world: World, keeper: httpx.AsyncClient) -> None:
    page = words((await world.browser().get(f"/register?token={await invite(keeper)}")).text)
    assert "Sign in with Authelia" in page
    assert "Create the account" in page


@pytest.mark.parametrize("world", [WITHOUT_GROUPS | {"DISABLE_USERPASS_LOGIN": "true"}], indirect=True)
async def test_with_passwords_off_it_offers_the_provider_alone(world: World) -> None:
    world.link(world.accounts.by_id[1], Identity(world.idp.issuer, world.idp.sub))
    browser = world.browser()
    await browser.sign_in()
    answer = await browser.client.post("/api/users/invite-link", json={}, headers={"origin": "https://romm.test"})
    page = words((await world.browser().get(f"/register?token={answer.json()['token']}")).text)
    assert "Sign in with Authelia" in page
    assert "Create the account" not in page


async def test_the_first_sign_in_makes_the_account_and_uses_the_invitation_up(
    world: World, keeper: httpx.AsyncClient
) -> None:
    token, browser = await invite(keeper, role="editor"), world.browser()
    assert (await invited(browser, token)).headers["location"] == "/"
    assert (await browser.me()).json()["access_level"] == "editor"
    [used] = world.lines("invitation.used")
    assert used["invited_by"] == 1
    assert error_of(await world.browser().submit("/register/provider", token=token)) == Code.LINK_INVALID


async def test_without_one_registration_stays_closed(world: World, keeper: httpx.AsyncClient) -> None:
    await invite(keeper)
    assert error_of(await world.browser().sign_in()) == Code.REGISTRATION_CLOSED


@pytest.mark.parametrize("world", [{}], indirect=True)
async def test_groups_win_and_without_a_role_by_them_nobody_comes_in(world: World, keeper: httpx.AsyncClient) -> None:
    token, browser = await invite(keeper, role="editor"), world.browser()
    world.idp.claims["groups"] = ["family"]
    assert error_of(await invited(browser, token)) == Code.NO_ROLE
    world.idp.claims["groups"] = ["users"]
    await invited(browser, token)
    assert (await browser.me()).json()["access_level"] == "viewer"


async def test_an_account_with_the_address_is_linked_and_the_invitation_stays(
    world: World, keeper: httpx.AsyncClient
) -> None:
    alice = await world.add("alice", "alice@example.org")
    token = await invite(keeper, role="editor")
    await invited(world.browser(), token)
    assert world.accounts.by_id[alice.id].links
    assert world.accounts.by_id[alice.id].level is AccessLevel.VIEWER
    assert (await world.browser().get(f"/register?token={token}")).status_code == 200


async def test_not_mine_goes_on_with_the_invitation(world: World, keeper: httpx.AsyncClient) -> None:
    typist = await world.add("typist", "alice@example.org")
    world.accounts.by_id[typist.id] = replace(typist, email_source=EmailSource.OWNER)
    token, browser = await invite(keeper, role="editor"), world.browser()
    assert (await invited(browser, token)).headers["location"] == QUESTION_PAGE
    await browser.submit(f"{QUESTION_PAGE}/not-mine")
    assert (await browser.me()).json()["access_level"] == "editor"


async def test_an_ended_invitation_does_not_begin(world: World, keeper: httpx.AsyncClient) -> None:
    token = await invite(keeper)
    world.clock.advance(LIFETIME)
    for each in (token, "wrong"):
        assert error_of(await world.browser().submit("/register/provider", token=each)) == Code.LINK_INVALID
    assert world.idp.requests == []


@pytest.mark.parametrize("ends", ["expires", "loses its maker", "is used"])
async def test_one_that_ends_on_the_way_makes_no_account(world: World, keeper: httpx.AsyncClient, ends: str) -> None:
    token, browser = await invite(keeper), world.browser()
    if ends == "expires":
        world.clock.advance(LIFETIME - timedelta(seconds=1))
    sent = await browser.submit("/register/provider", token=token)
    query = await world.idp.approve(sent.headers["location"])
    if ends == "expires":
        world.clock.advance(timedelta(seconds=1))
    elif ends == "loses its maker":
        world.disable(world.accounts.by_id[1])
    else:
        world.accounts.credentials.clear()
    before = dict(world.accounts.by_id)
    assert error_of(await browser.come_back(query)) == Code.LINK_INVALID
    assert world.accounts.by_id == before
