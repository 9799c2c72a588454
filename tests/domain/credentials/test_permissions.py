"""Who may do what, a row for each action, and then what holds for all of them."""

from itertools import product

import pytest

from romm.domain import scopes
from romm.domain.credentials.permissions import ANY, COMMAND_LINE, PERMISSIONS, Action, Actor, Rights, Target, may
from romm.domain.errors import Code
from romm.domain.model import AccessLevel

VIEWER, EDITOR, ADMIN = AccessLevel.VIEWER, AccessLevel.EDITOR, AccessLevel.ADMIN
OUTCOMES = {
    "yes": None,
    "scope": Code.FORBIDDEN,
    "admin": Code.ADMIN_REQUIRED,
    "more": Code.SCOPES_EXCEEDED,
}


def actor(number: int, *given: str) -> Actor:
    return Actor(account_id=number, scopes=frozenset(given))


VERA, KEEPER = actor(2, *scopes.granted(VIEWER)), actor(1, *scopes.granted(ADMIN))
NARROW = actor(1, "users.read", "users.write", "logs.read")

QUESTIONS = (
    (VERA, Target(account_id=2, level=VIEWER)),  # a viewer, their own
    (VERA, Target(account_id=3, level=VIEWER)),  # a viewer, another viewer's
    (KEEPER, Target(account_id=3, level=VIEWER)),  # an administrator, a viewer's
    (KEEPER, Target(account_id=4, level=ADMIN)),  # an administrator, another administrator's
    (NARROW, Target(account_id=3, level=VIEWER)),  # an administrator's narrow token, a viewer's
    (NARROW, Target(account_id=4, level=ADMIN)),  # an administrator's narrow token, another administrator's
)

OWN = ("yes", "scope", "scope", "scope", "scope", "scope")
OWN_AND_READ = ("yes", "scope", "yes", "yes", "yes", "yes")
OWN_AND_END = ("yes", "scope", "yes", "yes", "yes", "admin")
READ = ("scope", "scope", "yes", "yes", "yes", "yes")
WRITE = READ
PROTECTED = ("scope", "scope", "yes", "yes", "yes", "admin")
GIVEN = ("scope", "scope", "yes", "yes", "more", "admin")
FULL = ("scope", "scope", "yes", "yes", "admin", "admin")
COMMAND_LINE_ONLY = ("scope",) * 6

EXPECTED = {
    Action.READ_ACCOUNT: OWN_AND_READ,
    Action.CHANGE_PROFILE: OWN,
    Action.READ_SESSIONS: OWN_AND_READ,
    Action.END_SESSIONS: OWN_AND_END,
    Action.READ_CLIENT_TOKENS: OWN_AND_READ,
    Action.CREATE_CLIENT_TOKENS: OWN,
    Action.END_CLIENT_TOKENS: OWN_AND_END,
    Action.LOOK_UP_DEVICE: OWN,
    Action.DECIDE_DEVICE: OWN,
    Action.READ_DEVICES: OWN,
    Action.END_DEVICES: OWN,
    Action.ALLOW_APPS: OWN,
    Action.READ_TOKENS: OWN_AND_READ,
    Action.LIST_ACCOUNTS: READ,
    Action.CREATE_ACCOUNT: GIVEN,
    Action.CHANGE_ACCOUNT: PROTECTED,
    Action.OPEN_ACCOUNT: GIVEN,
    Action.DELETE_ACCOUNT: PROTECTED,
    Action.UNLINK_ACCOUNT: PROTECTED,
    Action.END_SIGN_INS: PROTECTED,
    Action.SET_PASSWORD: FULL,
    Action.INVITE: GIVEN,
    Action.READ_INVITATIONS: READ,
    Action.REVOKE_INVITATIONS: WRITE,
    Action.CREATE_RECOVERY_LINK: COMMAND_LINE_ONLY,
    Action.IMPORT_ACCOUNTS: COMMAND_LINE_ONLY,
    Action.DIAGNOSE: READ,
    Action.READ_SIGN_INS: READ,
    Action.READ_ISSUERS: READ,
    Action.PREVIEW_ISSUER_MOVE: WRITE,
    Action.MOVE_ISSUER: FULL,
}


def code(who: Actor, action: Action, target: Target = ANY) -> Code | None:
    refusal = may(who, action, target)
    return None if refusal is None else refusal.code


@pytest.mark.parametrize("action", Action)
def test_each_action_has_its_row(action: Action) -> None:
    assert tuple(code(who, action, target) for who, target in QUESTIONS) == tuple(
        OUTCOMES[outcome] for outcome in EXPECTED[action]
    )


@pytest.mark.parametrize("action", Action)
def test_each_action_needs_its_scope_and_no_other_replaces_it(action: Action) -> None:
    permission = PERMISSIONS[action]
    without = actor(1, *(each for each in scopes.ALL if each not in (permission.own, permission.scope)))
    others = actor(1, *(each for each in scopes.ALL if each != permission.scope))
    assert code(without, action, Target(account_id=1, level=ADMIN)) is Code.FORBIDDEN
    assert code(others, action, Target(account_id=4, level=ADMIN)) is Code.FORBIDDEN


@pytest.mark.parametrize("action", Action)
def test_no_action_is_free(action: Action) -> None:
    for number, level in product((1, 2, None), AccessLevel):
        assert code(actor(1), action, Target(account_id=number, level=level)) is Code.FORBIDDEN


@pytest.mark.parametrize("action", Action)
def test_the_command_line_may_do_everything(action: Action) -> None:
    assert code(COMMAND_LINE, action, Target(account_id=1, level=ADMIN)) is None


def test_an_actor_without_account_and_scopes_is_not_the_command_line() -> None:
    assert code(Actor(account_id=None, scopes=frozenset()), Action.LIST_ACCOUNTS) is Code.ADMIN_REQUIRED


@pytest.mark.parametrize("missing", scopes.ALL)
def test_full_rights_are_every_scope_of_an_administrator(missing: str) -> None:
    almost = actor(1, *(scope for scope in scopes.ALL if scope != missing))
    for action in (action for action in Action if PERMISSIONS[action].rights is not Rights.NO):
        refused = Code.FORBIDDEN if missing == PERMISSIONS[action].scope else Code.ADMIN_REQUIRED
        assert code(almost, action, Target(account_id=4, level=ADMIN)) is refused


def test_a_token_of_a_viewers_scopes_gives_a_viewers_rights_and_no_more() -> None:
    token = actor(1, *scopes.granted(VIEWER), "users.write")
    assert code(token, Action.INVITE, Target(level=VIEWER)) is None
    assert code(token, Action.INVITE, Target(level=EDITOR)) is Code.SCOPES_EXCEEDED
