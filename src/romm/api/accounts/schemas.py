"""Requests and responses of the account routes."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from romm.accounts.forms import AccountForm
from romm.accounts.invitations import LONGEST
from romm.api.openapi.fields import NewPassword, NewUsername, OptionalEmail, OptionalRole, Role, Secret
from romm.credentials.principal import Principal
from romm.domain import scopes
from romm.domain.credentials.credential import Credential
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel, Account, subject_digest


class SetupForm(Struct, frozen=True):
    username: NewUsername
    password: NewPassword
    email: OptionalEmail = ""


class IdentitySchema(Struct, frozen=True):
    """`id` is the one to unlink it by."""

    id: str
    issuer: str
    subject: str
    linked_at: datetime


class UserSchema(Struct, frozen=True, kw_only=True):
    """`role` is the coarse role that existing companion apps know, `access_level` the exact one.

    From `permission_group_id` on, the fields are RomM's, which apps need. Only `current_device_id` has a value here: in an answer
    to a device's token.
    """

    id: int
    username: str
    email: str | None
    enabled: bool
    role: str
    access_level: str
    oauth_scopes: list[str]
    identities: list[IdentitySchema]
    last_login: datetime | None
    last_active: datetime | None
    created_at: datetime
    updated_at: datetime
    permission_group_id: int | None = None
    avatar_path: str = ""
    ra_username: str | None = None
    ra_progression: dict[str, Any] | None = None
    ui_settings: dict[str, Any] | None = None
    current_device_id: str | None = None


def own_schema(who: Principal) -> UserSchema:
    device = who.credential and who.credential.device_id
    return replace(user_schema(who.account), current_device_id=device and str(device))


def user_schema(account: Account) -> UserSchema:
    return UserSchema(
        id=account.id,
        username=account.username,
        email=account.email,
        enabled=account.enabled,
        role=account.level.role,
        access_level=account.level.label,
        oauth_scopes=list(scopes.granted(account.level)),
        identities=[
            IdentitySchema(subject_digest(link.identity), link.identity.issuer, link.identity.subject, link.linked_at)
            for link in account.links
        ],
        last_login=account.last_login,
        last_active=account.last_active,
        created_at=account.created_at,
        updated_at=account.updated_at,
    )


USER_EXAMPLE: dict[str, Any] = {
    "id": 1,
    "username": "alice",
    "email": "alice@example.org",
    "enabled": True,
    "role": "admin",
    "access_level": "admin",
    "oauth_scopes": list(scopes.ALL),
    "identities": [
        {
            "id": "5d41402abc4b2a76",
            "issuer": "https://auth.example.org",
            "subject": "b7c1…",
            "linked_at": "2026-01-02T03:04:05Z",
        }
    ],
    "last_login": "2026-01-02T03:04:05Z",
    "last_active": "2026-01-02T03:04:05Z",
    "created_at": "2026-01-02T03:04:05Z",
    "updated_at": "2026-01-02T03:04:05Z",
    "permission_group_id": None,
    "avatar_path": "",
    "ra_username": None,
    "ra_progression": None,
    "ui_settings": None,
    "current_device_id": None,
}


class UserForm(Struct, frozen=True, kw_only=True):
    """A change of an account. Omitted fields stay. `role` is `viewer`, `editor`, `admin`, or RomM's older `user`.

    `current_password` re-authenticates the owner. RomM's `ra_username`, `avatar` and `ui_settings` are accepted and ignored.
    """

    username: NewUsername | UnsetType = UNSET
    email: OptionalEmail | UnsetType | None = UNSET
    password: NewPassword | UnsetType | None = UNSET
    role: Role | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    current_password: str = ""
    ra_username: Any = None
    avatar: Any = None
    ui_settings: Any = None

    def account_form(self, account: Account) -> AccountForm:
        """Raises `Refused(REQUEST_INVALID)` for an unknown role.

        Older apps send the coarse `role` back: `user` must not turn an editor into a viewer.
        """
        unchanged = isinstance(self.role, UnsetType) or self.role.strip().lower() == account.level.role
        return AccountForm(
            username=self.username,
            email=UNSET if isinstance(self.email, UnsetType) else self.email or "",
            password=UNSET if self.password is None else self.password,
            enabled=self.enabled,
            level=UNSET if unchanged else level(str(self.role)),
        )


class NewUserForm(Struct, frozen=True, kw_only=True):
    """Without a password only single sign-on works; an empty one is refused."""

    username: NewUsername
    password: NewPassword | UnsetType | None = UNSET
    email: OptionalEmail = ""
    role: Role = "viewer"

    def account_form(self) -> AccountForm:
        return AccountForm(
            username=self.username, email=self.email, password=UNSET if self.password is None else self.password
        )


class RegistrationForm(Struct, frozen=True, kw_only=True):
    """`token` is the link's secret."""

    token: Secret
    username: NewUsername
    password: NewPassword
    email: OptionalEmail = ""


class InvitationForm(Struct, frozen=True, kw_only=True):
    """`expiration` is in seconds, by default INVITE_TOKEN_EXPIRY_SECONDS. Without `role` a viewer is invited."""

    role: OptionalRole = ""
    expiration: int | None = None

    def with_query(self, role: str | None, expiration: int | None) -> "InvitationForm":
        """Raises `Refused(REQUEST_INVALID)` for a parameter in both places."""
        twice = (role is not None and self.role) or (expiration is not None and self.expiration is not None)
        if twice:
            raise Refused(Code.REQUEST_INVALID, problem="role or expiration is in the query and in the body")
        return InvitationForm(
            role=self.role if role is None else role, expiration=self.expiration if expiration is None else expiration
        )

    @property
    def lifetime(self) -> timedelta | None:
        """Bounded: a timedelta overflows earlier than an integer."""
        most = LONGEST // timedelta(seconds=1)
        return None if self.expiration is None else timedelta(seconds=min(max(self.expiration, 1), most))


class ForgottenForm(Struct, frozen=True):
    """The account's name or e-mail address."""

    username: str


class ResetForm(Struct, frozen=True, kw_only=True):
    """`token` is the link's secret. RomM's apps say `new_password`, our own page `password`; one of them is needed."""

    token: Secret
    new_password: NewPassword | UnsetType = UNSET
    password: NewPassword | UnsetType = UNSET

    @property
    def chosen(self) -> str:
        """Raises `Refused(REQUEST_INVALID)` for both. A form's empty field counts as none: a weak password."""
        chosen = [each for each in (self.new_password, self.password) if not isinstance(each, UnsetType)]
        if len(chosen) > 1:
            raise Refused(Code.REQUEST_INVALID, problem="new_password and password are both there: send one of them")
        return "".join(chosen)


OneReset = Annotated[
    ResetForm, Meta(extra_json_schema={"oneOf": [{"required": ["new_password"]}, {"required": ["password"]}]})
]


class RecoveryForm(Struct, frozen=True):
    """`token` is the link's secret."""

    token: Secret


class LinkAnswer(Struct, frozen=True):
    """Returned only once. `token` is the link's secret."""

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


def level(role: str) -> AccessLevel:
    """Raises `Refused(REQUEST_INVALID)` for an unknown role."""
    found = AccessLevel.named(role)
    if found is None:
        raise Refused(Code.REQUEST_INVALID, problem=f"role is {role!r}, not viewer, editor, admin or user")
    return found


def invitation_schema(invitation: Credential, inviter: Account) -> InvitationSchema:
    gives = invitation.level or AccessLevel.VIEWER
    return InvitationSchema(
        id=invitation.id or 0,
        role=gives.role,
        access_level=gives.label,
        invited_by=inviter.username,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
    )


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
