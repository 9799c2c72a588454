"""Use cases around client tokens: make, list, renew and end them. A secret is shown once and stored nowhere."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from msgspec import Struct

from romm.credentials import Principal
from romm.domain import accounts, client_tokens
from romm.domain.accounts import Actor
from romm.domain.client_tokens import MOST, SECRET_BYTES, Renewal, Wanted
from romm.domain.credentials import CLIENT_TOKEN_PREFIX, Credential, Kind, digest
from romm.domain.errors import Code, Refuse, Refused
from romm.domain.model import Account
from romm.ports import Clock, Conflict, Credentials, Log

T = TypeVar("T")

_KINDS = (Kind.CLIENT_TOKEN,)


class Minted(Struct, frozen=True):
    """A token with its secret, this once."""

    secret: str
    token: Credential


@dataclass(frozen=True)
class ClientTokens:
    """Tokens that people make for their apps. Whose they are decides on every route; somebody else's is not there."""

    credentials: Credentials
    log: Log
    clock: Clock

    async def own(self, principal: Principal) -> Sequence[Credential]:
        """Those of whoever asks, the newest first."""
        return [token for token, _ in await self.credentials.of(principal.account.id, _KINDS)]

    async def everybodys(self) -> Sequence[tuple[Credential, Account]]:
        """All there are, with their owners."""
        return await self.credentials.of(None, _KINDS)

    async def create(self, principal: Principal, wanted: Wanted) -> Minted:
        """Make one. Raises `Refused` with NAME_INVALID, SCOPES_INVALID, SCOPES_EXCEEDED or TOKENS_FULL."""
        judged = client_tokens.judge(wanted, principal.scopes)
        if isinstance(judged, Refuse):
            raise Refused.by(judged)
        secret = new_secret()
        new = client_tokens.token(judged, principal.account.id, digest(secret), self.clock())
        try:
            token = await self.credentials.issue(new, at_most=MOST)
        except Conflict as conflict:
            raise Refused(Code.TOKENS_FULL, account=principal.account.id, most=MOST) from conflict
        self._note("client_token.created", principal, token)
        return Minted(secret, token)

    async def find(self, principal: Principal, token_id: int) -> Credential:
        """One's own token by its number. Raises `Refused(CREDENTIAL_UNKNOWN)`."""
        found = next((token for token in await self.own(principal) if token.id == token_id), None)
        return _known(found, token_id)

    async def regenerate(self, principal: Principal, token_id: int) -> Minted:
        """Give one's token another secret; the old one is dead at once. Raises as `find`, and SCOPES_EXCEEDED."""
        token = await self.find(principal, token_id)
        if refusal := client_tokens.may_renew(token, principal.credential):
            raise Refused.by(refusal)
        secret = new_secret()
        renewed = await self.credentials.renew(Renewal(token=token, digest=digest(secret)))
        self._note("client_token.regenerated", principal, token)
        return Minted(secret, _known(renewed, token_id))

    async def end(self, principal: Principal, token_id: int) -> None:
        """End one's own token. Raises as `find`."""
        await self.find(principal, token_id)
        await self._end(principal, token_id, principal.account.id)

    async def end_anybodys(self, principal: Principal, token_id: int) -> None:
        """End a token as an administrator. Raises `Refused` with CREDENTIAL_UNKNOWN or ADMIN_REQUIRED."""
        owner = _known({token.id: owner for token, owner in await self.everybodys()}.get(token_id), token_id)
        actor = Actor(account_id=principal.account.id, scopes=principal.scopes)
        if refusal := accounts.may_give(actor, owner.level):
            raise Refused.by(refusal)
        await self._end(principal, token_id, owner.id)

    async def _end(self, principal: Principal, token_id: int, owner_id: int) -> None:
        ended = await self.credentials.end(Kind.CLIENT_TOKEN, token_id, owner_id)
        self._note("client_token.ended", principal, _known(ended, token_id))

    def _note(self, event: str, principal: Principal, token: Credential) -> None:
        by, owner = principal.account.id, token.account_id
        self.log.info(event, account=owner, by=by, token=token.id, scopes=" ".join(token.scopes))


def new_secret() -> str:
    """256 random bits that say what they are."""
    return CLIENT_TOKEN_PREFIX + secrets.token_hex(SECRET_BYTES)


def _known(found: T | None, token_id: int) -> T:
    if found is None:
        raise Refused(Code.CREDENTIAL_UNKNOWN, credential=token_id)
    return found
