"""The provider adapter as the tests want it: in front of the fake provider, with a log and a clock to look at."""

from dataclasses import dataclass, field
from typing import Any

from romm.adapters.provider.openid import OpenIDProvider, ProviderSettings
from romm.adapters.provider.transport import Limits, Transport
from romm.domain.sign_in import authorization, discovery
from romm.domain.sign_in.authorization import Client
from romm.ports.provider import TokenResponse
from tests.fake_provider import CLIENT_ID, CLIENT_SECRET, HANGING, REDIRECT_URI, FakeProvider, private_key

CLIENT = Client(client_id=CLIENT_ID, redirect_uri=REDIRECT_URI, scope="openid profile email")
VERIFIER = "a-verifier-of-at-least-43-characters-as-rfc-7636-wants"
IMPATIENT = Limits(connect=0.5, document=0.5, userinfo=0.5, token=0.5)


@dataclass
class RecordingLog:
    """Keeps the events."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def info(self, event: str, **facts: Any) -> None:
        self.events.append((event, facts))

    debug = warning = error = exception = info

    def named(self, event: str) -> list[dict[str, Any]]:
        return [facts for name, facts in self.events if name == event]


@dataclass
class FakeClock:
    """Seconds that pass when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def relying_party(
    fake: FakeProvider,
    *,
    client: Client = CLIENT,
    log: RecordingLog | None = None,
    clock: FakeClock | None = None,
    application_url: str = "",
    in_process: bool = True,
    transport: Transport | None = None,
    **settings: Any,
) -> OpenIDProvider:
    """An adapter that is configured for the fake provider; `settings` as in `ProviderSettings`."""
    location = discovery.location(application_url or fake.issuer, "")
    private_key("RS", 0)  # making it takes its time, which is not the provider's
    limits = IMPATIENT if HANGING in fake.instead.values() else Limits()
    defaults: dict[str, Any] = {"client_secret": CLIENT_SECRET, "limits": limits}
    return OpenIDProvider(
        ProviderSettings(location=location, **(defaults | settings)),
        client,
        log=log or RecordingLog(),
        clock=clock or FakeClock(),
        transport=transport or (fake.transport if in_process else None),
    )


def request(client: Client = CLIENT, **more: str) -> dict[str, str]:
    """The parameters of an authorization request."""
    parameters = authorization.request_parameters(client, state="state-1", nonce="nonce-1", code_verifier=VERIFIER)
    return parameters | more


async def tokens(fake: FakeProvider, provider: OpenIDProvider) -> TokenResponse:
    """Sign in as far as the token response."""
    return await provider.exchange(await provider.metadata(), await code(fake, provider), VERIFIER)


async def code(fake: FakeProvider, provider: OpenIDProvider) -> str:
    """Sign in as far as the authorization response."""
    url = authorization.authorization_url(await provider.metadata(), request(provider.client))
    pairs = (pair.partition("=") for pair in (await fake.approve(url)).split("&"))
    return {name: value for name, _, value in pairs}["code"]
