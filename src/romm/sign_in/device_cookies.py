"""Device cookies (OWASP): browsers that signed in before."""

from dataclasses import dataclass

from romm.credentials.secrets import url_secret
from romm.domain.credentials.credential import DEVICE_COOKIE_LIFETIME, Credential, Kind, issued
from romm.domain.digests import digest
from romm.domain.model import Account, Visitor
from romm.ports.credentials import Credentials
from romm.ports.process import Clock


@dataclass(frozen=True)
class DeviceCookies:
    """Does not sign in; separates counters in `domain.sign_in.throttle`."""

    credentials: Credentials
    clock: Clock

    async def find(self, secret: str | None, username: str) -> Credential | None:
        """None if it belongs to another account."""
        found = secret and await self.credentials.find(Kind.DEVICE_COOKIE, digest(secret))
        if not found:
            return None
        credential, account = found
        return credential if account.username == username and self.clock() < credential.expires_at else None

    def new(self, account: Account, visitor: Visitor) -> tuple[str, Credential]:
        """Its secret, and the credential to store."""
        secret, now = url_secret(), self.clock()
        return secret, issued(
            Kind.DEVICE_COOKIE,
            account.id,
            digest(secret),
            now,
            now + DEVICE_COOKIE_LIFETIME,
            address=visitor.address,
            user_agent=visitor.user_agent,
        )
