"""No command ends in a traceback, whatever it meets; and none creates or migrates a database by surprise."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp

import pytest
from click.testing import Result

from romm.domain.diagnosis.storage import SENTENCES, Cause
from tests.cli.commands import COMMANDS, CREATORS, PROCESSES, paths
from tests.cli.test_main import romm

IN_PROCESS = sorted(set(COMMANDS) - PROCESSES)
EXAMINERS = ("doctor", "init")
"""They report each fault as a finding."""

USES_DATABASE = sorted(set(IN_PROCESS) - {"settings", "config check", *EXAMINERS, "errors"})
NOBODY = 65534
CLAIMS = {"sub": "alice", "email": "alice@example.org", "email_verified": True}

Fault = Callable[[Path], dict[str, str]]
"""Breaks an instance in this folder, or makes settings that lead to a broken one."""


def test_every_command_has_a_row() -> None:
    """A new command is tested here from its first day."""
    assert set(COMMANDS) == set(paths())


@pytest.fixture
def folder(migrated: Path) -> Iterator[Path]:
    """An instance that a process without rights can reach too, which a `tmp_path` of root is not."""
    made = Path(mkdtemp(prefix="romm-broken-"))
    made.chmod(0o755)
    shutil.copy(migrated, made / "romm.db")
    shutil.copy(migrated, made / "other.db")
    (made / "claims.json").write_text(json.dumps(CLAIMS))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """Root may read and write everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    yield
    os.seteuid(0)


def run(folder: Path, command: str, **environ: str) -> Result:
    arguments = [part.format(folder=folder) for part in COMMANDS[command]]
    return romm(*command.split(), *arguments, **{"ROMM_BASE_PATH": str(folder)} | environ)


