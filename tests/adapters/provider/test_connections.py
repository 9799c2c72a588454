"""The transport against a peer that says exactly what a test wants, byte for byte."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from romm.adapters.provider.connections import MAX_HEAD_BYTES, Connections

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
SMUGGLED = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"
HANGING = b""


@dataclass
class Peer:
    """Answers each request with what comes next in `script`, and hangs up where that is None."""

    script: list[bytes | None]
    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    connections: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        while head := await _head(reader):
            self.requests.append(head)
            answer = self.script.pop(0)
            if answer is None:
                break
            writer.write(answer)
        writer.close()

    async def say(self, unasked: bytes) -> None:
        """Say something to whoever connected last, although nobody asked."""
        self.connections[-1].write(unasked)
        await asyncio.sleep(0.05)

    async def hang_up(self) -> None:
        self.connections[-1].close()
        await asyncio.sleep(0.05)


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


@asynccontextmanager
async def peer(*script: bytes | None) -> AsyncIterator[Peer]:
    scripted = Peer(list(script))
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
    scripted.port = server.sockets[0].getsockname()[1]
    yield scripted
    server.close()
    for each in scripted.connections:
        each.close()
    await asyncio.sleep(0)


@pytest.fixture
async def network() -> AsyncIterator[Connections]:
    made = connections()
    yield made
    await made.aclose()


def connections(limit: int = 2, connect: float = 1.0, keepalive: float = 5.0) -> Connections:
    return Connections(ssl.create_default_context(), limit=limit, connect=connect, keepalive=keepalive)


async def ask(network: Connections, peer: Peer, target: str = "/", body: bytes | None = None) -> bytes:
    request = httpx.Request("GET" if body is None else "POST", f"http://127.0.0.1:{peer.port}{target}", content=body)
    response = await network.handle_async_request(request)
    try:
        return b"".join([piece async for piece in response.aiter_raw()])
    finally:
        await response.aclose()


async def test_a_connection_is_kept_for_the_next_request(network: Connections):
    async with peer(OK, OK) as provider:
        assert [await ask(network, provider) for _ in range(2)] == [b"ok", b"ok"]
    assert len(provider.connections) == 1


async def test_a_kept_connection_is_for_one_request_at_a_time(network: Connections):
    async with peer(OK, OK, OK) as provider:
        await ask(network, provider)
        assert set(await asyncio.gather(ask(network, provider), ask(network, provider))) == {b"ok"}
    assert len(provider.connections) == 2


async def test_the_head_of_a_response_is_handed_on(network: Connections):
    head = b"HTTP/1.1 404 Not Found\r\ncontent-type: text/plain\r\ncontent-length: 0\r\n\r\n"
    async with peer(head) as provider:
        response = await network.handle_async_request(httpx.Request("GET", f"http://127.0.0.1:{provider.port}/"))
        await response.aclose()
    assert (response.status_code, response.headers["content-type"]) == (404, "text/plain")


async def test_a_request_arrives_as_it_was_made(network: Connections):
    async with peer(OK) as provider:
        await ask(network, provider, "/token?a=%20b", b"code=c")
    first, *headers = provider.requests[0].decode().split("\r\n")
    assert first == "POST /token?a=%20b HTTP/1.1"
    assert {f"Host: 127.0.0.1:{provider.port}", "Content-Length: 6"} <= set(headers)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        pytest.param(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\no\r\n0\r\n\r\n", None, id="bad chunks"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok", id="chunks"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK, b"ok", id="hints before the response"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", b"", id="no body"),
    ],
)
async def test_a_response_is_read_by_the_rules(network: Connections, answer: bytes, body: bytes | None):
    async with peer(answer) as provider:
        if body is None:
            with pytest.raises(httpx.RemoteProtocolError):
                await ask(network, provider)
        else:
            assert await ask(network, provider) == body


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok", id="says close"),
        pytest.param(b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", id="HTTP/1.0"),
        pytest.param(OK + SMUGGLED, id="says more than it was asked"),
    ],
)
async def test_a_connection_that_cannot_be_kept_is_closed(network: Connections, answer: bytes):
    async with peer(answer, OK) as provider:
        assert [await ask(network, provider) for _ in range(2)] == [b"ok", b"ok"]
    assert len(provider.connections) == 2


async def test_what_comes_unasked_answers_no_later_request(network: Connections):
    async with peer(OK, OK) as provider:
        await ask(network, provider)
        await provider.say(SMUGGLED)
        assert await ask(network, provider) == b"ok"
    assert len(provider.connections) == 2


async def test_a_connection_that_the_provider_closed_is_not_used(network: Connections):
    async with peer(OK, OK) as provider:
        await ask(network, provider)
        await provider.hang_up()
        assert await ask(network, provider) == b"ok"
    assert len(provider.connections) == 2


async def test_an_old_connection_is_not_used():
    network = connections(keepalive=0)
    async with peer(OK, OK) as provider:
        await ask(network, provider)
        await ask(network, provider)
        await network.aclose()
    assert len(provider.connections) == 2


async def test_many_who_find_old_connections_get_new_ones():
    network = connections(limit=4, keepalive=0)
    async with peer(*[OK] * 8) as provider:
        for _ in range(2):
            answers = await asyncio.gather(*(ask(network, provider) for _ in range(4)))
            assert answers == [b"ok"] * 4
        await network.aclose()
    assert len(provider.connections) == 8


async def test_every_origin_has_its_own_connections(network: Connections):
    async with peer(OK, OK) as one, peer(OK) as other:
        for each in (one, other, one):
            await ask(network, each)
    assert (len(one.connections), len(other.connections)) == (1, 1)


async def test_an_answer_that_nobody_reads_to_its_end_is_not_mixed_up_with_the_next(network: Connections):
    async with peer(OK, OK) as provider:
        response = await network.handle_async_request(httpx.Request("GET", f"http://127.0.0.1:{provider.port}/"))
        await response.aclose()
        assert await ask(network, provider) == b"ok"
    assert len(provider.connections) == 2


async def test_a_request_is_never_sent_twice(network: Connections):
    async with peer(OK, None, OK) as provider:
        await ask(network, provider)
        with pytest.raises(httpx.TransportError):
            await ask(network, provider, body=b"code=c")
    assert len(provider.requests) == 2


async def test_whoever_gives_up_makes_room():
    network = connections(limit=1)
    async with peer(HANGING, OK) as provider:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ask(network, provider), 0.1)
        assert await asyncio.wait_for(ask(network, provider), 1) == b"ok"
        await network.aclose()


async def test_no_more_requests_at_once_than_allowed():
    network = connections(limit=2)
    async with peer(*[HANGING] * 3) as provider:
        waiting = [asyncio.create_task(ask(network, provider)) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert len(provider.connections) == 2
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="nothing"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\nx: " + b"a" * 2 * MAX_HEAD_BYTES, id="a head without an end"),
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", id="a protocol that nobody wants"),
    ],
)
async def test_what_is_no_response_is_an_error_of_the_provider(network: Connections, answer: bytes | None):
    async with peer(answer) as provider:
        with pytest.raises(httpx.TransportError):
            await ask(network, provider)


async def test_a_body_that_ends_too_soon_is_an_error(network: Connections):
    async with peer(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut") as provider:
        asking = asyncio.create_task(ask(network, provider))
        await asyncio.sleep(0.05)
        await provider.hang_up()
        with pytest.raises(httpx.RemoteProtocolError):
            await asking


async def test_connecting_has_a_limit_of_its_own():
    async with peer() as provider:
        with pytest.raises(httpx.ConnectTimeout):
            await ask(connections(connect=0), provider)


async def test_idle_connections_can_be_closed(network: Connections):
    async with peer(OK, OK) as provider:
        await ask(network, provider)
        await network.aclose()
        await ask(network, provider)
    assert len(provider.connections) == 2
