import base64
from typing import Any

import pytest
from msgspec.structs import replace

from romm.domain.errors import Code, Refused
from tests.adapters.provider.relying_party import CLIENT, RecordingLog, code, relying_party, request, tokens
from tests.fake_provider import CLIENT_ID, CLIENT_SECRET, FakeProvider, Response

UNUSUAL = "a:b%+/ é"
BASE64ISH = "abc+def/ghi=="


@pytest.mark.parametrize(
    ("offered", "settings", "expected"),
    [
        pytest.param(("client_secret_basic", "client_secret_post"), {}, "basic", id="basic comes first"),
        pytest.param(("client_secret_post", "private_key_jwt"), {}, "post", id="post when basic is not offered"),
        pytest.param(
            ("client_secret_basic", "client_secret_post"),
            {"token_endpoint_auth_method": "client_secret_post"},
            "post",
            id="post when it is configured",
        ),
        pytest.param(
            ("client_secret_basic", "client_secret_post"),
            {"token_endpoint_auth_method": "client_secret_basic"},
            "basic",
            id="basic when it is configured",
        ),
        pytest.param(("none",), {"client_secret": ""}, "none", id="no secret"),
        pytest.param(("none",), {"token_endpoint_auth_method": "none"}, "none", id="none when it is configured"),
    ],
)
async def test_the_method_is_the_configured_one_or_the_best_offered(
    offered: tuple[str, ...], settings: dict[str, Any], expected: str
):
    fake = FakeProvider(auth_methods=offered)
    await tokens(fake, relying_party(fake, **settings))
    (received,) = fake.received("/token")
    sent = {
        "basic": (True, None, None),
        "post": (False, CLIENT_ID, CLIENT_SECRET),
        "none": (False, CLIENT_ID, None),
    }
    form = received.form
    assert ("authorization" in received.headers, form.get("client_id"), form.get("client_secret")) == sent[expected]


BOTH = ("client_secret_basic", "client_secret_post")


async def test_a_client_that_is_registered_for_the_other_method_is_accepted_and_it_comes_first_from_then_on():
    fake, log = FakeProvider(auth_methods=BOTH, registered_method="client_secret_post"), RecordingLog()
    provider = relying_party(fake, log=log)
    await tokens(fake, provider)
    assert len(fake.received("/token")) == 2
    await tokens(fake, provider)
    assert len(fake.received("/token")) == 3
    changed = {"rejected": "client_secret_basic", "accepted": "client_secret_post"}
    assert log.named("provider.client_method_changed") == [changed]


async def test_a_pushed_request_tries_the_other_method_too():
    fake = FakeProvider(auth_methods=BOTH, registered_method="client_secret_post")
    provider = relying_party(fake)
    assert await provider.push(await provider.metadata(), request())
    assert [received.form["client_id"] for received in fake.received("/par")] == [CLIENT_ID, CLIENT_ID]


@pytest.mark.parametrize(
    ("offered", "configured"),
    [
        pytest.param(BOTH, "client_secret_basic", id="the method is configured"),
        pytest.param(("client_secret_basic",), "", id="the other one is not offered"),
    ],
)
async def test_the_other_method_is_not_tried_unasked(offered: tuple[str, ...], configured: str):
    fake = FakeProvider(auth_methods=offered, registered_method="client_secret_post")
    with pytest.raises(Refused, match=Code.CLIENT_REJECTED):
        await tokens(fake, relying_party(fake, token_endpoint_auth_method=configured))
    assert len(fake.received("/token")) == 1


async def test_when_both_methods_fail_the_first_one_is_told_and_each_was_tried_once():
    fake = FakeProvider(auth_methods=BOTH)
    with pytest.raises(Refused, match=Code.CLIENT_REJECTED) as caught:
        await tokens(fake, relying_party(fake, client_secret="wrong"))
    assert caught.value.facts["method"] == "client_secret_basic"
    assert len(fake.received("/token")) == 2


@pytest.mark.parametrize("offered", [("private_key_jwt",), ("none",), ("tls_client_auth",)])
async def test_a_provider_that_takes_none_of_our_methods_is_refused_before_anybody_is_sent_there(
    offered: tuple[str, ...],
):
    fake = FakeProvider(auth_methods=offered)
    with pytest.raises(Refused, match=Code.CLIENT_METHOD_UNSUPPORTED) as caught:
        await relying_party(fake).metadata()
    assert caught.value.facts["offered"] == " ".join(offered)


async def test_a_configured_method_is_used_although_it_is_not_announced():
    fake = FakeProvider(auth_methods=("private_key_jwt",), registered_method="client_secret_post")
    await tokens(fake, relying_party(fake, token_endpoint_auth_method="client_secret_post"))


