"""A request has one `Host`, its body comes in time, and it ends in time."""

import asyncio
import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from litestar.types import Message, Receive, Scope, Send

from romm.api.http.request_limits import limited
from tests.fakes import FakeLog
from tests.world import World

HOST = (b"host", b"romm.test")
EMPTY = (b"host", b"")  # what granian gives for none
JSON = (b"content-type", b"application/json")


async def ask(app: Any, *messages: Message, headers: tuple[Any, ...] = (HOST, JSON), **more: Any) -> list[Message]:
    """What is sent for a request whose client sends `messages`, and then nothing more."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/login",
        "raw_path": b"/api/login",
        "query_string": b"",
        "headers": list(headers),
        "http_version": "1.1",
        "scheme": "https",
        "client": ("192.0.2.7", 4711),
        "server": ("romm.test", 443),
        "root_path": "",
        "state": {},
    } | more
    left, sent = list(messages), []

    async def receive() -> Message:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


def part(body: bytes, *, more: bool = True) -> Any:
    return {"type": "http.request", "body": body, "more_body": more}


def status_of(sent: list[Message]) -> int:
    return next(int(message["status"]) for message in sent if message["type"] == "http.response.start")


def headers_of(sent: list[Message]) -> dict[bytes, bytes]:
    return next(dict(message["headers"]) for message in sent if message["type"] == "http.response.start")


def events_of(world: World, name: str) -> Iterator[tuple[str, Any]]:
    return ((level, facts) for level, event, facts in world.log.lines if event == name)


@pytest.mark.parametrize(
    "headers", [(), (EMPTY,), (HOST, HOST), (HOST, (b"host", b"other.test"))], ids=["none", "empty", "twice", "two"]
)
async def test_a_request_with_no_host_or_two_is_refused(world: World, headers: tuple[Any, ...]) -> None:
    """RFC 9112, 3.2."""
    sent = await ask(world.app, headers=headers, method="GET", path="/api/heartbeat")
    assert status_of(sent) == HTTPStatus.BAD_REQUEST
    assert json.loads(sent[-1]["body"])["code"] == "request_invalid"  # type: ignore[typeddict-item]
    assert b"x-correlation-id" in headers_of(sent)


async def test_a_health_check_in_http_1_0_needs_no_host(world: World) -> None:
    sent = await ask(world.app, headers=(), method="GET", path="/api/heartbeat", http_version="1.0")
    assert status_of(sent) == HTTPStatus.OK


async def test_a_client_that_hangs_up_in_its_body_is_no_failure_of_the_server(world: World) -> None:
    sent = await ask(world.app, part(b'{"username"'), {"type": "http.disconnect"})
    assert status_of(sent) == HTTPStatus.BAD_REQUEST
    assert {level for level, _ in events_of(world, "refused")} == {"debug"}


@pytest.mark.parametrize("kind", [JSON, (b"content-type", b"application/x-www-form-urlencoded")], ids=["json", "form"])
async def test_a_body_that_does_not_come_ends(world: World, kind: tuple[bytes, bytes]) -> None:
    impatient = limited(world.app, FakeLog(), body_seconds=0.05)
    sent = await asyncio.wait_for(ask(impatient, part(b"{"), headers=(HOST, kind)), timeout=5)
    assert status_of(sent) == HTTPStatus.REQUEST_TIMEOUT
    assert headers_of(sent)[b"connection"] == b"close"


async def test_a_byte_now_and_then_does_not_extend_the_time_for_a_body() -> None:
    log, heard = FakeLog(), []

    async def reader(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            heard.append(await receive())

    async def trickle() -> Any:
        await asyncio.sleep(0.02)
        return part(b"x")

    async def send(message: Message) -> None: ...

    scope: Any = {"type": "http", "headers": [HOST], "http_version": "1.1"}
    with pytest.raises(Exception, match="did not arrive within"):
        await asyncio.wait_for(limited(reader, log, body_seconds=0.2)(scope, trickle, send), timeout=5)
    assert heard


async def test_a_request_that_takes_too_long_ends_with_an_answer() -> None:
    log = FakeLog()

    async def stuck(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    sent = await asyncio.wait_for(ask(limited(stuck, log, request_seconds=0.05)), timeout=5)
    assert status_of(sent) == HTTPStatus.SERVICE_UNAVAILABLE
    assert [event for _, event, _ in log.lines] == ["request.too_long"]


async def test_a_timeout_of_the_app_itself_is_not_taken_for_that_limit() -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise TimeoutError("of another kind")

    with pytest.raises(TimeoutError, match="of another kind"):
        await ask(limited(fails, FakeLog()))
