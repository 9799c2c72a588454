"""Log lines: readable on a terminal, JSON elsewhere."""

import io
import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from textwrap import indent
from typing import Any, TextIO

import structlog
from structlog.types import ExcInfo, Processor

from romm.domain.printable import escaped
from romm.ports.process import Log

REDACTED = "[redacted]"
SECRET_NAMES = frozenset(
    {
        "access_token", "authorization", "sealed", "client_secret", "code_verifier", "cookie", "id_token",
        "password", "refresh_token", "secret", "session", "state", "nonce",
    }
)  # fmt: skip

_PLAIN = (str, int, float, type(None))

# Without local variables, which include passwords and secrets.
_TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
_JSON: list[Processor] = [_TRACEBACKS, structlog.processors.JSONRenderer()]


@contextmanager
def bound(**facts: Any) -> Iterator[None]:
    """Facts on all log lines of a `with` block, also across awaits. structlog's own takes four times as long."""
    tokens = structlog.contextvars.bind_contextvars(**facts)
    try:
        yield
    finally:
        structlog.contextvars.reset_contextvars(**tokens)


def configure(level: str, style: str) -> Log:
    """Of the whole process. `style` is `console`, `json`, or empty: chosen by the output."""
    number = logging.getLevelNamesMapping()[level]
    shared, finish = _processors(style)
    structlog.configure(
        processors=[*shared, *finish],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    _route_library_logs(shared, finish, number)
    log: Log = structlog.get_logger()
    return log


def beside_others(level: str, style: str) -> Log:
    """The same lines, without a change to another program's own logging."""
    shared, finish = _processors(style)
    log: Log = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[*shared, *finish],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
    return log


def _processors(style: str) -> tuple[list[Processor], list[Processor]]:
    """Those of every line, and those that write it."""
    console = style == "console" or (not style and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _redact,
    ]
    return shared, [_escape, _console()] if console else _JSON


def _console() -> Processor:
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_traceback)


def _escape(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Strangers write paths, names and codes, which a terminal would obey. JSON escapes them anyway."""
    event.update({name: _printable(fact) for name, fact in event.items() if name != "exc_info"})
    return event


def _printable(fact: Any) -> Any:
    """The renderer prints everything but texts by its `repr`."""
    shown = fact if isinstance(fact, str) else repr(fact)
    return fact if shown.isprintable() else escaped(shown)


def _traceback(output: TextIO, exc_info: ExcInfo) -> None:
    """Indented, so that no line of an exception's text looks like one of the log."""
    plain = io.StringIO()
    structlog.dev.plain_traceback(plain, exc_info)
    output.write("\n" + indent(escaped(plain.getvalue().strip("\n"), kept="\n"), "  "))


def _route_library_logs(shared: list[Processor], finish: list[Processor], level: int) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *finish],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))


def _redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event.update(_redacted(event))
    return event


def _redacted(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: REDACTED if name in SECRET_NAMES else _without_secrets(fact) for name, fact in facts.items()}


def _without_secrets(fact: Any) -> Any:
    if isinstance(fact, _PLAIN):  # usual, and ten times as quick to know as what a Mapping is
        return fact
    return _redacted(fact) if isinstance(fact, Mapping) else fact
