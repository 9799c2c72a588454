"""`romm.plugin`: the sign-in in an application of somebody else, which keeps what is its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar, Request, Response, Router, WebSocket, asgi, delete, get, post, websocket
from litestar.config.cors import CORSConfig
from litestar.config.csrf import CSRFConfig
from litestar.di import NamedDependency, Provide
from litestar.exceptions import ImproperlyConfiguredException, WebSocketDisconnect
from litestar.openapi.config import OpenAPIConfig
from litestar.response.base import ASGIResponse
from litestar.testing import TestClient
from litestar.types import Receive, Scope, Send

from romm.plugin import Principal, SignIn, SignInRefused, needs
from tests.mounted import ADMIN, OWN_SITE, PAGE, application, client_token, environ, running, sign_in


@get("/games", guards=[needs("roms.read")])
async def games(principal: NamedDependency[Principal]) -> dict[str, str]:
    return {"of": principal.account.username}


@post("/games", guards=[needs("roms.write")])
async def add(request: Request) -> int:
    return len((await request.form())["file"])


@get("/greeting")
async def greeting(principal: NamedDependency[Principal | None]) -> dict[str, str]:
    return {"to": principal.account.username if principal else "a visitor"}


@get("/mine")
async def mine(principal: NamedDependency[Principal]) -> dict[str, str]:
    return {"of": principal.account.username}


@websocket("/news", guards=[needs("roms.read")])
async def news(socket: WebSocket, principal: NamedDependency[Principal]) -> None:
    await socket.accept()
    await socket.send_text(principal.account.username)
    await socket.close()


@get("/broken")
async def broken() -> None:
    raise ZeroDivisionError


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Litestar]]:
    app = application(tmp_path_factory.mktemp("romm"), games, add, greeting, mine, news, broken)
    with running(app) as client:
        yield client


@pytest.fixture(autouse=True)
def a_new_browser(client: TestClient[Litestar]) -> None:
    client.cookies.clear()


def test_a_program_without_a_credential_gets_401_with_a_problem(client: TestClient[Litestar]) -> None:
    answer = client.get("/games")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["cache-control"] == "no-store"


def test_a_browser_is_sent_to_the_sign_in_page_and_comes_back(client: TestClient[Litestar]) -> None:
    answer = client.get("/games?sort=name", headers=PAGE, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fgames%3Fsort%3Dname")


def test_the_sign_in_page_is_there_with_its_style(client: TestClient[Litestar]) -> None:
    page = client.get("/login", headers=PAGE)
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert client.get("/romm-static/romm.css").status_code == 200


def test_head_and_other_methods_are_answered_as_by_romm_serve(client: TestClient[Litestar]) -> None:
    assert client.head("/login").status_code == 200
    refused = client.delete("/login")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_a_session_opens_a_guarded_route_and_names_the_principal(client: TestClient[Litestar]) -> None:
    sign_in(client)
    assert client.get("/games").json() == {"of": "keeper"}
    assert client.get("/mine").json() == {"of": "keeper"}


def test_a_dependency_that_may_be_none_lets_a_visitor_in(client: TestClient[Litestar]) -> None:
    assert client.get("/greeting").json() == {"to": "a visitor"}
    assert client.get("/greeting", auth=ADMIN).json() == {"to": "keeper"}


def test_a_wrong_token_is_refused_also_where_a_visitor_is_let_in(client: TestClient[Litestar]) -> None:
    assert client.get("/greeting", headers={"authorization": "Bearer nonsense"}).status_code == 401


def test_the_query_is_the_applications_to_read(client: TestClient[Litestar]) -> None:
    sign_in(client)
    file = {"file": "a game"}
    assert client.post("/games?sort=name", data=file, headers=OWN_SITE).status_code == 201


def test_a_header_that_is_no_credential_here_leaves_a_visitor_a_visitor(client: TestClient[Litestar]) -> None:
    assert client.get("/greeting", headers={"authorization": "Digest the-applications-own"}).status_code == 200


def test_a_dependency_that_may_not_be_none_refuses_a_visitor(client: TestClient[Litestar]) -> None:
    assert client.get("/mine").status_code == 401


def test_a_token_opens_only_what_its_scopes_name_and_the_refusal_says_which(client: TestClient[Litestar]) -> None:
    sign_in(client)
    reader, other = client_token(client, "roms.read"), client_token(client, "me.read")
    client.cookies.clear()
    assert client.get("/games", headers=reader).status_code == 200
    refused = client.get("/games", headers=other)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert refused.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="roms.read"'


def test_a_person_without_the_scope_sees_a_page_and_is_not_sent_in_circles(client: TestClient[Litestar]) -> None:
    sign_in(client)
    token = client_token(client, "me.read")
    client.cookies.clear()
    page = client.get("/games", headers=token | PAGE)
    assert page.status_code == 403
    assert "Not allowed" in page.text


def test_another_sites_form_does_not_use_the_session(client: TestClient[Litestar]) -> None:
    sign_in(client)
    files = {"file": ("a", b"1234")}
    refused = client.post("/games", files=files, headers={"sec-fetch-site": "cross-site"})
    assert (refused.status_code, refused.json()["code"]) == (403, "cross_site")


def test_the_body_is_left_to_the_application(client: TestClient[Litestar]) -> None:
    """Also a form, in which the sign-in's own routes look for a misplaced token."""
    answer = client.post("/games", data={"file": "1234", "access_token": "x"}, auth=ADMIN)
    assert (answer.status_code, answer.json()) == (201, 4)


