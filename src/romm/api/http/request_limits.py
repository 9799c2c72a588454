"""Limits of a request: time for body and answer, and one `Host`."""

import asyncio
from http import HTTPStatus

import msgspec
from litestar.enums import ScopeType
from litestar.exceptions import ClientException
from litestar.types import ASGIApp, HTTPReceiveMessage, HTTPScope, Message, Receive, Scope, Send

from romm.api.http.problems import problem
from romm.domain.errors import Code
from romm.ports.process import Log

BODY_SECONDS = 10.0
"""For all of a body; the largest has 64 KiB."""

REQUEST_SECONDS = 60.0
"""For all of a request. The slowest of ours waits for a provider, with limits of its own below this."""


class BodyNotReceived(ClientException):
    """The client hung up, or took too long."""


class BodyTooSlow(BodyNotReceived):
    status_code = HTTPStatus.REQUEST_TIMEOUT


def limited(
    app: ASGIApp, log: Log, *, body_seconds: float = BODY_SECONDS, request_seconds: float = REQUEST_SECONDS
) -> ASGIApp:
    async def bounded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        if not _has_one_host(scope):
            log.info("refused", code=Code.REQUEST_INVALID, status=400, hint="a request needs exactly one Host header")
            await _answer(scope, send, Code.REQUEST_INVALID, HTTPStatus.BAD_REQUEST)
            return
        is_answered = False

        async def noted(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        try:
            async with asyncio.timeout(request_seconds) as limit:
                await app(scope, _in_time(receive, body_seconds), noted)
        except TimeoutError:
            if not limit.expired():
                raise
            log.error("request.too_long", seconds=request_seconds)
            if not is_answered:
                await _answer(scope, send, Code.UNEXPECTED, HTTPStatus.SERVICE_UNAVAILABLE)

    return bounded


def _in_time(receive: Receive, seconds: float) -> Receive:
    """Time counts from the first wait for the body. Raises `BodyNotReceived`."""
    deadline: float | None = None
    is_whole = False

    async def received() -> HTTPReceiveMessage:
        nonlocal deadline, is_whole
        if is_whole:
            return await receive()  # type: ignore[return-value]  # an HTTP scope receives HTTP messages
        deadline = deadline or asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError as error:
            raise BodyTooSlow(f"the body did not arrive within {seconds:.0f} seconds") from error
        if message["type"] == "http.disconnect":
            raise BodyNotReceived("the client hung up before the end of its body")
        is_whole = not message.get("more_body", False)
        return message  # type: ignore[return-value]

    return received


def _has_one_host(scope: HTTPScope) -> bool:
    """RFC 9112, 3.2. HTTP/1.0, as proxies' health checks speak it, needs none. granian gives an empty one for none."""
    sent = [value for name, value in scope["headers"] if name == b"host"]
    return len(sent) <= 1 and (any(sent) or scope["http_version"] != "1.1")


async def _answer(scope: HTTPScope, send: Send, code: Code, status: HTTPStatus) -> None:
    reference = str(scope.get("state", {}).get("correlation_id", ""))
    headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send(
        {
            "type": "http.response.body",
            "body": msgspec.json.encode(problem(code, status, reference)),
            "more_body": False,
        }
    )
