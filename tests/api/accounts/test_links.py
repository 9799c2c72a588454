"""Links that open an account: used once, for one purpose, and worthless when something changed."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from romm.accounts.recovery import RECOVERY_LIFETIME, RESET_LIFETIME
from romm.credentials.principal import actor, principal
from romm.domain.credentials.credential import Kind
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.digests import digest
from romm.domain.errors import Code, Refused
from romm.domain.limits import REGISTRATIONS
from romm.domain.model import AccessLevel
from tests.api.accounts.test_administration import OTHER, TOKEN, keeper, refusal, signed_in
from tests.api.accounts.test_administration import token as app_token
from tests.world import ORIGIN, PASSWORD, World

__all__ = ["keeper"]

MOMENT = timedelta(microseconds=1)
LIFETIME = timedelta(seconds=600)  # INVITE_TOKEN_EXPIRY_SECONDS


async def invite(keeper: httpx.AsyncClient, **form: Any) -> str:
    response = await keeper.post("/api/users/invite-link", json=form)
    assert response.status_code == 201
    return str(response.json()["token"])


async def register(world: World, token: str, **changes: str) -> httpx.Response:
    form = {"token": token, "username": "vera", "password": OTHER, "email": "vera@example.org"}
    return await world.program().post("/api/users/register", json=form | changes)


async def test_who_is_invited_makes_an_account_and_signs_in(world: World, keeper: httpx.AsyncClient) -> None:
    answer = (await keeper.post("/api/users/invite-link", data={"role": "editor"})).json()
    assert answer["url"] == f"https://romm.test/register?token={answer['token']}"

    response = await register(world, answer["token"])

    assert (response.status_code, response.json()["access_level"]) == (201, "editor")
    assert (await signed_in(world, "vera", OTHER)).cookies
    assert refusal(await register(world, answer["token"], username="second")) == (400, Code.LINK_INVALID)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"username": "keeper"}, Code.USERNAME_TAKEN),
        ({"username": "admin"}, Code.USERNAME_TAKEN),
        ({"username": "x"}, Code.USERNAME_INVALID),
        ({"password": "password"}, Code.PASSWORD_WEAK),
        ({"email": "no address"}, Code.ADDRESS_INVALID),
    ],
)
async def test_what_has_to_be_corrected_does_not_cost_the_link(
    world: World, keeper: httpx.AsyncClient, changes: dict[str, str], code: Code
) -> None:
    token = await invite(keeper)
    assert (await register(world, token, **changes)).json()["code"] == code
    assert (await register(world, token)).status_code == 201


async def test_a_link_that_asks_who_is_here_gets_no_further_than_twenty_answers(
    world: World, keeper: httpx.AsyncClient
) -> None:
    """Another link is another matter, and so is a later hour."""
    await world.add("oscar", "oscar@example.org")
    token, other = await invite(keeper, expiration=86_400), await invite(keeper)
    asked = [refusal(await register(world, token, email="oscar@example.org")) for _ in range(21)]
    assert asked == [(409, Code.EMAIL_TAKEN)] * 20 + [(429, Code.TOO_MANY_REQUESTS)]
    assert (await register(world, other)).status_code == 201
    world.clock.advance(REGISTRATIONS.window + REGISTRATIONS.slot)
    assert (await register(world, token, username="mira", email="")).status_code == 201


async def test_links_that_never_were_are_not_counted(world: World) -> None:
    asked = {refusal(await register(world, "wrong")) for _ in range(21)}
    assert asked == {(400, Code.LINK_INVALID)}


async def test_the_form_of_the_page_comes_back_to_the_same_link(world: World, keeper: httpx.AsyncClient) -> None:
    token = await invite(keeper)
    browser = world.browser()
    response = await browser.submit("/api/users/register", token=token, username="keeper", password=OTHER)
    target = urlsplit(response.headers["location"])
    assert (response.status_code, target.path) == (303, "/register")
    assert parse_qs(target.query)["token"] == [token]
    assert parse_qs(target.query)["error"] == [Code.USERNAME_TAKEN]


@pytest.mark.parametrize(
    ("seconds", "lasts"), [(None, LIFETIME), (60, timedelta(seconds=60)), (10**9, timedelta(days=30))]
)
async def test_an_invitation_lasts_as_long_as_was_said(
    world: World, keeper: httpx.AsyncClient, seconds: int | None, lasts: timedelta
) -> None:
    for age, status in ((lasts - MOMENT, 201), (lasts, 400)):
        token = await invite(keeper, expiration=seconds)
        world.clock.advance(age)
        assert (await register(world, token, username=f"guest-{status}", email="")).status_code == status
        keeper.cookies.update((await signed_in(world, "keeper")).cookies)


async def test_an_invitation_of_twenty_at_once_lets_one_in(world: World, keeper: httpx.AsyncClient) -> None:
    token = await invite(keeper)
    answers = await asyncio.gather(*(register(world, token, username=f"guest-{n}", email="") for n in range(20)))
    assert Counter(each.status_code for each in answers) == {201: 1, 400: 19}


async def test_an_invitation_is_taken_back(world: World, keeper: httpx.AsyncClient) -> None:
    token = await invite(keeper, role="viewer")
    [listed] = (await keeper.get("/api/users/invitations")).json()
    assert (listed["access_level"], listed["invited_by"]) == ("viewer", "keeper")
    assert token not in str(listed)

    assert (await keeper.delete(f"/api/users/invitations/{listed['id']}")).status_code == 204
    assert refusal(await keeper.delete(f"/api/users/invitations/{listed['id']}")) == (404, Code.CREDENTIAL_UNKNOWN)
    assert refusal(await register(world, token)) == (400, Code.LINK_INVALID)


async def test_users_write_alone_takes_no_invitation_of_an_administrator_back(
    world: World, keeper: httpx.AsyncClient
) -> None:
    """As it ends no administrator's session."""
    for role in ("admin", "editor"):
        await invite(keeper, role=role)
    numbers = {each["access_level"]: each["id"] for each in (await keeper.get("/api/users/invitations")).json()}
    await app_token(world, world.accounts.by_id[1], "users.write")

    program = world.program()
    refused = await program.delete(f"/api/users/invitations/{numbers['admin']}", headers=TOKEN)
    assert refusal(refused) == (403, Code.ADMIN_REQUIRED)
    assert (await program.delete(f"/api/users/invitations/{numbers['editor']}", headers=TOKEN)).status_code == 204
    assert [each["id"] for each in (await keeper.get("/api/users/invitations")).json()] == [numbers["admin"]]


