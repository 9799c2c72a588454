"""Use case: throttle password attempts, over all workers and endpoints."""

from dataclasses import dataclass

from msgspec import Struct

from romm.domain.credentials.credential import Credential
from romm.domain.errors import Refused
from romm.domain.sign_in import throttle
from romm.ports.credentials import Throttles
from romm.ports.process import Clock


class Attempt(Struct, frozen=True):
    """`browser` is a valid device cookie of the account."""

    username: str
    address: str
    browser: Credential | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The first is the account's own."""
        return throttle.keys(self.username, self.address, self.browser.digest if self.browser else None)


@dataclass(frozen=True)
class Throttle:
    throttles: Throttles
    clock: Clock

    async def check(self, tried: Attempt, shown: str) -> bool:
        """True if a success has failures to reset. `shown` is for the log. Raises `Refused(TOO_MANY_ATTEMPTS)`."""
        counted = await self.throttles.read(tried.keys)
        refuse = throttle.check_failures(counted, self.clock())
        if refuse is not None:
            raise Refused(refuse.code, **refuse.facts, username=shown, address=tried.address)
        return any(each.key == tried.keys[0] for each in counted)

    async def failed(self, tried: Attempt) -> None:
        await self.throttles.count(tried.keys)

    async def succeeded(self, tried: Attempt) -> None:
        """Keeps the address's failures: it may be an attacker's."""
        await self.throttles.forget(tried.keys[0])
