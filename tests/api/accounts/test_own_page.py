"""The account page: what a person sees of themselves, and changes, without a script and without getting lost."""

import re
from datetime import timedelta

import pytest

from romm.api.pages.user_agents import in_words
from romm.domain.catalogue import CATALOGUE
from romm.domain.credentials.credential import Kind
from romm.domain.errors import Code
from romm.domain.model import AccessLevel, Account
from tests.api.sign_in.test_openid import confirmed_first, error_of
from tests.api.sign_in.test_pages import words
from tests.world import PASSWORD, Browser, World

NEW = "four candles on a shelf"
STALE = timedelta(minutes=6)


async def local(world: World, username: str = "ally", email: str | None = None) -> Browser:
    """A person with a password, who just signed in."""
    if username not in {account.username for account in world.accounts.by_id.values()}:
        await world.add(username, email)
    browser = world.browser()
    answer = await browser.submit("/api/login", username=username, password=PASSWORD)
    assert answer.headers["location"] == "/"
    return browser


async def account_of(browser: Browser) -> Account:
    return browser.world.accounts.by_id[(await browser.me()).json()["id"]]


async def read(browser: Browser, url: str = "/account") -> str:
    answer = await browser.get(url)
    assert answer.status_code == 200
    return words(answer.text)


async def test_somebody_who_is_not_signed_in_is_sent_to_sign_in_and_back(world: World) -> None:
    answer = await world.browser().get("/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Faccount")
    assert error_of(await world.browser().submit("/account/profile", username="x")) == Code.NOT_SIGNED_IN


async def test_the_page_says_what_a_matching_address_will_do(world: World) -> None:
    """The guides' step "set your email to exactly the same address"."""
    browser = await local(world)
    page = await read(browser)
    assert "RomM matches people from Authelia to accounts by e-mail" in page
    assert "RomM asks for the password of this account once" in page
    saved = await browser.submit("/account/profile", username="ally", email="Alice@Example.org")
    assert saved.headers["location"] == "/account?notice=saved"
    assert "Saved." in await read(browser, "/account?notice=saved")
    assert 'value="alice@example.org"' in (await browser.get("/account")).text
    world.idp.claims["groups"] = ["users"]
    stranger = world.browser()
    assert (await stranger.sign_in()).headers["location"] == "/login/account"
    await stranger.submit("/login/account/mine", current_password=PASSWORD)
    assert [link.rule for link in world.accounts.by_id[2].links] == ["L-11p"]
    assert "by you, when you proved that this account is yours" in await read(stranger)


async def test_an_administrators_own_address_links_without_a_question(world: World) -> None:
    browser = await local(world, "keeper")
    assert "asks for the password" not in await read(browser)
    await browser.submit("/account/profile", username="keeper", email="alice@example.org")
    await world.browser().sign_in()
    assert [link.rule for link in world.accounts.by_id[1].links] == ["L-11c"]


async def test_where_accounts_are_not_matched_by_address_the_page_does_not_promise_it() -> None:
    world = World({"OIDC_LINK_BY_EMAIL": "false"})
    await world.add("keeper", level=AccessLevel.ADMIN)
    page = await read(await local(world))
    assert "RomM does not match people from Authelia by e-mail here" in page
    assert "it is linked to this account" not in page


@pytest.mark.parametrize(
    ("path", "fields", "code"),
    [
        pytest.param("profile", {"username": "x", "email": ""}, Code.USERNAME_INVALID, id="too short a name"),
        pytest.param("profile", {"username": "keeper", "email": ""}, Code.USERNAME_TAKEN, id="a name that is taken"),
        pytest.param("profile", {"username": "ally", "email": "a b@x.org"}, Code.ADDRESS_INVALID, id="no address"),
        pytest.param("profile", {"email": "a@x.org"}, Code.REQUEST_INVALID, id="a form of our own, cut short"),
        pytest.param("password", {"password": "ally"}, Code.PASSWORD_WEAK, id="too weak a password"),
        pytest.param("unlink", {"identity": "another"}, Code.CREDENTIAL_UNKNOWN, id="no such identity"),
        pytest.param("sessions/end", {"session": "999"}, Code.CREDENTIAL_UNKNOWN, id="no such session"),
    ],
)
async def test_what_cannot_be_done_is_explained_on_the_page(
    world: World, path: str, fields: dict[str, str], code: Code
) -> None:
    browser = await local(world)
    answer = await browser.submit(f"/account/{path}", **fields)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/account?")
    assert error_of(answer) == code
    page = await read(browser, answer.headers["location"])
    assert CATALOGUE[code].person in page
    assert f"Code: {code}" in page


async def test_a_new_password_ends_every_other_session_and_says_so(world: World) -> None:
    browser, other = await local(world), await local(world)
    assert "A new password signs you out everywhere but here." in await read(browser)
    changed = await browser.submit("/account/password", password=NEW)
    assert changed.headers["location"] == "/account?notice=password_set"
    assert (await browser.get("/account")).status_code == 200
    assert (await other.get("/account")).headers["location"] == "/login?next=%2Faccount"


async def test_after_five_minutes_the_current_password_is_asked_for(world: World) -> None:
    browser = await local(world)
    assert "Current password" not in await read(browser)
    world.clock.now += STALE
    assert "Current password" in await read(browser)
    assert confirmed_first(await browser.submit("/account/password", password=NEW)) == "/account"
    form = {"password": NEW, "current_password": PASSWORD}
    assert (await browser.submit("/account/password", **form)).headers["location"] == "/account?notice=password_set"


