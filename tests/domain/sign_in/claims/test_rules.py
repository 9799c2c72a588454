"""Judging the claims of an ID token: one defect per row, the refusal that names it, and the order of the checks."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from romm.domain.errors import Code, Refuse
from romm.domain.instants import compared, format_seconds
from romm.domain.sign_in.claims.at_hash import at_hash
from romm.domain.sign_in.claims.rules import ExpectedIDToken, validate, with_known_issuer
from tests.domain.examples import json_values

NOW = 1_700_000_000
ABSENT = object()
EXPECTED = ExpectedIDToken(
    issuer="https://auth.example.com/realms/home",
    client_id="romm",
    nonce="n-0S6_WzA2Mj",
    now=NOW,
    algorithm="RS256",
    access_token="jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
    extra_audiences=("account",),
)
GOOD: dict[str, Any] = {
    "iss": EXPECTED.issuer,
    "aud": "romm",
    "exp": NOW + 300,
    "iat": NOW,
    "nonce": EXPECTED.nonce,
    "sub": "248289761001",
}

# The first comes from OpenID Connect Core 1.0, A.3; the others were made with openssl.
AT_HASH = {
    "RS256": "77QmUPtjPfzWtF2AnpK9RQ",
    "ES384": "jtAeDp945y1dDqU3nkIVGNZP1HjH_MFs",
    "EdDSA": "q7nS86GgvvFaZkzALLWqJYaJIKw2wCDAVfCAsm5CrBM",
    "Ed25519": "q7nS86GgvvFaZkzALLWqJYaJIKw2wCDAVfCAsm5CrBM",
}


def token(**changes: Any) -> dict[str, Any]:
    """A good ID token but for the changes; ABSENT takes a claim away."""
    return {name: value for name, value in (GOOD | changes).items() if value is not ABSENT}


def row(reason: str, **changes: Any) -> Any:
    return pytest.param(changes, id=reason)


ISSUERS = [
    row("a prefix of ours", iss="https://auth.example.com/realms/hom"),
    row("ours and more", iss="https://auth.example.com/realms/home.evil.example"),
    row("a slash more", iss="https://auth.example.com/realms/home/"),
    row("another case", iss="https://auth.example.com/realms/Home"),
    row("another scheme", iss="http://auth.example.com/realms/home"),
    row("no scheme", iss="auth.example.com/realms/home"),
    row("empty", iss=""),
    row("absent", iss=ABSENT),
]
AUDIENCES = [
    row("somebody else", aud="other"),
    row("somebody else, although azp is us", aud="other", azp="romm"),
    row("a prefix of ours", aud="rom"),
    row("ours and more", aud="romm2"),
    row("another case", aud="ROMM"),
    row("nobody", aud=[]),
    row("absent", aud=ABSENT),
    row("a list in a list", aud=[["romm"]]),
    row("a text that contains us", aud="romm account"),
    row("us and a stranger", aud=["romm", "stranger"]),
    row("us and a stranger, although azp is us", aud=["romm", "stranger"], azp="romm"),
    row("us, an acquaintance and a stranger", aud=["account", "romm", "stranger"], azp="romm"),
    row("us and something that is no text", aud=["romm", {"account": 1}], azp="romm"),
    row("only an acquaintance", aud=["account"], azp="romm"),
]
AUTHORIZED_PARTIES = [
    row("somebody else", azp="stranger"),
    row("an acquaintance", aud=["romm", "account"], azp="account"),
    row("empty", azp=""),
]
NO_TIMES = [
    pytest.param(ABSENT, id="absent"),
    pytest.param(float("nan"), id="NaN"),
    pytest.param(float("inf"), id="infinite"),
    pytest.param(1e300, id="far too large"),
    pytest.param(10**400, id="an integer that no float can hold"),
    pytest.param(NOW * 1000, id="milliseconds"),
    pytest.param(0, id="zero"),
    pytest.param(-NOW, id="negative"),
]
NONCES = [
    row("absent", nonce=ABSENT),
    row("empty", nonce=""),
    row("another sign-in's", nonce="n-0S6_WzA2Mk"),
    row("absent, and the token says that is fine", nonce=ABSENT, nonce_supported=False),
]
AT_HASHES = [
    row("of another token", at_hash="77QmUPtjPfzWtF2AnpK9RR"),
    row("truncated", at_hash="77QmUPtjPfzWtF2AnpK9"),
    row("padded", at_hash="77QmUPtjPfzWtF2AnpK9RQ=="),
    row("empty", at_hash=""),
]
SUBJECTS = [
    row("absent", sub=ABSENT),
    row("empty", sub=""),
    row("a space", sub=" "),
    row("256 characters", sub="x" * 256),
    row("not ASCII", sub="älice"),
    row("a control character", sub="alice\n"),
    row("a NUL", sub="alice\x00"),
]
MISTYPED: list[tuple[str, Any, str]] = [
    ("iss", ["https://auth.example.com/realms/home"], "a list of 1"),
    ("iss", None, "null"),
    ("aud", None, "null"),
    ("aud", {"romm": True}, "an object of 1"),
    ("azp", None, "null"),
    ("azp", ["romm"], "a list of 1"),
    *((claim, value, found) for claim in ("exp", "iat") for value, found in (
        (None, "null"), (str(NOW), "a text"), ("", "an empty text"), (True, "a boolean"), ([NOW], "a list of 1"))),
    ("nonce", None, "null"),
    ("nonce", ["n-0S6_WzA2Mj"], "a list of 1"),
    ("at_hash", None, "null"),
    ("at_hash", True, "a boolean"),
    ("sub", None, "null"),
    ("sub", 0, "a number"),
    ("sub", [], "an empty list"),
]  # fmt: skip
ACCEPTED = [
    row("as it should be"),
    row("the audience as a list", aud=["romm"]),
    row("an acquaintance beside us", aud=["romm", "account"]),
    row("an acquaintance beside us, and azp is us", aud=["romm", "account"], azp="romm"),
    row("azp is us", azp="romm"),
    row("expired exactly 60 seconds ago by our clock", exp=NOW - 60),
    row("times with a fraction", exp=NOW + 299.5, iat=NOW - 0.5),
    row("issued exactly 60 seconds from now by our clock", iat=NOW + 60),
    row("issued exactly 600 seconds ago", iat=NOW - 600),
    row("with the right hash of the access token", at_hash="77QmUPtjPfzWtF2AnpK9RQ"),
    row("the longest subject", sub="x" * 255),
    row("a subject with a space inside", sub="alice example"),
    row("claims that nobody asked for", groups=["x"] * 20_000, _claim_sources={"src1": {}}),
]


def refused(changes: dict[str, Any]) -> Code | None:
    refusal = validate(token(**changes), EXPECTED)
    return refusal.code if refusal else None


@pytest.mark.parametrize("changes", ACCEPTED)
def test_a_token_is_accepted(changes: dict[str, Any]) -> None:
    """R-04, R-26."""
    assert refused(changes) is None


@pytest.mark.parametrize(("claim", "value", "found"), MISTYPED)
def test_a_claim_of_another_type_is_named_as_what_it_is(claim: str, value: Any, found: str) -> None:
    """R-04, R-05, R-09, R-25, R-26: never as another value, a clock or a client id that is wrong."""
    refusal = validate(token(**{claim: value}), EXPECTED)
    assert refusal is not None
    assert refusal.code is Code.ID_TOKEN_CLAIM_TYPE
    assert (refusal.facts["claim"], refusal.facts["found"]) == (claim, found)


@pytest.mark.parametrize("changes", ISSUERS)
def test_the_issuer_is_ours_byte_for_byte(changes: dict[str, Any]) -> None:
    """R-05."""
    assert refused(changes) is Code.ID_TOKEN_ISSUER


@pytest.mark.parametrize("changes", AUDIENCES)
def test_the_audience_is_us_and_nobody_unknown(changes: dict[str, Any]) -> None:
    """R-04."""
    assert refused(changes) is Code.ID_TOKEN_AUDIENCE


GOOGLE = {"accounts.google.com": "https://accounts.google.com"}


@pytest.mark.parametrize(
    ("issuer", "found", "code"),
    [
        pytest.param("https://accounts.google.com", "https://accounts.google.com", None, id="as it should be"),
        pytest.param("https://accounts.google.com", "accounts.google.com", None, id="iss-no-scheme"),
        pytest.param("https://accounts.google.com", "accounts.google.com/", Code.ID_TOKEN_ISSUER, id="and a slash"),
        pytest.param("https://accounts.google.com", "Accounts.Google.com", Code.ID_TOKEN_ISSUER, id="another case"),
        pytest.param("https://accounts.google.com", ["accounts.google.com"], Code.ID_TOKEN_CLAIM_TYPE, id="a list"),
        pytest.param("https://accounts.google.com", None, Code.ID_TOKEN_CLAIM_TYPE, id="null"),
        pytest.param("https://idp.example", "idp.example", Code.ID_TOKEN_ISSUER, id="nobody else may leave it away"),
        pytest.param("https://idp.example", "accounts.google.com", Code.ID_TOKEN_ISSUER, id="nor be taken for Google"),
        pytest.param("http://accounts.google.com", "accounts.google.com", Code.ID_TOKEN_ISSUER, id="nor http"),
    ],
)
def test_another_name_of_an_issuer_counts_for_that_issuer_only(issuer: str, found: Any, code: Code | None) -> None:
    """OpenID Connect Core 1.0, 15.6.2; afterwards there is one name, so that nobody becomes two identities."""
    claims = with_known_issuer(token(iss=found), GOOGLE)
    refusal = validate(claims, msgspec.structs.replace(EXPECTED, issuer=issuer))
    assert (refusal.code if refusal else None) is code
    assert code is not None or claims["iss"] == issuer


def test_without_other_names_the_claims_are_left_alone() -> None:
    """R-05."""
    claims = token(iss="accounts.google.com")
    assert with_known_issuer(claims, {}) is claims


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"hd": "example.com"}, None, id="a member"),
        pytest.param({"hd": "example.org"}, None, id="a member of the other one"),
        pytest.param({}, Code.HOSTED_DOMAIN, id="a private account has none"),
        pytest.param({"hd": "evil.example"}, Code.HOSTED_DOMAIN, id="another Workspace"),
        pytest.param({"hd": "sub.example.com"}, Code.HOSTED_DOMAIN, id="a domain below"),
        pytest.param({"hd": "example.co"}, Code.HOSTED_DOMAIN, id="a prefix"),
        pytest.param({"hd": ""}, Code.HOSTED_DOMAIN, id="empty"),
        pytest.param({"hd": None}, Code.HOSTED_DOMAIN, id="null"),
        pytest.param({"hd": ["example.com"]}, Code.HOSTED_DOMAIN, id="a list"),
        pytest.param({"email": "mallory@example.com"}, Code.HOSTED_DOMAIN, id="an address proves no membership"),
    ],
)
def test_only_members_of_the_named_domains_come_in(changes: dict[str, Any], code: Code | None) -> None:
    """Google's `hd`, checked in the token."""
    expected = msgspec.structs.replace(EXPECTED, hosted_domains=("example.com", "example.org"))
    refusal = validate(token(**changes), expected)
    assert (refusal.code if refusal else None) is code
    assert refusal is None or refusal.facts["expected"] == "example.com, example.org"
    assert refused(changes) is None, "who names no domain lets everybody in"


