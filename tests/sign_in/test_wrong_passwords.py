"""What a process remembers of the passwords that it refused."""

from msgspec.structs import replace

from romm.domain.model import AccessLevel, Account
from romm.sign_in.wrong_passwords import MOST, WrongPasswords
from tests.domain.examples import NOW

KEEPER = Account(
    id=1,
    username="keeper",
    email=None,
    enabled=True,
    level=AccessLevel.VIEWER,
    password_set_at=NOW,
    links=(),
    version=1,
    created_at=NOW,
    updated_at=NOW,
)


def test_a_password_is_found_only_for_who_was_refused_with_it() -> None:
    """A fast answer elsewhere would reveal that it was tried here."""
    wrong = WrongPasswords()
    wrong.add(wrong.entry("pair:here", KEEPER, "a hash", "stale"), "a mark")
    assert wrong.mark(wrong.entry("pair:here", KEEPER, "a hash", "stale")) == "a mark"
    others = [
        wrong.entry("pair:there", KEEPER, "a hash", "stale"),
        wrong.entry("pair:here", KEEPER, "a hash", "another"),
        wrong.entry("pair:here", KEEPER, "a new hash", "stale"),
        wrong.entry("pair:here", replace(KEEPER, version=2), "a hash", "stale"),
        wrong.entry("pair:here", None, None, "stale"),
    ]
    assert [wrong.mark(each) for each in others] == [None] * 5


def test_an_entry_says_nothing_outside_its_process() -> None:
    entries = [each.entry("pair:here", KEEPER, "a hash", "stale") for each in (WrongPasswords(), WrongPasswords())]
    assert entries[0] != entries[1]


def test_the_oldest_are_forgotten() -> None:
    wrong = WrongPasswords()
    entries = [wrong.entry("pair:here", KEEPER, None, f"guess {number}") for number in range(MOST + 1)]
    for entry in entries:
        wrong.add(entry, "a mark")
    assert [wrong.mark(entries[0]), wrong.mark(entries[1])] == [None, "a mark"]
