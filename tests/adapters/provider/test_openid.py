import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from romm.adapters.provider.openid import OF_A_JWT, OpenIDProvider
from romm.domain.errors import UNVERIFIABLE, Code, Refused
from romm.ports.provider import Provider
from tests.adapters.provider.relying_party import CLIENT, FakeClock, RecordingLog, relying_party, tokens
from tests.fake_provider import (
    ALICE,
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
    public_jwk,
    redirect,
    served,
)

DISCOVERY = "/.well-known/openid-configuration"


async def refused_metadata(fake: FakeProvider, **more: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        await relying_party(fake, **more).metadata()
    return caught.value


async def userinfo(fake: FakeProvider) -> Any:
    provider = relying_party(fake)
    found = await tokens(fake, provider)
    return await provider.userinfo(await provider.metadata(), found.access_token)


async def refused_userinfo(fake: FakeProvider) -> Refused:
    with pytest.raises(Refused) as caught:
        await userinfo(fake)
    return caught.value


async def whole_sign_in(fake: FakeProvider, provider: OpenIDProvider) -> Any:
    metadata, found = await provider.metadata(), await tokens(fake, provider)
    await provider.verify(metadata, found.unverified_id_token)
    return await provider.userinfo(metadata, found.access_token)


def test_it_is_the_port():
    provider: Provider = relying_party(FakeProvider())
    assert provider.client == CLIENT


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "PS256", "EdDSA"])
async def test_a_sign_in_from_discovery_to_userinfo(algorithm: str):
    fake = FakeProvider(algorithm=algorithm)
    provider = relying_party(fake, signing_algorithms=("RS256", "ES256", "PS256", "EdDSA"))
    metadata = await provider.metadata()
    found = await tokens(fake, provider)
    signed = await provider.verify(metadata, found.unverified_id_token)
    person = await provider.userinfo(metadata, found.access_token)
    assert (signed.algorithm, signed.unverified_claims["nonce"]) == (algorithm, "nonce-1")
    assert person == {"sub": "alice", **ALICE}
    await provider.aclose()


async def test_an_algorithm_that_is_not_announced_is_refused():
    """R-03; OpenID Connect Core 1.0, 3.1.3.7, step 7."""
    fake = FakeProvider(
        algorithm="ES256",
        alter_metadata=lambda metadata: metadata.update(id_token_signing_alg_values_supported=["RS256"]),
    )
    with pytest.raises(Refused, match=Code.ID_TOKEN_ALGORITHM) as caught:
        await whole_sign_in(fake, relying_party(fake, signing_algorithms=("RS256", "ES256")))
    assert caught.value.facts == {"found": "ES256", "expected": "RS256"}


async def test_a_provider_that_changes_its_algorithm_is_asked_for_its_metadata_again():
    fake, clock = FakeProvider(algorithm="RS256"), FakeClock()
    provider = relying_party(fake, clock=clock, signing_algorithms=("RS256", "ES256"))
    await whole_sign_in(fake, provider)
    fake.algorithm = "ES256"
    fake.rotate()
    clock.now += 60
    assert await whole_sign_in(fake, provider)
    assert len(fake.received(DISCOVERY)) == 2


async def test_a_thin_id_token_leaves_the_rest_to_userinfo():
    """`thin-id-token`."""
    fake = FakeProvider(thin_id_token=True)
    provider = relying_party(fake)
    found = await tokens(fake, provider)
    signed = await provider.verify(await provider.metadata(), found.unverified_id_token)
    assert "email" not in signed.unverified_claims
    assert (await userinfo(fake))["email"] == "alice@example.org"


async def test_an_encrypted_id_token_is_named():
    """`jwe`."""
    fake = FakeProvider(alter_tokens=lambda tokens: tokens.update(id_token="a.b.c.d.e"))
    provider = relying_party(fake)
    found = await tokens(fake, provider)
    with pytest.raises(Refused, match=Code.ID_TOKEN_ENCRYPTED):
        await provider.verify(await provider.metadata(), found.unverified_id_token)


async def test_nothing_is_asked_before_somebody_signs_in():
    fake = FakeProvider()
    assert relying_party(fake).known_metadata() is None
    assert fake.requests == []


