"""Wait times after wrong passwords, doubled by each failure, by account and by address.

Browsers with a device cookie count apart: foreign guesses do not lock the owner out.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from romm.domain.credentials.rate_limits import network_of
from romm.domain.digests import digest
from romm.domain.errors import Code, Refuse

FREE_FAILURES = 4  # typing errors; the fifth failure is the first with a wait

FIRST_WAIT = timedelta(seconds=30)  # NIST SP 800-63B, 5.2.2: "30 seconds up to an hour"

LONGEST_WAIT = timedelta(minutes=15)  # an attacker can lock the owner out of a new browser for this long

FORGOTTEN_AFTER = timedelta(hours=2)
"""From the last failure. Longer than FREE_FAILURES + 1 longest waits, so that a pause gains no guesses."""

SHOWN_DIGITS = 8  # enough to distinguish names, too few to test passwords against

_ENOUGH_DOUBLINGS = (LONGEST_WAIT // FIRST_WAIT).bit_length()  # no number of failures may overflow a timedelta


class Failures(Struct, frozen=True):
    """Consecutive failures, each within FORGOTTEN_AFTER of the one before."""

    key: str
    count: int
    last_at: datetime


def keys(username: str, address: str, device_cookie: str | None) -> tuple[str, ...]:
    """The browser's or the account's first. Names are hashed: they may be passwords entered by mistake."""
    if device_cookie is not None:
        return (f"browser:{device_cookie}",)
    return f"account:{digest(username)}", f"address:{digest(network_of(address))}"


def format_username(username: str, *, known: bool) -> str:
    """Unknown names may be passwords, so only part of the digest is logged."""
    return username if known else f"sha256:{digest(username)[:SHOWN_DIGITS]}"


def wait_after(failures: int) -> timedelta:
    if failures <= FREE_FAILURES:
        return timedelta()
    doublings = min(failures - FREE_FAILURES - 1, _ENOUGH_DOUBLINGS)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def left(failures: Failures, now: datetime) -> timedelta:
    """At most the whole wait, even if another worker's clock is ahead."""
    whole = wait_after(failures.count)
    return max(timedelta(), min(failures.last_at + whole - now, whole))


def check_failures(counted: Iterable[Failures], now: datetime) -> Refuse | None:
    """The longest wait decides."""
    longest = max(counted, key=lambda each: left(each, now), default=None)
    if longest is None or not (wait := left(longest, now)):
        return None
    seconds = -(-wait // timedelta(seconds=1))  # rounded up, so that a retry at that time succeeds
    counted_by = longest.key.partition(":")[0]
    return Refuse(Code.TOO_MANY_ATTEMPTS, {"retry_after": seconds, "failures": longest.count, "counted_by": counted_by})
