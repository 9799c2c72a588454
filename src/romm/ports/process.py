"""The clock and the log."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

Clock = Callable[[], datetime]
"""The current time, aware and in UTC."""


class Log(Protocol):
    """Never a secret."""

    def debug(self, event: str, **facts: Any) -> None: ...

    def info(self, event: str, **facts: Any) -> None: ...

    def warning(self, event: str, **facts: Any) -> None: ...

    def error(self, event: str, **facts: Any) -> None:
        """`exc_info`: an exception, for its traceback."""
