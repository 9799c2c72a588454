"""The most common passwords, read at first use; `nox -s passwords` writes their file."""

from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("common_passwords.txt")


@cache
def common_passwords() -> frozenset[str]:
    """OWASP ASVS 5.0, 6.2.4."""
    _licence, _, words = _FILE.read_text(encoding="utf-8").partition("\n\n")
    return frozenset(words.split())
