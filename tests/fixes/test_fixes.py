"""Every fix that is printed is carried out: the finding is gone then, and no opposite one has come."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from romm.domain.catalogue import CATALOGUE
from romm.domain.diagnosis.findings import Finding, Outcome
from romm.domain.diagnosis.fixes import Fix
from romm.domain.errors import Code
from romm.domain.providers.register import PRESETS
from tests.fixes.executors import CODES, FIXES, of_text
from tests.fixes.printed import printed
from tests.misconfigured.scenarios import SCENARIOS, Scenario
from tests.misconfigured.servers import AT_SERVERS
from tests.misconfigured.stage import Observed, furnish, play, scripted

BAD = (Outcome.FAILED, Outcome.WARNING)
EVERY = (*SCENARIOS, *AT_SERVERS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    furnish(tmp_path)
    return tmp_path


async def looked_at(scenario: Scenario, folder: Path) -> Observed:
    with scripted(scenario, folder) as stage:
        return await play(scenario, stage)


def bad(seen: Observed) -> dict[str, Finding]:
    return {finding.check: finding for finding in seen.findings if finding.outcome in BAD}


@pytest.mark.parametrize("scenario", EVERY, ids=lambda scenario: scenario.id)
async def test_a_printed_fix_takes_its_finding_away_and_brings_no_other(scenario: Scenario, folder: Path) -> None:
    before = await looked_at(scenario, folder)
    for finding in bad(before).values():
        carried_out = []
        for text in finding.fixes:
            source, executor = printed(text)
            assert executor is not None, f"{scenario.id}: nobody carries out: {text}"
            carried_out.append((source, executor(scenario)))
        changed = {source: fixed for source, fixed in carried_out if fixed != scenario}
        gone = set()
        for source, fixed in changed.items():
            after = bad(await looked_at(fixed, folder))
            assert set(after) <= set(bad(before)), f"{source} brings {after}"
            if finding.check not in after:
                gone.add(source)
        assert gone, f"{scenario.id}: none of {[source for source, _ in carried_out]} takes away: {finding.found}"


@pytest.mark.parametrize(
    "scenario", [each for each in EVERY if isinstance(each.sees, Code)], ids=lambda scenario: scenario.id
)
async def test_what_the_catalogue_says_lets_the_person_in(scenario: Scenario, folder: Path) -> None:
    assert isinstance(scenario.sees, Code)
    executor = of_text(scenario.sees, CATALOGUE[scenario.sees].operator)
    assert executor is not None, scenario.sees
    after = await looked_at(executor(scenario), folder)
    assert after.person.code != scenario.sees, after.person


def _hints() -> Iterator[object]:
    for name, known in PRESETS.items():
        for code, hint in known.hints.items():
            yield pytest.param(name, code, hint, id=f"{name}-{code}")


@pytest.mark.parametrize(("provider", "code", "hint"), list(_hints()))
async def test_what_a_providers_hint_says_lets_the_person_in(
    provider: str, code: Code, hint: str, folder: Path
) -> None:
    executor = of_text(code, hint)
    assert executor is not None, f"nobody carries out: {hint}"
    scenario = next(each for each in SCENARIOS if each.sees == code)
    there = replace(scenario, settings={**scenario.settings, "OIDC_PROVIDER": provider})
    assert hint in " ".join((await looked_at(there, folder)).operator)
    assert (await looked_at(executor(there), folder)).person.code != code


def test_every_fix_of_the_doctor_has_an_executor() -> None:
    assert set(FIXES) == set(Fix)


def test_every_refusal_that_a_scenario_ends_with_has_an_executor() -> None:
    assert {each.sees for each in EVERY if isinstance(each.sees, Code)} <= set(CODES)
