"""Rate limits: attempts counted in time slots."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, IPv6Network

from msgspec import Struct

from romm.domain import hosts
from romm.domain.digests import digest
from romm.domain.errors import Code, Refuse

SLOTS = 6
"""Per window; one more is summed so that no window is undercounted."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Limit(Struct, frozen=True, kw_only=True):
    """`window` is at most `throttle.FORGOTTEN_AFTER`."""

    name: str
    tries: int
    window: timedelta = timedelta(minutes=1)

    @property
    def slot(self) -> timedelta:
        return self.window / SLOTS


class RateLimitKey(Struct, frozen=True):
    """`who` is empty for a shared counter."""

    limit: Limit
    who: str = ""

    def keys(self, now: datetime) -> tuple[str, ...]:
        """The current slot first."""
        current = (now - _EPOCH) // self.limit.slot
        counted_by = f"rate:{self.limit.name}:{digest(self.who) if self.who else 'all'}"
        return tuple(f"{counted_by}:{current - age}" for age in range(SLOTS + 1))


def by_address(limit: Limit, address: str) -> RateLimitKey:
    return RateLimitKey(limit, network_of(address))


def check_limit(
    counters: Iterable[RateLimitKey], counted: Mapping[str, int], now: datetime, *, more: int = 0
) -> Refuse | None:
    for counter in counters:
        tries = [counted.get(key, 0) for key in counter.keys(now)]
        if sum(tries) + more > counter.limit.tries:
            return Refuse(
                Code.TOO_MANY_REQUESTS, {"what": counter.limit.name, "retry_after": _wait(counter, tries, now)}
            )
    return None


def _wait(counter: RateLimitKey, tries: list[int], now: datetime) -> int:
    """Seconds until the oldest attempts expire, rounded up."""
    slot = counter.limit.slot
    oldest = max((age for age, count in enumerate(tries) if count), default=0)
    until = slot * (SLOTS + 1 - oldest) - (now - _EPOCH) % slot
    return -(-until // timedelta(seconds=1))


SITE_PREFIX_BITS = 64  # one customer's IPv6 addresses (RFC 6177, 2); they are too many to count one by one


def network_of(address: str) -> str:
    """The IPv4 address or IPv6 /64; other texts (a Unix socket) unchanged."""
    known = hosts.address(address)
    if isinstance(known, IPv6Address):
        return str(IPv6Network((int(known), SITE_PREFIX_BITS), strict=False))
    return address if known is None else str(known)
