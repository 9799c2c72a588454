"""Responses of heartbeat and doctor."""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from romm.domain.diagnosis.findings import PLAN, Check, Finding, Outcome


class SystemStatus(Struct, frozen=True, rename="upper"):
    """The version, and whether the first administrator is still missing."""

    version: str
    show_setup_wizard: bool


class FrontendStatus(Struct, frozen=True, rename="upper"):
    disable_userpass_login: bool


class OIDCStatus(Struct, frozen=True, rename="upper"):
    enabled: bool
    autologin: bool
    provider: str
    rp_initiated_logout: bool


class ProviderStatus(Struct, frozen=True, rename="upper"):
    """One that is on. `login_path` starts a sign-in there."""

    id: str
    name: str
    login_path: str


class Heartbeat(Struct, frozen=True):
    """`oidc` is RomM's, of the first provider. `providers` are all, sent if there are several."""

    system: SystemStatus = msgspec.field(name="SYSTEM")
    frontend: FrontendStatus = msgspec.field(name="FRONTEND")
    oidc: OIDCStatus = msgspec.field(name="OIDC")
    providers: list[ProviderStatus] | UnsetType = msgspec.field(name="PROVIDERS", default=UNSET)


class FindingSchema(Struct, frozen=True, kw_only=True):
    """`code` is the error that a sign-in would end with. `provider` is the id of the one examined, if several are."""

    check: Check
    title: str
    outcome: Outcome
    expected: str
    found: str
    fixes: list[str]
    code: str | None
    provider: str | None


def finding_schema(finding: Finding) -> FindingSchema:
    return FindingSchema(
        check=finding.check,
        title=finding.title,
        outcome=finding.outcome,
        expected=finding.expected,
        found=finding.found,
        fixes=list(finding.fixes),
        code=finding.code,
        provider=finding.provider.id if finding.provider else None,
    )


HEARTBEAT_EXAMPLE: dict[str, Any] = {
    "SYSTEM": {"VERSION": "0.1.0", "SHOW_SETUP_WIZARD": False},
    "FRONTEND": {"DISABLE_USERPASS_LOGIN": False},
    "OIDC": {"ENABLED": True, "AUTOLOGIN": False, "PROVIDER": "authelia", "RP_INITIATED_LOGOUT": False},
    "PROVIDERS": [
        {"ID": "oidc", "NAME": "Authelia", "LOGIN_PATH": "/api/login/openid"},
        {"ID": "google", "NAME": "Google", "LOGIN_PATH": "/api/login/openid?provider=google"},
    ],
}

FINDING_EXAMPLE: dict[str, Any] = {
    "check": "client",
    "title": PLAN[Check.CLIENT].title,
    "outcome": "failed",
    "expected": PLAN[Check.CLIENT].expected,
    "found": "the provider answered invalid_client to romm with client_secret_basic",
    "fixes": ["Check OIDC_CLIENT_ID and OIDC_CLIENT_SECRET (the plain secret, not its hash)."],
    "code": "client_rejected",
    "provider": None,
}
