"""Measures the provider's answers."""

import time
from collections.abc import Callable

import httpx

from romm.adapters.provider.transport import Transport

Observe = Callable[[str, str, float], None]
"""Gets the method, the class of the status (`2xx`) or `failed`, and seconds."""


class TimedTransport(httpx.AsyncBaseTransport):
    def __init__(self, inner: Transport, observe: Observe) -> None:
        self._inner = inner
        self._observe = observe

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        started, result = time.perf_counter(), "failed"
        try:
            response = await self._inner.handle_async_request(request)
            result = f"{response.status_code // 100}xx"
            return response
        finally:  # a time limit cancels
            self._observe(request.method, result, time.perf_counter() - started)

    async def aclose(self) -> None:
        await self._inner.aclose()
