"""The page that asks for a proof, and leads back to what was being done."""

from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from romm.domain.credentials.credential import Kind
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.api.accounts.test_own_page import local, read
from tests.api.sign_in.test_openid import confirmed_first, error_of
from tests.api.sign_in.test_pages import words
from tests.world import PASSWORD, Browser, World

STALE = timedelta(minutes=6)
PAGE = "/account/confirm"


async def old_session(world: World, username: str = "keeper") -> Browser:
    browser = await local(world, username)
    world.clock.now += STALE
    return browser


async def by_provider(world: World) -> Browser:
    browser = world.browser()
    await browser.sign_in()
    world.clock.now += STALE
    return browser


async def test_an_old_session_invites_an_administrator_after_the_proof_and_finds_the_form_filled_in(
    world: World,
) -> None:
    browser = await old_session(world)
    page = await browser.get("/admin/users")
    assert "First confirm that it is you." in words(page.text), "said before anything is typed"
    form = {"role": "admin", "expiration": "604800"}
    target = confirmed_first(await browser.submit("/admin/users/invite", **form))
    assert target == "/admin/users"
    asked = await browser.get(f"{PAGE}?next=%2Fadmin%2Fusers")
    assert 'value="/admin/users"' in asked.text
    before = browser.session
    confirmed = await browser.submit(PAGE, current_password=PASSWORD, next=target)
    assert confirmed.headers["location"] == target
    assert browser.session not in (None, before)
    again = (await browser.get(target)).text
    assert 'value="admin" selected' in again
    assert 'value="604800" selected' in again
    assert "First confirm that it is you." not in words(again)
    assert (await browser.submit("/admin/users/invite", **form)).status_code == 200


async def test_a_session_with_a_proof_goes_on_at_once(world: World) -> None:
    browser = await local(world)
    assert (await browser.get(f"{PAGE}?next=/account/tokens")).headers["location"] == "/account/tokens"


@pytest.mark.parametrize("target", ["https://evil.test/", "//evil.test", "/api/logout"])
async def test_the_way_back_stays_here(world: World, target: str) -> None:
    browser = await old_session(world)
    confirmed = await browser.submit(PAGE, current_password=PASSWORD, next=target)
    assert confirmed.headers["location"] == "/"


async def test_a_wrong_password_confirms_nothing_and_keeps_the_way_back(world: World) -> None:
    browser = await old_session(world)
    refused = await browser.submit(PAGE, current_password="wrong", next="/account/tokens")
    assert error_of(refused) == Code.PASSWORD_WRONG
    page = await browser.get(refused.headers["location"])
    assert 'name="next" value="/account/tokens"' in page.text
    assert "The current password is wrong." in words(page.text)
    assert confirmed_first(await browser.submit("/admin/users/invite", role="viewer")) is not None


@pytest.mark.parametrize("passwords_off", ["false", "true"])
async def test_an_account_of_the_provider_signs_in_there_anew(passwords_off: str) -> None:
    world = World({"DISABLE_USERPASS_LOGIN": passwords_off})
    await world.add("keeper", level=AccessLevel.ADMIN)
    browser = await by_provider(world)
    page = await browser.get(f"{PAGE}?next=/account/tokens")
    assert 'type="password"' not in page.text
    begun = (await browser.submit(f"{PAGE}/provider", next="/account/tokens")).headers["location"]
    asked = dict(parse_qsl(urlsplit(begun).query))
    assert (asked["prompt"], asked["max_age"]) == ("login", "300")
    back = await browser.come_back(await world.idp.approve(begun))
    assert back.headers["location"] == "/account/tokens"
    form = {"name": "Handheld", "scopes": "me.read"}
    assert (await browser.submit("/account/tokens", **form)).status_code == 200


@pytest.mark.parametrize(
    ("age", "confirms"),
    [
        pytest.param(None, True, id="a provider that does not say when"),
        pytest.param(10, True, id="just now"),
        pytest.param(370, False, id="a provider that did not ask"),
    ],
)
async def test_a_provider_that_did_not_ask_the_person_confirms_nothing(
    world: World, age: int | None, confirms: bool
) -> None:
    browser = await by_provider(world)
    if age is not None:
        when = int(world.clock().timestamp()) - age
        world.idp.alter_id_token = lambda token: token.update(auth_time=when)
    begun = (await browser.submit(f"{PAGE}/provider", next="/account/tokens")).headers["location"]
    back = await browser.come_back(await world.idp.approve(begun))
    if confirms:
        assert back.headers["location"] == "/account/tokens"
        return
    target = urlsplit(back.headers["location"])
    assert (target.path, error_of(back)) == (PAGE, Code.ID_TOKEN_AUTH_TIME)
    assert parse_qs(target.query)["next"] == ["/account/tokens"]
    assert confirmed_first(await browser.submit("/account/tokens", name="Handheld", scopes="me.read")) is not None


