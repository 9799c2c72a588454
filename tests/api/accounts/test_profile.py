"""One's own account over HTTP: what decides who gets in needs a proof, and everything else goes on."""

from datetime import timedelta

import httpx
import pytest

from romm.domain.credentials.credential import FRESH_SESSION
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.api.accounts.test_administration import OTHER, refusal, signed_in
from tests.api.sign_in.test_openid import confirmed_first, error_of
from tests.world import PASSWORD, Browser, World

LATER = FRESH_SESSION + timedelta(seconds=1)


@pytest.fixture
async def vera(world: World) -> httpx.AsyncClient:
    await world.add("vera", "vera@example.org")
    return await signed_in(world, "vera")


async def change(program: httpx.AsyncClient, **fields: object) -> httpx.Response:
    return await program.put("/api/users/2", json=fields)


async def by_provider(world: World) -> Browser:
    """Alice, who signed in through the provider and has no password."""
    browser = world.browser()
    await browser.sign_in()
    browser.client.headers["sec-fetch-site"] = "same-origin"
    return browser


async def test_a_name_is_changed_by_who_signed_in_just_now(world: World, vera: httpx.AsyncClient) -> None:
    assert (await change(vera, username="Véra")).json()["code"] == Code.USERNAME_INVALID
    assert (await change(vera, username="Veronica")).json()["username"] == "veronica"
    assert (await change(vera, username="keeper")).json()["code"] == Code.USERNAME_TAKEN
    assert world.lines("refused")[-1]["hint"].startswith("The user name keeper is taken.")


async def test_nobody_takes_a_name_that_speaks_for_the_house(vera: httpx.AsyncClient) -> None:
    assert (await change(vera, username="Admin")).json()["code"] == Code.USERNAME_TAKEN


@pytest.mark.parametrize(
    "fields", [{"username": "neo"}, {"password": OTHER}, {"email": "new@example.org"}, {"email": ""}, {"email": None}]
)
async def test_an_old_session_alone_changes_no_password_and_no_address(
    world: World, vera: httpx.AsyncClient, fields: dict[str, str]
) -> None:
    """R-38."""
    world.clock.advance(LATER)
    assert refusal(await change(vera, **fields)) == (403, Code.CONFIRMATION_REQUIRED)
    assert refusal(await change(vera, **fields, current_password="wrong")) == (403, Code.PASSWORD_WRONG)
    assert world.accounts.by_id[2].email == "vera@example.org"
    assert (await change(vera, **fields, current_password=PASSWORD)).status_code == 200


async def test_a_fresh_sign_in_is_proof_enough(world: World, vera: httpx.AsyncClient) -> None:
    world.clock.advance(FRESH_SESSION)
    assert (await change(vera, email="New@Example.org")).json()["email"] == "new@example.org"


async def test_the_same_address_again_needs_no_proof(world: World, vera: httpx.AsyncClient) -> None:
    """Existing apps send back what they got."""
    world.clock.advance(LATER)
    assert (await change(vera, email="Vera@example.org", username="vera", role="admin", enabled=False)).json()[
        "role"
    ] == "user"


async def test_a_new_password_ends_every_other_sign_in(world: World, vera: httpx.AsyncClient) -> None:
    """R-38."""
    elsewhere = await signed_in(world, "vera")
    assert (await change(vera, password=OTHER)).status_code == 200

    assert (await vera.get("/api/users/me")).status_code == 200
    assert (await elsewhere.get("/api/users/me")).status_code == 401
    wrong = await world.program().post("/api/login", json={"username": "vera", "password": PASSWORD})
    assert wrong.status_code == 401
    assert (await signed_in(world, "vera", OTHER)).cookies


async def test_guessing_the_current_password_is_throttled_like_any_door(world: World, vera: httpx.AsyncClient) -> None:
    """R-31."""
    world.clock.advance(LATER)
    answers = [(await change(vera, password=OTHER, current_password=f"guess {n}")).json()["code"] for n in range(6)]
    assert answers == [Code.PASSWORD_WRONG] * 5 + [Code.TOO_MANY_ATTEMPTS]


