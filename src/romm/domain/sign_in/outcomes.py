"""How a login attempt ended, stored because browsers load the callback again."""

from msgspec import Struct


class Opened(Struct, frozen=True, tag="opened"):
    """A session began. `linked`: an existing account was linked."""

    session_digest: str
    linked: bool = False


class QuestionAsked(Struct, frozen=True, tag="asked"):
    """“Is this your account?” waits for its answer."""


class NotOpened(Struct, frozen=True, tag="refused"):
    """`reference` is the correlation id of the log line."""

    code: str
    reference: str


class Reported(Struct, frozen=True, tag="report"):
    """A test sign-in. `report` is JSON."""

    report: str


Outcome = Opened | QuestionAsked | NotOpened | Reported
