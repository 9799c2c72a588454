"""Which passwords are too weak."""

import re
import string
import unicodedata
from collections.abc import Container

MIN_LENGTH, MAX_LENGTH = 8, 256

_VISIBLE = frozenset("LMNPS")  # letters, marks, numbers, punctuation, symbols
_LITTLE = string.digits + string.punctuation + string.whitespace
_LEGACY = re.compile(r"\$2[aby]\$(0[4-9]|1[0-5])\$[./A-Za-z0-9]{53}")


def weakness(password: str, *, username: str, email: str | None, common: Container[str]) -> str | None:
    """Why a password is refused. No composition rules (NIST SP 800-63B, 5.1.1.2). `common` is in lower case."""
    if len(password) < MIN_LENGTH:
        return f"shorter than {MIN_LENGTH} characters"
    if len(password) > MAX_LENGTH:
        return f"longer than {MAX_LENGTH} characters"
    if not any(unicodedata.category(each)[0] in _VISIBLE for each in password):
        return "made of spaces and of characters that cannot be seen"
    lowered = password.lower()
    names = {username, (email or "").partition("@")[0]}
    if lowered in names or _is_made_of(lowered, names | _CONTEXT):
        return "it is the user name, the e-mail address, or the name of this program, with little added"
    if lowered in _OURS or lowered in common:
        return "it is one of the most common passwords"
    return None


def is_legacy(password_hash: str | None) -> bool:
    """A bcrypt hash of an existing RomM. Costs above 15 (seconds per check) are refused."""
    return _LEGACY.fullmatch(password_hash or "") is not None


def _is_made_of(password: str, names: set[str]) -> bool:
    """Ignores names made only of digits."""
    cores = {core for name in names if (core := name.strip(_LITTLE)) and core in password}
    rest = password
    for core in sorted(cores, key=lambda each: (-len(each), each)):
        rest = rest.replace(core, "")
    return bool(cores) and not rest.strip(_LITTLE)


_CONTEXT = {"romm", "password", "passwort", "retro", "letmein", "welcome", "qwerty", "qwertyuiop"}
_OURS = frozenset(
    """
    00000000 12341234 87654321 88888888 123123123 987654321 999999999 aaaaaaaa asdasdasd
    admin1234 batman123 changeit default1 gameboy1 jennifer michelle p@ssword secret12
    """.split()  # noqa: SIM905  a list of quoted words would hide them
)
"""Missing from lists of leaked passwords."""
