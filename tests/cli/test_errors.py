"""`romm errors`: needs no settings and no database."""

import pytest

from romm.domain.catalogue import CATALOGUE
from romm.domain.errors import Code
from tests.cli.test_main import romm


@pytest.mark.parametrize("code", Code)
def test_each_code_is_explained(code: Code) -> None:
    result = romm("errors", code)
    assert result.exit_code == 0
    assert CATALOGUE[code].person in result.stdout
    assert "{" not in result.stdout


def test_values_and_providers_are_named() -> None:
    told = romm("errors", "email_not_verified").stdout
    assert "`email_verified` is <found> in <source>" in told
    assert "At Authentik:" in told


def test_all_codes_are_listed() -> None:
    assert [line.split()[0] for line in romm("errors").stdout.splitlines()] == list(CATALOGUE)


@pytest.mark.parametrize(("typed", "advice"), [("email_unverified", "did you mean email_"), ("x", "lists all codes")])
def test_an_unknown_code_says_what_to_try(typed: str, advice: str) -> None:
    result = romm("errors", typed)
    assert result.exit_code == 2
    assert advice in result.stderr
