"""Outcomes of login attempts: browsers may reload the callback."""

from msgspec import Struct


class Opened(Struct, frozen=True, tag="opened"):
    """`linked`: to an existing account."""

    session_digest: str
    linked: bool = False


class QuestionAsked(Struct, frozen=True, tag="asked"):
    """The sign-in became pending."""


class NotOpened(Struct, frozen=True, tag="refused"):
    """`reference` is the log line's correlation id."""

    code: str
    reference: str


class Reported(Struct, frozen=True, tag="report"):
    """Of a test sign-in, as JSON."""

    report: str


Outcome = Opened | QuestionAsked | NotOpened | Reported
