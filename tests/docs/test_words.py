"""What people read is in plain words: README, docs, pages, refusals and the command line."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from romm.domain.catalogue import CATALOGUE
from romm.domain.sign_in.linking.table import ROWS
from romm.domain.titles import TITLES
from tests.docs.test_docs import ROOT

TEMPLATES = ROOT / "src" / "romm" / "api" / "pages" / "templates"
TIRING = re.compile(r"\b(whoever|nobody|somebody|anybody|to the letter|mended|shall|blanks)\b", re.IGNORECASE)
RULE = re.compile(r"\b[LRA]-\d\d[a-z]?\b")
_CODE = re.compile(r"^```.*?^```$|`[^`]*`", re.DOTALL | re.MULTILINE)
_JINJA = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)


def texts() -> Iterator[tuple[str, str]]:
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        yield path.relative_to(ROOT).as_posix(), _CODE.sub("", path.read_text(encoding="utf-8"))
    for path in (ROOT / "settings.toml", *sorted((ROOT / "src" / "romm" / "cli").rglob("*.py")), *pages()):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    for code, row in CATALOGUE.items():
        yield code, f"{row.person} {row.operator} {TITLES[code]}"


def pages() -> list[Path]:
    return sorted(TEMPLATES.glob("*.html"))


@pytest.mark.parametrize(("where", "text"), [*texts()], ids=[where for where, _ in texts()])
def test_the_subject_is_a_noun(where: str, text: str) -> None:
    assert TIRING.findall(text) == [], where


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_page_says_in_words_what_a_rule_does(page: Path) -> None:
    assert RULE.findall(_JINJA.sub("", page.read_text(encoding="utf-8"))) == []


def test_what_a_page_tells_of_a_rule_has_no_number() -> None:
    assert [row for when, then in ROWS.values() for row in (when, then) if RULE.search(row)] == []
