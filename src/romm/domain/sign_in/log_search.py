"""What an administrator types to find a sign-in."""

import re

from msgspec import Struct

MOST_DIGITS = 9
"""Of an account's number: the largest that every database accepts has ten."""

_REFERENCE = re.compile(r"\b[0-9a-f]{16}\b")


class ByReference(Struct, frozen=True):
    correlation_id: str


class ByText(Struct, frozen=True):
    """The beginning of a name or e-mail address, part of a code, or a whole visitor's address or account number.

    `names`: may find accounts by name and address.
    """

    text: str
    number: int | None = None
    names: bool = True


class OfPerson(Struct, frozen=True):
    """Sign-ins of the account, and refusals of its e-mail address."""

    account_id: int
    email: str | None


Term = ByReference | ByText | OfPerson


def term(typed: str) -> Term | None:
    """An error page's whole line may hold the reference. None for no search."""
    text = typed.strip()
    if found := _REFERENCE.search(text.lower()):
        return ByReference(found[0])
    is_number = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return ByText(text, int(text) if is_number else None) if text else None
