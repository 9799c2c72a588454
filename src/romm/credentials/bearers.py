"""Use case: the principal of a bearer token."""

from dataclasses import dataclass

from romm.credentials.principal import Principal, principal
from romm.domain.credentials.credential import TOUCH_INTERVAL, bearer_kind, is_unused
from romm.domain.digests import digest
from romm.ports.credentials import Credentials
from romm.ports.process import Clock


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
