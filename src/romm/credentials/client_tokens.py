"""Client tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from romm.credentials.principal import Principal, actor, require_own
from romm.credentials.secrets import new_secret
from romm.domain.credentials import client_tokens, step_up
from romm.domain.credentials.client_tokens import MOST, ClientTokenRequest, Renewal
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.credentials.permissions import Action, Actor, Target, may
from romm.domain.credentials.step_up import Lasting
from romm.domain.digests import digest
from romm.domain.errors import Code, Refused, required
from romm.domain.model import Account
from romm.domain.scopes import GRANT_ACCESS
from romm.ports.conflicts import Conflict, refuse_if_changed
from romm.ports.credentials import CredentialLists, Credentials
from romm.ports.process import Clock, Log

T = TypeVar("T")

_KINDS = (Kind.CLIENT_TOKEN,)


class Minted(Struct, frozen=True):
    """The secret is shown only now."""

    secret: str
    token: Credential


@dataclass(frozen=True)
class ClientTokens:
    """Another account's token counts as unknown. All methods raise `Refused`."""

    credentials: Credentials
    lists: CredentialLists
    log: Log
    clock: Clock

    async def own(self, principal: Principal) -> Sequence[Credential]:
        """Newest first."""
        require_own(principal, Action.READ_CLIENT_TOKENS)
        return await self._of(principal)

    async def all_tokens(
        self, actor: Actor, limit: int, before: int | None = None
    ) -> Sequence[tuple[Credential, Account]]:
        """Newest first; `before` is the id of one."""
        required(may(actor, Action.READ_CLIENT_TOKENS))
        return await self.lists.listed(Kind.CLIENT_TOKEN, limit, before)

    async def of(self, actor: Actor, account_id: int) -> Sequence[Credential]:
        """Newest first."""
        required(may(actor, Action.READ_CLIENT_TOKENS, Target(account_id=account_id)))
        return [token for token, _ in await self.credentials.of(account_id, _KINDS)]

    async def create(self, principal: Principal, request: ClientTokenRequest) -> Minted:
        """Never outlives the client token that requests it.

        Refuses with CONFIRMATION_REQUIRED, NAME_INVALID, SCOPES_INVALID, SCOPES_EXCEEDED, TOKENS_FULL, ACCOUNT_CHANGED.
        """
        require_own(principal, Action.CREATE_CLIENT_TOKENS)
        by, secret, now = actor(principal), new_secret(), self.clock()
        required(step_up.check(by, Lasting.CLIENT_TOKEN, now))
        allowed = principal.scopes | ({GRANT_ACCESS} if step_up.may_pass_on(by) else set())
        valid = required(client_tokens.validate_request(request, allowed))
        new = client_tokens.token(valid, principal.account.id, digest(secret), now)
        end = client_tokens.lasting(new.expires_at, principal.credential)
        token = await self._issue(principal.account, replace(new, expires_at=end))
        self._log("client_token.created", principal, token)
        return Minted(secret, token)

    async def renewable(self, principal: Principal, token_id: int) -> Credential:
        """The principal's own, which its credential may renew or pass on."""
        require_own(principal, Action.CREATE_CLIENT_TOKENS)
        token = await self._find(principal, token_id)
        required(step_up.check(actor(principal), Lasting.CLIENT_TOKEN_SECRET, self.clock()))
        required(client_tokens.may_renew(token, principal.credential))
        return token

    async def regenerate(self, principal: Principal, token_id: int) -> Minted:
        """Ends the old secret. Refuses as `renewable` and `create`."""
        token = await self.renewable(principal, token_id)
        secret, owner = new_secret(), principal.account
        with refuse_if_changed(owner):
            renewed = await self.credentials.renew(Renewal(owner=owner, token=token, digest=digest(secret)))
        self._log("client_token.regenerated", principal, token)
        return Minted(secret, _known(renewed, token_id))

    async def end(self, principal: Principal, token_id: int) -> None:
        require_own(principal, Action.END_CLIENT_TOKENS)
        await self._find(principal, token_id)
        await self._end(principal, token_id, principal.account.id)

    async def end_any(self, principal: Principal, token_id: int) -> None:
        """For administrators."""
        by = actor(principal)
        required(may(by, Action.END_CLIENT_TOKENS))
        _, owner = _known(await self.lists.numbered(Kind.CLIENT_TOKEN, token_id), token_id)
        required(may(by, Action.END_CLIENT_TOKENS, Target(level=owner.level)))
        await self._end(principal, token_id, owner.id)

    async def _of(self, principal: Principal) -> list[Credential]:
        return [token for token, _ in await self.credentials.of(principal.account.id, _KINDS)]

    async def _find(self, principal: Principal, token_id: int) -> Credential:
        return _known(next((token for token in await self._of(principal) if token.id == token_id), None), token_id)

    async def _issue(self, owner: Account, new: Credential) -> Credential:
        try:
            with refuse_if_changed(owner):
                return await self.credentials.issue(owner, new, at_most=MOST)
        except Conflict as conflict:
            raise Refused(Code.TOKENS_FULL, account=owner.id, most=MOST) from conflict

    async def _end(self, principal: Principal, token_id: int, owner_id: int) -> None:
        ended = await self.credentials.end(Kind.CLIENT_TOKEN, token_id, owner_id)
        self._log("client_token.ended", principal, _known(ended, token_id))

    def _log(self, event: str, principal: Principal, token: Credential) -> None:
        by, owner = principal.account.id, token.account_id
        self.log.info(event, account=owner, by=by, token=token.id, scopes=" ".join(token.scopes))


def _known(found: T | None, token_id: int) -> T:
    if found is None:
        raise Refused(Code.CREDENTIAL_UNKNOWN, credential=token_id)
    return found
