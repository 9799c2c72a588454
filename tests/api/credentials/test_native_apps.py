"""An app sends a person's browser here and gets its tokens: by a client that nobody here wrote, and step by step."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc6749 import OAuth2Token
from msgspec.structs import replace

from romm.domain.catalogue import CATALOGUE
from romm.domain.credentials.credential import Kind
from romm.domain.credentials.native_apps import CODE_LIFETIME, App
from romm.domain.digests import code_challenge
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.api.sign_in.test_openid import confirmed_first
from tests.world import ORIGIN, PASSWORD, Browser, World

METADATA = "/.well-known/oauth-authorization-server"
AUTHORIZE, TOKEN = "/api/authorize", "/api/token"
PRIVATE, LOOPBACK = "org.example.shelf:/callback", "http://127.0.0.1:51004/callback"
SHELF = App(name="Shelf", redirect_uris=(PRIVATE, "http://127.0.0.1/callback"))
VERIFIER = "v" * 43
GOOD = {
    "response_type": "code",
    "client_id": "Shelf",
    "redirect_uri": PRIVATE,
    "scope": "me.read roms.read roms.write",
    "state": "a & b",
    "code_challenge": code_challenge(VERIFIER),
    "code_challenge_method": "S256",
}
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


@pytest.fixture
async def house() -> World:
    """An instance that knows one app; vera is a viewer, keeper an admin."""
    world = World(apps=(SHELF,))
    await world.add("keeper", level=AccessLevel.ADMIN)
    await world.add("vera")
    return world


async def signed_in(world: World, username: str) -> Browser:
    browser = world.browser()
    await browser.submit("/api/login", username=username, password=PASSWORD)
    return browser


def asking(**changes: str) -> str:
    return f"{AUTHORIZE}?{urlencode(GOOD | changes)}"


def fields(page: httpx.Response) -> dict[str, str]:
    """What the form of the page sends."""
    assert page.status_code == 200
    return {html.unescape(name): html.unescape(value) for name, value in _HIDDEN.findall(page.text)}


async def decided(browser: Browser, decision: str, url: str = asking()) -> str:
    """Look at the page, decide; gives where the browser is sent."""
    response = await browser.submit(AUTHORIZE, **fields(await browser.get(url)), decision=decision)
    assert response.status_code == 303
    return response.headers["location"]


def told(location: str) -> dict[str, str]:
    return {name: value for name, [value] in parse_qs(urlsplit(location).query).items()}


async def redeem(world: World, given: str, **changes: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "code": given,
        "client_id": "Shelf",
        "redirect_uri": PRIVATE,
        "code_verifier": VERIFIER,
    }
    return await world.program().post(TOKEN, data=form | changes)


async def me(world: World, token: str) -> int:
    response = await world.program().get("/api/users/me", headers={"authorization": f"Bearer {token}"})
    return response.status_code


@asynccontextmanager
async def authlib(world: World, redirect_uri: str = LOOPBACK, scope: str = "me.read") -> AsyncIterator[Any]:
    transport = httpx.ASGITransport(world.app)
    async with AsyncOAuth2Client(
        client_id="Shelf",
        redirect_uri=redirect_uri,
        scope=scope,
        token_endpoint_auth_method="none",
        code_challenge_method="S256",
        transport=transport,
        base_url=ORIGIN,
    ) as client:
        yield client


@pytest.mark.parametrize("redirect_uri", [LOOPBACK, PRIVATE])
async def test_a_client_that_nobody_here_wrote_gets_its_tokens(house: World, redirect_uri: str) -> None:
    browser = await signed_in(house, "vera")
    async with authlib(house, redirect_uri) as client:
        metadata = (await client.request("GET", METADATA, withhold_token=True)).json()
        url, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=VERIFIER)
        back = await decided(browser, "allow", url)
        assert back.startswith(redirect_uri)
        token: OAuth2Token = await client.fetch_token(
            metadata["token_endpoint"], authorization_response=back, state=state, code_verifier=VERIFIER
        )
        assert (await client.get("/api/users/me")).json()["username"] == "vera"
        assert (await client.get("/api/users/me")).status_code == 200
        renewed = await client.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
        assert renewed["access_token"] != token["access_token"]
        assert (await client.get("/api/users/me")).status_code == 200


async def test_the_metadata_names_the_endpoint(house: World) -> None:
    found = (await house.program().get(METADATA)).json()
    assert found["authorization_endpoint"] == f"{ORIGIN}/api/authorize"
    assert found["response_types_supported"] == ["code"]
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["authorization_response_iss_parameter_supported"] is True
    assert "authorization_code" in found["grant_types_supported"]


async def test_without_apps_nothing_of_it_is_offered(world: World) -> None:
    found = (await world.program().get(METADATA)).json()
    assert "authorization_endpoint" not in found
    assert (await redeem(world, "x")).json()["error"] == "unsupported_grant_type"


async def test_a_person_who_is_not_signed_in_comes_back_from_single_sign_on(house: World) -> None:
    browser = house.browser()
    to_login = (await browser.get(asking())).headers["location"]
    [wanted] = parse_qs(urlsplit(to_login).query)["next"]
    page = await browser.get(to_login)
    assert html.escape(urlencode({"next": wanted})) in page.text

    back = (await browser.sign_in(wanted)).headers["location"]

    assert told(await decided(browser, "allow", back))["state"] == GOOD["state"]


async def test_a_person_sees_who_asks_for_what_and_decides_by_a_form_alone(house: World) -> None:
    page = await (await signed_in(house, "vera")).get(asking())
    text = html.unescape(re.sub(r"<[^>]+>", "", page.text))
    assert "Allow Shelf?" in text
    assert "vera" in text
    assert "See the games" in text
    before, _, after = text.partition("Permissions that your account does not have")
    assert "Add, change and delete games" not in before
    assert "Add, change and delete games" in after
    assert PRIVATE in text
    assert Kind.AUTHORIZATION_CODE not in {kind for kind, _ in house.credentials.stored}


@pytest.mark.parametrize(
    ("redirect_uri", "source"),
    [(PRIVATE, "org.example.shelf:"), (LOOPBACK, "http://127.0.0.1:51004")],
)
async def test_only_this_page_may_lead_to_the_app(house: World, redirect_uri: str, source: str) -> None:
    browser = await signed_in(house, "vera")
    policy = (await browser.get(asking(redirect_uri=redirect_uri))).headers["content-security-policy"]
    [targets] = re.findall(r"form-action ([^;]*)", policy)
    assert "'self'" in targets.split()
    assert source in targets.split()
    assert source not in (await browser.get("/")).headers["content-security-policy"]


async def test_the_app_hears_a_code_its_state_and_who_answers(house: World) -> None:
    answer = told(await decided(await signed_in(house, "vera"), "allow"))
    assert answer.keys() == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"]) == (GOOD["state"], ORIGIN)
    [allowed] = house.lines("native_app.allowed")
    assert allowed["client"] == "Shelf"


async def test_the_app_hears_a_no(house: World) -> None:
    location = await decided(await signed_in(house, "vera"), "deny")
    answer = told(location)
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", GOOD["state"], ORIGIN)
    assert location.startswith(f"{PRIVATE}?")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"response_type": "token"}, "unsupported_response_type", id="the implicit grant"),
        pytest.param({"code_challenge": ""}, "invalid_request", id="no PKCE"),
        pytest.param({"scope": "openid"}, "invalid_scope", id="a scope that is not here"),
    ],
)
async def test_the_app_hears_what_is_wrong_with_its_request(house: World, changes: dict[str, str], error: str) -> None:
    """Before anybody signs in, and again when the form says it."""
    read = await house.browser().get(asking(**changes))
    vera = await signed_in(house, "vera")
    sent = await vera.submit(AUTHORIZE, **(fields(await vera.get(asking())) | changes), decision="allow")
    for response in (read, sent):
        assert response.status_code == 303
        answer = told(response.headers["location"])
        assert (answer["error"], answer["state"], answer["iss"]) == (error, GOOD["state"], ORIGIN)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"client_id": "Other"}, Code.APP_UNKNOWN, id="another app"),
        pytest.param({"redirect_uri": "https://evil.test/"}, Code.APP_ADDRESS_UNKNOWN, id="another address"),
    ],
)
async def test_nothing_is_sent_to_an_address_that_is_nobodys(house: World, changes: dict[str, str], code: Code) -> None:
    vera = await signed_in(house, "vera")
    read = await vera.get(asking(**changes))
    sent = await vera.submit(AUTHORIZE, **(fields(await vera.get(asking())) | changes), decision="allow")
    for response in (read, sent):
        assert response.status_code == 400
        assert "location" not in response.headers
        assert html.escape(CATALOGUE[code].person, quote=False) in html.unescape(response.text)
        assert "evil.test" not in response.text
    assert {line["code"] for line in house.lines("refused")} == {code}


async def test_another_site_decides_nothing(house: World) -> None:
    vera = await signed_in(house, "vera")
    form = fields(await vera.get(asking())) | {"decision": "allow"}
    response = await vera.client.post(AUTHORIZE, data=form, headers={"sec-fetch-site": "cross-site"})
    assert response.status_code == 403
    assert Kind.AUTHORIZATION_CODE not in {kind for kind, _ in house.credentials.stored}


async def test_looking_decides_nothing_whatever_the_address_says(house: World) -> None:
    vera = await signed_in(house, "vera")
    assert (await vera.get(asking(decision="allow", account="2"))).status_code == 200
    assert house.lines("native_app.allowed") == []


@pytest.mark.parametrize("decision", ["", "yes"])
async def test_a_form_without_a_decision_decides_nothing(house: World, decision: str) -> None:
    vera = await signed_in(house, "vera")
    response = await vera.submit(AUTHORIZE, **fields(await vera.get(asking())), decision=decision)
    assert (response.status_code, Code.REQUEST_INVALID in response.text) == (400, True)


async def test_whoever_signed_in_meanwhile_is_asked_anew(house: World) -> None:
    vera, keeper = await signed_in(house, "vera"), await signed_in(house, "keeper")
    form = fields(await vera.get(asking()))
    for browser in (keeper, house.browser()):
        response = await browser.submit(AUTHORIZE, **form, decision="allow")
        assert (response.status_code, response.headers["location"]) == (303, f"{AUTHORIZE}?{urlencode(GOOD)}")


async def test_who_has_nothing_to_give_can_only_turn_the_app_away(house: World) -> None:
    vera = await signed_in(house, "vera")
    url = asking(scope="users.write")
    page = await vera.get(url)
    assert 'value="allow"' not in page.text
    assert told(await decided(vera, "allow", url))["error"] == "invalid_scope"
    assert told(await decided(vera, "deny", url))["error"] == "access_denied"


@pytest.mark.parametrize("name", ["<b>", "'\"><script>"])
async def test_nothing_in_a_request_becomes_markup(name: str) -> None:
    world = World(apps=(App(name=name, redirect_uris=(PRIVATE,)),))
    await world.add("keeper", level=AccessLevel.ADMIN)
    page = await (await signed_in(world, "keeper")).get(asking(client_id=name, state=name))
    assert name not in page.text
    assert fields(page)["state"] == name


async def test_tokens_have_what_the_person_gave_and_may_still_do(house: World) -> None:
    keeper = await signed_in(house, "keeper")
    code = told(await decided(keeper, "allow"))["code"]
    [owner] = [each for each in house.accounts.by_id.values() if each.username == "keeper"]
    house.accounts.by_id[owner.id] = replace(owner, level=AccessLevel.VIEWER)
    answer = (await redeem(house, code)).json()
    assert answer["scope"] == "me.read roms.read"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"code_verifier": "w" * 43}, id="another verifier"),
        pytest.param({"client_id": "Other"}, id="another app"),
        pytest.param({"redirect_uri": LOOPBACK}, id="another address"),
        pytest.param({"code": "x" * 43}, id="another code"),
    ],
)
async def test_a_code_is_for_who_asked_for_it(house: World, changes: dict[str, str]) -> None:
    code = told(await decided(await signed_in(house, "vera"), "allow"))["code"]
    refused = await redeem(house, code, **changes)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert refused.json()["code"] == Code.APP_CODE_INVALID


@pytest.mark.parametrize("name", ["code", "redirect_uri", "code_verifier"])
async def test_nothing_of_the_proof_may_be_missing(house: World, name: str) -> None:
    """R-81; RFC 7636, 4.5."""
    code = told(await decided(await signed_in(house, "vera"), "allow"))["code"]
    refused = await redeem(house, code, **{name: ""})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


async def test_a_code_lives_a_minute(house: World) -> None:
    code = told(await decided(await signed_in(house, "vera"), "allow"))["code"]
    house.clock.advance(CODE_LIFETIME - timedelta(microseconds=1))
    assert (await redeem(house, code)).status_code == 200
    late = told(await decided(await signed_in(house, "vera"), "allow"))["code"]
    house.clock.advance(CODE_LIFETIME)
    assert (await redeem(house, late)).json()["error"] == "invalid_grant"


async def test_a_code_that_comes_again_ends_what_it_gave(house: World) -> None:
    """RFC 6749, 4.1.2. What the person gave to another app at another time stays."""
    vera = await signed_in(house, "vera")
    first, second = told(await decided(vera, "allow"))["code"], told(await decided(vera, "allow"))["code"]
    one, other = (await redeem(house, first)).json(), (await redeem(house, second)).json()
    assert await me(house, one["access_token"]) == 200

    again = await redeem(house, first)

    assert (again.status_code, again.json()["error"], again.json()["code"]) == (
        400,
        "invalid_grant",
        Code.APP_CODE_REUSED,
    )
    assert await me(house, one["access_token"]) == 401
    refreshed = {"grant_type": "refresh_token", "refresh_token": one["refresh_token"], "client_id": "Shelf"}
    assert (await house.program().post(TOKEN, data=refreshed)).json()["error"] == "invalid_grant"
    assert await me(house, other["access_token"]) == 200
    [line] = house.lines("native_app.code_reused")
    assert line["client"] == "Shelf"


async def test_a_disabled_persons_code_gives_nothing(house: World) -> None:
    code = told(await decided(await signed_in(house, "vera"), "allow"))["code"]
    [vera] = [each for each in house.accounts.by_id.values() if each.username == "vera"]
    house.disable(vera)
    assert (await redeem(house, code)).json()["error"] == "invalid_grant"


async def test_a_code_opens_nothing_by_itself(house: World) -> None:
    code = told(await decided(await signed_in(house, "vera"), "allow"))["code"]
    assert await me(house, code) == 401
    assert code not in str(house.credentials.stored)


async def test_an_old_session_lets_no_app_in_before_the_proof_and_then_decides_anew(house: World) -> None:
    browser = await signed_in(house, "vera")
    house.clock.advance(timedelta(minutes=6))
    page = await browser.get(asking())
    assert "First confirm that it is you." in page.text
    assert confirmed_first(await browser.submit(AUTHORIZE, **fields(page), decision="allow")) == asking()
    assert Kind.AUTHORIZATION_CODE not in {kind for kind, _ in house.credentials.stored}
    confirmed = await browser.submit("/account/confirm", current_password=PASSWORD, next=asking())
    assert confirmed.headers["location"] == asking()
    assert "code" in told(await decided(browser, "allow"))


async def test_an_old_session_turns_an_app_away_without_a_proof(house: World) -> None:
    browser = await signed_in(house, "vera")
    house.clock.advance(timedelta(minutes=6))
    assert told(await decided(browser, "deny"))["error"] == "access_denied"


async def test_the_app_makes_the_token_that_it_keeps_minutes_after_the_consent(house: World) -> None:
    browser, url = await signed_in(house, "vera"), asking(scope="me.read me.write")
    pair = (await redeem(house, told(await decided(browser, "allow", url))["code"])).json()
    kept = {"name": "Shelf", "scopes": ["me.read"], "expires_in": "never"}
    header = {"authorization": f"Bearer {pair['access_token']}"}
    assert (await house.program().post("/api/client-tokens", json=kept, headers=header)).status_code == 201
    house.clock.advance(timedelta(minutes=6))
    late = await house.program().post("/api/client-tokens", json=kept, headers=header)
    assert (late.status_code, late.json()["code"]) == (403, Code.CONFIRMATION_REQUIRED)
