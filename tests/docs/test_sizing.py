"""The arithmetic of docs/sizing.md adds up, with the limits that the code has."""

import re
from pathlib import Path

import pytest

from romm.adapters.accounts.passwords import MOST_THREADS, WAITING
from romm.adapters.database.engines import POSTGRESQL_CONNECTIONS
from romm.adapters.provider.transport import POOL

PAGE = (Path(__file__).parents[2] / "docs" / "sizing.md").read_text(encoding="utf-8")
CHECK, SIGN_IN, PASSWORD = 0.5, 5, 20
SUMS = re.findall(r"(?:(\d+) % \+ )?([\d.]+) × ([\d.]+) / 600 = (\d+) %", PAGE)


@pytest.mark.parametrize(("before", "times", "cost", "result"), SUMS)
def test_a_sum_is_right(before: str, times: str, cost: str, result: str) -> None:
    assert float(cost) in (CHECK, SIGN_IN, PASSWORD)
    # Each summand was rounded.
    assert int(result) == pytest.approx(int(before or 0) + float(times) * float(cost) / 600 * 100, abs=1)


def test_there_are_sums_and_they_are_in_the_costs_that_the_page_names() -> None:
    assert len(SUMS) == 5
    assert f"With {CHECK}, {SIGN_IN} and {PASSWORD} ms" in PAGE


def test_the_limits_are_those_of_the_code() -> None:
    assert f"{MOST_THREADS} at a time for each worker" in PAGE
    assert f"`{WAITING} × p / {MOST_THREADS}` = {WAITING * PASSWORD / MOST_THREADS / 1000:.1f} s" in PAGE
    assert f"`{POOL.max_connections} / (2 × L)` sign-ins a second, {20 / (2 * 0.2):.0f} at 0.2 s" in PAGE
    most = 2 * POSTGRESQL_CONNECTIONS
    assert f"A worker has at most {most}." in PAGE
    assert f"hosts × workers × {most}" in PAGE
    assert f"room for {(100 - 3) // most} workers" in PAGE
