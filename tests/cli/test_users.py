"""`romm users` and `romm recover`, on a real database file."""

import re
from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.test_main import romm
from tests.world import PASSWORD


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An instance with an administrator and a viewer."""
    assert on(tmp_path, "users", "add", "keeper", "--admin", "--email", "Keeper@Example.org").exit_code == 0
    assert on(tmp_path, "users", "add", "vera", "--password", input=f"{PASSWORD}\n{PASSWORD}\n").exit_code == 0
    return tmp_path


def on(folder: Path, *arguments: str, input: str | None = None, **environ: str) -> Result:  # noqa: A002  click's word
    return romm(*arguments, ROMM_BASE_PATH=str(folder), ROMM_BASE_URL="https://romm.test", stdin=input, **environ)


def table(folder: Path) -> dict[str, list[str]]:
    lines = on(folder, "users", "list").stdout.splitlines()[1:]
    return {line.split()[1]: re.split(r" {1,}", line) for line in lines}


def test_the_first_admin_can_come_from_here(tmp_path: Path) -> None:
    result = on(tmp_path, "users", "add", "keeper", "--admin", DISABLE_USERPASS_LOGIN="true")
    assert (result.exit_code, result.stdout) == (0, "Created keeper (admin). Sign-in methods: none yet.\n")


def test_everybody_is_listed_with_how_they_sign_in(folder: Path) -> None:
    rows = table(folder)
    assert rows["keeper"][2:5] == ["keeper@example.org", "admin", "yes"]
    assert on(folder, "users", "list").stdout.splitlines()[2].endswith("a password")
    assert list(rows) == ["keeper", "vera"]
    assert len(on(folder, "users", "list", "--search", "ver").stdout.splitlines()) == 2


def test_roles_and_doors_are_changed(folder: Path) -> None:
    assert on(folder, "users", "set-role", "Vera", "editor").stdout == "vera has the role editor now.\n"
    assert on(folder, "users", "disable", "vera").stdout == "vera is disabled.\n"
    assert table(folder)["vera"][3:5] == ["editor", "no"]
    assert on(folder, "users", "enable", "vera").stdout == "vera is enabled.\n"
    assert table(folder)["vera"][4] == "yes"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("users", "disable", "nobody"), "No account has the id or name nobody."),
        (("users", "disable", "keeper"), "Account 1 is the only enabled admin."),
        (("users", "set-role", "keeper", "viewer"), "Account 1 is the only enabled admin."),
        (("users", "add", "vera"), "The user name vera is taken."),
        (("users", "add", "x"), "The user name x is not usable."),
        (("recover", "vera"), "vera is not an enabled admin."),
    ],
)
def test_what_cannot_be_is_one_sentence_and_exit_code_2(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    result = on(folder, *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {said}")
    assert "Traceback" not in result.output


def test_a_reset_link_is_printed_and_nothing_else(folder: Path) -> None:
    result = on(folder, "users", "reset-link", "vera")
    assert re.fullmatch(r"https://romm\.test/reset-password\?token=[\w-]{43}\n", result.stdout)


@pytest.mark.parametrize("arguments", [("recover",), ("recover", "keeper")])
def test_a_recovery_link_is_printed_for_the_named_or_the_first_admin(folder: Path, arguments: tuple[str, ...]) -> None:
    result = on(folder, *arguments, DISABLE_USERPASS_LOGIN="true")
    assert re.fullmatch(r"https://romm\.test/recover\?token=[\w-]{43}\n", result.stdout)
    assert "as keeper, once, within 10 minutes" in result.stderr


def test_without_an_admin_there_is_nobody_to_recover(tmp_path: Path) -> None:
    result = on(tmp_path, "recover")
    assert result.exit_code == 2
    assert "romm users set-role" in result.stderr
