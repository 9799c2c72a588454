"""Providers on a raw socket that send exactly the bytes a test wants, and hang up when it wants."""

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET

import pytest

Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

CLOSE_NOTIFY = bytes.fromhex("15 0303 0002 0100")  # a TLS alert (RFC 8446, 6.1)


async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Wait for the other end to hang up."""
    await reader.read()
    writer.close()


async def _close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(65_536)
    writer.close()


async def _close_at_once(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _say_goodbye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(65_536)
    writer.write(CLOSE_NOTIFY)
    writer.close()


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


HANG_UPS = [
    pytest.param(_close, id="closes"),
    pytest.param(_close_at_once, id="closes at once"),
    pytest.param(_say_goodbye, id="says goodbye"),
    pytest.param(_reset, id="resets"),
]
"""Ways to end a connection in the middle of the TLS handshake."""


@dataclass
class Peer:
    """Answers each request with the next of `script`; hangs up at None. `arrivals` counts the requests."""

    script: list[bytes | None]
    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    connections: list[asyncio.StreamWriter] = field(default_factory=list)
    arrivals: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    @property
    def url(self) -> str:
        """Over plain http."""
        return f"http://127.0.0.1:{self.port}/token"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections.append(writer)
        while head := await _head(reader):
            self.requests.append(head)
            self.arrivals.release()
            answer = self.script.pop(0)
            if answer is None:
                break
            writer.write(answer)
        writer.close()

    async def say(self, unasked: bytes) -> None:
        """Send something on the last connection, although nobody asked."""
        self.connections[-1].write(unasked)
        await asyncio.sleep(0.05)

    async def hang_up(self) -> None:
        """Close the last connection."""
        self.connections[-1].close()
        await asyncio.sleep(0.05)


@asynccontextmanager
async def peer(*script: bytes | None) -> AsyncIterator[Peer]:
    """A scripted provider on a port."""
    scripted = Peer(list(script))
    async with listening(scripted.serve) as port:
        scripted.port = port
        try:
            yield scripted
        finally:
            for each in scripted.connections:
                each.close()


@asynccontextmanager
async def listening(talk: Conversation, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a server that has this conversation with each client."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await asyncio.sleep(0.05)


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
