"""What goes wrong is answered by one form: a problem for programs, a page for people, and never a detail too many."""

import html

import pytest

from romm.api.routes import MAX_BODY_BYTES
from romm.domain.catalogue import CATALOGUE
from romm.domain.errors import Code, Refused
from romm.domain.model import Account, Identity
from romm.domain.sign_in.linking.rules import Found
from tests.api.sign_in.test_openid import error_of
from tests.api.sign_in.test_pages import words
from tests.fakes import FakeAccounts
from tests.world import PASSWORD, World

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Surprise(Exception):
    """Nobody expects it; its text is nobody's business."""


class BrokenAccounts(FakeAccounts):
    """Storage that fails with whatever a test asks for, once it is asked to."""

    problem: Exception | None = None

    async def password(self, username: str) -> tuple[Account, str | None] | None:
        self._fail()
        return await super().password(username)

    async def any_admin(self) -> bool:
        self._fail()
        return await super().any_admin()

    async def find(self, identity: Identity, email: str | None) -> Found:
        self._fail()
        return await super().find(identity, email)

    def _fail(self) -> None:
        if self.problem is not None:
            raise self.problem


@pytest.fixture(scope="module")
def standing_house() -> World:
    """An instance for tests that only knock: making one takes longer than asking it."""
    return World()


@pytest.fixture
def house(standing_house: World) -> World:
    """The same for every test, but for the wrong passwords of the one before."""
    standing_house.throttles.counted.clear()
    return standing_house


def broken(problem: Exception) -> World:
    accounts = BrokenAccounts()
    world = World(accounts=accounts)
    accounts.problem = problem
    return world


async def test_a_program_gets_a_problem_with_a_stable_code(house: World) -> None:
    """RFC 9457, 3.1."""
    response = await house.program().get("/api/users/me")
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {
        "type": "urn:romm:refusal:not_signed_in",
        "title": "Unauthorized",
        "status": 401,
        "detail": CATALOGUE[Code.NOT_SIGNED_IN].person,
        "code": "not_signed_in",
        "reference": response.headers["x-correlation-id"],
    }


@pytest.mark.parametrize(
    "path", ["/api/nothing", "/api", "/api/users/one", "/api/loginx", "/api/login/openid/x", "/API/heartbeat"]
)
async def test_nothing_is_there_for_a_program(house: World, path: str) -> None:
    response = await house.program().get(path)
    assert response.headers["content-type"] == "application/json"
    assert (response.status_code, response.json()["status"], response.json()["code"]) == (404, 404, Code.NOT_FOUND)


@pytest.mark.parametrize(
    "path", ["/nothing", "/login/x", "/romm-static/nothing.css", "/romm-static/../settings.toml", "/%00"]
)
async def test_nothing_is_there_for_a_person(house: World, path: str) -> None:
    response = await house.browser().get(path)
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html")
    assert CATALOGUE[Code.NOT_FOUND].person in response.text
    assert response.headers["x-correlation-id"] in response.text


@pytest.mark.parametrize("path", ["/", "/api/heartbeat", "/api/users/me", "/romm-static/style.css"])
async def test_there_is_no_trace(house: World, path: str) -> None:
    response = await house.program().request("TRACE", path, headers={"x-secret": "canary"})
    assert response.status_code == 405
    assert "canary" not in response.text


