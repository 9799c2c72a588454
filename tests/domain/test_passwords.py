"""Which passwords are refused: a length, no composition rule, and nothing that everybody would try first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from romm.domain.passwords import weakness


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("abcdefghijklmno", id="fifteen lower-case letters"),
        pytest.param("kz8!qmxw", id="eight characters"),
        pytest.param("x" * 256, id="256 characters"),
        pytest.param("ключ от дома", id="another script, with spaces"),
        pytest.param("🐉🗡️🛡️🏰🧝👑🐴🌊", id="signs"),
        pytest.param("alice and her dog", id="the user's name within a sentence"),
        pytest.param("48151623420815", id="digits"),
    ],
)
def test_a_password_needs_nothing_but_length(password: str) -> None:
    """R-35, R-36."""
    assert weakness(password, "alice") is None


@pytest.mark.parametrize(
    ("password", "username", "why"),
    [
        pytest.param("", "alice", "shorter", id="empty"),
        pytest.param("kz8!qmx", "alice", "shorter", id="seven characters"),
        pytest.param("x" * 257, "alice", "longer", id="257 characters"),
        pytest.param("password1", "alice", "little added", id="the word password"),
        pytest.param("romm1234", "alice", "little added", id="the name of this program"),
        pytest.param("RomM-2026!", "alice", "little added", id="the same with capitals"),
        pytest.param("alice123", "alice", "little added", id="the user name with digits"),
        pytest.param("2026-Alice", "alice", "little added", id="the user name behind digits"),
        pytest.param("alice.b-2", "alice.b-2", "little added", id="the user name itself"),
        pytest.param("12345678", "alice", "most common", id="counting"),
        pytest.param("PassW0rd", "alice", "most common", id="a common one with capitals"),
        pytest.param("iloveyou", "alice", "most common", id="a common one"),
    ],
)
def test_a_password_that_is_tried_first_is_refused_with_the_reason(password: str, username: str, why: str) -> None:
    """R-36."""
    assert why in (weakness(password, username) or "")


def test_a_user_name_of_digits_refuses_itself_and_no_other_digits() -> None:
    """R-36."""
    assert weakness("48151623420815", "007") is None
    assert "user name" in (weakness("00700700", "00700700") or "")


@given(st.text(max_size=300), st.from_regex(r"[a-z0-9][a-z0-9._-]{2,63}", fullmatch=True))
def test_no_password_outside_the_limits_is_accepted(password: str, username: str) -> None:
    """R-35."""
    assert weakness(password, username) is not None or 8 <= len(password) <= 256
