"""Recognise a wrong password that comes again: an app with an old password is no attack.

A mark is made of the Argon2 hash that the check computes anyway, so a thief of the database pays the same for each guess
as with the password hash beside it. A digest of the password itself would let old passwords be searched a million times
faster. Marks last as long as their counter, at most `throttle.FORGOTTEN_AFTER` after its last failure.
"""

from romm.domain.digests import digest

REMEMBERED = 8  # an account's apps with old passwords, at one address

_HEX_DIGITS = 16


def is_repeated(tried: str, counter: str, mark: str) -> bool:
    return _stored(counter, mark) in _split(tried)


def remember(tried: str, counter: str, mark: str) -> str:
    """The `tried` of a counter with one more password."""
    return "".join([*_split(tried), _stored(counter, mark)][-REMEMBERED:])


def _stored(counter: str, mark: str) -> str:
    return digest(f"{counter} {mark}")[:_HEX_DIGITS]


def _split(tried: str) -> list[str]:
    return [tried[at : at + _HEX_DIGITS] for at in range(0, len(tried), _HEX_DIGITS)]
