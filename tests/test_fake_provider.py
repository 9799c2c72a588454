"""The fake provider keeps the protocol, so that a test which passes against it says something."""

from urllib.parse import parse_qsl

import httpx
import pytest

from romm.domain.digests import code_challenge
from tests.fake_provider import CLIENT_ID, CLIENT_SECRET, HTML, REDIRECT_URI, FakeProvider, served

DISCOVERY = "/.well-known/openid-configuration"
VERIFIER = "a-verifier-of-at-least-43-characters-as-rfc-7636-wants"
REQUEST = {
    "response_type": "code",
    "client_id": CLIENT_ID,
    "redirect_uri": REDIRECT_URI,
    "scope": "openid email",
    "state": "s",
    "nonce": "n",
    "code_challenge": code_challenge(VERIFIER),
    "code_challenge_method": "S256",
}


def relying_party(fake: FakeProvider) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=fake.transport, base_url=fake.issuer, auth=(CLIENT_ID, CLIENT_SECRET))


async def authorized(fake: FakeProvider, **changes: str) -> dict[str, str]:
    parameters = {name: value for name, value in (REQUEST | changes).items() if value}
    return dict(parse_qsl(await fake.approve(str(httpx.URL(f"{fake.issuer}/authorize", params=parameters)))))


async def redeemed(fake: FakeProvider, **changes: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    form = form if "code" in changes else form | {"code": (await authorized(fake))["code"]}
    async with relying_party(fake) as client:
        return await client.post("/token", data=form | changes)


async def test_an_authorization_response_has_a_code_and_the_state_and_the_issuer():
    response = await authorized(FakeProvider())
    assert (response["state"], response["iss"]) == ("s", "https://idp.test")
    assert response["code"]


async def test_the_issuer_parameter_can_be_left_out():
    assert "iss" not in await authorized(FakeProvider(sends_iss=False))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"response_type": "token"}, "unsupported_response_type", id="another response type"),
        pytest.param({"scope": "email"}, "invalid_scope", id="no openid"),
        pytest.param({"scope": "openid secrets"}, "invalid_scope", id="a scope that is not offered"),
        pytest.param({"code_challenge": ""}, "invalid_request", id="no PKCE"),
        pytest.param({"code_challenge_method": "plain"}, "invalid_request", id="plain PKCE"),
        pytest.param({"code_challenge_method": ""}, "invalid_request", id="PKCE that means plain"),
    ],
)
async def test_a_wrong_authorization_request_is_an_error_for_the_client(changes: dict[str, str], error: str):
    response = await authorized(FakeProvider(), **changes)
    assert response["error"] == error
    assert "code" not in response


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": f"{REDIRECT_URI}/"},
        {"redirect_uri": ""},
        {"client_id": "other"},
        {"request_uri": "x"},
    ],
)
async def test_an_unknown_client_or_redirect_uri_is_not_redirected_to(changes: dict[str, str]):
    with pytest.raises(AssertionError, match="400"):
        await authorized(FakeProvider(), **changes)


async def test_an_access_token_opens_userinfo_once_it_is_issued():
    fake = FakeProvider()
    access_token = (await redeemed(fake)).json()["access_token"]
    async with httpx.AsyncClient(transport=fake.transport, base_url=fake.issuer) as client:
        bearers = [{"Authorization": f"Bearer {token}"} for token in (access_token, "other")]
        answers = [await client.get("/userinfo", headers=bearer) for bearer in bearers]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert answers[0].json()["email"] == "alice@example.org"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"code_verifier": "another-verifier"}, id="another verifier"),
        pytest.param({"code_verifier": ""}, id="no verifier"),
        pytest.param({"redirect_uri": f"{REDIRECT_URI}/"}, id="another redirect_uri"),
        pytest.param({"code": "invented"}, id="an invented code"),
    ],
)
async def test_a_code_is_redeemed_only_with_what_it_was_made_for(changes: dict[str, str]):
    response = await redeemed(FakeProvider(), **changes)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")


async def test_a_code_works_once():
    fake = FakeProvider()
    code = (await authorized(fake))["code"]
    assert [(await redeemed(fake, code=code)).status_code for _ in range(2)] == [200, 400]


async def test_a_failed_redemption_uses_the_code_up():
    fake = FakeProvider()
    code = (await authorized(fake))["code"]
    assert [(await redeemed(fake, code=code, code_verifier=v)).status_code for v in ("wrong", VERIFIER)] == [
        400,
        400,
    ]


