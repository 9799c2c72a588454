"""The same at a PostgreSQL, whose databases and roles are made for a stage and gone after it."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from secrets import token_hex
from typing import Any

import asyncpg
from sqlalchemy import make_url

from romm.adapters.database.migrations import upgrade
from romm.domain.diagnosis.storage import Cause
from tests.adapters.conftest import POSTGRES, temporary_database
from tests.fixes.stages import Broken, Fixed, Look


def execute(url: str, *statements: str) -> Sequence[Any]:
    """Each in its own transaction; the rows of the last."""
    return asyncio.run(_execute(url, statements))


async def _execute(url: str, statements: Sequence[str]) -> Sequence[Any]:
    connection = await _connection(url)
    rows: Sequence[Any] = []
    try:
        for statement in statements:
            rows = await connection.fetch(statement)
    finally:
        await connection.close()
    return rows


async def _connection(url: str) -> Any:
    return await asyncpg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))


@contextmanager
def held_connections(url: str, number: int) -> Iterator[None]:
    """As the pools of other workers hold them."""
    with asyncio.Runner() as runner:
        held = [runner.run(_connection(url)) for _ in range(number)]
        try:
            yield
        finally:
            for each in held:
                runner.run(each.close())


def unreachable() -> Iterator[Look]:
    with ExitStack() as running:
        url = running.enter_context(temporary_database())
        upgrade(url)
        with socket.create_server(("127.0.0.1", 0)) as reserved:
            port = reserved.getsockname()[1]
        stopped = make_url(url).set(port=port).render_as_string(hide_password=False)
        yield Broken(stopped)
        yield Fixed(url)  # the right port
        running.enter_context(forwarded(port))
        yield Fixed(stopped)  # the server starts


@contextmanager
def forwarded(port: int) -> Iterator[None]:
    """The server is up at this port, too."""
    server = make_url(POSTGRES)

    async def serve(near: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        far, ask = await asyncio.open_connection(server.host, server.port or 5432)
        await asyncio.gather(_pump(near, ask), _pump(far, answer))

    async def run() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", port):
            up.set()
            await asyncio.to_thread(over.wait)

    up, over = threading.Event(), threading.Event()
    running = threading.Thread(target=asyncio.run, args=(run(),))
    running.start()
    up.wait(timeout=30)
    try:
        yield
    finally:
        over.set()
        running.join(timeout=30)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while piece := await source.read(65536):
        sink.write(piece)
        await sink.drain()
    sink.close()


PASSWORD = "50%40off"  # which a URL reads as 50@off
FUSSY = "romm_fussy"
"""The server that `nox` starts asks this role for its password, and no other."""


def sign_in() -> Iterator[Look]:
    with temporary_database() as url:
        upgrade(url)
        execute(POSTGRES, f"DROP ROLE IF EXISTS {FUSSY}", f"CREATE ROLE {FUSSY} LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
        try:
            right = make_url(url).set(username=FUSSY, password=PASSWORD)
            yield Broken(right.set(username="romm_unknown").render_as_string(hide_password=False))
            yield Broken(right.set(password="wrong").render_as_string(hide_password=False))
            yield Broken(right.render_as_string(hide_password=False).replace("%2540", "%40"))
            yield Fixed(right.render_as_string(hide_password=False))
        finally:
            execute(POSTGRES, f"DROP ROLE {FUSSY}")


def no_such_database() -> Iterator[Look]:
    with temporary_database() as url:
        upgrade(url)
        name = f"{make_url(url).database}_more"
        absent = make_url(url).set(database=name).render_as_string(hide_password=False)
        yield Broken(absent)
        yield Fixed(url)  # the right name
        execute(POSTGRES, f"CREATE DATABASE {name}")
        try:
            upgrade(absent)  # as the next sentence says
            yield Fixed(absent)
        finally:
            execute(POSTGRES, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def guest(url: str) -> Iterator[tuple[str, str]]:
    """A role without rights of its own, and the address by it."""
    role = f"romm_guest_{token_hex(4)}"  # roles are those of a server, where other tests run, too
    execute(POSTGRES, f"CREATE ROLE {role} LOGIN")
    try:
        yield role, make_url(url).set(username=role).render_as_string(hide_password=False)
    finally:
        execute(url, f"REASSIGN OWNED BY {role} TO CURRENT_USER", f"DROP OWNED BY {role}")
        execute(POSTGRES, f"DROP ROLE {role}")


def rights() -> Iterator[Look]:
    with temporary_database() as url, guest(url) as (role, url_of_guest):
        upgrade(url)
        yield Broken(url_of_guest)
        name = make_url(url).database
        tables = [f'ALTER TABLE "{table}" OWNER TO {role}' for (table,) in execute(url, _TABLES)]
        execute(url, f"ALTER DATABASE {name} OWNER TO {role}", *tables)
        yield Fixed(url_of_guest)
        execute(url, f"ALTER DATABASE {name} OWNER TO CURRENT_USER")


_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
MOST = 3


def connections() -> Iterator[Look]:
    with temporary_database() as url, guest(url) as (role, url_of_guest):
        upgrade(url)
        execute(url, f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")
        execute(POSTGRES, f"ALTER ROLE {role} CONNECTION LIMIT {MOST}")
        with held_connections(url_of_guest, MOST):
            yield Broken(url_of_guest)
            execute(POSTGRES, f"ALTER ROLE {role} CONNECTION LIMIT {3 * MOST}")
            yield Fixed(url_of_guest)
            execute(POSTGRES, f"ALTER ROLE {role} CONNECTION LIMIT {MOST}")
            yield Broken(url_of_guest)
        yield Fixed(url_of_guest)  # fewer workers


def standby() -> Iterator[Look]:
    with temporary_database() as url, temporary_database() as primary:
        upgrade(url)
        upgrade(primary)
        execute(url, f"ALTER DATABASE {make_url(url).database} SET default_transaction_read_only = on")
        yield Broken(url)
        yield Fixed(primary)


def other() -> Iterator[Look]:
    """A database that no one may use has no sentence of its own."""
    with temporary_database() as url:
        upgrade(url)
        yield Broken(make_url(url).set(database="template0").render_as_string(hide_password=False))
        yield Fixed(url)


AT_A_SERVER: tuple[tuple[Cause, Callable[[], Iterator[Look]]], ...] = (
    (Cause.UNREACHABLE, unreachable),
    (Cause.SIGN_IN, sign_in),
    (Cause.NO_SUCH_DATABASE, no_such_database),
    (Cause.CONNECTIONS, connections),
    (Cause.RIGHTS, rights),
    (Cause.READ_ONLY, standby),
    (Cause.OTHER, other),
)
