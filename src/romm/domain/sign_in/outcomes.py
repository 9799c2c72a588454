"""How a login attempt ended. It is kept for a while, because a browser may load the callback again."""

from msgspec import Struct


class Opened(Struct, frozen=True, tag="opened"):
    """A session began. `linked` when an identity was attached to an account that existed."""

    session_digest: str
    linked: bool = False


class Asked(Struct, frozen=True, tag="asked"):
    """The browser was asked whose account it is."""


class NotOpened(Struct, frozen=True, tag="refused"):
    """It was refused. `reference` is the correlation id of the log line that has the facts."""

    code: str
    reference: str


class Reported(Struct, frozen=True, tag="report"):
    """A trial ended in a report, as JSON."""

    report: str


Outcome = Opened | Asked | NotOpened | Reported
