"""A SQLite file shrinks again after many rows have come and gone."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from romm.adapters.database.engines import engines
from romm.adapters.database.migrations import upgrade
from romm.adapters.database.sqlite import space
from romm.adapters.database.sqlite.space import PAGES_A_TURN, SPARE_PAGES
from romm.adapters.database.sqlite.writer import CHECKPOINT_EVERY, Writer
from tests.fakes import FakeLog

ROWS = 4000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "romm.db"


def url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def filled_and_emptied(path: Path) -> None:
    """Some 12 MB that nothing uses."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE rows (content TEXT)")
        database.execute("BEGIN")
        database.executemany("INSERT INTO rows VALUES (?)", (("x" * 3000,) for _ in range(ROWS)))
        database.execute("COMMIT")
        database.execute("DELETE FROM rows WHERE rowid > 10")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def pragma(path: Path, name: str) -> int:
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute(f"PRAGMA {name}").fetchone()[0])


def test_a_new_file_can_give_pages_back(path: Path):
    upgrade(url(path))
    assert pragma(path, "auto_vacuum") == space.INCREMENTAL
    log = FakeLog()
    space.prepare(url(path), log)
    assert log.lines == []


def test_an_older_file_is_written_anew_once_and_the_log_says_so(path: Path):
    filled_and_emptied(path)
    before, log = path.stat().st_size, FakeLog()
    for _ in range(2):
        space.prepare(url(path), log)
    assert path.stat().st_size < before / 10
    assert pragma(path, "auto_vacuum") == space.INCREMENTAL
    assert log.events() == ["database.compacting", "database.compacted"]
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM rows").fetchone() == (10,)


def test_at_the_start_a_file_gives_back_what_was_left_over(path: Path):
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA auto_vacuum=INCREMENTAL")
    filled_and_emptied(path)
    log = FakeLog()
    space.prepare(url(path), log)
    assert pragma(path, "freelist_count") == SPARE_PAGES
    assert log.lines == []


def test_a_file_at_which_another_process_works_stays_as_it_is(path: Path):
    filled_and_emptied(path)
    log = FakeLog()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        space.prepare(url(path), log, wait=0.1)
    [_, (level, event, facts)] = log.lines
    assert (level, event, facts["problem"]) == ("warning", "database.not_compacted", "database is locked")
    assert pragma(path, "auto_vacuum") == 0


async def test_the_file_shrinks_while_it_is_written_to_a_few_pages_at_a_time(path: Path):
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA auto_vacuum=INCREMENTAL")
    await asyncio.to_thread(filled_and_emptied, path)
    unused = pragma(path, "freelist_count")
    engine = engines(url(path)).writes
    assert isinstance(engine, Engine)
    writer = Writer(engine, wait=5)

    def work(connection: Connection) -> None:
        connection.execute(text("UPDATE rows SET content = content WHERE rowid = 1"))

    await writer.run(work)
    assert unused - PAGES_A_TURN - 10 <= pragma(path, "freelist_count") <= unused - PAGES_A_TURN
    for _ in range(5 * CHECKPOINT_EVERY):
        await writer.run(work)
    await writer.close()
    assert SPARE_PAGES - 10 <= pragma(path, "freelist_count") <= SPARE_PAGES
    assert pragma(path, "page_count") < 2 * SPARE_PAGES


async def test_a_transaction_does_not_fail_because_no_page_can_be_given_back(path: Path):
    """Another process writes for longer than one wait: the first is for the pages, the second for the transaction."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA auto_vacuum=INCREMENTAL")
    await asyncio.to_thread(filled_and_emptied, path)
    engine = engines(url(path)).writes
    assert isinstance(engine, Engine)
    writer = Writer(engine, wait=0.5)

    def work(connection: Connection) -> None:
        connection.execute(text("UPDATE rows SET content = content WHERE rowid = 1"))

    for _ in range(CHECKPOINT_EVERY + 1):
        await writer.run(work)
    unused = pragma(path, "freelist_count")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(writer.run(work))
        await asyncio.sleep(0.75)
        other.execute("COMMIT")
    await writing
    await writer.close()
    assert pragma(path, "freelist_count") == unused > SPARE_PAGES
