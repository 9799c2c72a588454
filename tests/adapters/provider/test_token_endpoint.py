from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from romm.domain.errors import Code, Refused
from romm.domain.sign_in import authorization
from romm.ports.provider import TokenResponse
from tests.adapters.provider.relying_party import CLIENT, VERIFIER, FakeClock, code, relying_party, request, tokens
from tests.fake_provider import (
    BROKEN,
    CUT,
    HANGING,
    HTML,
    HUGE,
    LIST,
    NOT_FOUND,
    REDIRECT_URI,
    FakeProvider,
    Response,
    error,
    json_response,
    redirect,
)


async def refused(fake: FakeProvider) -> Refused:
    """What comes of an authorization response when the token endpoint then answers what `instead` says."""
    with pytest.raises(Refused) as caught:
        await tokens(fake, relying_party(fake))
    return caught.value


async def test_a_code_is_exchanged_once_with_its_verifier_and_the_configured_redirect_uri():
    """R-10, R-21."""
    fake = FakeProvider()
    found = await tokens(fake, relying_party(fake))
    (received,) = fake.received("/token")
    assert isinstance(found, TokenResponse)
    assert received.headers["accept-encoding"] == "identity"
    assert received.headers["content-type"] == "application/x-www-form-urlencoded"
    assert received.query == {}
    assert received.form.keys() == {"grant_type", "code", "redirect_uri", "code_verifier"}
    assert (received.form["redirect_uri"], received.form["code_verifier"]) == (REDIRECT_URI, VERIFIER)


async def test_the_redirect_uri_is_sent_as_it_is_configured():
    """R-21."""
    strange = "http://romm.home:8080/api/oauth/openid?a=b%20c"
    fake = FakeProvider(redirect_uri=strange)
    provider = relying_party(fake, client=replace(CLIENT, redirect_uri=strange))
    await provider.metadata()
    with pytest.raises(Refused):
        await provider.exchange(await provider.metadata(), "code", VERIFIER)
    assert fake.received("/token")[0].form["redirect_uri"] == strange


@pytest.mark.parametrize("token_type", ["Bearer", "bearer", "BEARER"])
async def test_the_token_type_is_bearer_in_any_case(token_type: str):
    fake = FakeProvider(alter_tokens=lambda tokens: tokens.update(token_type=token_type))
    assert (await tokens(fake, relying_party(fake))).access_token


@pytest.mark.parametrize(
    ("alter", "code"),
    [
        pytest.param(lambda tokens: tokens.pop("id_token"), Code.ID_TOKEN_MISSING, id="no ID token"),
        pytest.param(lambda tokens: tokens.update(id_token=None), Code.ID_TOKEN_MISSING, id="an ID token of null"),
        pytest.param(lambda tokens: tokens.update(id_token=""), Code.ID_TOKEN_MISSING, id="an empty ID token"),
        pytest.param(lambda tokens: tokens.update(id_token={}), Code.TOKEN_RESPONSE_INVALID, id="an ID token of JSON"),
        pytest.param(lambda tokens: tokens.pop("access_token"), Code.TOKEN_RESPONSE_INVALID, id="no access token"),
        pytest.param(lambda tokens: tokens.update(access_token=""), Code.TOKEN_RESPONSE_INVALID, id="an empty one"),
        pytest.param(
            lambda tokens: tokens.update(access_token="a\r\nX: b"),
            Code.TOKEN_RESPONSE_INVALID,
            id="a smuggler",
        ),
        pytest.param(lambda tokens: tokens.update(access_token="a\n"), Code.TOKEN_RESPONSE_INVALID, id="a line's end"),
        pytest.param(lambda tokens: tokens.pop("token_type"), Code.TOKEN_RESPONSE_INVALID, id="no token type"),
        pytest.param(lambda tokens: tokens.update(token_type="mac"), Code.TOKEN_RESPONSE_INVALID, id="another type"),
        pytest.param(
            lambda tokens: tokens.update(token_type="bearer\n"),
            Code.TOKEN_RESPONSE_INVALID,
            id="nearly bearer",
        ),
    ],
)
async def test_tokens_that_are_not_what_they_must_be_are_refused(alter: Callable[[dict[str, Any]], Any], code: Code):
    """R-49."""
    refusal = await refused(FakeProvider(alter_tokens=alter))
    assert refusal.code == code
    assert "smuggler" not in str(refusal.facts)


