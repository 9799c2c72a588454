"""The clients, in a process of their own, at minimal cost.

Each public function is a load: takes and returns plain values, fails on an unexpected response. `count` is spread over
several clients.
"""

import asyncio
import json
import os
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

CLIENTS = 4
PROBE_SECONDS = 0.01  # pause between two heartbeats, which would otherwise be a load themselves
CAPTAIN = {"username": "captain", "password": "a lantern in the attic"}


@dataclass(frozen=True)
class Instance:
    """`authority` is the file of the provider's private CA."""

    romm: str
    provider: str
    authority: str = ""


@dataclass(frozen=True)
class Answer:
    """`location` and `cookies` are empty if absent."""

    status: int
    location: str
    cookies: str


@dataclass(frozen=True)
class Connection:
    """Keep-alive; responses need a Content-Length."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def get(self, target: str, status: int = 200, cookies: str = "") -> Answer:
        cookie = f"cookie: {cookies}\r\n" if cookies else ""
        return await self._ask(f"GET {target} HTTP/1.1\r\nhost: bench\r\n{cookie}\r\n".encode(), status)

    async def post(self, target: str, fields: dict[str, str], status: int = 200) -> Answer:
        body = json.dumps(fields)
        head = f"host: bench\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
        return await self._ask(f"POST {target} HTTP/1.1\r\n{head}\r\n\r\n{body}".encode(), status)

    async def _ask(self, request: bytes, status: int) -> Answer:
        self.writer.write(request)
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]
        body = await self.reader.readexactly(int(dict(headers)["content-length"]))
        if int(first.split()[1]) != status:
            raise RuntimeError(f"not {status} but {first}: {body.decode(errors='replace')}")
        cookies = "; ".join(value.partition(";")[0] for name, value in headers if name == "set-cookie")
        return Answer(status, dict(headers).get("location", ""), cookies)


Work = Callable[[Connection], Awaitable[object]]


def stay_on(core: int | None) -> None:
    """Off the server's core."""
    if core is not None:
        os.sched_setaffinity(0, {core})


def set_up(romm: str) -> None:
    asyncio.run(_spread(romm, 1, lambda connection: connection.post("/api/users", CAPTAIN, 201)))


def session(romm: str) -> str:
    """The first administrator's session cookie."""

    async def once() -> str:
        async with _connected(romm) as connection:
            signed_in = await connection.post("/api/login", CAPTAIN)
            # An unusual port is in the cookie's name.
            return next(each for each in signed_in.cookies.split("; ") if each.partition("=")[0].endswith("_session"))

    return asyncio.run(once())


def get(origin: str, target: str, cookies: str, count: int) -> float:
    """Requests per second."""
    return asyncio.run(_spread(origin, count, lambda connection: connection.get(target, cookies=cookies)))


def sign_in(instance: Instance, count: int) -> float:
    """Sign-ins through the provider per second."""

    async def all_of_them() -> float:
        async with AsyncExitStack() as open_:
            providers = {}

            async def one(romm: Connection) -> None:
                if romm not in providers:
                    to_provider = _connected(instance.provider, instance.authority)
                    providers[romm] = await open_.enter_async_context(to_provider)
                await _sign_in(romm, providers[romm])

            return await _spread(instance.romm, count, one)

    return asyncio.run(all_of_them())


def cancel(instance: Instance, count: int) -> float:
    """Sign-ins cancelled at the provider, per second."""

    async def one(romm: Connection) -> None:
        begun = await romm.get("/api/login/openid", 303)
        state = parse_qs(urlsplit(begun.location).query)["state"][0]
        query = f"error=access_denied&state={state}&iss={instance.provider}"
        refused = await romm.get(f"/api/oauth/openid?{query}", 303, begun.cookies)
        if not refused.location.startswith("/login?error="):  # after 60 in a minute the reason is the limit
            raise RuntimeError(f"sent to {refused.location}")

    return asyncio.run(_spread(instance.romm, count, one))


def invent(romm: str, count: int) -> float:
    """Callbacks with an unknown state, per second."""

    async def one(romm: Connection) -> None:
        state = os.urandom(16).hex()
        _expect("/login?error=state_unknown", await romm.get(f"/api/oauth/openid?code=x&state={state}", 303))

    return asyncio.run(_spread(romm, count, one))


def heartbeats(romm: str, seconds: float, busy: bool) -> list[float]:
    """Seconds each; with `busy` beside sign-ins by password."""

    async def beside_passwords() -> list[float]:
        async with asyncio.TaskGroup() as group:
            until = time.perf_counter() + seconds
            for _ in range(CLIENTS if busy else 0):
                group.create_task(_passwords(romm, until))
            beats = group.create_task(_probe(romm, until))
        return beats.result()

    return asyncio.run(beside_passwords())


async def _spread(origin: str, count: int, work: Work) -> float:
    left = iter(range(count))

    async def client() -> None:
        async with _connected(origin) as connection:
            for _ in left:
                await work(connection)

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(client())
    return count / (time.perf_counter() - started)


async def _sign_in(romm: Connection, provider: Connection) -> None:
    begun = await romm.get("/api/login/openid", 303)
    approved = await provider.get(_target(begun.location), 303)
    done = await romm.get(_target(approved.location), 303, begun.cookies)
    _expect("/", done)


async def _passwords(romm: str, until: float) -> None:
    async with _connected(romm) as connection:
        while time.perf_counter() < until:
            await connection.post("/api/login", CAPTAIN)


async def _probe(romm: str, until: float) -> list[float]:
    taken = []
    async with _connected(romm) as connection:
        while (started := time.perf_counter()) < until:
            await connection.get("/api/heartbeat")
            taken.append(time.perf_counter() - started)
            await asyncio.sleep(PROBE_SECONDS)
    return taken


@asynccontextmanager
async def _connected(origin: str, authority: str = "") -> AsyncIterator[Connection]:
    parts = urlsplit(origin)
    tls = ssl.create_default_context(cafile=authority) if authority else None
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=tls)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()


def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def _expect(location: str, answer: Answer) -> None:
    if answer.location.partition("&")[0] != location:
        raise RuntimeError(f"sent to {answer.location} instead of {location}")
