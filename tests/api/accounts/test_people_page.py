"""The administrators' pages: who is here, who comes in, and what is done only once it was asked."""

import re
from datetime import timedelta
from html import unescape

import pytest
from msgspec.structs import replace

from romm.api.pages.durations import in_words
from romm.domain.catalogue import CATALOGUE
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.api.accounts.test_own_page import NEW, account_of, local, read
from tests.api.sign_in.test_openid import error_of
from tests.api.sign_in.test_pages import words
from tests.world import PASSWORD, Browser, World

ACTIONS = ["", "/enable", "/disable", "/password", "/reset-link", "/end-sign-ins", "/unlink", "/delete"]


@pytest.fixture
async def keeper(world: World) -> Browser:
    return await local(world, "keeper")


def secret_in(page: str) -> str:
    [secret] = re.findall(r"\?token=([\w-]+)", page)
    return str(secret)


@pytest.mark.parametrize("path", ["/admin/users", "/admin/users/1"])
async def test_these_pages_are_for_administrators(world: World, path: str) -> None:
    """Somebody else reads why not, instead of going round in circles."""
    nobody = await world.browser().get(path)
    assert nobody.headers["location"] == f"/login?next={path.replace('/', '%2F')}"
    answer = await (await local(world)).get(path)
    assert answer.status_code == 403
    assert "Not allowed" in words(answer.text)
    assert CATALOGUE[Code.FORBIDDEN].person in words(answer.text)


@pytest.mark.parametrize("path", ["", "/invite", *(f"/1{action}" for action in ACTIONS), "/invitations/1/revoke"])
async def test_nobody_else_does_any_of_it(world: World, path: str) -> None:
    ally = await local(world)
    answer = await ally.submit(f"/admin/users{path}", username="x", password=NEW)
    assert error_of(answer) == Code.FORBIDDEN
    assert (await ally.get(answer.headers["location"])).status_code == 403
    assert len(world.accounts.by_id) == 2


async def test_the_list_is_searched_and_paged(world: World, keeper: Browser) -> None:
    for number in range(30):
        await world.add(f"guest{number:02}", f"guest{number}@example.org")
    first = await source(keeper, "/admin/users")
    assert "All people: 31" in first
    assert ("guest05" in first, "guest29" in first) == (True, False)
    assert ">Previous<" not in first
    second = await source(keeper, _link(first, "Next"))
    assert ("guest05" in second, "guest29" in second, ">Next<" in second) == (False, True, False)
    again = await source(keeper, _link(second, "Previous"))
    assert ("guest05" in again, "guest29" in again, ">Previous<" in again) == (True, False, False)
    assert _link(again, "Next") == _link(first, "Next")
    found = await read(keeper, "/admin/users?search=Guest29")
    assert ("guest29" in found, "guest05" in found, "Found: 1" in found) == (True, False, True)
    assert "Nothing matches." in await read(keeper, "/admin/users?search=nobody")


async def test_pages_of_a_search_keep_what_was_asked_for(world: World, keeper: Browser) -> None:
    for number in range(30):
        await world.add(f"guest{number:02}")
    first = await source(keeper, "/admin/users?search=GUEST&only=never")
    assert "Found: 30" in first
    assert _link(first, "Next") == "/admin/users?search=GUEST&only=never&after=guest24"
    assert "guest29" in await read(keeper, _link(first, "Next"))


async def test_of_very_many_people_not_all_are_counted(world: World, keeper: Browser) -> None:
    one = await world.add("guest")
    world.accounts.by_id |= {each: replace(one, id=each, username=f"guest{each}") for each in range(100, 10_200)}
    assert "All people: more than 10,000" in await read(keeper, "/admin/users")


@pytest.mark.parametrize("query", ["after=zzz", "before=a", "page=2"])
async def test_a_page_that_is_not_there_is_empty_and_breaks_nothing(keeper: Browser, query: str) -> None:
    page = await source(keeper, f"/admin/users?{query}")
    assert '<nav class="paging"' not in page