async def test_a_weak_password_is_refused_in_its_own_words(vera: httpx.AsyncClient) -> None:
    assert refusal(await change(vera, password="vera1234")) == (400, Code.PASSWORD_WEAK)


async def test_who_came_through_the_provider_sets_a_first_password(world: World) -> None:
    alice = await by_provider(world)
    response = await alice.client.put("/api/users/2", json={"password": OTHER})
    assert response.status_code == 200
    assert (await signed_in(world, "alice", OTHER)).cookies


async def test_with_passwords_off_nobody_sets_one(world: World) -> None:
    """R-30."""
    alice = await by_provider(world)
    world.reconfigure(dict(world.settings_environ, DISABLE_USERPASS_LOGIN="true"))
    alice.client._transport = httpx.ASGITransport(world.app)  # noqa: SLF001  the same browser, after a restart
    assert refusal(await alice.client.put("/api/users/2", json={"password": OTHER})) == (403, Code.PASSWORDS_OFF)


async def test_a_planted_password_that_is_changed_after_the_link_gains_no_right(world: World) -> None:
    """R-12: Mallory owns an account with Alice's address, changes its password after Alice linked, and waits for her group."""
    await world.add("mallory", "alice@example.org")
    world.idp.claims["groups"] = ["users"]
    await world.browser().sign_in()
    world.clock.advance(timedelta(hours=1))
    mallory = await signed_in(world, "mallory")
    assert (
        await mallory.put("/api/users/2", json={"password": OTHER, "current_password": PASSWORD})
    ).status_code == 200

    world.clock.advance(timedelta(hours=1))
    world.idp.claims["groups"] = ["romm-admins"]
    await world.browser().sign_in()

    assert world.accounts.by_id[2].level is AccessLevel.ADMIN
    assert (await mallory.get("/api/users/me")).status_code == 401
    for password in (PASSWORD, OTHER):
        assert (await world.program().get("/api/users/me", auth=("mallory", password))).status_code == 401


async def test_ones_sessions_are_listed_and_ended(world: World, vera: httpx.AsyncClient) -> None:
    other = await signed_in(world, "vera")
    listed = (await vera.get("/api/sessions")).json()
    assert [(each["current"], each["method"]) for each in listed] == [(False, "password"), (True, "password")]

    assert (await vera.delete(f"/api/sessions/{listed[0]['id']}")).status_code == 204
    assert (await other.get("/api/users/me")).status_code == 401
    assert refusal(await vera.delete(f"/api/sessions/{listed[0]['id']}")) == (404, Code.CREDENTIAL_UNKNOWN)

    third = await signed_in(world, "vera")
    assert (await vera.delete("/api/sessions")).status_code == 204
    assert (await third.get("/api/users/me")).status_code == 401
    assert (await vera.get("/api/users/me")).status_code == 200


async def start_linking(browser: Browser) -> httpx.Response:
    return await browser.client.get("/api/identities/link", headers={"sec-fetch-site": "same-origin"})


async def local(world: World, username: str, email: str | None = None) -> Browser:
    await world.add(username, email)
    browser = world.browser()
    await browser.submit("/api/login", username=username, password=PASSWORD)
    return browser


async def test_an_account_is_linked_from_its_own_page_whatever_the_address(world: World) -> None:
    """L-04."""
    vera = await local(world, "vera", "vera@elsewhere.example")
    before = vera.session

    sent = await start_linking(vera)
    back = await vera.come_back(await world.idp.approve(sent.headers["location"]))

    assert back.headers["location"] == "/account?notice=linked"
    assert vera.session != before, "R-16: a new session after every link"
    me = (await vera.me()).json()
    assert (me["username"], me["email"]) == ("vera", "vera@elsewhere.example")
    assert [each["subject"] for each in me["identities"]] == ["alice"]


