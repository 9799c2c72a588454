"""What an administrator types is compared in the stored form."""

import sys

import pytest

from romm.domain.accounts.search import canonical


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" Alice ", "alice"),
        ("\uff21lice", "alice"),
        ("Alice@B\u00dcCHER.example", "alice@xn--bcher-kva.example"),
        ("Alice@", "alice@"),
        ("", ""),
    ],
)
def test_names_and_addresses_are_sought_as_they_are_stored(typed: str, stored: str) -> None:
    assert canonical(typed) == stored


def test_a_text_that_can_be_sought_stays_one() -> None:
    """Searches end a range after the last character; of an empty text there is none."""
    printable = [chr(each) for each in range(sys.maxunicode) if chr(each).isprintable() and chr(each) != " "]
    assert [each for each in printable if not canonical(each) or not canonical(each).isprintable()] == []
