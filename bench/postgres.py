"""A database of its own on the PostgreSQL that the caller named."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from urllib.parse import urlsplit

import asyncpg

ABSENT = "no ROMM_TEST_POSTGRES_URL, and no PostgreSQL in /usr/lib/postgresql"


@contextmanager
def database(server: str) -> Iterator[str]:
    name = f"romm_bench_{token_hex(4)}"
    asyncio.run(_run(server, f"CREATE DATABASE {name}"))
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        asyncio.run(_run(server, f"DROP DATABASE {name} WITH (FORCE)"))


async def _run(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