@pytest.mark.parametrize("query", ["?sort=name&sort=size", "?draft"])
def test_the_query_is_left_to_the_application(client: TestClient[Litestar], query: str) -> None:
    assert client.get(f"/games{query}", auth=ADMIN).status_code == 200
    assert client.post(f"/games{query}", data={"file": "1234"}, auth=ADMIN).status_code == 201


def test_a_websocket_of_this_site_is_opened_and_one_of_another_site_is_not(client: TestClient[Litestar]) -> None:
    sign_in(client)
    with client.websocket_connect("/news", headers=OWN_SITE) as socket:
        assert socket.receive_text() == "keeper"
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        client.websocket_connect("/news", headers={"origin": "https://x.test"}),
    ):
        pass
    assert refused.value.code == 4403


def test_a_websocket_without_a_credential_is_closed(client: TestClient[Litestar]) -> None:
    with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect("/news"):
        pass
    assert refused.value.code == 4401


def test_the_openapi_document_is_the_applications_and_names_each_scope(client: TestClient[Litestar]) -> None:
    document = client.get("/schema/openapi.json").json()
    assert set(document["paths"]) == {"/games", "/greeting", "/mine", "/broken"}
    ways = ["romm_session", "romm_basic", "romm_bearer"]
    assert document["paths"]["/games"]["get"]["security"] == [{way: ["roms.read"]} for way in ways]
    assert document["paths"]["/games"]["post"]["security"] == [{way: ["roms.write"]} for way in ways]
    assert document["paths"]["/greeting"]["get"]["security"] == [{}, *({way: []} for way in ways)]
    assert document["paths"]["/mine"]["get"]["security"] == [{way: []} for way in ways]
    assert "security" not in document["paths"]["/broken"]["get"]
    schemes = document["components"]["securitySchemes"]
    assert set(schemes) == set(ways)
    assert schemes["romm_session"]["name"] == "romm_session"


async def test_the_application_keeps_its_hooks_handlers_and_dependencies(tmp_path: Path) -> None:
    seen, answered = [], []

    async def before(request: Request) -> None:
        seen.append(request.url.path)

    async def after(request: Request) -> None:
        answered.append(request.url.path)

    def oops(_: Request, error: ZeroDivisionError) -> Response[str]:
        return Response("their own", status_code=418)

    def http(_: Request, error: Exception) -> Response[str]:
        return Response("not theirs", status_code=419)

    app = application(
        tmp_path,
        broken,
        games,
        before_request=before,
        after_response=after,
        exception_handlers={ZeroDivisionError: oops, Exception: http, 404: http},
        dependencies={"settings": Provide(lambda: "theirs", sync_to_thread=False)},
        openapi_config=OpenAPIConfig(title="Theirs", version="7", path="/openapi"),
        csrf_config=CSRFConfig(secret="x" * 32),
        cors_config=CORSConfig(allow_origins=["https://friend.test"]),
    )
    with running(app) as client:
        assert client.get("/broken").status_code == 418
        assert client.get("/nothing").status_code == 419
        assert client.get("/games").status_code == 401
        assert client.get("/login").status_code == 200
        assert client.get("/openapi/openapi.json").json()["info"]["title"] == "Theirs"
        assert client.get("/schema").status_code == 419
    assert "/broken" in seen
    assert not {"/login", "/api/users"} & {*seen, *answered}


async def test_an_application_answers_refusals_its_own_way(tmp_path: Path) -> None:
    def ours(_: Request, refused: SignInRefused) -> Response[str]:
        return Response("ask at the door", status_code=refused.status)

    with running(application(tmp_path, games, exception_handlers={SignInRefused: ours})) as client:
        assert (client.get("/games").status_code, client.get("/games").text) == (401, "ask at the door")


async def test_a_guard_on_the_whole_application_leaves_the_sign_in_open(tmp_path: Path) -> None:
    with running(application(tmp_path, broken, guards=[needs("roms.read")])) as client:
        assert client.get("/login").status_code == 200
        assert client.get("/broken").status_code == 401


async def test_the_application_may_have_the_start_page_and_the_platforms(tmp_path: Path) -> None:
    @get("/")
    async def start() -> str:
        return "their page"

    @get("/api/platforms")
    async def platforms() -> list[str]:
        return ["theirs"]

    with running(application(tmp_path, start, platforms)) as client:
        assert client.get("/").text == "their page"
        assert client.get("/api/platforms").json() == ["theirs"]
        sign_in(client)
        assert "keeper" in client.get("/me", headers=PAGE).text


