"""Every misconfiguration is seen: by the person, the operator and the doctor, each with its cause and its fix."""

from pathlib import Path

import pytest

from tests.misconfigured.scenarios import HARMLESS, SCENARIOS, SIGNED_IN, Scenario
from tests.misconfigured.scripted import furnish, scripted
from tests.misconfigured.stage import play
from tests.misconfigured.verdict import shortcomings

LEAST = 130  # README and CHANGELOG say so


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    furnish(tmp_path)
    return tmp_path


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
async def test_cause_and_fix_are_named_to_everybody_who_can_know(scenario: Scenario, folder: Path) -> None:
    with scripted(scenario, folder) as stage:
        assert shortcomings(scenario, await play(scenario, stage)) == []


@pytest.mark.parametrize("settings", HARMLESS.values(), ids=HARMLESS)
async def test_nobody_is_told_anything_without_a_reason(settings: dict[str, str], folder: Path) -> None:
    scenario = Scenario(
        id="harmless", wrong="nothing", settings=settings, sees=SIGNED_IN, names=(), blind="nothing is wrong"
    )
    with scripted(scenario, folder) as stage:
        seen = await play(scenario, stage)
    assert shortcomings(scenario, seen) == []
    assert (seen.operator, seen.findings) == ((), ())


async def test_a_row_that_is_not_true_is_noticed(folder: Path) -> None:
    """So that the table cannot rot: a wrong code, a name that nobody says, and a doctor who does not see it."""
    row = next(each for each in SCENARIOS if each.id == "secret-wrong")
    wrong = Scenario(
        id=row.id, wrong=row.wrong, settings=row.settings, sees=SIGNED_IN, names=("OIDC_UNHEARD_OF",), blind="wrongly"
    )
    with scripted(row, folder) as stage:
        seen = await play(row, stage)
    assert [each.split()[1] for each in shortcomings(wrong, seen)] == ["person", "operator", "doctor"]


def test_there_are_enough_scenarios_and_each_is_one_of_its_kind() -> None:
    assert len({scenario.id for scenario in SCENARIOS}) == len({each.wrong for each in SCENARIOS}) == len(SCENARIOS)
    assert len(SCENARIOS) >= LEAST


def test_the_doctor_knows_of_a_scenario_or_the_table_says_why_not() -> None:
    assert [scenario.id for scenario in SCENARIOS if (scenario.doctor is None) != bool(scenario.blind)] == []
