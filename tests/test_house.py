"""What the house asks of every file: a pure domain, no reason without a test, no file that nobody reads in one sitting."""

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from authlib.deprecate import AuthlibDeprecationWarning, deprecate

from romm.domain.accounts import changes
from romm.domain.catalogue import CATALOGUE
from romm.domain.errors import Code
from romm.domain.sign_in.linking.table import ROWS

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "romm"
TESTS = ROOT / "tests"
DOMAIN = sorted((SOURCE / "domain").rglob("*.py"))

LONGEST = 300
CATALOGUES = {SOURCE / "domain" / "catalogue.py"}
"""Lists of reasons and of contracts grow with what they list; nobody reads them in one sitting anyway."""

IMPURE = {
    "asyncio", "io", "logging", "os", "pathlib", "random", "secrets", "socket", "subprocess", "tempfile", "threading",
    "time", "uuid",
}  # fmt: skip
IMPURE_CALLS = {"now", "today", "utcnow", "open", "print", "input"}
_RULE = re.compile(r"L-(\d\d[a-z]?|none)")
_REQUIREMENT = re.compile(r"\bR-\d\d\b")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "a relative import"


def called(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "attr", getattr(node.func, "id", ""))


def rules_in_code() -> set[str]:
    """The rule ids in linking.py."""
    module = tree(SOURCE / "domain" / "sign_in" / "linking" / "rules.py")
    texts = (node.value for node in ast.walk(module) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {text for text in texts if _RULE.fullmatch(text)}


@pytest.mark.parametrize("path", DOMAIN, ids=name_of)
def test_the_domain_imports_nothing_that_acts(path: Path) -> None:
    allowed = (sys.stdlib_module_names | {"msgspec"}) - IMPURE
    foreign = [name for name in imports(tree(path)) if name.partition(".")[0] not in allowed]
    assert [name for name in foreign if not name.startswith("romm.domain")] == []


@pytest.mark.parametrize("path", DOMAIN, ids=name_of)
def test_the_domain_waits_for_nothing_and_asks_no_clock(path: Path) -> None:
    module = tree(path)
    waiting = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    assert [ast.unparse(node) for node in ast.walk(module) if isinstance(node, waiting)] == []
    assert IMPURE_CALLS.isdisjoint(called(module))


@pytest.mark.parametrize("code", Code)
def test_every_refusal_has_a_line_in_the_docs(code: Code) -> None:
    assert f'<a id="{code}"></a>`{code}`' in (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")


def test_every_refusal_has_a_row_in_the_catalogue() -> None:
    assert set(CATALOGUE) == set(Code)


def test_every_refusal_is_expected_by_some_test() -> None:
    """By its name, so that a look for it finds the test."""
    texts = [path.read_text(encoding="utf-8") for path in TESTS.rglob("*.py") if path != Path(__file__)]
    named = set(re.findall(r"\bCode\.([A-Z_]+)\b", "\n".join(texts)))
    assert {code.name for code in Code} - named == set()


def test_the_table_that_people_read_has_the_rules_of_the_code() -> None:
    assert rules_in_code() == set(ROWS)


def test_every_rule_of_the_table_is_tested() -> None:
    texts = "\n".join(
        path.read_text(encoding="utf-8") for path in (TESTS / "domain" / "sign_in" / "linking").glob("test_*.py")
    )
    assert {rule for rule in ROWS if f'"{rule}"' not in texts} == set()


def test_every_rule_for_administrators_is_tested() -> None:
    """Their numbers stand in no decision, so the table that people read is all there is of them."""
    text = (TESTS / "domain" / "accounts" / "test_changes.py").read_text(encoding="utf-8")
    assert {rule for rule in changes.ROWS if f'"{rule}"' not in text} == set()


def test_every_requirement_that_a_test_names_is_listed_and_the_other_way_round() -> None:
    texts = "\n".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("*.py"))
    listed = re.findall(
        r"^\| (R-\d\d) \|", (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert listed == sorted(set(_REQUIREMENT.findall(texts)))


@pytest.mark.parametrize("path", sorted(set(SOURCE.rglob("*.py")) - CATALOGUES), ids=name_of)
def test_a_file_is_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_commands_print_by_the_function_that_escapes() -> None:
    """`doctor` colours and replaces its lines, and escapes findings when they are made."""
    own = {"report.py", "doctor.py"}
    commands = [path for path in (SOURCE / "cli").glob("*.py") if path.name not in own]
    assert [path.name for path in commands if {"echo", "secho", "print"} & set(called(tree(path)))] == []


def test_nothing_is_patched_in_tests() -> None:
    """House, 8: what a test wants to be otherwise is handed in; the environment of a process is no code."""
    patching = re.compile(r"\bmonkeypatch\." + r"(setattr|setitem|delattr)\b|\bunittest\.mock\b|\bmock\.patch\b")
    found = [name_of(path) for path in TESTS.rglob("*.py") if patching.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_the_http_library_that_changes_authlib_is_absent() -> None:
    """Authlib prefers httpx2 to httpx as soon as it can be imported; no code path of ours is tested with it."""
    assert importlib.util.find_spec("httpx2") is None


def test_a_deprecation_in_authlib_fails_a_test_as_any_other_does() -> None:
    """When it is imported, it puts a filter of its own before those that there are then."""
    with pytest.raises(AuthlibDeprecationWarning):
        deprecate("old")
