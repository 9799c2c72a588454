"""What the linking rules decide: open, link, ask, register or refuse."""

import enum

from msgspec import Struct

from romm.domain.errors import Refuse
from romm.domain.model import AccessLevel, Account, EmailSource


class Ends(enum.StrEnum):
    """Which credentials of the account a decision ends."""

    NOTHING = "nothing"
    ALL_BUT_PASSWORD = "all_but_password"
    EVERYTHING = "everything"


class SignIn(Struct, frozen=True, kw_only=True, tag=True):
    """Open this account. `level`, `email` and `email_source` are what it has afterwards.

    The typed addresses of the accounts in `room` are removed. `role_from_claim`: the level is what the roles claim says.
    Both are the same in the other decisions.
    """

    rule: str
    account: Account
    level: AccessLevel
    email: str | None
    email_source: EmailSource = EmailSource.OWNER
    ends: Ends = Ends.NOTHING
    warning: str | None = None
    role_from_claim: bool = False
    room: tuple[Account, ...] = ()


class LinkIdentity(Struct, frozen=True, kw_only=True, tag="Link"):
    """Attach the identity to this account, then open it.

    `role_warning` is the one about the role, where `warning` is about an administrator's account.
    """

    rule: str
    account: Account
    level: AccessLevel
    ends: Ends
    warning: str | None = None
    role_warning: str | None = None
    role_from_claim: bool = False
    room: tuple[Account, ...] = ()

    @property
    def email_source(self) -> EmailSource:
        """By the address, it is now the provider's word; by request, it says nothing about the address here."""
        return self.account.email_source if self.rule == "L-04" else EmailSource.PROVIDER


class Confirm(Struct, frozen=True, kw_only=True, tag=True):
    """Ask whether this account is the person's; nothing is written. Not `provable`: the only answer can be no."""

    rule: str
    account: Account
    provable: bool


class Register(Struct, frozen=True, kw_only=True, tag=True):
    """Make an account without a password for this identity, then open it. `room` is as in `SignIn`."""

    rule: str
    level: AccessLevel
    email: str
    warning: str | None = None
    role_from_claim: bool = False
    room: tuple[Account, ...] = ()


class Reject(Struct, frozen=True, kw_only=True, tag="Refuse"):
    """Nobody is signed in and nothing is written. `severe` asks for the operator's attention."""

    rule: str
    refuse: Refuse
    severe: bool = False


Admitted = SignIn | LinkIdentity | Register

Decision = Admitted | Confirm | Reject


def warnings(decision: Admitted) -> tuple[str, ...]:
    """The warnings of a decision, the one about the role first."""
    about_role = decision.role_warning if isinstance(decision, LinkIdentity) else None
    return tuple(dict.fromkeys(filter(None, (about_role, decision.warning))))
