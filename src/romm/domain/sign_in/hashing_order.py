"""Which password is hashed next, and which is refused when too many wait."""

import enum
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

BY_ARRIVAL = 3
"""Every third turn goes to the longest waiting, so that a place always leads to a turn."""


class Priority(enum.IntEnum):
    """KNOWN: a browser or address that this account signed in from, or a signed-in person. CLEAN: an address without
    failures.
    """

    KNOWN = 0
    CLEAN = 1
    STRANGER = 2


class Place(Struct, frozen=True):
    """`network` as `rate_limits.network_of` gives it."""

    priority: Priority
    network: str = ""


FIRST = Place(Priority.KNOWN)


def next_turn(waiting: Sequence[Place], turn: int) -> int:
    """The index; `waiting` is in the order of arrival and not empty."""
    if turn % BY_ARRIVAL == 0:
        return 0
    return min(range(len(waiting)), key=lambda at: waiting[at].priority)


def refused_first(waiting: Sequence[Place]) -> int:
    """The index: of the last priority, of the network with the most places, the newest."""
    places = Counter((each.priority, each.network) for each in waiting)

    def weight(at: int) -> tuple[int, int, int]:
        each = waiting[at]
        return each.priority, places[each.priority, each.network], at

    return max(range(len(waiting)), key=weight)
