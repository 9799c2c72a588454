"""What waits for a person on the start page, and what a refused form keeps."""

from datetime import timedelta

import pytest

from romm.domain.model import AccessLevel
from tests.api.credentials.devices import approve, init, redeem, refused
from tests.api.sign_in.test_pages import words
from tests.world import ORIGIN, PASSWORD, Browser, World


@pytest.fixture
async def world() -> World:
    world = World()
    await world.add("keeper", level=AccessLevel.ADMIN)
    return world


async def signed_in(world: World, username: str) -> Browser:
    browser = world.browser()
    await browser.submit("/api/login", username=username, password=PASSWORD)
    return browser


async def test_administrators_see_what_waits_for_them_on_the_start_page(world: World) -> None:
    await world.add("vera", "vera@example.org")
    await world.program().post("/api/forgot-password", json={"username": "vera"})
    await world.program().post("/api/login", json={"username": "vera", "password": "wrong"})
    page = words((await (await signed_in(world, "keeper")).get("/")).text)
    assert "Waiting for a new password vera asked" in page
    assert "Refused in the last day Wrong user name or password vera, " in page
    others = words((await (await signed_in(world, "vera")).get("/")).text)
    assert "Waiting for" not in others
    assert "Refused in" not in others


async def test_a_refusal_of_yesterday_is_not_on_the_start_page(world: World) -> None:
    await world.program().post("/api/login", json={"username": "keeper", "password": "wrong"})
    world.clock.now += timedelta(days=1, seconds=1)
    keeper = await signed_in(world, "keeper")
    assert "Refused in the last day None." in words((await keeper.get("/")).text)


async def test_an_administrator_at_another_address_reads_where_links_lead(world: World) -> None:
    keeper = await signed_in(world, "keeper")
    assert "its links lead to" not in words((await keeper.get("/")).text)
    elsewhere = words((await keeper.client.get("/", headers={"host": "nas.local"})).text)
    assert f"You opened RomM at nas.local, but its links lead to {ORIGIN}." in elsewhere


async def test_a_refused_first_administrator_types_nothing_again_but_the_password() -> None:
    browser = World().browser()
    answer = await browser.submit("/api/users", username="captain", email="me@example.org", password="password")
    page = (await browser.get(answer.headers["location"])).text
    assert 'value="captain"' in page
    assert 'value="me@example.org"' in page
    assert 'value="password"' not in page
    assert "password=" not in answer.headers["location"]


async def test_a_refused_registration_types_nothing_again_but_the_password(world: World) -> None:
    keeper = await signed_in(world, "keeper")
    link = (
        await keeper.client.post("/api/users/invite-link", json={}, headers={"sec-fetch-site": "same-origin"})
    ).json()
    guest, token = world.browser(), link["token"]
    form = {"token": token, "username": "vera", "email": "vera@example.org", "password": "password"}
    page = (await guest.get((await guest.submit("/api/users/register", **form)).headers["location"])).text
    assert 'value="vera"' in page
    assert 'value="vera@example.org"' in page
    assert 'value="password"' not in page


async def test_a_refused_change_types_nothing_again(world: World) -> None:
    vera = await world.add("vera", "vera@example.org")
    keeper = await signed_in(world, "keeper")
    at = f"/admin/users/{vera.id}"
    answer = await keeper.submit(at, username="keeper", email="", role="editor")
    page = (await keeper.get(answer.headers["location"])).text
    assert 'value="keeper"' in page
    assert 'value="vera@example.org"' not in page
    assert '<option value="editor" selected>' in page
    own = await keeper.submit("/account/profile", username="vera", email="new@example.org")
    page = (await keeper.get(own.headers["location"])).text
    assert 'value="vera"' in page
    assert 'value="new@example.org"' in page


async def test_what_is_too_long_for_an_address_is_not_kept(world: World) -> None:
    keeper = await signed_in(world, "keeper")
    answer = await keeper.submit("/account/profile", username="v" * 400, email="")
    assert "vvv" not in (await keeper.get(answer.headers["location"])).text


async def test_signing_out_everywhere_ends_browsers_apps_and_client_tokens(world: World) -> None:
    keeper, other = await signed_in(world, "keeper"), await signed_in(world, "keeper")
    made = await keeper.client.post(
        "/api/client-tokens",
        json={"name": "script", "scopes": ["me.read"]},
        headers={"sec-fetch-site": "same-origin"},
    )
    assert made.status_code == 201
    asked = await init(world)
    assert (await approve(other, asked["user_code"])).status_code == 200
    answer = await keeper.submit("/account/sign-out-everywhere")
    assert answer.headers["location"] == "/login?notice=signed_out_everywhere"
    assert await refused(await redeem(world, asked)) == (400, "access_denied")
    for browser in (keeper, other):
        assert (await browser.get("/account")).headers["location"].startswith("/login")
    bearer = {"authorization": f"Bearer {made.json()['raw_token']}"}
    assert (await world.program().get("/api/users/me", headers=bearer)).status_code == 401