@pytest.mark.parametrize(
    ("response", "code", "fact"),
    [
        pytest.param(HTML, Code.TOKEN_RESPONSE_INVALID, "200 with text/html instead of a JSON object", id="a page"),
        pytest.param(LIST, Code.TOKEN_RESPONSE_INVALID, "instead of a JSON object", id="a list"),
        pytest.param(CUT, Code.TOKEN_RESPONSE_INVALID, "instead of a JSON object", id="cut JSON"),
        pytest.param(json_response({}), Code.TOKEN_RESPONSE_INVALID, "`access_token`", id="an empty object"),
        pytest.param(json_response({}, 201), Code.TOKEN_RESPONSE_INVALID, "201", id="another success"),
        pytest.param(NOT_FOUND, Code.TOKEN_RESPONSE_INVALID, "404 with text/plain", id="not found"),
        pytest.param(HUGE, Code.PROVIDER_ANSWER_INVALID, "more than", id="too much"),
        pytest.param(redirect("https://evil.test/"), Code.PROVIDER_ANSWER_INVALID, "evil.test", id="a redirect"),
        pytest.param(
            redirect("/token", status=307), Code.PROVIDER_ANSWER_INVALID, "307", id="a redirect with the form"
        ),
        pytest.param(BROKEN, Code.PROVIDER_UNAVAILABLE, "500", id="broken"),
        pytest.param(error("temporarily_unavailable", 503), Code.PROVIDER_UNAVAILABLE, "503", id="overloaded"),
        pytest.param(HANGING, Code.PROVIDER_UNAVAILABLE, "no answer within", id="hanging"),
        pytest.param(error("invalid_grant"), Code.CODE_REJECTED, REDIRECT_URI, id="the code is not accepted"),
        pytest.param(error("invalid_client"), Code.CLIENT_REJECTED, "romm", id="the client is not, with 400"),
        pytest.param(
            error("invalid_client", 403),
            Code.CLIENT_REJECTED,
            "client_secret_basic",
            id="the client, with 403",
        ),
        pytest.param(Response(401), Code.CLIENT_REJECTED, "401 with", id="the client, without a word"),
        pytest.param(
            error("unsupported_grant_type"),
            Code.TOKEN_RESPONSE_INVALID,
            "unsupported_grant_type",
            id="another",
        ),
        pytest.param(
            json_response({"error": 5}, 400),
            Code.TOKEN_RESPONSE_INVALID,
            "400",
            id="an error that is no text",
        ),
    ],
)
async def test_what_the_token_endpoint_says_instead_is_named(response: Response, code: Code, fact: str):
    """R-49, R-62."""
    fake = FakeProvider(auth_methods=("client_secret_basic",), instead={"token": response})
    refusal = await refused(fake)
    assert refusal.code == code
    assert fact in str(refusal.facts)
    assert len(fake.received("/token")) == 1


@pytest.mark.parametrize(
    ("said", "code"), [("invalid_grant", Code.CODE_REJECTED), ("invalid_client", Code.CLIENT_REJECTED)]
)
async def test_the_operator_reads_the_words_of_the_provider(said: str, code: Code):
    response = json_response({"error": said, "error_description": "not today"}, 400)
    refusal = await refused(FakeProvider(instead={"token": response}))
    assert (refusal.code, refusal.facts["error"], refusal.facts["description"]) == (code, said, "not today")


async def test_a_code_is_not_sent_again_after_a_failure():
    fake = FakeProvider(instead={"token": BROKEN})
    await refused(fake)
    assert len(fake.received("/token")) == 1


async def test_a_failing_token_endpoint_makes_the_metadata_doubtful():
    fake, clock = FakeProvider(instead={"token": NOT_FOUND}), FakeClock()
    provider = relying_party(fake, clock=clock)
    with pytest.raises(Refused):
        await tokens(fake, provider)
    fake.alter_metadata = lambda metadata: metadata.update(token_endpoint="https://idp.test/moved")
    clock.now += 1
    assert (await provider.metadata()).token_endpoint == "https://idp.test/moved"


