"""“Is this your account?” over HTTP: who typed somebody's address gains nothing, who owns the account links it by a proof."""

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from msgspec.structs import replace

from romm.domain.catalogue import CATALOGUE
from romm.domain.credentials.credential import Kind
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.digests import digest
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel, Account, EmailSource
from romm.sign_in.openid.confirmation import BrowserCookies
from tests.api.accounts.test_link_pages import invitation
from tests.api.accounts.test_own_page import NEW, local
from tests.api.sign_in.test_openid import error_of
from tests.api.sign_in.test_pages import words
from tests.fakes import FakeAccounts
from tests.world import ORIGIN, PASSWORD, Browser, World

PAGE = "/login/account"
MINE, NOT_MINE = f"{PAGE}/mine", f"{PAGE}/not-mine"
ADDRESS = "alice@example.org"  # what the provider vouches for


Trap = Callable[[World], Awaitable[Browser]]


@pytest.fixture
async def world() -> World:
    return await house()


async def house(**settings: str) -> World:
    """An instance with its admin behind a proxy that it trusts; Alice is an ordinary person at the provider."""
    world = World({"ROMM_TRUSTED_PROXIES": "192.0.2.0/24"} | settings)
    await world.add("keeper", level=AccessLevel.ADMIN)
    world.idp.claims["groups"] = ["users"]
    return world


async def typed(world: World, username: str = "mallory") -> Account:
    """An account with a password, whose owner typed Alice's address."""
    made = await world.add(username, ADDRESS)
    world.accounts.by_id[made.id] = replace(made, email_source=EmailSource.OWNER)
    return world.accounts.by_id[made.id]


async def asked(world: World, return_to: str = "/") -> Browser:
    """Alice's browser, which came back from the provider and is asked."""
    browser = world.browser()
    assert (await browser.sign_in(return_to)).headers["location"] == PAGE
    return browser


def named(world: World, username: str) -> Account:
    return next(account for account in world.accounts.by_id.values() if account.username == username)


async def remote_email(world: World, browser: Browser) -> str:
    """What an app behind forward authentication hears."""
    proxy = httpx.AsyncClient(transport=httpx.ASGITransport(world.app, client=("192.0.2.80", 4711)), base_url=ORIGIN)
    answer = await proxy.get("/api/auth/forward", headers={"cookie": f"__Host-romm_session={browser.session}"})
    assert answer.status_code == 204
    return str(answer.headers["remote-email"])


async def read(browser: Browser, url: str = PAGE) -> str:
    answer = await browser.get(url)
    assert answer.status_code == 200
    return words(answer.text)


# who typed somebody else's address


async def invited(world: World) -> Browser:
    """Anybody who was invited types a free address into the form."""
    form = {"token": await invitation(world), "username": "mallory", "password": PASSWORD, "email": ADDRESS}
    await world.browser().submit("/api/users/register", **form)
    return await local(world, "mallory")


async def changed_theirs(world: World) -> Browser:
    await world.add("mallory")
    browser = await local(world, "mallory")
    me = (await browser.me()).json()["id"]
    answer = await browser.client.put(
        f"/api/users/{me}", json={"email": ADDRESS}, headers={"sec-fetch-site": "same-origin"}
    )
    assert answer.status_code == 200
    return browser


async def came_by_the_provider(world: World) -> Browser:
    world.idp.sub, world.idp.claims["email"] = "mallory", "mallory@example.org"
    world.idp.claims["preferred_username"] = "mallory"
    browser = world.browser()
    await browser.sign_in()
    await browser.submit("/account/password", password=PASSWORD)
    await browser.submit("/account/profile", username="mallory", email=ADDRESS)
    world.idp.sub, world.idp.claims["email"] = "alice", ADDRESS
    world.idp.claims["preferred_username"] = "alice"
    return browser


TRAPS = pytest.mark.parametrize("trap", [invited, changed_theirs, came_by_the_provider], ids=lambda trap: trap.__name__)
RIGHTS = pytest.mark.parametrize("groups", [["users"], ["romm-admins"]], ids=["a viewer", "an administrator"])


