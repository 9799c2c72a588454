"""How long the next password has to wait: failures are counted by account and by address, and each doubles the wait.

A browser that signed in to the account before is counted by itself, so that nobody else's guesses lock its owner out.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from romm.domain.credentials.rate_limits import network_of
from romm.domain.digests import digest
from romm.domain.errors import Code, Refuse

FREE_FAILURES = 4  # a person's typing errors; the fifth failure is the first that costs time

FIRST_WAIT = timedelta(seconds=30)  # NIST SP 800-63B, 5.2.2: "30 seconds up to an hour"

LONGEST_WAIT = timedelta(minutes=15)  # as long as an owner at a new browser can be kept out by somebody else

FORGOTTEN_AFTER = timedelta(hours=2)
"""So long after its last failure a key is as good as new. It is more than FREE_FAILURES + 1 longest waits: nobody gets
more guesses by sitting it out than by going on."""

SHOWN_DIGITS = 8  # enough to tell names apart, too few to try passwords on

_ENOUGH_DOUBLINGS = (LONGEST_WAIT // FIRST_WAIT).bit_length()  # no number of failures may overflow a timedelta


class Failures(Struct, frozen=True):
    """Failures of one key in a row, none longer than FORGOTTEN_AFTER after the one before."""

    key: str
    count: int
    last_at: datetime


def keys(username: str, address: str, device_cookie: str | None) -> tuple[str, ...]:
    """What a try is counted by: the digest of a browser that the account knows, else account and address.

    The first is the account's own. Names are hashed, because people also type their password there.
    """
    if device_cookie is not None:
        return (f"browser:{device_cookie}",)
    return f"account:{digest(username)}", f"address:{digest(network_of(address))}"


def format_username(username: str, *, known: bool) -> str:
    """A name as it may stand in the log: one that no account has may be a password, so only its digest begins there."""
    return username if known else f"sha256:{digest(username)[:SHOWN_DIGITS]}"


def wait_after(failures: int) -> timedelta:
    """How long a try has to wait after so many failures in a row."""
    if failures <= FREE_FAILURES:
        return timedelta()
    doublings = min(failures - FREE_FAILURES - 1, _ENOUGH_DOUBLINGS)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def left(failures: Failures, now: datetime) -> timedelta:
    """What is left of the wait, never more than all of it, also when another worker's clock is ahead."""
    whole = wait_after(failures.count)
    return max(timedelta(), min(failures.last_at + whole - now, whole))


def check_failures(counted: Iterable[Failures], now: datetime) -> Refuse | None:
    """May a try go on that is counted by these keys? The one with the longest wait decides."""
    longest = max(counted, key=lambda each: left(each, now), default=None)
    if longest is None or not (wait := left(longest, now)):
        return None
    seconds = -(-wait // timedelta(seconds=1))  # rounded up: who comes back then is let through
    counted_by = longest.key.partition(":")[0]
    return Refuse(Code.TOO_MANY_ATTEMPTS, {"retry_after": seconds, "failures": longest.count, "counted_by": counted_by})
