import base64
import hmac
import json
import time
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from romm.adapters.provider.keys import Signatures
from romm.adapters.provider.published_keys import MAX_KEYS, KeySet, published_keys
from romm.adapters.provider.transport import BoundedClient, Limits
from romm.domain.errors import Code, Refused
from tests.adapters.provider.relying_party import FakeClock, RecordingLog
from tests.fake_provider import BROKEN, CLIENT_SECRET, HTML, FakeProvider, Response, public_jwk

JWKS_URI = "https://idp.test/jwks"
OURS = ("RS256", "ES256", "PS256", "EdDSA")
CLAIMS = {"sub": "alice"}


class Verifier:
    """`Signatures` in front of a fake provider; a moment passes before each token."""

    def __init__(self, fake: FakeProvider, algorithms: tuple[str, ...] = OURS, secret: str = CLIENT_SECRET) -> None:
        self.fake, self.clock, self.log = fake, FakeClock(), RecordingLog()
        client = BoundedClient("", Limits(), fake.transport)
        self.signatures = Signatures(
            client, algorithms=algorithms, client_secret=secret, limit=1, log=self.log, clock=self.clock
        )

    async def accepts(self, token: str | None = None, *, after: float = 1) -> bool:
        self.clock.now += after
        signed = await self.signatures.verify(JWKS_URI, self.fake.sign(CLAIMS) if token is None else token)
        return signed.unverified_claims == CLAIMS and signed.algorithm == self.fake.algorithm

    async def refuses(self, token: str | None = None, *, after: float = 1) -> Refused:
        with pytest.raises(Refused) as caught:
            await self.accepts(token, after=after)
        return caught.value

    @property
    def fetches(self) -> int:
        return len(self.fake.received("/jwks"))


def encoded(document: Any) -> str:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "PS256", "EdDSA", "Ed25519"])
async def test_a_token_signed_with_a_published_key_is_accepted(algorithm: str):
    assert await Verifier(FakeProvider(algorithm=algorithm)).accepts()


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS384", "PS512", "HS256", "HS384", "HS512"])
async def test_a_token_signed_with_an_algorithm_that_the_operator_names_is_accepted(algorithm: str):
    secret = "a secret that is long enough for the longest of these hashes, as RFC 7518, 3.2 asks"
    fake = FakeProvider(algorithm=algorithm, client_secret=secret)
    assert await Verifier(fake, algorithms=(algorithm,), secret=secret).accepts()


@pytest.mark.parametrize(("algorithm", "curve"), [("ES384", "P-384"), ("ES512", "P-521")])
async def test_a_token_signed_on_a_larger_curve_is_accepted(algorithm: str, curve: str):
    key = ECKey.generate_key(curve)
    fake = FakeProvider(alter_jwks=lambda jwks: jwks.update(keys=[key.as_dict(private=False)]))
    token = jws.serialize_compact({"alg": algorithm}, json.dumps(CLAIMS), key, algorithms=[algorithm])
    signed = await Verifier(fake, algorithms=(algorithm,)).signatures.verify(JWKS_URI, token)
    assert (signed.algorithm, signed.unverified_claims) == (algorithm, CLAIMS)


@pytest.mark.parametrize("typ", ["JWT", "logout+jwt"])
async def test_what_a_token_calls_itself_is_handed_on(typ: str):
    """R-43: one key signs tokens of several kinds."""
    verifier = Verifier(FakeProvider())
    signed = await verifier.signatures.verify(JWKS_URI, verifier.fake.sign(CLAIMS, typ))
    assert signed.typ == typ


@pytest.mark.parametrize(("listed", "used"), [("EdDSA", "Ed25519"), ("Ed25519", "EdDSA"), ("EdDSA", "EdDSA")])
async def test_both_names_of_ed25519_mean_the_same_and_nobody_is_warned(listed: str, used: str):
    fake = FakeProvider(algorithm=used)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert await Verifier(fake, algorithms=(listed,)).accepts()


