"""The one way to reach the provider: over verified TLS, bounded in time and size, and never redirected.

Sources: RFC 9700, 4.12 (redirects); RFC 6749, 10.9 (TLS).
"""

import asyncio
import ssl
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from functools import lru_cache
from typing import Any

import anyio
import httpx
import msgspec
from msgspec import Struct

from romm.domain.errors import Code, Refused

Transport = httpx.AsyncBaseTransport

MAX_BODY_BYTES = 1024 * 1024  # UserInfo with 10,000 groups has some 400 kB
POOL = httpx.Limits(
    max_connections=20,  # a provider that hangs must not make us collect sockets
    max_keepalive_connections=20,
    keepalive_expiry=4.0,  # seconds. Node.js closes an idle connection after 5, perhaps just when a code is on its way
)
URLS = 16  # a provider has some five

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "RomM"}
_FRAMING = {"content-length", "transfer-encoding"}
_WITHOUT_BODY = {204, 304}  # RFC 9110, 6.4.1


class Limits(Struct, frozen=True, kw_only=True):
    """Seconds until a whole answer must be there.

    `connect` is a part of each of the others, and bounds the connection and its TLS handshake one by one.

    A token endpoint that hangs ends the sign-in. Metadata, keys and UserInfo may all hang without ending it, so their
    sum counts: either way a callback is answered within 15 seconds.
    """

    connect: float = 3.0
    document: float = 4.0
    userinfo: float = 5.0
    token: float = 8.0


class Answer(Struct, frozen=True, kw_only=True):
    """A whole response that is neither a redirect nor the provider's own failure. `url` is without its query.

    `location` is where a redirect leads, when one was wanted; `date` is the provider's clock.
    """

    url: str
    status: int
    content_type: str
    body: bytes
    location: str | None = None
    date: str = ""

    @property
    def summary(self) -> str:
        """What came, without its content."""
        return f"{self.status} with {self.content_type or 'no content type'}"

    def json(self, otherwise: Code, *, status: int = 200) -> dict[str, Any]:
        """The JSON object that comes with `status`; raises `Refused(otherwise)` when there is none."""
        if self.status != status:
            raise Refused(otherwise, url=self.url, problem=self.summary)
        found = json_object(self.body)
        if found is None:
            raise Refused(otherwise, url=self.url, problem=f"{self.summary} instead of a JSON object")
        return found


class BoundedClient:
    """The connections to the provider; nothing else uses them. `transport` replaces the network, for tests.

    Requests go to httpx's transport without its client, so that nothing can be added to them or done with the answer:
    no redirects, cookies, proxies or passwords of the environment.
    """

    def __init__(self, tls_cacertfile: str, limits: Limits, transport: Transport | None = None) -> None:
        self._transport = transport or network(tls_cacertfile)
        self._connect_seconds = limits.connect

    async def send(
        self,
        method: str,
        url: str,
        *,
        limit: float,
        headers: Mapping[str, str] | None = None,
        form: str | None = None,
        redirects: bool = False,
    ) -> Answer:
        """Send once and read the answer. `limit` is in seconds, `form` is already encoded.

        With `redirects` a redirect is an answer, too; it is never followed.
        Raises `Refused` with `PROVIDER_UNAVAILABLE`, `PROVIDER_TLS` or `PROVIDER_ANSWER_INVALID`.
        """
        place = url.partition("?")[0]
        try:
            request = httpx.Request(method, _parsed(url), headers={**_HEADERS, **(headers or {})}, content=form)
            request.extensions["timeout"] = {"connect": self._connect_seconds}
            async with asyncio.timeout(limit):
                response = await self._transport.handle_async_request(request)
                async with aclosing(response):
                    return await _answer(place, response, redirects=redirects)
        except TimeoutError as error:
            problem = f"no answer within {limit:.1f} s"
            raise Refused(Code.PROVIDER_UNAVAILABLE, url=place, problem=problem) from error
        except httpx.ConnectTimeout as error:
            problem = f"no connection within {self._connect_seconds:.1f} s"
            raise Refused(Code.PROVIDER_UNAVAILABLE, url=place, problem=problem) from error
        except (httpx.TransportError, ssl.SSLError) as error:  # httpx lets the latter through after the handshake
            raise _unreachable(place, error) from error
        except (httpx.InvalidURL, ExceptionGroup) as error:  # the latter comes of a port above 65,535
            raise Refused(Code.PROVIDER_ANSWER_INVALID, url=place, problem=f"nothing: {error}") from error

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()


