"""The `romm` command: what it prints, and what it answers the shell."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from romm.adapters.database.transactions import HEAD
from romm.cli.main import main
from romm.cli.server.process import OTHER_DIALECTS
from tests.fake_provider import CLIENT_SECRET
from tests.world import environment

CANARY = "canary-of-a-secret"
MISTAKES = {"ROMM_PORT": "eighty", "OIDC_ENABLED": "maybe", "LOGLEVEL": "loud"}
SERVICE = {"litestar", "sqlalchemy", "httpx", "jinja2"}
NOT_SERVING = {"dynaconf", "alembic", "rich", "segno", "httpx._main", "prometheus_client", "opentelemetry"}


def romm(*arguments: str, stdin: str | None = None, **environ: str) -> Result:
    """Run the command in an environment without other settings than these."""
    foreign = {name: None for name in os.environ if name.partition("_")[0] in ("ROMM", "OIDC", "DB", "LOG", "DISABLE")}
    return CliRunner().invoke(main, arguments, input=stdin, env={**foreign, **environ})


def serve(**environ: str) -> subprocess.CompletedProcess[str]:
    """What `romm serve` says when it cannot."""
    command = [sys.executable, "-m", "romm", "serve"]
    return subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, timeout=30, check=False)


def rows(result: Result) -> dict[str, tuple[str, str]]:
    """The printed settings: variable → value and origin."""
    lines = (line.partition("  ") for line in result.stdout.splitlines() if line.endswith(")"))
    parted = ((name, *rest.strip().rpartition("(")[::2]) for name, _, rest in lines)
    return {name: (value.strip(), origin.removesuffix(")")) for name, value, origin in parted}


def test_settings_are_printed_with_their_origin() -> None:
    result = romm("settings", **environment("https://idp.test"))
    printed = rows(result)
    assert result.exit_code == 0
    assert printed["ROMM_BASE_URL"] == ("https://romm.test", "ROMM_BASE_URL")
    assert printed["OIDC_REDIRECT_URI"] == ("https://romm.test/api/oauth/openid", "derived from ROMM_BASE_URL")
    assert printed["ROMM_PORT"] == ("8080", "default")
    assert printed["OIDC_ROLE_ADMIN"] == ("romm-admins", "OIDC_ROLE_ADMIN")
    assert "Single sign-on is on" in result.stdout


def test_settings_of_a_file_name_the_file(tmp_path: Path) -> None:
    file = tmp_path / "romm.toml"
    file.write_text('[oidc]\nprovider = "authelia"\n', encoding="utf-8")
    assert rows(romm("settings", ROMM_SETTINGS_FILE=str(file)))["OIDC_PROVIDER"] == (
        "authelia",
        f"settings file {file}",
    )


def test_secrets_are_hidden(tmp_path: Path) -> None:
    """R-59: wherever they come from."""
    file = tmp_path / "secret"
    file.write_text(f"{CANARY}\n", encoding="utf-8")
    for secrets in (
        {"OIDC_CLIENT_SECRET": CANARY},
        {"OIDC_CLIENT_SECRET_FILE": str(file)},
        {"ROMM_OIDC__CLIENT_SECRET": CANARY},
        {"ROMM_DATABASE_URL": f"postgresql://romm:{CANARY}@db/romm"},
        {"ROMM_DB_DRIVER": "postgresql", "DB_HOST": "db", "DB_NAME": "romm", "DB_USER": "romm", "DB_PASSWD": CANARY},
    ):
        result = romm("settings", **secrets)
        assert result.exit_code == 0, result.output
        assert CANARY not in result.output
    assert CLIENT_SECRET not in romm("settings", **environment("https://idp.test")).output


def test_a_secret_that_is_set_is_told_from_one_that_is_not() -> None:
    assert rows(romm("settings", OIDC_CLIENT_SECRET=CANARY))["OIDC_CLIENT_SECRET"][0] == "(hidden)"
    assert rows(romm("settings"))["OIDC_CLIENT_SECRET"][0] == ""


@pytest.mark.parametrize(
    ("environ", "reasons"),
    [
        pytest.param({}, ["OIDC_ENABLED is false"], id="not wanted"),
        pytest.param(
            {"OIDC_ENABLED": "true"},
            ["OIDC_CLIENT_ID is missing", "OIDC_SERVER_APPLICATION_URL is missing"],
            id="R-66: half configured",
        ),
    ],
)
def test_settings_say_why_single_sign_on_is_off(environ: dict[str, str], reasons: list[str]) -> None:
    result = romm("settings", **environ)
    assert result.exit_code == 0, "half-configured single sign-on stops nothing"
    [line] = [line for line in result.stdout.splitlines() if line.startswith("Single sign-on is off: ")]
    for reason in reasons:
        assert reason in line


def test_warnings_are_printed_beside_the_settings() -> None:
    result = romm("settings", ROMM_BASE_URL="http://romm.example.com")
    assert result.exit_code == 0
    assert "warning: ROMM_BASE_URL is http://romm.example.com" in result.stderr
    assert "warning" not in result.stdout


@pytest.mark.parametrize("command", [["settings"], ["db", "upgrade"], ["db", "current"]], ids=" ".join)
def test_every_mistake_is_told_at_once(command: list[str]) -> None:
    """Whatever the command."""
    result = romm(*command, **MISTAKES)
    assert result.exit_code == 2
    assert told(result.stderr) == list(MISTAKES)
    assert result.stdout == ""


def test_nothing_is_served_with_mistakes() -> None:
    ended = serve(**MISTAKES)
    assert ended.returncode == 2
    assert told(ended.stderr) == list(MISTAKES)


def told(lines: str) -> list[str]:
    """The variables that are complained about."""
    return [line.removeprefix("error: ").split()[0] for line in lines.splitlines()]


def test_the_database_is_migrated_and_says_where_it_is(tmp_path: Path) -> None:
    folder = {"ROMM_BASE_PATH": str(tmp_path)}
    assert romm("db", "current", **folder).stdout == "none\n"
    for _ in range(2):
        result = romm("db", "upgrade", **folder)
        assert (result.exit_code, result.stdout) == (0, "The database is up to date.\n")
    assert romm("db", "current", **folder).stdout == f"{HEAD}\n"


def test_a_new_key_seals_at_once(tmp_path: Path, migrated: Path) -> None:
    shutil.copy(migrated, tmp_path)
    folder = {"ROMM_BASE_PATH": str(tmp_path)}
    for _ in range(2):
        result = romm("db", "rotate-key", **folder)
        assert (result.exit_code, result.stdout.startswith("A new key seals from now on")) == (0, True)
    connection = sqlite3.connect(tmp_path / "romm.db")
    assert connection.execute("SELECT count(*), count(expires_at) FROM sealing_keys").fetchone() == (2, 1)
    connection.close()


@pytest.mark.parametrize("command", [["db", "upgrade"], ["db", "current"], ["db", "rotate-key"]], ids=" ".join)
def test_a_database_that_cannot_be_used_is_a_sentence_and_no_traceback(command: list[str], tmp_path: Path) -> None:
    blocked = tmp_path / "a file, not a folder"
    blocked.touch()
    result = romm(*command, ROMM_BASE_PATH=str(blocked))
    assert result.exit_code == 3
    assert_says_that_the_database_failed(result.stderr)


def test_nothing_is_served_without_a_database(tmp_path: Path) -> None:
    blocked = tmp_path / "a file, not a folder"
    blocked.touch()
    ended = serve(ROMM_BASE_PATH=str(blocked))
    assert ended.returncode == 3
    assert_says_that_the_database_failed(ended.stderr)


def assert_says_that_the_database_failed(lines: str) -> None:
    assert lines.startswith("error: The database cannot be used: ")
    assert "ROMM_DATABASE_URL" in lines
    assert "Traceback" not in lines


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        pytest.param(
            "romm.cli.main, romm.cli.server.prepare, romm.cli.server.serve", SERVICE | NOT_SERVING, id="the server"
        ),
        pytest.param("romm.composition.app", NOT_SERVING, id="a worker"),
    ],
)
def test_no_process_carries_what_it_does_not_use(modules: str, absent: set[str]) -> None:
    """Guards what docs/performance.md promises: 105 MiB for a worker, 35 for the process that watches it."""
    imports = f"from romm.cli.server import process; process.block_unused_imports(); import {modules}"
    program = f"import sys; {imports}; print(*(name for name, module in sys.modules.items() if module))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert absent & set(ended.stdout.split()) == set()


def test_a_command_that_asks_the_database_imports_no_web_framework(migrated: Path) -> None:
    """Guards a third of its time."""
    environ = os.environ | {"ROMM_BASE_PATH": str(migrated.parent)}
    command = [sys.executable, "-X", "importtime", "-m", "romm", "users", "list"]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30, check=True)
    imported = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
    assert ended.stdout
    assert "advanced_alchemy.base" in imported
    assert imported & {"litestar.app", "jinja2.environment", *OTHER_DIALECTS} == set()


@pytest.mark.parametrize("arguments", [["--help"], ["db", "--help"], ["demo", "--help"], ["--version"]], ids=" ".join)
def test_help_needs_no_settings(arguments: list[str]) -> None:
    result = romm(*arguments, ROMM_PORT="eighty")
    assert result.exit_code == 0
    assert result.stdout


def commands(group: click.Group = main) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield name, command
        if isinstance(command, click.Group):
            yield from commands(command)


@pytest.mark.parametrize("command", [each for _, each in commands()], ids=lambda command: str(command.name))
def test_every_command_says_what_it_does_in_a_line_of_a_terminal(command: click.Command) -> None:
    assert command.get_short_help_str(60)
    assert not command.get_short_help_str(62).endswith("...")


@pytest.mark.parametrize("arguments", [["-h"], ["users", "-h"], ["users", "add", "-h"]], ids=" ".join)
def test_help_has_a_short_option(arguments: list[str]) -> None:
    assert romm(*arguments).stdout.startswith("Usage: ")


@pytest.mark.parametrize(("environ", "is_coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)])
def test_no_color_is_honoured(environ: dict[str, str], is_coloured: bool) -> None:
    """no-color.org: set, and not empty."""
    result = CliRunner().invoke(main, ["settings"], env={"ROMM_PORT": "eighty", **environ}, color=True)
    assert ("\x1b[" in result.stderr) is is_coloured


def test_what_an_option_says_goes_before_the_environment(tmp_path: Path, migrated: Path) -> None:
    shutil.copy(migrated, tmp_path)
    environ = {"ROMM_BASE_PATH": str(tmp_path), "ROMM_PORT": "1", "ROMM_HOST": "127.0.0.1"}
    result = romm("serve", "--check", "--port", "0", **environ)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: --port is '0'; ")


@pytest.fixture
def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_a_check_of_the_start_creates_nothing(tmp_path: Path, free_port: str) -> None:
    result = romm("serve", "--check", "--port", free_port, ROMM_BASE_PATH=str(tmp_path / "data"))
    assert (result.exit_code, list(tmp_path.iterdir())) == (0, [])
    assert result.stdout.endswith(f"RomM would start at 127.0.0.1:{free_port}.\n")
    assert "will create the database" in result.stdout


@pytest.mark.parametrize(
    ("revision", "code"), [("0007", 0), ("0099", 3)], ids=["older: it is migrated", "newer: it does not start"]
)
def test_a_check_of_the_start_migrates_nothing(
    tmp_path: Path, migrated: Path, free_port: str, revision: str, code: int
) -> None:
    file = shutil.copy(migrated, tmp_path / "romm.db")
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    result = romm("serve", "--check", "--port", free_port, ROMM_BASE_PATH=str(tmp_path))
    assert result.exit_code == code
    assert json.loads(romm("db", "current", "--json", ROMM_BASE_PATH=str(tmp_path)).stdout)["revision"] == revision


def test_a_check_of_the_start_finds_the_port_taken(tmp_path: Path, migrated: Path, taken_port: str) -> None:
    shutil.copy(migrated, tmp_path)
    result = romm("serve", "--check", "--port", taken_port, ROMM_BASE_PATH=str(tmp_path))
    assert result.exit_code == 1
    assert f"cannot listen at 127.0.0.1:{taken_port}" in result.stderr


def test_a_server_listens_where_its_options_say(tmp_path: Path, migrated: Path, taken_port: str) -> None:
    shutil.copy(migrated, tmp_path)
    command = [sys.executable, "-m", "romm", "serve", "--port", taken_port]
    environ = os.environ | {"ROMM_BASE_PATH": str(tmp_path), "LOG_FORMAT": "json", "ROMM_PORT": "1"}
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30, check=False)
    assert json.loads(ended.stderr.splitlines()[-1])["port"] == int(taken_port)


@pytest.mark.parametrize(
    ("revision", "state", "said"),
    [(HEAD, "current", ""), ("0007", "older", "romm db upgrade"), ("0099", "newer", "A newer version wrote it")],
)
def test_the_revision_comes_with_what_it_means(
    tmp_path: Path, migrated: Path, revision: str, state: str, said: str
) -> None:
    file = shutil.copy(migrated, tmp_path / "romm.db")
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    folder = {"ROMM_BASE_PATH": str(tmp_path)}
    assert json.loads(romm("db", "current", "--json", **folder).stdout) == {
        "revision": revision,
        "newest": HEAD,
        "state": state,
    }
    plain = romm("db", "current", **folder)
    assert plain.stdout == f"{revision}\n"
    assert said in plain.stderr
    assert bool(said) is bool(plain.stderr)


def test_an_upgrade_says_its_steps_and_keeps_a_copy(tmp_path: Path) -> None:
    folder = {"ROMM_BASE_PATH": str(tmp_path)}
    romm("db", "upgrade", "0007", **folder)
    result = romm("db", "upgrade", **folder)
    kept, *steps = result.stderr.splitlines()
    assert kept == f"Kept a copy of the database at 0007: {tmp_path}/romm.db.at-0007"
    assert [step[:5] for step in steps] == [f"{number:04}:" for number in range(8, int(HEAD) + 1)]
    assert romm("db", "restore", f"{tmp_path}/romm.db.at-0007", **folder).exit_code == 0
    assert romm("db", "current", **folder).stdout == "0007\n"
    romm("db", "upgrade", "--no-copy", **folder)
    assert not (tmp_path / "romm.db.at-0007.2").exists()


def test_an_upgrade_copies_into_the_named_file_first_or_changes_nothing(tmp_path: Path) -> None:
    folder, there = {"ROMM_BASE_PATH": str(tmp_path)}, tmp_path / "there"
    romm("db", "upgrade", "0007", **folder)
    both = romm("db", "upgrade", "--copy", str(there), "--no-copy", **folder)
    assert (both.exit_code, "contradict" in both.stderr) == (2, True)
    there.touch()
    refused = romm("db", "upgrade", "--copy", str(there), **folder)
    assert (refused.exit_code, refused.stderr) == (1, f"error: {there}: File exists\n")
    assert romm("db", "current", **folder).stdout == "0007\n"
    there.unlink()
    assert romm("db", "upgrade", "--copy", str(there), **folder).exit_code == 0
    assert there.stat().st_size > 0
    assert not (tmp_path / "romm.db.at-0007").exists()


@pytest.fixture
def taken_port() -> Iterator[str]:
    """Whoever is told to serve there does all that comes before, and ends."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield str(taken.getsockname()[1])


