"""Points in time in words, for operators."""

from datetime import UTC, datetime, timedelta

_EXACT_SECONDS = 600  # longer differences in hours, minutes and seconds


def format_seconds(at: float) -> str:
    """`at`: seconds since 1970, after RFC 7519, 2 (NumericDate)."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def format_length(seconds: float) -> str:
    length = abs(seconds)
    return str(timedelta(seconds=round(length))) if length >= _EXACT_SECONDS else f"{length:.0f} s"


def compared(at: float, now: float) -> str:
    return f"{format_seconds(at)} ({format_length(at - now)} {'ahead' if at > now else 'behind'})"
