"""What the last sign-ins with the provider showed."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from romm.domain.errors import Code

LINES_READ = 50

_ROLES_MISSING = ("absent", "unreadable")


class LogLine(Struct, frozen=True, kw_only=True):
    """`warning` is a key of the role hints."""

    at: datetime
    method: str
    outcome: str
    issuer: str | None
    code: Code | None = None
    warning: str | None = None


class History(Struct, frozen=True, kw_only=True):
    """The newest of each kind; empty if unknown. `logout`: a logout token that ended a session."""

    signed_in: LogLine | None = None
    refused: LogLine | None = None
    logout: LogLine | None = None

    @property
    def when(self) -> str:
        return format_time(self.signed_in.at) if self.signed_in else "never"

    @property
    def succeeded(self) -> bool:
        return self.signed_in is not None and not self._ended_refused

    @property
    def brings_roles(self) -> bool:
        return self.signed_in is not None and self.signed_in.warning is None

    @property
    def lacks_roles(self) -> bool:
        return self.signed_in is not None and self.signed_in.warning in _ROLES_MISSING

    def refused_with(self, *codes: Code) -> LogLine | None:
        """None unless that was the last sign-in."""
        return self.refused if self._ended_refused and self.refused and self.refused.code in codes else None

    @property
    def _ended_refused(self) -> bool:
        return self.refused is not None and (self.signed_in is None or self.refused.at > self.signed_in.at)


def history(newest_first: Sequence[LogLine], issuer: str) -> History:
    """Refusals before the ID token have no issuer."""
    ours = [line for line in newest_first if line.issuer in (None, "", issuer)]
    return History(
        signed_in=_newest(ours, "openid", "signed_in"),
        refused=_newest(ours, "openid", "refused"),
        logout=_newest(ours, "backchannel", "signed_out"),
    )


def format_time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _newest(lines: Sequence[LogLine], method: str, outcome: str) -> LogLine | None:
    return next((line for line in lines if (line.method, line.outcome) == (method, outcome)), None)
