"""Authentication by a JWT: signed with a key of our own, or with the client secret."""

from pathlib import Path

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from romm.adapters.provider.client_keys import client_keys, public_keys
from romm.domain.errors import Code, Refused
from tests.adapters.provider.relying_party import relying_party, request, tokens
from tests.fake_provider import CLIENT_ID, FakeProvider

AsymmetricKey = RSAKey | ECKey | OKPKey

KEYS: dict[str, AsymmetricKey] = {
    "RS256": RSAKey.generate_key(2048),
    "ES256": ECKey.generate_key("P-256"),
    "EdDSA": OKPKey.generate_key("Ed25519"),
}


def pem(folder: Path, *keys: AsymmetricKey) -> str:
    file = folder / "client.pem"
    file.write_bytes(b"".join(key.as_pem(private=True) for key in keys))
    return str(file)


@pytest.mark.parametrize("algorithm", KEYS)
async def test_a_key_of_our_own_proves_who_we_are(algorithm: str, tmp_path: Path) -> None:
    fake = FakeProvider(auth_methods=("private_key_jwt",))
    provider = relying_party(fake, client_secret="", client_key_file=pem(tmp_path, KEYS[algorithm]))
    fake.client_jwks = provider.client_jwks()
    await tokens(fake, provider)
    await tokens(fake, provider)  # an assertion is used once
    [first, _] = fake.received("/token")
    assert "authorization" not in first.headers
    assert "client_secret" not in first.form
    header = jws.extract_compact(first.form["client_assertion"].encode()).protected
    assert (header["alg"], header["kid"]) == (algorithm, fake.client_jwks["keys"][0]["kid"])


async def test_the_client_secret_signs_where_it_must_not_be_sent() -> None:
    fake = FakeProvider(auth_methods=("client_secret_jwt",))
    await tokens(fake, relying_party(fake))
    [received] = fake.received("/token")
    assert fake.client_secret not in str(received)


async def test_a_pushed_request_is_proved_too(tmp_path: Path) -> None:
    fake = FakeProvider(auth_methods=("private_key_jwt",))
    provider = relying_party(fake, client_secret="", client_key_file=pem(tmp_path, KEYS["ES256"]))
    fake.client_jwks = provider.client_jwks()
    assert await provider.push(await provider.metadata(), request())
    assert fake.received("/par")[0].form["client_id"] == CLIENT_ID


async def test_a_key_that_the_provider_does_not_know_is_rejected(tmp_path: Path) -> None:
    fake = FakeProvider(auth_methods=("private_key_jwt",))
    provider = relying_party(fake, client_secret="", client_key_file=pem(tmp_path, KEYS["ES256"]))
    fake.client_jwks = public_keys([KEYS["EdDSA"]])
    with pytest.raises(Refused, match=Code.CLIENT_REJECTED) as caught:
        await tokens(fake, provider)
    assert caught.value.facts["method"] == "private_key_jwt"


async def test_a_key_is_replaced_without_a_sign_in_that_fails(tmp_path: Path) -> None:
    """The new one is published beside the old one first, and signs afterwards."""
    old, new = KEYS["RS256"], KEYS["ES256"]
    fake = FakeProvider(auth_methods=("private_key_jwt",))
    for keys in ((old,), (old, new), (new, old), (new,)):
        provider = relying_party(fake, client_secret="", client_key_file=pem(tmp_path, *keys))
        if fake.client_jwks["keys"]:  # what the provider fetched before still holds
            await tokens(fake, provider)
        fake.client_jwks = provider.client_jwks()
        await tokens(fake, provider)


@pytest.mark.parametrize("method", ["private_key_jwt", "client_secret_jwt"])
def test_without_a_key_or_a_secret_nothing_starts(method: str) -> None:
    with pytest.raises(ValueError, match=f"{method}, but there is nothing to sign with"):
        relying_party(FakeProvider(), client_secret="", token_endpoint_auth_method=method)


def test_nothing_private_is_published(tmp_path: Path) -> None:
    published = public_keys(client_keys(pem(tmp_path, *KEYS.values())))["keys"]
    assert [key["alg"] for key in published] == list(KEYS)
    private = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}
    assert all(private.isdisjoint(key) for key in published)
    assert all(key["use"] == "sig" and key["kid"] for key in published)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"", "has no private key", id="empty"),
        pytest.param(KEYS["ES256"].as_pem(private=False), "has no private key", id="a public key"),
        pytest.param(OKPKey.generate_key("X25519").as_pem(private=True), "X25519", id="a key that cannot sign"),
        pytest.param(KEYS["ES256"].as_pem(private=True, password="p"), "has a password", id="a password"),
        pytest.param(b"\xff\xfe", "cannot be read", id="not text"),
    ],
)
def test_a_file_without_a_usable_key_is_named(content: bytes, problem: str, tmp_path: Path) -> None:
    (tmp_path / "client.pem").write_bytes(content)
    with pytest.raises(ValueError, match=problem) as caught:
        client_keys(str(tmp_path / "client.pem"))
    assert "OIDC_CLIENT_KEY_FILE" in str(caught.value)
