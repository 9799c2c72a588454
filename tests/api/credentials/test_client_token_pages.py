"""The page of one's client tokens: made, paired, renewed and ended without a script, and nothing secret in an address."""

import html
import re

import pytest

from romm.api.pages import qr_code
from romm.domain import scopes
from romm.domain.catalogue import CATALOGUE
from romm.domain.credentials.credential import Kind
from romm.domain.digests import digest
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.api.sign_in.test_openid import error_of
from tests.api.sign_in.test_pages import MARKUP, words
from tests.world import ORIGIN, PASSWORD, Browser, World

PAGE = "/account/tokens"


async def person(world: World, username: str = "keeper") -> Browser:
    browser = world.browser()
    await browser.submit("/api/login", username=username, password=PASSWORD)
    return browser


async def make(browser: Browser, name: str = "Handheld", *scopes: str) -> str:
    """Fill in the form; gives the answer."""
    form = {"name": name, "scopes": list(scopes or ("me.read", "roms.read")), "expires_in": "90d"}
    response = await browser.client.post(PAGE, data=form, headers={"sec-fetch-site": "same-origin"})
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    return response.text


def secret_on(page: str) -> str:
    [secret] = re.findall(r"rmm_[0-9a-f]{64}", page)
    return str(secret)


def number_of(world: World) -> int | None:
    [token] = [each for each in world.accounts.credentials.values() if each.kind is Kind.CLIENT_TOKEN]
    return token.id


async def test_nobody_signs_in_first_and_comes_back(world: World) -> None:
    response = await world.browser().get(PAGE)
    assert (response.status_code, response.headers["location"]) == (303, "/login?next=%2Faccount%2Ftokens")
    for deed in ("", "/1/pair", "/1/regenerate", "/1/end"):
        assert error_of(await world.browser().submit(PAGE + deed)) == Code.NOT_SIGNED_IN


async def test_the_start_page_leads_there(world: World) -> None:
    assert f'href="{PAGE}"' in (await (await person(world)).get("/")).text


async def test_a_new_token_is_shown_once_and_in_no_address(world: World) -> None:
    browser = await person(world)
    secret = secret_on(await make(browser))
    assert (Kind.CLIENT_TOKEN, digest(secret)) in world.accounts.credentials
    later = (await browser.get(PAGE)).text
    assert secret not in later
    assert "Handheld" in later
    assert "never used" in later
    assert secret not in str(world.log.lines)


@pytest.mark.parametrize(
    ("level", "offered"), [(AccessLevel.VIEWER, 15), (AccessLevel.EDITOR, 18), (AccessLevel.ADMIN, 22)]
)
async def test_the_form_offers_the_scopes_that_one_has(world: World, level: AccessLevel, offered: int) -> None:
    await world.add("somebody", level=level)
    page = (await (await person(world, "somebody")).get(PAGE)).text
    assert len(re.findall(r'name="scopes"', page)) == offered + 1, "and access.grant"
    assert re.search(r'value="access.grant">', page), "never by default"
    assert re.findall(r'(\w+)" checked', page)[0] == "read", "the least of the presets"
    assert len(re.findall(r"checked", page)) == 1 + 9
    labels = words("".join(re.findall(r"<label><input.*?</label>", page, re.DOTALL)))
    assert "See your saves, states and screenshots assets.read" in labels


async def test_pairing_shows_a_code_to_type_and_the_same_to_scan(world: World) -> None:
    browser = await person(world)
    await make(browser)
    page = (await browser.submit(f"{PAGE}/{number_of(world)}/pair")).text
    [code] = re.findall(r'value="([A-Z]{4}-[A-Z]{4})"', page)
    scanned = f"{ORIGIN}/#pair={code.replace('-', '')}"
    assert qr_code.svg(scanned, f"QR code with the pairing code {code}") in page
    response = await world.program().post("/api/client-tokens/exchange", json={"code": code})
    assert response.status_code == 200
    assert code not in str(world.log.lines)


async def test_a_qr_code_needs_no_style_that_the_page_forbids() -> None:
    drawn = qr_code.svg("https://romm.test/#pair=BCDFGHJK", MARKUP)
    assert drawn.startswith("<svg ")
    assert " style=" not in drawn
    assert "<script" not in drawn