@pytest.mark.parametrize("change", [{"enabled": False}, {"role": "editor"}])
async def test_an_invitation_ends_with_the_rights_of_who_made_it(
    world: World, keeper: httpx.AsyncClient, change: dict[str, Any]
) -> None:
    second = await world.add("second", level=AccessLevel.ADMIN)
    token = await invite(await signed_in(world, "second"))
    await keeper.put(f"/api/users/{second.id}", json=change)
    assert refusal(await register(world, token)) == (400, Code.LINK_INVALID)


async def test_no_link_passes_for_another(world: World, keeper: httpx.AsyncClient) -> None:
    """R-84."""
    vera = await world.add("vera")
    invitation = await invite(keeper)
    reset = (await keeper.post(f"/api/users/{vera.id}/reset-link")).json()["token"]
    program = world.program()

    assert refusal(await register(world, reset, username="other")) == (400, Code.LINK_INVALID)
    crossed = {"token": invitation, "password": OTHER}
    assert refusal(await program.post("/api/reset-password", json=crossed)) == (400, Code.LINK_INVALID)
    for token in (invitation, reset):
        assert refusal(await program.post("/api/recover", json={"token": token})) == (400, Code.LINK_INVALID)
        headers = {"authorization": f"Bearer {token}"}
        assert (await program.get("/api/users/me", headers=headers)).status_code == 401
    assert (await program.post("/api/reset-password", json={"token": reset, "password": OTHER})).status_code == 200


