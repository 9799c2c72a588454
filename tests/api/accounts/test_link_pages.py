"""The pages that links open: looked at without being used up, explained when they are dead, and silent about their secret."""

import pytest

from romm.domain.catalogue import CATALOGUE
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.api.accounts.test_own_page import NEW, local
from tests.api.sign_in.test_pages import words
from tests.world import World


async def recovery_link(world: World) -> str:
    """A link's secret, as `romm recover` makes it."""
    return await world.use_cases.recovery.recovery_link(COMMAND_LINE, world.accounts.by_id[1])


async def invitation(world: World) -> str:
    keeper = await local(world, "keeper")
    answer = await keeper.client.post("/api/users/invite-link", json={}, headers={"sec-fetch-site": "same-origin"})
    return str(answer.json()["token"])


@pytest.mark.parametrize("path", ["/register", "/reset-password", "/recover"])
@pytest.mark.parametrize("token", ["", "?token=", "?token=used-up", "?token=%00", "?error=link_invalid"])
async def test_a_dead_link_is_explained(world: World, path: str, token: str) -> None:
    answer = await world.browser().get(f"{path}{token}")
    assert answer.status_code == 400
    assert "This link does not work" in words(answer.text)
    assert CATALOGUE[Code.LINK_INVALID].person in words(answer.text)


async def test_an_invited_person_makes_an_account_and_signs_in(world: World) -> None:
    token, browser = await invitation(world), world.browser()
    page = await browser.get(f"/register?token={token}")
    assert "You were invited" in words(page.text)
    done = await browser.submit("/api/users/register", token=token, username="dora", password=NEW, email="")
    assert done.headers["location"] == "/login?notice=registered"
    assert "Your account is created." in words((await browser.get(done.headers["location"])).text)
    assert (await browser.submit("/api/login", username="dora", password=NEW)).headers["location"] == "/"
    assert (await browser.get(f"/register?token={token}")).status_code == 400


async def test_a_form_to_be_corrected_comes_back_with_the_link_and_the_name(world: World) -> None:
    token, browser = await invitation(world), world.browser()
    answer = await browser.submit("/api/users/register", token=token, username="dora", password="dora", email="")
    page = (await browser.get(answer.headers["location"])).text
    assert CATALOGUE[Code.PASSWORD_WEAK].person in words(page)
    assert f'name="token" value="{token}"' in page
    assert 'name="username" value="dora"' in page


async def test_another_invitation_in_the_same_browser_shows_nothing_of_it(world: World) -> None:
    (first, second), browser = [await invitation(world) for _ in range(2)], world.browser()
    await browser.submit("/api/users/register", token=first, username="dora", password="dora", email="dora@home.test")
    assert "dora" not in (await browser.get(f"/register?token={second}")).text
    assert "dora@home.test" in (await browser.get(f"/register?token={first}")).text


async def test_a_recovery_link_is_not_used_up_by_looking_and_signs_in_once(world: World) -> None:
    """Previews and virus scanners look at links too."""
    token, browser = await recovery_link(world), world.browser()
    for _ in range(3):
        page = await browser.get(f"/recover?token={token}")
        assert "Sign in as keeper" in words(page.text)
        assert browser.session is None
    assert (await browser.submit("/api/recover", token=token)).headers["location"] == "/account"
    assert "keeper" in words((await browser.get("/account")).text)
    assert (await world.browser().get(f"/recover?token={token}")).status_code == 400


async def test_recovery_opens_the_way_to_a_new_password(world: World) -> None:
    browser = world.browser()
    await browser.submit("/api/recover", token=await recovery_link(world))
    assert (await browser.submit("/account/password", password=NEW)).headers["location"].endswith("password_set")


async def test_recovery_works_while_passwords_are_off() -> None:
    world = World({"DISABLE_USERPASS_LOGIN": "true"})
    await world.add("keeper", level=AccessLevel.ADMIN)
    browser = world.browser()
    await browser.submit("/api/recover", token=await recovery_link(world))
    assert (await browser.get("/account")).status_code == 200


async def test_who_forgot_a_password_is_answered_alike(world: World) -> None:
    browser, pages = world.browser(), set()
    assert 'href="/forgot-password"' in (await browser.get("/login")).text
    assert "RomM itself sends no e-mail" in words((await browser.get("/forgot-password")).text)
    for name in ("keeper", "nobody-of-that-name"):
        answer = await browser.submit("/api/forgot-password", username=name)
        pages.add((await browser.get(answer.headers["location"])).text)
    [page] = pages
    assert "If the account exists, an administrator can now give you a link" in words(page)


@pytest.mark.parametrize("path", ["/forgot-password", "/reset-password?token=x"])
async def test_without_passwords_these_pages_say_so(path: str) -> None:
    world = World({"DISABLE_USERPASS_LOGIN": "true"})
    answer = await world.browser().get(path)
    assert answer.status_code == 403
    assert CATALOGUE[Code.PASSWORDS_OFF].person in words(answer.text)
    assert "Forgot your password?" not in (await world.browser().get("/login")).text


async def test_the_secret_in_an_address_goes_nowhere(world: World) -> None:
    """Not even to ourselves; and the form still says where it comes from, which `no-referrer` would keep it from."""
    links = [f"/register?token={await invitation(world)}", f"/recover?token={await recovery_link(world)}"]
    for link in links:
        answer = await world.browser().get(link)
        assert answer.headers["referrer-policy"] == "strict-origin"
        assert '<meta name="referrer" content="strict-origin">' in answer.text
        assert answer.headers["cache-control"] == "no-store"


async def test_a_link_of_one_kind_opens_no_page_of_another(world: World) -> None:
    token = await invitation(world)
    for path in ("/reset-password", "/recover"):
        assert (await world.browser().get(f"{path}?token={token}")).status_code == 400
    assert (await world.browser().get(f"/register?token={token}")).status_code == 200
