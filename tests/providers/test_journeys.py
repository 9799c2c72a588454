"""A person's way at each healthy server: in, out, out there; and the doctor before the first one and after."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import httpx
import pytest

from romm.adapters.diagnosis.network import LocalNetwork
from romm.adapters.provider.transport import network
from romm.domain.diagnosis.findings import Check, Finding, Outcome
from romm.settings.load import load
from tests.misconfigured.network import through_the_proxy
from tests.misconfigured.scenarios import ROMM, SIGNED_IN
from tests.misconfigured.scripted import TRUSTED
from tests.misconfigured.servers import RP_LOGOUT
from tests.misconfigured.stage import HERE, examined
from tests.providers.answers import LOG_IN_FORM
from tests.providers.person import PersonAtServer
from tests.providers.relay import Relay
from tests.providers.running import RunningClock, client_id
from tests.providers.servers import DISCOVERY, REAL, Real
from tests.providers.test_providers import ON_THIS_MACHINE
from tests.shapes.model import State
from tests.shapes.register import shape
from tests.world import World, environment

pytestmark = pytest.mark.providers

SHOWN_BY_A_SIGN_IN = (Check.CLAIMS, Check.CLOCK, Check.REQUEST)
"""Where the provider does not announce what it sends, sends no `Date`, or leaves `iss` out of errors."""

EACH = pytest.mark.parametrize("real", REAL, ids=[real.shape for real in REAL])
WITH_BACKCHANNEL = [real for real in REAL if real.sends_logout_tokens]


@dataclass(frozen=True)
class At:
    """RomM, set up at that server by the guide, and a person in front of both."""

    issuer: str
    settings: Mapping[str, str]
    world: World
    person: PersonAtServer

    async def remarks(self, *, untold: tuple[Check, ...] = ()) -> list[Finding]:
        """All that is not ok. `untold` are the checks that may be unknown still."""
        found = [finding async for finding in examined(self.world, load(self.settings))]
        fine = {(check, Outcome.UNKNOWN) for check in untold} | {(check, Outcome.WARNING) for check in ON_THIS_MACHINE}
        return [each for each in found if each.outcome is not Outcome.OK and (each.check, each.outcome) not in fine]

    async def is_signed_in(self) -> bool:
        return (await self.person.client.get(f"{ROMM}/api/users/me")).status_code == 200

    async def is_asked_again(self) -> bool:
        """Does the server show its log-in form, or does it know this browser still?"""
        page = await self.person.client.get(f"{ROMM}/api/login/openid?next=/")
        return not str(page.url).startswith(ROMM) and bool(LOG_IN_FORM.search(page.text))


@pytest.fixture
async def at(real: Real, address: str) -> AsyncIterator[At]:
    issuer = f"{address}{real.issuer_path}"
    more = {"OIDC_SERVER_APPLICATION_URL": issuer, "OIDC_CLIENT_ID": client_id(State.HEALTHY), **TRUSTED, **RP_LOGOUT}
    settings = environment(issuer) | shape(real.shape).environment | more
    transport = network("")
    world = World(environ=settings, clock=RunningClock(), transport=transport, network=LocalNetwork())
    outside: dict[str, httpx.AsyncBaseTransport] = {f"all://{address.partition('://')[2]}": httpx.AsyncHTTPTransport()}
    person = PersonAtServer(through_the_proxy(world.app, HERE), ROMM, outside)
    async with person.client:
        yield At(issuer, settings, world, person)
    await transport.aclose()


@EACH
async def test_the_doctor_has_nothing_to_say_before_the_first_sign_in_and_after(at: At) -> None:
    assert await at.remarks(untold=SHOWN_BY_A_SIGN_IN) == []
    assert SIGNED_IN in (await at.person.sign_in()).text
    assert await at.remarks() == []


@EACH
async def test_signing_out_here_signs_out_there_and_comes_back(at: At) -> None:
    await at.person.sign_in()
    saw = await at.person.sign_out()
    assert saw.url.startswith(f"{ROMM}/login"), saw
    assert not await at.is_signed_in()
    assert await at.is_asked_again()


@pytest.mark.parametrize("real", WITH_BACKCHANNEL, ids=[real.shape for real in WITH_BACKCHANNEL])
async def test_signing_out_there_signs_out_here(at: At, relay: Relay) -> None:
    await at.person.sign_in()
    assert await at.is_signed_in()
    document = (await at.person.client.get(f"{at.issuer}{DISCOVERY}", headers={"accept": "application/json"})).json()
    await at.person.sign_out_there(document["end_session_endpoint"], client_id(State.HEALTHY))
    answer = await relay.hand_on(httpx.AsyncClient(transport=through_the_proxy(at.world.app, HERE), base_url=ROMM))
    assert answer.status_code == 200, (answer.text, at.world.log.lines[-2:])
    assert not await at.is_signed_in()
    assert await at.remarks() == []
