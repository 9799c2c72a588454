"""`romm import` from a database that cannot be read; what is printed is carried out, and then the users are listed."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import Result
from sqlalchemy import make_url

from romm.cli.report import ExitCode
from romm.domain.catalogue import CATALOGUE
from romm.domain.errors import Code
from tests.adapters.accounts.test_foreign_users import (
    GROUPS,
    MARIADB,
    ROLE,
    ROWS,
    TYPES,
    USERS,
    empty,
    execute,
    on_mariadb,
)
from tests.adapters.conftest import POSTGRES, on_postgres
from tests.cli.test_main import romm
from tests.docs.test_docs import ROOT
from tests.fixes.instructions import instructions
from tests.fixes.refusals.register import BY_COMMANDS
from tests.fixes.test_storage import romm as process

READER, PASSWORD = "romm_reader", "50@off"
COMPARE, REACHES, MAY_READ = "Compare the URL with", "reaches its host", "its user may read"


class Step(NamedTuple):
    """The words of a fix, a URL that cannot be read, and the one that can be after `carry_out`."""

    words: str
    before: str
    after: str
    carry_out: Callable[[], None] = lambda: None


def with_password(url: str, password: str, username: str = READER) -> str:
    return make_url(url).set(username=username, password=password).render_as_string(hide_password=False)


def with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def old_romm(kind: str, folder: Path) -> Iterator[str]:
    with empty(kind, folder) as url:
        execute(url, *[ROLE] * (kind == "postgresql"), GROUPS, USERS.format(**TYPES[kind]), *ROWS.split(";"))
        yield url


@contextmanager
def reader(kind: str, url: str) -> Iterator[str]:
    """A database account with a password, without rights so far."""
    server = MARIADB if kind == "mysql" else POSTGRES
    _drop(kind, url, server)
    execute(server, f"CREATE USER {READER} {'IDENTIFIED BY' if kind == 'mysql' else 'PASSWORD'} '{PASSWORD}'")
    try:
        yield with_password(url, PASSWORD)
    finally:
        _drop(kind, url, server)


def _drop(kind: str, url: str, server: str) -> None:
    if kind == "mysql":
        execute(server, f"DROP USER IF EXISTS {READER}")
        return
    known = f"IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{READER}')"
    execute(url, f"DO $$ BEGIN {known} THEN DROP OWNED BY {READER}; END IF; END $$", f"DROP ROLE IF EXISTS {READER}")


def may_read(kind: str, url: str) -> None:
    tables = f"{make_url(url).database}.*" if kind == "mysql" else "ALL TABLES IN SCHEMA public"
    execute(url, f"GRANT SELECT ON {tables} TO {READER}")


def at_a_server(kind: str, folder: Path) -> Iterator[Step]:
    with old_romm(kind, folder) as url, reader(kind, url) as own:
        with socket.create_server(("127.0.0.1", 0)) as reserved:
            port = reserved.getsockname()[1]
        yield Step(REACHES, make_url(url).set(port=port).render_as_string(hide_password=False), url)
        yield Step(COMPARE, with_database(url, "another_one"), url)
        yield Step(MAY_READ, own, own, lambda: may_read(kind, url))
        yield Step(COMPARE, with_password(own, "wrong"), own)
        yield Step(COMPARE, own.replace("%40", "@"), own)
        yield Step(COMPARE, own.replace(f"{make_url(url).drivername}://", "oracle://"), own)


def without_its_tables(kind: str, folder: Path) -> Iterator[Step]:
    """Another program's database at the same server."""
    with old_romm(kind, folder) as url, empty(kind, folder / "another") as another:
        yield Step(COMPARE, another, url)


def in_a_file(kind: str, folder: Path) -> Iterator[Step]:
    with old_romm(kind, folder) as url:
        letter = folder / "letter.db"
        letter.write_bytes(b"a letter, which is long enough to be taken for a page" * 100)
        yield Step(COMPARE, f"sqlite:///{folder}/elsewhere.db", url)
        yield Step(COMPARE, f"sqlite:///{letter}", url)


STAGES = [
    pytest.param(stage, kind, marks=marks, id=f"{stage.__name__}-{kind}")
    for kind, stages, marks in (
        ("sqlite", (in_a_file, without_its_tables), ()),
        ("postgresql", (at_a_server, without_its_tables), on_postgres),
        ("mysql", (at_a_server, without_its_tables), on_mariadb),
    )
    for stage in stages
]


@pytest.mark.parametrize(("stage", "kind"), STAGES)
def test_what_is_printed_for_an_import_is_carried_out(
    stage: Callable[[str, Path], Iterator[Step]], kind: str, tmp_path: Path
) -> None:
    (tmp_path / "another").mkdir()
    for step in stage(kind, tmp_path):
        refused = romm_import(step.before, tmp_path)
        assert refused.exit_code == ExitCode.DATABASE, refused.output
        assert step.words in " ".join(refused.output.split())
        step.carry_out()
        assert romm_import(step.after, tmp_path).exit_code == 0, f"{step.words} does not help after: {refused.output}"


def romm_import(url: str, folder: Path) -> Result:
    return romm("import", "--from", url, ROMM_BASE_PATH=str(folder / "new"))


def test_the_missing_driver_of_an_import_is_in_the_file_that_is_named(tmp_path: Path) -> None:
    command = partial(process, "import", "--from", "mysql://romm@127.0.0.1:9/romm", ROMM_BASE_PATH=str(tmp_path))
    refused = command(without="pymysql")
    named = re.search(r"pip install --require-hashes -r (\S+?)`", refused.stderr)
    assert named, refused.stderr
    assert re.search(r"^pymysql==\S+ \\\n +--hash=", (ROOT / named[1]).read_text(), re.MULTILINE)
    assert REACHES in command().stderr


def test_all_that_an_import_tells_people_to_do_is_carried_out_here() -> None:
    assert Code.IMPORT_UNREADABLE in BY_COMMANDS
    told = list(instructions(CATALOGUE[Code.IMPORT_UNREADABLE].operator))
    assert [each for each in told if not any(words in each for words in (COMPARE, REACHES, MAY_READ))] == []
