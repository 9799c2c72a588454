"""What each code means, for everyone."""

import re

import pytest

from romm.domain.catalogue import CATALOGUE
from romm.domain.errors import Code
from romm.domain.titles import TITLES
from tests.api.accounts.test_own_page import read
from tests.api.sign_in.test_pages import words
from tests.api.sign_in.test_several_providers import two
from tests.fake_provider import BROKEN, error
from tests.world import PASSWORD, World


@pytest.mark.parametrize("code", Code)
async def test_each_code_has_a_page_with_both_texts_and_no_braces(world: World, code: Code) -> None:
    answer = await world.browser().get(f"/help/{code}")
    page = " ".join(words(answer.text).split())
    assert answer.status_code == 200
    assert CATALOGUE[code].person in page
    operator = re.sub(r"\{(\w+)\}", r"\1", CATALOGUE[code].operator).replace("`", "")
    assert "".join(operator.split()) in "".join(page.split())
    assert not set("{}") & set(page)
    assert TITLES[code] in page


async def test_the_index_leads_to_every_code(world: World) -> None:
    page = (await world.browser().get("/help")).text
    assert re.findall(r'href="/help/(\w+)"', page) == list(CATALOGUE)


async def test_the_page_has_the_hint_for_the_configured_provider(world: World) -> None:
    page = await read(world.browser(), "/help/client_rejected")
    assert "At Authelia: Paste the plain secret" in page


@pytest.mark.parametrize("unknown", ["nothing", "EMAIL_NOT_VERIFIED", "%3Cb%3E"])
async def test_an_unknown_code_is_no_page(world: World, unknown: str) -> None:
    answer = await world.browser().get(f"/help/{unknown}")
    assert answer.status_code == 404
    assert "<b>" not in answer.text


async def test_a_code_on_a_page_leads_to_its_explanation(world: World) -> None:
    for path, code in (("/login?error=no_role", "no_role"), ("/nothing-here", "not_found")):
        assert f'href="/help/{code}"' in (await world.browser().get(path)).text


FRIENDS_SECRET = "ROMM_PROVIDERS__FRIENDS__CLIENT_SECRET"


async def test_from_a_refusal_at_one_of_several_providers_the_page_names_its_variables() -> None:
    world = await two()
    world.further["friends"].instead["token"] = error("invalid_client")
    browser = world.browser()
    refused = await browser.sign_in(at="friends")
    page = (await browser.get(refused.headers["location"])).text
    [link] = re.findall(r'href="(/help/[^"]+)"', page)
    assert link == "/help/client_rejected?provider=friends"
    shown = await read(browser, link)
    assert FRIENDS_SECRET in shown
    assert " OIDC_CLIENT_SECRET" not in shown
    assert "At friends:" in shown
    assert "At Authelia:" not in shown


async def test_without_a_provider_the_page_says_how_the_variables_of_each_begin() -> None:
    browser = (await two()).browser()
    shown = await read(browser, "/help/client_rejected")
    assert "OIDC_CLIENT_SECRET" in shown
    assert "Authelia OIDC_… friends ROMM_PROVIDERS__FRIENDS__…" in " ".join(shown.split())
    assert "several providers" not in await read(browser, "/help/not_found")
    assert "several providers" not in await read(World().browser(), "/help/client_rejected")


async def test_a_provider_that_is_off_is_named_to_no_stranger() -> None:
    browser = (await two({"ROMM_PROVIDERS__FRIENDS__ENABLED": "false"})).browser()
    assert "FRIENDS" not in await read(browser, "/help/client_rejected")


@pytest.mark.parametrize("unknown", ["", "nobody", "%3Cb%3E"])
async def test_an_unknown_provider_counts_as_none(unknown: str) -> None:
    browser = (await two()).browser()
    path = f"/help/client_rejected?provider={unknown}"
    assert await read(browser, path) == await read(browser, "/help/client_rejected")


async def test_the_administrators_pages_lead_to_the_provider_that_they_are_about() -> None:
    world = await two()
    world.further["friends"].instead["discovery"] = BROKEN
    browser = world.browser()
    await browser.submit("/api/login", username="keeper", password=PASSWORD)
    await world.browser().client.get("/api/login/openid?provider=friends")
    for path in ("/admin/oidc?provider=friends", "/admin/sign-ins"):
        links = set(re.findall(r'href="/help/(provider_\w+[^"]*)"', (await browser.get(path)).text))
        assert links == {"provider_unavailable?provider=friends"}, path
