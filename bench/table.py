"""The figures as rows: for a terminal, and for docs/performance.md. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from bench.figures import Absent, Figure, Ratio, Report, Spread

NOT_MEASURED = "not measured"

PER_CORE = (
    "`GET /api/auth/forward` by cookie",
    "`GET /api/users/me` by cookie",
    "`GET /api/users/me` by cookie, PostgreSQL",
    "a sign-in, provider over https",
    "a sign-in by password",
)
"""The figures of the page about sizes."""


def rows(report: Report, group: str) -> Iterator[Sequence[str]]:
    """A row for each figure and each of its ratios."""
    yield "Work", "Median", "Half of the rounds", "Beside", "Ratio", "Half of the ratios", "Target", ""
    for figure in report.figures:
        if figure.group == group:
            yield from _figure(figure)
    for each in report.absent:
        if each.group == group:
            yield _absent(each)


def machine(report: Report) -> Iterator[Sequence[str]]:
    yield ("Measured on",)
    yield from ((line,) for line in report.machine)


def targets(report: Report) -> Iterator[Sequence[str]]:
    """Every figure with a target."""
    yield "Work", "Measured", "Target", ""
    for figure in report.figures:
        if figure.target is not None:
            measured, target = with_unit(figure.value.median, figure.unit), with_unit(figure.target, figure.unit)
            yield figure.name, measured, f"≤ {target}", verdict(figure.value, figure.target)
        for each in figure.ratios:
            if each.target is not None:
                measured, target = f"{number(each.value.median)} × {each.to}", f"≤ {number(each.target)} ×"
                yield figure.name, measured, target, verdict(each.value, each.target)


def a_second(report: Report) -> Iterator[Sequence[str]]:
    """What one core does, of all that takes milliseconds of it."""
    yield "Work", "Of a core", "A core does"
    measured = {each.name: each.value.median for each in report.figures if each.unit == "ms"}
    for name in PER_CORE:
        if name in measured:
            yield name, with_unit(measured[name], "ms"), f"{number(1000 / measured[name])} a second"
        else:
            yield name, NOT_MEASURED, ""


def lines(table: Iterable[Sequence[str]]) -> Iterator[str]:
    """In columns, for a terminal."""
    every = [*table]
    # A reason is as long as it is, and moves no column.
    widths = [
        max(len(row[column]) for row in every if row[1] != NOT_MEASURED or column < 2)
        for column in range(len(every[0]))
    ]
    for row in every:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def verdict(value: Spread, target: float | None) -> str:
    if target is None:
        return ""
    return "reached" if value.median <= target else "missed"


def with_unit(value: float, unit: str) -> str:
    return f"{number(value)} {unit}".rstrip()


def number(value: float) -> str:
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 0.995 else 3
    return f"{value:,.{digits}f}"


def _figure(figure: Figure) -> Iterator[Sequence[str]]:
    value = (figure.name, with_unit(figure.value.median, figure.unit), _range(figure.value))
    target = "" if figure.target is None else f"≤ {with_unit(figure.target, figure.unit)}"
    first, *others = figure.ratios or (None,)
    if figure.target is not None or first is None:
        yield *value, "", "", "", target, verdict(figure.value, figure.target)
        others = [*figure.ratios]
    else:
        yield *value, *_ratio(first)
    for each in others:
        if each is not None:
            yield "", "", "", *_ratio(each)


def _ratio(each: Ratio) -> Sequence[str]:
    target = "" if each.target is None else f"≤ {number(each.target)}"
    return each.to, f"{number(each.value.median)} ×", _range(each.value), target, verdict(each.value, each.target)


def _absent(each: Absent) -> Sequence[str]:
    return each.name, NOT_MEASURED, each.reason, "", "", "", "", ""


def _range(value: Spread) -> str:
    return "" if value.low == value.high else f"{number(value.low)} – {number(value.high)}"
