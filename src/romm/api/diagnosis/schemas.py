"""Schemas of heartbeat and doctor."""

from typing import Any

import msgspec
from msgspec import Struct

from romm.domain.diagnosis.findings import Check, Finding, Outcome


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
