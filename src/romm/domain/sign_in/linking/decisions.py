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
    """`level`, `email` and `email_source` are the account's new values.

    The accounts in `room` lose the address. `role_from_claim`: the roles claim gave `level`.
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
    """Link and sign in. For an administrator's account `role_warning` has the warning about the role."""

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
    """Ask “Is this your account?”. Without `provable` the answer can only be no."""

    rule: str
    account: Account
    provable: bool


class Register(Struct, frozen=True, kw_only=True, tag=True):
    """Create an account without a password and sign in."""

    rule: str
    level: AccessLevel
    email: str
    warning: str | None = None
    role_from_claim: bool = False
    room: tuple[Account, ...] = ()


class Reject(Struct, frozen=True, kw_only=True, tag="Refuse"):
    """`severe` logs a warning."""

    rule: str
    refuse: Refuse
    severe: bool = False


Admitted = SignIn | LinkIdentity | Register

Decision = Admitted | Confirm | Reject


def warnings(decision: Admitted) -> tuple[str, ...]:
    """The warning about the role comes first."""
    about_role = decision.role_warning if isinstance(decision, LinkIdentity) else None
    return tuple(dict.fromkeys(filter(None, (about_role, decision.warning))))
