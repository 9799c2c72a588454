"""`romm users` and `romm recover`, on a real database file."""

import json
import re
import sqlite3
from contextlib import closing
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


def test_accounts_are_json_as_over_http(folder: Path) -> None:
    listed = json.loads(on(folder, "users", "list", "--json").stdout)
    assert [(each["username"], each["access_level"]) for each in listed] == [("keeper", "admin"), ("vera", "viewer")]


def test_an_account_is_renamed(folder: Path) -> None:
    assert on(folder, "users", "rename", "vera", "Verena").stdout == "vera is verena now.\n"
    assert list(table(folder)) == ["keeper", "verena"]


def test_an_account_is_deleted_after_a_question(folder: Path) -> None:
    refused = on(folder, "users", "delete", "vera", input="n\n")
    assert (refused.exit_code, list(table(folder))) == (1, ["keeper", "vera"])
    assert "Delete vera (viewer, -)?" in refused.stdout
    assert on(folder, "users", "delete", "vera", "--yes").stdout == "vera is deleted.\n"
    assert list(table(folder)) == ["keeper"]


def test_the_last_administrator_stays(folder: Path) -> None:
    assert on(folder, "users", "delete", "keeper", "--yes").exit_code == 1
    assert list(table(folder)) == ["keeper", "vera"]


@pytest.mark.parametrize(
    ("options", "code"), [(["--role", "viewer"], 2), (["--role", "editor"], 2), (["--role", "admin"], 0)]
)
def test_options_that_contradict_each_other_create_nothing(folder: Path, options: list[str], code: int) -> None:
    assert on(folder, "users", "add", "ann", "--admin", *options).exit_code == code
    assert ("ann" in table(folder)) is (code == 0)


def test_nothing_is_printed_before_an_error(tmp_path: Path) -> None:
    """A script would take the header for a list without accounts."""
    result = on(tmp_path, "users", "list")
    assert (result.exit_code, result.stdout) == (3, "")


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
def test_what_cannot_be_is_one_sentence_and_exit_code_1(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    result = on(folder, *arguments)
    assert result.exit_code == 1
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
    assert on(tmp_path, "users", "add", "vera").exit_code == 0
    result = on(tmp_path, "recover")
    assert result.exit_code == 1
    assert "romm users set-role" in result.stderr


OLD, NEW = "https://old.example", "https://new.invalid"
PROVIDER = {
    "OIDC_ENABLED": "true",
    "OIDC_CLIENT_ID": "romm",
    "OIDC_CLIENT_SECRET": "secret",
    "OIDC_SERVER_APPLICATION_URL": NEW,
}


@pytest.fixture
def linked(folder: Path) -> Path:
    """Both of them are linked to a provider, of whom only the administrator has an address."""
    [file] = folder.glob("**/*.db")
    with closing(sqlite3.connect(file)) as database, database:
        for account in (1, 2):
            values = (account, OLD, f"subject {account}", "2026-01-02 03:04:05.000000", "L-11a")
            database.execute(
                "INSERT INTO identities (account_id, issuer, subject, linked_at, rule) VALUES (?, ?, ?, ?, ?)", values
            )
    return folder


def ways(folder: Path) -> list[str]:
    return [line.split()[-1] for line in on(folder, "users", "list").stdout.splitlines()[1:]]


def test_a_move_is_printed_line_by_line_and_carried_out_only_on_demand(linked: Path) -> None:
    move = ("users", "move-issuer", OLD, NEW, "--by-email")
    tried = on(linked, *move)
    assert tried.stdout.splitlines() == [
        "keeper                   an earlier provider from now on; links again at the next sign-in with keeper@example.org, verified",
        "vera                     stays: the account has no e-mail address to be recognized by. Enter it first",
        "Would move 1 of 2 accounts. Nothing was written; --apply carries it out.",
    ]
    assert (tried.exit_code, ways(linked)[0]) == (0, OLD)
    done = on(linked, *move, "--apply")
    assert done.stdout.splitlines() == [*tried.stdout.splitlines()[:2], "Moved 1 of 2 accounts."]
    assert ways(linked)[0] == "yet"
    assert "stays: it is marked as an earlier provider already" in on(linked, *move).stdout


def test_with_the_same_subjects_the_links_are_rewritten(linked: Path) -> None:
    done = on(linked, "users", "move-issuer", OLD, NEW, "--same-subjects", "--apply", **PROVIDER)
    assert done.stdout.splitlines()[-1] == "Moved 2 of 2 accounts."
    assert f"same subject, now at {NEW}" in done.stdout
    assert "note: The provider was not reached." in done.stderr
    assert ways(linked)[0] == NEW


def test_another_issuer_than_the_configured_one_is_noted(linked: Path) -> None:
    tried = on(linked, "users", "move-issuer", OLD, "https://typo.example", "--by-email", **PROVIDER)
    assert f"note: https://typo.example is not the configured provider, which is {NEW}." in tried.stderr
    assert tried.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((OLD, NEW), "Say how people are recognized"),
        ((OLD, "new.example", "--by-email"), "and not new.example"),
        ((OLD, OLD, "--same-subjects"), "the same, so there is nothing to move"),
        (("https://typo.example", NEW, "--by-email"), "No link is of the issuer https://typo.example. Links are of:"),
    ],
)
def test_a_move_that_cannot_be_meant_is_refused(linked: Path, arguments: tuple[str, ...], said: str) -> None:
    refused = on(linked, "users", "move-issuer", *arguments, "--apply")
    assert refused.exit_code == (1 if "typo" in arguments[0] else 2)
    assert said in refused.stderr
    assert ways(linked)[0] == OLD


@pytest.mark.parametrize("arguments", [(), (OLD,), (f"{OLD}/",)])
def test_an_account_is_unlinked_from_one_issuer_or_from_all(linked: Path, arguments: tuple[str, ...]) -> None:
    done = on(linked, "users", "unlink", "Vera", *arguments)
    assert done.stdout == "vera is unlinked; signs in with a password.\n"
    assert ways(linked) == [OLD, "password"]


def test_an_account_is_not_unlinked_from_where_it_is_not_linked(linked: Path) -> None:
    refused = on(linked, "users", "unlink", "vera", NEW)
    assert (refused.exit_code, ways(linked)[0]) == (1, OLD)
    assert f"No link is of the issuer {NEW}. Links are of: '{OLD}'." in refused.stderr
