"""Validate a logout token.

Sources: OpenID Connect Back-Channel Logout 1.0 with errata set 1, 2.4 (content), 2.6 (validation), 4.1 (other tokens).
"""

import enum
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from romm.domain.digests import digest
from romm.domain.errors import Code, Refuse
from romm.domain.instants import compared, format_seconds
from romm.domain.sign_in.claims.signed_tokens import (
    CLOCK_SKEW_SECONDS,
    MAX_ISSUED_AGO_SECONDS,
    Document,
    ExpectedToken,
    already_valid,
    audience_is_ours,
    issued_recently,
    not_expired,
    subject_is_usable,
    time_of,
)

EVENT = "http://schemas.openid.net/event/backchannel-logout"
MAX_ID_LENGTH = 255
"""Characters of a `sid` or `jti`."""

Types = frozenset[str]
"""Media types in lower case; "" is no type at all."""

TYPES: Types = frozenset({"logout+jwt"})
"""Recommended in 2.4; OWASP ASVS 5.0, 10.5.5 demands it."""

LEGACY_TYPES: Types = frozenset({"logout+jwt", "jwt"})
"""Of providers whose older versions send `JWT`. Then `events` without `nonce` alone tells a logout token from others."""

UNTYPED: Types = frozenset({"logout+jwt", "jwt", ""})


class LogoutScope(enum.StrEnum):
    """The named sessions, or with a `sub` all of that identity."""

    SESSION = "session"
    PERSON = "person"


class Logout(Struct, frozen=True, kw_only=True):
    """By `sid`, `subject`, or both. `digest` is of `iss` and `jti`. From `forgotten_at` on the token is too old."""

    issuer: str
    subject: str | None
    sid: str | None
    digest: str
    forgotten_at: datetime
    has_expiry: bool = True

    @property
    def named_by(self) -> str:
        return " and ".join(name for name, value in (("sub", self.subject), ("sid", self.sid)) if value is not None)


def validate(
    unverified_claims: Document, typ: str | None, expected: ExpectedToken, types: Types = TYPES
) -> Logout | Refuse:
    """Call only after the signature check. `typ` is from the header."""
    if not _is_typed(typ, types):
        return _refuse("typ", "absent" if typ is None else typ, "logout+jwt")
    for claim, required, holds in _CHECKS:
        if not holds(unverified_claims, expected):
            return _refuse(claim, _found(unverified_claims, claim, expected), _required(required, expected))
    return _logout(unverified_claims)


def _is_typed(typ: str | None, types: Types) -> bool:
    """Case-insensitive, and the prefix may be left out (RFC 7515, 4.1.9)."""
    return "" in types if typ is None else typ != "" and typ.lower().removeprefix("application/") in types - {""}


def widened(logout: Logout, scope: LogoutScope) -> Logout:
    return replace(logout, sid=None) if scope is LogoutScope.PERSON and logout.subject is not None else logout


def held_to(algorithm: str, of_sessions: Collection[str | None], announced: Any) -> Refuse | None:
    """Compare with the ended sessions' ID tokens (2.6, step 3).

    If one's algorithm is unknown, or no session ends, use the announced ones; without a list allow all of ours.
    """
    known = [each for each in of_sessions if each is not None]
    allowed = known if known and len(known) == len(of_sessions) else announced
    if not isinstance(allowed, list | tuple) or not allowed:
        return None
    if _unified(algorithm) in map(_unified, allowed):
        return None
    return _refuse("alg", algorithm, " ".join(sorted({str(each) for each in allowed})))


def _unified(algorithm: Any) -> Any:
    """RFC 9864 renamed `EdDSA`; providers send either name."""
    return "Ed25519" if algorithm == "EdDSA" else algorithm


def sid(claims: Document) -> str | None:
    """From a validated ID token."""
    return claims["sid"] if _is_id(claims.get("sid")) else None


def _logout(claims: Document) -> Logout:
    last = (time_of(claims, "iat") or 0) + MAX_ISSUED_AGO_SECONDS
    if "exp" in claims:
        last = min(last, (time_of(claims, "exp") or 0) + CLOCK_SKEW_SECONDS)
    return Logout(
        issuer=claims["iss"],
        subject=claims.get("sub"),
        sid=claims.get("sid"),
        digest=digest(f"{claims['iss']} {claims['jti']}"),
        forgotten_at=datetime.fromtimestamp(last, UTC),
        has_expiry="exp" in claims,
    )


def _refuse(claim: str, found: Any, expected: str) -> Refuse:
    return Refuse(Code.LOGOUT_TOKEN_INVALID, {"claim": claim, "found": found, "expected": expected})


def _found(claims: Document, claim: str, expected: ExpectedToken) -> Any:
    at = time_of(claims, claim) if claim in ("iat", "exp", "nbf") else None
    return claims.get(claim, "absent") if at is None else compared(at, expected.now)


def _required(text: str, expected: ExpectedToken) -> str:
    return text.format(us=expected, now=format_seconds(expected.now))


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_ID_LENGTH and value.isprintable()


def _is_a_logout(claims: Document, _: ExpectedToken) -> bool:
    events = claims.get("events")
    return isinstance(events, Mapping) and isinstance(events.get(EVENT), Mapping)


ClaimCheck = tuple[str, str, Callable[[Document, ExpectedToken], bool]]

_CHECKS: tuple[ClaimCheck, ...] = (
    ("iss", "{us.issuer}", lambda claims, expected: claims.get("iss") == expected.issuer),
    ("aud", "{us.client_id}", audience_is_ours),
    ("iat", "within 10 minutes before {now}", issued_recently),
    # 2.4 demands it. Ory Hydra, LemonLDAP::NG and Authentik 2025.8.0 send none; the age of `iat` bounds such a token as well.
    ("exp", "after {now}", lambda claims, expected: "exp" not in claims or not_expired(claims, expected)),
    ("nbf", "before {now}", already_valid),
    ("sub", "a subject, or a sid beside it", lambda claims, _: "sub" in claims or "sid" in claims),
    ("sub", "a subject", lambda claims, expected: "sub" not in claims or subject_is_usable(claims, expected)),
    ("sid", "a text", lambda claims, _: "sid" not in claims or _is_id(claims["sid"])),
    ("events", f"an object with {EVENT}", _is_a_logout),
    ("nonce", "absent", lambda claims, _: "nonce" not in claims),
    ("jti", "a text", lambda claims, _: _is_id(claims.get("jti"))),
)
