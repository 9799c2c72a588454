"""The provider changed: what administrators and people see before the move, and after it."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from romm.domain.errors import Code
from romm.domain.model import AccessLevel, EmailSource, Identity
from tests.api.accounts.test_own_page import local, read
from tests.api.sign_in.test_openid import error_of
from tests.api.sign_in.test_pages import words
from tests.world import Browser, World, environment

OLD = "https://auth.old.example/realms/home"
AN_HOUR = timedelta(hours=1)
EARLIER, ANOTHER = "an earlier provider: auth.old.example", "another provider: auth.old.example"
OTHER = {"old": OLD, "way": "by-email"}
RENAMED = {"old": OLD, "way": "same-subjects"}


async def household(**settings: str) -> World:
    """An administrator, and a person of the provider before this one."""
    world = World(settings)
    await world.add("keeper", level=AccessLevel.ADMIN)
    world.link(await world.add("ally", "alice@example.org"), Identity(OLD, "alice"))
    world.idp.claims["groups"] = ["users"]
    return world


def replace_world(browser: Browser, world: World) -> Browser:
    """The same browser in front of the RomM that was started anew."""
    again = world.browser()
    again.client.cookies = browser.client.cookies
    return again


async def started(world: World) -> None:
    """What starting the server does."""
    assert world.provider is not None
    await world.provider.metadata()


async def keeper(world: World) -> Browser:
    await started(world)
    return await local(world, "keeper")


async def test_the_page_of_single_sign_on_counts_who_is_linked_elsewhere() -> None:
    world = await household()
    page = await read(await keeper(world), "/admin/oidc")
    assert f"1 account at {OLD}" in page
    assert "! warning Accounts" in page
    quiet = World()
    await quiet.add("keeper", level=AccessLevel.ADMIN)
    assert "Linked to another provider" not in await read(await keeper(quiet), "/admin/oidc")


async def test_a_preview_writes_nothing_and_the_move_does_what_it_said() -> None:
    world = await household()
    browser, before = await keeper(world), world.accounts.by_id[2]
    preview = words((await browser.submit("/admin/oidc/move", **OTHER)).text)
    line = "links again at the next sign-in with alice@example.org, verified."
    assert "This would move 1 of 1. Nothing is written yet." in preview
    assert line in preview
    assert world.accounts.by_id[2] == before
    done = words((await browser.submit("/admin/oidc/move/apply", **OTHER)).text)
    assert "Moved 1 of 1." in done
    assert line in done
    assert world.accounts.by_id[2].links[0].retired_at is not None
    assert (await browser.get("/account")).status_code == 200, "the session that asked goes on"
    assert (await world.browser().sign_in()).headers["location"] == "/me?notice=linked&next=%2F"


async def test_what_stays_is_marked_and_says_why() -> None:
    world = await household()
    world.link(await world.add("holder"), Identity(world.idp.issuer, "alice"))
    browser = await keeper(world)
    preview = await browser.submit("/admin/oidc/move", **RENAMED)
    assert "This would move 0 of 1." in words(preview.text)
    assert "ally stays the account" not in words(preview.text)
    assert "holder is linked to the same subject" in words(preview.text)
    assert 'action="/admin/oidc/move/apply"' not in preview.text


@pytest.mark.parametrize("path", ["/admin/oidc/move", "/admin/oidc/move/apply"])
async def test_only_administrators_move_accounts_and_only_from_our_own_page(path: str) -> None:
    world = await household()
    await world.add("editor", level=AccessLevel.EDITOR)
    assert error_of(await (await local(world, "editor")).submit(path, **OTHER)) == Code.FORBIDDEN
    browser = await keeper(world)
    answer = await browser.client.post(path, data=OTHER, headers={"sec-fetch-site": "cross-site"})
    assert error_of(answer) == Code.CROSS_SITE
    assert world.accounts.by_id[2].links[0].retired_at is None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"old": "https://typo.example", "way": "by-email"}, Code.ISSUER_NOT_LINKED),
        ({"old": OLD, "way": "by-name"}, Code.REQUEST_INVALID),
        ({"old": OLD}, Code.REQUEST_INVALID),
    ],
)
async def test_what_cannot_be_meant_is_explained_on_the_page(fields: dict[str, str], code: Code) -> None:
    world = await household()
    browser = await keeper(world)
    assert error_of(await browser.submit("/admin/oidc/move/apply", **fields)) == code


async def test_without_single_sign_on_there_is_nowhere_to_move_to() -> None:
    world = await household()
    world.reconfigure(environment(world.idp.issuer, OIDC_ENABLED="false"))
    browser = await local(world, "keeper")
    assert error_of(await browser.submit("/admin/oidc/move", **OTHER)) == Code.OIDC_OFF


@pytest.mark.parametrize(
    ("settings", "name"),
    [({}, ANOTHER), ({"OIDC_FORMER_ISSUERS": OLD}, EARLIER)],
    ids=["nobody said what it is", "a former one"],
)
async def test_every_page_calls_a_link_by_its_own_provider(settings: dict[str, str], name: str) -> None:
    world = await household(**settings)
    own, administrator = await local(world), await keeper(world)
    for page in (await read(own), await read(own, "/"), await read(administrator, "/admin/users/2")):
        assert f"Linked with {name}" in page
        assert "Linked with Authelia" not in page
    assert f"Unlink from {name}" in await read(administrator, "/admin/users/2")


async def test_a_retired_link_is_an_earlier_provider_and_says_since_when() -> None:
    world = await household()
    browser = await keeper(world)
    await browser.submit("/admin/oidc/move/apply", **OTHER)
    own = await local(world)
    assert f"Linked with {EARLIER}" in await read(own)
    assert "Not used since" in await read(own)
    assert "not used since" in await read(browser, "/admin/users/2")


async def test_link_is_offered_beside_a_link_elsewhere_and_works() -> None:
    world = await household()
    browser = await local(world)
    assert "Link with Authelia" in await read(browser)
    assert "because it is linked to another provider" in await read(browser)
    begun = await browser.submit("/account/link")
    await browser.come_back(await world.idp.approve(begun.headers["location"]))
    page = await read(browser)
    assert "Linked with Authelia" in page
    assert f"Linked with {ANOTHER}" in page
    assert "Link with Authelia" not in page


async def test_a_link_elsewhere_is_no_last_way_in_and_may_go() -> None:
    """Also with passwords off, where it is the only link."""
    world = await household()
    browser = await local(world)
    world.reconfigure(environment(world.idp.issuer, DISABLE_USERPASS_LOGIN="true"))
    await started(world)
    browser = replace_world(browser, world)
    page = await browser.get("/account")
    assert "This is your only sign-in method" not in words(page.text)
    identity = (await browser.me()).json()["identities"][0]["id"]
    answer = await browser.submit("/account/unlink", identity=identity)
    assert answer.headers["location"] == "/account?notice=unlinked"
    assert world.accounts.by_id[2].links == ()


@pytest.mark.parametrize(("former", "said"), [("", "Ask an administrator"), (OLD, "Sign in with Authelia once.")])
async def test_with_a_stale_session_and_passwords_off_the_page_names_the_way_that_there_is(
    former: str, said: str
) -> None:
    page = await read(await stale(await household(), former), "/account/confirm")
    assert said in page
    assert "Sign out and sign in again" not in page


async def stale(world: World, former: str) -> Browser:
    """A session that the earlier provider opened an hour ago."""
    browser = await local(world)
    world.accounts.by_id[2] = replace(world.accounts.by_id[2], password_set_at=None)
    off = {"DISABLE_USERPASS_LOGIN": "true", "OIDC_FORMER_ISSUERS": former}
    world.reconfigure(environment(world.idp.issuer, **off))
    await started(world)
    world.clock.advance(AN_HOUR)
    return replace_world(browser, world)


async def test_a_role_is_the_administrators_while_the_account_is_linked_elsewhere() -> None:
    world = await household()
    world.accounts.by_id[2] = replace(world.accounts.by_id[2], role_from_claim=True)
    browser = await keeper(world)
    world.accounts.by_id[2] = replace(world.accounts.by_id[2], email_source=EmailSource.PROVIDER)
    assert "verified by the sign-in provider of that time" in await read(browser, "/admin/users/2")
    assert "managed by" not in await read(browser, "/admin/users/2")
    assert "managed by" not in await read(browser, "/admin/users")
    saved = await browser.submit("/admin/users/2", username="ally", email="alice@example.org", role="editor")
    assert saved.headers["location"].endswith("notice=saved")
    await browser.submit("/admin/oidc/move/apply", **OTHER)
    await world.browser().sign_in()
    assert "verified by Authelia" in await read(browser, "/admin/users/2")
    assert "managed by Authelia" in await read(browser, "/admin/users/2")


async def test_an_administrator_unlinks_one_issuer_and_leaves_the_other() -> None:
    world = await household(OIDC_FORMER_ISSUERS=OLD)
    await world.browser().sign_in()
    browser = await keeper(world)
    await browser.submit("/admin/users/2/unlink", issuer=OLD)
    assert [link.identity.issuer for link in world.accounts.by_id[2].links] == [world.idp.issuer]
    assert error_of(await browser.submit("/admin/users/2/unlink", issuer=OLD)) == Code.ISSUER_NOT_LINKED


async def test_a_preview_notes_that_addresses_link_nobody() -> None:
    world = await household(OIDC_LINK_BY_EMAIL="false")
    browser = await keeper(world)
    assert "OIDC_LINK_BY_EMAIL is false" in words((await browser.submit("/admin/oidc/move", **OTHER)).text)
    assert "OIDC_LINK_BY_EMAIL" not in words((await browser.submit("/admin/oidc/move", **RENAMED)).text)
