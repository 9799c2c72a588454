"""Signing in with a password and signing out, over HTTP."""

import asyncio
import base64
import html
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from msgspec.structs import replace

from romm.domain.catalogue import CATALOGUE
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel
from tests.api.http.test_headers import cookies_of
from tests.api.sign_in.test_openid import error_of
from tests.api.sign_in.test_pages import words
from tests.factories import new_account
from tests.fake_provider import BROKEN
from tests.fakes import FakeCredentials
from tests.world import ORIGIN, PASSWORD, Browser, World, environment

Door = Callable[[World, str, str], Awaitable[httpx.Response]]

ENDING = {"OIDC_RP_INITIATED_LOGOUT": "true", "OIDC_POST_LOGOUT_REDIRECT_URI": f"{ORIGIN}/login"}
STRAIGHT = {"OIDC_AUTOLOGIN": "true"}


async def by_json(world: World, username: str, password: str) -> httpx.Response:
    return await world.program().post("/api/login", json={"username": username, "password": password})


async def by_form(world: World, username: str, password: str) -> httpx.Response:
    return await world.program().post("/api/login", data={"username": username, "password": password})


async def by_basic(world: World, username: str, password: str) -> httpx.Response:
    return await world.program().post("/api/login", auth=(username, password))


async def by_page(world: World, username: str, password: str) -> httpx.Response:
    return await world.browser().submit("/api/login", username=username, password=password)


async def by_header(world: World, username: str, password: str) -> httpx.Response:
    return await world.program().get("/api/users/me", auth=(username, password))


PROGRAMS = [by_json, by_form, by_basic]


def outline(response: httpx.Response) -> tuple[int, str, str]:
    """All that a stranger sees, but for the reference, which differs in every answer."""
    reference = response.headers["x-correlation-id"]
    seen = response.status_code, str(response.headers.multi_items()), response.text
    return seen[0], seen[1].replace(reference, "…"), seen[2].replace(reference, "…")


async def add_strangers(world: World) -> None:
    """`gone` is disabled, `sso` came by single sign-on and has no password."""
    gone = await world.add("gone")
    world.accounts.by_id[gone.id] = replace(gone, enabled=False)
    await world.accounts.create(new_account("sso"), world.clock())


@pytest.fixture(scope="module")
def standing_house() -> World:
    """An instance for tests that only knock: making one takes longer than asking it."""
    world = World()
    asyncio.run(world.add("keeper", level=AccessLevel.ADMIN))
    asyncio.run(add_strangers(world))
    return world


@pytest.fixture
def house(standing_house: World) -> World:
    """The same for every test, but for the wrong passwords of the one before."""
    standing_house.throttles.counted.clear()
    return standing_house


async def signed_in(world: World) -> Browser:
    browser = world.browser()
    await browser.submit("/api/login", username="keeper", password=PASSWORD)
    return browser


@pytest.mark.parametrize("door", PROGRAMS)
async def test_a_program_gets_null_and_a_session(world: World, door: Door) -> None:
    response = await door(world, "keeper", PASSWORD)
    assert (response.status_code, response.json()) == (200, None)
    async with world.program() as program:
        program.cookies = response.cookies
        assert (await program.get("/api/users/me")).json()["username"] == "keeper"


@pytest.mark.parametrize("typed", ["KEEPER", "Keeper", "ｋｅｅｐｅｒ"])
async def test_a_user_name_is_found_however_it_is_written(house: World, typed: str) -> None:
    assert (await by_json(house, typed, PASSWORD)).status_code == 200


async def test_the_form_of_the_page_goes_on_to_where_the_person_wanted(world: World) -> None:
    browser = world.browser()
    response = await browser.submit("/api/login", username="keeper", password=PASSWORD, next="/collection?page=2")
    assert (response.status_code, response.headers["location"]) == (303, "/collection?page=2")
    assert (await browser.me()).json()["username"] == "keeper"


