"""LDAP names (RFC 4514): `cn=admins,ou=groups,dc=example,dc=org` is one value, although it has commas in it."""

import re
from collections.abc import Iterable

# The attribute types of RFC 4514, 3, and the e-mail address that X.509 adds.
_PART = re.compile(r"(cn|uid|ou|o|dc|c|l|st|street|e|emailaddress)\s*=", re.IGNORECASE)
_CONTAINER = re.compile(r"(ou|o|dc|c)\s*=", re.IGNORECASE)


def is_cut(pieces: Iterable[str]) -> bool:
    """Do these pieces look like parts of one LDAP name? Two groups called `cn=a` and `cn=b` do not."""
    parts = list(filter(is_part, pieces))
    return len(parts) > 1 and any(_CONTAINER.match(part) for part in parts)


def is_part(piece: str) -> bool:
    """Is this one `type=value` of an LDAP name, without the rest?"""
    return _PART.match(piece) is not None and "," not in piece


def is_whole(text: str) -> bool:
    """Is this text an LDAP name?"""
    return is_cut(piece.strip() for piece in text.split(","))
