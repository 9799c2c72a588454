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
OTHERS = ("scope", "scope", "yes", "yes", "yes", "yes")
PROTECTED = ("scope", "scope", "yes", "yes", "yes", "admin")
GIVEN = ("scope", "scope", "yes", "yes", "more", "admin")
FULL = ("scope", "scope", "yes", "yes", "admin", "admin")
COMMAND_LINE_ONLY = ("scope",) * 6

EXPECTED = {
    Action.READ_ACCOUNT: ("me.read", "users.read", OWN_AND_READ),
    Action.CHANGE_PROFILE: ("me.write", None, OWN),
    Action.READ_SESSIONS: ("me.read", "users.read", OWN_AND_READ),
    Action.END_SESSIONS: ("me.write", "users.write", OWN_AND_END),
    Action.READ_CLIENT_TOKENS: ("me.read", "users.read", OWN_AND_READ),
    Action.CREATE_CLIENT_TOKENS: ("me.write", None, OWN),
    Action.END_CLIENT_TOKENS: ("me.write", "users.write", OWN_AND_END),
    Action.LOOK_UP_DEVICE: ("me.read", None, OWN),
    Action.DECIDE_DEVICE: ("me.write", None, OWN),
    Action.READ_DEVICES: ("devices.read", None, OWN),
    Action.REGISTER_DEVICES: ("devices.write", None, OWN),
    Action.END_DEVICES: ("devices.write", None, OWN),
    Action.ALLOW_APPS: ("me.write", None, OWN),
    Action.FORWARD: ("me.read", None, OWN),
    Action.READ_TOKENS: ("me.read", "users.read", OWN_AND_READ),
    Action.LIST_ACCOUNTS: (None, "users.read", OTHERS),
    Action.CREATE_ACCOUNT: (None, "users.write", PROTECTED),
    Action.CHANGE_ACCOUNT: (None, "users.write", PROTECTED),
    Action.OPEN_ACCOUNT: (None, "users.write", GIVEN),
    Action.DELETE_ACCOUNT: (None, "users.write", PROTECTED),
    Action.UNLINK_ACCOUNT: (None, "users.write", PROTECTED),
    Action.END_SIGN_INS: (None, "users.write", PROTECTED),
    Action.SET_PASSWORD: (None, "users.write", FULL),
    Action.INVITE: (None, "users.write", PROTECTED),
    Action.READ_INVITATIONS: (None, "users.read", OTHERS),
    Action.REVOKE_INVITATIONS: (None, "users.write", PROTECTED),
    Action.CREATE_RECOVERY_LINK: (None, None, COMMAND_LINE_ONLY),
    Action.IMPORT_ACCOUNTS: (None, None, COMMAND_LINE_ONLY),
    Action.DIAGNOSE: (None, "users.read", OTHERS),
    Action.CHECK_CANDIDATE: (None, "users.write", FULL),
    Action.READ_SIGN_INS: (None, "logs.read", OTHERS),
    Action.READ_ISSUERS: (None, "users.read", OTHERS),
    Action.PREVIEW_ISSUER_MOVE: (None, "users.write", OTHERS),
    Action.MOVE_ISSUER: (None, "users.write", FULL),
}
"""The scope for one's own, the scope for everything else, and an outcome for each of the questions."""


def code(who: Actor, action: Action, target: Target = ANY) -> Code | None:
    refusal = may(who, action, target)
    return None if refusal is None else refusal.code


@pytest.mark.parametrize("action", Action)
def test_each_action_has_its_row(action: Action) -> None:
    *_, outcomes = EXPECTED[action]
    found = [code(who, action, target) for who, target in QUESTIONS]
    assert found == [OUTCOMES[outcome] for outcome in outcomes]


@pytest.mark.parametrize("action", Action)
def test_no_other_scope_replaces_that_of_an_action(action: Action) -> None:
    own, scope, _ = EXPECTED[action]
    without = actor(1, *(each for each in scopes.ALL if each not in (own, scope)))
    others = actor(1, *(each for each in scopes.ALL if each != scope))
    assert code(without, action, Target(account_id=1, level=ADMIN)) is Code.FORBIDDEN
    assert code(others, action, Target(account_id=4, level=ADMIN)) is Code.FORBIDDEN


@pytest.mark.parametrize("action", [action for action, (own, *_) in EXPECTED.items() if own])
def test_the_scope_for_ones_own_is_enough(action: Action) -> None:
    own, *_ = EXPECTED[action]
    assert code(actor(1, str(own)), action, Target(account_id=1, level=ADMIN)) is None


@pytest.mark.parametrize("action", [action for action, (own, scope, _) in EXPECTED.items() if scope and not own])
def test_the_own_account_is_not_administered(action: Action) -> None:
    """The account page asks for a proof; the command line needs none."""
    assert code(KEEPER, action, Target(account_id=1, level=ADMIN)) is Code.OWN_ACCOUNT
    assert code(COMMAND_LINE, action, Target(account_id=1, level=ADMIN)) is None


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


def test_users_write_makes_and_invites_viewers_and_editors_but_opens_no_account_with_more_than_it_has() -> None:
    token = actor(1, *scopes.granted(VIEWER), "users.write")
    for action in (Action.CREATE_ACCOUNT, Action.INVITE):
        assert [code(token, action, Target(level=level)) for level in AccessLevel] == [None, None, Code.ADMIN_REQUIRED]
    assert code(token, Action.OPEN_ACCOUNT, Target(level=VIEWER)) is None
    assert code(token, Action.OPEN_ACCOUNT, Target(level=EDITOR)) is Code.SCOPES_EXCEEDED