async def source(browser: Browser, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status_code == 200
    return answer.text


def _link(page: str, words: str) -> str:
    found = re.search(rf'href="([^"]+)">{words}<', page)
    assert found is not None
    return unescape(found[1])


async def test_the_list_shows_who_needs_help_who_is_out_and_who_is_managed(world: World, keeper: Browser) -> None:
    await world.browser().sign_in()
    gone = await world.add("gone")
    world.disable(gone)
    await world.add("dora")
    await world.browser().submit("/api/forgot-password", username="dora")
    page = await read(keeper, "/admin/users")
    for text in ("dora forgot password", "gone disabled", "admin managed by Authelia", "keeper you"):
        assert text in page


async def test_a_person_is_made_and_opened(world: World, keeper: Browser) -> None:
    form = {"username": "Dora", "email": "Dora@example.org", "password": NEW, "role": "editor"}
    made = await keeper.submit("/admin/users", **form)
    assert made.headers["location"] == "/admin/users/2?notice=created"
    page = await read(keeper, made.headers["location"])
    for text in ("The account is created.", "dora", "editor", "dora@example.org"):
        assert text in page
    again = await keeper.submit("/admin/users", **form)
    assert CATALOGUE[Code.USERNAME_TAKEN].person in await read(keeper, again.headers["location"])


async def test_an_invitation_is_shown_once_works_once_and_stands_in_no_address_of_ours(
    world: World, keeper: Browser
) -> None:
    made = await keeper.submit("/admin/users/invite", role="editor", expiration="86400")
    assert (made.status_code, made.headers["cache-control"]) == (200, "no-store")
    secret = secret_in(made.text)
    assert "for 1 day" in words(made.text)
    listed = (await keeper.get("/admin/users")).text
    assert secret not in listed
    assert "Withdraw" in words(listed)
    assert secret not in str(world.log.lines)
    await world.browser().submit("/api/users/register", token=secret, username="dora", password=NEW)
    dora = world.browser()
    await dora.submit("/api/login", username="dora", password=NEW)
    assert (await account_of(dora)).level is AccessLevel.EDITOR
    assert "Open invitations" not in await read(keeper, "/admin/users")


async def test_an_invitation_is_taken_back(world: World, keeper: Browser) -> None:
    secret = secret_in((await keeper.submit("/admin/users/invite", role="viewer", expiration="60")).text)
    [number] = re.findall(r"/invitations/(\d+)/revoke", (await keeper.get("/admin/users")).text)
    answer = await keeper.submit(f"/admin/users/invitations/{number}/revoke")
    assert answer.headers["location"] == "/admin/users?notice=revoked"
    assert (await world.browser().get(f"/register?token={secret}")).status_code == 400


async def test_name_address_and_role_are_changed(world: World, keeper: Browser) -> None:
    ally = await world.add("ally")
    saved = await keeper.submit(f"/admin/users/{ally.id}", username="alison", email="ALISON@example.org", role="editor")
    assert saved.headers["location"] == f"/admin/users/{ally.id}?notice=saved"
    changed = world.accounts.by_id[ally.id]
    assert (changed.username, changed.email, changed.level) == ("alison", "alison@example.org", AccessLevel.EDITOR)


async def test_a_role_that_follows_the_groups_is_locked(world: World, keeper: Browser) -> None:
    browser = world.browser()
    await browser.sign_in()
    alice = await account_of(browser)
    page = await keeper.get(f"/admin/users/{alice.id}")
    assert 'name="role"' not in page.text
    assert "managed by Authelia" in words(page.text)
    form = {"username": "alice", "email": "", "role": "viewer"}
    assert error_of(await keeper.submit(f"/admin/users/{alice.id}", **form)) == Code.ROLE_MANAGED


async def test_a_role_that_was_kept_is_told_and_set_by_hand(world: World, keeper: Browser) -> None:
    await world.browser().sign_in()
    world.idp.claims.pop("groups")
    browser = world.browser()
    await browser.sign_in()
    alice = await account_of(browser)
    page = await keeper.get(f"/admin/users/{alice.id}")
    assert "Role at the last single sign-on: admin, kept here, not by the provider" in words(page.text)
    assert "has the claim groups (OIDC_CLAIM_ROLES)" in words(page.text)
    assert "managed by" not in words(page.text)
    form = {"username": "alice", "email": "", "role": "viewer"}
    assert (await keeper.submit(f"/admin/users/{alice.id}", **form)).headers["location"].endswith("notice=saved")
    assert world.accounts.by_id[alice.id].level is AccessLevel.VIEWER


async def test_without_a_warning_the_last_single_sign_on_is_shown_without_one(world: World, keeper: Browser) -> None:
    browser = world.browser()
    await browser.sign_in()
    page = words((await keeper.get(f"/admin/users/{(await account_of(browser)).id}")).text)
    assert "alice with Authelia" in page
    assert "Role at the last single sign-on" not in page
    assert "with Authelia" not in words((await keeper.get("/admin/users/1")).text)


async def test_a_disabled_person_is_out_at_the_next_click_and_comes_back_when_enabled(
    world: World, keeper: Browser
) -> None:
    ally = await local(world)
    at = f"/admin/users/{(await account_of(ally)).id}"
    assert (await keeper.submit(f"{at}/disable")).headers["location"] == f"{at}?notice=disabled"
    assert (await ally.get("/account")).headers["location"] == "/login?next=%2Faccount"
    assert "Enable the account" in await read(keeper, at)
    assert (await keeper.submit(f"{at}/enable")).headers["location"] == f"{at}?notice=enabled"
    await local(world)


async def test_a_reset_link_is_shown_once_and_sets_a_password(world: World, keeper: Browser) -> None:
    ally = await world.add("ally")
    made = await keeper.submit(f"/admin/users/{ally.id}/reset-link")
    assert (made.status_code, made.headers["cache-control"]) == (200, "no-store")
    secret = secret_in(made.text)
    browser = world.browser()
    page = await browser.get(f"/reset-password?token={secret}")
    assert "New password for ally" in words(page.text)
    done = await browser.submit("/api/reset-password", token=secret, password=NEW)
    assert done.headers["location"] == "/login?notice=password_set"
    assert (await browser.submit("/api/login", username="ally", password=NEW)).headers["location"] == "/"


async def test_a_password_is_set_by_hand(world: World, keeper: Browser) -> None:
    ally = await world.add("ally")
    answer = await keeper.submit(f"/admin/users/{ally.id}/password", password=NEW)
    assert answer.headers["location"].endswith("notice=password_set")
    assert (await world.browser().submit("/api/login", username="ally", password=NEW)).headers["location"] == "/"


async def test_sign_ins_end_and_an_identity_is_detached(world: World, keeper: Browser) -> None:
    browser = world.browser()
    await browser.sign_in()
    alice = await account_of(browser)
    ended = await keeper.submit(f"/admin/users/{alice.id}/end-sign-ins")
    assert ended.headers["location"].endswith("notice=sign_ins_ended")
    assert (await browser.me()).status_code == 401
    assert (await keeper.submit(f"/admin/users/{alice.id}/unlink")).headers["location"].endswith("notice=unlinked")
    assert world.accounts.by_id[alice.id].links == ()


async def test_a_person_is_deleted_and_it_stands_in_the_log(world: World, keeper: Browser) -> None:
    ally = await world.add("ally")
    assert (await keeper.submit(f"/admin/users/{ally.id}/delete")).headers["location"] == "/admin/users?notice=deleted"
    assert ally.id not in world.accounts.by_id
    assert world.lines("account.deleted")[0]["by"] == 1
    assert "No such account" in words((await keeper.get(f"/admin/users/{ally.id}")).text)
    assert error_of(await keeper.submit(f"/admin/users/{ally.id}/delete")) == Code.ACCOUNT_UNKNOWN


@pytest.mark.parametrize("action", [each for each in ACTIONS if each != "/enable"])
async def test_nobody_administers_themselves_by_accident(world: World, keeper: Browser, action: str) -> None:
    """What is one's own is changed on the account page, which asks for a proof."""
    before = world.accounts.by_id[1]
    form = {"username": "other", "email": "", "password": NEW}
    assert error_of(await keeper.submit(f"/admin/users/1{action}", **form)) == Code.OWN_ACCOUNT
    assert world.accounts.by_id[1] == before
    page = await keeper.get("/admin/users/1")
    assert "This is you" in words(page.text)
    assert 'action="/admin/users/1' not in page.text


@pytest.mark.parametrize("action", ["/disable", "/delete", "/unlink", "/end-sign-ins"])
async def test_what_cannot_be_taken_back_is_asked_once(world: World, keeper: Browser, action: str) -> None:
    browser = world.browser()
    await browser.sign_in()
    at = f"/admin/users/{(await account_of(browser)).id}"
    page = (await keeper.get(at)).text
    form = page.index(f'action="{at}{action}"')
    assert page.rindex("<details", 0, form) > page[:form].rfind("</details>")
    assert (await keeper.get(f"{at}{action}")).status_code in (404, 405)


async def test_without_passwords_nothing_offers_one() -> None:
    world = World({"DISABLE_USERPASS_LOGIN": "true"})
    browser = world.browser()
    await browser.sign_in()
    ally = await world.add("ally")
    for path in ("/admin/users", f"/admin/users/{ally.id}"):
        page = (await browser.get(path)).text
        assert 'type="password"' not in page
        assert "reset-link" not in page
    assert "signs in with Authelia. It works once." in words((await browser.get("/admin/users")).text)
    assert (await browser.submit("/admin/users/invite", role="viewer")).status_code == 200


async def test_nothing_in_a_search_or_a_name_becomes_markup(world: World, keeper: Browser) -> None:
    page = (await keeper.get("/admin/users?search=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")).text
    assert page.count("<script") == 1, "our own"


@pytest.mark.parametrize("path", ["", "/invite", "/1/delete", "/1/disable", "/1/password", "/invitations/1/revoke"])
async def test_another_site_sends_none_of_the_forms(keeper: Browser, path: str) -> None:
    answer = await keeper.client.post(f"/admin/users{path}", data={}, headers={"sec-fetch-site": "cross-site"})
    assert error_of(answer) == Code.CROSS_SITE


async def test_the_ways_to_these_pages_are_on_every_page_of_who_may_use_them(world: World, keeper: Browser) -> None:
    for path in ("/", "/account", "/admin/users", "/admin/users/1"):
        assert 'href="/admin/users"' in (await keeper.get(path)).text
    ally = await local(world)
    for path in ("/", "/account"):
        page = (await ally.get(path)).text
        assert 'href="/account"' in page
        assert 'href="/admin/users"' not in page
    assert PASSWORD not in (await keeper.get("/admin/users")).text


@pytest.mark.parametrize(
    ("seconds", "words_"), [(600, "10 minutes"), (86_400, "1 day"), (7200, "2 hours"), (61, "61 seconds")]
)
def test_a_lifetime_is_said_in_words(seconds: int, words_: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == words_
