"""The provider as the doctor meets it: what a sign-in would meet, and a little more of each answer."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from romm.adapters.diagnosis.probe import ProviderProbe
from romm.adapters.provider.openid import ProviderSettings
from romm.domain.diagnosis.evidence import INVENTED_CLIENT, INVENTED_SECRET, Credentials, Endpoint, PageWords
from romm.domain.errors import Code, Refused
from romm.domain.sign_in import authorization, discovery
from tests.adapters.provider.relying_party import CLIENT, VERIFIER, request
from tests.fake_provider import BROKEN, CLIENT_SECRET, HTML, REDIRECT_URI, FakeProvider, Response, json_response
from tests.fakes import FakeClock, FakeLog

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def probing(fake: FakeProvider, **settings: Any) -> ProviderProbe:
    defaults: dict[str, Any] = {"client_secret": CLIENT_SECRET, "location": discovery.location(fake.issuer, "")}
    return ProviderProbe(
        ProviderSettings(**(defaults | settings)),
        CLIENT,
        log=FakeLog(),
        clock=FakeClock(NOW),
        transport=fake.transport,
    )


@pytest.mark.parametrize(
    ("issuer", "place"),
    [
        ("https://idp.test", Endpoint("https", "idp.test", 443)),
        ("http://idp.test:9091/application/o/romm/", Endpoint("http", "idp.test", 9091)),
        ("http://[::1]", Endpoint("http", "::1", 80)),
    ],
)
def test_the_place(issuer: str, place: Endpoint) -> None:
    assert probing(FakeProvider(issuer=issuer)).place == place


@pytest.mark.parametrize(
    ("date", "told"),
    [
        ("Fri, 02 Jan 2026 03:04:00 GMT", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        ("Fri, 02 Jan 2026 03:04:00 -0000", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        ("yesterday", None),
        ("Fri, 02 Jan 99999 03:04:00 GMT", None),
        ("", None),
    ],
)
async def test_discovery_brings_the_clocks(date: str, told: datetime | None) -> None:
    fake = FakeProvider()
    async with httpx.AsyncClient(transport=fake.transport) as browser:
        honest = await browser.get(f"{fake.issuer}{discovery.WELL_KNOWN}")
    fake.instead["discovery"] = Response(200, honest.content, headers={"date": date})
    found = await probing(fake).discover()
    assert (found.provider_time, found.our_time) == (told, NOW)
    assert found.metadata.issuer == fake.issuer
    assert found.announced.scopes == fake.scopes
    assert "groups" in (found.announced.claims or ())


async def test_discovery_is_judged_as_for_a_sign_in() -> None:
    fake = FakeProvider()
    fake.alter_metadata = lambda metadata: metadata.update(issuer="https://other.test")
    with pytest.raises(Refused) as caught:
        await probing(fake).discover()
    assert caught.value.code is Code.ISSUER_MISMATCH
    fake.instead["discovery"] = HTML
    with pytest.raises(Refused) as caught:
        await probing(fake).discover()
    assert caught.value.code is Code.PROVIDER_ANSWER_INVALID


async def test_nothing_is_remembered() -> None:
    fake = FakeProvider()
    probe = probing(fake)
    await probe.discover()
    fake.instead["discovery"] = BROKEN
    with pytest.raises(Refused) as caught:
        await probe.discover()
    assert caught.value.code is Code.PROVIDER_UNAVAILABLE


@pytest.mark.parametrize(
    ("algorithm", "kinds"), [("RS256", ("RS256",)), ("ES256", ("ES256",)), ("EdDSA", ("EdDSA",)), ("HS256", ())]
)
async def test_keys_are_named_as_people_call_them(algorithm: str, kinds: tuple[str, ...]) -> None:
    fake = FakeProvider(algorithm=algorithm)
    probe = probing(fake)
    assert (await probe.keys((await probe.discover()).metadata)).usable == kinds


async def test_keys_for_encryption_are_counted_apart() -> None:
    fake = FakeProvider()
    fake.alter_jwks = lambda jwks: jwks["keys"].append({**jwks["keys"][0], "use": "enc"})
    probe = probing(fake)
    metadata = (await probe.discover()).metadata
    found = await probe.keys(metadata)
    assert (found.usable, found.for_encryption) == (("RS256",), 1)
    fake.instead["jwks"] = json_response({"keys": "none"})
    assert await probe.keys(metadata) == type(found)(usable=(), for_encryption=0)


@pytest.mark.parametrize(
    ("secret", "offered", "method", "code"),
    [
        pytest.param(CLIENT_SECRET, ("client_secret_basic",), "client_secret_basic", Code.CODE_REJECTED, id="known"),
        pytest.param("wrong", ("client_secret_basic",), "client_secret_basic", Code.CLIENT_REJECTED, id="wrong secret"),
        pytest.param(
            CLIENT_SECRET, ("client_secret_post",), "client_secret_basic", Code.CLIENT_REJECTED, id="wrong method"
        ),
        pytest.param(
            CLIENT_SECRET, ("client_secret_post",), "client_secret_post", Code.CODE_REJECTED, id="right method"
        ),
    ],
)
async def test_an_invented_code_with_any_method(secret: str, offered: tuple[str, ...], method: str, code: Code) -> None:
    probe = probing(FakeProvider(auth_methods=offered), client_secret=secret)
    metadata = (await probe.discover()).metadata
    assert probe.methods(metadata)[0] == offered[0]
    with pytest.raises(Refused) as caught:
        await probe.exchange(metadata, "invented", VERIFIER, method, Credentials.OWN)
    assert caught.value.code is code


async def test_a_request_is_answered_and_not_followed() -> None:
    fake = FakeProvider(authorization_error="login_required")
    probe = probing(fake)
    url = authorization.authorization_url((await probe.discover()).metadata, request(CLIENT))
    asked = await probe.ask(url)
    assert asked.status == 303
    assert (asked.location or "").startswith(f"{REDIRECT_URI}?error=login_required")
    assert [received.path for received in fake.requests] == ["/.well-known/openid-configuration", "/authorize"]
    assert "text/html" in fake.requests[-1].headers["accept"]


@pytest.mark.parametrize(
    ("location", "whole"),
    [
        pytest.param("/login?next=1", "https://idp.test/login?next=1", id="relative"),
        pytest.param("https://x/", "https://x/", id="absolute"),
        pytest.param("http://[x", "http://[x", id="no address at all"),
    ],
)
async def test_a_redirect_is_made_whole(location: str, whole: str) -> None:
    fake = FakeProvider(instead={"authorize": Response(302, headers={"location": location})})
    assert (await probing(fake).ask(f"{fake.issuer}/authorize?a=b")).location == whole


async def test_an_error_of_its_own_is_read() -> None:
    page = json_response({"error": "invalid_request", "error_description": "no such redirect_uri"}, 400)
    asked = await probing(FakeProvider(instead={"authorize": page})).ask("https://idp.test/authorize")
    assert (asked.status, asked.location, asked.error, asked.description) == (
        400,
        None,
        "invalid_request",
        "no such redirect_uri",
    )


@pytest.mark.parametrize(
    ("credentials", "client_id", "secret"),
    [
        (Credentials.OWN, "romm", CLIENT_SECRET),
        (Credentials.INVENTED_SECRET, "romm", INVENTED_SECRET),
        (Credentials.INVENTED_CLIENT, INVENTED_CLIENT, INVENTED_SECRET),
    ],
)
async def test_the_secret_goes_nowhere_without_its_client(
    credentials: Credentials, client_id: str, secret: str
) -> None:
    fake = FakeProvider(auth_methods=("client_secret_post",))
    probe = probing(fake)
    metadata = (await probe.discover()).metadata
    with suppress(Refused):
        await probe.exchange(metadata, "invented", VERIFIER, "client_secret_post", credentials)
    with suppress(Refused):
        await probe.push(metadata, request(CLIENT), "client_secret_post", credentials)
    sent = [each.form for each in fake.requests if each.method == "POST"]
    assert [(each["client_id"], each["client_secret"]) for each in sent] == [(client_id, secret)] * 2


async def test_a_page_is_read_without_its_markup() -> None:
    html = (
        b"<!doctype html><head><title>Sign in &amp; play</title><style>p {}</style></head><body><nav>Menu</nav>"
        b"<main><p>We are <b>sorry</b>...<br>Client not found.<script>alert(1)</script></main></body>"
    )
    page = Response(400, html, "text/html; charset=utf-8")
    asked = await probing(FakeProvider(instead={"authorize": page})).ask("https://idp.test/authorize")
    assert asked.words == PageWords(title="Sign in & play", text="We are sorry ... Client not found.")


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/plain", b"400\n Bad   Request", "400 Bad Request"),
        ("text/html", b"<p>Oh <i>no", "Oh no"),
        ("text/html", b"</p></main>\xff", "\ufffd"),
        ("application/json", b"{}", ""),
        ("image/png", b"PNG", ""),
    ],
)
async def test_what_is_no_page_is_read_as_far_as_it_goes(content_type: str, body: bytes, text: str) -> None:
    page = Response(500, body, content_type)
    asked = await probing(FakeProvider(instead={"authorize": page})).ask("https://idp.test/authorize")
    assert (asked.status, asked.words.text) == (500, text)
