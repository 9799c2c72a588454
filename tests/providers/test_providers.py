"""The shapes are held against the real servers: the same questions, then the same rows of the corpus.

`nox -s providers` starts the servers. A server that the machine does not have is skipped, with its reason.
"""

from collections.abc import AsyncIterator

import httpx
import pytest
from msgspec.structs import replace

from romm.adapters.diagnosis.network import LocalNetwork
from romm.adapters.provider.transport import network
from romm.domain.diagnosis.findings import Check
from tests.fake_provider import CLIENT_SECRET, FakeProvider
from tests.misconfigured.person import Person
from tests.misconfigured.scenarios import ROMM, Scenario
from tests.misconfigured.scripted import TRUSTED
from tests.misconfigured.servers import at
from tests.misconfigured.stage import Stage, play
from tests.misconfigured.verdict import shortcomings
from tests.providers import keycloak
from tests.providers.answers import Answered, Asking, Endpoints, answers, differences
from tests.providers.person import PersonAtServer, Refusing
from tests.providers.running import RunningClock, client_id
from tests.providers.servers import DISCOVERY, REAL, Real
from tests.shapes.model import State
from tests.shapes.provider import ShapedProvider
from tests.shapes.register import shape
from tests.world import environment

pytestmark = pytest.mark.providers

ON_THIS_MACHINE = (Check.ENDPOINTS,)
"""The doctor rightly remarks an address that other machines cannot open."""

ROWS = [pytest.param(real, state, id=f"{real.shape}-{state}") for real in REAL for state in real.states]


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=60) as client:
        yield client


def _shaped(real: Real, state: State) -> ShapedProvider:
    server = shape(real.shape)
    if state is State.HEALTHY:
        return server.healthy(client_id=client_id(state))
    return server.broken(state) if state is State.CLIENT_ID else server.broken(state, client_id=client_id(state))


async def _answers(client: httpx.AsyncClient, issuer: str, state: State) -> dict[str, Answered]:
    document = (await client.get(f"{issuer}{DISCOVERY}")).json()
    endpoints = Endpoints(*(document.get(name, "") for name in Endpoints.__struct_fields__))
    return await answers(client, endpoints, Asking(client_id=client_id(state), secret=CLIENT_SECRET))


async def _shapes_answers(idp: ShapedProvider, state: State) -> dict[str, Answered]:
    async with httpx.AsyncClient(transport=idp.transport, base_url=idp.origin) as client:
        return await _answers(client, idp.issuer, state)


@pytest.mark.parametrize(("real", "state"), ROWS)
async def test_a_shape_answers_as_the_server_does(
    real: Real, state: State, address: str, browser: httpx.AsyncClient
) -> None:
    there = await _answers(browser, f"{address}{real.issuer_path}", state)
    assert list(differences(there, await _shapes_answers(_shaped(real, state), state))) == []


def _row(real: Real, state: State) -> Scenario:
    """At the server itself; the client of that state has an id of its own."""
    row = at(shape(real.shape).shape, state)
    return replace(row, settings={**row.settings, "OIDC_CLIENT_ID": client_id(state)})


def _stage(real: Real, scenario: Scenario, state: State, address: str) -> Stage:
    issuer = f"{address}{real.issuer_path}"
    own = {**shape(real.shape).environment, "OIDC_SERVER_APPLICATION_URL": issuer, **TRUSTED, **scenario.settings}
    person: type[Person] = Refusing if state is State.CONSENT else PersonAtServer
    return Stage(
        environ=environment(issuer) | own,
        idp=FakeProvider(),  # which nobody asks
        transport=network(""),
        network=LocalNetwork(),
        outside={f"all://{address.partition('://')[2]}": httpx.AsyncHTTPTransport()},
        opened_at=ROMM,
        person=person,
        clock=RunningClock(),
    )


@pytest.mark.parametrize(("real", "state"), ROWS)
async def test_cause_and_fix_are_named_at_the_server_itself(real: Real, state: State, address: str) -> None:
    scenario = _row(real, state)
    stage = _stage(real, scenario, state, address)
    seen = await play(scenario, stage)
    told = tuple(finding for finding in seen.findings if finding.check not in ON_THIS_MACHINE)
    assert shortcomings(scenario, replace(seen, findings=told)) == []


@pytest.mark.parametrize("real", [each for each in REAL if each.shape == "keycloak-26"], ids=["keycloak-26-realm"])
async def test_a_realm_that_is_disabled_answers_as_its_shape(
    real: Real, address: str, browser: httpx.AsyncClient
) -> None:
    """The last one, because it ends all others."""
    keycloak.disable_realm(address)
    there = await _answers(browser, f"{address}{real.issuer_path}", State.HEALTHY)
    disabled = shape(real.shape).broken(State.REALM, client_id=client_id(State.HEALTHY))
    assert list(differences(there, await _shapes_answers(disabled, State.HEALTHY))) == []
