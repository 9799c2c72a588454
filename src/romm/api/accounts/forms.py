"""What the forms of the account and administration pages send."""

from msgspec import UNSET, Struct, UnsetType

from romm.accounts.forms import AccountForm
from romm.api.accounts.schemas import level


class ProfileForm(Struct, frozen=True, kw_only=True):
    """One's own name and address; an empty address takes it away."""

    username: str
    email: str = ""
    current_password: str = ""

    def typed(self) -> AccountForm:
        """As a use case takes it."""
        return AccountForm(username=self.username, email=self.email)


class PasswordForm(Struct, frozen=True, kw_only=True):
    """A new password, one's own or somebody else's."""

    password: str
    current_password: str = ""


class ConfirmForm(Struct, frozen=True):
    """The current password alone, to go on with what needs a fresh sign-in."""

    current_password: str


class UnlinkForm(Struct, frozen=True, kw_only=True):
    """Which identity to detach (`subject_digest`)."""

    identity: str
    current_password: str = ""


class SessionForm(Struct, frozen=True):
    """Which session to end, by its number."""

    session: int


class PersonForm(Struct, frozen=True, kw_only=True):
    """Somebody else's name, address and role; without a role theirs stays."""

    username: str
    email: str = ""
    role: str | UnsetType = UNSET

    def typed(self) -> AccountForm:
        """As a use case takes it. Raises `Refused(REQUEST_INVALID)` for a role that nobody knows."""
        wanted = UNSET if isinstance(self.role, UnsetType) else level(self.role)
        return AccountForm(username=self.username, email=self.email, level=wanted)


class UnlinkPersonForm(Struct, frozen=True):
    """From which issuer somebody else is detached; from all when none is named."""

    issuer: str = ""
