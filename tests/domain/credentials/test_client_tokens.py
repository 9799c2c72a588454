"""Client tokens: what one may be given, who may make it, and how many guesses a pairing code survives."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from romm.domain import scopes
from romm.domain.credentials import short_codes
from romm.domain.credentials.client_tokens import (
    PAIRING_LIFETIME,
    ClientTokenRequest,
    Lifetime,
    lasting,
    may_renew,
    pairing_code,
    pairing_family,
    token,
    validate_request,
)
from romm.domain.credentials.credential import NEVER, Credential, Kind, bearer_kind
from romm.domain.digests import digest
from romm.domain.errors import Code, Refuse
from romm.domain.limits import EXCHANGES, QUESTIONS
from romm.domain.model import AccessLevel
from romm.domain.scopes import GRANT_ACCESS
from tests.domain.examples import NOW

VIEWER = frozenset(scopes.granted(AccessLevel.VIEWER))
HANDHELD = ClientTokenRequest(name="Handheld", scopes=("me.read", "roms.read"), lifetime=Lifetime.QUARTER)


def refused(found: ClientTokenRequest | Refuse | None) -> Code | None:
    return found.code if isinstance(found, Refuse) else None


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        pytest.param(HANDHELD, None, id="an ordinary one"),
        pytest.param(replace(HANDHELD, scopes=tuple(VIEWER)), None, id="all that one has"),
        pytest.param(replace(HANDHELD, scopes=()), Code.SCOPES_INVALID, id="nothing"),
        pytest.param(replace(HANDHELD, scopes=("me.read", "me.everything")), Code.SCOPES_INVALID, id="unknown"),
        pytest.param(replace(HANDHELD, scopes=("ME.READ",)), Code.SCOPES_INVALID, id="another case"),
        pytest.param(replace(HANDHELD, scopes=("me.read roms.read",)), Code.SCOPES_INVALID, id="two in one text"),
        pytest.param(replace(HANDHELD, scopes=("me.read", "roms.write")), Code.SCOPES_EXCEEDED, id="more than one has"),
        pytest.param(replace(HANDHELD, name=""), Code.NAME_INVALID, id="no name"),
        pytest.param(replace(HANDHELD, name=" \t"), Code.NAME_INVALID, id="only spaces"),
        pytest.param(replace(HANDHELD, name="x" * 255), None, id="a long name"),
        pytest.param(replace(HANDHELD, name="x" * 256), Code.NAME_INVALID, id="too long a name"),
        pytest.param(replace(HANDHELD, name="a\nb"), Code.NAME_INVALID, id="two lines"),
        pytest.param(replace(HANDHELD, name="Ünïcödé 🎮"), None, id="any script"),
    ],
)
def test_a_token_is_made_as_it_is_wanted_or_not_at_all(wanted: ClientTokenRequest, code: Code | None) -> None:
    """R-71."""
    assert refused(validate_request(wanted, VIEWER)) is code


@given(st.lists(st.sampled_from(scopes.ALL), min_size=1), st.frozensets(st.sampled_from(scopes.ALL)))
def test_no_token_may_do_more_than_what_makes_it_and_nothing_is_dropped(
    asked: list[str], allowed: frozenset[str]
) -> None:
    judged = validate_request(replace(HANDHELD, scopes=asked), allowed)
    if set(asked) <= allowed:
        assert isinstance(judged, ClientTokenRequest)
        assert judged.scopes == tuple(scope for scope in scopes.ALL if scope in asked)
    else:
        assert refused(judged) is Code.SCOPES_EXCEEDED


def made(*given_scopes: str, kind: Kind = Kind.CLIENT_TOKEN) -> Credential:
    return replace(token(replace(HANDHELD, scopes=given_scopes), 1, "digest", NOW), id=7, kind=kind)


@pytest.mark.parametrize(
    ("by", "code"),
    [
        pytest.param(None, None, id="a password"),
        pytest.param(made(*scopes.ALL, kind=Kind.SESSION), None, id="a session"),
        pytest.param(made("me.read", "roms.read", "users.read"), None, id="a token with more"),
        pytest.param(made("me.write", "roms.read", "me.read"), None, id="a token with all of them"),
        pytest.param(made("me.write", "roms.read"), Code.SCOPES_EXCEEDED, id="a token with fewer"),
    ],
)
def test_a_token_is_renewed_only_by_what_has_all_its_scopes(by: Credential | None, code: Code | None) -> None:
    assert refused(may_renew(made("me.read", "roms.read"), by)) is code


def test_the_right_to_create_what_lasts_is_passed_on_by_a_person_or_by_a_token_that_has_it() -> None:
    named = made("me.read", GRANT_ACCESS)
    assert may_renew(named, None) is None
    assert may_renew(named, made(*scopes.ALL, kind=Kind.SESSION)) is None
    assert may_renew(named, made("me.read", GRANT_ACCESS)) is None
    assert refused(may_renew(named, made("me.read"))) is Code.SCOPES_EXCEEDED
    wanted = replace(HANDHELD, scopes=("me.read", GRANT_ACCESS))
    assert refused(validate_request(wanted, VIEWER)) is Code.SCOPES_EXCEEDED
    assert validate_request(wanted, VIEWER | {GRANT_ACCESS}) == wanted


SOON, LATER = NOW + timedelta(days=1), NOW + timedelta(days=400)


@pytest.mark.parametrize(
    ("kind", "ends", "expected"),
    [
        pytest.param(None, LATER, LATER, id="a password"),
        pytest.param(Kind.SESSION, SOON, LATER, id="a session, however short"),
        pytest.param(Kind.CLIENT_TOKEN, SOON, SOON, id="a token that ends sooner"),
        pytest.param(Kind.CLIENT_TOKEN, NEVER, LATER, id="a token without an end"),
        pytest.param(Kind.ACCESS_TOKEN, SOON, LATER, id="an access token that may create at all"),
    ],
)
def test_nothing_that_a_client_token_gives_outlives_it(kind: Kind | None, ends: datetime, expected: datetime) -> None:
    by = None if kind is None else replace(made(*scopes.ALL, kind=kind), expires_at=ends)
    assert lasting(LATER, by) == expected
    renewed = may_renew(replace(made("me.read"), expires_at=LATER), by)
    assert refused(renewed) is (None if expected == LATER else Code.LIFETIME_EXCEEDED)


@pytest.mark.parametrize(
    ("lifetime", "expires_at"),
    [
        (Lifetime.MONTH, NOW + timedelta(days=30)),
        (Lifetime.QUARTER, NOW + timedelta(days=90)),
        (Lifetime.YEAR, NOW + timedelta(days=365)),
        (Lifetime.NEVER, NEVER),
    ],
)
def test_a_token_ends_when_it_was_said(lifetime: Lifetime, expires_at: object) -> None:
    assert token(replace(HANDHELD, lifetime=lifetime), 1, "digest", NOW).expires_at == expires_at


def test_a_pairing_code_opens_nothing_by_itself_and_belongs_to_its_token() -> None:
    code = pairing_code(made("me.read"), digest("BCDFGHJK"), NOW)
    assert (code.kind, code.scopes, code.expires_at) == (Kind.PAIRING_CODE, (), NOW + timedelta(minutes=5))
    assert code.family == pairing_family(made("me.read")) != pairing_family(replace(made("me.read"), id=8))
    assert bearer_kind("BCDFGHJK") is not Kind.PAIRING_CODE


def test_a_code_survives_all_guesses_that_are_let_through_while_it_lives() -> None:
    """R-79: from however many addresses at once, and at both doors that tell about a code."""
    tries = sum(
        limit.tries * (PAIRING_LIFETIME / limit.window + 1) for limit in (EXCHANGES.together, QUESTIONS.together)
    )
    assert tries / len(short_codes.ALPHABET) ** short_codes.LENGTH < 1e-6
    assert 10_000 / len(short_codes.ALPHABET) ** short_codes.LENGTH < 1e-5
