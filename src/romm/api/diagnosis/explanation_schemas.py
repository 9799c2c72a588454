"""Explanations and the sign-in log."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from romm.domain.catalogue import operator_text
from romm.domain.diagnosis.explanation import Explanation
from romm.domain.errors import Refused
from romm.domain.sign_in.providers import in_words_of
from romm.ports.sign_in import SignInEntry


class LineSchema(Struct, frozen=True):
    about: str
    found: str


class ExplanationSchema(Struct, frozen=True, kw_only=True):
    """`outcome` is SignIn, Link, Register or Refuse; `rule` is the deciding row of the rules."""

    outcome: str
    rule: str
    code: str | None
    lines: list[LineSchema]


class SignInSchema(Struct, frozen=True, kw_only=True):
    """`received` outlines the refused claims, `facts` are the values that were wrong, and `hint` says what to do with them.

    A sign-in with the provider has `role_before` (null for a new account) and `role_after`; `warning` says why the role
    differs from the provider's groups.
    """

    id: int
    at: datetime
    method: str
    outcome: str
    rule: str | None
    code: str | None
    issuer: str | None
    subject_digest: str | None
    user_id: int | None
    address: str
    correlation_id: str
    received: dict[str, str]
    email: str | None
    facts: dict[str, Any]
    hint: str | None
    role_before: str | None
    role_after: str | None
    warning: str | None


def explanation_schema(explained: Explanation) -> ExplanationSchema:
    return ExplanationSchema(
        outcome=explained.outcome,
        rule=explained.rule,
        code=explained.code,
        lines=[LineSchema(line.about, line.found) for line in explained.lines],
    )


def sign_in_schema(entry: SignInEntry, provider_id: str | None = None) -> SignInSchema:
    """`provider_id`: its variables are in the hint."""
    facts = entry.known_facts
    return SignInSchema(
        id=entry.id or 0,
        at=entry.at,
        method=entry.method,
        outcome=entry.outcome,
        rule=entry.rule,
        code=entry.code,
        issuer=entry.issuer,
        subject_digest=entry.subject_digest,
        user_id=entry.account_id,
        address=entry.address,
        correlation_id=entry.correlation_id,
        received=entry.outline,
        email=entry.email,
        facts=facts,
        hint=in_words_of(provider_id, operator_text(Refused(entry.code, **facts))) if entry.code and facts else None,
        role_before=None if entry.role_before is None else entry.role_before.label,
        role_after=None if entry.role_after is None else entry.role_after.label,
        warning=entry.warning,
    )


EXPLANATION_EXAMPLE: dict[str, Any] = {
    "outcome": "Link",
    "rule": "L-11a",
    "code": None,
    "lines": [{"about": "Account", "found": "alice (viewer)"}],
}

SIGN_IN_EXAMPLE: dict[str, Any] = {
    "id": 311,
    "at": "2026-01-02T03:04:05Z",
    "method": "openid",
    "outcome": "refused",
    "rule": "L-07",
    "code": "email_not_verified",
    "issuer": "https://auth.example.org",
    "subject_digest": "5d41402abc4b2a76",
    "user_id": None,
    "address": "192.0.2.7",
    "correlation_id": "7b52009b64fd0a2a",
    "received": {"sub": "text of 36", "email": "alice@example.org", "email_verified": "False"},
    "email": "alice@example.org",
    "facts": {"found": False, "source": "id_token"},
    "hint": "`email_verified` is False in id_token; only the JSON value true counts, not a text.",
    "role_before": None,
    "role_after": None,
    "warning": None,
}
