"""What is asked with every request is answered before the router, in its own words; everything else is the router's."""

import re
from base64 import b64encode
from itertools import product
from typing import Any, cast

import httpx
import pytest
from litestar.types import Message, Receive, Scope, Send
from msgspec.structs import replace

from romm.api.http.requests import FAILED
from romm.composition.app import app_dependencies
from romm.domain.credentials.credential import Kind
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel
from tests.api.credentials.test_bearer import ACCESS, give
from tests.api.sign_in.test_forward_auth import ASKED, FORWARD, PROXY, session
from tests.api.sign_in.test_forward_hosts import SETTINGS
from tests.world import HTML, ORIGIN, PASSWORD, World

ME = "/api/users/me"

REFERENCE = re.compile(r"[0-9a-f]{16}")

QUERIES = (
    "", "?", "?level=", "?level=viewer", "?level=USER", "?level=editor", "?scope=roms.read", "?scope=users.write",
    "?level=viewer&scope=tasks.run", "?scope=roms.read&level=user", "?level=editr", "?level=editor&level=viewer",
    "?role=editor", "?level", "?access_token=x", "?level=viewer%00",
)  # fmt: skip
NARROW = "a-token-that-may-not-read-the-account"
COOKIE = "__Host-romm_session"
CREDENTIALS = (
    "nobody", "keeper", "vera", "gone", "token", "an app's token", "password", "wrong password", "vera and a password",
    "vera and an app's token", "gone and token", "another scheme", "vera after a note", "vera quoted", "vera second", "vera first",
    "vera and a longer name", "vera for programs", "vera for programs and token", "vera disguised", "a narrow token",
    "keeper before a space and vera's token", "token and a disguised cookie",
)  # fmt: skip
REQUESTS: dict[str, dict[str, str]] = {
    "plain": {},
    "asked": ASKED,
    "page": ASKED | HTML,
    "another host, of a stranger": {"x-forwarded-host": "files.test"},
    "another host": ASKED | {"x-forwarded-host": "files.test"} | HTML,
    "an unknown host": ASKED | {"x-forwarded-host": "evil.test"} | HTML,
}


@pytest.fixture
async def world() -> World:
    world = World(SETTINGS)
    await world.add("keeper", "keeper@romm.test", AccessLevel.ADMIN)
    vera = await world.add("vera", "vera@romm.test")
    await give(world, vera, ACCESS, Kind.ACCESS_TOKEN, "me.read", "roms.read")
    await give(world, vera, NARROW, Kind.ACCESS_TOKEN, "roms.read")
    return world


async def credentials(world: World) -> dict[str, dict[str, str]]:
    keeper, vera = await session(world, "keeper"), await session(world, "vera")
    secret = vera["cookie"].partition("=")[2]
    password, wrong = ({"authorization": basic("vera", each)} for each in (PASSWORD, "wrong"))
    gone, token = {"cookie": "__Host-romm_session=invented"}, {"authorization": f"bearer  {ACCESS}"}
    of_app = {"authorization": "Bearer the-apps-own-jwt"}
    found = {
        "nobody": {},
        "keeper": keeper,
        "vera": vera,
        "gone": gone,
        "token": token,
        "an app's token": of_app,
        "password": password,
        "wrong password": wrong,
        "vera and a password": vera | password,
        "vera and an app's token": vera | of_app,
        "gone and token": gone | token,
        "another scheme": {"authorization": f"Token {ACCESS}"},
        "vera after a note": {"cookie": f"note=1; {vera['cookie']}; last=x"},
        "vera quoted": {"cookie": f'{COOKIE}="{secret}"'},
        "vera second": {"cookie": f"{COOKIE}=invented; {vera['cookie']}"},
        "vera first": {"cookie": f"{vera['cookie']}; {COOKIE}=invented"},
        "vera and a longer name": {"cookie": f"x{COOKIE}=invented; {vera['cookie']}"},
        "vera for programs": {"cookie": f"romm_session={secret}"},
        "vera for programs and token": {"cookie": f"romm_session={secret}"} | token,
        "vera disguised": {"cookie": f"note=1; \xa0{COOKIE}={secret}"},
        "a narrow token": {"authorization": f"Bearer {NARROW}"},
        "keeper before a space and vera's token": {"cookie": keeper["cookie"].replace("=", " =", 1)} | token,
        "token and a disguised cookie": {"cookie": "note=1; \xa0other=x; last=x"} | token,
    }
    assert tuple(found) == CREDENTIALS
    return found


def basic(username: str, password: str) -> str:
    return f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"


def seen(response: httpx.Response) -> tuple[int, list[tuple[str, str]], Any]:
    """All but what is another with each request."""
    headers = [(name, value) for name, value in response.headers.multi_items() if name != "x-correlation-id"]
    return response.status_code, sorted(headers), REFERENCE.sub("", response.text)


