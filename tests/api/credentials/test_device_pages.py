"""What a person sees of a device that asks: who it is, what it wants, and that nothing happens by looking."""

import re
from datetime import timedelta
from urllib.parse import quote

import httpx
import pytest

from romm.api.pages.scope_words import WORDS
from romm.domain import scopes
from romm.domain.catalogue import CATALOGUE
from romm.domain.credentials import short_codes
from romm.domain.credentials.devices import LIFETIME
from romm.domain.errors import Code
from tests.api.credentials.devices import ask, bearer, init, poll, redeem, refused, signed_in
from tests.api.sign_in.test_pages import words
from tests.world import HTML, PASSWORD, Browser, World

LOOK_ONLY = "Only continue if you started this on a device in front of you"


async def explained(browser: Browser, response: httpx.Response) -> str:
    """The page that a refused person is sent to, as it is read."""
    assert response.status_code == 303
    page = await browser.get(response.headers["location"])
    assert page.status_code == 200
    return words(page.text)


async def decide(browser: Browser, user_code: str, decision: str, *ticked: str, **more: str) -> httpx.Response:
    """Send the form of the page; a browser sends a field once for each ticked box."""
    data = {"user_code": user_code, "decision": decision, "scopes": list(ticked)} | more
    return await browser.client.post("/pair", data=data, headers={"sec-fetch-site": "same-origin"})


def test_every_scope_has_words() -> None:
    assert tuple(sorted(WORDS)) == tuple(sorted((*scopes.ALL, scopes.GRANT_ACCESS)))
    assert len(set(WORDS.values())) == len(WORDS)


@pytest.mark.parametrize("path", ["/pair", "/pair/device"])
async def test_who_is_not_signed_in_signs_in_first_and_comes_back(world: World, path: str) -> None:
    asked = await init(world)
    await world.add("vera")
    browser, wanted = world.browser(), f"{path}?user_code={asked['user_code']}"

    away = await browser.get(wanted)
    assert (away.status_code, away.headers["location"]) == (303, f"/login?next={quote(wanted, safe='')}")
    back = await browser.submit("/api/login", username="vera", password=PASSWORD, next=wanted)

    assert back.headers["location"] == wanted
    assert "Handheld" in (await browser.get(wanted)).text


async def test_the_page_asks_for_the_code(world: World) -> None:
    page = await (await signed_in(world)).get("/pair")

    assert page.status_code == 200
    assert 'name="user_code"' in page.text
    assert LOOK_ONLY in words(page.text)


@pytest.mark.parametrize("typed", ["{0}", "{1}", " {2} "])
async def test_the_person_sees_who_asks_for_what_however_the_code_is_typed(world: World, typed: str) -> None:
    user_code = (await init(world))["user_code"]
    shown = short_codes.format_code(user_code)
    browser = await signed_in(world)

    page = await browser.client.get("/pair", params={"user_code": typed.format(user_code, shown, shown.lower())})

    read = words(page.text)
    for expected in ("Approve Handheld?", "Argosy 1.2", "android", "vera", shown, LOOK_ONLY, "expires in 10 minutes"):
        assert expected in read
    boxes = re.findall(r'type="checkbox" name="scopes" value="([^"]+)" checked', page.text)
    assert boxes == ["roms.read", "assets.write"]
    assert "permissions that your account does not have: Add, change and delete people, and their roles" in read
    assert 'name="expires_in"' in page.text


async def test_the_standards_shape_says_how_long_it_stays_in(world: World) -> None:
    asked = await ask(world)

    page = await (await signed_in(world)).get(f"/pair?user_code={asked['user_code']}")

    assert "Approve it again after 90 days, or after 7 days without use" in words(page.text)
    assert 'name="expires_in"' not in page.text


async def test_looking_decides_nothing(world: World) -> None:
    """R-78: not by GET, also with the complete address; RFC 8628, 5.4."""
    asked = await ask(world)
    browser = await signed_in(world)

    for query in ("", "&decision=approve&scopes=roms.read", "&notice=approved"):
        await browser.get(f"/pair?user_code={asked['user_code']}{query}")

    assert await refused(await poll(world, asked)) == (400, "authorization_pending")


