"""A credential that is known already is answered for without a look-up, and never after a change."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Select, literal, select

from romm.adapters.credentials.cache import KINDS, MOST, CredentialCache
from romm.adapters.database.engines import engines
from romm.adapters.database.sqlite.inline import Inline
from romm.adapters.database.transactions import Database
from romm.credentials.sessions import Sessions
from romm.domain.credentials.credential import Credential, Kind, SessionLimits
from romm.domain.model import AccessLevel, Account
from tests.adapters.conftest import Stores, in_database, on_postgres
from tests.adapters.examples import alice, bob, session
from tests.domain.examples import NOW
from tests.fakes import FakeClock, FakeHolderSeal, FakeLog

OWNER = Account(
    id=1, username="alice", email=None, enabled=True, level=AccessLevel.VIEWER, password_set_at=None, links=(), version=1,
    created_at=NOW, updated_at=NOW,
)  # fmt: skip
SESSION = session(OWNER)


class CountingDatabase(Database):
    """`beside` happens while a look-up is under way."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.lookups = 0
        self.beside: Callable[[], Awaitable[object]] | None = None

    async def lookup(self, statement: Select[Any], parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        self.lookups += 1
        rows = await super().lookup(statement, parameters)
        if self.beside is not None:
            beside, self.beside = self.beside, None
            await beside()
        return rows


@pytest.fixture
def file(migrated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(migrated, tmp_path / "romm.db"))


@pytest.fixture
async def database(file: Path) -> AsyncIterator[CountingDatabase]:
    opened = CountingDatabase(f"sqlite+aiosqlite:///{file}")
    yield opened
    await opened.close()


@pytest.fixture
def here(database: CountingDatabase) -> Stores:
    return in_database(database, FakeClock(NOW))


@pytest.fixture
async def there(file: Path) -> AsyncIterator[Stores]:
    """Another process, with the same file."""
    opened = Database(f"sqlite+aiosqlite:///{file}")
    yield in_database(opened, FakeClock(NOW))
    await opened.close()


async def known(stores: Stores, **facts: Any) -> Account:
    """The owner of a session that has just been asked for."""
    owner = await alice(stores)
    await stores.credentials.add(owner, session(owner, **facts))
    for _ in range(2):  # the first opens the connection
        assert await stores.credentials.find(Kind.SESSION, "digest")
    return owner


async def test_a_known_credential_is_not_looked_up_again(here: Stores, database: CountingDatabase):
    await known(here)
    before = database.lookups

    found = [await here.credentials.find(Kind.SESSION, "digest") for _ in range(3)]

    assert database.lookups == before
    assert len({id(each) for each in found}) == 1


@pytest.mark.parametrize("by", ["own process", "another process"])
@pytest.mark.parametrize("change", ["ended", "all ended", "disabled"])
async def test_a_change_counts_for_the_very_next_look_up(here: Stores, there: Stores, by: str, change: str):
    owner, stores = await known(here), here if by == "own process" else there

    match change:
        case "ended":
            assert await stores.credentials.take(Kind.SESSION, "digest")
        case "all ended":
            assert await stores.credentials.end_all(owner.id, list(Kind))
        case _:
            await stores.disable(owner.id)

    found = await here.credentials.find(Kind.SESSION, "digest")
    assert found is None if change != "disabled" else found is not None and not found[1].enabled


async def test_a_change_of_another_account_is_a_change(here: Stores, database: CountingDatabase, there: Stores):
    """The version is that of the whole file."""
    await known(here)
    before = database.lookups

    await bob(there)
    await here.credentials.find(Kind.SESSION, "digest")

    assert database.lookups == before + 1


async def test_what_was_read_before_a_change_is_not_kept_after_it(
    here: Stores, there: Stores, database: CountingDatabase
):
    """The file was locked, so the look-up was in the thread, and others had their turn."""
    await known(here)
    await bob(there)  # nothing is known any more

    async def ended_meanwhile() -> None:
        await there.credentials.take(Kind.SESSION, "digest")
        assert await here.credentials.find(Kind.SESSION, "another") is None

    database.beside = ended_meanwhile
    await here.credentials.find(Kind.SESSION, "digest")

    assert await here.credentials.find(Kind.SESSION, "digest") is None


async def test_checkpoints_and_a_reader_with_an_old_state_hide_no_change(here: Stores, there: Stores, file: Path):
    owner = await known(here)
    with closing(sqlite3.connect(file, isolation_level=None)) as reader, closing(sqlite3.connect(file)) as other:
        for number in range(50):
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM accounts").fetchall()
            await there.credentials.add(owner, session_of(1, f"digest {number}"))
            other.execute("PRAGMA wal_checkpoint(PASSIVE)" if number % 2 else "SELECT 1").fetchall()
            assert await here.credentials.find(Kind.SESSION, f"digest {number}")
            await there.credentials.take(Kind.SESSION, f"digest {number}")
            reader.execute("COMMIT")
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            assert await here.credentials.find(Kind.SESSION, f"digest {number}") is None


def session_of(owner: int, digest: str) -> Credential:
    return replace(SESSION, account_id=owner, digest=digest)


async def test_the_reading_connection_holds_no_old_state(here: Stores, file: Path):
    """With an open statement it would see no later commit, and its version would stay."""
    await known(here)
    await here.accounts.get(1)

    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall() == [(0, 0, 0)]


def test_nothing_is_known_while_the_file_is_locked_without_wal(tmp_path: Path):
    """As on a network file system: a reader meets the lock of a writer."""
    opened = engines(f"sqlite+aiosqlite:///{tmp_path}/romm.db").inline
    assert opened is not None
    inline = Inline(opened)
    with closing(sqlite3.connect(tmp_path / "romm.db", isolation_level=None)) as other:
        other.execute("CREATE TABLE t (id INTEGER)")
        unopened = inline.version()
        inline.fetch(select(literal(1)), {})
        before = inline.version()
        other.execute("BEGIN EXCLUSIVE")
        other.execute("INSERT INTO t VALUES (1)")
        locked = inline.version()
        other.execute("COMMIT")
    after = inline.version()
    inline.close()

    assert (unopened, locked) == (None, None)
    assert len({before, after, None}) == 3


async def test_an_unknown_credential_is_looked_up_every_time(here: Stores, database: CountingDatabase):
    """Strangers would fill the memory, and one that is stored later would stay unknown."""
    owner = await known(here)
    before = database.lookups

    for _ in range(3):
        assert await here.credentials.find(Kind.SESSION, "invented") is None

    assert database.lookups == before + 3
    await here.credentials.add(owner, session(owner, "invented"))
    assert await here.credentials.find(Kind.SESSION, "invented")


@pytest.mark.parametrize("over", ["unused", "old"])
async def test_a_known_session_ends_by_the_clock(here: Stores, database: CountingDatabase, over: str):
    """No commit tells that time goes by."""
    await known(here, expires_at=NOW + timedelta(hours=3))
    idle = timedelta(hours=1 if over == "unused" else 9)
    limits = SessionLimits(idle=idle, absolute=timedelta(days=1))
    sessions = Sessions(here.credentials, limits, FakeHolderSeal(), lambda _: False, FakeLog(), here.clock)
    before = database.lookups
    assert await sessions.of_digest("digest")

    here.clock.advance(timedelta(hours=1 if over == "unused" else 3))

    assert await sessions.of_digest("digest") is None
    assert database.lookups == before


@pytest.mark.parametrize("kind", list(Kind))
async def test_only_what_comes_with_every_request_is_kept(here: Stores, database: CountingDatabase, kind: Kind):
    owner = await known(here)
    await here.credentials.add(owner, session(owner, "other", kind=kind))
    await here.credentials.find(kind, "other")
    before = database.lookups

    await here.credentials.find(kind, "other")

    assert (database.lookups == before) == (kind in KINDS)


def test_the_oldest_give_way():
    cache, owner = CredentialCache(most=3), OWNER
    for number in range(5):
        assert cache.get(1, Kind.SESSION, str(number)) is None
        cache.put(1, (session_of(1, str(number)), owner))

    assert [number for number in range(5) if cache.get(1, Kind.SESSION, str(number))] == [2, 3, 4]
    assert 0 < MOST <= 4096  # some 3 KiB each


@on_postgres
@pytest.mark.parametrize("url", ["postgres"], indirect=True)
async def test_with_postgresql_nothing_is_kept(url: str):
    """It tells of no commit before the answer is given."""
    database = CountingDatabase(url)
    stores = in_database(database, FakeClock(NOW))
    await known(stores)
    before = database.lookups
    await stores.credentials.find(Kind.SESSION, "digest")
    await database.close()

    assert (database.version(), database.lookups) == (None, before + 1)
