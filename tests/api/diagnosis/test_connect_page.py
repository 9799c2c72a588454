"""The steps from a provider's name to settings that work: what is shown, what is checked, and that nothing is kept."""

import json
from datetime import timedelta

import httpx
import pytest

from romm.domain.errors import Code
from romm.domain.limits import CANDIDATE_CHECKS
from romm.domain.model import AccessLevel
from romm.domain.providers.register import PRESETS
from tests.api.accounts.test_own_page import local, read
from tests.api.sign_in.test_openid import error_of
from tests.api.sign_in.test_pages import words
from tests.fake_provider import CLIENT_ID, CLIENT_SECRET
from tests.world import ORIGIN, Browser, World

PAGE = "/admin/connect"
CANARY = "a secret of a test"


@pytest.fixture
def world() -> World:
    """Without a provider in its settings."""
    return World(environ={"OIDC_ENABLED": "false", "OIDC_CLIENT_ID": "", "OIDC_SERVER_APPLICATION_URL": ""})


@pytest.fixture
async def keeper(world: World) -> Browser:
    await world.add("keeper", level=AccessLevel.ADMIN)
    return await local(world, "keeper")


async def checked(keeper: Browser, **typed: str) -> httpx.Response:
    own = {"provider": "authelia", "base_url": ORIGIN, "address": keeper.world.idp.issuer, "client_id": CLIENT_ID}
    return await keeper.submit(f"{PAGE}/check", **(own | {"client_secret": CLIENT_SECRET} | typed))


async def test_every_preset_is_offered_and_one_without(keeper: Browser) -> None:
    page = (await keeper.get(PAGE)).text
    assert all(f'value="{name}"' in page and known.label in page for name, known in PRESETS.items())
    assert 'name="provider" value=""' in page
    assert f'value="{ORIGIN}"' in page


@pytest.mark.parametrize("provider", [*PRESETS, ""])
async def test_what_to_register_has_romms_own_addresses_and_the_places_there(keeper: Browser, provider: str) -> None:
    page = words((await keeper.submit(PAGE, provider=provider, base_url="https://games.example/")).text)
    assert "https://games.example/api/oauth/openid" in page
    assert "https://games.example/login" in page
    known = PRESETS.get(provider)
    registers = known is None or known.registers_backchannel_logout
    assert ("https://games.example/api/oauth/openid/backchannel-logout" in page) == registers
    assert known is None or known.locations.redirect_uri in page


async def test_good_settings_pass_and_are_printed_without_the_secret(world: World, keeper: Browser) -> None:
    response = await checked(keeper)
    page = words(response.text)
    assert "What the check found Nothing failed, but 1 warning: Reverse proxy." in page
    assert f"OIDC_CLIENT_ID={CLIENT_ID}" in page
    assert f"OIDC_REDIRECT_URI={ORIGIN}/api/oauth/openid" in page
    assert f'OIDC_SERVER_APPLICATION_URL: "{world.idp.issuer}"' in page
    assert "OIDC_CLIENT_SECRET='<the client secret>'" in page
    assert CLIENT_SECRET not in response.text
    assert world.idp.requests


async def test_what_is_wrong_comes_first_with_its_fix(keeper: Browser) -> None:
    page = words((await checked(keeper, client_secret="wrong")).text)
    assert "failed: Client and secret." in page
    assert page.index("failed Client and secret") < page.index("checks are ok")
    assert "At the provider Paste the plain secret; configuration.yml has its hash." in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        pytest.param({"address": "auth"}, "OIDC_SERVER_APPLICATION_URL is not an http(s) URL", id="no address"),
        pytest.param({"client_id": ""}, "OIDC_CLIENT_ID is missing", id="no client id"),
        pytest.param({"base_url": "romm"}, "ROMM_BASE_URL is not an http(s) URL", id="no address of RomM"),
        pytest.param({"base_url": f"{ORIGIN}/romm"}, "RomM cannot live below a path", id="below a path"),
        pytest.param({"base_url": "https://other.test"}, "Redirect URI", id="another address than is registered"),
    ],
)
async def test_settings_that_cannot_work_are_explained(keeper: Browser, typed: dict[str, str], said: str) -> None:
    page = words((await checked(keeper, **typed)).text)
    assert "failed" in page
    assert said in page.partition("Settings to keep")[0]


async def test_nothing_of_it_is_kept_or_logged(world: World, keeper: Browser) -> None:
    before = world.settings
    response = await checked(keeper, client_secret=CANARY)
    assert CANARY not in response.text
    assert CANARY not in json.dumps(world.log.lines, default=str)
    assert "provider.candidate_checked" in [event for _, event, _ in world.log.lines]
    assert world.settings is before
    assert CANARY not in await read(keeper, "/admin/oidc")


async def test_a_line_break_adds_no_setting(keeper: Browser) -> None:
    response = await checked(keeper, client_id="romm\nDISABLE_USERPASS_LOGIN=true")
    assert error_of(response) == Code.REQUEST_INVALID
    assert keeper.world.idp.requests == []


async def test_only_an_administrator_makes_romm_ask_an_address(world: World, keeper: Browser) -> None:
    await world.add("dora", level=AccessLevel.EDITOR)
    dora = await local(world, "dora")
    assert error_of(await checked(dora)) == Code.FORBIDDEN
    assert world.idp.requests == []


async def test_an_old_session_confirms_first_and_the_page_says_so_before(world: World, keeper: Browser) -> None:
    world.clock.advance(timedelta(minutes=6))
    assert "First confirm that it is you." in await read(keeper, PAGE)
    response = await checked(keeper, client_secret=CANARY)
    assert response.headers["location"].startswith("/account/confirm?")
    assert CANARY not in response.headers["location"]
    assert world.idp.requests == []


async def test_it_is_no_scanner(keeper: Browser) -> None:
    for _ in range(CANDIDATE_CHECKS.tries):
        assert (await checked(keeper, address="auth")).status_code == 200
    assert error_of(await checked(keeper)) == Code.TOO_MANY_REQUESTS


async def test_an_address_in_a_link_is_not_taken_over(keeper: Browser) -> None:
    page = (await keeper.get(f"{PAGE}?base_url=https://evil.test&address=https://evil.test")).text
    assert "evil.test" not in page


async def test_the_start_page_and_single_sign_on_lead_there_while_no_provider_works(keeper: Browser) -> None:
    for page in ("/", "/admin/oidc"):
        assert f'href="{PAGE}"' in (await keeper.get(page)).text


async def test_the_start_page_of_others_does_not(world: World) -> None:
    await world.add("keeper", level=AccessLevel.ADMIN)
    await world.add("dora")
    assert PAGE not in (await (await local(world, "dora")).get("/")).text


async def test_with_a_working_provider_the_start_page_has_no_such_note() -> None:
    world = World()
    await world.add("keeper", level=AccessLevel.ADMIN)
    keeper = await local(world, "keeper")
    assert PAGE not in (await keeper.get("/")).text
    assert "Single sign-on works already." in await read(keeper, PAGE)


async def test_the_first_administrator_is_led_there(world: World) -> None:
    browser = world.browser()
    sent = await browser.submit("/api/users", username="keeper", password="a lantern in the attic", email="")
    assert sent.headers["location"] == f"/login?notice=set_up&next={PAGE.replace('/', '%2F')}"


async def test_with_a_working_provider_set_up_leads_to_the_start_page() -> None:
    browser = World().browser()
    sent = await browser.submit("/api/users", username="keeper", password="a lantern in the attic", email="")
    assert sent.headers["location"] == "/login?notice=set_up"
