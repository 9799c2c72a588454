"""Scopes of tokens, what a refresh token is good for, and secrets that follow from one another."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from romm.domain import scopes
from romm.domain.catalogue import CATALOGUE
from romm.domain.credentials import tokens
from romm.domain.credentials.credential import SECRET_BYTES, Credential, Kind
from romm.domain.credentials.tokens import (
    GRACE,
    Repeat,
    Rotate,
    Secrets,
    TokenLimits,
    decide_refresh,
    granted_scopes,
    refreshed,
    requested_scopes,
    successors,
)
from romm.domain.digests import digest
from romm.domain.errors import Code, Refuse
from romm.domain.model import AccessLevel, Account
from tests.domain.examples import NOW, account, credential

MOMENT = timedelta(microseconds=1)
WEEK = timedelta(days=7)
LIMITS = TokenLimits(access=timedelta(minutes=30), refresh=WEEK, family=timedelta(days=90))


def refresh_token(**changes: Any) -> Credential:
    ordinary = credential(
        digest=digest("old"),
        kind=Kind.REFRESH_TOKEN,
        scopes=("me.read", "roms.read"),
        expires_at=NOW + WEEK,
        family="a family",
        client="an app",
    )
    return replace(ordinary, **changes)


def code(decision: object) -> Code | None:
    return decision.code if isinstance(decision, Refuse) else None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("", (), id="nothing"),
        pytest.param("  ", (), id="blanks"),
        pytest.param("me.read", ("me.read",), id="one"),
        pytest.param("roms.read me.read", ("me.read", "roms.read"), id="in the published order"),
        pytest.param("me.read  me.read", ("me.read",), id="twice"),
        pytest.param("users.write", ("users.write",), id="whoever asks"),
        pytest.param("me.read openid", Code.SCOPE_UNKNOWN, id="one that is none"),
        pytest.param("ME.READ", Code.SCOPE_UNKNOWN, id="case matters"),
        pytest.param("me.read,roms.read", Code.SCOPE_UNKNOWN, id="commas"),
        pytest.param("me.read\nroms.read", Code.SCOPE_UNKNOWN, id="another blank"),
    ],
)
def test_scopes_of_a_request_are_known_ones(text: str, found: tuple[str, ...] | Code) -> None:
    """RFC 6749, 3.3."""
    assert (code(requested_scopes(text)) or requested_scopes(text)) == found


@pytest.mark.parametrize(
    ("wanted", "level", "found"),
    [
        pytest.param((), AccessLevel.ADMIN, (), id="nothing asked is nothing given"),
        pytest.param(("me.read",), AccessLevel.VIEWER, ("me.read",), id="what the account has"),
        pytest.param(("me.read", "users.read"), AccessLevel.EDITOR, ("me.read",), id="narrowed to what it has"),
        pytest.param(("users.read",), AccessLevel.EDITOR, Code.SCOPE_EXCEEDED, id="only what it has not"),
        pytest.param(scopes.ALL, AccessLevel.ADMIN, scopes.ALL, id="everything for who has everything"),
    ],
)
def test_nobody_is_given_what_the_account_has_not(
    wanted: tuple[str, ...], level: AccessLevel, found: tuple[str, ...] | Code
) -> None:
    """R-71."""
    assert (code(granted_scopes(wanted, level)) or granted_scopes(wanted, level)) == found


@pytest.mark.parametrize(
    ("wanted", "level", "found"),
    [
        pytest.param((), AccessLevel.VIEWER, ("me.read", "roms.read"), id="as before"),
        pytest.param(("roms.read",), AccessLevel.VIEWER, ("roms.read",), id="less"),
        pytest.param(
            ("me.read", "roms.write"), AccessLevel.ADMIN, Code.SCOPE_EXCEEDED, id="more, though the owner has it"
        ),
        pytest.param(("users.read",), AccessLevel.ADMIN, Code.SCOPE_EXCEEDED, id="something else"),
    ],
)
def test_a_refresh_never_widens(wanted: tuple[str, ...], level: AccessLevel, found: tuple[str, ...] | Code) -> None:
    """R-71; RFC 6749, 6."""
    decision = refreshed(wanted, refresh_token(), level)
    assert (code(decision) or decision) == found


def test_a_refresh_gives_what_the_owner_still_has() -> None:
    """R-73."""
    token = refresh_token(scopes=("me.read", "users.read"))
    assert refreshed((), token, AccessLevel.VIEWER) == ("me.read",)
    assert code(refreshed(("users.read",), token, AccessLevel.VIEWER)) is Code.SCOPE_EXCEEDED
    assert refreshed((), refresh_token(scopes=()), AccessLevel.VIEWER) == ()


def row(reason: str, decision: object, **facts: Any) -> Any:
    return pytest.param(facts, decision, id=reason)


@pytest.mark.parametrize(
    ("facts", "decision"),
    [
        row("fresh", Rotate()),
        row("a moment before its end", Rotate(), now=NOW + WEEK - MOMENT),
        row("at its end", Code.REFRESH_TOKEN_INVALID, now=NOW + WEEK),
        row("the same app", Rotate(), client="an app"),
        row("another app", Code.REFRESH_TOKEN_INVALID, client="another app"),
        row("an app that does not say who it is", Rotate(), client=""),
        row("one that was issued to nobody in particular", Rotate(), issued_to="", client="an app"),
        row("a disabled owner", Code.REFRESH_TOKEN_INVALID, enabled=False),
        row("spent just now", Repeat(), spent_at=NOW),
        row("spent by a worker whose clock is ahead", Repeat(), spent_at=NOW + GRACE),
        row("a moment before the grace ends", Repeat(), spent_at=NOW - GRACE + MOMENT),
        row("when the grace ends", Code.REFRESH_TOKEN_REUSED, spent_at=NOW - GRACE),
        row("spent long ago", Code.REFRESH_TOKEN_REUSED, spent_at=NOW - WEEK),
        row("spent, and expired as well", Code.REFRESH_TOKEN_REUSED, spent_at=NOW, now=NOW + WEEK),
        row("spent, its owner disabled", Code.REFRESH_TOKEN_REUSED, spent_at=NOW - GRACE, enabled=False),
        row("spent, by another app", Code.REFRESH_TOKEN_REUSED, spent_at=NOW - GRACE, client="another app"),
        row("a retry for a disabled owner", Code.REFRESH_TOKEN_INVALID, spent_at=NOW, enabled=False),
        row("a retry by another app", Code.REFRESH_TOKEN_INVALID, spent_at=NOW, client="another app"),
    ],
)
def test_what_a_refresh_token_is_good_for(facts: dict[str, Any], decision: object) -> None:
    """R-72, R-73."""
    token = refresh_token(spent_at=facts.get("spent_at"), client=facts.get("issued_to", "an app"))
    owner, now = account(enabled=facts.get("enabled", True)), facts.get("now", NOW)
    found = decide_refresh(token, owner, facts.get("client", ""), now)
    assert (code(found) or found) == decision


def test_what_follows_from_a_token_is_the_same_each_time() -> None:
    assert successors("old", "salt") == successors("old", "salt")


_SECRETS = st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES).map(bytes.hex)


@given(_SECRETS, _SECRETS, _SECRETS)
def test_what_follows_needs_the_secret_and_the_salt(secret: str, other: str, salt: str) -> None:
    found = successors(secret, salt)
    assert len({found.access, found.refresh} | {secret, digest(secret), salt}) == 2 + len(
        {secret, digest(secret), salt}
    )
    assert other == secret or successors(other, salt) != found
    assert other == salt or successors(secret, other) != found


def test_a_derived_secret_is_as_long_as_a_drawn_one_and_never_a_client_token() -> None:
    """R-75."""
    found = successors("old", "salt")
    assert {len(found.access), len(found.refresh)} == {SECRET_BYTES * 2}
    assert set(found.access + found.refresh) <= set("0123456789abcdef")


def next_pair(token: Credential, now: datetime) -> tokens.Granted:
    return tokens.pair(Secrets("access", "refresh"), token, ("me.read",), now, LIMITS)


def test_a_pair_stays_in_its_family_and_forgets_how_the_one_before_was_spent() -> None:
    spent = refresh_token(spent_at=NOW, salt="salt", id=5, device_id=3)
    later = NOW + timedelta(days=1)
    found = next_pair(spent, later)
    assert found.refresh == replace(
        spent,
        digest=digest("refresh"),
        last_used_at=later,
        expires_at=later + LIMITS.refresh,
        spent_at=None,
        salt="",
        id=None,
    )
    assert (found.access.kind, found.access.digest) == (Kind.ACCESS_TOKEN, digest("access"))
    assert (found.access.family, found.access.device_id, found.access.client) == ("a family", 3, "an app")
    assert found.access.scopes == ("me.read",)
    assert found.refresh.scopes == spent.scopes, "RFC 6749, 6: the refresh token keeps its own"
    assert (found.access.created_at, found.access.expires_at) == (later, later + LIMITS.access)


def test_refreshing_does_not_put_the_end_of_a_family_off() -> None:
    """R-72."""
    end = NOW + LIMITS.family
    late = next_pair(refresh_token(), end - timedelta(minutes=1))
    assert late.refresh.expires_at == late.access.expires_at == end
    assert next_pair(late.refresh, end - MOMENT).refresh.expires_at == end


@pytest.mark.parametrize(
    ("token", "owner", "live"),
    [
        pytest.param(refresh_token(), account(), True, id="live"),
        pytest.param(refresh_token(expires_at=NOW), account(), False, id="at its end"),
        pytest.param(refresh_token(spent_at=NOW), account(), False, id="spent"),
        pytest.param(refresh_token(), account(enabled=False), False, id="a disabled owner's"),
    ],
)
def test_a_token_is_live_while_it_leads_to_something(token: Credential, owner: Account, live: bool) -> None:
    assert tokens.is_live(token, owner, NOW) is live


OAUTH_ERRORS = {
    Code.TOKEN_REQUEST_INVALID: ("invalid_request", 400),
    Code.REQUEST_INVALID: ("invalid_request", 400),
    Code.TOKEN_MISPLACED: ("invalid_request", 400),
    Code.CLIENT_UNKNOWN: ("invalid_client", 401),
    Code.GRANT_TYPE_UNSUPPORTED: ("unsupported_grant_type", 400),
    Code.CREDENTIALS_WRONG: ("invalid_grant", 400),
    Code.REFRESH_TOKEN_INVALID: ("invalid_grant", 400),
    Code.REFRESH_TOKEN_REUSED: ("invalid_grant", 400),
    Code.SCOPE_UNKNOWN: ("invalid_scope", 400),
    Code.SCOPE_EXCEEDED: ("invalid_scope", 400),
    Code.TOO_MANY_ATTEMPTS: ("temporarily_unavailable", 429),
    Code.BUSY: ("temporarily_unavailable", 503),
    Code.STORAGE_UNAVAILABLE: ("temporarily_unavailable", 503),
    Code.UNEXPECTED: ("server_error", 500),
}


@pytest.mark.parametrize(("refusal", "said"), OAUTH_ERRORS.items())
def test_a_refusal_has_its_name_in_oauth(refusal: Code, said: tuple[str, int]) -> None:
    """RFC 6749, 5.2; RFC 7009, 2.2.1."""
    assert (CATALOGUE[refusal].oauth_error, CATALOGUE[refusal].oauth_status) == said


@pytest.mark.parametrize("refusal", Code)
def test_what_the_person_reads_can_be_an_error_description(refusal: Code) -> None:
    """RFC 6749, 5.2: printable ASCII without quotation mark and backslash."""
    assert all(" " <= letter <= "~" and letter not in '"\\' for letter in CATALOGUE[refusal].person)
