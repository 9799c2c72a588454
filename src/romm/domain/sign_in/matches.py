"""Classify the accounts with an address, by its source and by their links."""

from collections.abc import Iterable

from msgspec import Struct

from romm.domain.issuers import BLOCKING, Issuers, Relation
from romm.domain.model import Account


class Answer(Struct, frozen=True, kw_only=True):
    """To “Is this your account?”. `mine` was proven, for this version of the account."""

    account: Account
    mine: bool


class Matches(Struct, frozen=True, kw_only=True):
    """`vouched` link or refuse, `asked` need an answer, `proven` has it, `room` lose the address."""

    vouched: tuple[Account, ...]
    asked: tuple[Account, ...]
    proven: Account | None
    room: tuple[Account, ...]

    def others(self, account: Account) -> tuple[Account, ...]:
        """The accounts that lose the address to this one."""
        return tuple(each for each in (*self.asked, *self.room) if each.id != account.id)


def matches(by_email: Iterable[Account], issuers: Issuers, answer: Answer | None) -> Matches:
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