@pytest.mark.parametrize("changes", AUTHORIZED_PARTIES)
def test_the_authorized_party_is_us_when_there_is_one(changes: dict[str, Any]) -> None:
    """R-04."""
    assert refused(changes) is Code.ID_TOKEN_AUTHORIZED_PARTY


@pytest.mark.parametrize("value", [*NO_TIMES, pytest.param(NOW - 60.001, id="more than 60 seconds ago")])
def test_the_expiry_is_a_time_to_come(value: Any) -> None:
    """R-26."""
    assert refused({"exp": value}) is Code.ID_TOKEN_EXPIRED


@pytest.mark.parametrize(
    "value",
    [
        *NO_TIMES,
        pytest.param(NOW + 60.001, id="more than 60 seconds from now"),
        pytest.param(NOW - 600.001, id="more than 600 seconds ago"),
    ],
)
def test_the_time_of_issue_is_now(value: Any) -> None:
    """R-26."""
    assert refused({"iat": value}) is Code.ID_TOKEN_ISSUED_AT


@pytest.mark.parametrize("value", [*NO_TIMES[1:], pytest.param(NOW + 60.001, id="more than 60 seconds from now")])
def test_a_token_that_is_not_valid_yet_is_refused(value: Any) -> None:
    """R-26; RFC 7519, 4.1.5."""
    assert refused({"nbf": value}) is Code.ID_TOKEN_NOT_YET


