"""The same at the shapes of real servers."""

from pathlib import Path

import pytest

from tests.misconfigured.gaps import GAPS
from tests.misconfigured.scenarios import Scenario
from tests.misconfigured.servers import AT_SERVERS
from tests.misconfigured.stage import furnish, play, scripted
from tests.misconfigured.verdict import shortcomings


def _marked(scenario: Scenario) -> object:
    marks = [pytest.mark.xfail(reason=GAPS[scenario.id], strict=True)] if scenario.id in GAPS else []
    return pytest.param(scenario, marks=marks, id=scenario.id)


@pytest.mark.parametrize("scenario", [_marked(scenario) for scenario in AT_SERVERS])
async def test_cause_and_fix_are_named_at_each_server(scenario: Scenario, tmp_path: Path) -> None:
    furnish(tmp_path)
    with scripted(scenario, tmp_path) as stage:
        assert shortcomings(scenario, await play(scenario, stage)) == []