async def test_letting_it_in_gives_what_was_ticked_and_nothing_else(world: World) -> None:
    asked = await init(world)
    browser = await signed_in(world)

    response = await decide(
        browser, asked["user_code"], "approve", "roms.read", device_name="Kitchen", expires_in="30d"
    )

    assert response.headers["location"] == "/pair?notice=approved"
    assert "You can go back to your device." in words((await browser.get("/pair?notice=approved")).text)
    token = (await redeem(world, asked)).json()
    assert token["scopes"] == ["roms.read"]
    assert token["expires_at"] is not None


async def test_turning_it_away(world: World) -> None:
    asked = await init(world)
    browser = await signed_in(world)

    response = await decide(browser, asked["user_code"], "deny")

    assert response.headers["location"] == "/pair?notice=denied"
    assert "The device was denied." in words((await browser.get("/pair?notice=denied")).text)
    assert await refused(await redeem(world, asked)) == (400, "access_denied")


async def test_a_form_without_a_decision_lets_nothing_in(world: World) -> None:
    asked = await init(world)

    await decide(await signed_in(world), asked["user_code"], "", "roms.read")

    assert await refused(await redeem(world, asked)) == (400, "access_denied")


@pytest.mark.parametrize(
    ("ticked", "code"), [((), Code.DEVICE_SCOPES_MISSING), (("me.read",), Code.DEVICE_SCOPES_EXCEEDED)]
)
async def test_a_choice_that_cannot_be_leads_back_to_it(world: World, ticked: tuple[str, ...], code: Code) -> None:
    asked = await init(world)
    browser = await signed_in(world)

    response = await decide(browser, asked["user_code"], "approve", *ticked)

    assert CATALOGUE[code].person in await explained(browser, response)
    again = (await browser.get(response.headers["location"])).text
    assert f'href="/pair?user_code={asked["user_code"]}"' in again
    assert await refused(await redeem(world, asked)) == (400, "authorization_pending")


@pytest.mark.parametrize("typed", ["BBBBBBBB", "nonsense", "<script>", "a" * 5_000, "ＢＣＤＦＧＨＪＫ"])
async def test_a_wrong_code_is_explained(world: World, typed: str) -> None:
    browser = await signed_in(world)

    response = await browser.client.get("/pair", params={"user_code": typed})

    page = await explained(browser, response)
    assert CATALOGUE[Code.DEVICE_CODE_UNKNOWN].person in page
    assert "Code on the device" in page


async def test_an_expired_code_and_a_decided_one_are_explained(world: World) -> None:
    asked, decided = await init(world), await init(world)
    browser = await signed_in(world)
    await decide(browser, decided["user_code"], "deny")

    late = await decide(browser, decided["user_code"], "approve", "roms.read")
    assert CATALOGUE[Code.DEVICE_CODE_DECIDED].person in await explained(browser, late)
    world.clock.advance(LIFETIME)
    for response in (
        await browser.get(f"/pair?user_code={asked['user_code']}"),
        await decide(browser, asked["user_code"], "approve", "roms.read"),
    ):
        assert CATALOGUE[Code.DEVICE_CODE_UNKNOWN].person in await explained(browser, response)


async def test_who_guesses_codes_is_told_to_wait(world: World) -> None:
    browser = await signed_in(world)
    for _ in range(20):
        await browser.get("/pair?user_code=BBBBBBBB")

    response = await browser.get("/pair?user_code=BBBBBBBB")

    assert CATALOGUE[Code.TOO_MANY_REQUESTS].person in await explained(browser, response)


async def test_another_site_cannot_send_the_form(world: World) -> None:
    asked = await init(world)
    browser = await signed_in(world)
    data = {"user_code": asked["user_code"], "decision": "approve", "scopes": "roms.read"}

    response = await browser.client.post("/pair", data=data, headers={"sec-fetch-site": "cross-site"})

    assert CATALOGUE[Code.CROSS_SITE].person in await explained(browser, response)
    assert await refused(await redeem(world, asked)) == (400, "authorization_pending")


