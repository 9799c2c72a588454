"""Judging a logout token: one defect per row, the claim that is named for it, and whose sessions a good one means."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from romm.domain.errors import Code, Refuse
from romm.domain.sign_in.claims.signed_tokens import ExpectedToken
from romm.domain.sign_in.logout_token import (
    EVENT,
    LEGACY_TYPES,
    TYPES,
    UNTYPED,
    Logout,
    LogoutScope,
    Types,
    held_to,
    sid,
    validate,
    widened,
)
from tests.domain.examples import json_values

NOW = 1_700_000_000
ABSENT = object()
EXPECTED = ExpectedToken(issuer="https://auth.example.com", client_id="romm", now=NOW, extra_audiences=("account",))
GOOD: dict[str, Any] = {
    "iss": EXPECTED.issuer,
    "aud": "romm",
    "iat": NOW,
    "exp": NOW + 120,
    "jti": "bWJq",
    "sub": "248289761001",
    "sid": "08a5019c-17e1-4977-8f42-65a12843ea02",
    "events": {EVENT: {}},
}


def token(**changes: Any) -> dict[str, Any]:
    """A good logout token but for the changes; ABSENT takes a claim away."""
    return {name: value for name, value in (GOOD | changes).items() if value is not ABSENT}


def row(reason: str, **changes: Any) -> Any:
    return pytest.param(changes, id=reason)


GOOD_ONES = [
    row("as the specification's example"),
    row("of a session alone", sub=ABSENT),
    row("of a person alone", sid=ABSENT),
    row("an audience that we know beside us", aud=["romm", "account"]),
    row("with another event beside ours", events={EVENT: {}, "https://example.com/more": {}}),
    row("with something in the event, which is to be ignored", events={EVENT: {"more": 1}}),
    row("without an end, which counts from its time", exp=ABSENT),
    row("with a claim that we do not know", trace_id="1e8e"),
    row("over for as long as clocks may differ", exp=NOW - 60),
    row("from a clock that is ahead", iat=NOW + 60, exp=NOW + 180),
    row("ten minutes old", iat=NOW - 600),
]

DEFECTS = [
    row("of another issuer", iss="https://other.example.com"),
    row("of the issuer with a slash", iss="https://auth.example.com/"),
    row("of nobody", iss=ABSENT),
    row("for another client", aud="another"),
    row("for us and a stranger", aud=["romm", "stranger"]),
    row("for nobody", aud=ABSENT),
    row("of no time", iat=ABSENT),
    row("of a time that is none", iat="now"),
    row("too old", iat=NOW - 601),
    row("from the future", iat=NOW + 61),
    row("with an end that is null", exp=None),
    row("with an end that is a text", exp="never"),
    row("over", exp=NOW - 61),
    row("not valid yet", nbf=NOW + 61),
    row("never over", exp=float("inf")),
    row("with a subject that is none", sub=""),
    row("with a subject that is a number", sub=248289761001),
    row("with a subject that is null", sub=None),
    row("with a session that is none", sid=""),
    row("with a session that is a number", sid=7),
    row("with a session that cannot be stored", sid="a\x00b"),
    row("with a session that is too long", sid="s" * 256),
    row("without an event", events=ABSENT),
    row("with a list of events", events=[EVENT]),
    row("with the event as a text", events=EVENT),
    row("with another event", events={"http://schemas.openid.net/event/other": {}}),
    row("with the event in another case", events={EVENT.upper(): {}}),
    row("with the event as true", events={EVENT: True}),
    row("with a nonce", nonce="n-0S6_WzA2Mj"),
    row("with a nonce that is null", nonce=None),
    row("without an id", jti=ABSENT),
    row("with an empty id", jti=""),
    row("with an id that is a number", jti=7),
    row("with an id that no UTF-8 has", jti="\ud800"),
]


@pytest.mark.parametrize("changes", GOOD_ONES)
def test_a_good_one_means_a_session_a_person_or_both(changes: dict[str, Any]) -> None:
    """R-42."""
    claims = token(**changes)
    judged = validate(claims, "logout+jwt", EXPECTED)
    assert isinstance(judged, Logout)
    assert (judged.issuer, judged.subject, judged.sid) == (EXPECTED.issuer, claims.get("sub"), claims.get("sid"))


@pytest.mark.parametrize("changes", DEFECTS)
def test_a_defect_is_refused_and_named(changes: dict[str, Any]) -> None:
    """R-42: the row's own claim, so that no other check hides that it is missing."""
    [claim] = changes
    judged = validate(token(**changes), "logout+jwt", EXPECTED)
    assert isinstance(judged, Refuse)
    assert (judged.code, judged.facts["claim"]) == (Code.LOGOUT_TOKEN_INVALID, claim)


