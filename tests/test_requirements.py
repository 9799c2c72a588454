"""The pinned packages install with every pip that a supported Python brings, and from wherever the reader's pip looks."""

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
FILES = sorted(ROOT.glob("requirements/*.txt"))
PINNED = re.compile(r"^(?P<name>[^\s\[=]+)(?:\[(?P<extras>[^\]]+)\])?==", re.MULTILINE)
INSTALLED_BY_NAME = re.compile(r"pip install[^\n`]* -r (requirements/\w+\.txt)")


def pins(file: Path) -> set[tuple[str, frozenset[str]]]:
    found = PINNED.finditer(file.read_text(encoding="utf-8"))
    return {(pin["name"], frozenset((pin["extras"] or "").split(",")) - {""}) for pin in found}


def needed(name: str) -> list[Requirement]:
    """What the installed package of that name requires here, without extras of its own."""
    try:
        every = [Requirement(line) for line in requires(name) or ()]
    except PackageNotFoundError:
        return []
    return [each for each in every if each.marker is None or each.marker.evaluate({"extra": ""})]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_package_with_extras_is_pinned_with_them_and_without(file: Path) -> None:
    """pip before 23.1 takes them for two packages, each to be pinned; Python 3.11's venv brings pip 23.0."""
    pinned = pins(file)
    wanted = {
        (canonicalize_name(need.name), frozenset(need.extras))
        for name, _ in pinned
        for need in needed(name)
        if need.extras
    }
    assert wanted | {(name, frozenset[str]()) for name, _ in pinned} <= pinned


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_address_of_an_index_is_in_a_file(file: Path) -> None:
    """Each machine has its own."""
    assert "://" not in file.read_text(encoding="utf-8")


def test_texts_install_packages_from_files_with_hashes_and_never_this_project_by_name() -> None:
    """No index has this project: whoever registered its name there would own the machines of those who follow."""
    texts = [*ROOT.glob("src/**/*.py"), *ROOT.glob("docs/**/*.md"), ROOT / "README.md"]
    named = {file for text in texts for file in INSTALLED_BY_NAME.findall(text.read_text(encoding="utf-8"))}
    assert {"requirements/postgres.txt", "requirements/mysql.txt", "requirements/demo.txt"} <= named
    assert {file for file in named if not (ROOT / file).is_file()} == set()
    assert [text for text in texts if re.search(r"romm-sign-in\W?\[", text.read_text(encoding="utf-8"))] == []
