"""Readable account names, never used to match accounts."""

import re
import unicodedata
from collections.abc import Iterator, Mapping

from romm.domain.model import AccessLevel

MIN_LENGTH, MAX_LENGTH = 3, 64
RESERVED = frozenset(
    {"admin", "administrator", "anonymous", "api", "guest", "kiosk", "me", "nobody", "romm", "root", "setup", "system", "user"}
)  # fmt: skip

_FORM = re.compile(rf"[a-z0-9][a-z0-9._-]{{{MIN_LENGTH - 1},{MAX_LENGTH - 1}}}")
TYPED_PATTERN = rf"^[A-Za-z0-9][A-Za-z0-9._-]{{{MIN_LENGTH - 1},{MAX_LENGTH - 1}}}$"
"""Capitals become small letters."""

_FOREIGN = re.compile(r"[^a-z0-9._-]+")
_SUBJECT_CHARACTERS = 12


def normalized(typed: str) -> str | None:
    """The stored form, None if invalid."""
    name = unicodedata.normalize("NFKC", typed).lower()
    return name if _FORM.fullmatch(name) else None


def is_free_to(name: str, level: AccessLevel) -> bool:
    """Only admins may use names that suggest authority over the server."""
    return name not in RESERVED or level is AccessLevel.ADMIN


def proposal(claims: Mapping[str, object], attribute: str) -> str:
    offers = (claims.get(attribute), claims.get("nickname"), _local_part(claims.get("email")))
    for offer in offers:
        if isinstance(offer, str) and (name := _cleaned(offer)):
            return name
    subject = _FOREIGN.sub("-", str(claims.get("sub", "")).lower())
    return f"user-{subject[:_SUBJECT_CHARACTERS]}".rstrip("._-")


def series(name: str) -> Iterator[str]:
    """`name-2`, `name-3`, … within the length limit."""
    if name not in RESERVED:
        yield name
    number = 2
    while True:
        suffix = f"-{number}"
        if (numbered := name[: MAX_LENGTH - len(suffix)] + suffix) != name:
            yield numbered
        number += 1


def _cleaned(offer: str) -> str | None:
    plain = _FOREIGN.sub("-", unicodedata.normalize("NFKC", offer).lower())
    name = plain.strip("._-")[:MAX_LENGTH]
    return name if _FORM.fullmatch(name) else None


def _local_part(email: object) -> str | None:
    return email.partition("@")[0] if isinstance(email, str) else None