@pytest.mark.parametrize("value", [NOW - 86400, NOW, NOW + 60])
def test_a_token_may_say_since_when_it_is_valid(value: float) -> None:
    assert refused({"nbf": value}) is None


@pytest.mark.parametrize(
    ("value", "code"),
    [
        pytest.param(NOW - 3660, None, id="an hour ago, and what clocks may differ"),
        pytest.param(NOW, None, id="now"),
        pytest.param(NOW - 3660.001, Code.ID_TOKEN_AUTH_TIME, id="longer ago"),
        pytest.param(NOW + 60.001, Code.ID_TOKEN_AUTH_TIME, id="in the future"),
        pytest.param(ABSENT, Code.ID_TOKEN_AUTH_TIME, id="not sent"),
        pytest.param(True, Code.ID_TOKEN_CLAIM_TYPE, id="a boolean"),
    ],
)
def test_the_sign_in_at_the_provider_is_not_older_than_demanded(value: Any, code: Code | None) -> None:
    """OpenID Connect Core 1.0, 3.1.3.7, step 13."""
    refusal = validate(token(auth_time=value), msgspec.structs.replace(EXPECTED, max_age=3600))
    assert (refusal.code if refusal else None) is code
    assert refused({"auth_time": value}) is None, "nothing is demanded"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        pytest.param("silver", None, id="the second of those that are demanded"),
        pytest.param("bronze", Code.ID_TOKEN_ACR, id="another"),
        pytest.param("gold silver", Code.ID_TOKEN_ACR, id="a text that has it"),
        pytest.param(ABSENT, Code.ID_TOKEN_ACR, id="not sent"),
        pytest.param(["gold"], Code.ID_TOKEN_CLAIM_TYPE, id="a list"),
    ],
)
def test_the_level_of_authentication_is_one_that_is_demanded(value: Any, code: Code | None) -> None:
    """OpenID Connect Core 1.0, 3.1.3.7, step 12."""
    refusal = validate(token(acr=value), msgspec.structs.replace(EXPECTED, acr_values=("gold", "silver")))
    assert (refusal.code if refusal else None) is code
    assert refused({"acr": value}) is None, "nothing is demanded"