async def test_who_signs_in_through_the_provider_alone_sets_a_first_password(world: World) -> None:
    browser = world.browser()
    await browser.sign_in()
    assert "Set a password" in await read(browser)
    world.clock.now += STALE
    page = await browser.get("/account")
    assert "First confirm that it is you." in words(page.text)
    assert 'href="/account/confirm?next=%2Faccount"' in page.text
    assert 'action="/account/password"' not in page.text
    await browser.sign_in("/account")
    assert (await browser.submit("/account/password", password=NEW)).headers["location"].endswith("password_set")
    assert "Set a password above first" not in await read(browser)


async def test_without_passwords_there_is_no_password_form() -> None:
    world = World({"DISABLE_USERPASS_LOGIN": "true"})
    await world.add("keeper", level=AccessLevel.ADMIN)
    browser = world.browser()
    await browser.sign_in()
    page = await browser.get("/account")
    assert 'type="password"' not in page.text
    assert "This is your only sign-in method" in words(page.text)
    assert "Set a password above first" not in words(page.text)


async def test_linking_starts_from_the_page_and_unlinking_undoes_it(world: World) -> None:
    """L-04: the address need not match."""
    world.idp.claims["groups"] = ["users"]
    browser = await local(world)
    begun = await browser.submit("/account/link")
    assert begun.headers["location"].startswith(world.idp.issuer)
    back = await browser.come_back(await world.idp.approve(begun.headers["location"]))
    assert back.headers["location"] == "/account?notice=linked"
    page = await browser.get("/account?notice=linked")
    for text in (
        "Your account is now linked with Authelia.",
        world.idp.issuer,
        "alice",
        "by you, on this page",
    ):
        assert text in words(page.text)
    [identity] = re.findall(r'name="identity" value="([^"]+)"', page.text)
    assert (await browser.submit("/account/unlink", identity=identity)).headers[
        "location"
    ] == "/account?notice=unlinked"
    assert "Linking needs a sign-in of the last five minutes" in await read(browser), (
        "the sign-in that unlinked proves no more"
    )


async def test_when_linking_gives_more_rights_the_page_says_that_the_old_password_is_gone(world: World) -> None:
    browser = await local(world)
    begun = await browser.submit("/account/link")
    await browser.come_back(await world.idp.approve(begun.headers["location"]))
    page = await read(browser, "/account?notice=linked")
    assert "If your groups there let you do more now, your old password no longer works" in page
    assert "Set a password" in page


async def test_linking_needs_a_fresh_sign_in_and_the_password_makes_one(world: World) -> None:
    browser = await local(world)
    world.clock.now += STALE
    assert confirmed_first(await browser.submit("/account/link")) == "/account"
    page = await browser.get("/account")
    assert 'action="/account/link"' not in page.text
    before = browser.session
    confirmed = await browser.submit("/account/confirm", current_password=PASSWORD)
    assert confirmed.headers["location"] == "/account"
    assert browser.session not in (None, before)
    assert (await browser.submit("/account/link")).headers["location"].startswith(world.idp.issuer)


async def test_another_persons_identity_is_not_linked_and_the_page_says_why(world: World) -> None:
    await world.browser().sign_in()
    browser = await local(world)
    begun = await browser.submit("/account/link")
    back = await browser.come_back(await world.idp.approve(begun.headers["location"]))
    assert back.headers["location"].startswith(f"/account?error={Code.IDENTITY_IN_USE}")


async def test_the_last_way_in_has_no_button_and_is_refused(world: World) -> None:
    browser = world.browser()
    await browser.sign_in()
    page = await browser.get("/account")
    assert 'action="/account/unlink"' not in page.text
    assert "This is your only sign-in method, so it cannot be unlinked." in words(page.text)
    identity = (await browser.me()).json()["identities"][0]["id"]
    assert error_of(await browser.submit("/account/unlink", identity=identity)) == Code.LAST_WAY_IN


async def test_sessions_are_listed_and_ended_one_by_one_or_all_at_once(world: World) -> None:
    browser, other, third = await local(world), await local(world), await local(world)
    page = await browser.get("/account")
    assert page.text.count(">this one<") == 1
    numbers = re.findall(r'name="session" value="(\d+)"', page.text)
    assert len(numbers) == 2, "one's own has no button: that is signing out"
    ended = await browser.submit("/account/sessions/end", session=numbers[0])
    assert ended.headers["location"] == "/account?notice=session_ended"
    assert {(await each.get("/account")).status_code for each in (other, third)} == {200, 303}
    assert (await browser.submit("/account/sessions/end-others")).headers["location"].endswith("sessions_ended")
    assert {(await each.get("/account")).status_code for each in (other, third)} == {303}
    assert (await browser.get("/account")).status_code == 200


async def test_nobody_ends_the_session_of_somebody_else(world: World) -> None:
    await local(world, "keeper")
    [session] = [each for (kind, _), each in world.accounts.credentials.items() if kind is Kind.SESSION]
    answer = await (await local(world)).submit("/account/sessions/end", session=str(session.id))
    assert error_of(answer) == Code.CREDENTIAL_UNKNOWN


@pytest.mark.parametrize(
    "path",
    ["profile", "password", "confirm", "confirm/provider", "link", "unlink", "sessions/end", "sessions/end-others"],
)
async def test_another_site_sends_none_of_the_forms(world: World, path: str) -> None:
    browser = await local(world)
    answer = await browser.client.post(f"/account/{path}", data={}, headers={"sec-fetch-site": "cross-site"})
    assert error_of(answer) == Code.CROSS_SITE


@pytest.mark.parametrize(
    ("user_agent", "shown"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on an iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown device"),
    ],
)
def test_a_device_is_said_in_words(user_agent: str, shown: str) -> None:
    assert in_words(user_agent) == shown