@pytest.mark.parametrize(
    ("base_url", "origin", "kept"),
    [
        pytest.param("https://romm.test", "http://romm.test", False, id="a browser at plain http"),
        pytest.param("https://romm.test", "http://192.0.2.7:8080", False, id="past the proxy"),
        pytest.param("https://romm.test", "https://romm.test", True, id="https"),
        pytest.param("https://romm.test", "http://localhost:8080", True, id="this machine"),
        pytest.param("https://romm.test", "http://127.0.0.1:8080", True, id="this machine by number"),
        pytest.param("https://romm.test", "http://[::1]:8080", True, id="this machine by its longer number"),
        pytest.param("http://romm.lan", "http://romm.lan", True, id="http is what the operator wants"),
    ],
)
async def test_a_browser_that_would_drop_the_session_is_told_instead(base_url: str, origin: str, kept: bool) -> None:
    """RFC 6265bis, 5.7: over plain http a `Secure` cookie is ignored, and nobody would say why."""
    world = World(environ={"ROMM_BASE_URL": base_url})
    await world.add("keeper")
    form = {"username": "keeper", "password": PASSWORD}
    headers = {"origin": origin, "host": origin.partition("://")[2]}
    answer = await world.browser().client.post("/api/login", data=form, headers=headers)
    assert answer.status_code == 303
    assert (f"error={Code.BROWSER_WITHOUT_TLS}" in answer.headers["location"]) is not kept
    as_program = await world.program().post("/api/login", json=form, headers=headers)
    assert as_program.status_code == 200


@pytest.mark.parametrize("header", ["Basic cHJveHk6c2VjcmV0", "Bearer wrong"])
async def test_the_page_signs_in_whoever_the_form_names_and_not_a_header_for_a_proxy(world: World, header: str) -> None:
    browser = world.browser(authorization=header)
    response = await browser.submit("/api/login", username="keeper", password=PASSWORD)
    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert browser.session


@pytest.mark.parametrize("header", ["Bearer expired", "session"])
async def test_a_program_signs_in_beside_a_header_that_is_no_password(world: World, header: str) -> None:
    form, headers = {"username": "keeper", "password": PASSWORD}, {"authorization": header}
    assert (await world.program().post("/api/login", headers=headers, json=form)).status_code == 200
    assert (await world.program().post("/api/login", headers=headers, data=form)).status_code == 200


async def test_signing_in_again_ends_the_session_that_the_browser_had(world: World) -> None:
    browser = await signed_in(world)
    before = {"cookie": f"__Host-romm_session={browser.session}"}
    assert (await world.program().get("/api/users/me", headers=before)).status_code == 200
    await browser.submit("/api/login", username="keeper", password=PASSWORD)
    assert (await world.program().get("/api/users/me", headers=before)).status_code == 401
    assert (await browser.me()).status_code == 200


async def test_a_wrong_password_on_the_page_keeps_the_target_and_tells_no_more_than_a_code(world: World) -> None:
    response = await world.browser().submit("/api/login", username="keeper", password="wrong", next="/collection")
    assert error_of(response) == Code.CREDENTIALS_WRONG
    assert "next=%2Fcollection" in response.headers["location"]
    assert "keeper" not in response.headers["location"]


@pytest.mark.parametrize("door", [*PROGRAMS, by_page, by_header])
async def test_whoever_may_not_come_in_gets_one_and_the_same_answer(house: World, door: Door) -> None:
    """R-33."""
    tries = [("keeper", "wrong password"), ("nobody", PASSWORD), ("gone", PASSWORD), ("sso", PASSWORD), ("sso", "")]
    answers = [outline(await door(house, *each)) for each in tries]
    assert len(set(answers)) == 1, answers
    assert Code.CREDENTIALS_WRONG in "".join(answers[0][1:])
    assert "romm_session" not in answers[0][1]
    assert answers[0][0] == (303 if door is by_page else 401)


async def test_what_was_wrong_stands_in_the_log(world: World) -> None:
    await add_strangers(world)
    for username in ("keeper", "nobody", "gone", "sso"):
        await by_json(world, username, "wrong password" if username == "keeper" else PASSWORD)
    reasons = [line["facts"]["reason"] for line in world.lines("refused")]
    assert reasons == [
        "wrong password",
        "no such account",
        "the account is disabled",
        "the account has no password",
    ]
    assert PASSWORD not in str(world.log.lines)


