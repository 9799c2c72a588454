"""Where the servers send logout tokens: RomM is inside the test, so that it is handed on there, as it came."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Queue
from typing import Any

import httpx
from litestar import Litestar, Request, post
from msgspec import Struct

from tests.fake_provider import served

PATH = "/api/oauth/openid/backchannel-logout"
PATIENCE_SECONDS = 15


class LogoutRequest(Struct, frozen=True):
    content_type: str
    body: bytes


class Relay:
    """`address` is what is registered at the servers."""

    def __init__(self, address: str, came: Queue[LogoutRequest]) -> None:
        self.address = address
        self._came = came

    async def hand_on(self, romm: httpx.AsyncClient) -> httpx.Response:
        """RomM's answer to what a server sent. Raises `AssertionError` when none sends anything."""
        try:
            sent = self._came.get(timeout=PATIENCE_SECONDS)
        except Empty as error:
            raise AssertionError("the server sends no logout token") from error
        return await romm.post(PATH, content=sent.body, headers={"content-type": sent.content_type})


@contextmanager
def relay() -> Iterator[Relay]:
    came: Queue[LogoutRequest] = Queue()

    @post(PATH, status_code=200)
    async def keep(request: Request[Any, Any, Any]) -> None:
        came.put(LogoutRequest(request.headers.get("content-type", ""), await request.body()))

    with served(Litestar([keep], openapi_config=None)) as port:
        yield Relay(f"http://127.0.0.1:{port}{PATH}", came)
