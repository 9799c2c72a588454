"""The database URL for SQLAlchemy."""

import re
from pathlib import PurePath
from urllib.parse import quote, urlsplit

from romm.settings.values import Draft

FILE = "romm.db"

_PASSWORD = re.compile(r"(?<=://)([^:@/]*):.*@")
_QUERY_PASSWORD = re.compile(r"(?<=password=)[^&]*")
_FILE_PATH = re.compile(r"/(?!\?|:memory:).")
_SQLITE, _POSTGRESQL = "sqlite+aiosqlite", "postgresql+asyncpg"
_DRIVERS = {
    "sqlite": _SQLITE,
    _SQLITE: _SQLITE,
    "postgres": _POSTGRESQL,
    "postgresql": _POSTGRESQL,
    _POSTGRESQL: _POSTGRESQL,
}
_SPECIAL = "in a password write special characters as %XX, or use DB_PASSWD, where they stay as they are"


def complete(draft: Draft) -> None:
    """The given URL, else `DB_…`, else the SQLite file."""
    if not draft.settings.database.url:
        _from_parts(draft)
        return
    try:
        draft.complete("database", url=asynchronous(draft.settings.database.url))
    except ValueError as error:
        draft.report.problems.append(f"{draft.names['database']['url']} {error}.")


def asynchronous(url: str) -> str:
    """Raises ValueError without repeating the password."""
    scheme, _, rest = url.partition("://")
    try:
        driver = _DRIVERS[scheme.lower()]
    except KeyError:
        raise ValueError(
            "must begin with sqlite:/// or postgresql://, the two databases that this version supports"
        ) from None
    if driver == _SQLITE and not _FILE_PATH.match(rest):
        raise ValueError("names no file; write sqlite:////folder/romm.db")
    if driver == _POSTGRESQL and not _names_a_database(url):
        raise ValueError(f"must look like postgresql://user:password@host/name; {_SPECIAL}")
    location, mark, query = rest.partition("?")
    # Hosting services use libpq's `sslmode`; asyncpg takes its values as `ssl`.
    return f"{driver}://{location}{mark}{query.replace('sslmode=', 'ssl=')}"


def hidden(url: str) -> str:
    return _QUERY_PASSWORD.sub("***", _PASSWORD.sub(r"\1:***@", url))


def _names_a_database(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.path.strip("/")) and parts.netloc.count("@") <= 1


def _from_parts(draft: Draft) -> None:
    database, names = draft.settings.database, draft.names["database"]
    match database.driver.lower():
        case "postgresql" | "postgres":
            _postgresql(draft)
        case "" if database.host or database.name:
            _file(draft)
            draft.report.warnings.append(
                f"{names['host']} is set without {names['driver']}, which in RomM means MariaDB. This version supports "
                "SQLite and PostgreSQL: it leaves that database alone and uses the file "
                f"{draft.settings.database.url.partition(':///')[2]}; `romm import` brings its users along. Set "
                f"{names['driver']} to sqlite or postgresql to choose."
            )
        case "" | "sqlite":
            _file(draft)
        case _:
            draft.report.problems.append(
                f"{names['driver']} is {database.driver!r}, but this version supports SQLite and PostgreSQL; "
                "set it to sqlite (a file, nothing else to set) or postgresql (with the DB_… of such a server)."
            )


def _file(draft: Draft) -> None:
    path = PurePath(draft.settings.server.base_path, FILE)
    draft.complete("database", draft.names["server"]["base_path"], url=f"{_SQLITE}:///{path}")


def _postgresql(draft: Draft) -> None:
    database, names = draft.settings.database, draft.names["database"]
    if not database.host or not database.name:
        missing = names["name" if database.host else "host"]
        draft.report.problems.append(f"{missing} is missing; PostgreSQL needs it, or ROMM_DATABASE_URL.")
        return
    secret = f":{quote(database.password, safe='')}" if database.password else ""
    account = f"{quote(database.user, safe='')}{secret}@" if database.user else ""
    host = f"[{database.host}]" if ":" in database.host else database.host
    url = f"{_POSTGRESQL}://{account}{host}:{database.port}/{database.name}"
    draft.complete("database", names["host"], url=url)
