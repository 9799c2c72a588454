"""LDAP names (RFC 4514): `cn=admins,ou=groups,dc=example,dc=org` is one value."""

import re
from collections.abc import Iterable

# The attribute types of RFC 4514, 3, and X.509's e-mail address.
_PART = re.compile(r"(cn|uid|ou|o|dc|c|l|st|street|e|emailaddress)\s*=", re.IGNORECASE)
_CONTAINER = re.compile(r"(ou|o|dc|c)\s*=", re.IGNORECASE)


def is_cut(pieces: Iterable[str]) -> bool:
    """The pieces are parts of one LDAP name, unlike the groups `cn=a` and `cn=b`."""
    parts = list(filter(is_part, pieces))
    return len(parts) > 1 and any(_CONTAINER.match(part) for part in parts)


def is_part(piece: str) -> bool:
    """A single `type=value`."""
    return _PART.match(piece) is not None and "," not in piece


def is_whole(text: str) -> bool:
    return is_cut(piece.strip() for piece in text.split(","))
