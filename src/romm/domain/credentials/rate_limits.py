"""How often something may be tried in a while: tries are counted by slots of time, so that no window anywhere holds more."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, IPv6Network

from msgspec import Struct

from romm.domain import hosts
from romm.domain.digests import digest
from romm.domain.errors import Code, Refuse

SLOTS = 6
"""A window is counted in so many pieces. One more than these is looked at, so that any window lies within what is seen."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Limit(Struct, frozen=True, kw_only=True):
    """At most so many `tries` of what is called `name` in any `window`, which is at most `throttle.FORGOTTEN_AFTER` long."""

    name: str
    tries: int
    window: timedelta = timedelta(minutes=1)

    @property
    def slot(self) -> timedelta:
        """How long a piece of the window is."""
        return self.window / SLOTS


class RateLimitKey(Struct, frozen=True):
    """One count under a limit: of somebody, or without a name of everybody together."""

    limit: Limit
    who: str = ""

    def keys(self, now: datetime) -> tuple[str, ...]:
        """What the tries that matter now are counted by, the current slot first."""
        current = (now - _EPOCH) // self.limit.slot
        counted_by = f"rate:{self.limit.name}:{digest(self.who) if self.who else 'all'}"
        return tuple(f"{counted_by}:{current - age}" for age in range(SLOTS + 1))


def by_address(limit: Limit, address: str) -> RateLimitKey:
    """The count of one address, or of its IPv6 network."""
    return RateLimitKey(limit, network_of(address))


def check_limit(
    tallies: Iterable[RateLimitKey], counted: Mapping[str, int], now: datetime, *, more: int = 0
) -> Refuse | None:
    """May what is counted go on, and so many `more`? The first tally that is too full decides."""
    for tally in tallies:
        tries = [counted.get(key, 0) for key in tally.keys(now)]
        if sum(tries) + more > tally.limit.tries:
            return Refuse(Code.TOO_MANY_REQUESTS, {"what": tally.limit.name, "retry_after": _wait(tally, tries, now)})
    return None


def _wait(tally: RateLimitKey, tries: list[int], now: datetime) -> int:
    """Seconds until the oldest tries are out of sight, rounded up: who comes back then is let through."""
    slot = tally.limit.slot
    oldest = max((age for age, count in enumerate(tries) if count), default=0)
    until = slot * (SLOTS + 1 - oldest) - (now - _EPOCH) % slot
    return -(-until // timedelta(seconds=1))


SITE_PREFIX_BITS = 64  # one customer's IPv6 addresses (RFC 6177, 2); they are too many to count one by one


def network_of(address: str) -> str:
    """Who stands behind an address: itself, or for IPv6 its network. Without an address (a Unix socket) the text stays."""
    known = hosts.address(address)
    if isinstance(known, IPv6Address):
        return str(IPv6Network((int(known), SITE_PREFIX_BITS), strict=False))
    return address if known is None else str(known)
