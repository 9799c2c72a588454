"""Each promise of docs/security.md is held by tests that exist, and no requirement is left out."""

import ast
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
PROMISES = tomllib.loads((TESTS / "promises.toml").read_text(encoding="utf-8"))
EVERY = [promise for kind in PROMISES.values() for promise in kind]
STATES = {"held", "partly", "gap", "none", "outside"}

# Requirements per section of the chapters on authentication, sessions, OAuth, configuration and logging (OWASP ASVS 5.0).
SECTIONS = {
    "6.1": 3, "6.2": 12, "6.3": 8, "6.4": 6, "6.5": 8, "6.6": 4, "6.7": 2, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3, "7.6": 2,
    "10.1": 2, "10.2": 3, "10.3": 5, "10.4": 16, "10.5": 5, "10.6": 2, "10.7": 3,
    "13.1": 4, "13.2": 6, "13.3": 4, "13.4": 7,
    "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 4,
}  # fmt: skip


def name_of(promise: dict[str, Any]) -> str:
    return str(promise.get("number") or promise["about"])


@cache
def functions(file: Path) -> frozenset[str]:
    """At the top of a file, where pytest finds them."""
    tree = ast.parse(file.read_text(encoding="utf-8")) if file.is_file() else ast.Module([], [])
    return frozenset(each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("promise", EVERY, ids=name_of)
def test_a_promise_names_tests_that_exist(promise: dict[str, Any]) -> None:
    named = [(file, test) for file, _, test in (each.partition("::") for each in promise.get("tests", []))]
    assert [f"{file}::{test}" for file, test in named if test not in functions(TESTS / file)] == []
    assert all(test.startswith("test_") for _, test in named)


@pytest.mark.parametrize("promise", EVERY, ids=name_of)
def test_only_what_a_test_holds_counts_as_held_and_a_gap_says_what_is_missing(promise: dict[str, Any]) -> None:
    assert promise["state"] in STATES
    assert bool(promise.get("tests")) is (promise["state"] in {"held", "partly"})
    assert promise["state"] == "held" or promise.get("ends")


def test_no_requirement_is_left_out() -> None:
    expected = [f"{section}.{number + 1}" for section, count in SECTIONS.items() for number in range(count)]
    assert [promise["number"] for promise in PROMISES["asvs"]] == expected


def test_no_number_stands_twice() -> None:
    counted = Counter(name_of(promise) for promise in PROMISES["rfc9700"] + PROMISES["guarantees"])
    assert [name for name, count in counted.items() if count > 1] == []
