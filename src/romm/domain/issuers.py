"""Of which provider a link is: the one of today, one before it, or one that is not known here."""

import enum
from collections import Counter
from collections.abc import Collection, Iterable

from msgspec import Struct

from romm.domain.model import Account, LinkedIdentity


class Relation(enum.Enum):
    """Of which issuer a link is: the one that the person came by, another configured one, a former one, or none of these.

    `UNKNOWN`: no issuer is known here, so a link may be of any of them.
    """

    THIS = "this"
    CURRENT = "current"
    FORMER = "former"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


BLOCKING = frozenset({Relation.THIS, Relation.FOREIGN})
"""Links that keep a second identity of this issuer out (L-10)."""

OPENING = frozenset({Relation.THIS, Relation.CURRENT})
"""Links that are a way in."""

ELSEWHERE = frozenset({Relation.FORMER, Relation.FOREIGN})
"""Links that are no way in."""


class Issuers(Struct, frozen=True, kw_only=True):
    """`this` is the issuer that the person came by; `current` and `former` are the other configured and the earlier ones.

    `this` is None where nobody came: on a page, before the provider was reached.
    """

    this: str | None
    current: Collection[str] = ()
    former: Collection[str] = ()

    def relation(self, link: LinkedIdentity) -> Relation:
        """Operators copy issuers from elsewhere, so one trailing slash does not matter, except for `this`.

        A retired link is of a former issuer, unless that issuer is configured again.
        """
        issuer = link.identity.issuer
        if issuer == self.this:
            return Relation.THIS
        if is_among(issuer, self.current):
            return Relation.CURRENT
        if link.retired_at is not None or is_among(issuer, self.former):
            return Relation.FORMER
        return Relation.FOREIGN if self.this or self.current else Relation.UNKNOWN

    def linked(self, account: Account, relations: Collection[Relation]) -> tuple[str, ...]:
        """The issuers of the account's links that stand in one of these relations."""
        return tuple(link.identity.issuer for link in account.links if self.relation(link) in relations)


def is_among(issuer: str, others: Collection[str]) -> bool:
    """Is it one of the others, but for a slash at the end?"""
    return issuer.removesuffix("/") in {other.removesuffix("/") for other in others}


def spelled(typed: str, known: Collection[str]) -> str:
    """An issuer as the known ones spell it, else as it was typed."""
    alike = [issuer for issuer in known if is_among(typed, (issuer,))]
    return typed if typed in known or not alike else alike[0]


class LinkedElsewhere(Struct, frozen=True):
    """How many accounts are linked to this issuer, which is unknown here, and not to the provider."""

    issuer: str
    accounts: int


def linked_elsewhere(accounts: Iterable[Account], issuers: Issuers) -> tuple[LinkedElsewhere, ...]:
    """Whom a sign-in ends for in `already_linked` (L-10): by issuer, most accounts first."""
    left_out = (each for each in accounts if not issuers.linked(each, OPENING))
    counted = Counter(issuer for each in left_out for issuer in issuers.linked(each, {Relation.FOREIGN}))
    return tuple(LinkedElsewhere(issuer, number) for issuer, number in counted.most_common())