async def test_a_reset_link_sets_a_password_once_and_ends_what_was_open(
    world: World, keeper: httpx.AsyncClient
) -> None:
    vera = await world.add("vera")
    session = await signed_in(world, "vera")
    token = (await keeper.post(f"/api/users/{vera.id}/reset-link")).json()["token"]
    form = {"token": token, "password": OTHER}

    assert (
        refusal(await world.program().post("/api/reset-password", json=form | {"password": "vera"}))[1]
        == Code.PASSWORD_WEAK
    )
    assert (await world.program().post("/api/reset-password", json=form)).status_code == 200
    assert refusal(await world.program().post("/api/reset-password", json=form)) == (400, Code.LINK_INVALID)

    assert (await session.get("/api/users/me")).status_code == 401
    assert (await signed_in(world, "vera", OTHER)).cookies


async def test_a_newer_reset_link_ends_the_older_one_and_so_does_a_day(world: World, keeper: httpx.AsyncClient) -> None:
    vera = await world.add("vera")
    old, new = [(await keeper.post(f"/api/users/{vera.id}/reset-link")).json()["token"] for _ in range(2)]
    program = world.program()
    assert (
        refusal(await program.post("/api/reset-password", json={"token": old, "password": OTHER}))[1]
        == Code.LINK_INVALID
    )
    world.clock.advance(RESET_LIFETIME)
    assert (
        refusal(await program.post("/api/reset-password", json={"token": new, "password": OTHER}))[1]
        == Code.LINK_INVALID
    )


@pytest.mark.parametrize("change", [{"enabled": False}, {"email": "new@example.org"}, {"password": OTHER}])
async def test_a_reset_link_is_dead_when_the_account_changed(
    world: World, keeper: httpx.AsyncClient, change: dict[str, Any]
) -> None:
    """R-84."""
    vera = await world.add("vera")
    token = (await keeper.post(f"/api/users/{vera.id}/reset-link")).json()["token"]
    await keeper.put(f"/api/users/{vera.id}", json=change)
    form = {"token": token, "password": OTHER}
    assert refusal(await world.program().post("/api/reset-password", json=form))[1] == Code.LINK_INVALID


async def test_a_disabled_account_gets_no_link(world: World, keeper: httpx.AsyncClient) -> None:
    vera = await world.add("vera")
    world.disable(vera)
    assert refusal(await keeper.post(f"/api/users/{vera.id}/reset-link")) == (403, Code.ACCOUNT_DISABLED)


async def test_an_address_that_forgets_too_often_has_to_wait_whoever_it_asks_for(world: World) -> None:
    vera = await world.add("vera")
    for _ in range(20):
        await world.program().post("/api/forgot-password", json={"username": "nobody"})
    for name in ("vera", "nobody"):
        response = await world.program().post("/api/forgot-password", json={"username": name})
        assert refusal(response) == (429, Code.TOO_MANY_REQUESTS)
        assert int(response.headers["retry-after"]) > 0
    assert world.accounts.by_id[vera.id].reset_asked_at is None


@pytest.mark.parametrize("name", ["vera", "VERA", "vera@example.org", " Vera@Example.org ", "nobody", "", "a\x00b"])
async def test_who_forgot_a_password_is_answered_alike_whoever_it_is(world: World, name: str) -> None:
    """R-33: and the link is an administrator's to make."""
    vera = await world.add("vera", "vera@example.org")

    response = await world.program().post("/api/forgot-password", json={"username": name})

    assert (response.status_code, response.json()) == (200, None)
    asked = world.accounts.by_id[vera.id].reset_asked_at is not None
    assert asked is ("vera" in name.lower())
    assert world.accounts.credentials == {}


async def test_with_passwords_off_an_administrator_makes_no_link_that_would_set_one() -> None:
    world = World({"DISABLE_USERPASS_LOGIN": "true"})
    browser, vera = world.browser(), await world.add("vera")
    await browser.sign_in()
    answer = await browser.client.post(f"/api/users/{vera.id}/reset-link", json={}, headers={"origin": ORIGIN})
    assert refusal(answer) == (403, Code.PASSWORDS_OFF)


