import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from trustme import CA, LeafCert

from romm.adapters.provider import transport
from romm.adapters.provider.transport import Answer, BoundedClient, Limits, json_object
from romm.domain.errors import Code, Refused
from tests.adapters.conftest import in_days
from tests.fake_provider import (
    BROKEN,
    CUT,
    DEEP,
    GZIP_BOMB,
    HANGING,
    HTML,
    HUGE,
    LIST,
    NO_CONTENT,
    NOT_FOUND,
    FakeProvider,
    Response,
    redirect,
    served,
)

LIMITS = Limits()
IMPATIENT = 0.3  # seconds
JWKS = "https://idp.test/jwks"


def client(fake: FakeProvider) -> BoundedClient:
    return BoundedClient("", LIMITS, fake.transport)


async def answered(client: BoundedClient, url: str, limit: float = 10) -> Answer:
    try:
        return await client.send("GET", url, limit=limit)
    finally:
        await client.aclose()


async def refused(client: BoundedClient, url: str = JWKS, limit: float = 10) -> Refused:
    with pytest.raises(Refused) as caught:
        await asyncio.wait_for(answered(client, url, limit), timeout=15)
    return caught.value


async def test_an_answer_is_read_whole():
    fake = FakeProvider(instead={"jwks": Response(200, b"{}", "Application/JSON; charset=utf-8")})
    answer = await client(fake).send("GET", f"{JWKS}?secret=1", limit=1)
    assert (answer.url, answer.status, answer.content_type) == (JWKS, 200, "application/json")
    assert answer.json(Code.PROVIDER_ANSWER_INVALID) == {}


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        pytest.param(HTML, "200 with text/html instead of a JSON object", id="a sign-in page"),
        pytest.param(NOT_FOUND, "404 with text/plain", id="not found"),
        pytest.param(NO_CONTENT, "204 with application/json", id="no content"),
        pytest.param(CUT, "200 with application/json instead of a JSON object", id="cut JSON"),
        pytest.param(LIST, "200 with application/json instead of a JSON object", id="a list"),
        pytest.param(DEEP, "200 with application/json instead of a JSON object", id="deep JSON"),
    ],
)
async def test_junk_is_named(response: Response, problem: str):
    answer = await client(FakeProvider(instead={"jwks": response})).send("GET", JWKS, limit=1)
    with pytest.raises(Refused) as caught:
        answer.json(Code.USERINFO_INVALID)
    assert (caught.value.code, caught.value.facts) == (
        Code.USERINFO_INVALID,
        {"url": JWKS, "problem": problem},
    )


@pytest.mark.parametrize(
    ("status", "headers", "is_whole"),
    [
        pytest.param(200, {}, False, id="a body that ends with the connection"),
        pytest.param(400, {}, False, id="an error that ends with the connection"),
        pytest.param(302, {"location": "/"}, False, id="a redirect that ends with the connection"),
        pytest.param(200, {"content-length": "2"}, True, id="a length"),
        pytest.param(200, {"transfer-encoding": "chunked"}, True, id="chunks"),
        pytest.param(204, {}, True, id="no body"),
        pytest.param(304, {}, True, id="not modified"),
    ],
)
async def test_a_cut_answer_cannot_pass_for_a_whole_one(status: int, headers: dict[str, str], is_whole: bool):
    """RFC 9112, 8: only a length or chunks tell where a body ends."""
    response = httpx.Response(status, headers=headers, stream=httpx.ByteStream(b"{}"))
    asking = BoundedClient("", LIMITS, httpx.MockTransport(lambda _: response)).send(
        "GET", JWKS, limit=1, redirects=True
    )
    if is_whole:
        assert (await asking).status == status
        return
    with pytest.raises(Refused) as caught:
        await asking
    assert caught.value.code is Code.PROVIDER_ANSWER_INVALID
    assert "a cut answer would look whole" in str(caught.value.facts["problem"])


