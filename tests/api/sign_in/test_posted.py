"""What another site posts here: authorization responses by form_post, and initiated logins."""

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from romm.domain.errors import Code
from tests.api.sign_in.test_openid import error_of
from tests.world import ORIGIN, Browser, World

CALLBACK, INITIATE = "/api/oauth/openid", "/api/login/initiate"
CROSS_SITE = {"origin": "https://idp.test", "sec-fetch-site": "cross-site", "cookie": ""}
"""As a browser sends another site's form: `SameSite=Lax` keeps our cookies back."""


async def posted(browser: Browser, path: str, fields: dict[str, str] | list[tuple[str, str]]) -> str:
    """Where the browser is sent after another site's form."""
    form = {**CROSS_SITE, "content-type": "application/x-www-form-urlencoded"}
    response = await browser.client.post(path, content=urlencode(fields), headers=form)
    assert response.status_code == 303
    assert response.headers["cache-control"] == "no-store"
    assert "set-cookie" not in response.headers
    return response.headers["location"]


async def test_a_response_by_form_post_signs_in(world: World) -> None:
    browser = world.browser()
    answer = dict(parse_qsl(await world.idp.approve(await browser.begin("/collection"))))
    location = await posted(browser, CALLBACK, answer)
    assert world.idp.received("/token") == [], "nothing is spent before the browser's own cookie is there"
    assert location.startswith(f"{CALLBACK}?")
    assert (await browser.get(location)).headers["location"] == "/collection"
    assert (await browser.me()).status_code == 200


async def test_an_error_by_form_post_is_explained(world: World) -> None:
    browser = world.browser()
    state = dict(parse_qsl(urlsplit(await browser.begin()).query))["state"]
    location = await posted(browser, CALLBACK, {"error": "access_denied", "state": state, "iss": world.idp.issuer})
    assert error_of(await browser.get(location)) == Code.ACCESS_DENIED


async def test_a_response_of_another_browser_opens_nothing_by_form_post_either(world: World) -> None:
    victim, attacker = world.browser(), world.browser()
    answer = dict(parse_qsl(await world.idp.approve(await attacker.begin())))
    location = await posted(victim, CALLBACK, answer)
    await victim.get(location)
    assert victim.session is None


async def test_only_what_is_known_is_carried_over(world: World) -> None:
    location = await posted(world.browser(), CALLBACK, {"state": "s", "code": "c", "id_token": "e30", "next": "//evil"})
    assert sorted(parse_qsl(urlsplit(location).query)) == [("code", "c"), ("state", "s")]


async def test_an_address_of_any_characters_stays_percent_encoded(world: World) -> None:
    location = await posted(world.browser(), f"{CALLBACK}/%C3%A9%0D%0Ax%3Fy", {"code": "c"})
    assert location == f"{CALLBACK}/%C3%A9%0D%0Ax%3Fy?code=c"


async def test_a_parameter_that_comes_twice_is_still_refused(world: World) -> None:
    location = await posted(world.browser(), CALLBACK, [("code", "a"), ("code", "b")])
    assert error_of(await world.browser().get(location)) == Code.RESPONSE_INVALID


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(urlencode({"code": "c" * 3000}), "application/x-www-form-urlencoded", id="too long for a proxy"),
        pytest.param('{"code": "c"}', "application/json", id="JSON"),
        pytest.param("code=c", "text/plain", id="text, which any site can send"),
        pytest.param("--", "multipart/form-data; boundary=", id="no boundary"),
    ],
)
async def test_a_body_that_cannot_be_carried_over_is_a_page_and_not_json(
    world: World, body: str, content_type: str
) -> None:
    response = await world.browser().client.post(
        CALLBACK, content=body, headers={**CROSS_SITE, "content-type": content_type}
    )
    assert error_of(response) == Code.RESPONSE_INVALID


async def test_neither_code_nor_state_is_in_the_log(world: World) -> None:
    browser = world.browser()
    await browser.get(await posted(browser, CALLBACK, {"code": "a-very-secret-code", "state": "a-very-secret-state"}))
    assert "a-very-secret" not in str(world.log.lines)


async def test_a_login_is_initiated_by_post_as_by_get(world: World) -> None:
    """OpenID Connect Core 1.0, 4: an initiator may send either."""
    browser = world.browser()
    said = {"iss": world.idp.issuer, "target_link_uri": f"{ORIGIN}/collection", "login_hint": "alice"}
    sent = await browser.get(await posted(browser, INITIATE, said))
    assert dict(parse_qsl(urlsplit(sent.headers["location"]).query))["login_hint"] == "alice"
    back = await browser.come_back(await world.idp.approve(sent.headers["location"]))
    assert back.headers["location"] == "/collection"


async def test_another_providers_form_leads_nowhere(world: World) -> None:
    location = await posted(world.browser(), INITIATE, {"iss": "https://other.test"})
    assert error_of(await world.browser().get(location)) == Code.INITIATION_ISSUER