def json_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in a body; None for anything else, broken, hostile or not."""
    try:
        found = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


@lru_cache(maxsize=URLS)
def _parsed(url: str) -> httpx.URL:
    return httpx.URL(url)


def network(tls_cacertfile: str, pool: httpx.Limits = POOL) -> Transport:
    """The real network, with its pool of connections."""
    return httpx.AsyncHTTPTransport(verify=tls_context(tls_cacertfile), limits=pool)


def tls_context(tls_cacertfile: str) -> ssl.SSLContext:
    """The system's trust, and the operator's own authority beside it. Takes some 20 ms, so it is made once."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    try:
        if tls_cacertfile:
            context.load_verify_locations(cafile=tls_cacertfile)
    except OSError as error:
        problem = f"OIDC_TLS_CACERTFILE: {tls_cacertfile} is not a readable PEM certificate ({error})."
        raise ValueError(problem) from error
    return context


async def _answer(place: str, response: httpx.Response, *, redirects: bool) -> Answer:
    if response.status_code >= 500:
        raise Refused(Code.PROVIDER_UNAVAILABLE, url=place, problem=f"it answered {response.status_code}")
    if problem := _problem(response, redirects=redirects):
        raise Refused(Code.PROVIDER_ANSWER_INVALID, url=place, problem=problem)
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            problem = f"more than {MAX_BODY_BYTES} bytes"
            raise Refused(Code.PROVIDER_ANSWER_INVALID, url=place, problem=problem)
    content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Answer(
        url=place,
        status=response.status_code,
        content_type=content_type,
        body=bytes(body),
        location=response.headers.get("Location") if response.is_redirect else None,
        date=response.headers.get("Date", ""),
    )


def _problem(response: httpx.Response, *, redirects: bool) -> str | None:
    if response.is_redirect and not redirects:
        target = response.headers.get("Location", "nowhere").partition("?")[0]
        return f"{response.status_code} to {target}, and redirects are not followed"
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding != "identity":
        return f"an encoding that was not asked for ({encoding})"
    is_framed = response.status_code in _WITHOUT_BODY or not _FRAMING.isdisjoint(response.headers)
    return None if is_framed else "neither Content-Length nor chunks, so that a cut answer would look whole"


def _unreachable(place: str, error: httpx.TransportError | ssl.SSLError) -> Refused:
    behind = list(causes(error))
    for cause in behind:
        if isinstance(cause, ssl.SSLError) and not is_hang_up(cause):
            problem = (getattr(cause, "verify_message", "") or str(cause)).rstrip(".")
            return Refused(Code.PROVIDER_TLS, url=place, problem=problem)
    deepest = [error, *(cause for cause in behind if isinstance(cause, OSError))][-1]
    return Refused(Code.PROVIDER_UNAVAILABLE, url=place, problem=f"{type(deepest).__name__}: {deepest}")


def is_hang_up(error: BaseException) -> bool:
    """Did the other end close the connection, in the middle of the TLS handshake or of an answer?

    Python 3.11.2 raises plain `ssl.SSLError` with this reason where later versions raise `ssl.SSLEOFError`.
    """
    closed = (anyio.EndOfStream, anyio.BrokenResourceError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
    return isinstance(error, closed) or getattr(error, "reason", None) == "UNEXPECTED_EOF_WHILE_READING"


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what is behind it: the library says "all attempts failed", the system says why."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
