"""The clients, in a process of their own, at minimal cost.

Each public function is a load: takes and returns plain values, fails on an unexpected response. `count` is spread over
several clients.
"""

import asyncio
import base64
import json
import os
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

CLIENTS = 4
PROBE_SECONDS = 0.01  # pause between two requests where their time counts, and not how many there are
OK, REDIRECT = (200, 201, 204), (302, 303)
Statuses = tuple[int, ...]
CAPTAIN: dict[str, object] = {"username": "captain", "password": "a lantern in the attic"}


@dataclass(frozen=True)
class Party:
    """A relying party and its provider. `authority` is the file of the provider's private CA; `begin` where a sign-in begins."""

    origin: str
    provider: str
    authority: str = ""
    begin: str = "/api/login/openid"


@dataclass(frozen=True)
class Answer:
    """`location` and `cookies` are empty if absent."""

    status: int
    location: str
    cookies: str
    body: bytes


@dataclass(frozen=True)
class Connection:
    """Keep-alive; responses need a Content-Length."""

    host: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def get(self, target: str, credential: str = "", status: Statuses = OK) -> Answer:
        """`credential` is a line of the head, such as `cookie: …`."""
        lines = f"{credential}\r\n" if credential else ""
        return await self._ask(f"GET {target} HTTP/1.1\r\nhost: {self.host}\r\n{lines}\r\n".encode(), status)

    async def post(self, target: str, fields: dict[str, object], credential: str = "", status: Statuses = OK) -> Answer:
        body = json.dumps(fields)
        lines = f"{credential}\r\n" if credential else ""
        head = f"host: {self.host}\r\n{lines}content-type: application/json\r\ncontent-length: {len(body)}"
        return await self._ask(f"POST {target} HTTP/1.1\r\n{head}\r\n\r\n{body}".encode(), status)

    async def _ask(self, request: bytes, status: Statuses) -> Answer:
        self.writer.write(request)
        first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]
        body = await self.reader.readexactly(int(dict(headers).get("content-length", 0)))
        if (found := int(first.split()[1])) not in status:
            raise RuntimeError(f"not {status} but {first}: {body.decode(errors='replace')[:300]}")
        cookies = "; ".join(value.partition(";")[0] for name, value in headers if name == "set-cookie")
        return Answer(found, dict(headers).get("location", ""), cookies, body)


Work = Callable[[Connection], Awaitable[object]]


def stay_on(core: int | None) -> None:
    """Off the server's core."""
    if core is not None:
        os.sched_setaffinity(0, {core})


def set_up(romm: str) -> None:
    """The first administrator, with a session."""
    asyncio.run(_spread(romm, 1, lambda connection: connection.post("/api/users", CAPTAIN)))
    session(romm)


def session(romm: str) -> str:
    """The first administrator's session, as a line of a request's head."""

    async def once() -> str:
        async with _connected(romm) as connection:
            signed_in = await connection.post("/api/login", CAPTAIN)
            # An unusual port is in the cookie's name.
            own = (each for each in signed_in.cookies.split("; ") if each.partition("=")[0].endswith("_session"))
            return f"cookie: {next(own)}"

    return asyncio.run(once())


def token(romm: str) -> str:
    """A client token of the first administrator's, as a line of a request's head."""
    password = base64.b64encode(":".join(map(str, CAPTAIN.values())).encode()).decode()
    form: dict[str, object] = {"name": "bench", "scopes": ["me.read"]}

    async def once() -> str:
        async with _connected(romm) as connection:
            made = await connection.post("/api/client-tokens", form, f"authorization: Basic {password}")
            return f"authorization: Bearer {json.loads(made.body)['raw_token']}"

    return asyncio.run(once())


def get(origin: str, target: str, credential: str, count: int) -> float:
    """Requests per second."""
    return asyncio.run(_spread(origin, count, lambda connection: connection.get(target, credential)))


def password(romm: str, count: int) -> float:
    """Sign-ins by password per second."""
    return asyncio.run(_spread(romm, count, lambda connection: connection.post("/api/login", CAPTAIN)))


def wrong_password(romm: str, count: int) -> float:
    """Failures of unknown names per second, each from another address: RomM has to trust this one as a proxy."""

    async def one(connection: Connection) -> None:
        name = f"nobody-{os.urandom(4).hex()}"
        address = ".".join(str(each) for each in (10, *os.urandom(3)))
        form = CAPTAIN | {"username": name}
        await connection.post("/api/login", form, f"x-forwarded-for: {address}", (401,))

    return asyncio.run(_spread(romm, count, one))


