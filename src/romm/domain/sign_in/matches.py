"""Sorts the accounts with a person's address by the address's source and by their links."""

import enum
from collections.abc import Collection, Iterable

from msgspec import Struct

from romm.domain.model import Account


class Relation(enum.Enum):
    """A link's issuer: that of this sign-in, another configured one, a former one, or an unknown one."""

    THIS = "this"
    CURRENT = "current"
    FORMER = "former"
    FOREIGN = "foreign"


BLOCKING = frozenset({Relation.THIS, Relation.FOREIGN})
"""Links that exclude a second identity of this issuer (L-10)."""


class Issuers(Struct, frozen=True, kw_only=True):
    """`this` is the issuer of this sign-in, `current` the other configured ones, `former` the earlier ones."""

    this: str
    current: Collection[str] = ()
    former: Collection[str] = ()

    def relation(self, issuer: str) -> Relation:
        """Ignores one trailing slash: operators copy issuers."""
        if issuer == self.this:
            return Relation.THIS
        if _bare(issuer) in map(_bare, self.current):
            return Relation.CURRENT
        return Relation.FORMER if _bare(issuer) in map(_bare, self.former) else Relation.FOREIGN

    def linked(self, account: Account, relations: Collection[Relation]) -> tuple[str, ...]:
        """The issuers of the account's links with one of these relations."""
        issuers = (link.identity.issuer for link in account.links)
        return tuple(issuer for issuer in issuers if self.relation(issuer) in relations)


class Answer(Struct, frozen=True, kw_only=True):
    """To “Is this your account?”. `mine` has been proved, for this version of the account."""

    account: Account
    mine: bool


class Matches(Struct, frozen=True, kw_only=True):
    """`vouched` attract and block. `unconfirmed` need an answer first; `proven` has it. `room` lose the address."""

    vouched: tuple[Account, ...]
    unconfirmed: tuple[Account, ...]
    proven: Account | None
    room: tuple[Account, ...]

    def others(self, account: Account) -> tuple[Account, ...]:
        """The accounts that lose the typed address to this one."""
        return tuple(each for each in (*self.unconfirmed, *self.room) if each.id != account.id)


def matches(by_email: Iterable[Account], issuers: Issuers, answer: Answer | None) -> Matches:
    """Sort the accounts that have the address."""
    found = tuple(by_email)
    typed = tuple(each for each in found if not each.has_vouched_email)
    unconfirmed = tuple(each for each in typed if _needs_answer(each, issuers, answer))
    return Matches(
        vouched=tuple(each for each in found if each.has_vouched_email),
        unconfirmed=unconfirmed,
        proven=next((each for each in unconfirmed if _is_proven(each, answer)), None),
        room=tuple(each for each in typed if each not in unconfirmed),
    )


def _needs_answer(account: Account, issuers: Issuers, answer: Answer | None) -> bool:
    declined = answer is not None and not answer.mine and answer.account.id == account.id
    linked = issuers.linked(account, BLOCKING | {Relation.CURRENT})
    return account.enabled and not linked and not declined


def _is_proven(account: Account, answer: Answer | None) -> bool:
    proof = answer.account if answer is not None and answer.mine else None
    return proof is not None and (proof.id, proof.version) == (account.id, account.version)


def _bare(issuer: str) -> str:
    return issuer.removesuffix("/")
