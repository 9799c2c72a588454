"""The measured figures."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_ROW = "{:<56} {:>8} {:>8} {:>8} {:>8}  {}"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`value` is the best round, `middle` the median; `times_hello` is relative to the yardstick's best."""

    name: str
    value: float
    middle: float | None = None
    times_hello: float | None = None
    target: float | None = None

    @property
    def verdict(self) -> str:
        """At most the target."""
        if self.target is None:
            return ""
        return "ok" if self.value <= self.target else "MISSED"


def table(figures: Iterable[Figure]) -> Iterator[str]:
    yield _ROW.format("figure", "value", "median", "x hello", "target", "").rstrip()
    for each in figures:
        numbers = (each.value, each.middle, each.times_hello, each.target)
        yield _ROW.format(each.name, *map(_shown, numbers), each.verdict).rstrip()


def _shown(number: float | None) -> str:
    if number is None:
        return "-"
    digits = 0 if number >= 100 else 2 if number >= 1 else 3
    return f"{number:.{digits}f}"
