"""The transport over TLS, against a peer that hangs up or says more than it was asked."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from socket import SO_LINGER, SOL_SOCKET

import pytest
from trustme import CA

from romm.adapters.provider.transport import BoundedClient, Limits
from romm.domain.errors import Code, Refused
from tests.fake_provider import server_tls

RECORD_BYTES = 16_384  # the longest plaintext of a TLS record (RFC 8446, 5.1)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
SMUGGLED = HEAD % 4 + b"evil"
ENDED_BY_CLOSE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"

Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def peer(talk: Conversation, ca: CA | None = None) -> AsyncIterator[str]:
    """The address of somebody who speaks TLS with a certificate of this authority, or only TCP without."""
    tls = server_tls(ca.issue_cert("127.0.0.1")) if ca else None
    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    server.close()
    await asyncio.sleep(0.05)


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.close()


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@pytest.mark.parametrize("talk", [hang_up, reset])
async def test_who_hangs_up_during_the_handshake_is_unavailable(talk: Conversation) -> None:
    client = BoundedClient("", Limits())
    async with peer(talk) as url:
        with pytest.raises(Refused) as caught:
            await client.send("GET", url, limit=3)
    assert caught.value.code is Code.PROVIDER_UNAVAILABLE


@pytest.mark.parametrize("more", [SMUGGLED, SMUGGLED + b"b" * 2 * RECORD_BYTES], ids=["one record", "three records"])
async def test_a_record_that_came_along_answers_no_later_request(ca: CA, ca_file: str, more: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            body = b"a" * (RECORD_BYTES - len(HEAD % RECORD_BYTES))
            writer.write(HEAD % len(body) + body + more)  # the first record has just the answer

    client = BoundedClient(ca_file, Limits())
    async with peer(talk, ca) as url:
        answers = [await client.send("GET", url, limit=3) for _ in range(2)]
        await client.aclose()
    assert [answer.body[:4] for answer in answers] == [b"aaaa", b"aaaa"]


async def test_a_connection_is_kept_although_it_is_listened_to(ca: CA, ca_file: str) -> None:
    connections: list[asyncio.StreamWriter] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(HEAD % 2 + b"ok")

    client = BoundedClient(ca_file, Limits())
    async with peer(talk, ca) as url:
        answers = [await client.send("GET", url, limit=3) for _ in range(3)]
        await client.aclose()
    assert [answer.body for answer in answers] == [b"ok"] * 3
    assert len(connections) == 1


@pytest.mark.parametrize("politely", [True, False])
async def test_a_body_that_ends_with_the_connection_needs_the_end_of_tls(ca: CA, ca_file: str, politely: bool) -> None:
    """RFC 9112, 9.8: without it, anybody on the way may have cut the body."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ENDED_BY_CLOSE + b"{}")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close() if politely else writer.transport.abort()

    client = BoundedClient(ca_file, Limits())
    async with peer(talk, ca) as url:
        if politely:
            assert (await client.send("GET", url, limit=3)).body == b"{}"
        else:
            with pytest.raises(Refused) as caught:
                await client.send("GET", url, limit=3)
            assert caught.value.code is Code.PROVIDER_UNAVAILABLE