@TRAPS
@RIGHTS
async def test_who_typed_alices_address_has_nothing_of_hers_when_she_comes(
    world: World, trap: Trap, groups: list[str]
) -> None:
    """R-12, R-02: the whole attack, with everything that an older holder of an account may have kept."""
    mallory = await trap(world)
    hers = named(world, "mallory")
    assert (hers.email, hers.email_source) == (ADDRESS, EmailSource.OWNER)
    assert await remote_email(world, mallory) == ""
    token = await mallory.client.post(
        "/api/client-tokens", json={"name": "kept", "scopes": ["me.read"]}, headers={"sec-fetch-site": "same-origin"}
    )
    reset, _ = await world.use_cases.recovery.reset_link(COMMAND_LINE, named(world, "mallory"))

    world.idp.claims["groups"] = groups
    alice = world.browser()
    came = await alice.sign_in()
    if came.headers["location"] == PAGE:
        assert "mallory" in await read(alice)
        assert alice.session is None
        came = await alice.submit(NOT_MINE)

    assert came.headers["location"] == "/"
    new, hers = named(world, "alice"), named(world, "mallory")
    assert (new.email, new.email_source, new.links[0].rule) == (ADDRESS, EmailSource.PROVIDER, "L-12")
    assert await remote_email(world, alice) == ADDRESS
    assert (hers.email, hers.level) == (None, AccessLevel.VIEWER)
    assert "alice" not in {link.identity.subject for link in hers.links}
    for again in (mallory, await local(world, "mallory")):
        assert (await again.me()).json()["id"] == hers.id
        assert await remote_email(world, again) == ""
        sessions = (await again.client.get("/api/sessions")).json()
        assert {each["id"] for each in sessions}.isdisjoint(_sessions_of(world, new))
    bearer = {"authorization": f"Bearer {token.json()['raw_token']}"}
    assert (await world.program().get("/api/users/me", headers=bearer)).json()["id"] == hers.id
    assert error_of(await world.browser().submit("/api/reset-password", token=reset, password=NEW)) == Code.LINK_INVALID
    assert "Your e-mail address was removed on" in await read(mallory, "/account")
    lines = [line for line in world.lines("signin.decided") if "address_removed_from" in line]
    assert [line["address_removed_from"] for line in lines] == [[hers.id]]


def _sessions_of(world: World, owner: Account) -> set[int | None]:
    kept = world.credentials.stored.values()
    return {each.id for each in kept if each.account_id == owner.id and each.kind is Kind.SESSION}


async def test_who_knows_the_password_cannot_be_told_from_who_owns_it_but_gets_no_link_without_it(world: World) -> None:
    """Mallory typed the address and waits; Alice guesses at nothing and links nothing."""
    await typed(world)
    alice = await asked(world)
    assert error_of(await alice.submit(MINE, current_password="a guess at it")) == Code.PASSWORD_WRONG
    assert error_of(await alice.submit(MINE)) == Code.PASSWORD_WRONG
    assert named(world, "mallory").links == ()
    assert alice.session is None


# the owner of the account


async def test_the_password_proves_it_and_the_account_is_linked(world: World) -> None:
    """L-11p: as by a vouched address, all but the password ends; what somebody else held of it, too."""
    world.idp.sid = "there"
    ally = await typed(world, "ally")
    older = await local(world, "ally")
    alice = await asked(world, "/rom/7")
    page = await read(alice)
    assert "ally" in page
    assert ADDRESS in page
    assert "Enter its password once." in page

    done = await alice.submit(MINE, current_password=PASSWORD)

    assert done.headers["location"] == "/me?notice=linked&next=%2From%2F7"
    linked = world.accounts.by_id[ally.id]
    assert ([link.rule for link in linked.links], linked.email_source) == (["L-11p"], EmailSource.PROVIDER)
    assert await remote_email(world, alice) == ADDRESS
    assert (await older.me()).status_code == 401
    sessions = [each for each in world.accounts.credentials.values() if each.kind is Kind.SESSION]
    assert [(each.id_token_alg, each.sid) for each in sessions] == [("RS256", "there")]
    assert (await local(world, "ally")).session
    assert "__Host-romm_pending" not in alice.client.cookies
    assert [entry.rule for entry in world.sign_ins.entries if entry.method == "openid"] == ["L-11p"]
    assert (await world.browser().sign_in()).headers["location"] == "/"