async def test_with_passwords_off_every_door_is_closed_for_right_and_wrong_alike() -> None:
    """R-30."""
    world = World({"DISABLE_USERPASS_LOGIN": "true"})
    await world.add("keeper", level=AccessLevel.ADMIN)
    tries = [("keeper", PASSWORD), ("keeper", "wrong password"), ("nobody", PASSWORD)]
    for door in (*PROGRAMS, by_page, by_header):
        answers = [outline(await door(world, *each)) for each in tries]
        assert len(set(answers)) == 1, answers
        assert Code.PASSWORDS_OFF in "".join(answers[0][1:])
        assert "romm_session" not in answers[0][1]
    assert world.accounts.credentials == {}


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("a" * 200, id="200 characters"),
        pytest.param("🗝️🏮🏚️👻" * 4, id="emoji"),
        pytest.param("a:b::c:d", id="colons, which Basic also uses"),
        pytest.param("  blanks around  ", id="blanks"),
        pytest.param("a+b&c=d%20;e", id="what forms encode"),
        pytest.param("\"quoted\\'", id="quotes"),
    ],
)
async def test_a_password_arrives_as_it_was_typed(house: World, password: str) -> None:
    """R-35."""
    typist = f"typist-{len(house.accounts.by_id)}"
    await house.accounts.create(new_account(typist, password_hash=f"hash of {password}"), house.clock())
    for door in (*PROGRAMS, by_header):
        assert (await door(house, typist, password)).status_code == 200
    assert (await by_page(house, typist, password)).headers["location"] == "/"


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("é" * 40 + "a" * 40, id="another character after the 72nd byte"),
        pytest.param("é" * 40, id="only the beginning"),
        pytest.param("é" * 40 + "b" * 40 + " ", id="a blank too many"),
        pytest.param("É" * 40 + "B" * 40, id="capitals"),
        pytest.param("e\u0301" * 40 + "b" * 40, id="other code points that look the same"),
    ],
)
async def test_a_password_is_compared_exactly(house: World, typed: str) -> None:
    """R-35."""
    password = "é" * 40 + "b" * 40
    typist = f"typist-{len(house.accounts.by_id)}"
    await house.accounts.create(new_account(typist, password_hash=f"hash of {password}"), house.clock())
    for door in PROGRAMS:
        assert (await door(house, typist, password)).status_code == 200
        assert (await door(house, typist, typed)).status_code == 401


async def in_pieces() -> AsyncIterator[bytes]:
    for _ in range(16):
        yield b"x" * 65_536


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"json": {"username": "keeper", "password": "x" * 1_000_000}}, id="json"),
        pytest.param({"data": {"username": "keeper", "password": "x" * 1_000_000}}, id="form"),
        pytest.param({"files": {"password": (None, "x" * 1_000_000)}}, id="multipart"),
        pytest.param({"content": in_pieces, "headers": {"content-type": "application/json"}}, id="without a length"),
    ],
)
async def test_a_megabyte_is_refused_before_anybody_hashes_it(house: World, body: dict) -> None:
    """R-35: a 4xx problem, never a 500."""
    sent = body | ({"content": in_pieces()} if "content" in body else {})
    before = list(house.sign_ins.entries)
    response = await house.program().post("/api/login", **sent)
    assert response.status_code in (400, 413)
    assert response.json()["code"] == Code.REQUEST_INVALID
    assert house.sign_ins.entries == before, "nobody compared it with a password"


@pytest.mark.parametrize(
    ("password", "status"), [("", 401), ("x", 401), ("None", 401), (PASSWORD, 401), (None, 400), ([], 400), ({}, 400)]
)
async def test_an_account_of_single_sign_on_has_no_password_that_works(
    house: World, password: object, status: int
) -> None:
    """R-37."""
    response = await house.program().post("/api/login", json={"username": "sso", "password": password})
    assert response.status_code == status