async def test_linking_needs_a_fresh_sign_in(world: World) -> None:
    """R-44."""
    vera = await local(world, "vera")
    world.clock.advance(LATER)
    assert confirmed_first(await start_linking(vera)) == "/account"


async def test_an_answer_that_another_browser_brings_links_nothing(world: World) -> None:
    """R-44, CVE-2025-43856: the attacker's callback is opened in the victim's browser."""
    attacker, victim = await local(world, "mallory"), await local(world, "vera")
    query = await world.idp.approve((await start_linking(attacker)).headers["location"])

    before = victim.session

    assert (await victim.come_back(query)).headers["location"] == "/"
    assert victim.session == before
    assert all(not each.links for each in world.accounts.by_id.values())
    assert world.attempts.used == {}


@pytest.mark.parametrize("who", ["other", "vera"], ids=["somebody else's", "a newer one of the same person"])
async def test_a_session_that_changed_on_the_way_links_nothing(world: World, who: str) -> None:
    """R-44."""
    browser = await local(world, "vera")
    await world.add("other")
    query = await world.idp.approve((await start_linking(browser)).headers["location"])
    await browser.submit("/api/login", username=who, password=PASSWORD)
    revisited = world.browser()
    revisited.client.cookies.update(
        {name: value for name, value in browser.client.cookies.items() if "attempt" in name}
    )

    back = await browser.come_back(query)

    again = await revisited.come_back(query)
    for each in (back, again):
        assert error_of(each) == Code.LINK_SESSION_CHANGED
        assert each.headers["location"].startswith("/account?")
    assert all(not each.links for each in world.accounts.by_id.values())


async def test_who_signed_out_on_the_way_links_nothing(world: World) -> None:
    browser = await local(world, "vera")
    query = await world.idp.approve((await start_linking(browser)).headers["location"])
    await browser.submit("/api/logout")

    assert error_of(await browser.come_back(query)) == Code.LINK_SESSION_CHANGED


async def test_an_identity_belongs_to_one_account(world: World) -> None:
    """R-45."""
    await world.browser().sign_in()
    vera = await local(world, "vera")

    back = await vera.come_back(await world.idp.approve((await start_linking(vera)).headers["location"]))

    assert error_of(back) == Code.IDENTITY_IN_USE
    assert (await vera.me()).json()["identities"] == []


async def test_another_site_cannot_start_linking(world: World) -> None:
    """Or it could link whoever is signed in at the provider at that moment."""
    vera = await local(world, "vera")
    response = await vera.client.get("/api/identities/link", headers={"sec-fetch-site": "cross-site"})
    assert error_of(response) == Code.CROSS_SITE


async def test_who_is_not_signed_in_is_asked_to(world: World) -> None:
    response = await world.browser().client.get("/api/identities/link", headers={"sec-fetch-site": "same-origin"})
    assert response.headers["location"] == "/login?next=%2Fapi%2Fidentities%2Flink"


async def test_an_identity_is_unlinked_but_never_as_the_last_way_in(world: World) -> None:
    alice = await by_provider(world)
    [identity] = (await alice.me()).json()["identities"]
    url = f"/api/identities/{identity['id']}"

    assert refusal(await alice.client.delete(url)) == (409, Code.LAST_WAY_IN)
    await alice.client.put("/api/users/2", json={"password": OTHER})
    elsewhere = await by_provider(world)
    assert (await alice.client.delete(url)).status_code == 204

    assert (await alice.me()).json()["identities"] == []
    assert (await elsewhere.me()).status_code == 401, "what the identity opened ends with it"
    assert refusal(await alice.client.delete(url)) == (404, Code.CREDENTIAL_UNKNOWN)


async def test_unlinking_needs_a_proof(world: World) -> None:
    alice = await by_provider(world)
    [identity] = (await alice.me()).json()["identities"]
    await alice.client.put("/api/users/2", json={"password": OTHER})
    world.clock.advance(LATER)

    assert refusal(await alice.client.delete(f"/api/identities/{identity['id']}")) == (403, Code.CONFIRMATION_REQUIRED)
