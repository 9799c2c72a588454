"""The lists of guards fit the code; `nox -s mutants` removes each and lets the nearest tests look."""

import ast
from collections import Counter

from tests.mutants.guards import ROOT, Guard, guards, without

GUARDS = guards()
FEWEST = 150


def test_the_text_of_each_guard_is_there_once_and_without_it_its_module_still_parses() -> None:
    assert [problem for guard in GUARDS if (problem := outdated(guard))] == []


def outdated(guard: Guard) -> str:
    module = ROOT / guard.path
    try:
        text = module.read_text(encoding="utf-8")
        ast.parse(without(guard, text))
    except (OSError, ValueError, SyntaxError) as error:
        return f"{guard.name}: {error}"
    return "" if without(guard, text) != text else f"{guard.name}: nothing is removed"


def test_each_guard_has_tests_near_it() -> None:
    assert {guard.name for guard in GUARDS if not guard.nearest} == set()
    assert {place for guard in GUARDS for place in guard.nearest if not (ROOT / place).exists()} == set()


def test_there_are_enough_guards_and_each_has_a_name_of_its_own() -> None:
    assert len(GUARDS) >= FEWEST
    assert [name for name, times in Counter(guard.name for guard in GUARDS).items() if times > 1] == []


def test_no_guard_is_removed_twice() -> None:
    found = Counter((guard.file, without(guard, (ROOT / guard.path).read_text(encoding="utf-8"))) for guard in GUARDS)
    assert [file for (file, _), times in found.items() if times > 1] == []
