"""ASGI without a framework: what a request costs that does nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

_START = {"type": "http.response.start", "status": 204, "headers": []}
_BODY = {"type": "http.response.body"}


async def app(scope: dict[str, Any], _: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    if scope["type"] == "http":
        await send(_START)
        await send(_BODY)
