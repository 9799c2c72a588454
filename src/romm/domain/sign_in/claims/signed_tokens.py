"""Claims common to ID tokens and logout tokens: audience and validity period.

Sources: OpenID Connect Core 1.0, 2 and 3.1.3.7; RFC 7519, 4.1.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

Document = Mapping[str, Any]

CLOCK_SKEW_SECONDS = 60
MAX_ISSUED_AGO_SECONDS = 600  # the default slack for `iat` of mod_auth_openidc
MAX_SUBJECT_LENGTH = 255  # OpenID Connect Core 1.0, 2
LATEST_PLAUSIBLE_TIME = 1e11  # seconds; a later `exp` is no date but a trick


class ExpectedToken(Struct, frozen=True, kw_only=True):
    """`now` is in seconds since the epoch."""

    issuer: str
    client_id: str
    now: float
    extra_audiences: tuple[str, ...] = ()


def audience_is_ours(claims: Document, expected: ExpectedToken) -> bool:
    """`aud` contains RomM and only known clients."""
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or expected.client_id not in audiences:
        return False
    return all(audience in (expected.client_id, *expected.extra_audiences) for audience in audiences)


def time_of(claims: Document, name: str) -> float | None:
    """Seconds since the epoch, None if implausible."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Comparing is total where math.isfinite is not: false for NaN, no overflow for a huge integer.
    return value if 0 < value < LATEST_PLAUSIBLE_TIME else None


def not_expired(claims: Document, expected: ExpectedToken) -> bool:
    """`exp` is required."""
    expiry = time_of(claims, "exp")
    return expiry is not None and expected.now - CLOCK_SKEW_SECONDS <= expiry


def issued_recently(claims: Document, expected: ExpectedToken) -> bool:
    """`iat` is required."""
    issued = time_of(claims, "iat")
    return issued is not None and -CLOCK_SKEW_SECONDS <= expected.now - issued <= MAX_ISSUED_AGO_SECONDS


def already_valid(claims: Document, expected: ExpectedToken) -> bool:
    """RFC 7519, 4.1.5."""
    if "nbf" not in claims:
        return True
    begins = time_of(claims, "nbf")
    return begins is not None and begins <= expected.now + CLOCK_SKEW_SECONDS


def subject_is_usable(claims: Document, _: ExpectedToken) -> bool:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_LENGTH:
        return False
    return subject.isascii() and subject.isprintable() and not subject.isspace()
