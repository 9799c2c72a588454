"""Classify the accounts with an address."""

from collections.abc import Iterable

from msgspec import Struct

from romm.domain.issuers import BLOCKING, Issuers, Relation
from romm.domain.model import Account


class Answer(Struct, frozen=True, kw_only=True):
    """`mine` was proven for this version of the account."""

    account: Account
    mine: bool


class Matches(Struct, frozen=True, kw_only=True):
    """`vouched` link or refuse, `unconfirmed` need an answer, `proven` has it, `room` lose the address."""

    vouched: tuple[Account, ...]
    unconfirmed: tuple[Account, ...]
    proven: Account | None
    room: tuple[Account, ...]

    def others(self, account: Account) -> tuple[Account, ...]:
        return tuple(each for each in (*self.unconfirmed, *self.room) if each.id != account.id)


def matches(by_email: Iterable[Account], issuers: Issuers, answer: Answer | None) -> Matches:
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