async def test_a_wrong_code_says_nothing_about_the_metadata():
    fake = FakeProvider()
    provider = relying_party(fake)
    for _ in range(2):
        with pytest.raises(Refused, match=Code.CODE_REJECTED):
            await provider.exchange(await provider.metadata(), "guessed", VERIFIER)
    assert len(fake.received("/.well-known/openid-configuration")) == 1


# pushed requests


@pytest.mark.parametrize(
    ("methods", "settings"),
    [
        (("client_secret_basic",), {}),
        (("client_secret_post",), {}),
        (("none",), {"client_secret": ""}),
    ],
)
async def test_a_pushed_request_is_used_where_it_is_demanded(methods: tuple[str, ...], settings: dict[str, Any]):
    """R-82, `par-required`."""
    fake = FakeProvider(requires_par=True, auth_methods=methods)
    provider = relying_party(fake, **settings)
    metadata = await provider.metadata()
    request_uri = await provider.push(metadata, request())
    url = authorization.authorization_url(metadata, {"client_id": CLIENT.client_id, "request_uri": request_uri})
    assert metadata.require_pushed_authorization_requests
    assert "code=" in await fake.approve(url)
    assert fake.received("/par")[0].form["client_id"] == CLIENT.client_id


@pytest.mark.parametrize(
    ("response", "code", "fact"),
    [
        pytest.param(error("invalid_scope"), Code.INVALID_SCOPE, "openid profile email", id="a scope too many"),
        pytest.param(error("invalid_request"), Code.REQUEST_REFUSED, REDIRECT_URI, id="a wrong request"),
        pytest.param(error("invalid_client", 401), Code.CLIENT_REJECTED, "client_secret_basic", id="a wrong secret"),
        pytest.param(json_response({}, 201), Code.PROVIDER_ANSWER_INVALID, "without a request_uri", id="nothing"),
        pytest.param(
            json_response({"error": "invalid_scope"}, 201),
            Code.PROVIDER_ANSWER_INVALID,
            "request_uri",
            id="an error as success",
        ),
        pytest.param(
            json_response({"request_uri": ""}, 201), Code.PROVIDER_ANSWER_INVALID, "without a request_uri", id="empty"
        ),
        pytest.param(json_response({"request_uri": 5}, 201), Code.PROVIDER_ANSWER_INVALID, "request_uri", id="no text"),
        pytest.param(
            json_response({"request_uri": "urn:x"}), Code.PROVIDER_ANSWER_INVALID, "200", id="another success"
        ),
        pytest.param(HTML, Code.PROVIDER_ANSWER_INVALID, "text/html", id="a page"),
        pytest.param(HANGING, Code.PROVIDER_UNAVAILABLE, "no answer within", id="hanging"),
    ],
)
async def test_what_is_said_to_a_pushed_request_instead_is_named(response: Response, code: Code, fact: str):
    provider = relying_party(FakeProvider(instead={"par": response}))
    with pytest.raises(Refused) as caught:
        await provider.push(await provider.metadata(), request())
    assert caught.value.code == code
    assert fact in str(caught.value.facts)


async def test_pushed_requests_without_an_endpoint_for_them_are_refused():
    fake = FakeProvider(alter_metadata=lambda metadata: metadata.pop("pushed_authorization_request_endpoint"))
    provider = relying_party(fake)
    with pytest.raises(Refused, match=Code.PROVIDER_ANSWER_INVALID):
        await provider.push(await provider.metadata(), request())


async def test_codes_and_verifiers_stay_out_of_refusals():
    fake = FakeProvider(instead={"token": error("invalid_grant")})
    provider = relying_party(fake)
    secret_code = await code(fake, provider)
    with pytest.raises(Refused) as caught:
        await provider.exchange(await provider.metadata(), secret_code, VERIFIER)
    assert secret_code not in str(caught.value.facts)
    assert VERIFIER not in str(caught.value.facts)