@pytest.mark.parametrize(
    ("response", "code", "problem"),
    [
        pytest.param(HUGE, Code.PROVIDER_ANSWER_INVALID, "more than 1048576 bytes", id="too much"),
        pytest.param(
            GZIP_BOMB,
            Code.PROVIDER_ANSWER_INVALID,
            "an encoding that RomM does not accept (gzip)",
            id="a gzip bomb",
        ),
        pytest.param(
            redirect("https://login.test/?code=secret", status=302),
            Code.PROVIDER_ANSWER_INVALID,
            "302 to https://login.test/, and redirects are not followed",
            id="a redirect",
        ),
        pytest.param(
            redirect("/other", status=307),
            Code.PROVIDER_ANSWER_INVALID,
            "307 to /other, and redirects are not followed",
            id="a redirect that would repeat the form",
        ),
        pytest.param(BROKEN, Code.PROVIDER_UNAVAILABLE, "it answered 500", id="broken"),
        pytest.param(HANGING, Code.PROVIDER_UNAVAILABLE, "no answer within 0.3 s", id="hanging"),
    ],
)
async def test_what_is_no_answer_is_refused(response: Response, code: Code, problem: str):
    """R-57, R-62."""
    fake = FakeProvider(instead={"jwks": response})
    refusal = await refused(client(fake), f"{JWKS}?code=secret", IMPATIENT if response is HANGING else 10)
    assert (refusal.code, refusal.facts) == (code, {"url": JWKS, "problem": problem})
    assert len(fake.requests) == 1


@pytest.mark.parametrize("url", ["http://idp.test:port/", "http://127.0.0.1:99999/", "http://[::1/", "http://\0/"])
async def test_an_address_that_is_none_is_refused(url: str):
    assert (await refused(BoundedClient("", LIMITS), url)).code == Code.PROVIDER_ANSWER_INVALID


async def test_a_redirect_to_nowhere_is_refused_like_any_other():
    refusal = await refused(client(FakeProvider(instead={"jwks": Response(302)})))
    assert refusal.facts["problem"] == "302 to nowhere, and redirects are not followed"


async def test_nobody_listening_is_named():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        refusal = await refused(BoundedClient("", LIMITS), f"http://127.0.0.1:{unused.getsockname()[1]}/jwks")
    assert refusal.code == Code.PROVIDER_UNAVAILABLE
    assert "ConnectionRefusedError" in str(refusal.facts["problem"])


async def test_a_name_that_does_not_resolve_is_named():
    refusal = await refused(BoundedClient("", LIMITS), "http://idp.invalid/jwks")
    assert refusal.code == Code.PROVIDER_UNAVAILABLE
    assert "gaierror" in str(refusal.facts["problem"])


async def test_a_provider_that_accepts_and_says_nothing_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/jwks"
        refusal = await refused(BoundedClient("", LIMITS), url, IMPATIENT)
    assert refusal.facts["problem"] == "no answer within 0.3 s"


