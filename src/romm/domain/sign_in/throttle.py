"""Wait times after wrong passwords, doubled by each failure from the fifth on.

An account at an address counts its wrong passwords, repeated ones once. The account counts the addresses that failed at
it, the address the accounts that failed there: neither one address nor one account shuts out another. Above the free
failures these two count everything (a distributed guess). They delay strangers only: an address that the account signed
in from is none. Browsers with a device cookie and signed-in people count apart: foreign guesses do not lock the owner
out.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from romm.domain.credentials.rate_limits import network_of
from romm.domain.digests import digest
from romm.domain.errors import Code, Refuse
from romm.domain.sign_in.hashing_order import Place, Priority
from romm.domain.sign_in.repeated_passwords import is_repeated, remember

FREE_FAILURES = 4  # typing errors; the fifth failure is the first with a wait

FIRST_WAIT = timedelta(seconds=30)  # NIST SP 800-63B, 5.2.2: "30 seconds up to an hour"

LONGEST_WAIT = timedelta(minutes=15)  # an attacker can lock the owner out of a new browser for this long

FORGOTTEN_AFTER = timedelta(hours=2)
"""From the last failure. Longer than FREE_FAILURES + 1 longest waits, so that a pause gains no guesses."""

KNOWN_FOR = timedelta(days=30)
"""An address, from the account's last sign-in there with its password."""

NOTED_AGAIN_AFTER = timedelta(days=1)  # so that not every sign-in writes

SHOWN_DIGITS = 8  # enough to distinguish names, too few to test passwords against

_ENOUGH_DOUBLINGS = (LONGEST_WAIT // FIRST_WAIT).bit_length()  # no number of failures may overflow a timedelta


class Failures(Struct, frozen=True):
    """Each within FORGOTTEN_AFTER of the one before. `tried`: see `repeated_passwords`."""

    key: str
    count: int
    last_at: datetime
    tried: str = ""


class Counters(Struct, frozen=True):
    """`shared` delay strangers; `known_address` is where the address is noted as known."""

    own: str
    known_address: str
    network: str
    shared: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return self.own, *self.shared


class Standing(Struct, frozen=True):
    """Known before the password is looked at."""

    counted: Mapping[str, Failures]
    known_since: datetime | None = None


def counters(username: str, address: str, apart: str | None, door: str = "") -> Counters:
    """`apart`: the digest of a device cookie or of a signed-in person's credential. A named `door` counts its failures
    apart.

    Names are hashed: they may be passwords entered by mistake.
    """
    network = network_of(address)
    account, site, pair = digest(username), digest(network), digest(f"{digest(username)} {network}")
    if apart is not None:
        return Counters(_at(door, "browser", apart), pair, network)
    shared = (_at(door, "account", account), _at(door, "address", site))
    return Counters(_at(door, "pair", pair), pair, network, shared)


def _at(door: str, counted_by: str, key: str) -> str:
    return f"{counted_by}:{digest(f'{door} {key}') if door else key}"


def format_username(username: str, *, known: bool) -> str:
    """Unknown names may be passwords: log only part of the digest."""
    return username if known else f"sha256:{digest(username)[:SHOWN_DIGITS]}"


def wait_after(failures: int) -> timedelta:
    if failures <= FREE_FAILURES:
        return timedelta()
    doublings = min(failures - FREE_FAILURES - 1, _ENOUGH_DOUBLINGS)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def left(failures: Failures, now: datetime) -> timedelta:
    """At most the whole wait: another worker's clock may be ahead."""
    whole = wait_after(failures.count)
    return max(timedelta(), min(failures.last_at + whole - now, whole))


def is_known(standing: Standing, now: datetime) -> bool:
    return standing.known_since is not None and now - standing.known_since < KNOWN_FOR


def place(tried: Counters, standing: Standing, now: datetime) -> Place:
    if not tried.shared or is_known(standing, now):
        return Place(Priority.KNOWN, tried.network)
    return Place(Priority.STRANGER if tried.shared[-1] in standing.counted else Priority.CLEAN, tried.network)


def check(tried: Counters, standing: Standing, now: datetime) -> Refuse | None:
    keys = (tried.own,) if is_known(standing, now) else tried.keys
    counted = [standing.counted[key] for key in keys if key in standing.counted]
    longest = max(counted, key=lambda each: left(each, now), default=None)
    if longest is None or not (wait := left(longest, now)):
        return None
    seconds = -(-wait // timedelta(seconds=1))  # rounded up, so that a retry at that time succeeds
    counted_by = _COUNTED_BY[longest.key.partition(":")[0]]
    return Refuse(Code.TOO_MANY_ATTEMPTS, {"retry_after": seconds, "failures": longest.count, "counted_by": counted_by})


def failed(tried: Counters, standing: Standing, mark: str, now: datetime) -> Refuse | tuple[Failures, ...]:
    """The counters to store, none for a repeated password; a refusal if others came first."""
    if refuse := check(tried, standing, now):
        return refuse
    own = standing.counted.get(tried.own, Failures(tried.own, 0, now))
    if is_repeated(own.tried, tried.own, mark):
        return ()
    added = [replace(_one_more(own, now), tried=remember(own.tried, tried.own, mark))]
    if not is_known(standing, now):
        shared = (standing.counted.get(key, Failures(key, 0, now)) for key in tried.shared)
        added += [_one_more(each, now) for each in shared if own.count == 0 or each.count > FREE_FAILURES]
    return tuple(added)


def _one_more(failures: Failures, now: datetime) -> Failures:
    return replace(failures, count=failures.count + 1, last_at=now)


_COUNTED_BY = {"pair": "account at this address", "browser": "browser", "account": "account", "address": "address"}
