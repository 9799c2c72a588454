"""HTTP to the provider: verified TLS, bounded time and size, no redirects.

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

MAX_BODY_BYTES = 1024 * 1024  # UserInfo with 10,000 groups has about 400 kB
POOL = httpx.Limits(
    max_connections=20,  # bounds the sockets to a hanging provider
    max_keepalive_connections=20,
    keepalive_expiry=4.0,  # seconds. Node.js closes idle connections after 5, perhaps while a code is being sent
)
URLS = 16  # a provider has about five

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "RomM"}
_FRAMING = {"content-length", "transfer-encoding"}
_WITHOUT_BODY = {204, 304}  # RFC 9110, 6.4.1


class Limits(Struct, frozen=True, kw_only=True):
    """Seconds for a whole response.

    `connect` bounds connection and TLS handshake each, within the other limits. A callback takes 15 seconds at most: a
    hanging token endpoint ends it; metadata, keys and UserInfo may all hang.
    """

    connect: float = 3.0
    document: float = 4.0
    userinfo: float = 5.0
    token: float = 8.0


class Answer(Struct, frozen=True, kw_only=True):
    """Complete, and neither a redirect nor a 5xx unless allowed.

    `url` is without its query, `date` is the provider's clock, `challenge` its WWW-Authenticate.
    """

    url: str
    status: int
    content_type: str
    body: bytes
    location: str | None = None
    date: str = ""
    challenge: str = ""

    @property
    def summary(self) -> str:
        """Without the body's content."""
        return f"{self.status} with {self.content_type or 'no content type'}"

    def json(self, otherwise: Code, *, status: int = 200) -> dict[str, Any]:
        """Raises `Refused(otherwise)` unless it is a JSON object with `status`."""
        if self.status != status:
            raise Refused(otherwise, url=self.url, problem=self.summary)
        found = json_object(self.body)
        if found is None:
            raise Refused(otherwise, url=self.url, problem=f"{self.summary} instead of a JSON object")
        return found


class BoundedClient:
    """httpx's transport without its client: no redirects, cookies, proxies or passwords of the environment.

    `transport` replaces the network in tests.
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
        failures: bool = False,
    ) -> Answer:
        """Sends once. `limit` is in seconds, `form` already encoded. `redirects` returns redirects, unfollowed, and
        `failures` a 5xx.

        Raises `Refused` with `PROVIDER_UNAVAILABLE`, `PROVIDER_TLS` or `PROVIDER_ANSWER_INVALID`.
        """
        place = url.partition("?")[0]
        try:
            request = _request(method, _parsed(url), headers or {}, form)
            request.extensions["timeout"] = {"connect": self._connect_seconds}
            async with asyncio.timeout(limit):
                response = await self._transport.handle_async_request(request)
                async with aclosing(response):
                    return await _answer(place, response, redirects=redirects, failures=failures)
        except TimeoutError as error:
            problem = f"no answer within {limit:.1f} s"
            raise Refused(Code.PROVIDER_UNAVAILABLE, url=place, problem=problem) from error
        except httpx.ConnectTimeout as error:
            problem = f"no connection within {self._connect_seconds:.1f} s"
            raise Refused(Code.PROVIDER_UNAVAILABLE, url=place, problem=problem) from error
        except (httpx.TransportError, ssl.SSLError) as error:  # SSLError: httpx does not wrap it after the handshake
            raise _unreachable(place, error) from error
        except (httpx.InvalidURL, ExceptionGroup) as error:  # ExceptionGroup: a port above 65,535
            raise Refused(Code.PROVIDER_ANSWER_INVALID, url=place, problem=f"nothing: {error}") from error

    async def aclose(self) -> None:
        await self._transport.aclose()


def json_object(body: bytes) -> dict[str, Any] | None:
    """None for anything else; never raises."""
    try:
        found = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


@lru_cache(maxsize=URLS)
def _parsed(url: str) -> httpx.URL:
    return httpx.URL(url)


def _request(method: str, url: httpx.URL, headers: Mapping[str, str], form: str | None) -> httpx.Request:
    """httpx takes twice as long to add these headers."""
    body = b"" if form is None else form.encode()
    length = {} if form is None else {"Content-Length": str(len(body))}
    every = {"Host": url.netloc.decode("ascii"), **_HEADERS, **headers, **length}
    return httpx.Request(method, url, headers=every, stream=httpx.ByteStream(body))


def network(tls_cacertfile: str, pool: httpx.Limits = POOL) -> Transport:
    return httpx.AsyncHTTPTransport(verify=tls_context(tls_cacertfile), limits=pool)


def tls_context(tls_cacertfile: str) -> ssl.SSLContext:
    """The system's authorities plus the operator's. Takes 20 ms: create it once."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    try:
        if tls_cacertfile:
            context.load_verify_locations(cafile=tls_cacertfile)
    except OSError as error:
        problem = f"OIDC_TLS_CACERTFILE: {tls_cacertfile} is not a readable PEM certificate ({error})."
        raise ValueError(problem) from error
    return context


async def _answer(place: str, response: httpx.Response, *, redirects: bool, failures: bool) -> Answer:
    if response.status_code >= 500 and not failures:
        raise Refused(Code.PROVIDER_UNAVAILABLE, url=place, problem=f"it answered {response.status_code}")
    headers = dict(response.headers.items())  # in lower case; httpx searches its list for each one
    if problem := _problem(response, headers, redirects=redirects):
        raise Refused(Code.PROVIDER_ANSWER_INVALID, url=place, problem=problem)
    body, stream = bytearray(), response.stream
    assert isinstance(stream, httpx.AsyncByteStream)  # noqa: S101  as every asynchronous transport's is
    async for piece in stream:
        body += piece
        if len(body) > MAX_BODY_BYTES:
            problem = f"more than {MAX_BODY_BYTES} bytes"
            raise Refused(Code.PROVIDER_ANSWER_INVALID, url=place, problem=problem)
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return Answer(
        url=place,
        status=response.status_code,
        content_type=content_type,
        body=bytes(body),
        location=headers.get("location") if response.is_redirect else None,
        date=headers.get("date", ""),
        challenge=headers.get("www-authenticate", ""),
    )


def _problem(response: httpx.Response, headers: Mapping[str, str], *, redirects: bool) -> str | None:
    if response.is_redirect and not redirects:
        target = headers.get("location", "nowhere").partition("?")[0]
        return f"{response.status_code} to {target}, and redirects are not followed"
    encoding = headers.get("content-encoding", "identity")
    if encoding != "identity":
        return f"an encoding that RomM does not accept ({encoding})"
    is_framed = response.status_code in _WITHOUT_BODY or not _FRAMING.isdisjoint(headers)
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
    """The peer closed. Python 3.11.2 raises a plain `ssl.SSLError` with this reason, later versions `ssl.SSLEOFError`."""
    closed = (anyio.EndOfStream, anyio.BrokenResourceError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
    return isinstance(error, closed) or getattr(error, "reason", None) == "UNEXPECTED_EOF_WHILE_READING"


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """httpx raises "all attempts failed"; a cause has the reason."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
