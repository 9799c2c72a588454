"""Client tokens: apps keep them instead of a password."""

import enum
from collections.abc import Collection
from datetime import datetime, timedelta

from msgspec import Struct

from romm.domain import scopes
from romm.domain.credentials.credential import NEVER, Credential, Kind, issued
from romm.domain.errors import Code, Refuse
from romm.domain.model import Account

MOST = 25  # live ones per account
NAME_LENGTH = 255

PAIRING_LIFETIME = timedelta(minutes=5)


class Lifetime(enum.StrEnum):
    MONTH = "30d"
    QUARTER = "90d"
    YEAR = "1y"
    NEVER = "never"


_LENGTHS = {
    Lifetime.MONTH: timedelta(days=30),
    Lifetime.QUARTER: timedelta(days=90),
    Lifetime.YEAR: timedelta(days=365),
}


class ClientTokenRequest(Struct, frozen=True, kw_only=True):
    name: str
    scopes: Collection[str]
    lifetime: Lifetime


class Renewal(Struct, frozen=True, kw_only=True):
    """Ends the token's pairing codes. `code`: the digest of the exchanged one."""

    owner: Account
    token: Credential
    digest: str
    code: str | None = None

    @property
    def family(self) -> str:
        return pairing_family(self.token)


def validate_request(request: ClientTokenRequest, allowed: frozenset[str]) -> ClientTokenRequest | Refuse:
    """Drops nothing silently."""
    name, requested = request.name.strip(), frozenset(request.scopes)
    if not 0 < len(name) <= NAME_LENGTH or not name.isprintable():
        return Refuse(Code.NAME_INVALID, {"found": request.name})
    if not requested or (unknown := requested - {*scopes.ALL, scopes.GRANT_ACCESS}):
        return Refuse(Code.SCOPES_INVALID, {"found": " ".join(sorted(unknown)) if requested else "an empty list"})
    if refusal := _too_many(requested, allowed):
        return refusal
    return ClientTokenRequest(name=name, scopes=scopes.ordered(requested), lifetime=request.lifetime)


def may_renew(token: Credential, by: Credential | None) -> Refuse | None:
    """Compare granted scopes; the owner may regain more later. `by` is None for Basic auth, which proves the person."""
    if by is None:
        return None
    allowed = {*by.scopes, scopes.GRANT_ACCESS} if by.kind is Kind.SESSION else set(by.scopes)
    return _too_many(frozenset(token.scopes), frozenset(allowed)) or may_last(token.expires_at, by)


def lasting(end: datetime, by: Credential | None) -> datetime:
    """Caps `end`: a client token creates nothing that outlives it, even with the right to create. `by`: as in `may_renew`."""
    return min(end, by.expires_at) if by is not None and by.kind is Kind.CLIENT_TOKEN else end


def may_last(end: datetime, by: Credential | None) -> Refuse | None:
    if by is None or lasting(end, by) == end:
        return None
    return Refuse(Code.LIFETIME_EXCEEDED, {"kind": by.kind.replace("_", " ")})


def token(request: ClientTokenRequest, account_id: int, digest: str, now: datetime) -> Credential:
    expires_at, scopes = end(request.lifetime, now), tuple(request.scopes)
    return issued(Kind.CLIENT_TOKEN, account_id, digest, now, expires_at, scopes=scopes, name=request.name)


def end(lifetime: Lifetime, now: datetime) -> datetime:
    length = _LENGTHS.get(lifetime)
    return NEVER if length is None else now + length


def pairing_code(token: Credential, digest: str, now: datetime) -> Credential:
    """Grants no access itself."""
    family = pairing_family(token)
    return issued(Kind.PAIRING_CODE, token.account_id, digest, now, now + PAIRING_LIFETIME, family=family)


def pairing_family(token: Credential) -> str:
    """The token's number is never reused."""
    return f"{Kind.CLIENT_TOKEN}:{token.id}"


def _too_many(requested: frozenset[str], allowed: frozenset[str]) -> Refuse | None:
    if requested <= allowed:
        return None
    return Refuse(Code.SCOPES_EXCEEDED, {"missing": " ".join(scopes.ordered(requested - allowed))})
