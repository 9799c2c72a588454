"""As `lookup`, with the question to SQLite that RomM asks before it believes what it remembers, and RomM's own headers."""

import sqlite3
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from lookup import COOKIE, of_session  # type: ignore[import-not-found]  # beside this file, where `serve.py` runs

_HEADERS = [
    (b"remote-user", b"captain"),
    (b"remote-name", b"captain"),
    (b"remote-email", b""),
    (b"remote-groups", b"viewer,editor,admin"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-correlation-id", b"0123456789abcdef"),
]
_SIGNED_IN = {sha256(COOKIE.partition(b"=")[2]).hexdigest(): _HEADERS}
_BODY = {"type": "http.response.body"}

_database = sqlite3.connect(Path(mkdtemp(prefix="romm-bench-"), "asked.db"))
_database.execute("PRAGMA journal_mode=WAL")
_database.execute("CREATE TABLE one (number INTEGER)")
_reader = _database.cursor()
_version = _reader.execute("PRAGMA data_version").fetchall()


async def app(scope: dict[str, Any], _: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    if scope["type"] == "http":
        digest = sha256(of_session(scope["headers"])).hexdigest()
        who = _SIGNED_IN.get(digest) if _reader.execute("PRAGMA data_version").fetchall() == _version else None
        await send({"type": "http.response.start", "status": 204 if who else 401, "headers": who or []})
        await send(_BODY)