@pytest.mark.parametrize(
    ("listed", "used"),
    [
        pytest.param(OURS, "none", id="no signature"),
        pytest.param((*OURS, "none"), "none", id="no signature, and an operator who asked for that"),
        pytest.param(OURS, "HS256", id="symmetric"),
        pytest.param(("RS256",), "ES256", id="another one than configured"),
        pytest.param(("RS256",), "EdDSA", id="Ed25519 where it is not configured"),
    ],
)
async def test_an_algorithm_that_is_not_on_our_list_is_refused_before_any_key_is_fetched(
    listed: tuple[str, ...], used: str
):
    """R-03."""
    verifier = Verifier(FakeProvider(algorithm=used), algorithms=listed)
    refusal = await verifier.refuses()
    assert (refusal.code, refusal.facts) == (
        Code.ID_TOKEN_ALGORITHM,
        {"found": used, "expected": " ".join(listed)},
    )
    assert verifier.fetches == 0


@pytest.mark.parametrize("spelling", ["None", "nOnE", "NONE", "rs256", ""])
async def test_no_spelling_of_an_algorithm_passes(spelling: str):
    """R-03."""
    fake = FakeProvider(alter_header=lambda header: header.update(alg=spelling))
    assert (await Verifier(fake).refuses()).code == Code.ID_TOKEN_ALGORITHM


async def test_hs256_is_keyed_with_the_client_secret_where_it_is_listed():
    verifier = Verifier(FakeProvider(algorithm="HS256"), algorithms=("HS256",))
    assert await verifier.accepts()
    assert verifier.fetches == 0


async def test_hs256_with_another_secret_is_refused():
    fake = FakeProvider(algorithm="HS256", client_secret="another secret of at least 32 bytes!")
    assert (await Verifier(fake, algorithms=("HS256",)).refuses()).code == Code.ID_TOKEN_SIGNATURE


async def test_hs256_keyed_with_the_published_key_is_refused():
    """R-03."""
    public = RSAKey.import_key(public_jwk("RS256", 0, "key-0")).as_pem()
    fake = FakeProvider(alter_header=lambda header: header.update(alg="HS256"))
    signed = fake.sign(CLAIMS).rpartition(".")[0]
    forged = f"{signed}.{encoded(hmac.digest(public, signed.encode(), 'sha256'))}"
    assert (await Verifier(fake, algorithms=("RS256", "HS256")).refuses(forged)).code == Code.ID_TOKEN_SIGNATURE


async def test_hs256_without_a_client_secret_has_no_key():
    verifier = Verifier(FakeProvider(algorithm="HS256"), algorithms=("HS256",), secret="")
    assert (await verifier.refuses()).code == Code.ID_TOKEN_KEY_UNKNOWN


async def test_keys_are_fetched_once_an_hour():
    verifier = Verifier(FakeProvider())
    assert [await verifier.accepts(after=seconds) for seconds in (0, 1, 3598, 2)] == [True] * 4
    assert verifier.fetches == 2


def without_kid(header: dict[str, Any]) -> None:
    del header["kid"]


@pytest.mark.parametrize("position", [0, 1])
async def test_a_token_without_kid_may_be_from_any_key_that_fits(position: int):
    """`kid-absent`."""
    others = [public_jwk("RS256", 7, "other"), public_jwk("ES256", 7, "elliptic")]
    fake = FakeProvider(alter_header=without_kid, alter_jwks=lambda jwks: jwks["keys"].insert(position, others.pop()))
    assert await Verifier(fake).accepts()


async def test_a_published_key_without_kid_fits_any():
    fake = FakeProvider(alter_jwks=lambda jwks: jwks["keys"][0].pop("kid"))
    assert await Verifier(fake).accepts()


async def test_a_rotated_key_is_fetched():
    """R-28, `kid-rotated`."""
    verifier = Verifier(FakeProvider())
    assert await verifier.accepts()
    verifier.fake.rotate()
    assert await verifier.accepts()
    assert verifier.fetches == 2


