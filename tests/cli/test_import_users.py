"""`romm import`: what it prints, that nothing is written before it is told to, and that people get in afterwards."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import bcrypt
import httpx
import pytest
from click.testing import Result

from romm.adapters.log import configure
from romm.composition import adapters, app
from romm.settings.load import load
from tests.adapters.conftest import on_postgres, temporary_database
from tests.cli.test_main import romm

PASSWORD = "a lantern in the attic"
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
ROOT = (1, "root", HASH, "root@example.com", True, "admin", None)
BOB = (2, "Bob", HASH, "Bob@Example.com", True, "user", 7)
ZOE = (3, "Zoë", "1fbc5c1c-3f0f-4f0e-9d0c-0f4c1d8a5a11", "no address", False, "wizard", None)


def old_romm(folder: Path, *users: tuple[object, ...]) -> str:
    """The database of an existing RomM; gives its URL."""
    path = folder / "old.db"
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE permission_groups (id INTEGER, name TEXT)")
        connection.execute("INSERT INTO permission_groups VALUES (7, 'Editor (legacy)')")
        columns = "id, username, hashed_password, email, enabled, role, permission_group_id"
        connection.execute(f"CREATE TABLE users ({columns})")
        connection.executemany("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?)", users)
    connection.close()
    return f"sqlite:///{path}"


def run(folder: Path, source: str, *arguments: str) -> Result:
    return romm("import", "--from", source, *arguments, ROMM_BASE_PATH=str(folder / "new"))


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


def people(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "new" / "romm.db") as connection:
        rows = connection.execute("SELECT username FROM accounts ORDER BY id").fetchall()
    connection.close()
    return [name for (name,) in rows]


def test_what_would_happen_is_printed_and_nothing_is_written(tmp_path: Path) -> None:
    result = run(tmp_path, old_romm(tmp_path, ROOT, BOB, ZOE))
    assert lines(result) == [
        "import root ADMIN, enabled, with password, root@example.com",
        "import Bob as bob: editor, enabled, with password, bob@example.com",
        "import Zoë as user-3: viewer, DISABLED, without password, without e-mail address",
        "note: the name is not allowed here: tell them to sign in as user-3",
        "note: the role 'wizard' is unknown here, so the role is viewer",
        "note: the address 'no address' cannot be compared safely, so it is left out",
        "note: it cannot be used until an administrator gives it an e-mail address",
        "The import includes administrators, the first ones, so /setup closes: root",
        "3 to import, 0 to skip. Nothing was written; use --apply to import.",
    ]
    assert not (tmp_path / "new").exists()


def test_it_is_written_when_told_to_and_once(tmp_path: Path) -> None:
    source = old_romm(tmp_path, ROOT, BOB, ZOE)
    assert lines(run(tmp_path, source, "--apply"))[-1] == "3 imported, 0 skipped."
    assert people(tmp_path) == ["root", "bob", "user-3"]
    again = lines(run(tmp_path, source, "--apply"))
    assert again[0] == "skip root root exists already"
    assert again[-1] == "0 imported, 3 skipped."
    assert people(tmp_path) == ["root", "bob", "user-3"]


def test_administrators_beside_others_are_said_aloud(tmp_path: Path) -> None:
    run(tmp_path, old_romm(tmp_path, ROOT), "--apply")
    more = old_romm(tmp_path, (*BOB[:5], "ADMIN", None))
    told = "The import includes administrators, besides the existing ones: bob"
    assert told in lines(run(tmp_path, more))
    assert told in lines(run(tmp_path, more, "--apply"))


def test_a_house_without_a_key_is_said_aloud(tmp_path: Path) -> None:
    told = "\n".join(lines(run(tmp_path, old_romm(tmp_path, (*ROOT[:4], False, "admin", None)))))
    assert "None of them is enabled" in told
    assert "/setup before the import" in told


def test_a_disabled_administrator_beside_an_enabled_one_is_no_danger(tmp_path: Path) -> None:
    run(tmp_path, old_romm(tmp_path, ROOT), "--apply")
    assert "None of them" not in run(tmp_path, old_romm(tmp_path, (*BOB[:4], False, "admin", None))).output


def test_where_nobody_becomes_an_administrator_nothing_is_said_of_them(tmp_path: Path) -> None:
    assert "dministrator" not in run(tmp_path, old_romm(tmp_path, BOB)).output
    assert lines(run(tmp_path, old_romm(tmp_path)))[-1].startswith("0 to import, 0 to skip.")


def test_a_name_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    result = run(tmp_path, old_romm(tmp_path, (4, "\x1b[2Jroot\n", None, "\x1b[2J", True, "\x1b[2J", None)))
    assert result.exit_code == 0
    assert r"'\x1b[2Jroot\n'" in result.output
    assert "\x1b" not in result.output


async def sign_in(folder: Path, username: str, password: str) -> int:
    settings = load({"ROMM_BASE_PATH": str(folder / "new")}).settings
    ports = adapters.ports(settings, configure("ERROR", "json"))
    service: Any = app.create_app(settings, ports)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service), base_url="http://127.0.0.1:8080") as client:
        answer = await client.post("/api/login", auth=(username, password))
    await ports.close()
    return answer.status_code


def test_people_sign_in_with_the_password_they_have_and_its_hash_becomes_ours(tmp_path: Path) -> None:
    """R-34."""
    run(tmp_path, old_romm(tmp_path, ROOT, BOB, ZOE), "--apply")
    assert asyncio.run(sign_in(tmp_path, "Bob", "wrong")) == 401
    assert hashes(tmp_path)["bob"] == HASH
    assert asyncio.run(sign_in(tmp_path, "Bob", PASSWORD)) == 200
    assert hashes(tmp_path)["bob"].startswith("$argon2id$")
    assert hashes(tmp_path)["root"] == HASH
    assert asyncio.run(sign_in(tmp_path, "bob", PASSWORD)) == 200
    assert asyncio.run(sign_in(tmp_path, "user-3", "1fbc5c1c-3f0f-4f0e-9d0c-0f4c1d8a5a11")) == 401


def hashes(folder: Path) -> dict[str, str]:
    with sqlite3.connect(folder / "new" / "romm.db") as connection:
        found = dict(connection.execute("SELECT username, password_hash FROM accounts").fetchall())
    connection.close()
    return found


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("sqlite:////nowhere/romm.db", "error: The database of --from cannot be read: "),
        ("nonsense", "it must look like postgresql://"),
    ],
)
def test_what_cannot_be_read_is_a_sentence_and_no_traceback(source: str, told: str, tmp_path: Path) -> None:
    result = run(tmp_path, source)
    assert result.exit_code == 3
    assert told in result.stderr
    assert result.stdout == ""


@on_postgres
def test_a_database_of_ours_without_its_tables_is_told(tmp_path: Path) -> None:
    with temporary_database() as url:
        result = romm("import", "--from", old_romm(tmp_path, ROOT), ROMM_DATABASE_URL=url)
    assert result.exit_code == 3
    assert "has no tables of RomM yet. Run `romm db upgrade`." in result.stderr


def test_the_other_database_can_be_named_where_no_list_of_processes_shows_its_password(tmp_path: Path) -> None:
    result = romm("import", ROMM_IMPORT_FROM=old_romm(tmp_path, ROOT), ROMM_BASE_PATH=str(tmp_path / "new"))
    assert lines(result)[-1] == "1 to import, 0 to skip. Nothing was written; use --apply to import."


def test_the_other_database_has_to_be_named() -> None:
    result = romm("import")
    assert result.exit_code == 2
    assert "--from" in result.stderr
