"""What strangers write, made visible."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from romm.domain.printable import escaped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("Müller, 小島 and 🎮", "Müller, 小島 and 🎮", id="people's names stay"),
        pytest.param("\x1b[2J", r"\u001b[2J", id="C0"),
        pytest.param("\x9b2J", r"\u009b2J", id="C1"),
        pytest.param("a\r\nb", r"a\r\nb", id="line breaks"),
        pytest.param("a\u2028b\u2029c\x85", r"a\u2028b\u2029c\u0085", id="other line breaks"),
        pytest.param("\u202egnp\u2066", r"\u202egnp\u2066", id="directions"),
        pytest.param("\U000e0041", r"\udb40\udc41", id="a tag, invisible"),
        pytest.param("\ud800", r"\ud800", id="half a character, which no terminal can be sent"),
    ],
)
def test_what_a_terminal_obeys_becomes_visible(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_lines_that_are_ours_can_be_kept() -> None:
    assert escaped("a\nb\x1b", kept="\n") == "a\nb\\u001b"


@given(st.text())
def test_nothing_else_passes_and_json_stays_the_same_document(text: str) -> None:
    assert escaped(text).isprintable()
    document = json.dumps([text], ensure_ascii=False)
    assert json.loads(escaped(document)) == [text]
