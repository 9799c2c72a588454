"""The catalogue of refusals: complete, readable, and silent about who has an account."""

import json
import re
import string
from typing import Any

import pytest
from hypothesis import given

from romm.domain.catalogue import CATALOGUE, Refusal, operator_text
from romm.domain.errors import MAX_FACT_LENGTH, Code, Refuse, Refused, bounded
from romm.domain.sign_in.authorization import AuthorizationResponse, accept, response
from romm.domain.sign_in.claims.rules import ClaimMapping, read, validate
from romm.domain.sign_in.discovery import accept as provider_accept
from romm.domain.sign_in.discovery import location
from romm.domain.sign_in.linking.decisions import Reject
from romm.domain.titles import TITLES
from tests.domain.examples import CLIENT, ISSUER, NOW, attempt, json_values, metadata
from tests.domain.sign_in.claims.test_rules import EXPECTED, token
from tests.domain.sign_in.linking.test_rules import ADDRESSES, EXPLICIT, KNOWN, MATCHES, SETUP


def test_every_code_has_a_row_and_the_rows_stand_in_the_order_of_the_codes() -> None:
    assert list(CATALOGUE) == list(Code)


def test_every_code_has_a_title_and_no_other() -> None:
    assert set(TITLES) == set(Code)
    assert max(map(len, TITLES.values())) <= 40, "a few words, for lists and headings"


def test_a_code_is_a_plain_word_for_urls() -> None:
    for code in Code:
        assert set(code) <= set(string.ascii_lowercase + string.digits + "_"), code
        assert code == code.name.lower()


def test_a_person_reads_whole_sentences_without_anything_technical() -> None:
    """R-51."""
    for code, row in CATALOGUE.items():
        assert re.fullmatch(r"[A-Z][^{}`<>\n]+\.", row.person), code
        assert "OIDC_" not in row.person, code
        assert "  " not in row.person, code


def test_an_operator_reads_whole_sentences() -> None:
    for code, row in CATALOGUE.items():
        assert re.fullmatch(r"[`A-Z{].+\.", row.operator), code
        assert "  " not in row.operator, code


def test_a_fact_in_a_text_is_a_name_and_nothing_cleverer() -> None:
    """No format, no attribute, no stray brace that would break the log line which has to explain the failure."""
    for code, row in CATALOGUE.items():
        assert all(name.isidentifier() for name in named(row)), code
        assert not set(row.operator.format(**dict.fromkeys(named(row), "fact"))) & set("{}"), code


def named(row: Refusal) -> set[str]:
    """The facts that a row's operator text names; `{}` and `{0}` come out as they are."""
    return {name for _, name, _, _ in string.Formatter().parse(row.operator) if name is not None}


def test_a_refusal_is_a_refusal_in_http_and_only_the_unexpected_is_a_500() -> None:
    for code, row in CATALOGUE.items():
        assert row.status in {400, 401, 403, 404, 405, 409, 410, 429, 500, 502, 503}, code
        assert (row.status == 500) == (code is Code.UNEXPECTED), code


BEFORE_AUTHENTICATION = [
    Code.OIDC_OFF,
    Code.PROVIDER_UNAVAILABLE,
    Code.STATE_UNKNOWN,
    Code.BROWSER_MISMATCH,
    Code.ATTEMPT_EXPIRED,
    Code.ATTEMPT_USED,
    Code.ATTEMPT_OUTDATED,
    Code.RESPONSE_INVALID,
    Code.RESPONSE_ISSUER,
    Code.ACCESS_DENIED,
    Code.PROVIDER_ERROR,
    Code.SETUP_REQUIRED,
    Code.NO_ROLE,
    Code.EMAIL_MISSING,
    Code.EMAIL_INVALID,
    Code.EMAIL_NOT_VERIFIED,
    Code.CREDENTIALS_WRONG,
    Code.TOO_MANY_ATTEMPTS,
    Code.TOO_MANY_REQUESTS,
    Code.PASSWORDS_OFF,
    Code.NOT_SIGNED_IN,
    Code.PAIRING_CODE_INVALID,
    Code.CROSS_SITE,
    Code.NOT_FOUND,
    Code.STORAGE_UNAVAILABLE,
    Code.UNEXPECTED,
]
TELLING = (
    "your account",
    "another account",
    "account with",
    "no account",
    "disabled",
    "taken",
    "exist",
    "unknown",
)


def test_before_somebody_is_authenticated_no_text_says_whether_an_account_exists() -> None:
    """R-33."""
    for code in [*BEFORE_AUTHENTICATION, *(code for code in Code if code.startswith("id_token"))]:
        assert not [words for words in TELLING if words in CATALOGUE[code].person.lower()], code


