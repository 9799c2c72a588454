"""Pairing codes: a short code replaces typing a token of 64 digits."""

from dataclasses import dataclass
from datetime import timedelta

from msgspec import Struct

from romm.credentials.client_tokens import ClientTokens, Minted
from romm.credentials.principal import Principal
from romm.credentials.rate_limits import Rates
from romm.credentials.secrets import new_secret, short_code
from romm.domain.credentials import client_tokens, short_codes
from romm.domain.credentials.client_tokens import Renewal
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.digests import digest
from romm.domain.errors import Code, Refused
from romm.domain.limits import EXCHANGES, QUESTIONS
from romm.domain.model import Account, Visitor
from romm.ports.conflicts import Conflict, refuse_if_changed
from romm.ports.credentials import Credentials
from romm.ports.process import Clock, Log

_LOST = {"spent": "another device used it first", "version": "its owner's account changed at this moment"}


class Offer(Struct, frozen=True):
    """`expires_in` is in seconds. The code is shown only now."""

    code: str
    token: Credential
    expires_in: int


class _Open(Struct, frozen=True):
    code: Credential
    token: Credential
    owner: Account


@dataclass(frozen=True)
class Pairing:
    """The exchange gives the token a new secret that only the device sees."""

    tokens: ClientTokens
    credentials: Credentials
    rates: Rates
    log: Log
    clock: Clock

    async def offer(self, principal: Principal, token_id: int) -> Offer:
        """Replaces an older code. Raises as `ClientTokens.regenerate`."""
        token = await self.tokens.renewable(principal, token_id)
        code = short_code()
        stored = client_tokens.pairing_code(token, digest(code), self.clock())
        with refuse_if_changed(principal.account):
            await self.credentials.replace(principal.account, stored)
        self.log.info("client_token.pairing", account=token.account_id, token=token.id)
        return Offer(code, token, self._seconds_left(stored))

    async def waiting(self, unverified_code: str, visitor: Visitor) -> int:
        """Seconds to expiry. Raises `Refused(PAIRING_CODE_INVALID | TOO_MANY_REQUESTS)`."""
        await self.rates.check(*QUESTIONS.of(visitor.address))
        return self._seconds_left((await self._find(unverified_code)).code)

    async def exchange(self, unverified_code: str, visitor: Visitor) -> Minted:
        """For one caller. Raises as `waiting`, and ACCOUNT_DISABLED."""
        await self.rates.check(*EXCHANGES.of(visitor.address))
        found = await self._find(unverified_code)
        if not found.owner.enabled:
            raise Refused(Code.ACCOUNT_DISABLED, account=found.owner.id)
        secret = new_secret()
        renewal = Renewal(owner=found.owner, token=found.token, digest=digest(secret), code=found.code.digest)
        try:
            renewed = await self.credentials.renew(renewal)
        except Conflict as conflict:
            raise Refused(Code.PAIRING_CODE_INVALID, reason=_LOST[conflict.what]) from conflict
        if renewed is None:
            raise Refused(Code.PAIRING_CODE_INVALID, reason="its token has ended")
        self.log.info("client_token.exchanged", account=found.owner.id, token=renewed.id, address=visitor.address)
        return Minted(secret, renewed)

    def _seconds_left(self, code: Credential) -> int:
        return -(-(code.expires_at - self.clock()) // timedelta(seconds=1))

    async def _find(self, unverified_code: str) -> _Open:
        code = short_codes.normalized(unverified_code)
        found = code and await self.credentials.find(Kind.PAIRING_CODE, digest(code))
        if not found:
            raise Refused(Code.PAIRING_CODE_INVALID, reason="there is none like it")
        stored, owner = found
        if self.clock() >= stored.expires_at:
            raise Refused(Code.PAIRING_CODE_INVALID, reason="it has expired")
        for token, _ in await self.credentials.of(owner.id, [Kind.CLIENT_TOKEN]):
            if client_tokens.pairing_family(token) == stored.family:
                return _Open(stored, token, owner)
        raise Refused(Code.PAIRING_CODE_INVALID, reason="its token has ended")