async def test_an_application_may_start_again_as_tests_do(tmp_path: Path) -> None:
    app = application(tmp_path, games)
    with running(app) as client:
        sign_in(client)
    with TestClient(app) as again:
        assert again.get("/api/health/ready").status_code == 200
        assert again.get("/games", auth=ADMIN).status_code == 200


async def test_a_router_and_a_route_in_it_may_need_two_scopes(tmp_path: Path) -> None:
    both = Router("/", route_handlers=[games], guards=[needs("me.read")])
    with running(application(tmp_path, both)) as client:
        sign_in(client)
        enough, first, second = (
            client_token(client, *scopes) for scopes in (("me.read", "roms.read"), ("me.read",), ("roms.read",))
        )
        client.cookies.clear()
        assert [client.get("/games", headers=each).status_code for each in (enough, first, second)] == [200, 403, 403]
        described = client.get("/schema/openapi.json").json()["paths"]["/games"]["get"]["security"]
        assert described[0] == {"romm_session": ["me.read", "roms.read"]}


async def test_a_browser_comes_back_to_a_file_below_a_mount(tmp_path: Path) -> None:
    @asgi("/files", is_mount=True, copy_scope=True, guards=[needs("roms.read")])
    async def files(scope: Scope, receive: Receive, send: Send) -> None:
        await ASGIResponse(body=scope["path"].encode())(scope, receive, send)

    with running(application(tmp_path, files)) as client:
        sent_away = client.get("/files/a%20game.zip?part=1", headers=PAGE, follow_redirects=False)
        assert sent_away.headers["location"] == "/login?next=%2Ffiles%2Fa+game.zip%3Fpart%3D1"
        assert client.get("/files/a%20game.zip", auth=ADMIN).text.startswith("/a game.zip")


def login(path: str) -> object:
    @delete(path, status_code=200)
    async def theirs() -> None: ...

    return theirs


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        pytest.param("/login", "/login", id="the same path, also for another method"),
        pytest.param("/api/users/{name:str}", "/api/users/{user_id:int}", id="another name and type of a parameter"),
        pytest.param("/api/client-tokens/{number:int}", "/api/client-tokens/{token_id:int}", id="one of a token"),
        pytest.param("/romm-static/{name:str}", "/romm-static/{file_path:path}", id="the static files"),
    ],
)
def test_a_path_that_both_have_is_named_at_start(tmp_path: Path, path: str, ours: str) -> None:
    with pytest.raises(ImproperlyConfiguredException) as refused:
        application(tmp_path, login(path))
    assert f"has a route {path}" in refused.value.detail
    assert f"the sign-in has {ours}" in refused.value.detail


def test_a_kept_answer_that_is_for_one_person_is_refused_at_start(tmp_path: Path) -> None:
    """Litestar answers from its cache before it asks for dependencies."""

    @get("/kept", cache=True)
    async def kept(principal: NamedDependency[Principal]) -> str:
        return principal.account.username

    with pytest.raises(ImproperlyConfiguredException, match="`cache` and the parameter 'principal'"):
        application(tmp_path, kept)


async def test_a_kept_answer_is_only_for_those_whom_the_guard_lets_in(tmp_path: Path) -> None:
    @get("/kept", guards=[needs("roms.read")], cache=True)
    async def kept() -> str:
        return "the same for all"

    with running(application(tmp_path, kept)) as client:
        assert client.get("/kept", auth=ADMIN).status_code == 200
        assert client.get("/kept").status_code == 401


def test_an_application_with_a_path_of_its_own_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfiguredException, match="cannot live below a path"):
        application(tmp_path, path="/app")


def test_a_dependency_of_the_same_name_is_named_at_start_and_the_sign_ins_can_have_another(tmp_path: Path) -> None:
    theirs = {"principal": Provide(lambda: "theirs", sync_to_thread=False)}
    with pytest.raises(ImproperlyConfiguredException, match="SignIn\\(principal="):
        application(tmp_path, dependencies=theirs)
    Litestar([], plugins=[SignIn(environ(tmp_path), principal="who")], dependencies=theirs, logging_config=None)


def test_each_application_needs_a_sign_in_of_its_own(tmp_path: Path) -> None:
    plugin = SignIn(environ(tmp_path))
    Litestar([], plugins=[plugin], logging_config=None)
    with pytest.raises(ImproperlyConfiguredException, match="of its own"):
        Litestar([], plugins=[plugin], logging_config=None)


def test_a_scope_that_does_not_exist_is_refused_where_it_is_written() -> None:
    with pytest.raises(ValueError, match=r"no scope 'roms\.raed'"):
        needs("roms.raed")


async def test_a_database_that_cannot_be_used_stops_the_start_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "romm.db").write_bytes(b"no database" * 1000)
    named = pytest.RaisesExc(ImproperlyConfiguredException, match="romm.db is not a SQLite database")
    with pytest.RaisesGroup(named, flatten_subgroups=True):
        async with application(tmp_path).lifespan():
            pass
