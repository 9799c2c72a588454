"""Form bodies of the account pages."""

from msgspec import UNSET, Struct, UnsetType

from romm.accounts.forms import AccountForm
from romm.api.accounts.schemas import level


class ProfileForm(Struct, frozen=True, kw_only=True):
    """An empty `email` removes the address."""

    username: str
    email: str = ""
    current_password: str = ""

    def account_form(self) -> AccountForm:
        return AccountForm(username=self.username, email=self.email)

    def shown(self) -> dict[str, str]:
        """To show again after a refusal."""
        return {"username": self.username, "email": self.email}


class PasswordForm(Struct, frozen=True, kw_only=True):
    password: str
    current_password: str = ""


class ConfirmForm(Struct, frozen=True):
    """`next`: the page to return to."""

    current_password: str = ""
    next: str = "/account"


class LinkForm(Struct, frozen=True):
    """Without an id: the default provider."""

    provider: str = ""


class UnlinkForm(Struct, frozen=True, kw_only=True):
    """`identity` is a `subject_digest`."""

    identity: str
    current_password: str = ""


class SessionForm(Struct, frozen=True):
    session: int


class PersonForm(Struct, frozen=True, kw_only=True):
    """Without `role` the role stays."""

    username: str
    email: str = ""
    role: str | UnsetType = UNSET

    def account_form(self) -> AccountForm:
        """Raises `Refused(REQUEST_INVALID)` for an unknown role."""
        new_level = UNSET if isinstance(self.role, UnsetType) else level(self.role)
        return AccountForm(username=self.username, email=self.email, level=new_level)

    def shown(self) -> dict[str, str]:
        """To show again after a refusal."""
        role = {} if isinstance(self.role, UnsetType) else {"role": self.role}
        return {"username": self.username, "email": self.email, **role}


class UnlinkPersonForm(Struct, frozen=True):
    """All links, when no issuer is named."""

    issuer: str = ""
