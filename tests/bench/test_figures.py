from functools import partial
from random import Random

import pytest

from bench.figures import (
    Absent,
    Figure,
    Pair,
    Ratio,
    Report,
    Spread,
    compared,
    merged,
    one,
    ratio,
    read,
    spread,
    written,
)
from bench.rounds import Subject, taken


def test_a_spread_is_the_quartiles() -> None:
    assert spread([5.0, 1.0, 2.0, 4.0, 3.0]) == Spread(low=2.0, median=3.0, high=4.0)


def test_one_value_is_its_own_spread() -> None:
    assert spread([7.0]) == Spread(low=7.0, median=7.0, high=7.0)


def test_a_ratio_is_that_of_the_rounds_and_not_of_the_medians() -> None:
    """The machine was four times as slow in the last round, for both."""
    assert ratio([2.0, 4.0, 24.0], [1.0, 2.0, 12.0]) == Spread(low=2.0, median=2.0, high=2.0)
    assert ratio([1.0, 10.0, 3.0], [1.0, 1.0, 3.0]).median == 1.0


def test_rounds_of_different_numbers_are_not_compared() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratio([1.0, 2.0], [1.0])


def test_a_figure_has_the_ratios_of_its_pairs_and_its_target() -> None:
    rounds = {"hello": [1.0, 2.0], "me": [3.0, 6.0]}
    pairs = (Pair(of="me", to="hello", target=1.6), Pair(of="me", to="not here"))
    hello, me = compared("checks", "ms", rounds, pairs, {"hello": 2.0})
    assert (hello.target, hello.ratios) == (2.0, ())
    assert me.ratios == (Ratio(to="hello", value=Spread(low=3.0, median=3.0, high=3.0), target=1.6),)


def test_every_round_has_each_subject_once_in_an_order_of_its_own() -> None:
    asked: list[str] = []

    def sample(name: str) -> float:
        asked.append(name)
        return float(len(asked))

    names = ["a", "b", "c", "d", "e"]
    found = taken([Subject(name, partial(sample, name)) for name in names], 3, Random(1))
    rounds = [asked[start : start + 5] for start in range(0, 20, 5)]
    assert all(sorted(each) == names for each in rounds)
    assert len({tuple(each) for each in rounds}) == 4
    assert {len(values) for values in found.values()} == {3}
    assert min(min(values) for values in found.values()) > 5  # the first round only warms up


REPORT = Report(
    machine=("a machine",),
    figures=(
        Figure(group="checks", name="me", unit="ms", value=spread([1.0, 2.0]), target=0.5),
        one("process", "memory", "MiB", 111.0),
    ),
    absent=(Absent(group="checks", name="Apache", reason="not installed"),),
)


def test_a_report_survives_its_json() -> None:
    assert read(written(REPORT)) == REPORT


def test_the_json_has_four_significant_digits() -> None:
    report = Report(figures=(one("checks", "me", "ms", 0.123456), one("process", "memory", "MiB", 1234567.0)))
    assert [figure.value.median for figure in read(written(report)).figures] == [0.1235, 1235000.0]


def test_a_group_that_is_measured_again_takes_the_place_of_the_old_one() -> None:
    new = Report(machine=("another",), figures=(one("checks", "forward", "ms", 0.2),))
    both = merged(REPORT, new, ["checks"])
    assert [figure.name for figure in both.figures] == ["forward", "memory"]
    assert (both.machine, both.absent) == (("another",), ())
    failed = merged(REPORT, Report(absent=(Absent(group="process", name="process", reason="failed"),)), ["process"])
    assert [figure.group for figure in failed.figures] == ["checks"]
