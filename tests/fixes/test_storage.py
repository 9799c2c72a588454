"""What is printed for each cause why a database cannot be used is carried out, on a database that is really so."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from romm.adapters.database.sqlite.restore import restore
from romm.domain.diagnosis.storage import SENTENCES, Cause
from romm.domain.errors import Refused
from tests.adapters.conftest import on_postgres
from tests.docs.test_docs import ROOT
from tests.fixes.server_stages import AT_A_SERVER
from tests.fixes.stages import HERE, MOUNTED, At, Look, play

NAMESPACE = ["unshare", "--map-root-user", "--mount"]
OF_A_COMMAND = {Cause.DRIVER, Cause.NOT_COPIED, Cause.IN_USE}
"""Below, each with its own test."""


@pytest.fixture
def at(migrated: Path) -> Iterator[At]:
    """A folder that another user can reach, too, which a `tmp_path` of root is not."""
    folder = Path(mkdtemp(prefix="romm-stage-"))
    folder.chmod(0o755)
    yield At(folder=folder, migrated=migrated)
    shutil.rmtree(folder)


@pytest.mark.parametrize("cause", HERE)
def test_what_is_printed_for_a_file_is_carried_out(cause: Cause, at: At) -> None:
    play(cause, HERE[cause](at))


@pytest.mark.parametrize("cause", MOUNTED)
def test_what_is_printed_for_a_disk_is_carried_out(cause: Cause, at: At) -> None:
    if not shutil.which("unshare") or subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no file system may be mounted here, not even in a namespace")
    command = [*NAMESPACE, sys.executable, "-m", "tests.fixes.mounted", cause, str(at.folder), str(at.migrated)]
    played = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert played.returncode == 0, played.stderr


@on_postgres
@pytest.mark.parametrize(("cause", "stage"), AT_A_SERVER, ids=[cause for cause, _ in AT_A_SERVER])
def test_what_is_printed_for_a_server_is_carried_out(cause: Cause, stage: Callable[[], Iterator[Look]]) -> None:
    play(cause, stage())


def romm(*arguments: str, without: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """A process of its own; `without` is a package that is not installed there."""
    code = f"import sys; sys.modules.update({without!r} and {{{without!r}: None}} or {{}}); from romm.cli.main import main; main()"
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ROMM_", "OIDC_", "DB_"))}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=own | environ, capture_output=True, text=True, timeout=60, check=False)


NO_SERVER = "postgresql://romm@127.0.0.1:9/romm"


def test_the_missing_driver_is_in_the_file_that_is_named() -> None:
    fix = SENTENCES[Cause.DRIVER].fix
    assert fix in romm("users", "list", without="asyncpg", ROMM_DATABASE_URL=NO_SERVER).stderr
    named = re.search(r"pip install --require-hashes -r (\S+)`", fix)
    assert named
    assert re.search(r"^asyncpg==\S+ \\\n +--hash=", (ROOT / named[1]).read_text(), re.MULTILINE)
    assert SENTENCES[Cause.UNREACHABLE].fix in romm("users", "list", ROMM_DATABASE_URL=NO_SERVER).stderr


def test_a_server_that_cannot_be_copied_names_the_programs_that_copy(tmp_path: Path) -> None:
    """That they do is in tests/adapters/database/postgresql/test_dump.py."""
    refused = romm("db", "backup", str(tmp_path / "copy.db"), ROMM_DATABASE_URL=NO_SERVER)
    assert refused.returncode == 3
    assert SENTENCES[Cause.NOT_COPIED].fix in refused.stderr


def test_a_database_that_another_program_has_open_is_restored_after_that_program(at: At) -> None:
    database, copy = at.folder / "romm.db", at.folder / "copy.db"
    for each in (database, copy):
        shutil.copy(at.migrated, each)
    holds = (
        "import sqlite3, sys; other = sqlite3.connect(sys.argv[1]); other.execute('BEGIN'); "
        "other.execute('SELECT * FROM sqlite_master').fetchone(); print(); sys.stdin.read()"
    )
    url = f"sqlite+aiosqlite:///{database}"
    command = [sys.executable, "-c", holds, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(Refused) as caught:
            restore(url, copy)
        assert (caught.value.facts["cause"], caught.value.facts["fix"]) == (Cause.IN_USE, SENTENCES[Cause.IN_USE].fix)
        other.communicate()
    assert restore(url, copy) is not None


def test_every_cause_is_staged() -> None:
    """A new one is carried out from its first day, or it must not be printed."""
    assert {*HERE, *MOUNTED, *(cause for cause, _ in AT_A_SERVER), *OF_A_COMMAND} == set(Cause)
