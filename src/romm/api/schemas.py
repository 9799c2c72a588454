"""What goes over the wire, apart from the domain's own structs, so that a new field of an account never leaks."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from romm.domain import scopes
from romm.domain.diagnosis import Check, Finding, Outcome
from romm.domain.model import Account
from romm.signin_log import subject_digest


class SignInForm(Struct, frozen=True):
    """A name and a password, from a form or JSON. `next` is where the HTML form goes afterwards."""

    username: str
    password: str
    next: str = "/"


class SetupForm(Struct, frozen=True):
    """The first admin."""

    username: str
    password: str
    email: str = ""


class LogoutAnswer(Struct, frozen=True):
    """Where to send the browser so that the provider's session ends too."""

    oidc_logout_url: str


class LogoutForm(Struct, frozen=True):
    """What a provider sends when somebody signed out there (OpenID Connect Back-Channel Logout 1.0, 2.5)."""

    logout_token: str


class IdentitySchema(Struct, frozen=True):
    """A linked identity. `id` names it where it is unlinked."""

    id: str
    issuer: str
    subject: str
    linked_at: datetime


class UserSchema(Struct, frozen=True, kw_only=True):
    """An account as existing companion apps know it: `role` is the coarse word, `access_level` the exact one."""

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


class Problem(Struct, frozen=True, kw_only=True):
    """RFC 9457 problem details. `code` names the row of the error catalogue, `reference` the line in the log."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    reference: str


class OAuthProblem(Struct, frozen=True, kw_only=True):
    """An error as OAuth wants it (RFC 6749, 5.2). `detail` says the same again, for apps of RomM that read it there."""

    error: str
    error_description: str
    detail: str
    code: str
    reference: str


class SystemStatus(Struct, frozen=True, rename="upper"):
    """Which version this is and whether it still waits for its first admin."""

    version: str
    show_setup_wizard: bool


class FrontendStatus(Struct, frozen=True, rename="upper"):
    """Whether the password form is shown."""

    disable_userpass_login: bool


class OIDCStatus(Struct, frozen=True, rename="upper"):
    """Whether and how single sign-on is offered."""

    enabled: bool
    autologin: bool
    provider: str
    rp_initiated_logout: bool


class Heartbeat(Struct, frozen=True):
    """What an app asks first."""

    system: SystemStatus = msgspec.field(name="SYSTEM")
    frontend: FrontendStatus = msgspec.field(name="FRONTEND")
    oidc: OIDCStatus = msgspec.field(name="OIDC")


class FindingSchema(Struct, frozen=True, kw_only=True):
    """What one check of the doctor found. `code` is the refusal that a sign-in would end with."""

    check: Check
    title: str
    outcome: Outcome
    expected: str
    found: str
    fixes: list[str]
    code: str | None


def finding_schema(finding: Finding) -> FindingSchema:
    """A finding as it goes over the wire."""
    return FindingSchema(
        check=finding.check,
        title=finding.title,
        outcome=finding.outcome,
        expected=finding.expected,
        found=finding.found,
        fixes=list(finding.fixes),
        code=finding.code,
    )


def user_schema(account: Account) -> UserSchema:
    """An account as it goes over the wire."""
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
}

HEARTBEAT_EXAMPLE: dict[str, Any] = {
    "SYSTEM": {"VERSION": "0.1.0", "SHOW_SETUP_WIZARD": False},
    "FRONTEND": {"DISABLE_USERPASS_LOGIN": False},
    "OIDC": {"ENABLED": True, "AUTOLOGIN": False, "PROVIDER": "authelia", "RP_INITIATED_LOGOUT": False},
}

FINDING_EXAMPLE: dict[str, Any] = {
    "check": "client",
    "title": "Client and secret",
    "outcome": "failed",
    "expected": "an invented code is refused (invalid_grant), and not RomM itself",
    "found": "the provider answered invalid_client to romm with client_secret_basic",
    "fixes": ["Check OIDC_CLIENT_ID and OIDC_CLIENT_SECRET (the plain secret, not its hash)."],
    "code": "client_rejected",
}
