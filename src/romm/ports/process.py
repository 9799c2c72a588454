"""The clock and the log."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

Clock = Callable[[], datetime]
"""The current time, aware and in UTC."""


class Meter(Protocol):
    """Arguments are from our own lists, never from a request."""

    def sign_in(self, method: str, outcome: str, code: str = "") -> None: ...


class NoMeter:
    def sign_in(self, method: str, outcome: str, code: str = "") -> None:
        pass


NO_METER: Meter = NoMeter()


class Spans(Protocol):
    """`facts` are a trace's attributes, with `__` for a dot."""

    def span(
        self, name: str, kind: str = "internal", **facts: str | int
    ) -> AbstractContextManager[Callable[[str, str | int], None]]:
        """`kind`: server, client or internal. Gives a function that adds an attribute."""


class Log(Protocol):
    """Never a secret."""

    def debug(self, event: str, **facts: Any) -> None: ...

    def info(self, event: str, **facts: Any) -> None: ...

    def warning(self, event: str, **facts: Any) -> None: ...

    def error(self, event: str, **facts: Any) -> None:
        """`exc_info`: an exception, for its traceback."""
