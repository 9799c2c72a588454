"""The doctor about keys and algorithms."""

import pytest
from msgspec.structs import replace

from romm.domain.diagnosis.checks import keys
from romm.domain.diagnosis.evidence import PublishedKeys
from romm.domain.diagnosis.findings import Outcome
from romm.domain.diagnosis.history import History, LogLine
from romm.domain.errors import Code, Refuse
from romm.domain.sign_in.discovery import UnreadableKey
from tests.domain.diagnosis.checks.examples import ISSUER, NOW, configured, discovered

RSA = PublishedKeys(usable=("RS256",), for_encryption=0)
RSA_AND_ENCRYPTION = PublishedKeys(usable=("RS256",), for_encryption=1)
ENCRYPTION = PublishedKeys(usable=(), for_encryption=1)
NONE = PublishedKeys(usable=(), for_encryption=0)
DOWN = Refuse(Code.PROVIDER_UNAVAILABLE, {"url": "https://auth.example.com/jwks", "problem": "it answered 500"})


@pytest.mark.parametrize(
    ("found", "code", "told"),
    [
        pytest.param(NONE, Code.PROVIDER_ANSWER_INVALID, "no signing key for this client", id="no signing key"),
        pytest.param(DOWN, Code.PROVIDER_UNAVAILABLE, "https://auth.example.com/jwks: it answered 500", id="down"),
    ],
)
def test_no_usable_key(found: PublishedKeys | Refuse, code: Code, told: str) -> None:
    finding = keys.keys(found, discovered(), configured(provider="authentik"))
    assert (finding.outcome, finding.code) == (Outcome.FAILED, code)
    assert told in finding.found
    assert found is DOWN or "Signing Key" in finding.fixes[-1]


@pytest.mark.parametrize(
    ("found", "provider", "offered", "outcome", "code"),
    [
        pytest.param(ENCRYPTION, "authentik", "RS256", Outcome.SKIPPED, None, id="Authentik encrypts"),
        pytest.param(
            ENCRYPTION, "keycloak", "RS256", Outcome.FAILED, Code.PROVIDER_ANSWER_INVALID, id="only for encryption"
        ),
        pytest.param(NONE, "authentik", "HS256", Outcome.SKIPPED, None, id="HS256 alone is told once"),
        pytest.param(
            NONE, "", "HS256 RS256", Outcome.FAILED, Code.ID_TOKEN_ALGORITHM, id="HS256 is left without a key"
        ),
    ],
)
def test_one_cause_is_told_once(
    found: PublishedKeys, provider: str, offered: str, outcome: Outcome, code: Code | None
) -> None:
    there = discovered(announced={"signing_algorithms": tuple(offered.split())})
    finding = keys.keys(found, there, configured(provider=provider))
    assert (finding.outcome, finding.code) == (outcome, code)


def test_published_keys_are_told() -> None:
    finding = keys.keys(PublishedKeys(usable=("RS256", "EdDSA"), for_encryption=1), discovered(), configured())
    assert (finding.outcome, finding.found) == (Outcome.OK, "2: RS256, EdDSA")


def test_a_key_that_cannot_be_read_is_told_and_no_guess_beside_it() -> None:
    spoilt = UnreadableKey("key-1", "`n` is not base64url")
    finding = keys.keys(replace(NONE, unreadable=(spoilt,)), discovered(), configured())
    assert (finding.outcome, finding.code) == (Outcome.FAILED, Code.ID_TOKEN_KEY_UNREADABLE)
    assert finding.found == "the key key-1 cannot be read: `n` is not base64url"
    beside = keys.keys(replace(RSA, unreadable=(spoilt,)), discovered(), configured())
    assert (beside.outcome, beside.found) == (Outcome.OK, f"1: RS256; {spoilt.described}")


def test_the_client_secret_is_key_enough_where_the_operator_allows_it() -> None:
    finding = keys.keys(
        NONE, discovered(announced={"signing_algorithms": ("HS256",)}), configured(algorithms=("HS256",))
    )
    assert finding.outcome is Outcome.OK


def test_the_algorithms_of_the_report_are_those_of_a_sign_in() -> None:
    found = discovered(announced={"signing_algorithms": ("HS256", "ES256", "RS512")})
    finding = keys.algorithms(RSA, found, configured(algorithms=("RS256", "ES256")), History())
    assert finding.found == "ES256"


@pytest.mark.parametrize(
    ("offered", "allowed", "outcome", "code"),
    [
        pytest.param(("RS256",), ("RS256",), Outcome.OK, None, id="RS256"),
        pytest.param(("Ed25519",), ("EdDSA",), Outcome.OK, None, id="one algorithm, two names"),
        pytest.param(None, ("RS256",), Outcome.OK, None, id="not announced"),
        pytest.param(("HS256",), ("RS256",), Outcome.FAILED, Code.ID_TOKEN_ALGORITHM, id="HS256"),
        pytest.param(("none",), ("RS256",), Outcome.FAILED, Code.ID_TOKEN_ALGORITHM, id="not signed"),
        pytest.param((), ("RS256",), Outcome.OK, None, id="an empty list"),
        pytest.param(("ES256",), ("RS256",), Outcome.FAILED, Code.ID_TOKEN_ALGORITHM, id="the operator wants another"),
        pytest.param(("HS256",), ("HS256",), Outcome.OK, None, id="HS256 by name"),
    ],
)
def test_algorithms(
    offered: tuple[str, ...] | None, allowed: tuple[str, ...], outcome: Outcome, code: Code | None
) -> None:
    found = discovered(announced={"signing_algorithms": offered})
    finding = keys.algorithms(RSA, found, configured(algorithms=allowed), History())
    assert (finding.outcome, finding.code) == (outcome, code)
    if outcome is Outcome.OK:
        assert allowed[0] in finding.found
    if outcome is Outcome.FAILED:
        assert "OIDC_ID_TOKEN_SIGNED_RESPONSE_ALGS" in finding.fixes[0]
        assert "id_token_signed_response_alg" in finding.fixes[1]


@pytest.mark.parametrize(
    ("provider", "found", "outcome"),
    [
        pytest.param("authentik", RSA_AND_ENCRYPTION, Outcome.FAILED, id="Authentik encrypts with it"),
        pytest.param("authentik", RSA, Outcome.OK, id="Authentik without one"),
        pytest.param("keycloak", RSA_AND_ENCRYPTION, Outcome.OK, id="Keycloak always has one"),
        pytest.param("authentik", DOWN, Outcome.OK, id="nobody knows"),
    ],
)
def test_an_encryption_key(provider: str, found: PublishedKeys | Refuse, outcome: Outcome) -> None:
    finding = keys.algorithms(found, discovered(), configured(provider=provider), History())
    assert finding.outcome is outcome
    assert finding.code is (Code.ID_TOKEN_ENCRYPTED if outcome is Outcome.FAILED else None)


@pytest.mark.parametrize("code", [Code.ID_TOKEN_ALGORITHM, Code.ID_TOKEN_ENCRYPTED])
def test_the_last_sign_in_shows_how_this_client_gets_its_tokens(code: Code) -> None:
    refused = LogLine(at=NOW, method="openid", outcome="refused", issuer=ISSUER, code=code)
    finding = keys.algorithms(RSA, discovered(), configured(), History(refused=refused))
    assert (finding.outcome, finding.code) == (Outcome.WARNING, code)
    signed_in = replace(refused, outcome="signed_in", code=None)
    finding = keys.algorithms(RSA, discovered(), configured(), History(signed_in=signed_in))
    assert finding.found == "RS256; accepted at the last sign-in"
