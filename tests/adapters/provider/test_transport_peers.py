"""The HTTP client against providers that send exactly the bytes a test wants: what httpx must keep doing for us."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator

import httpx
import pytest
from trustme import CA

from romm.adapters.provider import transport
from romm.adapters.provider.transport import BoundedClient, Limits
from romm.domain.errors import Code, Refused
from tests.adapters.provider.peers import HANG_UPS, Conversation, Peer, listening, peer
from tests.fake_provider import server_tls

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
SMUGGLED = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"
HANGING = b""
MAX_HEAD_BYTES = 102_400  # the bound in httpcore


@pytest.fixture
async def client() -> AsyncIterator[BoundedClient]:
    made = BoundedClient("", Limits())
    yield made
    await made.aclose()


async def ask(client: BoundedClient, peer: Peer, form: str | None = None) -> bytes:
    return (await client.send("GET" if form is None else "POST", peer.url, limit=3, form=form)).body


async def refused(client: BoundedClient, url: str) -> Refused:
    with pytest.raises(Refused) as caught:
        await client.send("GET", url, limit=3)
    return caught.value


async def test_a_connection_is_kept_for_the_next_request(client: BoundedClient):
    async with peer(OK, OK) as provider:
        assert [await ask(client, provider) for _ in range(2)] == [b"ok", b"ok"]
    assert len(provider.connections) == 1


async def test_a_connection_over_tls_is_kept_too(ca: CA, ca_file: str):
    client, scripted = BoundedClient(ca_file, Limits()), Peer([OK, OK])
    async with listening(scripted.serve, server_tls(ca.issue_cert("127.0.0.1"))) as port:
        for _ in range(2):
            await client.send("GET", f"https://127.0.0.1:{port}/", limit=3)
        await client.aclose()
    assert len(scripted.connections) == 1


async def test_an_old_connection_is_not_used():
    client = BoundedClient("", Limits(), transport.network("", httpx.Limits(keepalive_expiry=0)))
    async with peer(OK, OK) as provider:
        assert [await ask(client, provider) for _ in range(2)] == [b"ok", b"ok"]
        await client.aclose()
    assert len(provider.connections) == 2


async def test_a_connection_that_the_provider_closed_is_not_used(client: BoundedClient):
    async with peer(OK, OK) as provider:
        await ask(client, provider)
        await provider.hang_up()
        assert await ask(client, provider) == b"ok"
    assert len(provider.connections) == 2


async def test_what_comes_unasked_between_two_requests_answers_neither(client: BoundedClient):
    async with peer(OK, OK) as provider:
        await ask(client, provider)
        await provider.say(SMUGGLED)
        assert await ask(client, provider) == b"ok"
    assert len(provider.connections) == 2


async def test_a_request_arrives_as_it_was_made(client: BoundedClient):
    async with peer(OK) as provider:
        await client.send("POST", f"{provider.url}?a=%20b", limit=3, form="code=c")
    first, *headers = provider.requests[0].decode().split("\r\n")
    assert first == "POST /token?a=%20b HTTP/1.1"
    assert {each.partition(":")[0].lower() for each in headers if each} == {
        "host", "accept", "accept-encoding", "user-agent", "content-length"
    }  # fmt: skip


async def test_a_request_is_never_sent_twice(client: BoundedClient):
    """An authorization code is used once."""
    async with peer(OK, None, OK) as provider:
        await ask(client, provider)
        with pytest.raises(Refused):
            await ask(client, provider, form="code=c")
    assert len(provider.requests) == 2


async def test_no_more_connections_at_once_than_allowed(client: BoundedClient):
    most = transport.POOL.max_connections or 0
    async with peer(*[HANGING] * most, OK) as provider:
        waiting = [asyncio.create_task(ask(client, provider)) for _ in range(most + 1)]
        for _ in range(most):
            await provider.arrivals.acquire()
        await asyncio.sleep(0.1)
        assert len(provider.connections) == most == 20
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert await ask(client, provider) == b"ok"  # those that gave up made room


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="nothing"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\nx: " + b"a" * 2 * MAX_HEAD_BYTES, id="a head without an end"),
        pytest.param(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\no\r\n0\r\n\r\n", id="bad chunks"),
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", id="a switch that nobody asked for"),
        pytest.param(b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nok", id="a coding of its own"),
    ],
)
async def test_an_answer_that_is_not_http_makes_the_provider_unavailable(client: BoundedClient, answer: bytes | None):
    async with peer(answer) as provider:
        assert (await refused(client, provider.url)).code is Code.PROVIDER_UNAVAILABLE


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"content-length: 9\r\n\r\n", id="shorter than its length"),
        pytest.param(b"transfer-encoding: chunked\r\n\r\n9\r\n", id="in the middle of a chunk"),
        pytest.param(b"\r\n", id="with neither"),
    ],
)
async def test_a_body_that_is_cut_is_refused(client: BoundedClient, head: bytes):
    async with peer(b"HTTP/1.1 200 OK\r\n" + head + b"{}") as provider:
        asking = asyncio.create_task(ask(client, provider))
        await provider.arrivals.acquire()
        await provider.hang_up()
        with pytest.raises(Refused):
            await asking


async def test_connecting_has_a_limit_of_its_own():
    async with peer() as provider:
        refusal = await refused(BoundedClient("", Limits(connect=0)), provider.url)
    assert (refusal.code, refusal.facts["problem"]) == (Code.PROVIDER_UNAVAILABLE, "no connection within 0.0 s")


@pytest.mark.parametrize("talk", HANG_UPS)
async def test_a_provider_that_hangs_up_during_the_handshake_is_unavailable(client: BoundedClient, talk: Conversation):
    async with listening(talk) as port:
        assert (await refused(client, f"https://127.0.0.1:{port}/")).code is Code.PROVIDER_UNAVAILABLE


async def test_the_handshake_has_that_limit_too():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        refusal = await refused(BoundedClient("", Limits(connect=0.2)), url)
    assert refusal.facts["problem"] == "no connection within 0.2 s"


async def test_a_provider_that_wants_a_certificate_of_ours_is_a_tls_problem(ca: CA, ca_file: str):
    """With TLS 1.3 it says so after the handshake, in place of an answer."""
    tls = server_tls(ca.issue_cert("127.0.0.1"))
    tls.verify_mode = ssl.CERT_REQUIRED

    def refuse(listener: socket.socket) -> None:
        accepted, _ = listener.accept()
        with tls.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False) as connection:
            with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
                connection.do_handshake()
            while socket.socket.recv(connection, 65_536):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        refusing = asyncio.create_task(asyncio.to_thread(refuse, listener))
        client = BoundedClient(ca_file, Limits())
        refusal = await refused(client, f"https://127.0.0.1:{listener.getsockname()[1]}/")
        await client.aclose()
        await refusing
    assert refusal.code is Code.PROVIDER_TLS
    assert "certificate required" in str(refusal.facts["problem"]).lower()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), True, id="later Pythons"),
        pytest.param(ssl.SSLZeroReturnError(6, "TLS/SSL connection has been closed"), True, id="a goodbye"),
        pytest.param(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), False, id="no TLS"),
        pytest.param(ssl.SSLCertVerificationError(1, "certificate verify failed"), False, id="no trust"),
        pytest.param(OSError(104, "Connection reset by peer"), False, id="below TLS"),
    ],
)
def test_a_hang_up_is_told_from_a_tls_problem(error: OSError, expected: bool):
    assert transport.is_hang_up(error) is expected


def test_python_3_11_2_calls_a_hang_up_by_its_reason_only():
    error = ssl.SSLError(1, "[SSL: UNEXPECTED_EOF_WHILE_READING] unexpected eof while reading (_ssl.c:992)")
    error.reason = "UNEXPECTED_EOF_WHILE_READING"
    assert transport.is_hang_up(error)