async def test_who_proved_it_keeps_the_password_although_the_groups_raise_the_role(world: World) -> None:
    ally = await typed(world, "ally")
    world.idp.claims["groups"] = ["romm-admins"]
    await (await asked(world)).submit(MINE, current_password=PASSWORD)
    assert world.accounts.by_id[ally.id].level is AccessLevel.ADMIN
    assert (await local(world, "ally")).session


async def test_a_later_raise_ends_a_password_that_is_older_than_the_link(world: World) -> None:
    """L-11b, later."""
    ally = await typed(world, "ally")
    await (await asked(world)).submit(MINE, current_password=PASSWORD)
    world.idp.claims["groups"] = ["romm-admins"]
    await world.browser().sign_in()
    assert world.accounts.by_id[ally.id].level is AccessLevel.ADMIN
    assert world.accounts.by_id[ally.id].password_set_at is None


async def test_a_wrong_password_is_explained_and_the_question_stays(world: World) -> None:
    await typed(world, "ally")
    alice = await asked(world)
    wrong = await alice.submit(MINE, current_password="wrong")
    assert wrong.headers["location"].startswith(f"{PAGE}?error=password_wrong&ref=")
    page = await read(alice, wrong.headers["location"])
    assert CATALOGUE[Code.PASSWORD_WRONG].person in page
    assert [entry.code for entry in world.sign_ins.entries] == [Code.PASSWORD_WRONG]
    assert (await alice.submit(MINE, current_password=PASSWORD)).status_code == 303
    assert alice.session


async def test_it_is_a_password_door_like_any_other(world: World) -> None:
    """R-34: the same count, whichever door the tries came to."""
    await typed(world, "ally")
    alice = await asked(world)
    for number in range(5):
        assert error_of(await alice.submit(MINE, current_password=f"guess {number}")) == Code.PASSWORD_WRONG
    assert error_of(await alice.submit(MINE, current_password=PASSWORD)) == Code.TOO_MANY_ATTEMPTS
    form = {"username": "ally", "password": PASSWORD}
    assert error_of(await world.browser().submit("/api/login", **form)) == Code.TOO_MANY_ATTEMPTS
    world.clock.advance(timedelta(seconds=31))
    await alice.submit(MINE, current_password=PASSWORD)
    assert alice.session


async def test_in_a_browser_that_the_account_knows_one_click_is_enough(world: World) -> None:
    ally = await typed(world, "ally")
    browser = await local(world, "ally")
    await browser.submit("/api/logout")
    assert (await browser.sign_in()).headers["location"] == PAGE
    page = await browser.get(PAGE)
    assert "You signed in to it in this browser before." in words(page.text)
    assert 'type="password"' not in page.text
    await browser.submit(MINE)
    assert [link.rule for link in world.accounts.by_id[ally.id].links] == ["L-11p"]


async def test_a_browser_that_another_account_knows_proves_nothing(world: World) -> None:
    await typed(world, "ally")
    await world.add("somebody")
    browser = await local(world, "somebody")
    before = browser.session
    await browser.sign_in()
    assert 'type="password"' in (await browser.get(PAGE)).text
    assert error_of(await browser.submit(MINE)) == Code.PASSWORD_WRONG
    await browser.submit(NOT_MINE)
    assert digest(before or "") not in {each.digest for each in world.credentials.stored.values()}, "one session each"


# where a proof is not possible


