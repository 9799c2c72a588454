"""Every fix that is printed is carried out: the finding is gone then, and no opposite one has come."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from romm.domain.catalogue import CATALOGUE
from romm.domain.diagnosis.findings import Check, Finding, Outcome
from romm.domain.diagnosis.fixes import Fix
from romm.domain.diagnosis.storage import SENTENCES
from romm.domain.errors import Code
from romm.domain.providers.register import PRESETS, preset
from tests.fixes.cases import CASES
from tests.fixes.databases import spoil
from tests.fixes.executors import CAUSES, FIXES
from tests.fixes.printed import REMARK, printed
from tests.fixes.test_elsewhere import ELSEWHERE
from tests.fixes.texts import CODES, of_text
from tests.misconfigured.scenarios import SCENARIOS, Certificate, Scenario
from tests.misconfigured.scripted import furnish, scripted
from tests.misconfigured.servers import AT_SERVERS
from tests.misconfigured.stage import Observed, play
from tests.shapes.register import shape

ABOUT_SETTINGS = (Check.SETTINGS, Check.SINGLE_SIGN_ON, Check.ADDRESSES)
ABOUT_DOMAINS = (Code.EMAIL_NOT_VERIFIED, Code.HOSTED_DOMAIN)
BAD = (Outcome.FAILED, Outcome.WARNING)
EVERY = (*SCENARIOS, *AT_SERVERS, *CASES)


@pytest.fixture
def folder(tmp_path: Path, migrated: Path) -> Path:
    furnish(tmp_path)
    spoil(tmp_path, migrated)
    return tmp_path


async def looked_at(scenario: Scenario, folder: Path) -> Observed:
    with scripted(scenario, folder) as stage:
        return await play(scenario, stage)


def bad(seen: Observed) -> dict[str, Finding]:
    return {finding.check: finding for finding in seen.findings if finding.outcome in BAD}


@pytest.mark.parametrize("scenario", EVERY, ids=[each.id for each in EVERY])
async def test_a_printed_fix_takes_its_finding_away_and_brings_no_other(scenario: Scenario, folder: Path) -> None:
    before = bad(await looked_at(scenario, folder))
    looks: list[tuple[Scenario, dict[str, Finding]]] = []  # different fixes often come to the same
    for finding in before.values():
        fixed = [carried_out(scenario, text, finding.check) for text in finding.fixes]
        for changed in (*fixed, together(scenario, finding)):
            if changed != scenario and changed not in [known for known, _ in looks]:
                looks.append((changed, bad(await looked_at(changed, folder))))
        for changed, after in looks:
            assert set(after) <= {*before, *_at_loopback(changed)}, f"{changed} brings {after}"
        mine = (*fixed, together(scenario, finding))
        gone = [changed for changed, after in looks if changed in mine and finding.check not in after]
        assert gone, f"none of {finding.fixes} takes away: {finding.found}"


def together(scenario: Scenario, finding: Finding) -> Scenario:
    """All fixes of a finding, in their order: some are steps, some are for different causes."""
    for text in finding.fixes:
        scenario = carried_out(scenario, text, finding.check)
    return scenario


def carried_out(scenario: Scenario, text: str, check: Check) -> Scenario:
    source, executor = printed(text)
    assert executor is not None, f"nobody carries out {source}: {text}"
    assert source != REMARK or check in ABOUT_SETTINGS, f"no fix of the doctor's: {text}"
    return executor(scenario)


def _at_loopback(scenario: Scenario) -> set[Check]:
    """A provider on a socket of this machine, which people elsewhere cannot open."""
    return set() if scenario.provider.certificate is Certificate.UNUSED else {Check.ENDPOINTS}


@pytest.mark.parametrize(
    "scenario", [each for each in EVERY if isinstance(each.sees, Code)], ids=lambda scenario: scenario.id
)
async def test_what_the_catalogue_says_lets_the_person_in(scenario: Scenario, folder: Path) -> None:
    assert isinstance(scenario.sees, Code)
    hint = preset(_environment(scenario).get("OIDC_PROVIDER", "")).hints.get(scenario.sees, "")
    said = CATALOGUE[scenario.sees].operator
    if "{fix}" in said:  # which depends on the cause
        said = " ".join((await looked_at(scenario, folder)).operator)
    executor = of_text(scenario.sees, f"{said} {hint}")
    assert executor is not None, scenario.sees
    after = await looked_at(executor(scenario), folder)
    assert after.person.code != scenario.sees, after.person


@pytest.mark.parametrize("case", [each for each in CASES if isinstance(each.sees, Code)], ids=lambda case: case.id)
async def test_a_case_ends_with_the_code_that_it_names(case: Scenario, folder: Path) -> None:
    """Otherwise nothing is proved above. For the corpus `tests/misconfigured` looks."""
    assert (await looked_at(case, folder)).person.code == case.sees


def _environment(scenario: Scenario) -> dict[str, str]:
    guide = shape(scenario.server).environment if scenario.server else {"OIDC_PROVIDER": "authelia"}
    return guide | dict(scenario.settings)


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
    cured = [
        there
        for there in _where(provider, code)
        if hint in " ".join((await looked_at(there, folder)).operator)
        and (await looked_at(executor(there), folder)).person.code != code
    ]
    assert cured, f"carried out without effect: {hint}"


def _where(provider: str, code: Code) -> Iterator[Scenario]:
    """At the scripted provider, as it would be with that product."""
    workspace = {"hd": "example.org"} if provider == "google" and code not in ABOUT_DOMAINS else {}
    for each in (*SCENARIOS, *AT_SERVERS):
        if each.sees == code and (not each.server or each.server.startswith(provider.partition("-")[0])):
            id_token = {**workspace, **each.provider.id_token}
            there = {**each.settings, "OIDC_PROVIDER": provider}
            yield replace(each, settings=there, provider=replace(each.provider, id_token=id_token))


def test_every_fix_of_the_doctor_has_an_executor() -> None:
    assert set(FIXES) == set(Fix)


async def test_everything_that_has_an_executor_is_printed_somewhere(folder: Path) -> None:
    seen = [await looked_at(each, folder) for each in EVERY]
    sources = {
        printed(fix).source for fix in {fix for each in seen for finding in each.findings for fix in finding.fixes}
    }
    logged = "\n".join(line for each in seen for line in each.operator)
    assert {fix for fix in Fix if f"Fix.{fix.name}" not in sources} == ELSEWHERE
    assert [
        cause for cause in CAUSES if f"Cause.{cause.name}" not in sources and SENTENCES[cause].fix not in logged
    ] == []


def test_every_refusal_that_a_scenario_ends_with_has_an_executor() -> None:
    assert {each.sees for each in EVERY if isinstance(each.sees, Code)} <= set(CODES)
