"""Validate an ID token's claims and merge them with UserInfo.

Sources: OpenID Connect Core 1.0, 3.1.3.7 (ID token), 5.1 (standard claims), 5.3.2 (UserInfo).
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from romm.domain.credentials.credential import FRESH_SESSION
from romm.domain.errors import Code, Refuse
from romm.domain.instants import compared, format_seconds
from romm.domain.model import Identity
from romm.domain.sign_in.claims.at_hash import at_hash, mismatch
from romm.domain.sign_in.claims.json_types import MISSING, NOT_SENT, describe, describe_member, find_or_missing
from romm.domain.sign_in.claims.signed_tokens import (
    CLOCK_SKEW_SECONDS,
    Document,
    ExpectedToken,
    already_valid,
    audience_is_ours,
    issued_recently,
    not_expired,
    subject_is_usable,
    time_of,
)
from romm.domain.sign_in.claims.types import mistyped
from romm.domain.sign_in.roles import texts as role_texts


class ExpectedIDToken(ExpectedToken, frozen=True, kw_only=True):
    """`reauthenticated`: a new sign-in was asked for. A missing `auth_time` is believed."""

    nonce: str
    algorithm: str
    access_token: str
    max_age: int = 0  # seconds; 0: any
    acr_values: tuple[str, ...] = ()  # empty: any
    hosted_domains: tuple[str, ...] = ()  # empty: everyone whom the provider admits
    reauthenticated: bool = False


class ClaimMapping(Struct, frozen=True, kw_only=True):
    """`roles_separator` splits a single text; `roles_keys` takes an object's keys.

    With `own_email_domains` the provider vouches only for these and `hd`.
    """

    roles_claim: str = ""
    roles_separator: str = ""
    roles_keys: bool = False
    booleans_as_text: bool = False
    own_email_domains: tuple[str, ...] = ()


class Email(Struct, frozen=True):
    """`verified` is None if missing. `unreadable` describes an invalid one, `found` an invalid `email`."""

    address: str | None
    verified: bool | None
    source: str
    unreadable: str | None = None
    found: str = NOT_SENT

    @property
    def verification(self) -> str | bool | None:
        """`email_verified` as received."""
        return self.unreadable or (NOT_SENT if self.verified is None else self.verified)


class NotConfigured(Struct, frozen=True, tag=True):
    """RomM manages the roles."""


class Unknown(Struct, frozen=True, tag=True):
    """`why`: `absent`, `unreadable` (described by `found`), `overage` or `userinfo_unavailable`."""

    why: str
    found: str = ""


class Values(Struct, frozen=True, tag=True):
    """`is_text`: the claim was a single text, not split."""

    values: tuple[str, ...]
    source: str
    is_text: bool = False


RolesClaim = NotConfigured | Unknown | Values

_ABSENT = Unknown("absent")


class Claims(Struct, frozen=True, kw_only=True):
    """`merged` prefers the ID token over UserInfo."""

    identity: Identity
    email: Email
    roles: RolesClaim
    merged: Document

    @property
    def roles_found(self) -> str:
        return self.roles.found if isinstance(self.roles, Unknown) else ""


def validate(unverified_claims: Document, expected: ExpectedIDToken) -> Refuse | None:
    """The first failure, in the order of 3.1.3.7. Call only after the signature check."""
    for code, claim, holds in _CHECKS:
        if not holds(unverified_claims, expected):
            facts = {"claim": claim, "found": _found(unverified_claims, claim, expected)}
            return mistyped(unverified_claims, claim) or Refuse(
                code, facts | _expected_value(unverified_claims, claim, expected)
            )
    return None


def with_known_issuer(unverified_claims: Document, spellings: Mapping[str, str]) -> Document:
    """`spellings` maps other names to the one that identities have."""
    issuer = unverified_claims.get("iss")
    known = spellings.get(issuer) if isinstance(issuer, str) else None
    return unverified_claims if known is None else {**unverified_claims, "iss": known}


def read(
    id_token: Document, userinfo: Document | None, reading: ClaimMapping, *, userinfo_failed: bool = False
) -> Claims | Refuse:
    """UserInfo must have the same `sub` (5.3.2). After `userinfo_failed` a missing claim is unknown, not absent."""
    if userinfo is not None and userinfo.get("sub") != id_token["sub"]:
        return Refuse(Code.USERINFO_MISMATCH, {"expected": id_token["sub"], "found": describe_member(userinfo, "sub")})
    documents = {"id_token": id_token, "userinfo": userinfo or {}}
    return Claims(
        identity=Identity(id_token["iss"], id_token["sub"]),
        email=_email(documents, reading),
        roles=_roles(documents, reading, userinfo_failed=userinfo_failed),
        merged={**documents["userinfo"], **id_token},
    )


def _email(documents: Mapping[str, Document], reading: ClaimMapping) -> Email:
    for source, document in documents.items():
        if address := _one_address(document.get("email")):
            claim = document.get("email_verified", MISSING)
            if _verified(claim, reading) and not _vouches_for(address, documents["id_token"], reading):
                return Email(address, False, source, "true, but the provider does not speak for this domain")
            return Email(address, _verified(claim, reading), source, _unreadable(claim))
    found = next((describe(document["email"]) for document in documents.values() if "email" in document), NOT_SENT)
    return Email(None, None, "nowhere", found=found)


def _one_address(claim: Any) -> str | None:
    if isinstance(claim, list) and len(claim) == 1:
        claim = claim[0]
    return claim if isinstance(claim, str) and claim else None


def _vouches_for(address: str, id_token: Document, reading: ClaimMapping) -> bool:
    """Google also verifies foreign addresses whose owner may have changed."""
    hosted = str(id_token.get("hd") or "").lower()
    return not reading.own_email_domains or address.rpartition("@")[2].lower() in (*reading.own_email_domains, hosted)


def _verified(claim: Any, reading: ClaimMapping) -> bool | None:
    if claim is MISSING:
        return None
    return claim is True or (reading.booleans_as_text and claim == "true")


def _unreadable(claim: Any) -> str | None:
    if claim is MISSING or isinstance(claim, bool):
        return None
    return describe(claim) if isinstance(claim, dict | list) else json.dumps(claim)


def _roles(documents: Mapping[str, Document], reading: ClaimMapping, *, userinfo_failed: bool) -> RolesClaim:
    if not reading.roles_claim:
        return NotConfigured()
    # A null means "none" only if the other document lacks the claim (5.3.2).
    nulls_last = sorted(documents.items(), key=lambda named: find_or_missing(named[1], reading.roles_claim) is None)
    answers = [_roles_in(document, source, reading) for source, document in nulls_last]
    known = [answer for answer in answers if isinstance(answer, Values)]
    present = [answer for answer in answers if answer != _ABSENT]
    return (known or present or [Unknown("userinfo_unavailable") if userinfo_failed else _ABSENT])[0]


def _roles_in(document: Document, source: str, reading: ClaimMapping) -> Values | Unknown:
    claim = find_or_missing(document, reading.roles_claim)
    if claim is MISSING:
        return Unknown("overage") if role_texts.is_overage(document, reading.roles_claim) else _ABSENT
    values = role_texts.texts(claim, reading.roles_separator, keys=reading.roles_keys)
    if values is None:
        return Unknown("unreadable", role_texts.describe_unreadable(claim))
    return Values(values, source, is_text=isinstance(claim, str) and values == (claim,))


def _at_hash_fits(claims: Document, expected: ExpectedIDToken) -> bool:
    if "at_hash" not in claims:
        return True
    fitting = at_hash(expected.access_token, expected.algorithm)
    return fitting is not None and claims["at_hash"] == fitting


def _authenticated_recently(claims: Document, expected: ExpectedIDToken) -> bool:
    """3.1.3.7, step 13."""
    max_age = _max_age(claims, expected)
    if not max_age:
        return True
    authenticated = time_of(claims, "auth_time")
    return (
        authenticated is not None
        and -CLOCK_SKEW_SECONDS <= expected.now - authenticated <= max_age + CLOCK_SKEW_SECONDS
    )


def _max_age(claims: Document, expected: ExpectedIDToken) -> int:
    """0: any."""
    if not (expected.reauthenticated and "auth_time" in claims):
        return expected.max_age
    longest = int(FRESH_SESSION.total_seconds())
    return min(expected.max_age or longest, longest)


def _domain_is_allowed(claims: Document, expected: ExpectedIDToken) -> bool:
    """Google's `hd`; the request parameter is only a hint."""
    return not expected.hosted_domains or claims.get("hd") in expected.hosted_domains


