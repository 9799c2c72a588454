"""Use case: let a password be tried, or not yet, whichever door and worker it comes to."""

from dataclasses import dataclass

from msgspec import Struct

from romm.domain.credentials.credential import Credential
from romm.domain.errors import Refused
from romm.domain.sign_in import throttle
from romm.ports.credentials import Throttles
from romm.ports.process import Clock


class Attempt(Struct, frozen=True):
    """A name, where it came from, and the browser, if the account knows it."""

    username: str
    address: str
    browser: Credential | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """What it is counted by; the first is the account's own."""
        return throttle.keys(self.username, self.address, self.browser.digest if self.browser else None)


@dataclass(frozen=True)
class Throttle:
    """Counts failures for all workers together."""

    throttles: Throttles
    clock: Clock

    async def check(self, tried: Attempt, shown: str) -> bool:
        """Has it failures that a success would forget? Raises `Refused(TOO_MANY_ATTEMPTS)` when it has to wait.

        `shown` is the name for the log.
        """
        counted = await self.throttles.read(tried.keys)
        refuse = throttle.check_failures(counted, self.clock())
        if refuse is not None:
            raise Refused(refuse.code, **refuse.facts, username=shown, address=tried.address)
        return any(each.key == tried.keys[0] for each in counted)

    async def failed(self, tried: Attempt) -> None:
        """Count a failure."""
        await self.throttles.count(tried.keys)

    async def succeeded(self, tried: Attempt) -> None:
        """Forget the failures of the account, or of its browser; the address may still be somebody's who guesses."""
        await self.throttles.forget(tried.keys[0])