async def test_a_new_key_under_the_old_kid_is_fetched_after_a_bad_signature():
    """`same-kid-new-key`."""
    verifier = Verifier(FakeProvider())
    assert await verifier.accepts()
    verifier.fake.replace_key()
    assert await verifier.accepts()
    assert verifier.fetches == 2


async def test_a_key_that_the_provider_took_back_is_forgotten():
    verifier = Verifier(FakeProvider())
    stolen = verifier.fake.sign(CLAIMS)
    assert await verifier.accepts(stolen)
    verifier.fake.rotate()
    assert (await verifier.refuses(stolen, after=3600)).code == Code.ID_TOKEN_KEY_UNKNOWN


async def test_an_unknown_kid_is_refused_after_one_more_fetch():
    verifier = Verifier(FakeProvider())
    assert await verifier.accepts()
    verifier.fake.alter_header = lambda header: header.update(kid="unknown")
    refusal = await verifier.refuses()
    assert refusal.facts == {"url": JWKS_URI, "kid": "unknown", "algorithm": "RS256"}
    assert (refusal.code, verifier.fetches) == (Code.ID_TOKEN_KEY_UNKNOWN, 2)


async def test_many_unknown_kids_cost_few_fetches():
    """R-28."""
    verifier = Verifier(FakeProvider())
    for number in range(500):
        verifier.fake.alter_header = lambda header, number=number: header.update(kid=f"random-{number}")  # type: ignore[misc]
        await verifier.refuses(after=0.01)
    assert verifier.fetches <= 3


@pytest.mark.parametrize(("cooldown", "is_accepted"), [(9, False), (11, True)])
async def test_two_rotations_in_a_row_need_some_seconds_between(cooldown: float, is_accepted: bool):
    verifier = Verifier(FakeProvider())
    assert await verifier.accepts()
    verifier.fake.rotate()
    assert await verifier.accepts()
    verifier.fake.rotate()
    if is_accepted:
        assert await verifier.accepts(after=cooldown)
    else:
        await verifier.refuses(after=cooldown)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"alg": "PS256"}, id="for another algorithm"),
        pytest.param({"use": "enc"}, id="for encryption"),
        pytest.param(public_jwk("ES256", 0, "key-0"), id="of another type"),
    ],
)
async def test_a_key_with_the_right_kid_must_fit_in_all_else(change: dict[str, Any]):
    def publish(jwks: dict[str, Any]) -> None:
        jwks["keys"][0].update(change)
        jwks["keys"].append(public_jwk("RS256", 7, "another"))

    assert (await Verifier(FakeProvider(alter_jwks=publish)).refuses()).code == Code.ID_TOKEN_KEY_UNKNOWN


async def test_a_key_that_nobody_published_is_refused():
    fake = FakeProvider(alter_jwks=lambda jwks: jwks.update(keys=[public_jwk("RS256", 7, "key-0")]))
    refusal = await Verifier(fake).refuses()
    assert (refusal.code, refusal.facts) == (Code.ID_TOKEN_SIGNATURE, {"url": JWKS_URI})


