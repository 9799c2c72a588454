"""What goes over the wire about accounts, sessions and links, beside the account itself."""

from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from romm.accounts import Typed
from romm.domain.credentials import Credential
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel, Account
from romm.invitations import LONGEST


class UserForm(Struct, frozen=True, kw_only=True):
    """A change of an account. What is not said stays. `role` is `viewer`, `editor`, `admin`, or RomM's older `user`.

    `current_password` proves that an own change comes from the owner. `ui_settings` is taken from older apps and not kept.
    """

    username: str | UnsetType = UNSET
    email: str | UnsetType | None = UNSET
    password: str | UnsetType | None = UNSET
    role: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    current_password: str = ""
    ui_settings: Any = None

    def typed(self, account: Account) -> Typed:
        """As a use case takes it for this account. Raises `Refused(REQUEST_INVALID)` for a role that nobody knows.

        Older apps send back the coarse `role` that they were given: `user` makes no viewer of an editor.
        """
        unchanged = isinstance(self.role, UnsetType) or self.role.strip().lower() == account.level.role
        return Typed(
            username=self.username,
            email=UNSET if isinstance(self.email, UnsetType) else self.email or "",
            password=self.password or UNSET,
            enabled=self.enabled,
            level=UNSET if unchanged else level(str(self.role)),
        )


class NewUserForm(Struct, frozen=True, kw_only=True):
    """A new account. Without a password only single sign-on opens it."""

    username: str
    password: str = ""
    email: str = ""
    role: str = "viewer"


class RegistrationForm(Struct, frozen=True, kw_only=True):
    """Somebody who was invited; `token` is the link's secret."""

    token: str
    username: str
    password: str
    email: str = ""


class InvitationForm(Struct, frozen=True, kw_only=True):
    """An invitation: what it gives, and for how many seconds; without `expiration`, INVITE_TOKEN_EXPIRY_SECONDS."""

    role: str = "viewer"
    expiration: int | None = None

    @property
    def lifetime(self) -> timedelta | None:
        """How long it lasts; bounded here already, because a timedelta holds less than an integer."""
        most = LONGEST // timedelta(seconds=1)
        return None if self.expiration is None else timedelta(seconds=min(max(self.expiration, 1), most))


class ForgottenForm(Struct, frozen=True):
    """The name or address of whoever forgot a password."""

    username: str


class ResetForm(Struct, frozen=True):
    """A new password; `token` is the link's secret."""

    token: str
    password: str


class RecoveryForm(Struct, frozen=True):
    """`token` is the link's secret."""

    token: str


class LinkAnswer(Struct, frozen=True):
    """A link, shown once. `token` is the secret in it."""

    token: str
    url: str
    expires_at: datetime


class InvitationSchema(Struct, frozen=True, kw_only=True):
    """An open invitation, without its secret."""

    id: int
    role: str
    access_level: str
    invited_by: str
    created_at: datetime
    expires_at: datetime


class SessionSchema(Struct, frozen=True, kw_only=True):
    """A session of a browser. `current` is the one that asks; `method` is how it began."""

    id: int
    current: bool
    method: str
    address: str
    user_agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


def level(role: str) -> AccessLevel:
    """The access level of a role's name. Raises `Refused(REQUEST_INVALID)`."""
    found = AccessLevel.named(role)
    if found is None:
        raise Refused(Code.REQUEST_INVALID, problem=f"role is {role!r}, not viewer, editor, admin or user")
    return found


def invitation_schema(invitation: Credential, inviter: Account) -> InvitationSchema:
    """An invitation as it goes over the wire."""
    gives = invitation.level or AccessLevel.VIEWER
    return InvitationSchema(
        id=invitation.id or 0,
        role=gives.role,
        access_level=gives.label,
        invited_by=inviter.username,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
    )


def session_schema(session: Credential, current: Credential | None) -> SessionSchema:
    """A session as it goes over the wire."""
    return SessionSchema(
        id=session.id or 0,
        current=current is not None and current.digest == session.digest,
        method="password" if session.identity is None else "openid",
        address=session.address,
        user_agent=session.user_agent,
        created_at=session.created_at,
        last_used_at=session.last_used_at,
        expires_at=session.expires_at,
    )


SESSION_EXAMPLE: dict[str, Any] = {
    "id": 12,
    "current": True,
    "method": "openid",
    "address": "192.0.2.7",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
    "created_at": "2026-01-02T03:04:05Z",
    "last_used_at": "2026-01-02T03:04:05Z",
    "expires_at": "2026-04-02T03:04:05Z",
}

LINK_EXAMPLE: dict[str, Any] = {
    "token": "q3mZ…",
    "url": "https://romm.example.com/register?token=q3mZ…",
    "expires_at": "2026-01-02T03:14:05Z",
}

INVITATION_EXAMPLE: dict[str, Any] = {
    "id": 31,
    "role": "user",
    "access_level": "viewer",
    "invited_by": "keeper",
    "created_at": "2026-01-02T03:04:05Z",
    "expires_at": "2026-01-02T03:14:05Z",
}