async def test_metadata_stay_in_memory_for_a_day():
    fake, clock = FakeProvider(), FakeClock()
    provider = relying_party(fake, clock=clock)
    await asyncio.gather(*(provider.metadata() for _ in range(20)))
    clock.now += 24 * 3600 - 1
    assert provider.known_metadata() == await provider.metadata()
    assert len(fake.received(DISCOVERY)) == 1
    clock.now += 1
    await provider.metadata()
    assert len(fake.received(DISCOVERY)) == 2


@pytest.mark.parametrize("configured", ["https://idp.test/o/romm", "https://idp.test/o/romm/"])
@pytest.mark.parametrize("issuer", ["https://idp.test/o/romm", "https://idp.test/o/romm/"])
async def test_a_trailing_slash_makes_no_difference_to_discovery_and_the_issuer_is_kept_as_it_is(
    issuer: str, configured: str
):
    """R-05, R-06, `iss-trailing-slash`."""
    fake = FakeProvider(issuer=issuer)
    assert (await relying_party(fake, application_url=configured).metadata()).issuer == issuer


@pytest.mark.parametrize("said", ["", None])
async def test_a_member_that_is_empty_is_as_good_as_absent(said: Any):
    fake = FakeProvider(
        alter_metadata=lambda metadata: metadata.update(end_session_endpoint=said, scopes_supported=None)
    )
    assert (await relying_party(fake).metadata()).end_session_endpoint is None


@pytest.mark.parametrize(
    ("response", "code", "problem"),
    [
        pytest.param(
            HTML,
            Code.PROVIDER_ANSWER_INVALID,
            "200 with text/html instead of a JSON object",
            id="discovery-html",
        ),
        pytest.param(NOT_FOUND, Code.PROVIDER_ANSWER_INVALID, "404 with text/plain", id="not found"),
        pytest.param(
            redirect("https://auth.test/login"),
            Code.PROVIDER_ANSWER_INVALID,
            "303 to https://auth.test/login",
            id="303",
        ),
        pytest.param(GZIP_BOMB, Code.PROVIDER_ANSWER_INVALID, "gzip", id="a gzip bomb"),
        pytest.param(HUGE, Code.PROVIDER_ANSWER_INVALID, "more than", id="too much"),
        pytest.param(DEEP, Code.PROVIDER_ANSWER_INVALID, "JSON object", id="deep JSON"),
        pytest.param(BROKEN, Code.PROVIDER_UNAVAILABLE, "500", id="broken"),
        pytest.param(HANGING, Code.PROVIDER_UNAVAILABLE, "no answer within", id="hanging"),
    ],
)
async def test_a_discovery_that_fails_is_named(response: Response, code: Code, problem: str):
    refusal = await refused_metadata(FakeProvider(instead={"discovery": response}))
    assert (refusal.code, refusal.facts["url"]) == (code, f"https://idp.test{DISCOVERY}")
    assert problem in str(refusal.facts["problem"])


@pytest.mark.parametrize("member", ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("said", [None, "", 5, ["https://idp.test"]])
async def test_a_required_member_that_is_missing_or_strange_is_named(member: str, said: Any):
    fake = FakeProvider(alter_metadata=lambda metadata: metadata.update({member: said}))
    refusal = await refused_metadata(fake)
    assert refusal.code == Code.PROVIDER_ANSWER_INVALID
    assert member in str(refusal.facts["problem"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"issuer": "https://evil.test"}, Code.ISSUER_MISMATCH),
        ({"token_endpoint": "http://idp.test/token"}, Code.ENDPOINT_INSECURE),
    ],
)
async def test_metadata_that_are_judged_unsafe_are_refused_and_never_replace_good_ones(
    change: dict[str, str], code: Code
):
    """R-06, R-62, R-63."""
    fake, clock, log = FakeProvider(), FakeClock(), RecordingLog()
    provider = relying_party(fake, clock=clock, log=log)
    good = await provider.metadata()
    fake.alter_metadata = lambda metadata: metadata.update(change)
    assert (await refused_metadata(fake)).code == code
    clock.now += 24 * 3600
    assert await provider.metadata() == good
    assert [facts["code"] for facts in log.named("provider.refresh_failed")] == [code]


INVALID_GRANT = Response(400, b'{"error":"invalid_grant"}')