async def test_without_passwords_and_in_an_unknown_browser_the_only_answer_is_no() -> None:
    world = await house(DISABLE_USERPASS_LOGIN="true")
    ally = await typed(world, "ally")
    alice = await asked(world)
    page = await alice.get(PAGE)
    assert MINE not in page.text
    assert "passwords are switched off" in words(page.text)
    assert 'href="/account"' in page.text
    assert error_of(await alice.submit(MINE, current_password=PASSWORD)) == Code.LINK_FROM_ACCOUNT
    await alice.submit(NOT_MINE)
    assert (await alice.me()).json()["username"] == "alice"
    assert world.accounts.by_id[ally.id].links == ()


async def test_where_linking_by_address_is_off_an_account_links_on_its_page_alone() -> None:
    world = await house(OIDC_LINK_BY_EMAIL="false")
    ally = await typed(world, "ally")
    alice = await asked(world)
    page = await alice.get(PAGE)
    assert MINE not in page.text
    assert "sign in with its password" in words(page.text)
    assert error_of(await alice.submit(MINE, current_password=PASSWORD)) == Code.LINK_FROM_ACCOUNT
    assert world.accounts.by_id[ally.id].links == ()
    await alice.submit(NOT_MINE)
    assert (await alice.me()).json()["username"] == "alice"


async def test_where_no_accounts_are_made_no_is_a_refusal_and_the_address_stays() -> None:
    world = await house(OIDC_ALLOW_REGISTRATION="false")
    ally = await typed(world, "ally")
    alice = await asked(world, "/rom/7")
    assert "Sign-ins create no accounts here" in await read(alice)
    refused = await alice.submit(NOT_MINE)
    assert error_of(refused) == Code.REGISTRATION_CLOSED
    assert refused.headers["location"].startswith("/login?")
    assert "next=%2From%2F7" in refused.headers["location"]
    assert world.accounts.by_id[ally.id] == ally
    assert [entry.rule for entry in world.sign_ins.entries] == ["L-13"]


# the pause


async def test_another_browser_answers_nothing(world: World) -> None:
    await typed(world, "ally")
    await asked(world)
    other = world.browser()
    for answer in (
        await other.get(PAGE),
        await other.submit(MINE, current_password=PASSWORD),
        await other.submit(NOT_MINE),
    ):
        assert error_of(answer) == Code.QUESTION_EXPIRED
        assert answer.headers["location"].startswith("/login?")


@pytest.mark.parametrize("first", [MINE, NOT_MINE])
async def test_it_works_once(world: World, first: str) -> None:
    await typed(world, "ally")
    alice = await asked(world)
    key = alice.client.cookies["__Host-romm_pending"]
    await alice.submit(first, current_password=PASSWORD)
    again = world.browser()
    again.client.cookies.set("__Host-romm_pending", key)
    for answer in (
        await again.get(PAGE),
        await again.submit(MINE, current_password=PASSWORD),
        await again.submit(NOT_MINE),
    ):
        assert error_of(answer) == Code.QUESTION_EXPIRED
    assert len(world.accounts.by_id) == (2 if first == MINE else 3)
    assert world.pending_sign_ins.waiting == {}


async def asked_with(world: World, browser: Browser) -> str:
    """Ask this browser; gives the query of its callback."""
    query = await world.idp.approve(await browser.begin())
    assert (await browser.come_back(query)).headers["location"] == PAGE
    return query


async def test_a_callback_that_is_loaded_again_leads_to_the_question_that_waits(world: World) -> None:
    await typed(world, "ally")
    alice = world.browser()
    query = await asked_with(world, alice)
    again = await alice.come_back(query)
    assert (again.headers["location"], again.headers.get_list("set-cookie")) == (PAGE, [])
    assert "ally" in await read(alice)
    assert len(world.pending_sign_ins.waiting) == 1


@pytest.mark.parametrize("last", [0, 1], ids=["the first answer arrives last", "the second answer arrives last"])
async def test_of_a_callback_that_is_loaded_twice_either_answer_asks_the_same_question(world: World, last: int) -> None:
    """The other answer is lost with its cookie."""
    await typed(world, "ally")
    alice, twin = world.browser(), world.browser()
    query = await world.idp.approve(await alice.begin())
    twin.client.cookies.update(alice.client.cookies)
    for each in (alice, twin):
        assert (await each.come_back(query)).headers["location"] == PAGE
    shown, other = [(alice, twin), (twin, alice)][last]
    await shown.submit(MINE, current_password=PASSWORD)
    assert shown.session
    assert error_of(await other.submit(NOT_MINE)) == Code.QUESTION_EXPIRED, "one question, one answer"