@pytest.mark.parametrize(
    "path", ["/romm-static", "/romm-static/", "/romm-static/%2e%2e/", "/romm-static/%2e%2e%2ftemplates/base.html"]
)
async def test_no_folder_is_listed(house: World, path: str) -> None:
    response = await house.program().get(path)
    assert response.status_code in (404, 405)
    assert "style.css" not in response.text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/api/login", "POST"), ("DELETE", "/api/users/me", "GET"), ("PUT", "/api/heartbeat", "GET")],
)
async def test_another_method_is_answered_with_the_ones_there_are(
    house: World, method: str, path: str, allowed: str
) -> None:
    """RFC 9110, 15.5.6."""
    response = await house.program().request(method, path)
    assert (response.status_code, response.json()["code"]) == (405, Code.METHOD_NOT_ALLOWED)
    assert allowed in response.headers["allow"].split(", ")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/login", "POST"),
        ("GET", "/api/logout", "POST"),
        ("GET", "/api/oauth/openid/backchannel-logout", "POST"),
        ("PUT", "/api/heartbeat", "GET"),
        ("POST", "/api/login/openid", "GET"),
        ("POST", "/login", "GET"),
        ("POST", "/account", "GET"),
        ("POST", "/", "GET"),
    ],
)
async def test_a_browser_reads_a_page_about_another_method(house: World, method: str, path: str, allowed: str) -> None:
    house.log.lines.clear()
    response = await house.browser().client.request(method, path)
    assert (response.status_code, response.headers["content-type"].partition(";")[0]) == (405, "text/html")
    assert CATALOGUE[Code.METHOD_NOT_ALLOWED].person in html.unescape(response.text)
    assert allowed in response.headers["allow"].split(", ")
    [line] = house.lines("refused")
    assert (line["code"], line["facts"]["method"]) == (Code.METHOD_NOT_ALLOWED, method)
    assert f"takes {response.headers['allow']}" in line["hint"]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param(JSON, b"", id="no JSON"),
        pytest.param(JSON, b"username", id="not JSON"),
        pytest.param(JSON, b'{"username": "a", "pass', id="cut JSON"),
        pytest.param(JSON, b'{"username": "\xff", "password": "b"}', id="not UTF-8"),
        pytest.param(JSON, b'{"username": "\\ud800", "password": "b"}', id="half a surrogate pair"),
        pytest.param(JSON, b"null", id="null"),
        pytest.param(JSON, b"17", id="a number"),
        pytest.param(JSON, b'"text"', id="a text"),
        pytest.param(JSON, b"[]", id="a list"),
        pytest.param(JSON, b'{"username": "a"}', id="a field is missing"),
        pytest.param(JSON, b'{"username": 1, "password": 2}', id="numbers as texts"),
        pytest.param(JSON, b"[" * 60_000, id="R-57: deep"),
        pytest.param(JSON, b'{"username": NaN, "password": "b"}', id="NaN"),
        pytest.param(FORM, b"", id="an empty form"),
        pytest.param(FORM, b"username=a", id="a field of the form is missing"),
        pytest.param(FORM, b"&".join(b"f%d=1" % number for number in range(5_000)), id="5,000 fields"),
        pytest.param({"content-type": "multipart/form-data"}, b"x", id="no boundary"),
        pytest.param({"content-type": "multipart/form-data; boundary=x"}, b"--x\r\n", id="a cut part"),
        pytest.param({"content-type": ""}, b"x", id="an empty type"),
        pytest.param({}, b'{"username": "a", "password": "b"}', id="no header"),
        pytest.param(JSON | {"content-encoding": "gzip"}, b"\x1f\x8b", id="gzip"),
    ],
)
async def test_a_body_that_cannot_be_read_is_a_400(house: World, headers: dict[str, str], body: bytes) -> None:
    """At every route that takes one; never a 500."""
    for path in ("/api/login", "/api/users"):
        response = await house.program().post(path, content=body, headers=headers)
        assert (response.status_code, response.json()["code"]) == (400, Code.REQUEST_INVALID)
    assert house.lines("unexpected") == []


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        pytest.param("/api/login", JSON, id="JSON"),
        pytest.param("/api/login", FORM, id="a form"),
        pytest.param("/api/login", {"content-type": "multipart/form-data; boundary=x"}, id="a form in parts"),
        pytest.param("/api/token", FORM, id="an OAuth error"),
        pytest.param("/api/token/introspect", FORM | {"authorization": "Bearer x"}, id="searched for a token"),
    ],
)
async def test_a_body_that_is_too_large_is_a_413(house: World, path: str, headers: dict[str, str]) -> None:
    """RFC 9110, 15.5.14."""
    response = await house.program().post(path, content=bytes(MAX_BODY_BYTES + 1), headers=headers)
    assert (response.status_code, response.json()["code"]) == (413, Code.REQUEST_INVALID)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param("text/plain", b'{"username": "a", "password": "b"}', id="R-39: JSON as text"),
        pytest.param("application/xml", b"<a/>", id="XML"),
        pytest.param("application/octet-stream", bytes(100), id="bytes"),
        pytest.param("nonsense;;;", b"x", id="no type"),
    ],
)
async def test_a_body_of_another_type_is_a_415(house: World, content_type: str, body: bytes) -> None:
    """RFC 9110, 15.5.16."""
    for path in ("/api/login", "/api/users"):
        response = await house.program().post(path, content=body, headers={"content-type": content_type})
        problem = response.json()
        assert (response.status_code, problem["status"], problem["code"]) == (415, 415, Code.REQUEST_INVALID)
        assert problem["title"] == "Unsupported Media Type"


async def test_the_page_explains_a_body_that_cannot_be_read(house: World) -> None:
    response = await house.browser().submit("/api/login", username="keeper")
    assert error_of(response) == Code.REQUEST_INVALID


@pytest.mark.parametrize("host", ["", "a:b", "a:99999", "[::1", "evil.test"])
async def test_a_host_that_is_none_breaks_nothing(house: World, host: str) -> None:
    for path in ("/api/users/me", "/api/nothing", "/nothing", "/login"):
        response = await house.program().get(path, headers={"host": host})
        assert response.status_code in (200, 400, 401, 404)