@pytest.mark.parametrize("offered", [None, []])
async def test_a_provider_that_does_not_say_is_sent_basic(offered: Any):
    fake = FakeProvider(alter_metadata=lambda metadata: metadata.update(token_endpoint_auth_methods_supported=offered))
    await tokens(fake, relying_party(fake))
    assert "authorization" in fake.received("/token")[0].headers


def test_a_method_that_is_not_known_stops_the_start_and_says_why():
    with pytest.raises(ValueError, match="OIDC_TOKEN_ENDPOINT_AUTH_METHOD is tls_client_auth; use"):
        relying_party(FakeProvider(), token_endpoint_auth_method="tls_client_auth")


@pytest.mark.parametrize("secret", [UNUSUAL, BASE64ISH, "päss", "100%", "a b"])
async def test_an_unusual_secret_arrives_as_it_is_and_never_in_a_url(secret: str):
    """R-48."""
    fake = FakeProvider(client_secret=secret)
    await tokens(fake, relying_party(fake, client_secret=secret))
    (received,) = fake.received("/token")
    sent = base64.b64decode(received.headers["authorization"].removeprefix("Basic ")).decode()
    assert sent.isascii()
    assert received.query == {}


async def test_an_unusual_client_id_is_encoded_too():
    fake = FakeProvider(client_id="a:b c")
    await tokens(fake, relying_party(fake, client=replace(CLIENT, client_id="a:b c")))
    assert len(fake.received("/token")) == 1


async def test_a_provider_that_does_not_decode_gets_the_plain_secret_at_the_second_try_and_first_from_then_on():
    fake, log = FakeProvider(client_secret=BASE64ISH, decodes_basic=False), RecordingLog()
    provider = relying_party(fake, client_secret=BASE64ISH, log=log)
    await tokens(fake, provider)
    assert len(fake.received("/token")) == 2
    await tokens(fake, provider)
    assert len(fake.received("/token")) == 3
    assert log.named("provider.client_secret_respelled") == [{"is_encoded": False}]


async def test_a_provider_that_learns_to_decode_is_followed():
    fake, log = FakeProvider(client_secret=BASE64ISH, decodes_basic=False), RecordingLog()
    provider = relying_party(fake, client_secret=BASE64ISH, log=log)
    await tokens(fake, provider)
    fake.decodes_basic = True
    await tokens(fake, provider)
    await tokens(fake, provider)
    assert len(fake.received("/token")) == 2 + 2 + 1
    assert [facts["is_encoded"] for facts in log.named("provider.client_secret_respelled")] == [False, True]


async def test_a_spelling_that_was_not_accepted_either_does_not_come_first():
    fake = FakeProvider(auth_methods=("client_secret_basic",), instead={"token": Response(401)})
    provider = relying_party(fake, client_secret=BASE64ISH)
    for _ in range(2):
        with pytest.raises(Refused, match=Code.CLIENT_REJECTED):
            await tokens(fake, provider)
    first, second, third, fourth = (received.headers["authorization"] for received in fake.received("/token"))
    assert first == third
    assert first != second == fourth


async def test_a_success_that_speaks_of_an_error_is_no_reason_to_send_the_code_again():
    fake = FakeProvider(instead={"token": Response(200, b'{"error":"invalid_client"}')})
    with pytest.raises(Refused, match=Code.TOKEN_RESPONSE_INVALID):
        await tokens(fake, relying_party(fake, client_secret=BASE64ISH))
    assert len(fake.received("/token")) == 1


@pytest.mark.parametrize(
    ("secret", "tries"),
    [
        pytest.param("wrong", 1, id="there is only one spelling"),
        pytest.param("wrong+wrong", 2, id="there are two"),
        pytest.param("wröng", 1, id="there is no plain spelling of it in a header"),
    ],
)
async def test_a_wrong_secret_is_refused_and_tried_no_more_often_than_it_has_spellings(secret: str, tries: int):
    fake = FakeProvider(auth_methods=("client_secret_basic",))
    provider = relying_party(fake, client_secret=secret)
    secret_code = await code(fake, provider)
    with pytest.raises(Refused) as caught:
        await provider.exchange(await provider.metadata(), secret_code, "v")
    assert caught.value.code == Code.CLIENT_REJECTED
    assert caught.value.facts == {
        "error": "invalid_client",
        "description": "this is invalid_client",
        "client_id": CLIENT_ID,
        "method": "client_secret_basic",
    }
    assert len(fake.received("/token")) == tries
    assert secret not in str(caught.value.facts)
