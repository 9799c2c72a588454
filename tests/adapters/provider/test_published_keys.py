"""Keys that are written not quite as RFC 7517 wants: read where that is safe, else left out with the reason."""

import base64
from typing import Any

import pytest

from romm.adapters.provider.published_keys import published_keys
from romm.domain.errors import Code, Refused
from romm.domain.sign_in.discovery import UnreadableKey
from tests.adapters.provider.test_keys import JWKS_URI, Verifier
from tests.fake_provider import FakeProvider, public_jwk

GOOD = public_jwk("RS256", 0, "key-0")
NUMBER = base64.urlsafe_b64decode(GOOD["n"] + "==")

READABLE = [
    pytest.param({"n": GOOD["n"] + "==", "e": GOOD["e"] + "="}, id="padding"),
    pytest.param({"n": base64.b64encode(NUMBER).decode()}, id="the standard alphabet, padded"),
    pytest.param({"use": ""}, id="an empty use"),
    pytest.param({"use": None, "alg": None}, id="null"),
    pytest.param({"alg": "rs256"}, id="an algorithm in lower case"),
]
UNREADABLE = [
    pytest.param({"n": GOOD["n"] + ",,"}, "`n` is not base64url", id="commas"),
    pytest.param({"n": GOOD["n"][:300] + "\n" + GOOD["n"][300:]}, "`n` is not base64url", id="a line feed"),
    pytest.param({"n": GOOD["n"][:100]}, "$.n", id="a short modulus"),
    pytest.param({"use": "tls"}, "$.use", id="another use"),
    pytest.param({"kty": "AKP"}, "$.kty", id="a type from the future"),
    pytest.param({"e": 65537}, "$.e", id="a number as such"),
]


@pytest.mark.parametrize("change", READABLE)
async def test_what_has_one_meaning_only_is_read(change: dict[str, Any]):
    assert await Verifier(FakeProvider(alter_jwks=lambda jwks: jwks["keys"][0].update(change))).accepts()


@pytest.mark.parametrize(("change", "part"), UNREADABLE)
async def test_a_sign_in_names_the_key_and_what_is_wrong_with_it(change: dict[str, Any], part: str):
    other = public_jwk("RS256", 1, "other")

    def publish(jwks: dict[str, Any]) -> None:
        jwks["keys"][0].update(change)
        jwks["keys"].append(other)

    refusal = await Verifier(FakeProvider(alter_jwks=publish)).refuses()
    assert (refusal.code, refusal.facts["kid"], refusal.facts["url"]) == (
        Code.ID_TOKEN_KEY_UNREADABLE,
        GOOD["kid"],
        JWKS_URI,
    )
    assert part in str(refusal.facts["problem"])


async def test_an_unreadable_key_with_another_id_is_not_to_blame():
    def publish(jwks: dict[str, Any]) -> None:
        jwks["keys"] = [public_jwk("RS256", 1, "other"), GOOD | {"kid": "third", "n": ",,"}]

    assert (await Verifier(FakeProvider(alter_jwks=publish)).refuses()).code == Code.ID_TOKEN_KEY_UNKNOWN


@pytest.mark.parametrize("kid", [None, 7])
def test_a_key_without_an_id_is_told_too(kid: Any):
    [found] = published_keys({"keys": [{"kty": "RSA", "n": ",", "e": "AQAB", "kid": kid}]}).unreadable
    assert found.described.startswith("the key without an id cannot be read: `n` is not base64url")


async def test_a_set_of_unreadable_keys_says_why_none_is_usable():
    refusal: Refused = await Verifier(FakeProvider(alter_jwks=lambda jwks: jwks["keys"][0].update(n=",,"))).refuses()
    assert refusal.code == Code.PROVIDER_ANSWER_INVALID
    assert f"the key {GOOD['kid']} cannot be read: `n` is not base64url" in str(refusal.facts["problem"])


def test_a_key_for_encryption_is_neither_usable_nor_unreadable():
    found = published_keys({"keys": [GOOD | {"use": "enc", "n": ",,"}]})
    assert (found.usable, found.unreadable) == ((), ())


def test_the_reason_belongs_to_the_key():
    [found] = published_keys({"keys": [GOOD, GOOD | {"kid": "spoilt", "e": "AQ,B"}]}).unreadable
    assert found == UnreadableKey("spoilt", "`e` is not base64url without padding (RFC 7518, 6)")
