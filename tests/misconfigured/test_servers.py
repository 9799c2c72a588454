"""The same at the shapes of real servers."""

from pathlib import Path

import pytest

from romm.domain.diagnosis.findings import Check, Outcome
from tests.misconfigured.scenarios import SCENARIOS, Scenario
from tests.misconfigured.scripted import furnish, scripted
from tests.misconfigured.servers import AT_SERVERS, UNTOLD, at
from tests.misconfigured.stage import play
from tests.misconfigured.verdict import shortcomings
from tests.shapes.model import State
from tests.shapes.register import SERVERS

LEAST = 200


@pytest.mark.parametrize("scenario", AT_SERVERS, ids=lambda scenario: scenario.id)
async def test_cause_and_fix_are_named_at_each_server(scenario: Scenario, tmp_path: Path) -> None:
    furnish(tmp_path)
    with scripted(scenario, tmp_path) as stage:
        assert shortcomings(scenario, await play(scenario, stage)) == []


@pytest.mark.parametrize("server", SERVERS)
async def test_the_doctor_finds_nothing_at_a_healthy_server(server: str, tmp_path: Path) -> None:
    """But what no request without a session decides there, which it says."""
    scenario = at(SERVERS[server].shape, State.HEALTHY)
    furnish(tmp_path)
    with scripted(scenario, tmp_path) as stage:
        seen = await play(scenario, stage)
    told = {finding.check: finding.outcome for finding in seen.findings}
    assert told == dict.fromkeys(UNTOLD.get(server, ()), Outcome.UNKNOWN)
    assert {*Check} - {*seen.passed, *told} <= ({Check.REQUEST} if told else set()), "which depends on it"


VERSIONS = """
    authelia-4.38 authelia-4.39 authelia-4.39.17 authentik-2025.8.1 authentik-2025.8.2 authentik-2025.10 authentik-2026.5
    keycloak-26 pocket-id-2.9 pocket-id-2.14 voidauth-1.9 dex-2.45 dex-main django-oauth-toolkit-3.4 nextcloud
    oidc-provider-9 hydra-2.3 kanidm-1.10 spring-authorization-server-1.5 lemonldap-2.16
"""


def test_no_server_and_no_state_that_is_known_is_left_out() -> None:
    assert set(VERSIONS.split()) <= set(SERVERS)
    states = {(each.server, each.state) for each in AT_SERVERS}
    assert states == {
        (name, state) for name, known in SERVERS.items() for state in (State.HEALTHY, *known.shape.states)
    }


def test_the_corpus_has_at_least_two_hundred_rows() -> None:
    assert len(SCENARIOS) + len(AT_SERVERS) >= LEAST