def base64_of(text: bytes) -> str:
    return base64.b64encode(text).decode()


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("", id="nothing"),
        pytest.param("Basic", id="no credentials"),
        pytest.param("Basic ", id="empty credentials"),
        pytest.param("Basic !!!", id="not Base64"),
        pytest.param("Basic a2VlcGVy=", id="wrong padding"),
        pytest.param(f"Basic {base64_of(b'keeper')}", id="no colon"),
        pytest.param(f"Basic {base64_of(bytes([255, 58, 255]))}", id="not UTF-8"),
        pytest.param(f"Basic {base64_of(b':')}", id="both empty"),
        pytest.param(f"Basic {base64_of(b'keeper:' + bytes(1))}", id="a NUL"),
        pytest.param(f"Basic {base64_of(b'keeper:x')} {base64_of(b'keeper:x')}", id="two"),
        pytest.param("Basic é", id="not ASCII"),
        pytest.param("Bearer abc", id="another scheme"),
        pytest.param(f"Bearer {base64_of(f'keeper:{PASSWORD}'.encode())}", id="the right ones under another scheme"),
        pytest.param(f"Basic !{base64_of(f'keeper:{PASSWORD}'.encode())}", id="the right ones and a stray character"),
        pytest.param("Digest username=keeper", id="a third scheme"),
    ],
)
async def test_reading_a_basic_header_is_total(house: World, header: str) -> None:
    """R-83; at the sign-in and at a route that needs somebody."""
    for method, path in (("POST", "/api/login"), ("GET", "/api/users/me")):
        headers = {b"authorization": header.encode()}
        response = await house.program().request(method, path, headers=headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"]
    assert house.lines("unexpected") == []


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC", "Basic  "])
async def test_the_scheme_is_read_in_any_case(house: World, scheme: str) -> None:
    """RFC 7617, 2: case-insensitive."""
    credentials = base64_of(f"keeper:{PASSWORD}".encode())
    response = await house.program().post("/api/login", headers={"authorization": f"{scheme} {credentials}"})
    assert response.status_code == 200


async def test_every_sign_in_has_a_session_of_its_own(house: World) -> None:
    """R-16, R-17: 256 random bits are 43 characters."""
    sessions = {(await signed_in(house)).session or "" for _ in range(20)}
    assert len(sessions) == 20
    assert {len(session) for session in sessions} == {43}


@pytest.mark.parametrize("brought", ["invented", "x" * 10_000, ""], ids=["invented", "10 kB", "empty"])
async def test_a_session_that_somebody_else_chose_is_not_adopted(house: World, brought: str) -> None:
    """R-16."""
    browser = house.browser()
    browser.client.cookies.set("__Host-romm_session", brought, domain="romm.test")
    response = await browser.submit("/api/login", username="keeper", password=PASSWORD)
    [session] = [cookie for cookie in cookies_of(response) if cookie.startswith("__Host-romm_session=")]
    assert f"__Host-romm_session={brought};" not in session
    victim = house.browser()
    victim.client.cookies.set("__Host-romm_session", brought, domain="romm.test")
    assert (await victim.me()).status_code == 401


async def test_signing_in_once_more_gives_another_session(house: World) -> None:
    """R-16."""
    browser = await signed_in(house)
    before = browser.session
    await browser.submit("/api/login", username="keeper", password=PASSWORD)
    assert browser.session not in (None, before)


async def test_signing_out_ends_the_session_on_the_server_and_clears_the_cookie(world: World) -> None:
    browser = await signed_in(world)
    stolen = world.browser()
    stolen.client.cookies.update(browser.client.cookies)
    response = await browser.submit("/api/logout")
    assert (response.status_code, response.headers["location"]) == (303, "/login?notice=signed_out")
    assert browser.session is None
    assert (await stolen.me()).status_code == 401
    assert {kind for kind, _ in world.accounts.credentials} == {Kind.DEVICE_COOKIE}


async def test_signing_out_here_leaves_the_other_devices_alone(house: World) -> None:
    here, there = await signed_in(house), await signed_in(house)
    await here.submit("/api/logout")
    assert (await there.me()).status_code == 200


async def test_a_program_that_signs_out_gets_null(house: World) -> None:
    program = house.program()
    await program.post("/api/login", json={"username": "keeper", "password": PASSWORD})
    response = await program.post("/api/logout", headers={"origin": ORIGIN})
    assert (response.status_code, response.json()) == (200, None)
    assert "__Host-romm_session" not in program.cookies
    assert (await program.get("/api/users/me")).status_code == 401


@pytest.mark.parametrize("brought", [None, "invented"])
async def test_signing_out_without_a_session_is_no_error(house: World, brought: str | None) -> None:
    browser = house.browser()
    if brought:
        browser.client.cookies.set("__Host-romm_session", brought, domain="romm.test")
    assert (await browser.submit("/api/logout")).headers["location"] == "/login?notice=signed_out"


class FullCredentials(FakeCredentials):
    """On a full disk nothing can be taken out either."""

    async def take(self, kind: Kind, digest: str) -> Credential | None:
        raise Refused(Code.STORAGE_UNAVAILABLE, problem="database or disk is full")


def full(world: World) -> World:
    """The instance after its disk filled up."""
    world.serve(credentials=FullCredentials(world.accounts, world.clock))
    return world


async def test_with_a_full_disk_a_browser_is_signed_out_all_the_same(world: World) -> None:
    browser = await signed_in(full(world))
    response = await browser.submit("/api/logout")
    assert error_of(response) == Code.SESSION_NOT_ENDED
    assert browser.session is None
    assert (await browser.me()).status_code == 401
    assert CATALOGUE[Code.SESSION_NOT_ENDED].person in html.unescape(
        (await browser.get(response.headers["location"])).text
    )


async def test_with_a_full_disk_a_program_hears_that_its_session_lives_on(world: World) -> None:
    program = full(world).program()
    await program.post("/api/login", json={"username": "keeper", "password": PASSWORD})
    answer = await program.post("/api/logout", headers={"sec-fetch-site": "same-origin"})
    assert (answer.status_code, answer.json()["code"]) == (503, Code.SESSION_NOT_ENDED)
    assert "__Host-romm_session" not in program.cookies


class BrokenCredentials(FakeCredentials):
    """An error that is no refusal."""

    async def take(self, kind: Kind, digest: str) -> Credential | None:
        raise AssertionError


async def test_a_mistake_of_ours_keeps_no_browser_signed_in(world: World) -> None:
    """R-40."""
    world.serve(credentials=BrokenCredentials(world.accounts, world.clock))
    browser = await signed_in(world)
    assert error_of(await browser.submit("/api/logout")) == Code.UNEXPECTED
    assert browser.session is None


async def test_another_site_signs_no_browser_out(world: World) -> None:
    """R-39, R-40."""
    browser = await signed_in(world)
    await browser.client.post("/api/logout", headers={"sec-fetch-site": "cross-site"})
    assert (await browser.me()).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_only_a_post_signs_out(house: World, method: str) -> None:
    """R-40: a link or an image of another site has no effect."""
    browser = await signed_in(house)
    assert (await browser.client.request(method, "/api/logout")).status_code in (204, 405)
    assert (await browser.me()).status_code == 200


@pytest.mark.parametrize("wanted", [True, False], ids=["signing out there too", "signing out here alone"])
async def test_an_id_token_is_kept_only_for_signing_out_at_the_provider(wanted: bool) -> None:
    world = World({"OIDC_RP_INITIATED_LOGOUT": str(wanted).lower()})
    await world.browser().sign_in()
    [session] = world.accounts.credentials.values()
    assert (session.sealed_id_token is not None) is wanted


async def test_the_providers_session_is_ended_with_the_token_that_opened_ours() -> None:
    """R-41; OpenID Connect RP-Initiated Logout 1.0, 2."""
    world = World(ENDING)
    browser = world.browser()
    await browser.sign_in()
    response = await browser.submit("/api/logout")
    there = urlsplit(response.headers["location"])
    sent = dict(parse_qsl(there.query))
    [stored] = [token for token in [sent.pop("id_token_hint")] if token.count(".") == 2]
    assert response.status_code == 303
    assert f"{there.scheme}://{there.netloc}{there.path}" == f"{world.idp.issuer}/end_session"
    assert len(sent.pop("state")) >= 22, "128 random bits"
    assert sent == {"client_id": "romm", "post_logout_redirect_uri": f"{ORIGIN}/login"}
    assert stored not in str(world.log.lines)
    assert (await browser.me()).status_code == 401


async def test_the_way_back_from_the_provider_ends_on_a_page_that_says_so() -> None:
    """R-41, R-54: the provider returns with `state`, and nobody is signed in again at once."""
    world = World(ENDING | STRAIGHT)
    browser = world.browser()
    await browser.sign_in()
    there = (await browser.submit("/api/logout")).headers["location"]
    async with httpx.AsyncClient(transport=world.idp.transport) as provider:
        back = (await provider.get(there)).headers["location"]
    page = await browser.get(back)
    assert page.status_code == 200
    assert "You are signed out, here and at Authelia." in words(page.text)
    assert "may still be signed in" not in page.text


@pytest.mark.parametrize("query", ["notice=signed_out", "state=another", "state="])
async def test_signing_out_here_is_all_that_is_known_without_the_state(query: str) -> None:
    """R-41: the provider did not say that it signed the person out."""
    browser = World(ENDING).browser()
    await browser.sign_in()
    await browser.submit("/api/logout")
    page = words((await browser.get(f"/login?{query}")).text)
    assert "You are signed out. You may still be signed in at Authelia" in page


@pytest.mark.parametrize("query", ["notice=signed_out", "state=abc", "state="])
async def test_no_link_makes_the_page_say_that_a_person_signed_out(world: World, query: str) -> None:
    page = words((await world.browser().get(f"/login?{query}")).text)
    assert "signed out" not in page
    assert "Sign in with" in page


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "You are signed in as alice."),
        ("notice=signed_out", "You are still signed in as alice."),
        ("state=abc", "You are still signed in as alice."),
        ("notice=set_up", "You are signed in as alice."),
        ("error=access_denied", "You are signed in as alice."),
    ],
)
async def test_a_person_who_is_signed_in_reads_so(query: str, says: str) -> None:
    """R-54: automatic sign-in has nothing to do either."""
    browser = World(STRAIGHT).browser()
    await browser.sign_in()
    page = await browser.get(f"/login?next=/account&{query}")
    assert page.status_code == 200
    assert says in words(page.text)
    assert not [lie for lie in ("signed out", "not signed in", "is set up") if lie in words(page.text)]
    assert 'href="/account">Continue' in page.text


