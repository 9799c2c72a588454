"""What the picture shows. Pure."""

from msgspec import Struct

from bench.figures import Figure, Report
from bench.groups import checks, passwords, process, sign_ins, sizes
from bench.table import number, with_unit


class Bar(Struct, frozen=True, kw_only=True):
    """`target` is on the bar's own scale."""

    name: str
    value: float
    label: str
    is_ours: bool
    target: float | None


class Panel(Struct, frozen=True, kw_only=True):
    """`only` names figures, in order; without, all of the group."""

    title: str
    group: str
    others: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    as_ratio: bool = False


_SIGN_INS = tuple(name + sign_ins.HTTPS for name in (sign_ins.ROMM, sign_ins.SHORTEST, sign_ins.APACHE))
_CHECKS = (checks.FLOOR, checks.LOOKUP, checks.HELLO, checks.APACHE)
_OURS = (checks.FORWARD, checks.ME)
_GROWING = tuple(
    f"{name}, 1,000,000 accounts"
    for name in (*sizes.CHECKS, "a sign-in", "a sign-in by password", *list(sizes.LISTS)[:3])
)

PANELS = (
    Panel(
        title="The check of a session, processor time",
        group=checks.GROUP,
        others=_CHECKS,
        only=(*_CHECKS, *_OURS, *(name + checks.POSTGRESQL for name in _OURS)),
    ),
    Panel(
        title="A sign-in, processor time",
        group=sign_ins.GROUP,
        others=_SIGN_INS[1:],
        only=_SIGN_INS,
    ),
    Panel(
        title="A sign-in by password, processor time",
        group=passwords.GROUP,
        others=(passwords.ARGON2,),
        only=(passwords.ARGON2, passwords.ROMM),
    ),
    Panel(
        title="Start to the first answer",
        group=process.GROUP,
        others=(process.HELLO,),
        only=(process.HELLO, process.START),
    ),
    Panel(title="A large database beside a small one", group=sizes.GROUP, only=_GROWING, as_ratio=True),
)


def bars(report: Report, panel: Panel) -> list[Bar]:
    own = {figure.name: figure for figure in report.figures if figure.group == panel.group}
    chosen = [own[name] for name in panel.only if name in own] if panel.only else [*own.values()]
    made = (_ratio(figure) if panel.as_ratio else _value(figure, panel) for figure in chosen)
    return [bar for bar in made if bar is not None]


def _value(figure: Figure, panel: Panel) -> Bar:
    median = figure.value.median
    return Bar(
        name=figure.name.replace("`", ""),
        value=median,
        label=with_unit(median, figure.unit),
        is_ours=figure.name not in panel.others,
        target=_target(figure),
    )


def _target(figure: Figure) -> float | None:
    """The strictest: the figure's own, or a ratio's times what it is compared with."""
    wanted = [
        figure.value.median / each.value.median * each.target for each in figure.ratios if each.target is not None
    ]
    return min([*wanted, *([] if figure.target is None else [figure.target])], default=None)


def _ratio(figure: Figure) -> Bar | None:
    if not figure.ratios:
        return None
    first = figure.ratios[0]
    label = f"{number(first.value.median)} ×"
    name = figure.name.replace("`", "").partition(" accounts")[0]
    return Bar(name=name, value=first.value.median, label=label, is_ours=True, target=first.target)
