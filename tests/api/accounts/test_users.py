"""The first admin over HTTP, and who am I."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from msgspec.structs import replace

from romm.domain import scopes
from romm.domain.credentials.credential import Kind
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from romm.domain.titles import TITLES
from tests.api.http.test_headers import cookies_of
from tests.api.sign_in.test_openid import error_of
from tests.fakes import FakePasswords
from tests.world import PASSWORD, World, environment

FIRST = {"username": "keeper", "email": "keeper@example.org", "password": PASSWORD}


class SlowPasswords(FakePasswords):
    """Hashing takes a moment, in which others are served."""

    async def hash(self, password: str) -> str:
        await asyncio.sleep(0)
        return await super().hash(password)


async def wizard_is_open(world: World) -> bool:
    heartbeat = (await world.program().get("/api/heartbeat")).json()
    page = await world.browser().get("/setup")
    assert heartbeat["SYSTEM"]["SHOW_SETUP_WIZARD"] is (page.status_code == 200)
    return bool(heartbeat["SYSTEM"]["SHOW_SETUP_WIZARD"])


async def with_session(world: World, username: str = "keeper") -> httpx.AsyncClient:
    program = world.program()
    await program.post("/api/login", json={"username": username, "password": PASSWORD})
    return program


@pytest.mark.parametrize("form", [{"json": FIRST}, {"data": FIRST}], ids=["json", "form"])
async def test_the_first_admin_is_made_once_and_then_the_door_is_closed(form: dict) -> None:
    """R-67."""
    world = World()
    assert await wizard_is_open(world)
    response = await world.program().post("/api/users", **form)
    assert response.status_code == 201
    made = response.json()
    assert (made["username"], made["email"], made["role"]) == ("keeper", "keeper@example.org", "admin")
    assert PASSWORD not in response.text
    again = await world.program().post("/api/users", json=FIRST | {"username": "second", "email": ""})
    assert (again.status_code, again.json()["code"]) == (403, Code.SETUP_CLOSED)
    assert not await wizard_is_open(world)
    assert [account.username for account in world.accounts.by_id.values()] == ["keeper"]
    assert (await with_session(world)).cookies


async def test_the_form_of_the_page_leads_to_the_sign_in_with_the_news() -> None:
    browser = World().browser()
    response = await browser.submit("/api/users", **FIRST)
    assert (response.status_code, response.headers["location"]) == (303, "/login?notice=set_up")
    assert "RomM is set up." in (await browser.get(response.headers["location"])).text


async def test_the_form_of_the_page_comes_back_with_what_was_wrong() -> None:
    browser = World().browser()
    response = await browser.submit("/api/users", **FIRST | {"password": "password1"})
    assert error_of(response) == Code.PASSWORD_WEAK
    assert response.headers["location"].startswith("/setup?")
    page = (await browser.get(response.headers["location"])).text
    assert "too easy to guess" in page
    assert "password1" not in page


REBOUND = "attacker.example:8080"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": REBOUND, "origin": f"http://{REBOUND}"},
        {"host": REBOUND, "sec-fetch-site": "same-origin"},
        {"host": REBOUND},
        {"host": "127.0.0.1:8080", "x-forwarded-host": REBOUND},
    ],
    ids=["a page of its own", "with the newer header", "a program", "a proxy that rewrites the host"],
)
async def test_a_website_cannot_set_romm_up_by_binding_its_name_to_our_address(headers: dict[str, str]) -> None:
    world = World({"ROMM_BASE_URL": "", "OIDC_REDIRECT_URI": ""})
    response = await world.program().post("/api/users", json=FIRST, headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, Code.SETUP_HOST)
    assert world.accounts.by_id == {}
    page = await world.browser(**headers).client.get("/setup")
    assert page.status_code == 403
    assert "set ROMM_BASE_URL to this address" in page.text


async def test_the_form_at_a_foreign_name_leads_to_the_page_that_says_what_to_do() -> None:
    browser = World().browser(host=REBOUND, origin=f"http://{REBOUND}")
    response = await browser.client.post("/api/users", data=FIRST)
    assert error_of(response) == Code.SETUP_HOST
    assert TITLES[Code.SETUP_HOST] in (await browser.client.get(response.headers["location"])).text


@pytest.mark.parametrize("host", ["192.168.1.20:8080", "nas:8080", "nas.local:8080"])
async def test_a_fresh_machine_is_set_up_from_the_home_network_without_any_setting(host: str) -> None:
    world = World({"ROMM_BASE_URL": "", "OIDC_REDIRECT_URI": ""})
    browser = world.browser(host=host, origin=f"http://{host}")
    assert (await browser.client.get("/setup")).status_code == 200
    response = await browser.client.post("/api/users", data=FIRST)
    assert response.headers["location"] == "/login?notice=set_up"


async def test_after_the_set_up_every_name_learns_only_that_it_is_closed() -> None:
    world = World()
    await world.add("keeper", level=AccessLevel.ADMIN)
    response = await world.program().post("/api/users", json=FIRST, headers={"host": REBOUND})
    assert response.json()["code"] == Code.SETUP_CLOSED


async def test_twenty_at_once_make_one_admin() -> None:
    """R-67; all twenty find the door open, one goes through."""
    world = World()
    world.serve(passwords=SlowPasswords())
    forms = [{"username": f"keeper-{number}", "password": PASSWORD} for number in range(20)]
    answers = await asyncio.gather(*(world.program().post("/api/users", json=form) for form in forms))
    assert sorted(answer.status_code for answer in answers) == [201, *[403] * 19]
    assert len(world.accounts.by_id) == 1


@pytest.mark.parametrize(
    ("variable", "code"),
    [("DISABLE_USERPASS_LOGIN", Code.PASSWORDS_OFF), ("DISABLE_SETUP_WIZARD", Code.SETUP_CLOSED)],
)
async def test_the_operator_can_close_the_door_from_the_start(variable: str, code: Code) -> None:
    """R-30, R-67."""
    world = World({variable: "true"})
    response = await world.program().post("/api/users", json=FIRST)
    assert (response.status_code, response.json()["code"]) == (403, code)
    assert world.accounts.by_id == {}
    assert not await wizard_is_open(world)


@pytest.fixture(scope="module")
def empty_house() -> World:
    """An instance without anybody, for forms that change nothing."""
    return World()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        pytest.param({"password": "short"}, Code.PASSWORD_WEAK, id="R-36: 5 characters"),
        pytest.param({"password": ""}, Code.PASSWORD_WEAK, id="R-36: none"),
        pytest.param({"password": "a b" * 86}, Code.PASSWORD_WEAK, id="R-36: 258 characters"),
        pytest.param({"password": "password1"}, Code.PASSWORD_WEAK, id="R-36: a common one"),
        pytest.param({"password": "romm1234"}, Code.PASSWORD_WEAK, id="R-36: the name of this program"),
        pytest.param({"password": "Keeper2026!"}, Code.PASSWORD_WEAK, id="R-36: the user name"),
        pytest.param({"username": "ab"}, Code.USERNAME_INVALID, id="a short name"),
        pytest.param({"username": "a" * 65}, Code.USERNAME_INVALID, id="a long name"),
        pytest.param({"username": ""}, Code.USERNAME_INVALID, id="no name"),
        pytest.param({"username": "../../etc"}, Code.USERNAME_INVALID, id="a path"),
        pytest.param({"username": "<script>"}, Code.USERNAME_INVALID, id="markup"),
        pytest.param({"username": "kéeper"}, Code.USERNAME_INVALID, id="letters beyond a to z"),
        pytest.param({"username": "keeper\n"}, Code.USERNAME_INVALID, id="a line break"),
        pytest.param({"email": "keeper"}, Code.ADDRESS_INVALID, id="no address"),
        pytest.param({"email": "keeper@example.org "}, Code.ADDRESS_INVALID, id="R-47: a blank at the end"),
        pytest.param({"email": "ｋeeper@example.org"}, Code.ADDRESS_INVALID, id="R-47: look-alike letters"),
        pytest.param({"password": None}, Code.REQUEST_INVALID, id="null"),
        pytest.param({"username": ["keeper"]}, Code.REQUEST_INVALID, id="a list"),
    ],
)
async def test_a_first_admin_that_cannot_be_used_is_refused_with_the_reason(
    empty_house: World, wrong: dict, code: Code
) -> None:
    response = await empty_house.program().post("/api/users", json=FIRST | wrong)
    assert (response.status_code, response.json()["code"]) == (400, code)
    assert empty_house.accounts.by_id == {}


async def test_a_missing_field_is_no_admin(empty_house: World) -> None:
    for field in ("username", "password"):
        form = {name: value for name, value in FIRST.items() if name != field}
        assert (await empty_house.program().post("/api/users", json=form)).json()["code"] == Code.REQUEST_INVALID
    assert empty_house.accounts.by_id == {}


@pytest.mark.parametrize(
    ("username", "email", "code"),
    [
        pytest.param("somebody", "", Code.USERNAME_TAKEN, id="the name"),
        pytest.param("keeper", "somebody@example.org", Code.EMAIL_TAKEN, id="the address"),
        pytest.param("keeper", "SOMEBODY@EXAMPLE.ORG", Code.EMAIL_TAKEN, id="R-47: the address in capitals"),
    ],
)
async def test_the_first_admin_cannot_take_what_somebody_else_has(username: str, email: str, code: Code) -> None:
    world = World()
    await world.add("somebody", "somebody@example.org")
    form = {"username": username, "email": email, "password": PASSWORD}
    response = await world.program().post("/api/users", json=form)
    assert (response.status_code, response.json()["code"]) == (409, code)


async def test_there_are_no_default_accounts(empty_house: World) -> None:
    """R-68."""
    for name, password in (
        ("admin", "admin"),
        ("admin", ""),
        ("romm", "romm"),
        ("root", "root"),
        ("admin", "password"),
    ):
        answer = await empty_house.program().post("/api/login", json={"username": name, "password": password})
        assert answer.status_code == 401


@pytest.mark.parametrize(
    ("level", "role"),
    [(AccessLevel.VIEWER, "user"), (AccessLevel.EDITOR, "user"), (AccessLevel.ADMIN, "admin")],
    ids=["viewer", "editor", "admin"],
)
async def test_an_account_goes_over_the_wire_as_apps_know_it(world: World, level: AccessLevel, role: str) -> None:
    made = await world.add("somebody", "somebody@example.org", level)
    program = await with_session(world, "somebody")
    now = world.clock().isoformat().replace("+00:00", "Z")
    assert (await program.get("/api/users/me")).json() == {
        "id": made.id,
        "username": "somebody",
        "email": "somebody@example.org",
        "enabled": True,
        "role": role,
        "access_level": level.label,
        "oauth_scopes": list(scopes.granted(level)),
        "identities": [],
        "last_login": now,
        "last_active": None,
        "created_at": now,
        "updated_at": now,
        "permission_group_id": None,
        "avatar_path": "",
        "ra_username": None,
        "ra_progression": None,
        "ui_settings": None,
        "current_device_id": None,
    }


async def test_a_linked_identity_is_shown(world: World) -> None:
    browser = world.browser()
    await browser.sign_in()
    [identity] = (await browser.me()).json()["identities"]
    linked_at = world.clock().isoformat().replace("+00:00", "Z")
    assert identity.pop("id")
    assert identity == {"issuer": world.idp.issuer, "subject": "alice", "linked_at": linked_at}


async def test_basic_is_as_good_as_a_session_for_one_call(world: World) -> None:
    response = await world.program().get("/api/users/me", auth=("keeper", PASSWORD))
    assert response.json()["username"] == "keeper"
    assert cookies_of(response) == []
    assert world.accounts.credentials == {}


async def test_using_a_session_is_noted_once_a_minute(world: World) -> None:
    program = await with_session(world)
    world.clock.advance(timedelta(minutes=2))
    await program.get("/api/users/me")
    now = world.clock().isoformat().replace("+00:00", "Z")
    assert (await program.get("/api/users/me")).json()["last_active"] == now


async def test_nobody_is_told_how_to_sign_in_and_has_no_cookie_cleared(world: World) -> None:
    """R-74: no credential, so a bare challenge."""
    response = await world.program().get("/api/users/me")
    assert (response.status_code, response.json()["code"]) == (401, Code.NOT_SIGNED_IN)
    assert response.headers["www-authenticate"] == "Bearer"
    assert cookies_of(response) == []


@pytest.mark.parametrize("how", ["invented", "signed out", "too old", "of a disabled account"])
async def test_a_dead_session_is_nobody_and_its_cookie_is_cleared(world: World, how: str) -> None:
    """R-17, R-29."""
    program = await with_session(world)
    keeper = world.accounts.by_id[1]
    match how:
        case "invented":
            program.cookies.set("__Host-romm_session", "invented", domain="romm.test")
        case "signed out":
            world.accounts.credentials.clear()
        case "too old":
            world.clock.advance(timedelta(seconds=world.settings.session.max_age_seconds))
        case _:
            world.accounts.by_id[1] = replace(keeper, enabled=False)
    response = await program.get("/api/users/me")
    assert (response.status_code, response.json()["code"]) == (401, Code.NOT_SIGNED_IN)
    [cleared] = cookies_of(response)
    assert cleared.startswith("__Host-romm_session=; ")
    assert "Max-Age=0;" in cleared
    assert "Secure" in cleared, "a browser accepts a __Host- cookie, also an expired one, only with Secure"


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        pytest.param("Bearer abc", 'Bearer error="invalid_token"', id="an access token of nobody"),
        pytest.param("Bearer", 'Bearer error="invalid_token"', id="no token"),
        pytest.param("Basic !!!", 'Basic realm="RomM", charset="UTF-8"', id="a Basic that cannot be read"),
        pytest.param("Basic a2VlcGVyOng=", 'Basic realm="RomM", charset="UTF-8"', id="a wrong password"),
    ],
)
async def test_a_wrong_header_is_refused_and_never_falls_back_to_the_cookie(
    world: World, header: str, challenge: str
) -> None:
    """R-74; the session beside it lives on."""
    program = await with_session(world)
    response = await program.get("/api/users/me", headers={"authorization": header})
    assert (response.status_code, response.headers["www-authenticate"]) == (401, challenge)
    assert cookies_of(response) == []
    assert (await program.get("/api/users/me")).status_code == 200


async def test_a_session_secret_is_no_access_token(world: World) -> None:
    """R-43, R-75."""
    program = await with_session(world)
    secret = program.cookies["__Host-romm_session"]
    headers = {"authorization": f"Bearer {secret}"}
    assert (await world.program().get("/api/users/me", headers=headers)).status_code == 401


async def test_a_credential_in_the_query_is_not_looked_at(world: World) -> None:
    """R-74."""
    program = await with_session(world)
    secret = program.cookies["__Host-romm_session"]
    for query in (f"token={secret}", f"__Host-romm_session={secret}"):
        assert (await world.program().get(f"/api/users/me?{query}")).status_code == 401


async def test_what_a_credential_was_not_given_it_may_not_do(world: World) -> None:
    """R-71."""
    program = await with_session(world)
    [(key, credential)] = [each for each in world.accounts.credentials.items() if each[0][0] is Kind.SESSION]
    world.accounts.credentials[key] = replace(credential, scopes=("roms.read",))
    response = await program.get("/api/users/me")
    assert (response.status_code, response.json()["code"]) == (403, Code.FORBIDDEN)
    assert cookies_of(response) == [], "the session is good, only not for this"


async def test_with_passwords_off_a_session_of_single_sign_on_works_and_basic_does_not(world: World) -> None:
    """R-30."""
    world.reconfigure(environment(world.idp.issuer, DISABLE_USERPASS_LOGIN="true"))
    browser = world.browser()
    await browser.sign_in()
    assert (await browser.me()).status_code == 200
    response = await world.program().get("/api/users/me", auth=("keeper", PASSWORD))
    assert (response.status_code, response.json()["code"]) == (403, Code.PASSWORDS_OFF)