async def test_a_shorter_time_that_the_operator_demands_is_kept() -> None:
    world = World({"OIDC_MAX_AGE": "60"})
    world.idp.alter_id_token = lambda token: token.update(auth_time=int(world.clock().timestamp()))
    await world.add("keeper", level=AccessLevel.ADMIN)
    browser = await by_provider(world)
    begun = (await browser.submit(f"{PAGE}/provider")).headers["location"]
    assert dict(parse_qsl(urlsplit(begun).query))["max_age"] == "60"


async def test_google_is_asked_for_the_account_because_it_refuses_to_ask_for_the_password() -> None:
    world = World({"OIDC_PROVIDER": "google", "OIDC_CLAIM_ROLES": ""})
    await world.add("keeper", level=AccessLevel.ADMIN)
    browser = await old_session(world)
    begun = (await browser.submit(f"{PAGE}/provider")).headers["location"]
    assert dict(parse_qsl(urlsplit(begun).query))["prompt"] == "select_account"


async def test_an_ordinary_sign_in_asks_for_nothing_anew(world: World) -> None:
    asked = dict(parse_qsl(urlsplit(await world.browser().begin()).query))
    assert {"prompt", "max_age"}.isdisjoint(asked)


async def test_who_has_neither_password_nor_link_is_told_where_help_is() -> None:
    world = World({"DISABLE_USERPASS_LOGIN": "true"})
    await world.add("keeper", level=AccessLevel.ADMIN)
    link = await world.use_cases.recovery.recovery_link(COMMAND_LINE, world.accounts.by_id[1])
    browser = world.browser()
    await browser.submit("/api/recover", token=link)
    assert (await browser.get(PAGE)).headers["location"] == "/account", "recovery is a proof"
    world.clock.now += STALE
    assert "romm recover" in await read(browser, PAGE)


async def test_a_new_token_is_filled_in_after_the_proof(world: World) -> None:
    browser = await old_session(world)
    answer = await browser.client.post(
        "/account/tokens",
        data={"name": "Backup", "scopes": ["me.read", "access.grant"], "expires_in": "1y"},
        headers={"sec-fetch-site": "same-origin"},
    )
    target = confirmed_first(answer)
    assert target is not None
    page = (await browser.get(target)).text
    assert 'value="Backup"' in page
    assert 'value="1y" selected' in page
    assert 'value="access.grant" checked' in page
    assert 'value="roms.read">' in page


async def test_a_session_that_is_repeated_is_as_old_as_the_first(world: World) -> None:
    """A callback that is loaded again opens a second session of the same sign-in."""
    browser = world.browser()
    query = await world.idp.approve(await browser.begin())
    await browser.come_back(query)
    first = {each.proven_at for (kind, _), each in world.credentials.stored.items() if kind is Kind.SESSION}
    world.clock.now += STALE
    browser.client.cookies.delete("__Host-romm_session")
    await browser.come_back(query)
    assert {each.proven_at for (kind, _), each in world.credentials.stored.items() if kind is Kind.SESSION} == first


async def test_a_program_reads_what_to_do(world: World) -> None:
    program = world.program()
    program.headers["sec-fetch-site"] = "same-origin"
    await program.post("/api/login", json={"username": "keeper", "password": PASSWORD})
    world.clock.now += STALE
    refused = await program.post("/api/client-tokens", json={"name": "Handheld", "scopes": ["me.read"]})
    assert (refused.status_code, refused.json()["code"]) == (403, Code.CONFIRMATION_REQUIRED)
    assert PAGE in refused.json()["detail"]
    assert "access.grant" in refused.json()["detail"]
    [line] = world.lines("refused")
    assert "create a client token" in line["hint"]


async def test_a_tokens_challenge_names_the_scope(world: World) -> None:
    program = world.program()
    basic = {"name": "Bot", "scopes": ["users.write", "me.write"]}
    made = await program.post("/api/client-tokens", json=basic, auth=("keeper", PASSWORD))
    header = {"authorization": f"Bearer {made.json()['raw_token']}"}
    refused = await program.post("/api/client-tokens", json=basic, headers=header)
    assert refused.json()["code"] == Code.CONFIRMATION_REQUIRED
    assert refused.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="access.grant"'