@pytest.mark.parametrize(
    ("changes", "code", "fetches"),
    [
        pytest.param({"instead": {"token": BROKEN}}, Code.PROVIDER_UNAVAILABLE, 2, id="the token endpoint is down"),
        pytest.param({"instead": {"token": GZIP_BOMB}}, Code.PROVIDER_ANSWER_INVALID, 2, id="it answers with a bomb"),
        pytest.param({"instead": {"token": HTML}}, Code.TOKEN_RESPONSE_INVALID, 2, id="a page is there instead"),
        pytest.param({"instead": {"jwks": BROKEN}}, Code.PROVIDER_UNAVAILABLE, 2, id="the keys are down"),
        pytest.param(
            {"alter_jwks": lambda jwks: jwks["keys"][0].update(kid="another")},
            Code.ID_TOKEN_KEY_UNKNOWN,
            2,
            id="other keys are there",
        ),
        pytest.param({"instead": {"userinfo": NOT_FOUND}}, Code.PROVIDER_UNAVAILABLE, 2, id="UserInfo is gone"),
        pytest.param({"instead": {"token": INVALID_GRANT}}, Code.CODE_REJECTED, 1, id="only the code was wrong"),
    ],
)
async def test_an_endpoint_that_may_have_moved_is_looked_up_anew(changes: dict[str, Any], code: Code, fetches: int):
    fake = FakeProvider(**changes)
    provider = relying_party(fake)
    with pytest.raises(Refused) as caught:
        await whole_sign_in(fake, provider)
    await provider.metadata()
    assert (caught.value.code, len(fake.received(DISCOVERY))) == (code, fetches)


async def test_a_provider_that_is_down_at_start_is_asked_again_after_a_few_seconds():
    """`discovery-down-at-start`."""
    fake, clock = FakeProvider(instead={"discovery": BROKEN}), FakeClock()
    provider = relying_party(fake, clock=clock)
    for seconds, fetches in ((0, 1), (4, 1), (1, 2)):
        clock.now += seconds
        with pytest.raises(Refused, match=Code.PROVIDER_UNAVAILABLE):
            await provider.metadata()
        assert len(fake.received(DISCOVERY)) == fetches
    fake.instead.clear()
    clock.now += 5
    assert (await provider.metadata()).issuer == fake.issuer


async def test_a_hundred_sign_ins_wait_for_a_hanging_provider_only_once():
    started = time.monotonic()
    provider = relying_party(FakeProvider(instead={"discovery": HANGING}))
    refusals = await asyncio.gather(*(provider.metadata() for _ in range(100)), return_exceptions=True)
    assert {getattr(refusal, "code", None) for refusal in refusals} == {Code.PROVIDER_UNAVAILABLE}
    assert time.monotonic() - started < 2


async def test_the_access_token_goes_into_the_header_and_nowhere_else():
    fake = FakeProvider()
    await userinfo(fake)
    (received,) = fake.received("/userinfo")
    assert received.headers["authorization"].startswith("Bearer ")
    assert (received.method, received.query, received.form) == ("GET", {}, {})
    assert received.headers["accept"] == "application/json, application/jwt"


async def test_a_provider_without_userinfo_says_nothing():
    """`userinfo-absent`."""
    fake = FakeProvider(alter_metadata=lambda metadata: metadata.pop("userinfo_endpoint"))
    assert await userinfo(fake) is None


@pytest.mark.parametrize(
    "alter",
    [
        pytest.param(lambda claims: None, id="for us"),
        pytest.param(lambda claims: claims.update(aud=[CLIENT.client_id, "other"]), id="for us and others"),
        pytest.param(lambda claims: claims.pop("iss"), id="it does not say from whom"),
        pytest.param(lambda claims: claims.pop("aud"), id="it does not say for whom"),
    ],
)
async def test_a_signed_userinfo_is_checked_and_used(alter: Callable[[dict[str, Any]], Any]):
    """`userinfo-jwt`."""
    fake = FakeProvider(userinfo_as_jwt=True, alter_userinfo=alter)
    assert (await userinfo(fake))["email"] == "alice@example.org"


@pytest.mark.parametrize(
    "alter",
    [
        pytest.param(lambda claims: claims.update(iss="https://evil.test"), id="from another issuer"),
        pytest.param(lambda claims: claims.update(aud="other"), id="for another client"),
        pytest.param(lambda claims: claims.update(aud=["other"]), id="for other clients"),
        pytest.param(lambda claims: claims.update(aud=None), id="for nobody"),
    ],
)
async def test_a_signed_userinfo_from_or_for_somebody_else_is_refused(alter: Callable[[dict[str, Any]], Any]):
    refusal = await refused_userinfo(FakeProvider(userinfo_as_jwt=True, alter_userinfo=alter))
    assert refusal.code == Code.USERINFO_INVALID


