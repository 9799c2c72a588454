"""Client tokens, which apps keep instead of a password: what one may be given, and who may make it or hand it on."""

import enum
from collections.abc import Collection
from datetime import datetime, timedelta

from msgspec import Struct

from romm.domain import scopes
from romm.domain.credentials.credential import NEVER, Credential, Kind, issued
from romm.domain.credentials.rate_limits import Limit, RateLimitKey, by_address
from romm.domain.errors import Code, Refuse
from romm.domain.model import Account

MOST = 25  # live ones of one account
NAME_LENGTH = 255

PAIRING_LIFETIME = timedelta(minutes=5)

EXCHANGES = Limit(name="exchanged pairing codes per address", tries=5)
ALL_EXCHANGES = Limit(name="exchanged pairing codes", tries=100)
QUESTIONS = Limit(
    name="questions about pairing codes per address", tries=30
)  # a page that shows one asks every few seconds
ALL_QUESTIONS = Limit(name="questions about pairing codes", tries=600)
"""In the life of a code all addresses together try no more than 4200 of 2.56e10 (`codes.ALPHABET`)."""


class Lifetime(enum.StrEnum):
    """How long a token shall live, as apps and people say it."""

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
    """A token that somebody asks for, its scopes in any order."""

    name: str
    scopes: Collection[str]
    lifetime: Lifetime


class Renewal(Struct, frozen=True, kw_only=True):
    """Give a token another secret, whose `digest` this is. Its pairing codes end; `code` is the one that asked for it."""

    owner: Account
    token: Credential
    digest: str
    code: str | None = None

    @property
    def family(self) -> str:
        """What the token's pairing codes have in common."""
        return pairing_family(self.token)


def validate_request(wanted: ClientTokenRequest, allowed: frozenset[str]) -> ClientTokenRequest | Refuse:
    """What is asked for, in order, if a credential with these scopes may make it. Nothing is dropped silently."""
    name, asked = wanted.name.strip(), frozenset(wanted.scopes)
    if not 0 < len(name) <= NAME_LENGTH or not name.isprintable():
        return Refuse(Code.NAME_INVALID, {"found": wanted.name})
    if not asked or not asked <= set(scopes.ALL):
        return Refuse(Code.SCOPES_INVALID, {"found": " ".join(sorted(asked - set(scopes.ALL))) or "an empty list"})
    if refusal := _too_many(asked, allowed):
        return refusal
    return ClientTokenRequest(name=name, scopes=scopes.ordered(asked), lifetime=wanted.lifetime)


def may_renew(token: Credential, by: Credential | None) -> Refuse | None:
    """Why whoever brought the credential `by` (None for a password) may not learn another secret of the token.

    What both were given is compared, not what their owner has left of it: a right that the owner gets back later would
    make the token more than what renewed it.
    """
    if by is None:
        return None
    return _too_many(frozenset(token.scopes), frozenset(by.scopes)) or may_last(token.expires_at, by)


def lasting(end: datetime, by: Credential | None) -> datetime | Refuse:
    """Until when something may last that is wanted until `end` by whoever brought the credential `by` (None: a password).

    Who finds a token must not make more of it than it is: a client token gives nothing that outlives it, and an access
    token, which is short-lived because apps lose it, gives nothing lasting at all.
    """
    match by:
        case None | Credential(kind=Kind.SESSION):
            return end
        case Credential(kind=Kind.CLIENT_TOKEN, expires_at=own_end):
            return min(end, own_end)
        case Credential(kind=kind):
            return Refuse(Code.LIFETIME_EXCEEDED, {"kind": kind.replace("_", " ")})


def may_last(end: datetime, by: Credential | None) -> Refuse | None:
    """Why nothing that ends only then is handed on by whoever brought `by`."""
    found = lasting(end, by)
    if isinstance(found, Refuse) or by is None or found == end:
        return found if isinstance(found, Refuse) else None
    return Refuse(Code.LIFETIME_EXCEEDED, {"kind": by.kind.replace("_", " ")})


def token(wanted: ClientTokenRequest, account_id: int, digest: str, now: datetime) -> Credential:
    """What is to be stored of a judged token."""
    expires_at, scopes = end(wanted.lifetime, now), tuple(wanted.scopes)
    return issued(Kind.CLIENT_TOKEN, account_id, digest, now, expires_at, scopes=scopes, name=wanted.name)


def end(lifetime: Lifetime, now: datetime) -> datetime:
    """When a token of this lifetime ends that is made now."""
    length = _LENGTHS.get(lifetime)
    return NEVER if length is None else now + length


def pairing_code(token: Credential, digest: str, now: datetime) -> Credential:
    """What is to be stored of a pairing code. It opens nothing by itself."""
    family = pairing_family(token)
    return issued(Kind.PAIRING_CODE, token.account_id, digest, now, now + PAIRING_LIFETIME, family=family)


def pairing_family(token: Credential) -> str:
    """What the pairing codes of a token have in common: its number, which never comes back."""
    return f"{Kind.CLIENT_TOKEN}:{token.id}"


def exchanges(address: str) -> tuple[RateLimitKey, RateLimitKey]:
    """What an exchange from this address is counted by."""
    return by_address(EXCHANGES, address), RateLimitKey(ALL_EXCHANGES)


def questions(address: str) -> tuple[RateLimitKey, RateLimitKey]:
    """What a question from this address is counted by; it tells about a code as much as an exchange does."""
    return by_address(QUESTIONS, address), RateLimitKey(ALL_QUESTIONS)


def _too_many(asked: frozenset[str], allowed: frozenset[str]) -> Refuse | None:
    if asked <= allowed:
        return None
    return Refuse(Code.SCOPES_EXCEEDED, {"missing": " ".join(scopes.ordered(asked - allowed))})