def cookies(party: Party) -> str:
    """Those that a sign-in leaves, as a line of a request's head."""

    async def once() -> str:
        async with _connected(party.origin) as own, _connected(party.provider, party.authority) as provider:
            return f"cookie: {(await _sign_in(party, own, provider)).cookies}"

    return asyncio.run(once())


def sign_in(party: Party, count: int) -> float:
    """Sign-ins through the provider per second."""

    async def all_of_them() -> float:
        async with AsyncExitStack() as open_:
            providers = {}

            async def one(romm: Connection) -> None:
                if romm not in providers:
                    to_provider = _connected(party.provider, party.authority)
                    providers[romm] = await open_.enter_async_context(to_provider)
                await _sign_in(party, romm, providers[romm])

            return await _spread(party.origin, count, one)

    return asyncio.run(all_of_them())


def cancel(party: Party, count: int) -> float:
    """Sign-ins cancelled at the provider, per second."""

    async def one(romm: Connection) -> None:
        begun = await romm.get(party.begin, status=REDIRECT)
        state = parse_qs(urlsplit(begun.location).query)["state"][0]
        query = f"error=access_denied&state={state}&iss={party.provider}"
        refused = await romm.get(f"/api/oauth/openid?{query}", f"cookie: {begun.cookies}", REDIRECT)
        if not refused.location.startswith("/login?error="):  # after 60 in a minute the reason is the limit
            raise RuntimeError(f"sent to {refused.location}")

    return asyncio.run(_spread(party.origin, count, one))


def invent(romm: str, count: int) -> float:
    """Callbacks with an unknown state, per second."""

    async def one(romm: Connection) -> None:
        state = os.urandom(16).hex()
        _expect(
            "/login?error=state_unknown", await romm.get(f"/api/oauth/openid?code=x&state={state}", status=REDIRECT)
        )

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


def mixed(party: Party, seconds: float) -> dict[str, list[float]]:
    """Everything at once; the seconds that each took, by name."""
    taken: dict[str, list[float]] = {}
    asyncio.run(_mixed(party, time.perf_counter() + seconds, taken))
    return taken


async def _mixed(party: Party, until: float, taken: dict[str, list[float]]) -> None:
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(_connected(party.provider, party.authority))
        mine = await stack.enter_async_context(_connected(party.origin))
        newest = await _sign_in(party, mine, provider)

        async def sign_in(own: Connection) -> Answer:
            """The checks go on with its session: an account has a hundred at most."""
            nonlocal newest
            newest = await _sign_in(party, own, provider)
            return newest

        def get(own: Connection, target: str) -> Awaitable[Answer]:
            return own.get(target, f"cookie: {newest.cookies}")

        works: dict[str, Work] = {
            "`GET /api/users/me`": lambda own: get(own, "/api/users/me"),
            "`GET /api/auth/forward`": lambda own: get(own, "/api/auth/forward"),
            "a sign-in": sign_in,
            "a sign-in by password": lambda own: own.post("/api/login", CAPTAIN),
            "`/admin/users`": lambda own: get(own, "/admin/users"),
        }

        async def repeat(name: str, work: Work) -> None:
            async with _connected(party.origin) as own:
                while (started := time.perf_counter()) < until:
                    await work(own)
                    taken.setdefault(name, []).append(time.perf_counter() - started)
                    await asyncio.sleep(PROBE_SECONDS)

        async with asyncio.TaskGroup() as group:
            for name, work in works.items():
                group.create_task(repeat(name, work))


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


async def _sign_in(party: Party, own: Connection, provider: Connection) -> Answer:
    begun = await own.get(party.begin, "accept: text/html", REDIRECT)  # mod_auth_openidc sends nothing else away
    approved = await provider.get(_target(begun.location), status=REDIRECT)
    done = await own.get(_target(approved.location), f"cookie: {begun.cookies}", REDIRECT)
    if "error" in done.location or not done.cookies:
        raise RuntimeError(f"not signed in, but sent to {done.location}")
    return done


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
        yield Connection(parts.netloc, reader, writer)
    finally:
        writer.close()


def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def _expect(location: str, answer: Answer) -> None:
    if answer.location.partition("&")[0] != location:
        raise RuntimeError(f"sent to {answer.location} instead of {location}")
