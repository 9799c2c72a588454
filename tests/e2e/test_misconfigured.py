"""As much of the misconfiguration corpus as the certified provider can play, with the same rows."""

from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from romm.adapters.diagnosis.network import LocalNetwork
from romm.adapters.provider.transport import network
from tests.e2e.conftest import SECRET
from tests.fake_provider import FakeProvider
from tests.misconfigured.scenarios import AT_PROVIDER, SCENARIOS, Scenario
from tests.misconfigured.scripted import TRUSTED, filled, furnish
from tests.misconfigured.stage import Stage, play
from tests.misconfigured.verdict import shortcomings
from tests.world import environment

pytestmark = pytest.mark.e2e

ROWS = [scenario for scenario in SCENARIOS if scenario.shape]
ITS_ERROR = "The provider refused"


@pytest.fixture
def stage(scenario: Scenario, provider: str, romm_port: int, tmp_path: Path) -> Stage:
    """RomM in this process, the provider beside it, and real connections between the two."""
    furnish(tmp_path)
    romm, authority = f"http://127.0.0.1:{romm_port}", provider.partition("://")[2]
    places = {"provider": provider, "authority": authority, "romm": romm, "folder": str(tmp_path)}
    own = {"ROMM_BASE_URL": romm, "OIDC_CLIENT_SECRET": SECRET, **TRUSTED}
    return Stage(
        environ=environment(f"{provider}/{scenario.shape}", **own) | filled(scenario.settings, places),
        idp=FakeProvider(),  # which nobody asks
        transport=network(""),
        network=LocalNetwork(),
        outside={f"all://{authority}": httpx.AsyncHTTPTransport()},
        opened_at=romm,
    )


@pytest.mark.parametrize("scenario", ROWS, ids=lambda scenario: scenario.id)
async def test_cause_and_fix_are_named_at_the_certified_provider_too(scenario: Scenario, stage: Stage) -> None:
    there = replace(scenario, sees=ITS_ERROR) if scenario.sees == AT_PROVIDER else scenario
    assert shortcomings(there, await play(scenario, stage)) == []