def jwt(body: str) -> Response:
    return Response(200, body.encode(), "application/jwt")


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        pytest.param(jwt("a.b.c.d.e"), "it is an encrypted JWT", id="encrypted"),
        pytest.param(jwt("eyJhbGciOiJub25lIn0.e30."), "a way that RomM does not accept", id="unsigned"),
        pytest.param(jwt("{}"), "no JWT that can be read", id="JSON that says it were a JWT"),
        pytest.param(jwt("ü"), "no JWT that can be read", id="no ASCII"),
        pytest.param(Response(200, b"e30.e30.e30"), "200 with application/json", id="a JWT that says it were JSON"),
        pytest.param(HTML, "200 with text/html instead of a JSON object", id="a page"),
        pytest.param(LIST, "200 with application/json", id="a list"),
        pytest.param(CUT, "200 with application/json", id="cut JSON"),
        pytest.param(NO_CONTENT, "204", id="no content"),
        pytest.param(HUGE, "more than", id="too much"),
        pytest.param(GZIP_BOMB, "gzip", id="a gzip bomb"),
        pytest.param(redirect("https://evil.test/"), "303 to https://evil.test/", id="a redirect"),
        pytest.param(Response(201, b"e30.e30.e30", "application/jwt"), "201", id="a JWT that was made just now"),
    ],
)
async def test_a_userinfo_that_is_nonsense_is_refused(response: Response, problem: str):
    """R-24."""
    refusal = await refused_userinfo(FakeProvider(instead={"userinfo": response}))
    assert refusal.code == Code.USERINFO_INVALID
    assert problem in str(refusal.facts["problem"])


def test_each_fault_of_a_jwt_has_words() -> None:
    assert set(OF_A_JWT) == UNVERIFIABLE


async def test_a_userinfo_signed_with_a_foreign_key_is_refused():
    foreign = FakeProvider()
    foreign.rotate()
    fake = FakeProvider(
        instead={"userinfo": jwt(foreign.sign({"sub": "alice"}))},
        alter_jwks=lambda jwks: jwks["keys"].append(public_jwk("RS256", 7, "key-1")),
    )
    refusal = await refused_userinfo(fake)
    assert (refusal.code, refusal.facts) == (
        Code.USERINFO_INVALID,
        {"problem": "the signature of its JWT is wrong"},
    )


async def test_a_userinfo_signed_with_a_key_that_is_not_published_is_refused():
    foreign = FakeProvider()
    foreign.rotate()
    fake = FakeProvider(instead={"userinfo": jwt(foreign.sign({"sub": "alice"}))})
    refusal = await refused_userinfo(fake)
    assert (refusal.code, refusal.facts) == (
        Code.USERINFO_INVALID,
        {"problem": "its JWT is signed with a key that the provider does not publish"},
    )


@pytest.mark.parametrize("response", [BROKEN, HANGING, NOT_FOUND, Response(400), Response(401), Response(403)])
async def test_a_userinfo_that_does_not_answer_is_unavailable(response: Response):
    """`userinfo-500`."""
    refusal = await refused_userinfo(FakeProvider(instead={"userinfo": response}))
    assert refusal.code == Code.PROVIDER_UNAVAILABLE


async def test_a_signed_userinfo_without_keys_to_check_it_is_unavailable():
    refusal = await refused_userinfo(FakeProvider(userinfo_as_jwt=True, instead={"jwks": BROKEN}))
    assert refusal.code == Code.PROVIDER_UNAVAILABLE


async def test_a_sign_in_over_sockets():
    fake = FakeProvider()
    with served(fake) as port:
        fake.issuer = f"http://127.0.0.1:{port}"
        provider = relying_party(fake, in_process=False)
        found = await tokens(fake, provider)
        signed = await provider.verify(await provider.metadata(), found.unverified_id_token)
        person = await provider.userinfo(await provider.metadata(), found.access_token)
        await provider.aclose()
    assert isinstance(provider, OpenIDProvider)
    assert person is not None
    assert signed.unverified_claims["sub"] == person["sub"]
