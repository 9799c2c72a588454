"""Carry a sign-in over to another host, for forward authentication only."""

from dataclasses import dataclass

from msgspec import Struct

from romm.credentials.principal import Principal, principal, require_own
from romm.credentials.secrets import url_secret
from romm.credentials.sessions import Sessions
from romm.domain.credentials.credential import Credential, Kind, issued
from romm.domain.credentials.permissions import Action
from romm.domain.digests import digest
from romm.domain.errors import Code, Refused, required
from romm.domain.model import Visitor
from romm.domain.sign_in import forward_hosts as rules
from romm.ports.conflicts import refuse_if_changed
from romm.ports.credentials import Credentials
from romm.ports.process import Clock, Log


class BegunHandOver(Struct, frozen=True):
    """`key`: for a cookie of the other host. `url`: at RomM's own."""

    key: str
    url: str


@dataclass(frozen=True, kw_only=True)
class ForwardHosts:
    """`origins`: of the other hosts. `base_url`: RomM's own."""

    origins: tuple[str, ...]
    base_url: str
    sessions: Sessions
    credentials: Credentials
    log: Log
    clock: Clock

    def origin_of(self, host: str) -> str | None:
        """None for a host that may not be signed in to."""
        return rules.origin_of(host, self.origins)

    def begin(self, host: str, uri: str, key: str | None) -> BegunHandOver:
        """`key`: the browser's own, for several tabs to begin. Raises `Refused(FORWARDED_ELSEWHERE)`."""
        origin = self._known(host)
        key = key if key and rules.is_key(key) else url_secret()
        return BegunHandOver(key, self.base_url + rules.hand_over_path(origin, key, uri))

    async def hand_over(self, who: Principal, host: str, challenge: str, uri: str, visitor: Visitor) -> str:
        """The other host's URL that spends the code. Raises `Refused`."""
        require_own(who, Action.FORWARD)
        origin = self._known(host)
        code, now = url_secret(), self.clock()
        new = issued(
            Kind.FORWARD_CODE,
            who.account.id,
            digest(code),
            now,
            now + rules.CODE_LIFETIME,
            address=visitor.address,
            user_agent=visitor.user_agent,
            family=who.digest or "",
            binding=required(rules.binding(origin, challenge)),
        )
        with refuse_if_changed(who.account):
            await self.credentials.add(who.account, new)
        return rules.finish_url(origin, code, uri)

    async def finish(self, host: str, code: str, key: str | None, visitor: Visitor) -> str:
        """The secret of this host's cookie. Spends the code even if it refuses. Raises `Refused`."""
        origin, now = self._known(host), self.clock()
        spent = await self._spend(digest(code))
        session = await self.sessions.live(spent.family) if spent else None
        opened = required(rules.redeem(spent, session, origin, key, now))
        secret = url_secret()
        new = issued(
            Kind.FORWARD_SESSION,
            opened.account.id,
            digest(secret),
            now,
            opened.session.expires_at,
            scopes=opened.session.scopes,
            address=visitor.address,
            user_agent=visitor.user_agent,
            family=opened.session.digest,
            binding=origin,
        )
        with refuse_if_changed(opened.account):
            await self.credentials.add(opened.account, new)
        self.log.info("forward.opened", account=opened.account.id, host=origin)
        return secret

    async def _spend(self, code_digest: str) -> Credential | None:
        """Looked up first: invented codes must not cause writes."""
        known = await self.credentials.find(Kind.FORWARD_CODE, code_digest)
        return await self.credentials.take(Kind.FORWARD_CODE, code_digest) if known else None

    def page_after(self, host: str, uri: str) -> str:
        """At the other host. Raises `Refused(FORWARDED_ELSEWHERE)`."""
        return self._known(host) + rules.path_there(uri)

    async def who(self, origin: str, secret: str | None) -> Principal | None:
        """None once its original session has ended."""
        found = secret and await self.credentials.find(Kind.FORWARD_SESSION, digest(secret))
        if not found or not rules.is_open(found[0], origin, self.clock()):
            return None
        behind = await self.sessions.of_digest(found[0].family)
        return None if behind is None else principal(behind.account, found[0])

    def _known(self, host: str) -> str:
        origin = self.origin_of(host)
        if origin is None:
            raise Refused(Code.FORWARDED_ELSEWHERE, host=host, base_url=self.base_url)
        return origin