def process(folder: Path, command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    arguments = [part.format(folder=folder) for part in COMMANDS[command]]
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ROMM_", "OIDC_", "DB_"))}
    return subprocess.run(
        [sys.executable, "-m", "romm", *command.split(), *arguments],
        env=own | {"ROMM_BASE_PATH": str(folder)} | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_is_a_sentence(result: Result, code: int) -> None:
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    assert "Traceback" not in result.output
    assert "RomM has a fault" not in result.output
    assert result.exit_code == code, result.output


@pytest.fixture
def port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def missing(folder: Path) -> dict[str, str]:
    return {"ROMM_BASE_PATH": str(folder / "elsewhere")}


def a_folder(folder: Path) -> dict[str, str]:
    (folder / "romm.db").unlink()
    (folder / "romm.db").mkdir()
    return {}


def through_a_file(folder: Path) -> dict[str, str]:
    return {"ROMM_BASE_PATH": str(folder / "claims.json")}


def no_database(folder: Path) -> dict[str, str]:
    (folder / "romm.db").write_bytes(b"a letter, which is long enough to be taken for a page" * 100)
    return {}


def at_revision(revision: str) -> Fault:
    def change(folder: Path) -> dict[str, str]:
        with closing(sqlite3.connect(folder / "romm.db")) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        return {}

    return change


def empty(folder: Path) -> dict[str, str]:
    (folder / "romm.db").write_bytes(b"")
    return {}


def damaged(folder: Path) -> dict[str, str]:
    file = folder / "romm.db"
    content = file.read_bytes()
    file.write_bytes(content[:100] + b"\xff" * 8000 + content[8100:])
    return {}


def no_server(_: Path) -> dict[str, str]:
    return {"ROMM_DATABASE_URL": "postgresql://romm:secret@127.0.0.1:9/romm"}


DATABASES: dict[Cause, Fault] = {
    Cause.MISSING: missing,
    Cause.NOT_A_FILE: a_folder,
    Cause.NOT_A_DATABASE: no_database,
    Cause.DAMAGED: damaged,
    Cause.EMPTY: empty,
    Cause.OLDER: at_revision("0001"),
    Cause.NEWER: at_revision("0099"),
    Cause.UNREACHABLE: no_server,
}
ANOTHER_REASON = {
    ("import", Cause.MISSING),  # which it plans for; it is the other database that fails
    ("db upgrade", Cause.OLDER),  # the tables are those of the newest
    ("db backup", Cause.UNREACHABLE),  # never copied here
    ("db restore", Cause.UNREACHABLE),  # nor restored
}
CURED_BY_UPGRADE = {Cause.MISSING, Cause.EMPTY}


@pytest.mark.parametrize("command", USES_DATABASE)
@pytest.mark.parametrize("cause", DATABASES, ids=lambda cause: cause.value)
def test_each_fault_of_the_database_is_one_sentence(folder: Path, command: str, cause: Cause) -> None:
    result = run(folder, command, **DATABASES[cause](folder))
    if is_well_there(command, cause):
        assert_is_a_sentence(result, 0)
    elif (command, cause) in ANOTHER_REASON:
        assert_is_a_sentence(result, 3)
    else:
        assert_is_a_sentence(result, 3)
        assert words(cause) in result.stderr
        assert len(result.stderr.splitlines()) == 1


def words(cause: Cause) -> str:
    return SENTENCES[cause].fix


def is_well_there(command: str, cause: Cause) -> bool:
    match command:
        case "db upgrade":
            return cause in CURED_BY_UPGRADE
        case "users add":
            return cause is Cause.MISSING
        case "db current":
            return cause in (Cause.MISSING, Cause.EMPTY, Cause.OLDER, Cause.NEWER)
        case "db backup":  # copies whatever there is
            return cause in (Cause.EMPTY, Cause.OLDER, Cause.NEWER)
        case "db restore":  # replaces whatever there is
            return cause not in (Cause.NOT_A_FILE, Cause.UNREACHABLE)
        case _:
            return False


@pytest.mark.parametrize("cause", DATABASES, ids=lambda cause: cause.value)
def test_the_doctor_goes_on_past_a_broken_database(folder: Path, cause: Cause) -> None:
    result = run(folder, "doctor", **DATABASES[cause](folder))
    assert_is_a_sentence(result, 1 if cause not in (Cause.MISSING, Cause.EMPTY, Cause.OLDER) else result.exit_code)
    assert "Database" in result.output


@pytest.mark.parametrize("command", [*USES_DATABASE, *EXAMINERS])
def test_a_file_of_another_user_is_one_sentence(folder: Path, command: str, unprivileged: None) -> None:
    result = run(folder, command) if os.geteuid() == NOBODY else pytest.skip("cannot become another user")
    if command == "db backup":
        assert_is_a_sentence(result, 1)
        assert "copy.db: Permission denied" in result.stderr
        return
    assert_is_a_sentence(result, 1 if command in EXAMINERS else 3)
    assert f"user {NOBODY} (user 0 owns " in " ".join(result.output.split())


@pytest.mark.parametrize("command", [*USES_DATABASE, *EXAMINERS])
def test_a_closed_folder_is_one_sentence(folder: Path, command: str, unprivileged: None) -> None:
    if os.geteuid() != NOBODY:
        pytest.skip("cannot become another user")
    os.seteuid(0)
    folder.chmod(0o700)
    os.seteuid(NOBODY)
    result = run(folder, command)
    if command in ("explain", "db restore"):
        assert_is_a_sentence(result, 2)  # its file is in there
    else:
        assert_is_a_sentence(result, 1 if command in EXAMINERS else 3)


WRITES = ["db rotate-key", "users add"]


@pytest.mark.parametrize("command", WRITES)
def test_a_locked_database_is_one_sentence(folder: Path, command: str) -> None:
    with closing(sqlite3.connect(folder / "romm.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        result = run(folder, command)
    assert_is_a_sentence(result, 3)
    assert words(Cause.LOCKED) in result.stderr


SETTINGS = {
    "a number is a word": {"ROMM_PORT": "eighty"},
    "a file that is missing": {"ROMM_SETTINGS_FILE": "/nowhere/romm.toml"},
    "a folder as file": {"ROMM_SETTINGS_FILE": "/"},
    "a secret's file that is missing": {"OIDC_CLIENT_SECRET_FILE": "/nowhere/secret"},
    "a secret's file that is a folder": {"OIDC_CLIENT_SECRET_FILE": "/"},
    "an address of a database without a database": {"ROMM_DATABASE_URL": "postgresql://"},
    "another database": {"ROMM_DATABASE_URL": "mysql://db/romm"},
    "bytes that are no UTF-8": {"ROMM_BASE_URL": "https://\udcff.example"},
}

FILES = {
    "no TOML": b"[oidc",
    "not in UTF-8": b'[oidc]\nprovider = "\xff"\n',
    "UTF-16": '[oidc]\nprovider = "x"\n'.encode("utf-16"),
    "deep": b"a = " + b"[" * 20_000,
    "a section that is a number": b"oidc = 3\n",
    "a section that is a list": b"[[oidc]]\nprovider = 3\n",
    "a date for a text": b"[oidc]\nprovider = 2026-01-01\n",
    "a table for a text": b"[oidc.provider]\nx = 1\n",
    "a NUL": b'[oidc]\nprovider = "\\u0000"\n',
    "apps that are a number": b"clients = 3\n",
    "apps that are texts": b'clients = ["x"]\n',
    "an app with wrong types": b"[[clients]]\nname = 3\nredirect_uris = 4\n",
    "providers that are a list": b"providers = [1]\n",
    "a provider that is a text": b'[providers]\nx = "y"\n',
    "a provider with a table in a text": b"[providers.x.client_id]\na = 1\n",
    "infinity": b"[server]\nport = inf\n",
}


@pytest.mark.parametrize("command", [*USES_DATABASE, "settings", "config check", *EXAMINERS])
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_wrong_settings_are_sentences(folder: Path, command: str, settings: dict[str, str]) -> None:
    assert_is_a_sentence(run(folder, command, **settings), 1 if command in EXAMINERS else 2)


@pytest.mark.parametrize("command", ["settings", "config check", "users list", "doctor"])
@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_a_wrong_settings_file_is_sentences(folder: Path, command: str, content: bytes) -> None:
    file = folder / "romm.toml"
    file.write_bytes(content)
    result = run(folder, command, ROMM_SETTINGS_FILE=str(file))
    assert_is_a_sentence(result, 1 if command in EXAMINERS else 2)
    assert str(file) in result.output.replace("\n", " ") or command == "doctor"


@pytest.mark.parametrize("command", IN_PROCESS)
def test_a_current_folder_that_is_gone_is_no_traceback(
    folder: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    result = run(folder, command, ROMM_BASE_PATH="data")
    assert_is_a_sentence(result, result.exit_code)


@pytest.mark.parametrize("command", IN_PROCESS)
@pytest.mark.parametrize("odd", ["\udcff", "\x1b[31m", "a" * 10_000, "-1", "99999999999999999999999"])
def test_odd_arguments_are_sentences(folder: Path, command: str, odd: str) -> None:
    arguments = [odd if part == "alice" else part.format(folder=folder) for part in COMMANDS[command]]
    if odd.startswith("-"):
        arguments.insert(0, "--")
    result = romm(*command.split(), *arguments, ROMM_BASE_PATH=str(folder))
    assert_is_a_sentence(result, result.exit_code)


CLAIM_FILES = {
    "empty": b"",
    "no UTF-8": b'{"sub": "\xff"}',
    "half a character": b'{"sub": "\\ud800", "iss": "\\ud800"}',
    "a NUL": b'{"sub": "\\u0000", "iss": "https://idp.example", "email": "\\u0000@example.org"}',
    "a list": b"[1]",
    "deep": b"[" * 50_000,
    "a number without an end": b'{"sub": ' + b"9" * 5000 + b"}",
    "not a number": b'{"sub": NaN, "groups": [NaN, {}]}',
    "claims of wrong types": b'{"sub": 1, "email": [], "email_verified": {}, "groups": 7, "iss": null}',
    "two parts of wrong types": b'{"id_token": 3, "userinfo": []}',
}


@pytest.mark.parametrize("content", CLAIM_FILES.values(), ids=CLAIM_FILES)
def test_odd_claims_are_explained_or_refused(folder: Path, content: bytes) -> None:
    (folder / "claims.json").write_bytes(content)
    result = run(folder, "explain")
    assert_is_a_sentence(result, result.exit_code)
    assert result.exit_code in (1, 2)


@pytest.mark.parametrize("file", ["/", "/nowhere/claims.json", "/proc/self/mem"])
def test_a_file_of_claims_that_cannot_be_read_is_a_sentence(folder: Path, file: str) -> None:
    result = romm("explain", file, ROMM_BASE_PATH=str(folder))
    assert_is_a_sentence(result, result.exit_code)
    assert result.exit_code in (1, 2)


@pytest.mark.parametrize("file", ["/", "/nowhere/copy.db", "{folder}/romm.db", "/dev/full", "/dev/null"])
def test_a_backup_that_cannot_be_written_is_a_sentence(folder: Path, file: str) -> None:
    result = romm("db", "backup", file.format(folder=folder), ROMM_BASE_PATH=str(folder))
    assert_is_a_sentence(result, result.exit_code)
    assert result.exit_code != 0


def test_a_revision_that_is_unknown_is_a_wrong_argument(folder: Path) -> None:
    assert_is_a_sentence(romm("db", "upgrade", "nonsense", ROMM_BASE_PATH=str(folder)), 2)


@pytest.mark.parametrize("command", ["settings", "doctor", "users list"])
@pytest.mark.parametrize("output", ["/dev/full", "closed pipe", "no output", "ascii"])
def test_an_output_that_fails_is_no_traceback(folder: Path, command: str, output: str) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("ROMM_", "OIDC_"))}
    environ |= {"ROMM_BASE_PATH": str(folder), "PYTHONIOENCODING": "ascii" if output == "ascii" else "utf-8"}
    line = {
        "/dev/full": f"{sys.executable} -m romm {command} > /dev/full",
        "closed pipe": f"{sys.executable} -m romm {command} | true",
        "no output": f"{sys.executable} -m romm {command} >&-",
        "ascii": f"{sys.executable} -m romm {command}",
    }[output]
    ended = subprocess.run(
        ["/bin/sh", "-c", line], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr
    assert "fault" not in ended.stderr


SERVED = [Cause.NOT_A_FILE, Cause.NOT_A_DATABASE, Cause.NEWER]


@pytest.mark.parametrize("cause", SERVED, ids=lambda cause: cause.value)
def test_what_is_wrong_with_the_database_is_said_before_any_worker_starts(
    folder: Path, port: str, cause: Cause
) -> None:
    ended = process(folder, "serve", ROMM_PORT=port, **DATABASES[cause](folder))
    assert (ended.returncode, ended.stdout) == (3, "")
    assert words(cause) in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_missing_driver_is_said_before_any_worker_starts(folder: Path, port: str) -> None:
    without = "import sys; sys.modules['asyncpg'] = None; from romm.cli.main import main; main(['serve'])"
    ended = subprocess.run(
        [sys.executable, "-c", without],
        env=os.environ | {"ROMM_PORT": port} | no_server(folder),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 3
    assert words(Cause.DRIVER) in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_folder_that_is_gone_is_said_before_any_worker_starts(folder: Path, port: str) -> None:
    line = f"mkdir gone && cd gone && rmdir ../gone && exec {sys.executable} -m romm serve"
    environ = os.environ | {"ROMM_PORT": port, "ROMM_BASE_PATH": "data"}
    ended = subprocess.run(
        ["/bin/sh", "-c", line], cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode in (1, 3)
    assert "Traceback" not in ended.stderr


def test_a_demo_without_room_for_its_database_is_a_sentence() -> None:
    line = f"ulimit -f 0; exec {sys.executable} -m romm demo --port 0 --provider-port 0"
    ended = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode in (1, 3)
    assert ended.stderr.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", [*IN_PROCESS, "import --apply"])
def test_only_few_commands_make_a_database_and_they_say_so(folder: Path, command: str) -> None:
    """An administrator in the wrong folder would read “no users”."""
    command, _, apply = command.partition(" --")
    elsewhere = folder / "elsewhere"
    old = folder / "old.db"
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("CREATE TABLE users (id, username, role)")
    arguments = [part.format(folder=folder) for part in COMMANDS[command]]
    if command == "import":
        arguments = ["--from", f"sqlite:///{old}", *(["--apply"] if apply else [])]
    result = romm(*command.split(), *arguments, ROMM_BASE_PATH=str(elsewhere))
    creates = command in CREATORS or bool(apply)
    assert elsewhere.exists() is creates
    if creates and not command.startswith("db "):
        assert f"Created a new database: {elsewhere}/romm.db" in result.stderr


@pytest.mark.parametrize("command", sorted(set(USES_DATABASE) - {"db restore"}))
def test_only_an_upgrade_migrates(folder: Path, command: str) -> None:
    """Also not next to a running service, which would meet tables that it does not know."""
    at_revision("0001")(folder)
    if command != "db upgrade":  # not possible here: the tables are those of the newest
        run(folder, command)
    with closing(sqlite3.connect(folder / "romm.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
