"""Move an account's link from one issuer to another."""

import enum
from collections.abc import Iterator
from typing import assert_never

from msgspec import Struct

from romm.domain.accounts.changes import Unlink
from romm.domain.issuers import Issuers, is_among
from romm.domain.model import Account, Identity, LinkedIdentity


class Way(enum.StrEnum):
    SAME_SUBJECTS = "same-subjects"
    BY_EMAIL = "by-email"


class IssuerMove(Struct, frozen=True, kw_only=True):
    old: str
    new: str
    way: Way


class Rewrite(Struct, frozen=True, kw_only=True, tag=True):
    """The link gets the new issuer. Its sign-ins end, except `keep`."""

    account: Account
    identity: Identity
    issuer: str
    keep: str | None = None


class Retire(Struct, frozen=True, kw_only=True, tag=True):
    """The link stays as history and no longer blocks. Its sign-ins end, except `keep`."""

    account: Account
    identity: Identity
    keep: str | None = None


class Stays(enum.StrEnum):
    LINKED_ALREADY = "linked_already"
    SUBJECT_TAKEN = "subject_taken"
    RETIRED_ALREADY = "retired_already"
    WITHOUT_ADDRESS = "without_address"


class Stay(Struct, frozen=True, kw_only=True, tag=True):
    """Nothing is written."""

    account: Account
    why: Stays
    other: str = ""


IssuerMoveDecision = Rewrite | Retire | Unlink | Stay

_STAYS = {
    Stays.LINKED_ALREADY: "stays: the account is linked to {new} already. Unlink the old link if it is wrong",
    Stays.SUBJECT_TAKEN: "stays: {other} is linked to the same subject at {new}. Unlink one of the two",
    Stays.RETIRED_ALREADY: "stays: it is marked as an earlier provider already",
    Stays.WITHOUT_ADDRESS: "stays: the account has no e-mail address to be recognized by. Enter it first",
}
_ASKED = (
    "Its owner only typed the address, so that sign-in asks “Is this your account?”. Confirm the address on the person's "
    "page to spare the question"
)


def link_to(account: Account, issuer: str) -> LinkedIdentity | None:
    """There is at most one."""
    return next((link for link in account.links if link.identity.issuer == issuer), None)


def decide(
    move: IssuerMove, account: Account, link: LinkedIdentity, holder: Account | None, *, keep: str | None
) -> IssuerMoveDecision:
    """`holder` already has the same subject at the new issuer."""
    match move:
        case IssuerMove(way=Way.SAME_SUBJECTS) if holder is not None and holder.id != account.id:
            return Stay(account=account, why=Stays.SUBJECT_TAKEN, other=holder.username)
        case IssuerMove(way=Way.SAME_SUBJECTS) if link_to(account, move.new) is not None:
            return Stay(account=account, why=Stays.LINKED_ALREADY)
        case IssuerMove(way=Way.SAME_SUBJECTS):
            return Rewrite(account=account, identity=link.identity, issuer=move.new, keep=keep)
        case _ if account.email is None:
            return Stay(account=account, why=Stays.WITHOUT_ADDRESS)
        case IssuerMove(old=old, new=new) if old == new:
            return Unlink(account=account, identity=link.identity, keep=keep)
        case _ if link.retired_at is not None:
            return Stay(account=account, why=Stays.RETIRED_ALREADY)
        case _:
            return Retire(account=account, identity=link.identity, keep=keep)


def describe(decision: IssuerMoveDecision, move: IssuerMove) -> str:
    """True before and after the move."""
    match decision:
        case Rewrite():
            return f"same subject, now at {move.new}"
        case Retire(account=account):
            asked = "" if account.has_vouched_email else f". {_ASKED}"
            return f"an earlier provider from now on; links again at the next sign-in with {account.email}, verified{asked}"
        case Unlink(account=account):
            asked = "" if account.has_vouched_email else f". {_ASKED}"
            return f"unlinked; links again at the next sign-in with {account.email}, verified{asked}"
        case Stay(why=why, other=other):
            return _STAYS[why].format(new=move.new, other=other)
        case _:
            assert_never(decision)


def notes(move: IssuerMove, issuers: Issuers, *, link_by_email: bool) -> Iterator[str]:
    if move.way is Way.BY_EMAIL and not link_by_email:
        yield "OIDC_LINK_BY_EMAIL is false: an address links no account. People link on /account, as long as they are signed in."
    ours = tuple(filter(None, [issuers.this, *issuers.current]))
    if not ours:
        return
    if not is_among(move.new, ours):
        yield f"{move.new} is not the configured provider, which is {', '.join(ours)}."
    elif issuers.this is None and move.way is Way.SAME_SUBJECTS:
        yield f"The provider was not reached. Is {move.new} exactly the issuer in its discovery document, slash included?"
    if is_among(move.old, ours) and move.old != move.new:
        yield f"{move.old} is the provider that is configured now: its sign-ins open the accounts until they move."
