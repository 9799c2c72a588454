"""A copy of a PostgreSQL database, and the way back to it."""

import asyncio
import os
import re
import shlex
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from romm.adapters.database import backup
from romm.adapters.database.migrations import current, is_current, upgrade
from romm.adapters.database.postgresql.dump import dump, variables
from romm.domain.catalogue import operator_text
from romm.domain.errors import Refused
from tests.adapters.conftest import on_postgres, temporary_database
from tests.adapters.database.test_migrations import inspected, written
from tests.adapters.database.test_upgrades import REVISIONS, SAME, fill, people

UPGRADING = Path(__file__).parents[4] / "docs" / "upgrading.md"
UNREACHABLE = "postgresql+asyncpg://romm@127.0.0.1:1/romm"

with_programs = [on_postgres, pytest.mark.skipif(not shutil.which("pg_dump"), reason="no pg_dump on this machine")]


def restored(file: Path, url: str) -> None:
    """By the page's command."""
    [command] = re.findall(r"^pg_restore .*", UPGRADING.read_text(encoding="utf-8"), re.MULTILINE)
    here = {"--dbname=romm_before": f"--dbname={variables(url)['PGDATABASE']}", "romm-before.dump": str(file)}
    arguments = [here.get(each, each) for each in shlex.split(command)]
    subprocess.run(arguments, env=os.environ | variables(url), check=True, timeout=60)


@pytest.mark.parametrize("bare_url", [pytest.param("postgres", marks=with_programs)], indirect=True)
def test_an_upgrade_goes_back_by_the_copy_that_it_made_first(bare_url: str, tmp_path: Path) -> None:
    before, said = REVISIONS[-2], list[str]()
    upgrade(bare_url, before)
    asyncio.run(written(bare_url, fill))

    upgrade(bare_url, keeps_copy=True, copy=tmp_path / "before.dump", report=said.append)

    assert said[0] == f"Kept a copy of the database at {before}: {tmp_path}/before.dump"
    assert is_current(bare_url)
    assert stat.S_IMODE((tmp_path / "before.dump").stat().st_mode) == 0o600
    with temporary_database(template="template0") as empty:
        restored(tmp_path / "before.dump", empty)
        assert current(empty) == before
        assert asyncio.run(inspected(empty, people)) == SAME
        upgrade(empty)
        assert asyncio.run(inspected(empty, people)) == SAME


@pytest.mark.parametrize("bare_url", [pytest.param("postgres", marks=with_programs)], indirect=True)
def test_without_the_copy_that_was_asked_for_nothing_changes(bare_url: str, tmp_path: Path) -> None:
    upgrade(bare_url, REVISIONS[-2])
    there = tmp_path / "there"
    there.write_text("precious")
    with pytest.raises(FileExistsError):
        upgrade(bare_url, keeps_copy=True, copy=there)
    assert current(bare_url) == REVISIONS[-2]
    assert there.read_text() == "precious"


@pytest.mark.parametrize("bare_url", [pytest.param("postgres", marks=on_postgres)], indirect=True)
def test_an_upgrade_that_keeps_no_copy_says_so(bare_url: str) -> None:
    said: list[str] = []
    upgrade(bare_url, keeps_copy=True, report=said.append)
    assert not [line for line in said if line.startswith("note:")], "an empty database needs no copy"
    assert len(said) == len(REVISIONS)
    said.clear()
    upgrade(bare_url, keeps_copy=True, report=said.append)
    assert said == [], "nothing changed"


@pytest.mark.parametrize("bare_url", [pytest.param("postgres", marks=on_postgres)], indirect=True)
def test_an_upgrade_of_people_without_a_copy_names_the_way_to_one(bare_url: str) -> None:
    upgrade(bare_url, REVISIONS[-2])
    said: list[str] = []
    upgrade(bare_url, keeps_copy=True, report=said.append)
    assert said[0].startswith(f"note: no copy of the PostgreSQL database at {REVISIONS[-2]} is kept.")
    assert "--copy FILE" in said[0]


def test_a_machine_without_the_program_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        dump(UNREACHABLE, tmp_path / "copy", {"PATH": str(tmp_path)})
    assert "pg_dump is not installed here" in operator_text(refused.value)
    assert "postgresql-client" in operator_text(refused.value)


def test_a_program_that_fails_is_quoted_and_leaves_no_file(tmp_path: Path) -> None:
    program = tmp_path / "pg_dump"
    program.write_text(
        "#!/bin/sh\necho half > \"${3#--file=}\"\necho 'aborting because of server version mismatch' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    with pytest.raises(Refused) as refused:
        dump(UNREACHABLE, tmp_path / "copy", {"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert "aborting because of server version mismatch" in operator_text(refused.value)
    with pytest.raises(Refused):
        backup.copy(UNREACHABLE, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_the_password_is_handed_over_where_no_other_user_reads_it() -> None:
    url = "postgresql+asyncpg://romm:p%40ss@db.example:5433/games?ssl=verify-full"
    assert variables(url) == {
        "PGHOST": "db.example",
        "PGPORT": "5433",
        "PGUSER": "romm",
        "PGPASSWORD": "p@ss",
        "PGDATABASE": "games",
        "PGSSLMODE": "verify-full",
    }
    assert variables("postgresql+asyncpg:///games?host=/run/postgresql")["PGHOST"] == "/run/postgresql"