async def test_a_session_that_is_over_is_none_on_the_sign_in_page(world: World) -> None:
    browser = world.browser()
    browser.client.cookies.set("__Host-romm_session", "invented", domain="romm.test")
    assert "signed in as" not in (await browser.get("/login")).text


async def test_the_answer_that_clears_the_cookies_fits_into_a_proxys_buffer() -> None:
    """R-40, R-41: nginx holds a head of 4 kB (`proxy_buffer_size 4k`), however many groups a person is in."""
    world = World(ENDING)
    world.idp.claims["groups"] = ["romm-admins", *(f"3f2b6a1c-0000-4000-8000-{n:012d}" for n in range(300))]
    browser = world.browser()
    await browser.sign_in()
    answer = await browser.submit("/api/logout")
    assert sum(len(name) + len(value) + 4 for name, value in answer.headers.raw) < 4096 - 600
    sent = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert (sent["client_id"], sent["logout_hint"], "id_token_hint" in sent) == ("romm", "alice", False)
    assert browser.session is None


async def test_a_key_that_is_gone_does_not_strand_the_person() -> None:
    """R-41: the provider would refuse the hint."""
    world = World(ENDING)
    browser = world.browser()
    await browser.sign_in()
    world.idp.rotate()
    world.clock.advance(timedelta(hours=2))
    sent = dict(parse_qsl(urlsplit((await browser.submit("/api/logout")).headers["location"]).query))
    assert (sent["logout_hint"], "id_token_hint" in sent) == ("alice", False)


