"""Where accounts and sessions are kept: one URL for SQLAlchemy, made of whatever the operator gave."""

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
    """Resolve `database.url`: the one that is given, else one made of `DB_…`, else the SQLite file."""
    url = draft.values["database.url"]
    if not url:
        _from_parts(draft)
        return
    try:
        draft.values["database.url"] = asynchronous(url)
    except ValueError as error:
        draft.report.problems.append(f"{draft.names['database.url']} {error}.")


def asynchronous(url: str) -> str:
    """The URL with the asynchronous driver that RomM brings. Raises ValueError without repeating the password."""
    scheme, _, rest = url.partition("://")
    try:
        driver = _DRIVERS[scheme.lower()]
    except KeyError:
        raise ValueError("must begin with sqlite:/// or postgresql://, which this version stores in") from None
    if driver == _SQLITE and not _FILE_PATH.match(rest):
        raise ValueError("names no file; write sqlite:////folder/romm.db")
    if driver == _POSTGRESQL and not _names_a_database(url):
        raise ValueError(f"must look like postgresql://user:password@host/name; {_SPECIAL}")
    location, mark, query = rest.partition("?")
    # Hosting services write libpq's `sslmode`; asyncpg takes the same values as `ssl`.
    return f"{driver}://{location}{mark}{query.replace('sslmode=', 'ssl=')}"


def hidden(url: str) -> str:
    """A database URL without its password."""
    return _QUERY_PASSWORD.sub("***", _PASSWORD.sub(r"\1:***@", url))


def _names_a_database(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.path.strip("/")) and parts.netloc.count("@") <= 1


def _from_parts(draft: Draft) -> None:
    values, names = draft.values, draft.names
    match values["database.driver"].lower():
        case "postgresql" | "postgres":
            _postgresql(draft)
        case "" if values["database.host"] or values["database.name"]:
            _file(draft)
            draft.report.warnings.append(
                f"{names['database.host']} is set without {names['database.driver']}, which in RomM means MariaDB. "
                "This version stores in SQLite or PostgreSQL: it leaves that database alone and uses the file "
                f"{values['database.url'].partition(':///')[2]}; `romm import` brings its users along. "
                f"Set {names['database.driver']} to sqlite or postgresql to choose."
            )
        case "" | "sqlite":
            _file(draft)
        case _:
            draft.report.problems.append(
                f"{names['database.driver']} is {values['database.driver']!r}, but this version stores in SQLite or "
                "PostgreSQL; set it to sqlite (a file, nothing else to set) or postgresql (with the DB_… of such a server)."
            )


def _file(draft: Draft) -> None:
    path = PurePath(draft.values["server.base_path"], FILE)
    draft.derive("database.url", f"{_SQLITE}:///{path}", draft.names["server.base_path"])


def _postgresql(draft: Draft) -> None:
    keys = ("host", "port", "user", "password", "name")
    host, port, user, password, name = (draft.values[f"database.{key}"] for key in keys)
    if not host or not name:
        missing = draft.names["database.name" if host else "database.host"]
        draft.report.problems.append(f"{missing} is missing; PostgreSQL needs it, or ROMM_DATABASE_URL.")
        return
    secret = f":{quote(password, safe='')}" if password else ""
    account = f"{quote(user, safe='')}{secret}@" if user else ""
    server = f"[{host}]" if ":" in host else host
    url = f"{_POSTGRESQL}://{account}{server}:{port}/{name}"
    draft.derive("database.url", url, draft.names["database.host"])