@pytest.mark.parametrize("path", [FORWARD, ME])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize("request_headers", list(REQUESTS))
async def test_both_ways_answer_alike(world: World, method: str, request_headers: str, path: str):
    """The same path with a slash at its end is the same to the router, and passed on to it."""
    sender = "203.0.113.9" if request_headers.endswith("stranger") else PROXY
    proxy = httpx.AsyncClient(transport=httpx.ASGITransport(world.app, client=(sender, 4711)), base_url=ORIGIN)
    cases = product((await credentials(world)).items(), QUERIES if request_headers == "plain" else QUERIES[:6])
    for (name, credential), query in cases:
        if method in ("POST", "OPTIONS") and query:
            continue
        headers = REQUESTS[request_headers] | credential
        raw = [(key, value.encode("latin-1")) for key, value in headers.items()]
        # The first of the three notes the use of the credential, which is part of the account.
        routed, itself = f"{path}/{query}", path + query
        _, first, second = [await proxy.request(method, each, headers=raw) for each in (routed, itself, routed)]
        world.throttles.counted.clear()
        assert seen(first) == seen(second), (name, query)


class Router:
    """What would come after."""

    def __init__(self) -> None:
        self.scopes: list[dict[str, Any]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(cast("dict[str, Any]", scope))


async def asked(world: World, headers: dict[str, str], **changes: Any) -> tuple[list[Message], bool, dict[str, Any]]:
    """What was sent, and whether the router was asked."""
    router, sent = Router(), []
    raw = [(name.lower().encode(), value.encode()) for name, value in ({"host": "romm.test"} | headers).items()]
    scope = {
        "type": "http", "method": "GET", "path": FORWARD, "query_string": b"", "headers": raw, "state": {}, "client": None,
    } | changes  # fmt: skip

    async def send(message: Message) -> None:
        sent.append(message)

    answering = app_dependencies(world.settings, world.ports).frequent.before(router)
    await answering(cast("Any", scope), cast("Any", None), send)
    return sent, bool(router.scopes), scope


@pytest.mark.parametrize(("path", "status"), [(FORWARD, 204), (ME, 200)])
async def test_the_usual_answer_needs_no_router(world: World, path: str, status: int):
    for headers in (await session(world, "vera"), {"authorization": f"Bearer {ACCESS}"}):
        sent, is_routed, scope = await asked(world, headers, path=path)

        assert [each["type"] for each in sent] == ["http.response.start", "http.response.body"]
        assert cast("Any", sent[0])["status"] == status
        assert not is_routed
        assert scope["path_template"] == path  # for metrics and traces


@pytest.mark.parametrize("log", [{"access": True}, {"level": "DEBUG"}])
async def test_a_line_for_each_request_is_written_in_one_place(world: World, log: dict[str, Any]):
    world.settings = replace(world.settings, log=replace(world.settings.log, **log))
    world.serve()
    await world.program().get(ME, headers=await session(world, "vera"))

    assert world.lines("request")[-1]["path"] == ME


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"type": "websocket"}, id="a WebSocket"),
        pytest.param({"method": "POST"}, id="another method"),
        pytest.param({"path": "/api/auth/forwarding"}, id="another path"),
        pytest.param({"root_path": "/api"}, id="below a folder"),
        pytest.param({"query_string": b"level=editor"}, id="a higher level"),
        pytest.param({"query_string": b"level=editr"}, id="a slip"),
        pytest.param({"query_string": b"level=\xe9"}, id="bytes that are no ASCII"),
    ],
)
async def test_everything_else_is_the_routers(world: World, changes: dict[str, Any]):
    sent, is_routed, scope = await asked(world, await session(world, "vera"), **changes)

    assert (sent, is_routed) == ([], True)
    assert FAILED not in scope["state"], "it is refused there, not a fault of ours"


@pytest.mark.parametrize("host", ["romm.test/x", "", "romm test"])
async def test_a_host_that_the_router_would_refuse_is_the_routers(world: World, host: str):
    assert (await asked(world, await session(world, "vera") | {"host": host}))[:2] == ([], True)


async def test_several_hosts_are_the_routers(world: World):
    headers = await session(world, "vera") | {"Host": "romm.test"}

    assert (await asked(world, headers))[:2] == ([], True)


async def test_a_password_is_the_routers(world: World):
    """Checked there and here, a wrong one would be hashed twice."""
    assert (await asked(world, {"authorization": basic("vera", PASSWORD)}))[:2] == ([], True)


@pytest.mark.parametrize(
    ("error", "status"),
    [(Refused(Code.STORAGE_UNAVAILABLE, problem="it is away"), 503), (RuntimeError("a bug of ours"), 500)],
)
async def test_what_fails_is_the_routers_to_tell(world: World, error: Exception, status: int):
    headers = await session(world, "vera")

    asked_for = []

    class Failing(type(world.credentials)):  # type: ignore[misc]  # of the fake as it is
        async def find(self, *key: Any) -> None:
            asked_for.append(key)
            raise error

    world.serve(credentials=Failing(world.accounts, world.clock))

    assert (await asked(world, headers))[1]
    answer = await world.program().get(FORWARD, headers=headers)
    assert answer.status_code == status
    assert answer.json()["reference"] == answer.headers["x-correlation-id"]
    assert len(asked_for) == 2, "a database that is away is waited for once for each of the two requests"
