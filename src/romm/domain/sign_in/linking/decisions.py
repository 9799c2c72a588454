"""Results of the linking rules."""

import enum

from msgspec import Struct

from romm.domain.errors import Refuse
from romm.domain.model import AccessLevel, Account, EmailSource


class Ends(enum.StrEnum):
    NOTHING = "nothing"
    ALL_BUT_PASSWORD = "all_but_password"
    EVERYTHING = "everything"


class SignIn(Struct, frozen=True, kw_only=True, tag=True):
    """`level` and `email` are the account's new values. Accounts in `room` lose the address.

    `role_from_claim`: the roles claim gave `level`.
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

    @property
    def changes_account(self) -> bool:
        """This one or another; `last_login` does not count."""
        seen = self.account
        before = (seen.level, seen.email, seen.email_source, seen.role_from_claim)
        after = (self.level, self.email, self.email_source, self.role_from_claim)
        return after != before or self.ends is not Ends.NOTHING or bool(self.room)


class LinkIdentity(Struct, frozen=True, kw_only=True, tag="Link"):
    """`role_warning`: about an administrator's role."""

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
        """An explicit link (L-04) leaves the address unchanged."""
        return self.account.email_source if self.rule == "L-04" else EmailSource.PROVIDER


class Confirm(Struct, frozen=True, kw_only=True, tag=True):
    """Without `provable` the answer can only be no."""

    rule: str
    account: Account
    provable: bool


class Invited(Struct, frozen=True, kw_only=True):
    """By the link that this browser opened. `level` is None if the link is used, revoked or expired."""

    digest: str
    level: AccessLevel | None
    by: int | None = None


class Register(Struct, frozen=True, kw_only=True, tag=True):
    """The new account has no password. It uses up `invited`."""

    rule: str
    level: AccessLevel
    email: str
    warning: str | None = None
    role_from_claim: bool = False
    room: tuple[Account, ...] = ()
    invited: Invited | None = None


class Reject(Struct, frozen=True, kw_only=True, tag="Refuse"):
    """`severe` logs a warning."""

    rule: str
    refuse: Refuse
    severe: bool = False


Admitted = SignIn | LinkIdentity | Register

Decision = Admitted | Confirm | Reject


def warnings(decision: Admitted) -> tuple[str, ...]:
    about_role = decision.role_warning if isinstance(decision, LinkIdentity) else None
    return tuple(dict.fromkeys(filter(None, (about_role, decision.warning))))
