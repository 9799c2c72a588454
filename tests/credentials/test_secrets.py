"""Secrets: long enough, never the same, and drawn in one module."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

import romm
from romm.credentials.secrets import fresh_secrets, hex_secret, new_secret, short_code, unique, url_secret
from romm.domain.credentials import short_codes
from romm.domain.credentials.credential import Kind, bearer_kind

SOURCE = Path(romm.__file__).parent
DRAWING = {"credentials/secrets.py", "cli/demo.py", "api/http/middleware.py"}
"""The demo has a throw-away password; the middleware numbers requests."""


@pytest.mark.parametrize(("draw", "length"), [(url_secret, 43), (hex_secret, 64), (new_secret, 68), (unique, 32)])
def test_no_secret_comes_twice(draw: Callable[[], str], length: int) -> None:
    """R-17, R-75."""
    drawn = {draw() for _ in range(100)}
    assert len(drawn) == 100
    assert {len(each) for each in drawn} == {length}


def test_a_pair_has_two_secrets() -> None:
    pair = fresh_secrets()
    assert pair.access != pair.refresh


def test_a_client_token_is_known_by_its_prefix() -> None:
    assert bearer_kind(new_secret()) is Kind.CLIENT_TOKEN


def test_a_short_code_is_one_that_a_person_can_type() -> None:
    code = short_code()
    assert short_codes.normalized(code) == code


def test_one_module_draws_secrets() -> None:
    drawing = {path for path in SOURCE.rglob("*.py") if _imports(path) & {"secrets", "random", "uuid"}}
    assert {path.relative_to(SOURCE).as_posix() for path in drawing} == DRAWING


def _imports(path: Path) -> set[str]:
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import)]
    return {alias.name for node in nodes for alias in node.names}
