"""`romm explain`, on a real database file."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.test_main import romm

ALICE = {"sub": "alice", "email": "alice@example.org", "email_verified": True, "groups": ["romm-admins"]}
MAPPING = {"OIDC_CLAIM_ROLES": "groups", "OIDC_ROLE_ADMIN": "romm-admins"}


@pytest.fixture
def folder(migrated: Path, tmp_path: Path) -> Path:
    shutil.copy(migrated, tmp_path)
    return tmp_path


def explain(folder: Path, claims: object, *options: str) -> Result:
    return romm("explain", "-", *options, stdin=json.dumps(claims), ROMM_BASE_PATH=str(folder), **MAPPING)


def test_who_would_come_in_is_told_with_exit_code_0(folder: Path) -> None:
    result = explain(folder, ALICE)
    assert result.exit_code == 0
    assert result.stdout.startswith("This person would get a new account and be signed in, by rule L-12.\n")
    assert "admin, by romm-admins" in result.stdout


def test_who_would_be_refused_is_told_with_exit_code_1_and_the_fix(folder: Path) -> None:
    result = explain(folder, ALICE | {"email_verified": False})
    assert result.exit_code == 1
    assert "would be refused (email_not_verified), by rule L-07" in result.stdout
    assert "OIDC_TRUST_EMAIL" in result.stdout


def test_the_same_for_a_program(folder: Path) -> None:
    found = json.loads(explain(folder, ALICE, "--json").stdout)
    assert (found["outcome"], found["rule"], found["code"]) == ("Register", "L-12", None)
    assert {"about": "Role", "found": "admin, by romm-admins"} in found["lines"]


@pytest.mark.parametrize("text", ["", "{", "[" * 50_000])
def test_what_is_no_json_is_one_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "claims.json"
    file.write_text(text)
    result = romm("explain", str(file), ROMM_BASE_PATH=str(tmp_path))
    assert result.exit_code == 2
    assert "is not JSON" in result.stderr
    assert "Traceback" not in result.output