@pytest.mark.parametrize(
    ("methods", "auth", "form", "status"),
    [
        pytest.param(("client_secret_basic",), (CLIENT_ID, CLIENT_SECRET), {}, 200, id="basic"),
        pytest.param(("client_secret_basic",), (CLIENT_ID, "wrong"), {}, 401, id="basic with another secret"),
        pytest.param(("client_secret_post",), (CLIENT_ID, CLIENT_SECRET), {}, 401, id="basic where post is demanded"),
        pytest.param(
            ("client_secret_post",),
            None,
            {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
            200,
            id="post",
        ),
        pytest.param(("client_secret_basic",), None, {"client_id": CLIENT_ID}, 401, id="no secret"),
        pytest.param(("none",), None, {"client_id": CLIENT_ID}, 200, id="a public client"),
        pytest.param(("none",), None, {}, 401, id="nobody"),
    ],
)
async def test_the_client_must_authenticate_as_it_is_registered(methods, auth, form, status):
    fake = FakeProvider(auth_methods=methods)
    code = (await authorized(fake))["code"]
    form |= {
        "grant_type": "authorization_code",
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
        "code": code,
    }
    async with httpx.AsyncClient(transport=fake.transport, auth=auth) as client:
        response = await client.post(f"{fake.issuer}/token", data=form)
    assert response.status_code == status


async def test_a_rejected_client_does_not_use_the_code_up():
    fake = FakeProvider()
    code = (await authorized(fake))["code"]
    async with httpx.AsyncClient(transport=fake.transport) as stranger:
        form = {"grant_type": "authorization_code", "code": code}
        assert (await stranger.post(f"{fake.issuer}/token", data=form)).json()["error"] == "invalid_client"
    assert (await redeemed(fake, code=code)).status_code == 200


async def test_a_pushed_request_works_once_and_can_be_demanded():
    fake = FakeProvider(requires_par=True)
    assert (await authorized(fake))["error"] == "invalid_request"
    async with relying_party(fake) as client:
        pushed = await client.post("/par", data=REQUEST)
    url = str(httpx.URL(f"{fake.issuer}/authorize", params={"client_id": CLIENT_ID, **pushed.json()}))
    assert pushed.status_code == 201
    assert "code=" in await fake.approve(url)
    with pytest.raises(AssertionError, match="400"):
        await fake.approve(url)


async def test_endpoints_lie_below_an_issuer_with_a_path_and_a_trailing_slash():
    fake = FakeProvider(issuer="https://idp.test/application/o/romm/")
    async with httpx.AsyncClient(transport=fake.transport) as client:
        metadata = (await client.get(f"{fake.issuer}.well-known/openid-configuration")).json()
        assert (await client.get(metadata["jwks_uri"])).status_code == 200
    assert (metadata["issuer"], metadata["jwks_uri"]) == (fake.issuer, f"{fake.issuer}jwks")


async def test_signing_out_returns_to_the_client_with_its_state():
    fake = FakeProvider()
    parameters = {"post_logout_redirect_uri": "https://romm.test/login", "state": "x"}
    async with relying_party(fake) as client:
        answer = await client.get("/end_session", params=parameters)
    assert answer.headers["location"] == "https://romm.test/login?state=x"


async def test_it_remembers_what_it_was_asked():
    fake = FakeProvider()
    await redeemed(fake)
    assert [request.path for request in fake.requests] == ["/authorize", "/token"]
    assert fake.received("/token")[0].form["code_verifier"] == VERIFIER


def test_it_can_be_served_on_a_socket_with_any_answer_replaced():
    fake = FakeProvider(instead={"discovery": HTML})
    with served(fake) as port:
        fake.issuer = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=fake.issuer, trust_env=False) as client:
            assert client.get(DISCOVERY).text.startswith("<!doctype html>")
            assert client.get("/jwks").json()["keys"][0]["kid"] == "key-0"


async def test_a_parameter_that_comes_twice_fails_the_test_that_sent_it():
    fake = FakeProvider()
    async with httpx.AsyncClient(transport=fake.transport) as client:
        with pytest.raises(AssertionError, match="comes twice"):
            await client.get(f"{fake.issuer}/authorize?client_id=romm&client_id=romm")
