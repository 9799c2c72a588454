"""A discovery document that the provider has moved: followed once, and never to another origin."""

import asyncio
import json

import httpx
import pytest

from romm.adapters.diagnosis.probe import ProviderProbe
from romm.adapters.provider.discovery import DiscoveryDocument
from romm.adapters.provider.openid import ProviderSettings
from romm.adapters.provider.transport import Answer, BoundedClient, Limits
from romm.domain.errors import Code, Refused
from romm.domain.sign_in import discovery
from tests.adapters.provider.relying_party import CLIENT, relying_party
from tests.adapters.provider.relying_party import FakeClock as MonotonicClock
from tests.domain.examples import NOW
from tests.fake_provider import FakeProvider
from tests.fakes import FakeClock, FakeLog

MOVED = f"/index.php{discovery.WELL_KNOWN}"
HERE = "https://cloud.test/.well-known/openid-configuration"
THERE = "https://cloud.test/index.php/.well-known/openid-configuration"


def answer(status: int, body: bytes, **headers: str) -> httpx.Response:
    framed = headers | {"content-length": str(len(body))}
    return httpx.Response(status, headers=framed, stream=httpx.ByteStream(body))


class Web(httpx.AsyncBaseTransport):
    """What lies at each address, and which addresses were asked for; each answer takes a second."""

    def __init__(self, **more: str) -> None:
        self.leads = {HERE: THERE} | more
        self.asked: list[str] = []
        self.now = 0.0
        self.document = self.within(4.0)

    def within(self, limit: float) -> DiscoveryDocument:
        return DiscoveryDocument(BoundedClient("", Limits(), self), limit, lambda: self.now)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        self.asked.append(url)
        self.now += 1
        await asyncio.sleep(0)
        if target := self.leads.get(url):
            return answer(301, b"moved", location=target)
        return answer(200, json.dumps({"at": url}).encode())

    async def fetch(self) -> Answer:
        return await self.document.fetch(HERE)


async def refused(web: Web) -> Refused:
    with pytest.raises(Refused) as caught:
        await web.fetch()
    return caught.value


@pytest.mark.parametrize("location", [THERE, "/index.php/.well-known/openid-configuration", f"{THERE}#part"])
async def test_a_redirect_within_the_origin_is_followed_and_remembered(location: str) -> None:
    web = Web(**{HERE: location})
    assert (await web.fetch()).json(Code.PROVIDER_ANSWER_INVALID) == {"at": THERE}
    await web.fetch()
    assert web.asked == [HERE, THERE, THERE]


async def test_what_proved_useless_is_looked_for_anew() -> None:
    web = Web()
    await web.fetch()
    web.document.forget()
    await web.fetch()
    assert web.asked == [HERE, THERE, HERE, THERE]


async def test_a_document_that_was_not_moved_is_asked_for_where_it_is() -> None:
    web = Web(**{HERE: ""})
    await web.fetch()
    await web.fetch()
    assert web.asked == [HERE, HERE]


async def test_a_second_redirect_is_not_followed() -> None:
    web = Web(**{THERE: "https://cloud.test/third"})
    assert "301 to https://cloud.test/third, and redirects are not followed" in str(
        (await refused(web)).facts["problem"]
    )
    assert web.asked == [HERE, THERE]


@pytest.mark.parametrize(
    "location",
    [
        pytest.param("https://evil.test/.well-known/openid-configuration", id="another host"),
        pytest.param("//evil.test/", id="another host without a scheme"),
        pytest.param("http://cloud.test/", id="another scheme"),
        pytest.param("https://cloud.test:8443/", id="another port"),
        pytest.param("https://cloud.test@evil.test/", id="our host as a user"),
        pytest.param("https://cloud.test.evil.test/", id="a host that begins like it"),
        pytest.param("https://[::1", id="no address"),
    ],
)
async def test_no_redirect_to_another_origin_is_followed(location: str) -> None:
    web = Web(**{HERE: location})
    refusal = await refused(web)
    assert (refusal.code, web.asked) == (Code.PROVIDER_ANSWER_INVALID, [HERE])
    assert f"301 to {location}, and redirects are not followed" in str(refusal.facts["problem"])


async def test_both_requests_share_the_time_of_one() -> None:
    web = Web()
    web.document = web.within(1.0)
    assert (await refused(web)).code == Code.PROVIDER_UNAVAILABLE


class Nextcloud(httpx.AsyncBaseTransport):
    """A provider whose web server sends on from the well-known address to the application's own."""

    def __init__(self, fake: FakeProvider) -> None:
        self.fake, self.asked, self.is_there = fake, list[str](), True

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if request.url.path == discovery.WELL_KNOWN and self.is_there:
            return answer(301, b"moved", location=MOVED)
        if request.url.path.startswith("/index.php"):
            path = discovery.WELL_KNOWN if self.is_there else "/nothing"
            request = httpx.Request("GET", f"{self.fake.issuer}{path}")
        return await self.fake.transport.handle_async_request(request)


async def test_a_provider_that_moved_its_document_is_the_issuer_all_the_same() -> None:
    nextcloud = Nextcloud(FakeProvider())
    provider = relying_party(nextcloud.fake, transport=nextcloud)
    assert (await provider.metadata()).issuer == nextcloud.fake.issuer
    settings = ProviderSettings(location=discovery.location(nextcloud.fake.issuer, ""))
    probe = ProviderProbe(settings, CLIENT, log=FakeLog(), clock=FakeClock(NOW), transport=nextcloud)
    assert (await probe.discover()).url == f"{nextcloud.fake.issuer}/index.php{discovery.WELL_KNOWN}"


async def test_a_provider_that_moves_its_document_back_is_found_again() -> None:
    nextcloud, clock = Nextcloud(FakeProvider()), MonotonicClock()
    provider = relying_party(nextcloud.fake, transport=nextcloud, clock=clock)
    await provider.metadata()
    nextcloud.is_there = False
    for _ in range(2):
        clock.now += 25 * 3600
        await provider.metadata()
    assert nextcloud.asked == [discovery.WELL_KNOWN, MOVED, MOVED, discovery.WELL_KNOWN]