async def test_without_any_way_to_sign_in_there_are_no_invitations(keeper: httpx.AsyncClient, world: World) -> None:
    token = await invite(keeper)
    world.reconfigure(dict(world.settings_environ, DISABLE_USERPASS_LOGIN="true", OIDC_ENABLED="false"))
    program = world.program()
    program.cookies = keeper.cookies
    answer = await program.post("/api/users/invite-link", json={}, headers={"sec-fetch-site": "same-origin"})
    assert refusal(answer) == (403, Code.PASSWORDS_OFF)
    assert (await program.get("/register", params={"token": token})).status_code == 403


async def test_with_passwords_off_every_link_that_would_set_one_is_closed(
    keeper: httpx.AsyncClient, world: World
) -> None:
    """R-30: for right and wrong secrets alike."""
    vera = await world.add("vera")
    invitation = await invite(keeper)
    reset = (await keeper.post(f"/api/users/{vera.id}/reset-link")).json()["token"]
    world.reconfigure(dict(world.settings_environ, DISABLE_USERPASS_LOGIN="true"))
    program = world.program()

    for token in (invitation, "wrong"):
        assert refusal(await register(world, token, username="other")) == (403, Code.PASSWORDS_OFF)
    for token in (reset, "wrong"):
        answer = await program.post("/api/reset-password", json={"token": token, "password": OTHER})
        assert refusal(answer) == (403, Code.PASSWORDS_OFF)


async def recovery_link(world: World, username: str = "keeper") -> str:
    recovery = world.use_cases.recovery
    return await recovery.recovery_link(
        COMMAND_LINE, await world.use_cases.administration.named(COMMAND_LINE, username)
    )


@pytest.mark.parametrize("passwords", ["false", "true"])
async def test_a_recovery_link_signs_an_admin_in_once_also_with_passwords_off(world: World, passwords: str) -> None:
    world.reconfigure(dict(world.settings_environ, DISABLE_USERPASS_LOGIN=passwords))
    token = await recovery_link(world)
    browser = world.browser()

    response = await browser.submit("/api/recover", token=token)

    assert (response.status_code, response.headers["location"]) == (303, "/account")
    assert (await browser.me()).json()["username"] == "keeper"
    again = await world.program().post("/api/recover", json={"token": token})
    assert refusal(again) == (400, Code.LINK_INVALID)
    assert [entry.method for entry in world.sign_ins.entries if entry.outcome == "signed_in"] == ["recovery"]


async def test_a_recovery_link_lasts_ten_minutes(world: World) -> None:
    token = await recovery_link(world)
    world.clock.advance(RECOVERY_LIFETIME)
    assert refusal(await world.program().post("/api/recover", json={"token": token})) == (400, Code.LINK_INVALID)


async def test_a_recovery_link_of_an_admin_who_is_none_any_more_opens_nothing(world: World) -> None:
    """A change of the role ends the link; this is the lock behind that one."""
    await world.add("ada", level=AccessLevel.ADMIN)
    token = await recovery_link(world, "ada")
    world.demote(world.accounts.by_id[2], AccessLevel.VIEWER)
    assert refusal(await world.program().post("/api/recover", json={"token": token})) == (400, Code.LINK_INVALID)
    assert not [each for each in world.accounts.credentials.values() if each.kind is Kind.SESSION]


async def test_only_the_command_line_makes_one(world: World) -> None:
    warden = await world.add("warden", level=AccessLevel.ADMIN)
    with pytest.raises(Refused, match=Code.FORBIDDEN):
        await world.use_cases.recovery.recovery_link(actor(principal(warden)), warden)


async def test_only_an_enabled_admin_gets_one(world: World) -> None:
    await world.add("vera")
    with pytest.raises(Exception, match="not_an_admin") as refused:
        await recovery_link(world, "vera")
    assert refused.value.code is Code.NOT_AN_ADMIN  # type: ignore[attr-defined]


async def test_links_are_kept_as_hashes(world: World, keeper: httpx.AsyncClient) -> None:
    """R-80."""
    token = await invite(keeper)
    kept = world.accounts.credentials[Kind.INVITATION, digest(token)]
    assert token not in str(kept)
    assert PASSWORD not in str(world.accounts.by_id)
    assert token not in str(world.log.lines)