async def test_a_session_of_the_former_provider_tells_the_new_one_nothing() -> None:
    """R-41."""
    world = World(ENDING)
    browser = world.browser()
    await browser.sign_in()
    world.idp.issuer = "https://new.test"
    world.reconfigure(environment(world.idp.issuer, **ENDING))
    moved = world.browser()
    moved.client.cookies = browser.client.cookies
    there = urlsplit((await moved.submit("/api/logout")).headers["location"])
    assert there.netloc == "new.test"
    assert set(dict(parse_qsl(there.query))) == {"client_id", "post_logout_redirect_uri", "state"}


async def test_a_program_is_told_where_the_providers_session_ends() -> None:
    """R-41."""
    world = World(ENDING)
    browser = world.browser()
    await browser.sign_in()
    program = world.program()
    program.cookies = browser.client.cookies
    response = await program.post("/api/logout", headers={"sec-fetch-site": "same-origin"})
    assert response.status_code == 200
    assert list(response.json()) == ["oidc_logout_url"]
    assert response.json()["oidc_logout_url"].startswith(f"{world.idp.issuer}/end_session?id_token_hint=")


async def test_the_operators_end_session_endpoint_wins_and_keeps_its_query() -> None:
    """R-41."""
    world = World(ENDING | {"OIDC_END_SESSION_ENDPOINT": "https://idp.test/custom?tenant=1"})
    browser = world.browser()
    await browser.sign_in()
    location = (await browser.submit("/api/logout")).headers["location"]
    assert location.startswith("https://idp.test/custom?tenant=1&id_token_hint=")


