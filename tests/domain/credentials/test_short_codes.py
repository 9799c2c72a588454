"""Codes that people read and type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from romm.domain.credentials.short_codes import ALPHABET, LENGTH, format_code, normalized

CODES = st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH)


def test_no_two_letters_look_alike_and_no_word_can_be_spelled() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 19
    assert set(ALPHABET).isdisjoint("AEIOUY0123456789")


def test_every_letter_is_one_of_romms() -> None:
    """Apps refuse a code with another one before they ask."""
    assert set(ALPHABET) <= set("ABCDEFGHJKMNPQRSTUVWXYZ23456789")


def test_a_code_is_short_enough_to_type_and_too_long_to_guess_in_minutes() -> None:
    """R-79; RFC 8628, 5.1 and 6.1."""
    assert LENGTH == 8
    assert len(ALPHABET) ** LENGTH > 2**33.9
    assert format_code("BCDFGHJK") == "BCDF-GHJK"


@given(CODES)
def test_a_code_is_understood_however_it_is_typed(code: str) -> None:
    for typed in (code, code.lower(), format_code(code), format_code(code).lower(), f" {code} ", "-".join(code)):
        assert normalized(typed) == code


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("", id="nothing"),
        pytest.param("BCDFGHJ", id="too short"),
        pytest.param("BCDFGHJKM", id="too long"),
        pytest.param("BCDFGHJA", id="a letter that no code has"),
        pytest.param("BCDFGHJL", id="a letter that no code of RomM has"),
        pytest.param("BCDFGHJ1", id="a digit"),
        pytest.param("BCDFGHJ\u212a", id="the Kelvin sign, which is no K"),
        pytest.param("BCDFGH\ufb06", id="a ligature that becomes two letters"),
        pytest.param("BCDFGHJ\n", id="a line feed"),
    ],
)
def test_what_can_be_no_code_is_none(typed: str) -> None:
    assert normalized(typed) is None


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_code_or_none(typed: str) -> None:
    code = normalized(typed)
    assert code is None or (len(code) == LENGTH and set(code) <= set(ALPHABET))
