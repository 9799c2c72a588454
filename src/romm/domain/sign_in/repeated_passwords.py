"""Recognise a repeated wrong password: an app with an old one is no attack.

A mark is made of the Argon2 hash that the check computes anyway: guessing from a stolen database costs as much as with
the password hash. A digest of the password could be searched a million times faster. Marks last as long as their
counter (`throttle.FORGOTTEN_AFTER`).
"""

from romm.domain.digests import digest

REMEMBERED = 8  # an account's apps with old passwords, at one address

_HEX_DIGITS = 16


def is_repeated(tried: str, counter: str, mark: str) -> bool:
    return _stored(counter, mark) in _split(tried)


def remember(tried: str, counter: str, mark: str) -> str:
    return "".join([*_split(tried), _stored(counter, mark)][-REMEMBERED:])


def _stored(counter: str, mark: str) -> str:
    return digest(f"{counter} {mark}")[:_HEX_DIGITS]


def _split(tried: str) -> list[str]:
    return [tried[at : at + _HEX_DIGITS] for at in range(0, len(tried), _HEX_DIGITS)]
