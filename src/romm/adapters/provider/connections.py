"""An HTTP/1.1 transport for httpx (RFC 9112), as small as our use of it: h11 knows the rules, anyio the network.

httpx's own transport also serves other protocols, proxies and event loops; it takes three times the processor time.
"""

import asyncio
import select
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import h11
import httpx
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSAttribute, TLSStream

MAX_HEAD_BYTES = 65_536  # the status line and headers of a response
PIECE_BYTES = 65_536  # of a response, read at once

_HUNG_UP = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)  # none of them is an OSError
_Origin = tuple[str, str, int]


class Connections(httpx.AsyncBaseTransport):
    """At most `limit` requests at once, the others wait. `connect` and `keepalive` are in seconds.

    A connection that is kept for the next request may be closed just when that is on its way. The request is not sent
    again: it may have arrived.
    """

    def __init__(self, tls: ssl.SSLContext, *, limit: int, connect: float, keepalive: float) -> None:
        self._tls = tls
        self._connect_seconds = connect
        self._keepalive = keepalive
        self._places = asyncio.Semaphore(limit)
        self._idle: list[_Connection] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and read the head of the response. Raises `httpx.TransportError`."""
        await self._places.acquire()
        try:
            connection, head = await self._asked(request)
        except BaseException:
            self._places.release()
            raise
        return httpx.Response(head.status_code, headers=list(head.headers), stream=_Body(connection, self._part_with))

    async def aclose(self) -> None:
        """Close the connections that are not in use."""
        while self._idle:
            await self._idle.pop().aclose()

    async def _asked(self, request: httpx.Request) -> "tuple[_Connection, h11.Response]":
        origin = _origin(request.url)
        connection = await self._kept(origin) or await self._connected(origin)
        try:
            return connection, await connection.ask(request)
        except BaseException:
            await connection.aclose()
            raise

    async def _kept(self, origin: _Origin) -> "_Connection | None":
        """The idle connection that was used last. Those that are too old, or closed at the other end, go."""
        oldest = time.monotonic() - self._keepalive
        while stale := next((each for each in self._idle if not each.is_good(oldest)), None):
            self._idle.remove(stale)
            await stale.aclose()
        fitting = [each for each in self._idle if each.origin == origin]
        if fitting:
            self._idle.remove(fitting[-1])
        return fitting[-1] if fitting else None

    async def _connected(self, origin: _Origin) -> "_Connection":
        scheme, host, port = origin
        tls: Any = {"ssl_context": self._tls} if scheme == "https" else {}
        try:
            async with asyncio.timeout(self._connect_seconds):
                stream = await anyio.connect_tcp(host, port, **tls)
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error)) from error
        except (*_HUNG_UP, OSError) as error:
            raise httpx.ConnectError(str(error)) from error
        return _Connection(origin, stream)

    async def _part_with(self, connection: "_Connection") -> None:
        self._places.release()
        if connection.rest():
            self._idle.append(connection)
        else:
            await connection.aclose()


class _Connection:
    """A connection with one request at a time."""

    def __init__(self, origin: _Origin, stream: ByteStream) -> None:
        self.origin = origin
        self._stream = stream
        self._socket = stream.extra(SocketAttribute.raw_socket)  # noqa: S610  (Django has another `extra`)
        self._tls = stream.extra(TLSAttribute.ssl_object, None)  # noqa: S610
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._rests_since = 0.0

    async def ask(self, request: httpx.Request) -> h11.Response:
        """Send a request; gives the head of the response."""
        with _httpx_errors():
            await self._stream.send(self._written(request, await request.aread()))
            while isinstance(event := await self._next(), h11.InformationalResponse):
                pass
        assert isinstance(event, h11.Response)  # noqa: S101  (for mypy: h11 lets nothing else come first)
        return event

    async def body(self) -> AsyncIterator[bytes]:
        """What follows the head."""
        with _httpx_errors():
            while isinstance(event := await self._next(), h11.Data):
                yield bytes(event.data)

    def rest(self) -> bool:
        """Get ready for the next request; False when there can be none. What was said unasked must not answer it."""
        spoken_out_of_turn, _ = self._http.trailing_data
        if spoken_out_of_turn or {self._http.our_state, self._http.their_state} != {h11.DONE} or self._tls_has_more():
            return False
        self._http.start_next_cycle()
        self._rests_since = time.monotonic()
        return True

    def is_good(self, oldest: float) -> bool:
        """Has it rested since `oldest` at the longest, without a word from the other end? That could only be a goodbye."""
        ear = select.poll()
        ear.register(self._socket, select.POLLIN)
        return self._rests_since > oldest and not ear.poll(0)

    async def aclose(self) -> None:
        # Below TLS, for that would wait for the other end's goodbye.
        await (self._stream.transport_stream if isinstance(self._stream, TLSStream) else self._stream).aclose()

    def _tls_has_more(self) -> bool:
        """Is there a record that came along with the response? It left the socket, so `is_good` would not hear it."""
        if self._tls is None:
            return False
        try:
            self._tls.read(1)
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError:
            return True
        return True

    def _written(self, request: httpx.Request, body: bytes) -> bytes:
        head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
        events = (head, h11.Data(body), h11.EndOfMessage()) if body else (head, h11.EndOfMessage())
        return b"".join(filter(None, map(self._http.send, events)))

    async def _next(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            try:
                self._http.receive_data(await self._stream.receive(PIECE_BYTES))
            except anyio.EndOfStream:
                self._http.receive_data(b"")
        return event


class _Body(httpx.AsyncByteStream):
    """The body of a response; `done` gets its connection, whether it was read or not."""

    def __init__(self, connection: _Connection, done: Callable[[_Connection], Awaitable[None]]) -> None:
        self._connection = connection
        self._done = done

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._connection.body()

    async def aclose(self) -> None:
        await self._done(self._connection)


def _origin(url: httpx.URL) -> _Origin:
    return url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)


@contextmanager
def _httpx_errors() -> Iterator[None]:
    try:
        yield
    except h11.RemoteProtocolError as error:
        raise httpx.RemoteProtocolError(str(error)) from error
    except h11.LocalProtocolError as error:
        raise httpx.LocalProtocolError(str(error)) from error
    except (*_HUNG_UP, OSError) as error:
        raise httpx.NetworkError(str(error)) from error
