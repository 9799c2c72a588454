"""The authorization request that we send, and which responses to it are accepted."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from romm.domain.digests import code_challenge
from romm.domain.errors import Code, Refuse
from romm.domain.sign_in.authorization import (
    Accepted,
    AuthorizationResponse,
    accept,
    authorization_url,
    provider_error,
    request_parameters,
    response,
)
from tests.domain.examples import CLIENT, ISSUER, NOW, attempt, metadata

# RFC 7636, appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_request_says_who_we_are_and_always_brings_nonce_and_pkce() -> None:
    """R-09, R-10, R-21."""
    assert request_parameters(CLIENT, state="s", nonce="n", code_verifier=VERIFIER) == {
        "response_type": "code",
        "client_id": "romm",
        "redirect_uri": "https://romm.example/api/oauth/openid",
        "scope": "openid profile email",
        "state": "s",
        "nonce": "n",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }


def test_a_challenge_is_the_sha_256_of_its_verifier() -> None:
    """R-10; RFC 7636, appendix B."""
    assert code_challenge(VERIFIER) == CHALLENGE


def test_a_verifier_is_not_in_the_request() -> None:
    """R-10."""
    assert VERIFIER not in authorization_url(
        metadata(), request_parameters(CLIENT, state="s", nonce="n", code_verifier=VERIFIER)
    )


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        pytest.param("https://a.example/authorize", "https://a.example/authorize?scope=openid+email&x=%26", id="plain"),
        pytest.param(
            "https://a.example/?p=b2c", "https://a.example/?p=b2c&scope=openid+email&x=%26", id="with a query"
        ),
        pytest.param("https://a.example/a#top", "https://a.example/a?scope=openid+email&x=%26", id="with a fragment"),
        pytest.param("https://a.example//a?", "https://a.example//a?scope=openid+email&x=%26", id="with two slashes"),
    ],
)
def test_the_parameters_join_what_the_endpoint_has(endpoint: str, expected: str) -> None:
    """RFC 6749, 3.1."""
    parameters = {"scope": "openid email", "x": "&"}
    assert authorization_url(metadata(authorization_endpoint=endpoint), parameters) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param([("code", "c"), ("state", "s"), ("iss", ISSUER)],
                     AuthorizationResponse(code="c", state="s", iss=ISSUER), id="a code"),
        pytest.param([("error", "access_denied"), ("error_description", "no"), ("state", "s")],
                     AuthorizationResponse(error="access_denied", error_description="no", state="s"), id="an error"),
        pytest.param([("code", "c"), ("session_state", "1"), ("session_state", "2")],
                     AuthorizationResponse(code="c"), id="what is not ours may come twice"),
        pytest.param([("Code", "c")], AuthorizationResponse(), id="another case is another parameter"),
        pytest.param([], AuthorizationResponse(), id="nothing"),
    ],
)  # fmt: skip
def test_a_response_is_read(query: list[tuple[str, str]], expected: AuthorizationResponse) -> None:
    assert response(query) == expected


@pytest.mark.parametrize("name", ["code", "state", "iss", "error", "error_description"])
@pytest.mark.parametrize(
    "values",
    [
        pytest.param(["x", "y"], id="comes twice"),
        pytest.param(["x", "x"], id="comes twice with one value"),
        pytest.param(["", "x"], id="comes twice, once empty"),
        pytest.param(["x\x00"], id="hides a NUL"),
        pytest.param(["\x00"], id="is a NUL"),
    ],
)
def test_a_parameter_that_could_be_read_in_two_ways_is_refused(name: str, values: list[str]) -> None:
    """R-52."""
    refusal = response([("state", "s")] * (name != "state") + [(name, value) for value in values])
    assert refusal == Refuse(Code.RESPONSE_INVALID, {"problem": f"{name} comes twice or is not text"})


@pytest.mark.parametrize("error", ["access_denied", ""], ids=["an error", "an empty error"])
def test_a_code_with_an_error_beside_it_is_refused(error: str) -> None:
    """R-52."""
    refusal = response([("code", "c"), ("error", error), ("state", "s")])
    assert refusal == Refuse(Code.RESPONSE_INVALID, {"problem": "code and error together"})


def judged(answer: AuthorizationResponse, *, now: datetime = NOW, announces_iss: bool = False, **changes: Any) -> Any:
    provider = metadata(authorization_response_iss_parameter_supported=announces_iss)
    return accept(answer, attempt(**changes), provider, CLIENT, now)


GOOD = AuthorizationResponse(code="c", state="s")


def test_a_response_gives_its_code() -> None:
    assert judged(GOOD) == Accepted("c")


@pytest.mark.parametrize(
    ("iss", "announced", "accepted"),
    [
        pytest.param(ISSUER, True, True, id="announced and right"),
        pytest.param(ISSUER, False, True, id="right without being announced"),
        pytest.param(None, False, True, id="neither announced nor there"),
        pytest.param(None, True, False, id="announced and absent"),
        pytest.param("https://evil.example", False, False, id="wrong without being announced"),
        pytest.param("https://evil.example", True, False, id="announced and wrong"),
        pytest.param(f"{ISSUER}/", False, False, id="a slash more"),
        pytest.param("", False, False, id="empty"),
    ],
)
def test_the_issuer_of_a_response_is_compared_when_present_and_required_when_announced(
    iss: str | None, announced: bool, accepted: bool
) -> None:
    """R-23; RFC 9207, 2.4."""
    answer = AuthorizationResponse(code="c", state="s", iss=iss)
    refusal = Refuse(Code.RESPONSE_ISSUER, {"found": iss or "a provider that sent no `iss`", "expected": ISSUER})
    assert judged(answer, announces_iss=announced) == (Accepted("c") if accepted else refusal)


@pytest.mark.parametrize(
    ("late", "age"),
    [
        pytest.param(timedelta(), 600, id="at the end of its life"),
        pytest.param(timedelta(seconds=1), 601, id="a second later"),
        pytest.param(timedelta(days=1), 87_000, id="a day later"),
    ],
)
def test_an_attempt_expires(late: timedelta, age: float) -> None:
    """R-07."""
    refusal = judged(GOOD, now=NOW + late, expires_at=NOW)
    assert refusal == Refuse(Code.ATTEMPT_EXPIRED, {"age": age})


def test_an_attempt_lives_to_its_last_moment() -> None:
    assert judged(GOOD, expires_at=NOW + timedelta(microseconds=1)) == Accepted("c")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"issuer": "https://old.example"}, id="another issuer"),
        pytest.param({"issuer": f"{ISSUER}/"}, id="another spelling of the issuer"),
        pytest.param({"client_id": "old"}, id="another client"),
    ],
)
def test_settings_that_changed_in_between_end_the_attempt(changes: dict[str, Any]) -> None:
    """R-64, CVE-2026-3009."""
    expected = {"issuer": ISSUER, "client_id": "romm"} | changes
    assert judged(GOOD, **changes) == Refuse(Code.ATTEMPT_OUTDATED, expected)


@pytest.mark.parametrize("code", [None, ""], ids=["nothing", "an empty code"])
def test_a_response_without_code_and_error_is_refused(code: str | None) -> None:
    assert judged(AuthorizationResponse(code=code)) == Refuse(
        Code.RESPONSE_INVALID, {"problem": "neither code nor error"}
    )


def test_the_first_check_that_fails_is_reported() -> None:
    """Expiry, settings, issuer, then what the provider says: mend one defect after the other."""
    foreign = AuthorizationResponse(error="access_denied", iss="https://evil.example")
    ours = AuthorizationResponse(error="access_denied", iss=ISSUER)
    reported = [
        judged(foreign, expires_at=NOW, client_id="old"),
        judged(foreign, client_id="old"),
        judged(foreign),
        judged(ours),
    ]
    assert [refusal.code for refusal in reported] == [
        Code.ATTEMPT_EXPIRED,
        Code.ATTEMPT_OUTDATED,
        Code.RESPONSE_ISSUER,
        Code.ACCESS_DENIED,
    ]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("access_denied", Code.ACCESS_DENIED),
        ("consent_required", Code.ACCESS_DENIED),
        ("interaction_required", Code.ACCESS_DENIED),
        ("login_required", Code.ACCESS_DENIED),
        ("account_selection_required", Code.ACCESS_DENIED),
        ("invalid_scope", Code.INVALID_SCOPE),
        ("invalid_request", Code.REQUEST_REFUSED),
        ("unauthorized_client", Code.REQUEST_REFUSED),
        ("unsupported_response_type", Code.REQUEST_REFUSED),
        ("invalid_client", Code.REQUEST_REFUSED),
        ("server_error", Code.PROVIDER_ERROR),
        ("temporarily_unavailable", Code.PROVIDER_ERROR),
        ("<script>", Code.PROVIDER_ERROR),
        ("", Code.PROVIDER_ERROR),
    ],
)
def test_every_error_of_the_provider_has_a_code_of_ours(error: str, code: Code) -> None:
    """R-51; RFC 6749, 4.1.2.1; OpenID Connect Core 1.0, 3.1.2.6."""
    facts = {
        "error": error,
        "description": "why",
        "redirect_uri": CLIENT.redirect_uri,
        "scopes": CLIENT.scope,
    }
    assert provider_error(error, "why", CLIENT) == Refuse(code, facts)
    assert judged(AuthorizationResponse(error=error, error_description="why")) == Refuse(code, facts)
