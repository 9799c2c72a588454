"""Use cases around credentials: sessions for browsers, and knowing a browser again."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from msgspec import Struct

from romm.domain import codes, scopes
from romm.domain.accounts import Actor
from romm.domain.credentials import (
    KNOWN_BROWSER_LIFETIME,
    SECRET_BYTES,
    TOUCH_INTERVAL,
    Credential,
    Kind,
    SessionLimits,
    bearer_kind,
    digest,
    is_live,
    is_unused,
)
from romm.domain.errors import Code, Refused
from romm.domain.model import Account, Identity, Visitor
from romm.ports import Clock, Conflict, Credentials, Log


class Principal(Struct, frozen=True, kw_only=True):
    """Who is asking: the account as it is now, and what this credential may do for it."""

    account: Account
    scopes: frozenset[str]
    credential: Credential | None = None

    @property
    def digest(self) -> str | None:
        """What the credential is found by, None for a password: what ends all others keeps it."""
        return self.credential.digest if self.credential else None


@dataclass(frozen=True)
class Sessions:
    """Sessions of browsers: a new secret at every sign-in, valid within an idle and an absolute limit."""

    credentials: Credentials
    limits: SessionLimits
    log: Log
    clock: Clock

    async def start(
        self,
        account: Account,
        visitor: Visitor,
        identity: Identity | None = None,
        id_token: str | None = None,
        sid: str | None = None,
        beside: tuple[Credential, ...] = (),
    ) -> str:
        """Open a session; gives its secret, which is stored nowhere. What is `beside` it is stored in the same breath.

        Raises `Conflict("version")` when the account changed since it was judged.
        """
        secret, now = secrets.token_urlsafe(SECRET_BYTES), self.clock()
        await self.credentials.add(
            account,
            Credential(
                digest=digest(secret),
                kind=Kind.SESSION,
                account_id=account.id,
                scopes=scopes.ALL,
                created_at=now,
                last_used_at=now,
                expires_at=now + self.limits.absolute,
                address=visitor.address,
                user_agent=visitor.user_agent,
                identity=identity,
                id_token=id_token,
                sid=sid,
            ),
            *beside,
        )
        return secret

    async def who(self, secret: str | None) -> Principal | None:
        """Who a session belongs to, None when it is nobody's, over, or its owner is disabled."""
        found = secret and await self.credentials.find(Kind.SESSION, digest(secret))
        if not found:
            return None
        credential, account = found
        now = self.clock()
        if not account.enabled or not is_live(credential, self.limits, now):
            return None
        if now - credential.last_used_at > min(TOUCH_INTERVAL, self.limits.idle / 2):
            await self.credentials.touch(credential, now)
        return principal(account, credential)

    async def end(self, secret: str) -> Credential | None:
        """End a session; gives what was stored of it."""
        ended = await self.credentials.take(Kind.SESSION, digest(secret))
        if ended is not None:
            self.log.info("session.ended", account=ended.account_id, session=ended.id)
        return ended

    async def of(self, account_id: int) -> Sequence[Credential]:
        """The sessions of an account that are alive, the newest first."""
        now, listed = self.clock(), await self.credentials.of(account_id, [Kind.SESSION])
        return [each for each, _ in listed if is_live(each, self.limits, now)]

    async def end_one(self, account_id: int, session_id: int) -> None:
        """End a session by its number. Raises `Refused(CREDENTIAL_UNKNOWN)` when the account has no such session."""
        if await self.credentials.end(Kind.SESSION, session_id, account_id) is None:
            raise Refused(Code.CREDENTIAL_UNKNOWN, credential=session_id)
        self.log.info("session.ended", account=account_id, session=session_id)

    async def end_others(self, account_id: int, keep: str | None) -> int:
        """End all sessions of an account but the one with this digest; gives how many."""
        ended = await self.credentials.end_all(account_id, [Kind.SESSION], keep)
        self.log.info("session.others_ended", account=account_id, ended=ended)
        return ended

    @property
    def lifetime(self) -> timedelta:
        """How long a browser shall keep the cookie."""
        return self.limits.absolute


@dataclass(frozen=True)
class Bearers:
    """What apps bring in an `Authorization: Bearer` header: access tokens, and client tokens by their prefix."""

    credentials: Credentials
    clock: Clock

    async def who(self, secret: str) -> Principal | None:
        """Who a token belongs to, None when it is nobody's, over, or its owner is disabled."""
        found = await self.credentials.find(bearer_kind(secret), digest(secret))
        if not found:
            return None
        credential, account = found
        now = self.clock()
        if not account.enabled or now >= credential.expires_at:
            return None
        if is_unused(credential) or now - credential.last_used_at > TOUCH_INTERVAL:
            await self.credentials.touch(credential, now)
        return principal(account, credential)


@dataclass(frozen=True)
class KnownBrowsers:
    """Browsers that signed in with a password before. Being known opens nothing; see `domain.throttle`."""

    credentials: Credentials
    clock: Clock

    async def find(self, secret: str | None, username: str) -> Credential | None:
        """The credential of a browser that this account knows; another account's is none."""
        found = secret and await self.credentials.find(Kind.KNOWN_BROWSER, digest(secret))
        if not found:
            return None
        credential, account = found
        return credential if account.username == username and self.clock() < credential.expires_at else None

    def new(self, account: Account, visitor: Visitor) -> tuple[str, Credential]:
        """The secret for a browser from now on, and what is to be stored of it."""
        secret, now = secrets.token_urlsafe(SECRET_BYTES), self.clock()
        return secret, Credential(
            digest=digest(secret),
            kind=Kind.KNOWN_BROWSER,
            account_id=account.id,
            scopes=(),
            created_at=now,
            last_used_at=now,
            expires_at=now + KNOWN_BROWSER_LIFETIME,
            address=visitor.address,
            user_agent=visitor.user_agent,
        )

    async def forget(self, credential: Credential) -> None:
        """The browser has a newer secret."""
        await self.credentials.take(credential.kind, credential.digest)


@contextmanager
def as_judged(account: Account) -> Iterator[None]:
    """What happens inside is for this account as it is; Raises `Refused(ACCOUNT_CHANGED)` when it changed meanwhile."""
    try:
        yield
    except Conflict as conflict:
        if conflict.what != "version":
            raise
        raise Refused(Code.ACCOUNT_CHANGED, account=account.id) from conflict


def short_code() -> str:
    """Draw a code that a person types, see `domain.codes`."""
    return "".join(secrets.choice(codes.ALPHABET) for _ in range(codes.LENGTH))


def actor(who: Principal) -> Actor:
    """Somebody who asks for a change of an account."""
    return Actor(account_id=who.account.id, scopes=who.scopes)


def require(who: Principal, scope: str) -> None:
    """Raises `Refused(FORBIDDEN)` when this credential has not the scope."""
    if scope not in who.scopes:
        raise Refused(Code.FORBIDDEN, scope=scope)


def principal(account: Account, credential: Credential | None = None) -> Principal:
    """What the credential was given and its owner has now; without a credential (Basic) all that the owner has."""
    allowed = frozenset(scopes.granted(account.level))
    given = allowed if credential is None else allowed & frozenset(credential.scopes)
    return Principal(account=account, scopes=given, credential=credential)
