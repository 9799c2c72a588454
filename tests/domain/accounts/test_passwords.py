"""Which passwords are refused: a length, no composition rule, and nothing that everybody would try first."""

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from romm.domain.accounts.passwords import is_legacy, weakness

COMMON = {"12345678", "passw0rd", "iloveyou"}
BCRYPT = "$2b$12$" + "./Zz09" * 8 + "abcde"


def why(password: str, username: str = "alice", email: str | None = None) -> str | None:
    return weakness(password, username=username, email=email, common=COMMON)


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
    assert why(password) is None


@pytest.mark.parametrize(
    ("password", "username", "reason"),
    [
        pytest.param("", "alice", "shorter", id="empty"),
        pytest.param("kz8!qmx", "alice", "shorter", id="seven characters"),
        pytest.param("x" * 257, "alice", "longer", id="257 characters"),
        pytest.param(" " * 8, "alice", "cannot be seen", id="spaces"),
        pytest.param("\u00a0\u2003\u3000\t\r\n\u2028 ", "alice", "cannot be seen", id="spaces of all kinds"),
        pytest.param("\u200b\u200d\u2060\u202e\u00ad\ufeff\u2066\x00", "alice", "cannot be seen", id="no width at all"),
        pytest.param("password1", "alice", "little added", id="the word password"),
        pytest.param("romm1234", "alice", "little added", id="the name of this program"),
        pytest.param("RomM-2026!", "alice", "little added", id="the same with capitals"),
        pytest.param("alice123", "alice", "little added", id="the user name with digits"),
        pytest.param("2026-Alice", "alice", "little added", id="the user name behind digits"),
        pytest.param("passwort1", "alice", "little added", id="the word in German"),
        pytest.param("Retro-1990", "alice", "little added", id="what the program is for"),
        pytest.param("letmein1", "alice", "little added", id="a plea"),
        pytest.param("Welcome1", "alice", "little added", id="a greeting"),
        pytest.param("qwerty123", "alice", "little added", id="six keys beside each other"),
        pytest.param("qwertyuiop", "alice", "little added", id="ten keys beside each other"),
        pytest.param("alice.b-2", "alice.b-2", "little added", id="the user name itself"),
        pytest.param("alicealice", "alice", "little added", id="the user name twice"),
        pytest.param("alice@romm", "alice", "little added", id="both names"),
        pytest.param("1 alice 1", "alice", "little added", id="the user name between spaces"),
        pytest.param("12345678", "alice", "most common", id="counting"),
        pytest.param("PassW0rd", "alice", "most common", id="a common one with capitals"),
        pytest.param("iloveyou", "alice", "most common", id="a common one"),
        pytest.param("aaaaaaaa", "alice", "most common", id="one that the lists leave out"),
    ],
)
def test_a_password_that_is_tried_first_is_refused_with_the_reason(password: str, username: str, reason: str) -> None:
    """R-36."""
    assert reason in (why(password, username) or "")


@pytest.mark.parametrize("password", ["alice.cooper", "Alice.Cooper99", "alice.cooper@1"])
def test_a_password_that_is_the_own_address_with_little_added_is_refused(password: str) -> None:
    """R-36."""
    assert "e-mail address" in (why(password, "coop", "alice.cooper@example.com") or "")
    assert why(password, "coop", "somebody@example.com") is None
    assert why(password, "coop", None) is None


def test_a_name_that_begins_with_another_one_is_taken_off_whole() -> None:
    """R-36; taking `coop` off first would leave letters."""
    assert "user name" in (why("cooper99", "coop", "cooper@example.com") or "")
    assert "user name" in (why("cooper99", "cooper", "coop@example.com") or "")


def test_what_is_common_is_told_from_outside() -> None:
    """R-36."""
    assert weakness("blue horse 7", username="alice", email=None, common=()) is None
    assert "common" in (weakness("Blue horse 7", username="alice", email=None, common={"blue horse 7"}) or "")


def test_a_user_name_of_digits_refuses_itself_and_no_other_digits() -> None:
    """R-36."""
    assert why("48151623420815", "007") is None
    assert why("48150071623420815", "007") is None
    assert "user name" in (why("00700700", "00700700") or "")


@given(st.text(max_size=300), st.from_regex(r"[a-z0-9][a-z0-9._-]{2,63}", fullmatch=True))
def test_no_password_outside_the_limits_is_accepted(password: str, username: str) -> None:
    """R-35."""
    assert why(password, username) is not None or 8 <= len(password) <= 256


SIGNS = st.text(string.digits + string.punctuation + " ", max_size=10)


@given(SIGNS, st.from_regex(r"[a-z0-9][a-z0-9._-]{2,63}", fullmatch=True), SIGNS)
def test_a_name_with_digits_and_signs_around_it_is_refused_whatever_the_name(
    before: str, name: str, after: str
) -> None:
    """R-36. What is in the name belongs to it, also a digit in the middle."""
    assume(any(character.isalpha() for character in name))
    assert why(f"{before}{name.title()}{after}", name) is not None


@pytest.mark.parametrize(
    ("password_hash", "legacy"),
    [
        pytest.param(BCRYPT, True, id="bcrypt"),
        pytest.param(BCRYPT.replace("2b", "2a"), True, id="its older name"),
        pytest.param(BCRYPT.replace("2b", "2y"), True, id="its name in PHP"),
        pytest.param(BCRYPT.replace("2b", "2x"), False, id="PHP's broken one"),
        pytest.param(BCRYPT.replace("$12", "$04"), True, id="the least cost there is"),
        pytest.param(BCRYPT.replace("$12", "$03"), False, id="less than the least"),
        pytest.param(BCRYPT.replace("$12", "$15"), True, id="seconds"),
        pytest.param(BCRYPT.replace("$12", "$16"), False, id="a cost that would stop the service"),
        pytest.param(BCRYPT.replace("$12", "$31"), False, id="the greatest cost there is"),
        pytest.param(BCRYPT[:-1], False, id="cut short"),
        pytest.param(BCRYPT + "a", False, id="too long"),
        pytest.param(BCRYPT + "\n", False, id="a line break"),
        pytest.param(BCRYPT.replace("Z", "!"), False, id="another alphabet"),
        pytest.param("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g", False, id="ours"),
        pytest.param("1fbc5c1c-3f0f-4f0e-9d0c-0f4c1d8a5a11", False, id="a bare UUID"),
        pytest.param("", False, id="empty"),
        pytest.param(None, False, id="none"),
    ],
)
def test_only_a_bcrypt_hash_of_bearable_cost_is_taken(password_hash: str | None, legacy: bool) -> None:
    """R-34."""
    assert is_legacy(password_hash) is legacy