async def test_an_older_session_does_not_hide_the_question(world: World) -> None:
    """Also when the first answer is lost, and with it the cookie that names the question."""
    await typed(world, "ally")
    await world.add("somebody")
    browser, twin = await local(world, "somebody"), world.browser()
    query = await world.idp.approve(await browser.begin())
    twin.client.cookies.update(browser.client.cookies)
    for each in (browser, browser, twin):
        assert (await each.come_back(query)).headers["location"] == PAGE


@pytest.mark.parametrize("ended", ["answered", "ten minutes"])
async def test_a_callback_that_is_loaded_again_asks_nothing_that_is_over(world: World, ended: str) -> None:
    await typed(world, "ally")
    alice, twin = world.browser(), world.browser()
    query = await world.idp.approve(await alice.begin())
    twin.client.cookies.update(alice.client.cookies)
    await alice.come_back(query)
    late = world.browser()
    late.client.cookies.update(alice.client.cookies)
    if ended == "answered":
        await alice.submit(NOT_MINE)
        assert (await alice.come_back(query)).headers["location"] == "/"
    else:
        world.clock.advance(timedelta(minutes=10))
    for each in (twin, late):
        assert error_of(await each.come_back(query)) == Code.ATTEMPT_USED


async def test_another_browser_is_not_led_to_the_question(world: World) -> None:
    await typed(world, "ally")
    query = await asked_with(world, world.browser())
    other = world.browser()
    assert error_of(await other.come_back(query)) == Code.ATTEMPT_USED
    assert "__Host-romm_pending" not in other.client.cookies


async def test_it_ends_with_the_account_that_it_asks_about(world: World) -> None:
    ally = await typed(world, "ally")
    alice = await asked(world)
    key = alice.client.cookies["__Host-romm_pending"]
    without_ally = dataclasses.replace(world.use_cases.confirmation, accounts=FakeAccounts())
    with pytest.raises(Refused, match=Code.QUESTION_EXPIRED):
        await without_ally.question(BrowserCookies(pending=key, device_cookie=None, session=None))
    del world.accounts.by_id[ally.id]
    assert error_of(await alice.submit(MINE, current_password=PASSWORD)) == Code.QUESTION_EXPIRED


async def test_it_lasts_ten_minutes(world: World) -> None:
    await typed(world, "ally")
    alice = await asked(world)
    world.clock.advance(timedelta(minutes=10) - timedelta(seconds=1))
    assert "ally" in await read(alice)
    world.clock.advance(timedelta(seconds=1))
    for answer in (
        await alice.get(PAGE),
        await alice.submit(MINE, current_password=PASSWORD),
        await alice.submit(NOT_MINE),
    ):
        assert error_of(answer) == Code.QUESTION_EXPIRED
    assert alice.session is None


async def test_another_site_cannot_answer(world: World) -> None:
    await typed(world, "ally")
    alice = await asked(world)
    for path in (MINE, NOT_MINE):
        forged = await alice.client.post(path, headers={"sec-fetch-site": "cross-site"})
        assert error_of(forged) == Code.CROSS_SITE
    assert "ally" in await read(alice)


async def test_an_account_that_is_gone_is_no_longer_asked_about(world: World) -> None:
    ally = await typed(world, "ally")
    alice = await asked(world)
    del world.accounts.by_id[ally.id]
    assert error_of(await alice.submit(NOT_MINE)) == Code.QUESTION_EXPIRED
    assert (await alice.sign_in()).headers["location"] == "/"


async def test_an_account_that_was_disabled_meanwhile_opens_nothing(world: World) -> None:
    ally = await typed(world, "ally")
    alice = await asked(world)
    world.disable(world.accounts.by_id[ally.id])
    assert error_of(await alice.submit(MINE, current_password=PASSWORD)) == Code.PASSWORD_WRONG
    await alice.submit(NOT_MINE)
    assert (await alice.me()).json()["username"] == "alice"


