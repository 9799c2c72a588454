"""The same at the shapes of real servers."""

from pathlib import Path

import pytest

from tests.misconfigured.scenarios import Scenario
from tests.misconfigured.servers import AT_SERVERS
from tests.misconfigured.stage import furnish, play, scripted
from tests.misconfigured.verdict import shortcomings


@pytest.mark.parametrize("scenario", AT_SERVERS, ids=lambda scenario: scenario.id)
async def test_cause_and_fix_are_named_at_each_server(scenario: Scenario, tmp_path: Path) -> None:
    furnish(tmp_path)
    with scripted(scenario, tmp_path) as stage:
        assert shortcomings(scenario, await play(scenario, stage)) == []
