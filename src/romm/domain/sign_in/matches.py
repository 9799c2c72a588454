"""How the accounts with a person's address count: whose word the address is, and to which providers each account is linked."""

import enum
from collections.abc import Collection, Iterable

from msgspec import Struct

from romm.domain.model import Account


class Relation(enum.Enum):
    """Of which issuer a link is: the one that the person came by, another configured one, a former one, or none of these."""

    THIS = "this"
    CURRENT = "current"
    FORMER = "former"
    FOREIGN = "foreign"


BLOCKING = frozenset({Relation.THIS, Relation.FOREIGN})
"""Links that keep a second identity of this issuer out (L-10)."""


class Issuers(Struct, frozen=True, kw_only=True):
    """`this` is the issuer that the person came by; `current` and `former` are the other configured and the earlier ones."""

    this: str
    current: Collection[str] = ()
    former: Collection[str] = ()

    def relation(self, issuer: str) -> Relation:
        """Operators copy issuers from elsewhere, so one trailing slash does not matter."""
        if issuer == self.this:
            return Relation.THIS
        if _bare(issuer) in map(_bare, self.current):
            return Relation.CURRENT
        return Relation.FORMER if _bare(issuer) in map(_bare, self.former) else Relation.FOREIGN

    def linked(self, account: Account, relations: Collection[Relation]) -> tuple[str, ...]:
        """The issuers of the account's links that stand in one of these relations."""
        issuers = (link.identity.issuer for link in account.links)
        return tuple(issuer for issuer in issuers if self.relation(issuer) in relations)


class Answer(Struct, frozen=True, kw_only=True):
    """The answer to “Is this your account?”. `mine` needs a proof and counts for the account as it was then."""

    account: Account
    mine: bool


class Matches(Struct, frozen=True, kw_only=True):
    """`vouched` attract and block. `asked` need an answer first, `proven` is the one whose owner gave it. `room` makes room."""

    vouched: tuple[Account, ...]
    asked: tuple[Account, ...]
    proven: Account | None
    room: tuple[Account, ...]

    def others(self, account: Account) -> tuple[Account, ...]:
        """The accounts that lose a typed address when this one has it vouched for."""
        return tuple(each for each in (*self.asked, *self.room) if each.id != account.id)


def matches(by_email: Iterable[Account], issuers: Issuers, answer: Answer | None) -> Matches:
    """Sort the accounts that have the address."""
    found = tuple(by_email)
    typed = tuple(each for each in found if not each.has_vouched_email)
    asked = tuple(each for each in typed if _is_asked(each, issuers, answer))
    return Matches(
        vouched=tuple(each for each in found if each.has_vouched_email),
        asked=asked,
        proven=next((each for each in asked if _is_proven(each, answer)), None),
        room=tuple(each for each in typed if each not in asked),
    )


def _is_asked(account: Account, issuers: Issuers, answer: Answer | None) -> bool:
    declined = answer is not None and not answer.mine and answer.account.id == account.id
    linked = issuers.linked(account, BLOCKING | {Relation.CURRENT})
    return account.enabled and not linked and not declined


def _is_proven(account: Account, answer: Answer | None) -> bool:
    proof = answer.account if answer is not None and answer.mine else None
    return proof is not None and (proof.id, proof.version) == (account.id, account.version)


def _bare(issuer: str) -> str:
    return issuer.removesuffix("/")