BROKEN_KEYS = [
    pytest.param("not an object", id="no object"),
    pytest.param({}, id="no type"),
    pytest.param({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"}, id="a type from the future"),
    pytest.param({"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"}, id="symmetric"),
    pytest.param(public_jwk("RS256", 7, "x") | {"use": "enc"}, id="for encryption"),
    pytest.param(public_jwk("RS256", 7, "x") | {"n": "!" * 342}, id="a modulus that is no number"),
    pytest.param(public_jwk("RS256", 7, "x") | {"n": "uxEq" * 43}, id="a modulus of 1024 bits"),
    pytest.param(public_jwk("RS256", 7, "x") | {"n": "uxEq" * 1000}, id="an endless modulus"),
    pytest.param(public_jwk("RS256", 7, "x") | {"e": "AA"}, id="an exponent of zero"),
    pytest.param(public_jwk("RS256", 7, "x") | {"kid": 7}, id="a kid that is no text"),
    pytest.param(public_jwk("ES256", 7, "x") | {"crv": "P-192"}, id="an unknown curve"),
    pytest.param(public_jwk("ES256", 7, "x") | {"x": "AAAA"}, id="a point that is not on the curve"),
    pytest.param(public_jwk("EdDSA", 7, "x") | {"crv": "X25519"}, id="a key for key agreement"),
    pytest.param(public_jwk("EdDSA", 7, "x") | {"x": "AAAA"}, id="a short key"),
]


@pytest.mark.parametrize("broken", BROKEN_KEYS)
def test_a_broken_key_does_not_spoil_the_others(broken: Any):
    good = public_jwk("RS256", 0, "good")
    assert [key.kid for key in published_keys({"keys": [broken, good]}).usable] == ["good"]


@pytest.mark.parametrize("more", [{"x5c": ["MIIB"]}, {"x5t": 5}, {"key_ops": ["odd"]}, {"iat": 1}, {"d": "AAAA"}])
def test_members_that_are_not_needed_do_not_matter(more: dict[str, Any]):
    assert len(published_keys({"keys": [public_jwk("RS256", 0, "good") | more]}).usable) == 1


@pytest.mark.parametrize("jwks", [{}, {"keys": None}, {"keys": {"a": 1}}, {"keys": "RS256"}])
def test_a_set_without_a_list_of_keys_has_none(jwks: dict[str, Any]):
    assert published_keys(jwks) == KeySet()


def test_an_endless_set_of_keys_costs_little():
    """R-57."""
    started = time.process_time()
    assert len(published_keys({"keys": [public_jwk("RS256", 0, "x")] * 5000}).usable) == MAX_KEYS
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("response", "code"),
    [
        (HTML, Code.PROVIDER_ANSWER_INVALID),
        (BROKEN, Code.PROVIDER_UNAVAILABLE),
        (Response(200, b'{"keys": []}'), Code.PROVIDER_ANSWER_INVALID),
    ],
)
async def test_without_keys_nobody_signs_in_and_old_keys_serve_for_a_day(response: Response, code: Code):
    verifier = Verifier(FakeProvider(instead={"jwks": response}))
    assert (await verifier.refuses()).code == code
    verifier.fake.instead.clear()
    assert await verifier.accepts(after=10)
    verifier.fake.instead["jwks"] = response
    assert await verifier.accepts(after=23 * 3600)
    assert [event for event, _ in verifier.log.events] == ["provider.refresh_failed"]
    assert (await verifier.refuses(after=3600)).code == code


async def test_a_long_certificate_chain_in_the_header_does_no_harm():
    """R-27."""
    fake = FakeProvider(alter_header=lambda header: header.update(x5c=["MIIC" * 500], x5t="a", custom={"a": 1}))
    assert await Verifier(fake).accepts()


def attacked(header: dict[str, Any]) -> None:
    header.update(jwk=public_jwk("RS256", 7, "key-0"), jku="https://evil.test/jwks", x5u="https://evil.test/cert")


async def test_a_key_that_the_token_brings_along_is_not_used():
    """R-27."""
    attacker = FakeProvider(alter_header=attacked)
    for _ in range(7):
        attacker.replace_key()
    verifier = Verifier(FakeProvider())
    assert (await verifier.refuses(attacker.sign(CLAIMS))).code == Code.ID_TOKEN_SIGNATURE
    assert {request.headers["host"] for request in verifier.fake.requests} == {"idp.test"}


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"crit": ["exp"], "exp": 1}, id="an unknown extension"),
        pytest.param({"crit": ["b64"], "b64": False}, id="an extension that the library knows"),
        pytest.param({"b64": False}, id="the same without crit"),
        pytest.param({"crit": []}, id="an empty crit"),
        pytest.param({"kid": 5}, id="a kid that is no text"),
        pytest.param({"alg": 5}, id="an algorithm that is no text"),
        pytest.param({"alg": None}, id="no algorithm"),
        pytest.param({"jku": "file:///etc/passwd"}, id="a jku that is no URL"),
        pytest.param({"x5c": ["A" * 20_000]}, id="an endless header"),
    ],
)
async def test_a_strange_header_is_refused(header: dict[str, Any]):
    """R-27."""
    fake = FakeProvider(alter_header=lambda honest: honest.update(header))
    assert (await Verifier(fake).refuses()).code == Code.ID_TOKEN_MALFORMED


