"""A refused form keeps what was typed, for the same person and page, and in no URL."""

from collections.abc import Mapping

import pytest

from romm.api.refusals.refused_forms import LONGEST_KEPT
from romm.domain import scopes
from romm.domain.model import AccessLevel
from tests.world import PASSWORD, Browser, World

NAME, ADDRESS = "vera", "vera@example.org"
FORMS: dict[str, tuple[str, str, Mapping[str, str]]] = {
    "a new person": ("/admin/users", "/admin/users", {"username": NAME, "email": ADDRESS, "role": "editor"}),
    "another account": ("/admin/users/3", "/admin/users/3", {"username": NAME, "email": ADDRESS}),
    "the own account": ("/account", "/account/profile", {"username": NAME, "email": ADDRESS}),
    "a client token": ("/account/tokens", "/account/tokens", {"name": f"{NAME} {ADDRESS}", "scopes": "users.write"}),
}
"""By form: its page, where it is sent, and what an administrator or a viewer types."""


@pytest.fixture
async def world() -> World:
    world = World()
    await world.add("taken", ADDRESS)
    await world.add("keeper", level=AccessLevel.ADMIN)
    await world.add("quin")
    return world


def test_each_choice_of_scopes_is_short_enough_to_be_kept() -> None:
    assert len(" ".join(scopes.ALL)) <= LONGEST_KEPT


async def signed_in(world: World, username: str = "keeper") -> Browser:
    browser = world.browser()
    await browser.submit("/api/login", username=username, password=PASSWORD)
    return browser


async def typed_again(browser: Browser, location: str) -> bool:
    page = (await browser.get(location)).text
    return f'value="{ADDRESS}"' in page or f'value="{NAME} {ADDRESS}"' in page


@pytest.mark.parametrize(("page", "action", "typed"), FORMS.values(), ids=list(FORMS))
async def test_it_is_shown_once_and_is_in_no_url(
    world: World, page: str, action: str, typed: Mapping[str, str]
) -> None:
    browser = await signed_in(world, "quin" if "token" in page else "keeper")
    answer = await browser.submit(action, **typed)
    location = answer.headers["location"]
    assert location.startswith(f"{page}?error=")
    assert NAME not in location
    assert await typed_again(browser, location)
    assert not await typed_again(browser, page)
    assert ADDRESS not in str([facts.get("path") for _, _, facts in world.log.lines])


@pytest.fixture
async def refused(world: World) -> Browser:
    """An administrator's browser, with an address that another person has."""
    browser = await signed_in(world)
    await browser.submit("/account/profile", username=NAME, email=ADDRESS)
    return browser


async def test_it_is_shown_on_its_own_page_only(refused: Browser) -> None:
    assert not await typed_again(refused, "/admin/users")
    assert not await typed_again(refused, "/admin/users/3")
    assert await typed_again(refused, "/account")


async def test_another_person_in_the_same_browser_is_not_shown_it(refused: Browser) -> None:
    await refused.submit("/api/login", username="quin", password=PASSWORD)
    assert not await typed_again(refused, "/account")


@pytest.mark.parametrize("path", ["/admin/users", "/admin/users/3", "/account", "/account/tokens"])
async def test_a_link_fills_in_nothing(world: World, path: str) -> None:
    """It could choose “administrator” for an invitation."""
    browser = await signed_in(world)
    query = f"username={NAME}&email={ADDRESS}&name={NAME} {ADDRESS}&role=admin&expiration=86400&error=username_taken"
    page = (await browser.get(f"{path}?{query}")).text
    assert NAME not in page.replace(f"<bdi>{ADDRESS}</bdi>", "")
    assert 'value="admin" selected' not in page
    assert 'id="invite" open' not in page


async def test_a_program_is_not_sent_a_cookie(world: World) -> None:
    answer = await world.program().post(
        "/api/users", json={"username": "x", "password": PASSWORD}, auth=("keeper", PASSWORD)
    )
    assert answer.is_client_error
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(("letter", "is_kept"), [("x", True), ("\N{SMILING FACE WITH OPEN MOUTH}", False)])
async def test_the_cookie_fits_what_a_proxy_takes(world: World, letter: str, is_kept: bool) -> None:
    """nginx answers with 502 if an answer has more than 4 KiB of headers."""
    browser, value = await signed_in(world), letter * 320
    answer = await browser.submit("/admin/users", username=value, email=value, role=value)
    sealed = list(world.seal.contents.values())[-1]
    assert (value.encode() in sealed) == is_kept
    assert len(sealed) * 4 / 3 < 2000
    assert (await browser.get(answer.headers["location"])).status_code == 200