@pytest.mark.parametrize("path", ["/api/login", "/api/users"])
async def test_a_surprise_is_a_500_that_tells_nothing(path: str) -> None:
    """R-90: the reference leads to the log line, which has the traceback."""
    world = broken(Surprise("canary"))
    response = await world.program().post(path, json={"username": "keeper", "password": PASSWORD})
    assert (response.status_code, response.json()["code"]) == (500, Code.UNEXPECTED)
    assert "canary" not in response.text
    assert "Surprise" not in response.text
    assert "set-cookie" not in response.headers
    [line] = world.lines("unexpected")
    assert isinstance(line["exc_info"], Surprise)


async def test_a_surprise_while_reading_a_page_is_a_page_that_tells_nothing() -> None:
    world = broken(Surprise("canary"))
    response = await world.browser().get("/login")
    assert response.status_code == 500
    assert "canary" not in response.text
    assert response.headers["x-correlation-id"] in response.text
    assert "default-src 'none'" in response.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/login"), ("POST", "/api/users"), ("GET", "/api/heartbeat")]
)
async def test_without_storage_a_program_is_asked_to_try_again(method: str, path: str) -> None:
    world = broken(Refused(Code.STORAGE_UNAVAILABLE, problem="canary"))
    body = {"username": "keeper", "password": PASSWORD} if method == "POST" else None
    response = await world.program().request(method, path, json=body)
    assert (response.status_code, response.json()["code"]) == (503, Code.STORAGE_UNAVAILABLE)
    assert response.headers["retry-after"] == "5"
    assert "canary" not in response.text
    [line] = world.lines("refused")
    assert "canary" in line["hint"]


async def test_without_storage_a_person_sees_a_page_that_says_so() -> None:
    world = broken(Refused(Code.STORAGE_UNAVAILABLE, problem="locked"))
    response = await world.browser().get("/login")
    assert response.status_code == 503
    assert CATALOGUE[Code.STORAGE_UNAVAILABLE].person in response.text


async def test_without_storage_a_sign_in_by_the_provider_opens_nothing() -> None:
    """R-90: fail closed, and the person goes back to the page."""
    world = broken(Refused(Code.STORAGE_UNAVAILABLE, problem="locked"))
    browser = world.browser()
    assert error_of(await browser.sign_in("/collection")) == Code.STORAGE_UNAVAILABLE
    assert browser.session is None


@pytest.mark.parametrize(
    ("accept", "is_page"),
    [
        pytest.param("text/html,application/xhtml+xml,*/*;q=0.8", True, id="a browser"),
        pytest.param("application/json", False, id="a program"),
        pytest.param("*/*", False, id="curl"),
        pytest.param("", False, id="nothing"),
    ],
)
async def test_who_wants_a_page_gets_one_and_who_does_not_gets_a_body(house: World, accept: str, is_page: bool) -> None:
    headers = {"accept": accept}
    form = {"username": "keeper", "password": "wrong"}
    refused = await house.program().post("/api/login", data=form, headers=headers)
    assert refused.status_code == (303 if is_page else 401)
    missing = await house.program().get("/nothing", headers=headers)
    assert missing.headers["content-type"].startswith("text/html" if is_page else "application/json")


@pytest.mark.parametrize("path", ["/api/login/openid", "/api/oauth/openid?code=x&state=y"])
async def test_the_routes_of_browsers_answer_with_a_page_whatever_is_asked_for(path: str) -> None:
    """A provider sends people there, not programs; some in-app browsers ask for */*."""
    world = World({"OIDC_ENABLED": "false"})
    response = await world.program().get(path, headers={"accept": "*/*"})
    assert error_of(response) == Code.OIDC_OFF


async def test_a_refusal_is_one_log_line_with_what_to_do(house: World) -> None:
    house.log.lines.clear()
    await house.program().get("/api/users/me")
    [(level, event, facts)] = [line for line in house.log.lines if line[1] == "refused"]
    assert (level, event, facts["code"], facts["path"]) == ("info", "refused", Code.NOT_SIGNED_IN, "/api/users/me")
    assert facts["hint"]


async def test_a_problem_of_ours_is_a_warning() -> None:
    world = broken(Refused(Code.STORAGE_UNAVAILABLE, problem="locked"))
    await world.program().get("/api/heartbeat")
    assert [level for level, event, _ in world.log.lines if event == "refused"] == ["warning"]


async def test_a_hostile_name_stays_on_one_short_line_of_the_log(house: World) -> None:
    """R-58."""
    house.log.lines.clear()
    name = "keeper\r\nlevel=error forged=true " + "x" * 10_000
    await house.program().post("/api/login", json={"username": name, "password": "wrong"})
    [line] = house.lines("refused")
    assert "\n" not in line["facts"]["username"] + line["hint"]
    assert len(line["facts"]["username"]) < 250


async def test_a_page_that_is_refused_is_explained_there_and_not_asked_for_again_without_end() -> None:
    world = World()
    browser = world.browser()
    await browser.sign_in()
    answer = await browser.get(f"/admin/users?search={'x' * 1000}")
    assert (answer.status_code, answer.headers.get("location")) == (400, None)
    assert CATALOGUE[Code.REQUEST_INVALID].person in words(answer.text)
