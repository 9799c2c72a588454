"""A permission is given before the router, in the router's own words; everything else is the router's."""

from base64 import b64encode
from itertools import product
from typing import Any, cast

import httpx
import pytest
from litestar.types import Message, Receive, Scope, Send

from romm.composition.app import app_dependencies
from romm.domain.credentials.credential import Kind
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel
from tests.api.credentials.test_bearer import ACCESS, give
from tests.api.sign_in.test_forward_auth import ASKED, FORWARD, PROXY, session
from tests.api.sign_in.test_forward_hosts import SETTINGS
from tests.world import HTML, ORIGIN, PASSWORD, World

ROUTED = f"{FORWARD}/"  # the same to the router, and passed on to it

QUERIES = (
    "", "?", "?level=", "?level=viewer", "?level=USER", "?level=editor", "?scope=roms.read", "?scope=users.write",
    "?level=viewer&scope=tasks.run", "?scope=roms.read&level=user", "?level=editr", "?level=editor&level=viewer",
    "?role=editor", "?level", "?access_token=x", "?level=viewer%00",
)  # fmt: skip
CREDENTIALS = (
    "nobody", "keeper", "vera", "gone", "token", "an app's token", "password", "wrong password", "vera and a password",
    "vera and an app's token", "gone and token", "another scheme",
)  # fmt: skip
REQUESTS: dict[str, dict[str, str]] = {
    "plain": {},
    "asked": ASKED,
    "page": ASKED | HTML,
    "another host": ASKED | {"x-forwarded-host": "files.test"} | HTML,
    "an unknown host": ASKED | {"x-forwarded-host": "evil.test"} | HTML,
}


@pytest.fixture
async def world() -> World:
    world = World(SETTINGS)
    await world.add("keeper", "keeper@romm.test", AccessLevel.ADMIN)
    vera = await world.add("vera", "vera@romm.test")
    await give(world, vera, ACCESS, Kind.ACCESS_TOKEN, "me.read", "roms.read")
    return world


async def credentials(world: World) -> dict[str, dict[str, str]]:
    keeper, vera = await session(world, "keeper"), await session(world, "vera")
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
        "another scheme": {"authorization": "Token abc"},
    }
    assert tuple(found) == CREDENTIALS
    return found


def basic(username: str, password: str) -> str:
    return f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"


def seen(response: httpx.Response) -> tuple[int, list[tuple[str, str]], bool]:
    """All but what is another with each request."""
    headers = [(name, value) for name, value in response.headers.multi_items() if name != "x-correlation-id"]
    return response.status_code, sorted(headers), bool(response.content)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize("request_headers", list(REQUESTS))
async def test_both_ways_answer_alike(world: World, method: str, request_headers: str):
    proxy = httpx.AsyncClient(transport=httpx.ASGITransport(world.app, client=(PROXY, 4711)), base_url=ORIGIN)
    cases = product((await credentials(world)).items(), QUERIES if request_headers == "plain" else QUERIES[:6])
    for (name, credential), query in cases:
        if method in ("POST", "OPTIONS") and query:
            continue
        headers = REQUESTS[request_headers] | credential
        first, second = [await proxy.request(method, path + query, headers=headers) for path in (FORWARD, ROUTED)]
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

    answering = app_dependencies(world.settings, world.ports).forward_permission.before(router)
    await answering(cast("Any", scope), cast("Any", None), send)
    return sent, bool(router.scopes), scope


async def test_a_permission_needs_no_router(world: World):
    for headers in (await session(world, "vera"), {"authorization": f"Bearer {ACCESS}"}):
        sent, is_routed, scope = await asked(world, headers)

        assert [each["type"] for each in sent] == ["http.response.start", "http.response.body"]
        assert cast("Any", sent[0])["status"] == 204
        assert not is_routed
        assert scope["path_template"] == FORWARD  # for metrics and traces


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"type": "websocket"}, id="a WebSocket"),
        pytest.param({"method": "POST"}, id="another method"),
        pytest.param({"path": "/api/auth/forwarding"}, id="another path"),
        pytest.param({"root_path": "/api"}, id="below a folder"),
        pytest.param({"query_string": b"level=editor"}, id="a higher level"),
        pytest.param({"query_string": b"level=editr"}, id="a slip"),
    ],
)
async def test_everything_else_is_the_routers(world: World, changes: dict[str, Any]):
    sent, is_routed, _ = await asked(world, await session(world, "vera"), **changes)

    assert (sent, is_routed) == ([], True)


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

    class Failing(type(world.credentials)):  # type: ignore[misc]  # of the fake as it is
        async def find(self, *_: Any) -> None:
            raise error

    world.serve(credentials=Failing(world.accounts, world.clock))

    assert (await asked(world, headers))[1]
    answer = await world.program().get(FORWARD, headers=headers)
    assert answer.status_code == status
    assert answer.json()["reference"] == answer.headers["x-correlation-id"]
