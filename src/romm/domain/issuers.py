"""Relate links to the configured and former issuers."""

import enum
from collections.abc import Collection, Iterable

from msgspec import Struct

from romm.domain.model import Account, LinkedIdentity


class Relation(enum.Enum):
    """`UNKNOWN`: no issuer is known here, so the link may be of any."""

    THIS = "this"
    CURRENT = "current"
    FORMER = "former"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


BLOCKING = frozenset({Relation.THIS, Relation.FOREIGN})
"""Block a second identity of this issuer (L-10)."""

OPENING = frozenset({Relation.THIS, Relation.CURRENT})
"""Allow sign-in."""

ELSEWHERE = frozenset({Relation.FORMER, Relation.FOREIGN})
"""Do not allow sign-in."""


class Issuers(Struct, frozen=True, kw_only=True):
    """`this`: the sign-in's issuer; `current`: the other configured ones."""

    this: str | None
    current: Collection[str] = ()
    former: Collection[str] = ()

    def relation(self, link: LinkedIdentity) -> Relation:
        return self.relation_to(link.identity.issuer, is_retired=link.retired_at is not None)

    def relation_to(self, issuer: str, *, is_retired: bool = False) -> Relation:
        """Ignores one trailing slash, except for `this`: operators copy issuers.

        A retired link is of a former issuer, unless that is configured again.
        """
        if issuer == self.this:
            return Relation.THIS
        if is_among(issuer, self.current):
            return Relation.CURRENT
        if is_retired or is_among(issuer, self.former):
            return Relation.FORMER
        return Relation.FOREIGN if self.this or self.current else Relation.UNKNOWN

    def among(self, issuers: Iterable[str], relations: Collection[Relation]) -> tuple[str, ...]:
        """For links that are not retired."""
        return tuple(issuer for issuer in issuers if self.relation_to(issuer) in relations)

    def linked(self, account: Account, relations: Collection[Relation]) -> tuple[str, ...]:
        return tuple(link.identity.issuer for link in account.links if self.relation(link) in relations)


def is_among(issuer: str, others: Collection[str]) -> bool:
    return issuer.removesuffix("/") in {other.removesuffix("/") for other in others}


def spelled(typed: str, known: Collection[str]) -> str:
    """As the known ones spell it."""
    alike = [issuer for issuer in known if is_among(typed, (issuer,))]
    return typed if typed in known or not alike else alike[0]


class LinkedElsewhere(Struct, frozen=True):
    """Accounts linked only to this unknown issuer. Their sign-ins end in `already_linked` (L-10)."""

    issuer: str
    accounts: int
