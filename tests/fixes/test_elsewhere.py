"""Fixes on the network and among the accounts, which no setting of a provider stands for."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from romm.composition import diagnosis, provider
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.diagnosis.checks.metadata import SLOW_SECONDS
from romm.domain.diagnosis.evidence import Certificate, Handshake
from romm.domain.diagnosis.findings import Check, Finding, Outcome
from romm.domain.diagnosis.fixes import Fix
from romm.domain.errors import Code, Refused
from romm.domain.model import Identity
from tests.fake_provider import FakeProvider
from tests.fakes import FakeNetwork
from tests.fixes.printed import printed
from tests.misconfigured.network import PROXY, OneProvider
from tests.misconfigured.stage import WRONG_PASSWORDS
from tests.world import ORIGIN, PASSWORD, World

OLD = "https://old.example.org"
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def certificate(subject: str, issuer: str) -> Certificate:
    return Certificate(
        subject=subject, issuer=issuer, names=(subject,), not_before=NOW, not_after=NOW + timedelta(days=9)
    )


def untrusted(*chain: Certificate) -> dict[str, Any]:
    return {"tls": Handshake(problem="unable to get local issuer certificate", chain=chain)}


async def examined(world: World) -> dict[Check, Finding]:
    client = provider.client(world.settings.oidc)
    doctor = diagnosis.doctor(world.settings, (), client, world.ports.instruments["oidc"], world.clock)
    return {finding.check: finding async for finding in doctor.findings(COMMAND_LINE)}


def sources(finding: Finding) -> list[str]:
    return [printed(text).source for text in finding.fixes]


WAYS = (
    (Fix.FIREWALL, Check.CONNECT, {"seconds": Refused(Code.PROVIDER_UNAVAILABLE, url="", problem="no answer")}),
    (Fix.SELF_SIGNED, Check.TLS, untrusted(certificate("idp.test", "idp.test"))),
    (Fix.AUTHORITY, Check.TLS, untrusted(certificate("idp.test", "Home CA"), certificate("Home CA", "Home CA"))),
    (Fix.AUTHORITY_OF_CHAIN, Check.TLS, untrusted(certificate("idp.test", "Sub"), certificate("Sub", "Home CA"))),
)
ELSEWHERE = frozenset({*(fix for fix, *_ in WAYS), Fix.SLOW, Fix.MOVE_ISSUER})
"""What is printed here, each with its test."""


class Slow(OneProvider):
    """Sends the discovery document later than the doctor likes, until it is `quick`."""

    quick = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self.quick and "/.well-known/" in request.url.path:
            await asyncio.sleep(SLOW_SECONDS + 0.1)
        return await super().handle_async_request(request)


@pytest.mark.parametrize(("fix", "check", "broken"), WAYS)
async def test_a_way_that_is_made_free_is_found_free(fix: Fix, check: Check, broken: dict[str, Any]) -> None:
    network = FakeNetwork()
    healthy = {name: getattr(network, name) for name in broken}
    for name, value in broken.items():
        setattr(network, name, value)
    world = World(environ={"ROMM_TRUSTED_PROXIES": "172.18.0.0/16"}, network=network)
    assert f"Fix.{fix.name}" in sources((await examined(world))[check])
    for name, value in healthy.items():
        setattr(network, name, value)
    assert {finding.outcome for finding in (await examined(world)).values()} == {Outcome.OK}


async def test_a_slow_provider_that_is_quick_again_is_found_quick() -> None:
    idp = FakeProvider()
    wires = Slow(idp)
    world = World(environ={"ROMM_TRUSTED_PROXIES": "172.18.0.0/16"}, idp=idp, transport=wires, network=wires)
    assert sources((await examined(world))[Check.DISCOVERY]) == [f"Fix.{Fix.SLOW.name}"]
    wires.quick = True
    world.reconfigure(world.settings_environ)
    assert (await examined(world))[Check.DISCOVERY].outcome is Outcome.OK


async def test_accounts_of_the_provider_before_are_linked_anew() -> None:
    world = World(environ={"ROMM_TRUSTED_PROXIES": "172.18.0.0/16"})
    world.link(await world.add("alice", "alice@example.org"), Identity(OLD, "alice"))
    assert f"Fix.{Fix.MOVE_ISSUER.name}" in sources((await examined(world))[Check.ACCOUNTS])
    world.reconfigure({**world.settings_environ, "OIDC_FORMER_ISSUERS": OLD})
    assert (await examined(world))[Check.ACCOUNTS].outcome is Outcome.OK


async def test_a_proxy_that_is_trusted_and_sends_the_address_tells_people_apart() -> None:
    """The two fixes are two halves: after the first one alone all people still share one limit."""
    world = World()
    assert sources((await examined(world))[Check.PROXY]) == ["Fix.TRUST_PROXY", "Fix.FORWARD_ADDRESS"]
    await world.add("vera")
    world.reconfigure({**world.settings_environ, "ROMM_TRUSTED_PROXIES": "172.18.0.0/16"})
    assert (await examined(world))[Check.PROXY].outcome is Outcome.OK
    for number in range(WRONG_PASSWORDS):
        await signs_in(world, f"a guess {number}")
    assert (await signs_in(world, PASSWORD)).json()["code"] == Code.TOO_MANY_ATTEMPTS
    assert (await signs_in(world, PASSWORD, **{"x-forwarded-for": "203.0.113.7"})).status_code == 200


async def signs_in(world: World, password: str, **headers: str) -> httpx.Response:
    proxy = httpx.ASGITransport(world.app, client=(PROXY, 4711))
    async with httpx.AsyncClient(transport=proxy, base_url=ORIGIN, headers=headers) as client:
        return await client.post("/api/login", json={"username": "vera", "password": password})
