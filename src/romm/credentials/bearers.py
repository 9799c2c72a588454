"""The principal of a bearer token."""

from dataclasses import dataclass

from romm.credentials.principal import Principal, principal
from romm.domain.credentials.credential import TOUCH_INTERVAL, bearer_kind, is_unused
from romm.domain.digests import digest
from romm.ports.credentials import Credentials
from romm.ports.process import Clock


@dataclass(frozen=True)
class Bearers:
    """Told apart by prefix."""

    credentials: Credentials
    clock: Clock

    async def who(self, secret: str) -> Principal | None:
        """None if unknown or expired, or the owner disabled."""
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