async def test_the_password_that_was_changed_while_it_was_looked_at_proves_nothing(world: World) -> None:
    ally = await typed(world, "ally")
    alice = await asked(world)
    await world.change_password(world.accounts.by_id[ally.id])
    answer = await alice.submit(MINE, current_password="the old one, somehow")
    assert error_of(answer) == Code.PASSWORD_WRONG


# administrators


async def test_an_administrator_confirms_the_address_and_the_question_is_over(world: World) -> None:
    ally = await typed(world, "ally")
    keeper = await local(world, "keeper")
    page = f"/admin/users/{ally.id}"
    assert "entered by its owner, not confirmed" in await read(keeper, page)
    confirmed = await keeper.submit(f"{page}/confirm-address")
    assert confirmed.headers["location"] == f"{page}?notice=confirmed"
    assert "entered or confirmed by an administrator" in await read(keeper, page)
    assert (await world.browser().sign_in()).headers["location"] == "/me?notice=linked&next=%2F"
    assert [link.rule for link in world.accounts.by_id[ally.id].links] == ["L-11a"]
    assert "verified by Authelia" in await read(keeper, page)


async def test_saving_the_form_confirms_nothing_by_the_way(world: World) -> None:
    ally = await typed(world, "ally")
    keeper = await local(world, "keeper")
    await keeper.submit(f"/admin/users/{ally.id}", username="ally", email=ADDRESS, role="viewer")
    assert world.accounts.by_id[ally.id].email_source is EmailSource.OWNER


async def test_what_an_administrator_enters_links_without_a_question(world: World) -> None:
    keeper = await local(world, "keeper")
    form = {"username": "ally", "email": ADDRESS, "password": PASSWORD, "role": "user"}
    made = await keeper.client.post("/api/users", json=form, headers={"sec-fetch-site": "same-origin"})
    assert made.status_code == 201
    assert (await world.browser().sign_in()).headers["location"] == "/me?notice=linked&next=%2F"


# the same rows, explained


async def test_the_trial_and_the_explanation_tell_the_question(world: World) -> None:
    await typed(world, "ally")
    claims = {"sub": "alice", "email": ADDRESS, "email_verified": True, "groups": ["users"]}
    explained = await world.use_cases.explainers.explain(COMMAND_LINE, claims)
    assert (explained.outcome, explained.rule) == ("Confirm", "L-11q")
    assert explained.sentence == "This person would be asked whether an account is theirs, by rule L-11q."
    told = {line.about: line.found for line in explained.lines}
    assert told["Account"] == "ally (viewer), whose owner typed the address"
    assert told["Written"] == "nothing before the answer"
    keeper = await local(world, "keeper")
    begun = await keeper.submit("/admin/oidc/try")
    report = await keeper.come_back(await world.idp.approve(begun.headers["location"]))
    assert "This person would be asked whether an account is theirs." in await read(keeper, report.headers["location"])
    assert world.pending_sign_ins.waiting == {}


async def test_an_address_that_would_be_removed_is_named(world: World) -> None:
    ally = await typed(world, "ally")
    world.disable(world.accounts.by_id[ally.id])
    claims = {"sub": "alice", "email": ADDRESS, "email_verified": True, "groups": ["users"]}
    explained = await world.use_cases.explainers.explain(COMMAND_LINE, claims)
    told = {line.about: line.found for line in explained.lines}
    assert told["Removed"] == "the e-mail address of ally, which its owner typed"


async def test_the_person_reads_nothing_of_accounts_before_the_provider_vouches(world: World) -> None:
    """R-33: only who has the address at the provider is shown the name of the account that has it here."""
    await typed(world, "ally")
    world.idp.claims["email_verified"] = False
    assert error_of(await world.browser().sign_in()) == Code.EMAIL_NOT_VERIFIED
    assert world.pending_sign_ins.waiting == {}
