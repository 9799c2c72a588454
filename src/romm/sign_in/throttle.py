"""Throttle password attempts, over all workers and endpoints."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from romm.domain.credentials.credential import Credential
from romm.domain.errors import Refuse, Refused
from romm.domain.sign_in import throttle
from romm.domain.sign_in.hashing_order import Place
from romm.domain.sign_in.throttle import Counters, Failures, Standing
from romm.ports.credentials import Throttles
from romm.ports.process import Clock


class Attempt(Struct, frozen=True):
    """`browser`: a valid device cookie of the account. `signed_in`: the digest of its valid credential."""

    username: str
    address: str
    browser: Credential | None = None
    signed_in: str | None = None
    door: str = ""

    @property
    def counters(self) -> Counters:
        apart = self.browser.digest if self.browser else self.signed_in
        return throttle.counters(self.username, self.address, apart, self.door)


@dataclass(frozen=True)
class Throttle:
    throttles: Throttles
    clock: Clock

    async def check(self, tried: Attempt, shown: str) -> Standing:
        """Raises `Refused(TOO_MANY_ATTEMPTS)`. `shown` is for the log."""
        return await self._check(tried, shown, await self.throttles.known_since(tried.counters.known_address))

    async def check_again(self, tried: Attempt, shown: str, before: Standing) -> Standing:
        """With the newest counters: parallel requests must not bypass the limit. Raises as `check`."""
        return await self._check(tried, shown, before.known_since)

    async def _check(self, tried: Attempt, shown: str, known_since: datetime | None) -> Standing:
        counters = tried.counters
        standing = Standing({each.key: each for each in await self.throttles.read(counters.keys)}, known_since)
        _raise(throttle.check(counters, standing, self.clock()), tried, shown)
        return standing

    def place(self, tried: Attempt, standing: Standing) -> Place:
        return throttle.place(tried.counters, standing, self.clock())

    async def failed(self, tried: Attempt, standing: Standing, mark: str, shown: str) -> None:
        """Decides and counts in one step: parallel attempts must not exceed the limit. `mark` as in `Verdict`. Raises
        as `check`.
        """
        counters, now = tried.counters, self.clock()

        def decide(counted: Mapping[str, Failures]) -> Refuse | tuple[Failures, ...]:
            return throttle.failed(counters, Standing(counted, standing.known_since), mark, now)

        decided = await self.throttles.update(counters.keys, decide)
        _raise(decided if isinstance(decided, Refuse) else None, tried, shown)

    async def succeeded(self, tried: Attempt, standing: Standing) -> None:
        """Keeps shared failures: they may be an attacker's."""
        counters, now = tried.counters, self.clock()
        if counters.own in standing.counted:
            await self.throttles.forget(counters.own)
        if standing.known_since is None or now - standing.known_since > throttle.NOTED_AGAIN_AFTER:
            await self.throttles.note_known(counters.known_address)


def _raise(refuse: Refuse | None, tried: Attempt, shown: str) -> None:
    if refuse is not None:
        raise Refused(refuse.code, **refuse.facts, username=shown, address=tried.address)
