"""Durations in words."""

from datetime import timedelta


def in_words(lifetime: timedelta) -> str:
    """In the largest whole unit: `10 minutes`, `1 day`."""
    seconds = int(lifetime.total_seconds())
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds // length} {unit}{'s' if seconds != length else ''}"
    return f"{seconds} seconds"