async def test_a_slow_drip_does_not_stretch_the_limit():
    async def drip(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # in chunks
        while True:
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.sleep(0.05)

    with served(drip) as port:
        refusal = await refused(BoundedClient("", LIMITS), f"http://127.0.0.1:{port}/jwks", IMPATIENT)
    assert refusal.facts["problem"] == "no answer within 0.3 s"


async def test_cookies_are_not_kept_between_calls():
    fake = FakeProvider(instead={"jwks": Response(200, b"{}", headers={"set-cookie": "session=1"})})
    connection = client(fake)
    for _ in range(2):
        await connection.send("GET", JWKS, limit=1)
    assert [request.headers.get("cookie") for request in fake.requests] == [None, None]


async def test_the_provider_is_asked_for_plain_json_and_hears_by_whom():
    """A compressed answer could be a thousand times what was read of it, and some firewalls refuse who has no name."""
    fake = FakeProvider()
    await client(fake).send("GET", JWKS, limit=1, headers={"authorization": "Bearer x"})
    [request] = fake.requests
    wanted = {
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": "RomM",
        "authorization": "Bearer x",
    }
    assert wanted.items() <= {name.lower(): value for name, value in request.headers.items()}.items()


def test_a_connection_is_let_go_before_nodejs_closes_it():
    assert 0 < (transport.POOL.keepalive_expiry or 0) < 5


async def test_a_proxy_from_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    fake = FakeProvider()
    with served(fake) as port:
        fake.issuer = f"http://127.0.0.1:{port}"
        assert (await answered(BoundedClient("", LIMITS), f"{fake.issuer}/jwks")).status == 200


async def test_urls_with_codes_stay_out_of_the_log(caplog: pytest.LogCaptureFixture):
    connection = client(FakeProvider())
    with caplog.at_level(logging.INFO):
        await connection.send("GET", f"{JWKS}?code=secret", limit=1)
    assert "secret" not in caplog.text


def test_a_callback_is_answered_within_15_seconds_whichever_endpoint_hangs():
    limits = Limits()
    assert limits.document + limits.token < 15  # metadata with an old copy, then the end
    assert 2 * limits.document + limits.userinfo < 15  # metadata and keys with old copies, and no UserInfo


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b'"a"', b"1", b"null", b"\xef\xbb\xbf{}", b'{"a":NaN}', b'{"a":"\\ud800"}']
)
def test_only_an_object_in_clean_json_is_one(body: bytes):
    assert json_object(body) is None


@contextmanager
def served_with_tls(certificate: LeafCert) -> Iterator[str]:
    fake = FakeProvider()
    with served(fake, certificate) as port:
        fake.issuer = f"https://127.0.0.1:{port}"
        yield f"{fake.issuer}/jwks"


async def test_the_operators_authority_is_trusted(ca: CA, ca_file: str):
    """R-61."""
    with served_with_tls(ca.issue_cert("127.0.0.1")) as url:
        assert (await answered(BoundedClient(ca_file, LIMITS), url)).status == 200


@pytest.mark.parametrize(
    ("host", "days", "knows_authority", "problem"),
    [
        pytest.param("127.0.0.1", 1, False, "unable to get local issuer certificate", id="an unknown authority"),
        pytest.param("idp.test", 1, True, "IP address mismatch", id="a certificate for another host"),
        pytest.param("127.0.0.1", -1, True, "certificate has expired", id="an expired certificate"),
    ],
)
async def test_a_certificate_that_does_not_fit_is_refused(
    ca: CA, ca_file: str, host: str, days: int, knows_authority: bool, problem: str
):
    """R-61."""
    with served_with_tls(ca.issue_cert(host, not_after=in_days(days))) as url:
        refusal = await refused(BoundedClient(ca_file if knows_authority else "", LIMITS), url)
    assert refusal.code == Code.PROVIDER_TLS
    assert problem in str(refusal.facts["problem"])


async def test_tls_to_a_port_without_it_is_a_tls_problem():
    with served(FakeProvider()) as port:
        refusal = await refused(BoundedClient("", LIMITS), f"https://127.0.0.1:{port}/jwks")
    assert refusal.code == Code.PROVIDER_TLS


def test_the_operators_authority_is_added_to_the_systems(ca_file: str):
    added, system = transport.tls_context(ca_file), transport.tls_context("")
    assert len(added.get_ca_certs()) == len(system.get_ca_certs()) + 1


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_an_unusable_authority_file_stops_the_start_and_says_why(tmp_path: Path, content: str | None):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match=r"OIDC_TLS_CACERTFILE: .*ca\.pem"):
        BoundedClient(str(path), LIMITS)


def test_a_replaced_network_needs_no_trust(tmp_path: Path):
    BoundedClient(str(tmp_path / "absent.pem"), LIMITS, httpx.MockTransport(lambda request: httpx.Response(200)))


async def test_a_wanted_redirect_is_an_answer_and_not_followed():
    fake = FakeProvider(instead={"jwks": redirect("https://login.test/?error=login_required", status=302)})
    answer = await client(fake).send("GET", JWKS, limit=1, redirects=True)
    assert (answer.status, answer.location) == (302, "https://login.test/?error=login_required")
    assert len(fake.requests) == 1
