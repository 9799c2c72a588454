"""The measured figures, and their JSON. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import quantiles

import msgspec
from msgspec import Struct

DIGITS = 4  # significant ones in the JSON


class Spread(Struct, frozen=True, kw_only=True):
    """The quartiles."""

    low: float
    median: float
    high: float


class Ratio(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`to` is the name of a figure of the same rounds."""

    to: str
    value: Spread
    target: float | None = None


class Figure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Targets are the most that is wanted."""

    group: str
    name: str
    unit: str
    value: Spread
    target: float | None = None
    ratios: tuple[Ratio, ...] = ()


class Absent(Struct, frozen=True, kw_only=True):
    """What could not be measured here."""

    group: str
    name: str
    reason: str


class Report(Struct, frozen=True, kw_only=True):
    """`machine` has a line for each thing that the figures depend on."""

    machine: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    absent: tuple[Absent, ...] = ()


class Pair(Struct, frozen=True, kw_only=True):
    """Of two names; `target` is the ratio's."""

    of: str
    to: str
    target: float | None = None


def spread(values: Sequence[float]) -> Spread:
    low, median, high = quantiles(values, n=4, method="inclusive") if len(values) > 1 else [*values] * 3
    return Spread(low=low, median=median, high=high)


def ratio(values: Sequence[float], others: Sequence[float]) -> Spread:
    """Of each round's two values, so that a round on a busy machine counts as one."""
    return spread([value / other for value, other in zip(values, others, strict=True)])


def compared(
    group: str,
    unit: str,
    taken: Mapping[str, Sequence[float]],
    pairs: Iterable[Pair] = (),
    targets: Mapping[str, float] | None = None,
) -> Iterator[Figure]:
    """`taken` has the rounds of each name."""
    every = [*pairs]
    for name, values in taken.items():
        yield Figure(
            group=group,
            name=name,
            unit=unit,
            value=spread(values),
            target=(targets or {}).get(name),
            ratios=tuple(
                Ratio(to=pair.to, value=ratio(values, taken[pair.to]), target=pair.target)
                for pair in every
                if pair.of == name and pair.to in taken
            ),
        )


def one(group: str, name: str, unit: str, value: float, target: float | None = None) -> Figure:
    """Measured once."""
    return Figure(group=group, name=name, unit=unit, value=spread([value]), target=target)


def merged(old: Report, new: Report, groups: Iterable[str]) -> Report:
    """`new` in place of all that `old` has of these groups, in the order of `groups`, then the rest."""
    order = [*groups]
    kept = [figure for figure in old.figures if figure.group not in order]
    gone = [each for each in old.absent if each.group not in order]
    return Report(
        machine=new.machine,
        figures=(*new.figures, *kept),
        absent=(*new.absent, *gone),
    )


def written(report: Report) -> str:
    """As JSON."""
    rounded = _rounded(msgspec.to_builtins(report))
    return msgspec.json.format(msgspec.json.encode(rounded), indent=1).decode() + "\n"


def read(text: str) -> Report:
    return msgspec.json.decode(text, type=Report)


def _rounded(value: object) -> object:
    match value:
        case float():
            return float(f"{value:.{DIGITS}g}")
        case dict():
            return {key: _rounded(each) for key, each in value.items()}
        case list() | tuple():
            return [_rounded(each) for each in value]
    return value