_TIMES = ("exp", "iat", "nbf", "auth_time")


def _found(claims: Document, claim: str, expected: ExpectedIDToken) -> Any:
    at = time_of(claims, claim) if claim in _TIMES else None
    return describe_member(claims, claim) if at is None else compared(at, expected.now)


def _expected_value(claims: Document, claim: str, expected: ExpectedIDToken) -> dict[str, Any]:
    if claim == "at_hash":
        return {"problem": mismatch(claims[claim], expected.access_token, expected.algorithm)}
    us, now = expected.client_id, format_seconds(expected.now)
    domains = ", ".join(expected.hosted_domains)
    wanted = {"iss": expected.issuer, "aud": us, "azp": us, "exp": now, "iat": now, "nbf": now, "hd": domains}
    wanted |= {
        "auth_time": format_seconds(expected.now - _max_age(claims, expected)),
        "acr": " ".join(expected.acr_values),
    }
    return {"expected": wanted[claim]} if claim in wanted else {}


ClaimCheck = tuple[Code, str, Callable[[Document, ExpectedIDToken], bool]]

_CHECKS: tuple[ClaimCheck, ...] = (
    (Code.ID_TOKEN_ISSUER, "iss", lambda claims, expected: claims.get("iss") == expected.issuer),
    (Code.ID_TOKEN_AUDIENCE, "aud", audience_is_ours),
    (
        Code.ID_TOKEN_AUTHORIZED_PARTY,
        "azp",
        lambda claims, expected: claims.get("azp", expected.client_id) == expected.client_id,
    ),
    (Code.ID_TOKEN_EXPIRED, "exp", not_expired),
    (Code.ID_TOKEN_ISSUED_AT, "iat", issued_recently),
    (Code.ID_TOKEN_NOT_YET, "nbf", already_valid),
    (Code.ID_TOKEN_NONCE, "nonce", lambda claims, expected: claims.get("nonce") == expected.nonce),
    (Code.ID_TOKEN_AT_HASH, "at_hash", _at_hash_fits),
    (Code.ID_TOKEN_AUTH_TIME, "auth_time", _authenticated_recently),
    (
        Code.ID_TOKEN_ACR,
        "acr",
        lambda claims, expected: not expected.acr_values or claims.get("acr") in expected.acr_values,
    ),
    (Code.ID_TOKEN_SUBJECT, "sub", subject_is_usable),
    (Code.HOSTED_DOMAIN, "hd", _domain_is_allowed),
)