def test_a_taken_port_is_said_in_one_line_and_nothing_is_served(
    tmp_path: Path, migrated: Path, taken_port: str
) -> None:
    """The server would share the port with a forgotten instance, and each would get some of the requests."""
    shutil.copy(migrated, tmp_path)
    ended = serve(ROMM_PORT=taken_port, ROMM_BASE_PATH=str(tmp_path), LOG_FORMAT="json")
    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert json.loads(line)["event"] == "server.cannot_listen"


@pytest.mark.parametrize("option", ["--port", "--provider-port"])
def test_a_demo_that_finds_its_port_taken_names_the_option(option: str, taken_port: str) -> None:
    """`ROMM_PORT`, which the server would name, means nothing to a demo."""
    result = romm("demo", "--port", "0", "--provider-port", "0", option, taken_port)
    assert result.exit_code == 1
    assert f"Port {taken_port} cannot be used" in result.stderr
    assert result.stderr.endswith(f" choose another with {option}.\n")


def test_what_there_is_to_say_about_the_settings_is_in_the_log_of_the_start(tmp_path: Path, taken_port: str) -> None:
    """An operator who never runs `romm settings` reads it there, or nowhere."""
    said = {"ROMM_BASE_URL": "http://romm.test", "OIDC_ENABLED": "true", "ROMM_AUTH_SECRET_KEY": "x"}
    ended = serve(ROMM_PORT=taken_port, ROMM_BASE_PATH=str(tmp_path), LOG_FORMAT="json", **said)
    lines = {line["event"]: line for line in map(json.loads, ended.stderr.splitlines())}
    assert list(lines) == ["settings.note", "settings.warning", "oidc.off", "database.created", "server.cannot_listen"]
    assert "ROMM_AUTH_SECRET_KEY" in lines["settings.note"]["note"]
    assert "unencrypted" in lines["settings.warning"]["warning"]
    assert "OIDC_CLIENT_ID" in lines["oidc.off"]["reason"]
    assert lines["server.cannot_listen"]["port"] == int(taken_port)