def refusals_of_the_rules() -> list[Refuse]:
    """What the rules refuse in the rows of their own tests, and the refusals of an authorization response."""
    decisions = [row.values[1] for row in [*SETUP, *KNOWN, *EXPLICIT, *ADDRESSES, *MATCHES]]
    strict = metadata(authorization_response_iss_parameter_supported=True)
    errors = ("access_denied", "invalid_scope", "invalid_request", "server_error")
    judged = [
        response([("code", "1"), ("code", "2")]),
        response([("code", "1"), ("error", "x")]),
        accept(CODE, attempt(expires_at=NOW), metadata(), CLIENT, NOW),
        accept(CODE, attempt(issuer="https://old.example"), metadata(), CLIENT, NOW),
        accept(CODE, attempt(), strict, CLIENT, NOW),
        accept(AuthorizationResponse(), attempt(), metadata(), CLIENT, NOW),
        *(accept(AuthorizationResponse(error=error), attempt(), metadata(), CLIENT, NOW) for error in errors),
        validate({}, EXPECTED),
        validate({"iss": EXPECTED.issuer}, EXPECTED),
        *(validate(token(**change), EXPECTED) for change in ({"azp": 1}, {"exp": 1}, {"iat": 1}, {"sub": 1})),
        read({"iss": ISSUER, "sub": "alice"}, {"sub": "bob"}, ClaimMapping()),
        provider_accept(metadata(issuer="https://evil.example"), location(ISSUER, "")),
        provider_accept(metadata(jwks_uri="http://evil.example"), location(ISSUER, "")),
    ]
    refused = [decision.refuse for decision in decisions if isinstance(decision, Reject)]
    return refused + [answer for answer in judged if isinstance(answer, Refuse)]


CODE = AuthorizationResponse(code="1")


def test_a_rule_gives_every_fact_that_its_row_names() -> None:
    refusals = refusals_of_the_rules()
    assert len({refusal.code for refusal in refusals}) > 20
    for refusal in refusals:
        assert named(CATALOGUE[refusal.code]) <= set(refusal.facts), refusal


def test_an_operators_text_is_filled_and_a_missing_fact_breaks_nothing() -> None:
    refused = Refused.by(Refuse(Code.ISSUER_MISMATCH, {"found": "https://evil.example\n"}))
    begins = "The discovery document says issuer https://evil.example\\n, configured is unknown."
    assert operator_text(refused).startswith(begins)


def nested(depth: int) -> list[Any]:
    document: list[Any] = []
    for _ in range(depth):
        document = [document]
    return document


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param("x" * 1_000_000, id="a megabyte of text"),
        pytest.param("alice\r\nevent=signin.decided outcome=done", id="a forged log line"),
        pytest.param("\x1b[2Jgone\x00\u2028\u202e", id="signs for terminals"),
        pytest.param("\r\n" * 500, id="nothing but line ends"),
        pytest.param("\ud800", id="half a character"),
        pytest.param({"claims": ["x" * 1_000] * 1_000}, id="a large document"),
        pytest.param({"a": {"b": {"c": "\r\n"}}}, id="a document with line ends"),
        pytest.param(nested(10_000), id="a document ten thousand lists deep"),
        pytest.param(["x"] * 100_000, id="a long list"),
        pytest.param(10**4_000, id="an integer of four thousand digits"),
        pytest.param(-(10**4_000), id="the same below zero"),
        pytest.param(b"\r\n" * 1_000, id="bytes"),
    ],
)
def test_a_fact_becomes_one_short_line(fact: Any) -> None:
    """R-58, CVE-2025-65015."""
    line = bounded(fact)
    assert isinstance(line, str)
    assert len(line) <= 10 * MAX_FACT_LENGTH
    assert line.isprintable()


@pytest.mark.parametrize(
    ("fact", "line"),
    [
        pytest.param(None, None, id="nothing"),
        pytest.param(True, True, id="a boolean"),
        pytest.param(1_700_000_000, 1_700_000_000, id="a time"),
        pytest.param(-1.5, -1.5, id="a number"),
        pytest.param("romm-admins", "romm-admins", id="a text"),
        pytest.param("Zoë", "Zoë", id="a text with other letters"),
        pytest.param("a\nb", "a\\nb", id="a line end is shown, not written"),
        pytest.param("x" * MAX_FACT_LENGTH, "x" * MAX_FACT_LENGTH, id="the longest text"),
        pytest.param(
            "x" * MAX_FACT_LENGTH + "y",
            "x" * (MAX_FACT_LENGTH // 2) + "…" + "x" * (MAX_FACT_LENGTH // 2 - 1) + "y",
            id="head and tail of a longer one",
        ),
        pytest.param(("users", "family"), "'users', 'family'", id="the groups of a person"),
        pytest.param((), "nothing", id="a person without groups"),
        pytest.param([7, 8], "[7, 8]", id="the numbers of two accounts"),
        pytest.param({"a": 1}, "{'a': 1}", id="a small document"),
    ],
)
def test_an_ordinary_fact_stays_readable(fact: Any, line: Any) -> None:
    assert bounded(fact) == line
    assert type(bounded(fact)) is type(line)


@given(json_values)
def test_every_fact_fits_into_a_line_of_json(fact: Any) -> None:
    """R-58."""
    line = json.dumps(bounded(fact))
    assert "\n" not in line
    assert len(line) <= 10 * MAX_FACT_LENGTH


def test_a_refusal_carries_its_facts_bounded() -> None:
    """R-58."""
    refused = Refused(Code.NO_ROLE, claim="groups", values=("a\n",), age=3)
    assert refused.code is Code.NO_ROLE
    assert refused.facts == {"claim": "groups", "values": "'a\\n'", "age": 3}
    assert str(refused) == "no_role"


@pytest.mark.parametrize(("value", "written"), [(False, "false"), (True, "true"), (None, "none"), (0, "0")])
def test_facts_are_written_in_the_words_of_json_and_of_no_programming_language(value: Any, written: str) -> None:
    refused = Refused(Code.EMAIL_NOT_VERIFIED, found=value, source="id_token")
    assert operator_text(refused).startswith(f"`email_verified` is {written} in id_token;")