async def test_no_return_address_is_sent_that_the_operator_did_not_set() -> None:
    """R-41: a provider refuses one that is not registered there."""
    world = World({"OIDC_RP_INITIATED_LOGOUT": "true"})
    browser = world.browser()
    await browser.sign_in()
    there = urlsplit((await browser.submit("/api/logout")).headers["location"])
    assert set(dict(parse_qsl(there.query))) == {"id_token_hint", "client_id"}


async def test_a_provider_without_the_endpoint_leaves_it_at_signing_out_here() -> None:
    """R-41."""
    world = World(ENDING | {"OIDC_PROVIDER": "google"})
    world.idp.alter_metadata = lambda metadata: metadata.pop("end_session_endpoint")
    browser = world.browser()
    await browser.sign_in()
    assert (await browser.submit("/api/logout")).headers["location"] == "/login?notice=signed_out"


async def test_a_session_by_password_has_nothing_to_end_at_the_provider() -> None:
    """R-41."""
    world = World(ENDING)
    await world.add("keeper", level=AccessLevel.ADMIN)
    browser = await signed_in(world)
    await world.browser().begin()  # the provider's endpoint is known
    assert (await browser.submit("/api/logout")).headers["location"] == "/login?notice=signed_out"


@pytest.mark.parametrize("restarted", [False, True], ids=["still known", "after a restart"])
async def test_our_session_ends_also_when_the_provider_is_down(restarted: bool) -> None:
    """R-40."""
    world = World(ENDING)
    browser = world.browser()
    await browser.sign_in()
    world.idp.instead |= dict.fromkeys(("discovery", "end_session", "jwks", "token"), BROKEN)
    if restarted:
        world.reconfigure(environment(world.idp.issuer, **ENDING))
    cookies = browser.client.cookies
    browser = world.browser()
    browser.client.cookies = cookies
    response = await browser.submit("/api/logout")
    assert response.status_code == 303
    assert response.headers["location"].startswith("/login" if restarted else world.idp.issuer)
    assert (await browser.me()).status_code == 401
    assert world.accounts.credentials == {}


async def test_with_autologin_the_page_is_skipped_and_the_target_kept() -> None:
    """R-54."""
    response = await World(STRAIGHT).browser().get("/login?next=/collection")
    assert (response.status_code, response.headers["location"]) == (303, "/api/login/openid?next=%2Fcollection")


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("error=access_denied", id="after an error"),
        pytest.param("error=invented", id="after an error of another version"),
        pytest.param("notice=signed_out", id="after signing out"),
        pytest.param("notice=set_up", id="after setting up"),
        pytest.param("bypass_autologin=true", id="on request"),
        pytest.param("state=abc", id="back from the provider"),
        pytest.param("state=", id="back from a provider that lost the state"),
    ],
)
async def test_autologin_leaves_whoever_came_for_the_page_there(query: str) -> None:
    """R-54."""
    page = await World(STRAIGHT).browser().get(f"/login?{query}")
    assert page.status_code == 200
    assert "Sign in with" in page.text


async def test_autologin_does_not_undo_signing_out_until_the_person_signs_in_again() -> None:
    """R-54."""
    world = World(STRAIGHT)
    browser = world.browser()
    await browser.sign_in()
    await browser.submit("/api/logout")
    assert (await browser.get("/")).headers["location"] == "/login"
    assert (await browser.get("/login")).status_code == 200
    await browser.sign_in()
    browser.client.cookies.delete("__Host-romm_session")  # as when the session is over
    assert (await browser.get("/login")).status_code == 303


@pytest.mark.parametrize("problem", ["the person cancels", "the provider is down"])
async def test_autologin_ends_at_an_explained_error_and_not_in_a_loop(problem: str) -> None:
    """R-54."""
    world = World(STRAIGHT)
    browser = world.browser()
    if problem == "the person cancels":
        world.idp.authorization_error = "access_denied"
        refused = await browser.sign_in()
    else:
        world.idp.instead["discovery"] = BROKEN
        refused = await browser.get("/api/login/openid")
    assert refused.headers["location"].startswith("/login?error=")
    assert (await browser.get(refused.headers["location"])).status_code == 200


async def test_autologin_needs_single_sign_on() -> None:
    world = World(STRAIGHT)
    world.reconfigure({"ROMM_BASE_URL": ORIGIN, "OIDC_AUTOLOGIN": "true"})
    assert (await world.browser().get("/login")).status_code == 200
