"""Did all three see what the row says? What is short of it, in words."""

from collections.abc import Iterable, Iterator

from romm.domain.catalogue import CATALOGUE
from romm.domain.diagnosis.findings import Outcome
from romm.domain.errors import Code
from tests.misconfigured.scenarios import Scenario
from tests.misconfigured.stage import Observed


def shortcomings(scenario: Scenario, seen: Observed) -> list[str]:
    """Empty when cause and fix are named to everybody who can know."""
    return [*_person(scenario, seen), *_operator(scenario, seen), *_doctor(scenario, seen)]


def _person(scenario: Scenario, seen: Observed) -> Iterator[str]:
    code, words = "", scenario.sees
    if isinstance(scenario.sees, Code):
        code, words = scenario.sees, CATALOGUE[scenario.sees].person
    if seen.person.code != code or words not in seen.person.text:
        yield f"The person shall see {code or 'no code'} and “{words}”, but saw: {seen.person}"


def _operator(scenario: Scenario, seen: Observed) -> Iterator[str]:
    if scenario.silent and seen.operator:
        yield f"The operator reads something without a reason: {seen.operator}"
    yield from _missing("The operator", (*scenario.names, *scenario.shows), seen.operator)


def _doctor(scenario: Scenario, seen: Observed) -> Iterator[str]:
    yield from _untold(scenario, seen)
    if scenario.alone:
        yield from _beside(scenario, seen)
    if scenario.doctor is None:
        for finding in seen.findings:
            if finding.outcome is Outcome.FAILED:
                yield f"The doctor blames something else: {finding.title}: {finding.found}"
        return
    told = [finding for finding in seen.findings if finding.check is scenario.doctor]
    fixes = [fix for finding in told for fix in finding.fixes]
    yield from _missing(f"The doctor, at {scenario.doctor},", scenario.names, fixes)
    yield from _missing(f"The doctor, at {scenario.doctor},", scenario.says, [*fixes, *(each.found for each in told)])


def _untold(scenario: Scenario, seen: Observed) -> Iterator[str]:
    failed = {finding.check for finding in seen.findings if finding.outcome is Outcome.FAILED}
    for check in scenario.untold:
        if check in {*seen.passed, *failed}:
            yield f"The doctor has no evidence for {check}, but says {'failed' if check in failed else 'ok'}"


def _beside(scenario: Scenario, seen: Observed) -> Iterator[str]:
    """One cause is one failure. What is broken may leave other checks unknown; what is healthy may not."""
    for finding in seen.findings:
        is_doubt = finding.outcome is Outcome.UNKNOWN and not scenario.silent
        if finding.check is not scenario.doctor and finding.check not in scenario.untold and not is_doubt:
            yield f"The doctor remarks something else, {finding.outcome}: {finding.title}: {finding.found}"
        if finding.check is scenario.doctor and finding.outcome is Outcome.WARNING:
            yield f"No sign-in works, but the doctor only warns: {finding.title}: {finding.found}"


def _missing(who: str, names: Iterable[str], texts: Iterable[str]) -> Iterator[str]:
    told = " ".join(texts)
    for name in names:
        if name not in told:
            yield f"{who} does not name “{name}”: {told or 'silence'}"
