"""What ID tokens and logout tokens have in common: whom they are for, and since when and how long they are valid.

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
    """Who a token of the provider must be from and for. `now` is in seconds since the epoch."""

    issuer: str
    client_id: str
    now: float
    extra_audiences: tuple[str, ...] = ()


def audience_is_ours(claims: Document, expected: ExpectedToken) -> bool:
    """`aud` has us, and nobody whom we do not know."""
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or expected.client_id not in audiences:
        return False
    return all(audience in (expected.client_id, *expected.extra_audiences) for audience in audiences)


def time_of(claims: Document, name: str) -> float | None:
    """A claim in seconds since the epoch, None when it is no plausible time."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Comparing is total where math.isfinite is not: false for NaN, no overflow for a huge integer.
    return value if 0 < value < LATEST_PLAUSIBLE_TIME else None


def not_expired(claims: Document, expected: ExpectedToken) -> bool:
    """`exp` is there and not over, with slack for a clock that is behind."""
    expiry = time_of(claims, "exp")
    return expiry is not None and expected.now - CLOCK_SKEW_SECONDS <= expiry


def issued_recently(claims: Document, expected: ExpectedToken) -> bool:
    """`iat` is there, not long ago and not in the future, with slack for a clock that is ahead."""
    issued = time_of(claims, "iat")
    return issued is not None and -CLOCK_SKEW_SECONDS <= expected.now - issued <= MAX_ISSUED_AGO_SECONDS


def already_valid(claims: Document, expected: ExpectedToken) -> bool:
    """`nbf` is not there or not in the future, with slack for a clock that is ahead (RFC 7519, 4.1.5)."""
    if "nbf" not in claims:
        return True
    begins = time_of(claims, "nbf")
    return begins is not None and begins <= expected.now + CLOCK_SKEW_SECONDS


def subject_is_usable(claims: Document, _: ExpectedToken) -> bool:
    """`sub` is printable ASCII of a bounded length, as a key has to be."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_LENGTH:
        return False
    return subject.isascii() and subject.isprintable() and not subject.isspace()
