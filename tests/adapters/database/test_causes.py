"""The cause behind what a driver says."""

import errno
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from romm.adapters.database.causes import Place, explained, place_of
from romm.domain.diagnosis.storage import SENTENCES, Cause
from romm.domain.errors import MAX_FACT_LENGTH, Refused

SERVER = place_of("postgresql+asyncpg://romm:s3cret@db:5433/romm")


class PostgresError(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__("its words")
        self.sqlstate = sqlstate


def cause(refused: Refused) -> Cause:
    return Cause(str(refused.facts["cause"]))


@pytest.mark.parametrize(
    ("sqlstate", "expected"),
    [
        ("28P01", Cause.SIGN_IN),
        ("28000", Cause.SIGN_IN),
        ("3D000", Cause.NO_SUCH_DATABASE),
        ("25006", Cause.READ_ONLY),
        ("42501", Cause.RIGHTS),
        ("42P01", Cause.EMPTY),
        ("53100", Cause.FULL),
        ("53300", Cause.CONNECTIONS),
        ("08003", Cause.UNREACHABLE),
        ("57P01", Cause.UNREACHABLE),
        ("57P02", Cause.UNREACHABLE),
        ("57P03", Cause.UNREACHABLE),
        ("XX000", Cause.OTHER),
    ],
)
def test_what_a_server_says(sqlstate: str, expected: Cause) -> None:
    """PostgreSQL, appendix A."""
    connecting = ConnectionError("its words")
    connecting.__cause__ = PostgresError(sqlstate)
    for error in (PostgresError(sqlstate), connecting):
        assert cause(explained(error, SERVER)) is expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.EACCES, Cause.PERMISSION),
        (errno.EROFS, Cause.READ_ONLY),
        (errno.ENOSPC, Cause.FULL),
        (errno.EDQUOT, Cause.FULL),
        (errno.ENOTDIR, Cause.NOT_A_FILE),
        (errno.ENOENT, Cause.MISSING),
        (errno.EMFILE, Cause.OTHER),
    ],
)
def test_what_the_file_system_says(number: int, expected: Cause, tmp_path: Path) -> None:
    place = Place(str(tmp_path), tmp_path)
    assert cause(explained(OSError(number, "its words"), place)) is expected


def test_a_disk_that_fills_up(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "romm.db")) as connection:
        connection.execute("PRAGMA max_page_count=2")
        connection.execute("CREATE TABLE filling (bytes)")
        with pytest.raises(sqlite3.OperationalError) as caught:
            connection.execute("INSERT INTO filling VALUES (zeroblob(100000))")
    assert cause(explained(caught.value, Place("romm.db", tmp_path / "romm.db"))) is Cause.FULL


def test_an_error_of_a_disk_that_is_not_full_is_damage(tmp_path: Path) -> None:
    """On a full one SQLite says the same: `tests/fixes/stages.py` fills one."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    assert cause(explained(error, Place("romm.db", tmp_path / "romm.db"))) is Cause.DAMAGED


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    refused = explained(ConnectionRefusedError(errno.ECONNREFUSED, "refused"), SERVER)
    assert cause(refused) is Cause.UNREACHABLE
    assert "db:5433/romm" in str(refused.facts["problem"])
    assert "s3cret" not in str(refused.facts)


@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=SENTENCES)
def test_each_cause_has_a_sentence_and_a_fix_that_fit_into_a_log_line(sentence: object) -> None:
    found = next(each for each in SENTENCES.values() if each is sentence)
    assert len(found.fix) <= MAX_FACT_LENGTH
    assert not found.fix.endswith(".")
    assert found.problem.format(place="here", detail="because") != ""


def test_no_cause_is_without_a_sentence() -> None:
    assert set(SENTENCES) == set(Cause)
