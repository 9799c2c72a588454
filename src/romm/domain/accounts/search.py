"""Names and addresses are found by how they begin: an index finds them."""

import unicodedata

from romm.domain import emails
from romm.domain.errors import Code, Refuse

MOST_COUNTED = 10_000
"""Of the accounts that fit."""

MOST_SKIPPED = 10_000
"""Accounts that a list passes over by number; beyond it, it goes on after a name."""

MOST_ADDRESSES = 250
"""That begin with the text of one search, in their order; names are complete."""


def check_offset(offset: int) -> Refuse | None:
    if offset <= MOST_SKIPPED:
        return None
    problem = f"the offset is {offset}; the most is {MOST_SKIPPED}. Go on with “after”, the name of the last account"
    return Refuse(Code.REQUEST_INVALID, {"problem": problem})


def canonical(typed: str) -> str:
    """As names and addresses are stored."""
    text = unicodedata.normalize("NFKC", typed).strip().lower()
    return emails.canonical(text) or text