def test_one_that_means_nobody_is_refused() -> None:
    judged = validate(token(sub=ABSENT, sid=ABSENT), "logout+jwt", EXPECTED)
    assert isinstance(judged, Refuse)
    assert judged.facts["claim"] == "sub"


OWN, OLDER = ["logout+jwt", "LOGOUT+JWT", "application/logout+jwt"], ["JWT", "jwt"]
FOREIGN = ["", "at+jwt", "id_token+jwt", "logout", "secevent+jwt", "application/", "application/jwt+jwt"]


@pytest.mark.parametrize(
    ("types", "good", "bad"),
    [
        pytest.param(TYPES, OWN, [*OLDER, None, *FOREIGN], id="what it is"),
        pytest.param(LEGACY_TYPES, [*OWN, *OLDER], [None, *FOREIGN], id="of a provider with older versions"),
        pytest.param(UNTYPED, [*OWN, *OLDER, None], FOREIGN, id="or nothing, where the operator says so"),
    ],
)
def test_it_calls_itself_what_it_is(types: Types, good: list[str | None], bad: list[str | None]) -> None:
    """R-43."""
    assert all(isinstance(validate(GOOD, typ, EXPECTED, types), Logout) for typ in good)
    for typ in bad:
        judged = validate(GOOD, typ, EXPECTED, types)
        assert isinstance(judged, Refuse)
        found = "absent" if typ is None else typ
        assert (judged.code, judged.facts["claim"], judged.facts["found"]) == (Code.LOGOUT_TOKEN_INVALID, "typ", found)


def test_the_strict_types_are_the_default() -> None:
    assert isinstance(validate(GOOD, "JWT", EXPECTED), Refuse)


@pytest.mark.parametrize(
    ("changes", "until"),
    [
        pytest.param({}, NOW + 120 + 60, id="over first"),
        pytest.param({"exp": NOW + 3600}, NOW + 600, id="too old first"),
        pytest.param({"exp": 9e10}, NOW + 600, id="in two thousand years"),
        pytest.param({"exp": ABSENT}, NOW + 600, id="without an end"),
    ],
)
def test_it_is_remembered_until_it_would_be_refused_for_its_age(changes: dict[str, Any], until: float) -> None:
    judged = validate(token(**changes), "logout+jwt", EXPECTED)
    assert isinstance(judged, Logout)
    assert judged.forgotten_at == datetime.fromtimestamp(until, UTC)
    for later, accepted in ((until, True), (until + 1, False)):
        again = validate(
            token(**changes), "logout+jwt", ExpectedToken(issuer=EXPECTED.issuer, client_id="romm", now=later)
        )
        assert isinstance(again, Logout) is accepted


@pytest.mark.parametrize(("exp", "expected"), [(NOW + 120, True), (ABSENT, False)])
def test_it_is_noted_whether_it_has_an_end(exp: Any, expected: bool) -> None:
    judged = validate(token(exp=exp), "logout+jwt", EXPECTED)
    assert isinstance(judged, Logout)
    assert judged.has_expiry is expected