@pytest.mark.parametrize("value", [True, 0, -1], ids=["a boolean", "zero", "negative"])
def test_what_is_no_time_is_none_on_a_clock_that_was_never_set_either(value: Any) -> None:
    """R-26: there `true` would be a second ago."""
    at_the_epoch = msgspec.structs.replace(EXPECTED, now=1)
    for claims in (token(exp=value, iat=1), token(exp=1, iat=value)):
        assert validate(claims, at_the_epoch) is not None


@pytest.mark.parametrize("changes", NONCES)
def test_the_nonce_is_there_and_ours(changes: dict[str, Any]) -> None:
    """R-09."""
    assert refused(changes) is Code.ID_TOKEN_NONCE


@pytest.mark.parametrize("changes", AT_HASHES)
def test_the_hash_of_the_access_token_fits_when_there_is_one(changes: dict[str, Any]) -> None:
    """R-50."""
    assert refused(changes) is Code.ID_TOKEN_AT_HASH


@pytest.mark.parametrize("changes", SUBJECTS)
def test_the_subject_is_a_bounded_ascii_text(changes: dict[str, Any]) -> None:
    """R-25."""
    assert refused(changes) is Code.ID_TOKEN_SUBJECT


@pytest.mark.parametrize(("algorithm", "value"), AT_HASH.items())
def test_the_hash_follows_the_algorithm_of_the_signature(algorithm: str, value: str) -> None:
    """R-50; OpenID Connect Core 1.0, 3.1.3.6."""
    assert at_hash(EXPECTED.access_token, algorithm) == value


@pytest.mark.parametrize(
    ("algorithm", "value", "problem"),
    [
        pytest.param("EdDSA", AT_HASH["RS256"], "made with SHA-256, which does not belong to EdDSA", id="Ory Hydra"),
        pytest.param("ES512", AT_HASH["RS256"], "made with SHA-256, which does not belong to ES512", id="Hydra, ES512"),
        pytest.param("RS256", AT_HASH["EdDSA"], "made with SHA-512, which does not belong to RS256", id="the longest"),
        pytest.param("EdDSA", "other", "belongs to another access token", id="none of these"),
    ],
)
def test_a_hash_of_the_wrong_kind_is_named(algorithm: str, value: str, problem: str) -> None:
    refusal = validate(token(at_hash=value), msgspec.structs.replace(EXPECTED, algorithm=algorithm))
    assert refusal is not None
    assert problem in refusal.facts["problem"]