async def test_a_new_secret_is_shown_and_the_old_one_is_dead(world: World) -> None:
    browser = await person(world)
    old = secret_on(await make(browser))
    new = secret_on((await browser.submit(f"{PAGE}/{number_of(world)}/regenerate")).text)
    for secret, status in ((old, 401), (new, 200)):
        headers = {"authorization": f"Bearer {secret}"}
        assert (await world.program().get("/api/users/me", headers=headers)).status_code == status


async def test_ending_says_that_it_ended(world: World) -> None:
    browser = await person(world)
    await make(browser)
    response = await browser.submit(f"{PAGE}/{number_of(world)}/end")
    assert (response.status_code, response.headers["location"]) == (303, f"{PAGE}?notice=ended")
    page = words((await browser.get(response.headers["location"])).text)
    assert "The token is revoked." in page
    assert "You have none yet." in page


@pytest.mark.parametrize("deed", ["pair", "regenerate", "end"])
async def test_somebody_elses_token_is_not_there(world: World, deed: str) -> None:
    await world.add("vera")
    await make(await person(world, "vera"))
    browser = await person(world)
    response = await browser.submit(f"{PAGE}/{number_of(world)}/{deed}")
    assert response.headers["location"].startswith(f"{PAGE}?")
    assert error_of(response) == Code.CREDENTIAL_UNKNOWN
    page = html.unescape((await browser.get(response.headers["location"])).text)
    assert CATALOGUE[Code.CREDENTIAL_UNKNOWN].person in page


async def test_a_form_without_a_scope_is_explained(world: World) -> None:
    response = await (await person(world)).submit(PAGE, name="Handheld")
    assert error_of(response) == Code.SCOPES_INVALID


@pytest.mark.parametrize("deed", ["", "/1/pair", "/1/regenerate", "/1/end"])
async def test_another_site_makes_nobody_do_anything(world: World, deed: str) -> None:
    browser = await person(world)
    await make(browser)
    response = await browser.client.post(PAGE + deed, data={"name": "x"}, headers={"sec-fetch-site": "cross-site"})
    assert error_of(response) == Code.CROSS_SITE
    assert number_of(world) is not None


@pytest.mark.parametrize("deed", ["", "/1/pair", "/1/regenerate", "/1/end"])
async def test_a_token_changes_nothing_on_a_page(world: World, deed: str) -> None:
    headers = {"authorization": f"Bearer {secret_on(await make(await person(world), 'Writer', 'me.write'))}"}
    reader = world.browser(**headers)
    assert error_of(await reader.submit(PAGE + deed, name="x", scopes="me.read")) == Code.NOT_SIGNED_IN
    assert number_of(world) is not None


async def test_with_as_many_as_there_may_be_the_form_is_gone(world: World) -> None:
    browser = await person(world)
    for number in range(25):
        await make(browser, f"Handheld {number}")
    assert 'name="scopes"' not in (await browser.get(PAGE)).text


async def test_a_name_becomes_no_markup(world: World) -> None:
    browser = await person(world)
    assert MARKUP not in await make(browser, MARKUP)
    for page in (await browser.get(PAGE), await browser.submit(f"{PAGE}/{number_of(world)}/pair")):
        assert MARKUP not in page.text
        assert html.escape("<script>alert(1)") in page.text


async def test_the_page_loads_nothing_from_elsewhere(world: World) -> None:
    response = await (await person(world)).get(PAGE)
    assert response.headers["content-security-policy"].startswith(
        "default-src 'none'; style-src 'self'; img-src 'self';"
    )
    assert "style=" not in response.text


@pytest.mark.parametrize(
    ("access", "expected"),
    [("read", "only reads"), ("play", "never the account"), ("all", "all of the account"), ("chosen", "as ticked")],
)
async def test_what_a_token_may_do_is_chosen_with_one_click(world: World, access: str, expected: str) -> None:
    browser = await person(world)
    fields = {"name": "phone", "access": access, "expires_in": "90d", "scopes": "me.read"}
    assert (await browser.submit(PAGE, **fields)).status_code == 200
    [token] = [each for each in world.accounts.credentials.values() if each.kind is Kind.CLIENT_TOKEN]
    given = set(token.scopes)
    usual = set(scopes.granted(AccessLevel.VIEWER))
    assert (
        given
        == {
            "only reads": {scope for scope in usual if scope.endswith(".read")},
            "never the account": usual - {"me.write"},
            "all of the account": set(scopes.granted(AccessLevel.ADMIN)),
            "as ticked": {"me.read"},
        }[expected]
    )