@pytest.mark.parametrize("path", ["/pair", "/account/devices"])
async def test_the_pages_are_for_a_browser_with_a_session_alone(world: World, path: str) -> None:
    asked = await init(world)
    owner = await world.add("vera")
    data = {"user_code": asked["user_code"], "decision": "approve", "scopes": "roms.read"}
    headers = await bearer(world, owner, *scopes.ALL)
    for header in (headers, {"authorization": httpx.BasicAuth("vera", PASSWORD)._auth_header}):  # noqa: SLF001
        looked = await world.program().get(path, headers=HTML | header)
        sent = await world.program().post("/pair", data=data, headers=HTML | header)
        ended = await world.program().post("/account/devices/1/end", headers=HTML | header)
        for response in (looked, sent, ended):
            assert response.headers["location"].startswith("/login?")
    assert await refused(await redeem(world, asked)) == (400, "authorization_pending")


async def test_what_a_device_says_of_itself_is_text(world: World) -> None:
    markup = '"><script>alert(1)</script>'
    asked = await init(world, name=markup, client=markup, platform=markup, client_version=markup)
    browser = await signed_in(world)

    page = await browser.get(f"/pair?user_code={asked['user_code']}")
    await decide(browser, asked["user_code"], "approve", "roms.read")
    listed = await browser.get("/account/devices")

    assert (page.text + listed.text).count("<script>") == 2, "our own"
    assert markup in words(listed.text)


async def test_a_page_is_not_led_away_by_its_address(world: World) -> None:
    page = await world.browser().get("/pair/refused?error=device_scopes_missing&next=//evil.test/pair%3F")

    assert "evil.test" not in page.text
    assert "Show the device again" not in page.text


async def test_an_error_page_needs_nobody_and_repeats_no_text_of_others(world: World) -> None:
    page = await world.browser().get("/pair/refused?error=<b>nonsense&ref=<b>")

    assert page.status_code == 200
    assert "nonsense" not in page.text


async def test_the_list_shows_each_device_and_ends_it(world: World) -> None:
    browser = await signed_in(world)
    asked = await init(world)
    assert "You have not approved a device yet." in words((await browser.get("/account/devices")).text)
    await decide(browser, asked["user_code"], "approve", "roms.read", device_name="Kitchen")
    assert "no longer signed in" in words((await browser.get("/account/devices")).text)
    await redeem(world, asked)

    page = await browser.get("/account/devices")
    read = words(page.text)
    assert "Kitchen" in read
    assert "Argosy 1.2 on android" in read
    assert f"last used {world.clock():%Y-%m-%d %H:%M} UTC" in read
    ended = await browser.submit(re.findall(r'action="(/account/devices/\d+/end)"', page.text)[0])

    assert ended.headers["location"] == "/account/devices?notice=ended"
    assert "Its tokens no longer work." in words((await browser.get("/account/devices?notice=ended")).text)
    assert not [each for each in world.credentials.stored.values() if each.device_id]


async def test_ending_somebody_elses_device_is_explained(world: World) -> None:
    asked = await init(world)
    await decide(await signed_in(world), asked["user_code"], "approve", "roms.read")
    other = await signed_in(world, "edith")

    response = await other.submit("/account/devices/1/end")

    assert CATALOGUE[Code.DEVICE_UNKNOWN].person in await explained(other, response)
    assert 1 in world.devices.by_id


async def test_a_device_that_waits_shows_its_age(world: World) -> None:
    asked = await init(world)
    browser = await signed_in(world)
    for minutes, text in ((1, "a minute ago; expires in 9 minutes"), (9, "9 minutes ago; expires in 1 minute")):
        world.clock.now = world.devices.authorizations[next(iter(world.devices.authorizations))].created_at + timedelta(
            minutes=minutes
        )
        assert text in words((await browser.get(f"/pair?user_code={asked['user_code']}")).text)


async def test_home_leads_to_devices(world: World) -> None:
    page = (await (await signed_in(world)).get("/")).text

    assert 'href="/pair"' in page
    assert 'href="/account/devices"' in page
