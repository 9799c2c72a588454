"""At every door where a password is set, an empty one is not the same as none, and one of spaces is none to have."""

import httpx
import pytest

from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.api.accounts.test_own_page import local
from tests.api.sign_in.test_openid import error_of
from tests.world import PASSWORD, Browser, World

BLANK = ["", " ", " " * 8, " " * 12, "\u00a0" * 8, "\u200b" * 8, "\t\n\u2028\u202e \u3000\u2060\ufeff"]
IDS = ["empty", "one", "eight", "twelve", "no-break", "zero width", "a mixture"]
FULL = "\u2003key to the shed\u2003"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def keeper(world: World) -> Browser:
    await world.add("keeper", level=AccessLevel.ADMIN)
    return await local(world, "keeper")


async def put(browser: Browser, path: str, **fields: object) -> httpx.Response:
    return await browser.client.put(path, json=fields, headers={"sec-fetch-site": "same-origin", "accept": "*/*"})


async def post(browser: Browser, path: str, **fields: object) -> httpx.Response:
    return await browser.client.post(path, json=fields, headers={"sec-fetch-site": "same-origin", "accept": "*/*"})


def is_refused(response: httpx.Response) -> bool:
    if response.status_code == 303:
        return error_of(response) == Code.PASSWORD_WEAK
    return (response.status_code, response.json()["code"]) == (400, Code.PASSWORD_WEAK)


@pytest.mark.parametrize("blank", BLANK, ids=IDS)
async def test_the_first_administrator_has_a_password_to_see(world: World, blank: str) -> None:
    assert is_refused(await post(world.browser(), "/api/users", username="keeper", password=blank))
    assert is_refused(await world.browser().submit("/api/users", username="keeper", password=blank))
    assert world.accounts.by_id == {}


@pytest.mark.parametrize("blank", BLANK, ids=IDS)
async def test_an_administrator_creates_no_account_with_it(world: World, keeper: Browser, blank: str) -> None:
    assert is_refused(await post(keeper, "/api/users", username="ally", password=blank))
    if blank:
        assert is_refused(await keeper.submit("/admin/users", username="ally", password=blank))
    assert len(world.accounts.by_id) == 1


@pytest.mark.parametrize("blank", BLANK, ids=IDS)
async def test_nor_sets_it_for_another_person(world: World, keeper: Browser, blank: str) -> None:
    ally = await world.add("ally")
    assert is_refused(await put(keeper, f"/api/users/{ally.id}", password=blank))
    assert is_refused(await keeper.submit(f"/admin/users/{ally.id}/password", password=blank))
    assert world.accounts.hashes[ally.id] == f"hash of {PASSWORD}"


@pytest.mark.parametrize("blank", BLANK, ids=IDS)
async def test_nor_does_a_person_for_the_own_account(world: World, blank: str) -> None:
    ally = await local(world)
    [own] = world.accounts.by_id
    assert is_refused(await put(ally, f"/api/users/{own}", password=blank, current_password=PASSWORD))
    assert is_refused(await ally.submit("/account/password", password=blank))
    assert world.accounts.hashes[own] == f"hash of {PASSWORD}"


@pytest.mark.parametrize("blank", BLANK, ids=IDS)
async def test_nor_by_an_invitation_or_a_link(world: World, keeper: Browser, blank: str) -> None:
    ally = await world.add("ally")
    token = (await post(keeper, "/api/users/invite-link", role="viewer")).json()["token"]
    assert is_refused(await post(world.browser(), "/api/users/register", token=token, username="dora", password=blank))
    token = (await post(keeper, f"/api/users/{ally.id}/reset-link")).json()["token"]
    assert is_refused(await post(world.browser(), "/api/reset-password", token=token, password=blank))
    assert len(world.accounts.by_id) == 2
    assert world.accounts.hashes[ally.id] == f"hash of {PASSWORD}"


@pytest.mark.parametrize("sent", [{}, {"password": None}], ids=["left out", "null"])
async def test_a_password_that_is_not_sent_is_none(world: World, keeper: Browser, sent: dict[str, None]) -> None:
    made = await post(keeper, "/api/users", username="ally", **sent)
    assert made.status_code == 201
    ally = made.json()["id"]
    assert world.accounts.by_id[ally].password_set_at is None
    assert (await put(keeper, f"/api/users/{ally}", username="alison", **sent)).status_code == 200
    assert world.accounts.by_id[ally].password_set_at is None


async def test_a_form_that_leaves_the_optional_field_empty_sends_none(world: World, keeper: Browser) -> None:
    made = await keeper.submit("/admin/users", username="ally", email="", password="", role="viewer")
    assert made.headers["location"].endswith("notice=created")
    ally = max(world.accounts.by_id)
    assert world.accounts.by_id[ally].password_set_at is None
    headers = {"sec-fetch-site": "same-origin"}
    form = {"username": "alison", "password": ""}
    changed = await keeper.client.put(f"/api/users/{ally}", data=form, headers=headers)
    assert changed.status_code == 200
    assert world.accounts.by_id[ally].password_set_at is None


async def test_spaces_around_a_password_are_a_part_of_it(world: World, keeper: Browser) -> None:
    made = await post(keeper, "/api/users", username="ally", password=FULL)
    assert world.accounts.hashes[made.json()["id"]] == f"hash of {FULL}"
