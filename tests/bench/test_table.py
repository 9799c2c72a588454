from hashlib import sha256
from pathlib import Path

import pytest

from bench import table
from bench.figures import Absent, Pair, Report, compared, one, spread
from bench.groups.process import by_package
from bench.panels import Panel, bars

ROUNDS = {"hello": [0.1, 0.1, 0.2], "me": [0.2, 0.3, 0.3]}
PAIRS = (Pair(of="me", to="hello", target=1.6), Pair(of="me", to="me"))
REPORT = Report(
    machine=("two cores", "Python"),
    figures=(*compared("checks", "ms", ROUNDS, PAIRS, {"hello": 0.15}), one("process", "memory", "MiB", 1234.5, 1000)),
    absent=(Absent(group="checks", name="Apache", reason="not installed"),),
)
DOCS = Path(__file__).parents[2] / "docs"


def test_a_figure_has_a_row_for_itself_and_one_for_each_further_ratio() -> None:
    _, *rows = table.rows(REPORT, "checks")
    assert rows == [
        ("hello", "0.100 ms", "0.100 – 0.150", "", "", "", "≤ 0.150 ms", "reached"),
        ("me", "0.300 ms", "0.250 – 0.300", "hello", "2.00 ×", "1.75 – 2.50", "≤ 1.60", "missed"),
        ("", "", "", "me", "1.00 ×", "", "", ""),
        ("Apache", "not measured", "not installed", "", "", "", "", ""),
    ]


def test_the_table_of_targets_says_what_is_reached_and_what_is_missed() -> None:
    _, *rows = table.targets(REPORT)
    assert rows == [
        ("hello", "0.100 ms", "≤ 0.150 ms", "reached"),
        ("me", "2.00 × hello", "≤ 1.60 ×", "missed"),
        ("memory", "1,234 MiB", "≤ 1,000 MiB", "missed"),
    ]


def test_the_table_of_sizes_says_what_a_core_does_a_second() -> None:
    report = Report(
        figures=(
            *compared("sign-ins", "ms", {"a sign-in, provider over https": [4.0]}),
            one("process", "a sign-in by password", "MiB", 5),
        )
    )
    _, *rows = table.a_second(report)
    assert ("a sign-in, provider over https", "4.00 ms", "250 a second") in rows
    assert ("a sign-in by password", "not measured", "") in rows
    assert len(rows) == len(table.PER_CORE)


def test_a_target_that_is_met_exactly_is_reached() -> None:
    assert table.verdict(spread([1.3]), 1.3) == "reached"
    assert table.verdict(spread([1.31]), 1.3) == "missed"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0671, "0.067"), (1.0, "1.00"), (12.34, "12.3"), (111.0, "111"), (9757.0, "9,757"), (-3.2, "-3.20")],
)
def test_a_number_has_three_digits_that_count(value: float, shown: str) -> None:
    assert table.number(value) == shown


def test_the_columns_of_a_terminal_are_aligned_and_a_long_reason_moves_none() -> None:
    lines = [
        *table.lines([("Work", "Median", ""), ("me", "1 ms", "x"), ("Apache", "not measured", "for a long reason")])
    ]
    assert lines == ["Work    Median", "me      1 ms          x", "Apache  not measured  for a long reason"]


def test_a_bar_has_the_strictest_of_its_targets_on_its_own_scale() -> None:
    found = bars(REPORT, Panel(title="", group="checks", others=("hello",), only=("me", "hello", "gone")))
    me, hello = found
    assert (me.value, me.label, me.is_ours, hello.is_ours, hello.target) == (0.3, "0.300 ms", True, False, 0.15)
    assert me.target == pytest.approx(0.24)


@pytest.mark.parametrize(("own", "strictest"), [(0.2, 0.2), (0.3, 0.24)])
def test_a_figures_own_target_is_one_of_them(own: float, strictest: float) -> None:
    report = Report(figures=(*compared("checks", "ms", ROUNDS, PAIRS, {"me": own}),))
    [me] = bars(report, Panel(title="", group="checks", only=("me",)))
    assert me.target == pytest.approx(strictest)


def test_the_picture_was_drawn_from_the_committed_figures() -> None:
    """`nox -s bench -- --write` writes both; `python -m bench.picture` draws again."""
    digest = sha256((DOCS / "performance.json").read_bytes()).hexdigest()
    picture = (DOCS / "images" / "performance.webp").read_bytes()
    assert digest.encode() in picture
    assert len(picture) <= 60_000


def test_import_times_are_summed_by_package_without_what_each_imports() -> None:
    printed = """import time: self [us] | cumulative | imported package
import time:       200 |        200 |   encodings.aliases
import time:       500 |        700 | encodings
a warning
import time:      1500 |       2000 |   romm.domain
"""
    assert by_package(printed) == {"encodings": 0.7, "romm": 1.5}
