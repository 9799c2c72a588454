"""A complete configuration and an honest discovery document, for the tables of the doctor's rules."""

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from romm.domain.diagnosis.evidence import Announced, Configured, Discovered
from romm.domain.sign_in.discovery import Metadata

ISSUER = "https://auth.example.com"
BASE_URL = "https://romm.example.com"
REDIRECT_URI = f"{BASE_URL}/api/oauth/openid"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

METADATA = Metadata(
    issuer=ISSUER,
    authorization_endpoint=f"{ISSUER}/authorize",
    token_endpoint=f"{ISSUER}/token",
    jwks_uri=f"{ISSUER}/jwks",
    end_session_endpoint=f"{ISSUER}/logout",
)
ANNOUNCED = Announced(
    scopes=("openid", "profile", "email", "groups"),
    claims=("sub", "email", "groups"),
    signing_algorithms=("RS256",),
    challenge_methods=("S256",),
)


def configured(**changes: Any) -> Configured:
    """Complete, with roles by group, behind a proxy."""
    complete = Configured(
        remarks=(),
        enabled=True,
        off="",
        provider="authelia",
        client_id="romm",
        has_secret=True,
        application_url=ISSUER,
        metadata_url="",
        base_url=BASE_URL,
        redirect_uri=REDIRECT_URI,
        scope="openid profile email groups",
        roles_claim="groups",
        algorithms=("RS256", "ES256", "EdDSA"),
        rp_initiated_logout=False,
        end_session_endpoint="",
        post_logout_redirect_uri="",
        trusted_proxies=("172.18.0.0/16",),
        issuer=ISSUER,
        former_issuers=(),
    )
    return replace(complete, **changes)


def discovered(
    *, announced: dict[str, Any] | None = None, metadata: dict[str, Any] | None = None, **changes: Any
) -> Discovered:
    """Honest, quick, and with the right time."""
    honest = Discovered(
        url=f"{ISSUER}/.well-known/openid-configuration",
        metadata=replace(METADATA, **(metadata or {})),
        announced=replace(ANNOUNCED, **(announced or {})),
        seconds=0.05,
        provider_time=NOW,
        our_time=NOW,
    )
    return replace(honest, **changes)