HEADER = encoded({"alg": "RS256"})


@pytest.mark.parametrize(
    ("token", "code"),
    [
        pytest.param("", Code.ID_TOKEN_MALFORMED, id="empty"),
        pytest.param("opaque", Code.ID_TOKEN_MALFORMED, id="no JWT"),
        pytest.param("..", Code.ID_TOKEN_MALFORMED, id="only dots"),
        pytest.param("a.b.c.d", Code.ID_TOKEN_MALFORMED, id="four parts"),
        pytest.param(f"{HEADER}.e30.ü", Code.ID_TOKEN_SIGNATURE, id="a signature that is no Base64"),
        pytest.param(f"{HEADER}.e30=.AAAA", Code.ID_TOKEN_MALFORMED, id="padded Base64"),
        pytest.param(f"{HEADER}.e30.", Code.ID_TOKEN_SIGNATURE, id="an empty signature"),
        pytest.param(f"{encoded([1])}.e30.AAAA", Code.ID_TOKEN_MALFORMED, id="a list for a header"),
        pytest.param(f"{encoded('alg')}.e30.AAAA", Code.ID_TOKEN_MALFORMED, id="a text for a header"),
        pytest.param(f"{encoded(b'{')}.e30.AAAA", Code.ID_TOKEN_MALFORMED, id="a cut header"),
        pytest.param(f"{encoded(b'[' * 9000)}.e30.AAAA", Code.ID_TOKEN_MALFORMED, id="a deep header"),
        pytest.param(f"{HEADER}.{'A' * 70_000}.AAAA", Code.ID_TOKEN_MALFORMED, id="too long"),
        pytest.param("." * 1_000_000, Code.ID_TOKEN_MALFORMED, id="a million parts"),
        pytest.param(f"{encoded({'alg': 'dir'})}..A.A.A", Code.ID_TOKEN_ENCRYPTED, id="encrypted"),
        pytest.param(
            f"{encoded({'alg': 'PBES2-HS256+A128KW', 'p2c': 2**31})}.A.A.A.A",
            Code.ID_TOKEN_ENCRYPTED,
            id="costly encryption",
        ),
    ],
)
async def test_what_is_no_signed_token_is_refused_cheaply(token: str, code: Code):
    """R-57."""
    verifier, started = Verifier(FakeProvider()), time.process_time()
    assert (await verifier.refuses(token)).code == code
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda token: token[:-6] + "AAAAAA", id="in the signature"),
        pytest.param(lambda token: token.replace(encoded(CLAIMS), encoded({"sub": "mallory"})), id="in the claims"),
        pytest.param(lambda token: encoded({"alg": "RS256", "x": 1}) + token[token.index(".") :], id="in the header"),
    ],
)
async def test_a_token_that_was_changed_is_refused(spoil: Callable[[str], str]):
    verifier = Verifier(FakeProvider())
    assert (await verifier.refuses(spoil(verifier.fake.sign(CLAIMS)))).code == Code.ID_TOKEN_SIGNATURE


@pytest.mark.parametrize("payload", [b"[]", b"null", b'"text"', b"", b"{", b'{"a":' * 9000, b"\xff"])
async def test_a_signed_token_whose_payload_is_no_object_is_refused(payload: bytes):
    fake = FakeProvider()
    token = f"{encoded({'alg': 'RS256'})}.{encoded(payload)}"
    signature = encoded(fake.signature(token.encode()))
    assert (await Verifier(fake).refuses(f"{token}.{signature}")).code == Code.ID_TOKEN_MALFORMED