@pytest.mark.parametrize("value", ["", "77QmUPtjPfzWtF2AnpK9RQ"], ids=["empty", "right for RS256"])
@pytest.mark.parametrize("algorithm", ["none", "Ed448", "ES256K", "", "RS1"])
def test_a_hash_of_an_unknown_algorithm_fails_closed(algorithm: str, value: str) -> None:
    """R-50, CVE-2026-28498."""
    unknown = msgspec.structs.replace(EXPECTED, algorithm=algorithm)
    refusal = validate(token(at_hash=value), unknown)
    assert refusal is not None
    assert refusal.code is Code.ID_TOKEN_AT_HASH
    assert validate(token(), unknown) is None, "a token without a hash does not depend on it"


def test_the_first_check_that_fails_is_reported() -> None:
    """The order of OpenID Connect Core 1.0, 3.1.3.7: mend one defect after the other."""
    defects = {
        "iss": "https://evil.example",
        "aud": "other",
        "azp": "other",
        "exp": NOW - 3600,
        "iat": NOW - 7200,
        "nbf": NOW + 3600,
        "nonce": "other",
        "at_hash": "other",
        "sub": "",
    }
    reported = [refused(dict(list(defects.items())[mended:])) for mended in range(len(defects) + 1)]
    assert reported == [
        Code.ID_TOKEN_ISSUER,
        Code.ID_TOKEN_AUDIENCE,
        Code.ID_TOKEN_AUTHORIZED_PARTY,
        Code.ID_TOKEN_EXPIRED,
        Code.ID_TOKEN_ISSUED_AT,
        Code.ID_TOKEN_NOT_YET,
        Code.ID_TOKEN_NONCE,
        Code.ID_TOKEN_AT_HASH,
        Code.ID_TOKEN_SUBJECT,
        None,
    ]


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        pytest.param({"iss": "x"}, {"claim": "iss", "found": "x", "expected": EXPECTED.issuer}, id="issuer"),
        pytest.param({"aud": ["x"]}, {"claim": "aud", "found": ["x"], "expected": "romm"}, id="audience"),
        pytest.param({"azp": "x"}, {"claim": "azp", "found": "x", "expected": "romm"}, id="authorized party"),
        pytest.param(
            {"exp": NOW - 90},
            {"claim": "exp", "found": compared(NOW - 90, NOW), "expected": format_seconds(NOW)},
            id="expiry",
        ),
        pytest.param(
            {"iat": ABSENT}, {"claim": "iat", "found": "not sent", "expected": format_seconds(NOW)}, id="time of issue"
        ),
        pytest.param({"sub": ""}, {"claim": "sub", "found": "an empty text"}, id="subject"),
    ],
)
def test_the_operator_learns_what_was_found_and_what_was_expected(
    changes: dict[str, Any], facts: dict[str, Any]
) -> None:
    refusal = validate(token(**changes), EXPECTED)
    assert refusal is not None
    assert refusal.facts == facts


def test_the_nonce_that_was_expected_is_in_no_log() -> None:
    """R-59."""
    refusal = validate(token(nonce="other"), EXPECTED)
    assert refusal is not None
    assert EXPECTED.nonce not in refusal.facts.values()


@given(st.dictionaries(st.sampled_from([*GOOD, "azp", "at_hash"]), json_values, min_size=1))
def test_no_token_however_odd_breaks_the_judgement(changes: dict[str, Any]) -> None:
    """R-57: a rule returns a refusal, it never raises."""
    assert isinstance(validate(token(**changes), EXPECTED), Refuse | None)


@given(st.sampled_from(["iss", "aud", "nonce", "sub"]), json_values)
def test_no_other_value_passes_for_the_right_one(claim: str, value: Any) -> None:
    """R-04, R-05, R-09, R-25."""
    refusal = validate(token(**{claim: value}), EXPECTED)
    is_a_subject = claim == "sub" and isinstance(value, str)
    assert (refusal is not None) or is_a_subject or value in (GOOD[claim], [GOOD[claim]])
