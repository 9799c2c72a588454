"""Browser sessions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from romm.credentials.principal import Principal, actor, principal, require_own
from romm.credentials.secrets import url_secret
from romm.domain import scopes
from romm.domain.credentials import step_up
from romm.domain.credentials.credential import (
    EVERYTHING,
    TOUCH_INTERVAL,
    Credential,
    Kind,
    ProviderSession,
    SessionLimits,
    is_live,
    issued,
)
from romm.domain.credentials.permissions import Action, Actor, Target, may
from romm.domain.credentials.step_up import Lasting
from romm.domain.digests import digest
from romm.domain.errors import Code, Refused, required
from romm.domain.model import Account, Visitor
from romm.ports.credentials import Credentials, HolderSeal
from romm.ports.process import Clock, Log

_ID_TOKEN = "the ID token of a session"


@dataclass(frozen=True)
class Sessions:
    """`keeps_id_tokens`: signing out at the provider with this issuer needs them."""

    credentials: Credentials
    limits: SessionLimits
    seal: HolderSeal
    keeps_id_tokens: Callable[[str], bool]
    log: Log
    clock: Clock

    async def start(
        self,
        account: Account,
        visitor: Visitor,
        source: ProviderSession | None = None,
        proven_at: datetime | None = None,
    ) -> str:
        """Its secret. `proven_at`: by default now. Raises `Conflict("version")`."""
        secret, session = self.new(account, visitor, source, proven_at)
        await self.credentials.add(account, session)
        return secret

    def new(
        self,
        account: Account,
        visitor: Visitor,
        source: ProviderSession | None = None,
        proven_at: datetime | None = None,
    ) -> tuple[str, Credential]:
        """Its secret, and the credential to store, which has only the hash."""
        secret, now = url_secret(), self.clock()
        return secret, issued(
            Kind.SESSION,
            account.id,
            digest(secret),
            now,
            now + self.limits.absolute,
            scopes=scopes.ALL,
            address=visitor.address,
            user_agent=visitor.user_agent,
            proven_at=proven_at or now,
            **(self._stored(source, secret) if source else {}),
        )

    def _stored(self, source: ProviderSession, secret: str) -> dict[str, Any]:
        kept = source.id_token if self.keeps_id_tokens(source.identity.issuer) else None
        return {
            "identity": source.identity,
            "sealed_id_token": kept and self.seal.seal(kept.encode(), secret, _ID_TOKEN),
            "id_token_alg": source.id_token_alg,
            "sid": source.sid,
        }

    def id_token(self, session: Credential, secret: str) -> str | None:
        """None if it was not kept."""
        sealed = session.sealed_id_token
        opened = None if sealed is None else self.seal.open(sealed, secret, _ID_TOKEN)
        return None if opened is None else opened.decode()

    async def who(self, secret: str | None) -> Principal | None:
        """None if unknown, expired or disabled."""
        return await self.of_digest(digest(secret)) if secret else None

    async def of_digest(self, session_digest: str) -> Principal | None:
        """As `who`, for what ends with the session."""
        found = await self.live(session_digest)
        if found is None:
            return None
        credential, account = found
        now = self.clock()
        if now - credential.last_used_at > self._touch_interval:
            await self.credentials.touch(credential, now)
        return principal(account, credential)

    @cached_property
    def _touch_interval(self) -> timedelta:
        return min(TOUCH_INTERVAL, self.limits.idle / 2)

    async def another(self, session_digest: str, visitor: Visitor) -> str | None:
        """A second session of the same sign-in; None if the first is over."""
        found = await self.live(session_digest)
        if found is None:
            return None
        first, account = found
        self.log.info("session.repeated", account=account.id, session=first.id)
        return await self.start(account, visitor, first.source, proven_at=first.proven_at or first.created_at)

    async def live(self, session_digest: str) -> tuple[Credential, Account] | None:
        found = await self.credentials.find(Kind.SESSION, session_digest)
        if found is None:
            return None
        credential, account = found
        return found if account.enabled and is_live(credential, self.limits, self.clock()) else None

    async def end(self, secret: str) -> Credential | None:
        ended = await self.credentials.take(Kind.SESSION, digest(secret))
        if ended is not None:
            self.ended(ended)
        return ended

    def ended(self, session: Credential) -> None:
        self.log.info("session.ended", account=session.account_id, session=session.id)

    async def of(self, actor: Actor, account_id: int) -> Sequence[Credential]:
        """Newest first. Raises `Refused`."""
        required(may(actor, Action.READ_SESSIONS, Target(account_id=account_id)))
        now, listed = self.clock(), await self.credentials.of(account_id, [Kind.SESSION])
        return [each for each, _ in listed if is_live(each, self.limits, now)]

    async def end_one(self, who: Principal, session_id: int) -> None:
        """This request's session needs no proof. Raises `Refused`; CREDENTIAL_UNKNOWN also for another account's
        session.
        """
        require_own(who, Action.END_SESSIONS)
        account_id = who.account.id
        if who.credential is None or who.credential.id != session_id:
            self._require_proof(who)
        if await self.credentials.end(Kind.SESSION, session_id, account_id) is None:
            raise Refused(Code.CREDENTIAL_UNKNOWN, credential=session_id)
        self.log.info("session.ended", account=account_id, session=session_id)

    async def end_others(self, who: Principal) -> int:
        """Raises `Refused`."""
        require_own(who, Action.END_SESSIONS)
        self._require_proof(who)
        account_id = who.account.id
        ended = await self.credentials.end_all(account_id, [Kind.SESSION], who.digest)
        self.log.info("session.others_ended", account=account_id, ended=ended)
        return ended

    async def end_everything(self, who: Principal) -> int:
        """Ends this session, too: it needs no proof. Raises `Refused`."""
        require_own(who, Action.END_SESSIONS)
        ended = await self.credentials.end_all(who.account.id, EVERYTHING)
        self.log.info("session.everything_ended", account=who.account.id, ended=ended)
        return ended

    def _require_proof(self, who: Principal) -> None:
        required(step_up.check(actor(who), Lasting.OWN_SESSIONS, self.clock()))

    @property
    def lifetime(self) -> timedelta:
        return self.limits.absolute
