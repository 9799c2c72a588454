"""Issue, refresh, revoke and introspect tokens."""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import Struct
from msgspec.structs import replace

from romm.credentials.principal import Principal, actor, principal, require_own
from romm.credentials.secrets import fresh_secrets, unique
from romm.domain.credentials import tokens as rules
from romm.domain.credentials.credential import Credential, Kind, issued
from romm.domain.credentials.permissions import Action, Target, may
from romm.domain.credentials.tokens import TOKEN_KINDS, Granted, Repeat, Rotate, TokenLimits
from romm.domain.digests import digest
from romm.domain.errors import Code, Refuse, Refused, required
from romm.domain.model import Account, Visitor
from romm.ports.credentials import Credentials
from romm.ports.process import Clock, Log


class TokenRequest(Struct, frozen=True, kw_only=True):
    """Non-empty `parameters`; `client` is the app's name."""

    parameters: Mapping[str, str]
    client: str
    visitor: Visitor

    def get(self, name: str) -> str:
        """ "" if missing (RFC 6749, 3.1)."""
        return self.parameters.get(name, "")

    def required(self, name: str) -> str:
        """Raises `Refused(TOKEN_REQUEST_INVALID)`."""
        if value := self.get(name):
            return value
        raise Refused(Code.TOKEN_REQUEST_INVALID, problem=f"{name} is missing")

    @property
    def scopes(self) -> tuple[str, ...]:
        """Raises `Refused(SCOPE_UNKNOWN)`."""
        return required(rules.requested_scopes(self.get("scope")))


@dataclass(frozen=True, kw_only=True)
class Tokens:
    credentials: Credentials
    limits: TokenLimits
    log: Log
    clock: Clock

    async def issue(
        self,
        account: Account,
        scopes: tuple[str, ...],
        visitor: Visitor,
        client: str = "",
        device_id: int | None = None,
    ) -> Granted:
        """As `new`, and stores them. Raises `Refused` and `Conflict("version")`."""
        granted = self.new(account, scopes, visitor, client, device_id)
        await self.credentials.add(account, granted.refresh, granted.access)
        return granted

    def new(
        self,
        account: Account,
        scopes: tuple[str, ...],
        visitor: Visitor,
        client: str = "",
        device_id: int | None = None,
        *,
        proven: bool = False,
    ) -> Granted:
        """To be stored: `refresh` and `access`. Drops scopes that the account lacks. Raises `Refused`.

        `proven`: the account was just proved for this app.
        """
        allowed, now = required(rules.granted_scopes(scopes, account.level)), self.clock()
        template = issued(
            Kind.REFRESH_TOKEN,
            account.id,
            "",  # `pair` sets digest and expiry
            now,
            now,
            scopes=allowed,
            address=visitor.address,
            user_agent=visitor.user_agent,
            client=client,
            family=unique(),
            device_id=device_id,
            proven_at=now if proven else None,
        )
        return rules.pair(fresh_secrets(), template, allowed, now, self.limits)

    async def refresh(self, request: TokenRequest) -> Granted:
        """Late reuse ends the family. Raises `Refused`."""
        secret, requested = request.required("refresh_token"), request.scopes
        found = await self.credentials.find(Kind.REFRESH_TOKEN, digest(secret))
        if found is None:
            raise Refused(Code.REFRESH_TOKEN_INVALID, reason="unknown or ended")
        token, owner = found
        match rules.decide_refresh(token, owner, request.client, self.clock()):
            case Rotate():
                scopes = required(rules.refreshed(requested, token, owner.level))
                return await self._rotate(secret, token, scopes, request.visitor)
            case Repeat():
                required(rules.refreshed(requested, token, owner.level))
                return await self._repeat(secret, token.salt)
            case Refuse(code=Code.REFRESH_TOKEN_REUSED) as refuse:
                ended = await self.credentials.end_family(token)
                self.log.warning("token.reused", **refuse.facts, address=request.visitor.address, ended=ended)
                raise Refused(refuse.code, **refuse.facts, ended=ended)
            case refuse:
                raise Refused.by(refuse)

    async def revoke(self, secret: str) -> None:
        """Ends a refresh token's family. Ignores unknown tokens (RFC 7009, 2.2), and other kinds: unauthenticated
        callers must not probe for codes.
        """
        for kind in TOKEN_KINDS:
            if found := await self.credentials.find(kind, digest(secret)):
                await self._end(found[0])
                return

    async def introspect(self, secret: str, asking: Principal) -> Principal | None:
        """None for ended tokens, and for another account's without `users.read`. Raises `Refused`."""
        require_own(asking, Action.READ_TOKENS)
        for kind in TOKEN_KINDS:
            found = await self.credentials.find(kind, digest(secret))
            if found and rules.is_live(*found, self.clock()):
                token, owner = found
                refusal = may(actor(asking), Action.READ_TOKENS, Target.of(owner))
                return None if refusal else principal(owner, token)
        return None

    async def _rotate(self, secret: str, token: Credential, scopes: tuple[str, ...], visitor: Visitor) -> Granted:
        """A concurrent second request gets the same pair."""
        salt, now = unique(), self.clock()
        template = replace(token, address=visitor.address, user_agent=visitor.user_agent)
        granted = rules.pair(rules.successors(secret, salt), template, scopes, now, self.limits)
        used = replace(token, spent_at=now, salt=salt)
        stored = await self.credentials.rotate(used, granted.refresh, granted.access)
        if stored is None:
            raise Refused(Code.REFRESH_TOKEN_INVALID, reason="ended at this moment")
        return granted if stored.salt == salt else await self._repeat(secret, stored.salt)

    async def _repeat(self, secret: str, salt: str) -> Granted:
        """The first use's pair, while live."""
        derived = rules.successors(secret, salt)
        access = await self.credentials.find(Kind.ACCESS_TOKEN, digest(derived.access))
        refresh = await self.credentials.find(Kind.REFRESH_TOKEN, digest(derived.refresh))
        if access is None or refresh is None:
            raise Refused(Code.REFRESH_TOKEN_INVALID, reason="spent, and its successor has ended")
        return Granted(secrets=derived, access=access[0], refresh=refresh[0])

    async def _end(self, credential: Credential) -> None:
        if credential.kind is Kind.REFRESH_TOKEN:
            await self.credentials.end_family(credential)
        else:
            await self.credentials.take(credential.kind, credential.digest)
        self.log.info("token.revoked", account=credential.account_id, kind=credential.kind, client=credential.client)