@pytest.mark.parametrize(
    ("scope", "named", "meant"),
    [
        pytest.param(LogoutScope.SESSION, {}, (GOOD["sub"], GOOD["sid"]), id="session: both as named"),
        pytest.param(LogoutScope.PERSON, {}, (GOOD["sub"], None), id="person: whatever the session"),
        pytest.param(LogoutScope.PERSON, {"sub": ABSENT}, (None, GOOD["sid"]), id="person: without one, the session"),
        pytest.param(LogoutScope.PERSON, {"sid": ABSENT}, (GOOD["sub"], None), id="person: alone"),
    ],
)
def test_the_operator_may_have_all_sessions_of_the_person_end(
    scope: LogoutScope, named: dict[str, Any], meant: tuple[str | None, str | None]
) -> None:
    """R-42."""
    judged = validate(token(**named), "logout+jwt", EXPECTED)
    assert isinstance(judged, Logout)
    wide = widened(judged, scope)
    assert (wide.subject, wide.sid) == meant
    assert (wide.issuer, wide.digest) == (judged.issuer, judged.digest)


@pytest.mark.parametrize(
    ("algorithm", "of_sessions", "announced", "accepted"),
    [
        pytest.param("RS256", ["RS256"], None, True, id="as the session's ID token"),
        pytest.param("ES256", ["RS256"], None, False, id="unlike the session's ID token"),
        pytest.param("ES256", ["RS256"], ["RS256", "ES256"], False, id="unlike it, though announced"),
        pytest.param("RS256", ["RS256"], ["ES256"], True, id="as it, though not announced any more"),
        pytest.param("ES256", ["RS256", "ES256"], None, True, id="as one of several sessions"),
        pytest.param("ES256", ["RS256", None], ["ES256"], True, id="of one session it is not known"),
        pytest.param("PS256", ["RS256", None], ["ES256"], False, id="nor is it announced"),
        pytest.param("RS256", [None], ["RS256"], True, id="a session from before it was kept"),
        pytest.param("ES256", [], ["RS256"], False, id="no session, not announced"),
        pytest.param("ES256", [], ["RS256", "ES256"], True, id="no session, announced"),
        pytest.param("ES256", [], None, True, id="nothing is announced, so our list counts"),
        pytest.param("ES256", [], [], True, id="an empty list announces nothing"),
        pytest.param("ES256", [], "ES256", True, id="nonsense announces nothing"),
        pytest.param("ES256", [], [7], False, id="nonsense in a list is no algorithm"),
        pytest.param("EdDSA", ["Ed25519"], None, True, id="two names of one algorithm"),
        pytest.param("Ed25519", [], ["EdDSA"], True, id="the other way round"),
    ],
)
def test_it_is_held_to_the_algorithm_of_the_id_token(
    algorithm: str, of_sessions: list[str | None], announced: Any, accepted: bool
) -> None:
    """R-42; OpenID Connect Back-Channel Logout 1.0, 2.6."""
    judged = held_to(algorithm, of_sessions, announced)
    assert (judged is None) is accepted
    if judged is not None:
        assert (judged.code, judged.facts["claim"], judged.facts["found"]) == (
            Code.LOGOUT_TOKEN_INVALID,
            "alg",
            algorithm,
        )


def test_what_is_remembered_does_not_tell_the_id() -> None:
    first, second = validate(GOOD, "logout+jwt", EXPECTED), validate(token(jti="bWJr"), "logout+jwt", EXPECTED)
    assert isinstance(first, Logout)
    assert isinstance(second, Logout)
    assert len(first.digest) == 64
    assert first.digest != second.digest


@pytest.mark.parametrize(
    ("found", "kept"),
    [("08a5", "08a5"), ("", None), ("s" * 256, None), ("a\x00b", None), (7, None), (None, None)],
)
def test_the_session_of_an_id_token_is_kept_when_it_can_be(found: Any, kept: str | None) -> None:
    """A provider that writes nonsense there keeps nobody out."""
    assert sid({"sid": found}) == kept


def test_an_id_token_need_not_name_a_session() -> None:
    assert sid({}) is None


@given(st.dictionaries(st.sampled_from([*GOOD, "nonce"]), json_values))
def test_no_claim_makes_the_judgement_fail(changes: dict[str, Any]) -> None:
    """R-57, R-85."""
    assert isinstance(validate(GOOD | changes, "logout+jwt", EXPECTED), Logout | Refuse)
