"""What outlasts the credential that asks for it: the rule, for every kind of credential and every age."""

from datetime import timedelta
from itertools import product

import pytest
from msgspec.structs import replace

from romm.domain import scopes
from romm.domain.credentials.credential import FRESH_SESSION, Kind
from romm.domain.credentials.permissions import COMMAND_LINE, Actor
from romm.domain.credentials.step_up import TABLE, Lasting, Tokens, check, check_all, is_proven, may_pass_on
from romm.domain.errors import Code
from romm.domain.model import AccessLevel
from tests.domain.examples import NOW

MOMENT = timedelta(microseconds=1)
FRESH, STALE = NOW - FRESH_SESSION, NOW - FRESH_SESSION - MOMENT


def actor(kind: Kind | None, **facts: object) -> Actor:
    return replace(Actor(account_id=1, scopes=frozenset(scopes.ALL), kind=kind), **facts)


def may(by: Actor, lasting: Lasting) -> bool:
    refusal = check(by, lasting, NOW)
    assert refusal is None or refusal.code is Code.CONFIRMATION_REQUIRED
    return refusal is None


@pytest.mark.parametrize("lasting", Lasting)
def test_a_session_may_with_a_proof_of_the_last_minutes_and_only_then(lasting: Lasting) -> None:
    assert may(actor(Kind.SESSION, proven_at=FRESH), lasting)
    assert not may(actor(Kind.SESSION, proven_at=STALE), lasting)
    assert not may(actor(Kind.SESSION), lasting)


@pytest.mark.parametrize("lasting", Lasting)
def test_a_password_in_the_request_and_the_command_line_may(lasting: Lasting) -> None:
    assert may(actor(None), lasting)
    assert may(COMMAND_LINE, lasting)


@pytest.mark.parametrize(("lasting", "kind"), list(product(Lasting, sorted(set(Kind) - {Kind.SESSION}))))
def test_a_token_may_with_the_right_by_name_or_where_its_row_says_so(lasting: Lasting, kind: Kind) -> None:
    row = TABLE[lasting]
    assert may(actor(kind, grants_access=True), lasting) is (row is not Tokens.NONE)
    assert may(actor(kind), lasting) is (row is Tokens.ANY)
    assert may(actor(kind, proven_at=STALE), lasting) is (row is Tokens.ANY)
    fresh = may(actor(kind, proven_at=FRESH), lasting)
    assert fresh is (row is Tokens.ANY or (row is Tokens.FRESH and kind is Kind.ACCESS_TOKEN))


def test_the_exceptions_are_these() -> None:
    """A row that is added asks for the right by name, or says here why not."""
    exceptions = {lasting: row for lasting, row in TABLE.items() if row is not Tokens.NAMED}
    assert exceptions == {
        Lasting.ACCOUNT: Tokens.ANY,
        Lasting.INVITATION: Tokens.ANY,
        Lasting.OWN_SESSIONS: Tokens.ANY,
        Lasting.CLIENT_TOKEN: Tokens.FRESH,
        Lasting.APP: Tokens.NONE,
        Lasting.CANDIDATE_CHECK: Tokens.NONE,
    }
    assert set(TABLE) == set(Lasting)


def test_of_several_things_each_is_asked_for() -> None:
    app = actor(Kind.CLIENT_TOKEN)
    refusal = check_all(app, [Lasting.ACCOUNT, Lasting.ADDRESS], NOW)
    assert refusal is not None
    assert refusal.facts["to"] == Lasting.ADDRESS.value
    assert check_all(app, [Lasting.ACCOUNT], NOW) is None
    assert check_all(app, [], NOW) is None


@pytest.mark.parametrize(("kind", "scope"), [(Kind.SESSION, None), (Kind.CLIENT_TOKEN, "access.grant")])
def test_a_refusal_names_the_scope_for_tokens(kind: Kind, scope: str | None) -> None:
    refusal = check(actor(kind), Lasting.RESET_LINK, NOW)
    assert refusal is not None
    assert refusal.facts.get("scope") == scope
    assert refusal.facts["kind"] == kind.replace("_", " ")


def test_what_is_proven() -> None:
    assert is_proven(actor(None), NOW)
    assert is_proven(actor(Kind.SESSION, proven_at=FRESH), NOW)
    assert not is_proven(actor(Kind.SESSION, proven_at=STALE), NOW)


def test_the_right_is_passed_on_by_a_person_and_by_a_token_that_has_it() -> None:
    assert may_pass_on(actor(None))
    assert may_pass_on(actor(Kind.SESSION))
    assert may_pass_on(actor(Kind.CLIENT_TOKEN, grants_access=True))
    assert not may_pass_on(actor(Kind.CLIENT_TOKEN))
    assert not may_pass_on(actor(Kind.ACCESS_TOKEN, proven_at=NOW))


def test_no_role_brings_the_right_and_no_app_can_ask_for_it() -> None:
    assert scopes.GRANT_ACCESS not in scopes.ALL
    assert all(scopes.GRANT_ACCESS not in scopes.granted(level) for level in AccessLevel)
    assert scopes.ordered({scopes.GRANT_ACCESS, "me.read"}) == ("me.read", scopes.GRANT_ACCESS)
