"""Who may do what: every use case asks `may` before it acts."""

import enum
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from romm.domain import scopes
from romm.domain.credentials.credential import Kind
from romm.domain.errors import Code, Refuse
from romm.domain.model import AccessLevel, Account


class Actor(Struct, frozen=True, kw_only=True):
    """The account that acts, and what its credential allows. `account_id`: None for the command line.

    `scopes`: the credential's that the account still has. `kind`: None for Basic auth and the command line, which prove
    each request. `proven_at`: when a person's sign-in proved the account, for sessions and access tokens.
    `grants_access`: a client token with that scope.
    """

    account_id: int | None
    scopes: frozenset[str]
    kind: Kind | None = None
    proven_at: datetime | None = None
    grants_access: bool = False

    @property
    def name(self) -> int | str:
        """For log lines."""
        return "command line" if self.account_id is None else self.account_id


COMMAND_LINE = Actor(account_id=None, scopes=frozenset(scopes.ALL))
"""A shell user could change the database anyway."""


class Target(Struct, frozen=True, kw_only=True):
    """`account_id`: None for no account, or all. `level`: the account's, now or afterwards."""

    account_id: int | None = None
    level: AccessLevel = AccessLevel.VIEWER

    @classmethod
    def of(cls, account: Account) -> "Target":
        return cls(account_id=account.id, level=account.level)


ANY = Target()


class Action(enum.Enum):
    """The values are the words of docs/roles.md."""

    # your own account and what opens it
    READ_ACCOUNT = "read an account"
    CHANGE_PROFILE = "change name, address, password and links, with a proof"
    READ_SESSIONS = "list sessions"
    END_SESSIONS = "end sessions"
    READ_CLIENT_TOKENS = "list client tokens"
    CREATE_CLIENT_TOKENS = "create, renew and pair client tokens"
    END_CLIENT_TOKENS = "end client tokens"
    LOOK_UP_DEVICE = "look up a device that waits"
    DECIDE_DEVICE = "approve or deny a device"
    READ_DEVICES = "list devices"
    REGISTER_DEVICES = "register and change devices"
    END_DEVICES = "end devices"
    ALLOW_APPS = "let an app in"
    FORWARD = "open another host by forward authentication"
    READ_TOKENS = "introspect tokens"
    # other accounts
    LIST_ACCOUNTS = "list and search accounts"
    CREATE_ACCOUNT = "create an account"
    CHANGE_ACCOUNT = "change an account: name, role, enabled"
    OPEN_ACCOUNT = "change or confirm the address of an account"
    DELETE_ACCOUNT = "delete an account"
    UNLINK_ACCOUNT = "unlink an account"
    END_SIGN_INS = "end all sign-ins of an account"
    SET_PASSWORD = "set a password, or create a link for it"
    INVITE = "invite"
    READ_INVITATIONS = "list invitations"
    REVOKE_INVITATIONS = "revoke invitations"
    CREATE_RECOVERY_LINK = "create a recovery link"
    IMPORT_ACCOUNTS = "import accounts"
    # single sign-on
    DIAGNOSE = "diagnose single sign-on, try a sign-in, explain claims"
    CHECK_CANDIDATE = "check a provider's settings before they are used"
    READ_SIGN_INS = "read the log of sign-ins"
    READ_ISSUERS = "list accounts of former providers"
    PREVIEW_ISSUER_MOVE = "preview the move to another provider"
    MOVE_ISSUER = "move accounts to another provider"


class Rights(enum.Enum):
    """When the actor needs every scope of an administrator, or of the account: its maker can sign in to it."""

    NO = ""
    FOR_ADMINISTRATORS = "an administrator, if the account is one or becomes one"
    OF_THE_ACCOUNT = "the account's level afterwards"
    ALWAYS = "an administrator"


class Permission(Struct, frozen=True, kw_only=True):
    """`own`: the scope for the actor's own account; None: only for others. `scope`: for everything, with `rights`."""

    own: str | None = None
    scope: str | None = None
    rights: Rights = Rights.NO


_PROTECTED, _GIVEN, _ALWAYS = Rights.FOR_ADMINISTRATORS, Rights.OF_THE_ACCOUNT, Rights.ALWAYS

PERMISSIONS: Mapping[Action, Permission] = {
    Action.READ_ACCOUNT: Permission(own="me.read", scope="users.read"),
    Action.CHANGE_PROFILE: Permission(own="me.write"),
    Action.READ_SESSIONS: Permission(own="me.read", scope="users.read"),
    Action.END_SESSIONS: Permission(own="me.write", scope="users.write", rights=_PROTECTED),
    Action.READ_CLIENT_TOKENS: Permission(own="me.read", scope="users.read"),
    Action.CREATE_CLIENT_TOKENS: Permission(own="me.write"),
    Action.END_CLIENT_TOKENS: Permission(own="me.write", scope="users.write", rights=_PROTECTED),
    Action.LOOK_UP_DEVICE: Permission(own="me.read"),
    Action.DECIDE_DEVICE: Permission(own="me.write"),
    Action.READ_DEVICES: Permission(own="devices.read"),
    Action.REGISTER_DEVICES: Permission(own="devices.write"),
    Action.END_DEVICES: Permission(own="devices.write"),
    Action.ALLOW_APPS: Permission(own="me.write"),
    Action.FORWARD: Permission(own="me.read"),
    Action.READ_TOKENS: Permission(own="me.read", scope="users.read"),
    Action.LIST_ACCOUNTS: Permission(scope="users.read"),
    Action.CREATE_ACCOUNT: Permission(scope="users.write", rights=_PROTECTED),
    Action.CHANGE_ACCOUNT: Permission(scope="users.write", rights=_PROTECTED),
    Action.OPEN_ACCOUNT: Permission(scope="users.write", rights=_GIVEN),
    Action.DELETE_ACCOUNT: Permission(scope="users.write", rights=_PROTECTED),
    Action.UNLINK_ACCOUNT: Permission(scope="users.write", rights=_PROTECTED),
    Action.END_SIGN_INS: Permission(scope="users.write", rights=_PROTECTED),
    Action.SET_PASSWORD: Permission(scope="users.write", rights=_ALWAYS),
    Action.INVITE: Permission(scope="users.write", rights=_PROTECTED),
    Action.READ_INVITATIONS: Permission(scope="users.read"),
    Action.REVOKE_INVITATIONS: Permission(scope="users.write", rights=_PROTECTED),
    Action.CREATE_RECOVERY_LINK: Permission(),
    Action.IMPORT_ACCOUNTS: Permission(),
    Action.DIAGNOSE: Permission(scope="users.read"),
    Action.CHECK_CANDIDATE: Permission(scope="users.write", rights=_ALWAYS),
    Action.READ_SIGN_INS: Permission(scope="logs.read"),
    Action.READ_ISSUERS: Permission(scope="users.read"),
    Action.PREVIEW_ISSUER_MOVE: Permission(scope="users.write"),
    Action.MOVE_ISSUER: Permission(scope="users.write", rights=_ALWAYS),
}
"""The command line may do everything."""


def may(actor: Actor, action: Action, target: Target = ANY) -> Refuse | None:
    """FORBIDDEN without the scope; ADMIN_REQUIRED or SCOPES_EXCEEDED without the rights.

    OWN_ACCOUNT for administration of the actor's own account: only the account page asks for a proof.
    """
    permission = PERMISSIONS[action]
    if actor.account_id is None:
        return _lacks(actor, AccessLevel.ADMIN)
    is_own = target.account_id == actor.account_id
    if is_own and permission.own in actor.scopes:
        return None
    if permission.scope is None or permission.scope not in actor.scopes:
        scope = (is_own and permission.own) or permission.scope or "command line"
        return Refuse(Code.FORBIDDEN, {"scope": scope, "action": action.value})
    if refusal := _lacks(actor, _needed(permission.rights, target.level)):
        return refusal
    return Refuse(Code.OWN_ACCOUNT, {"account": actor.account_id}) if is_own and permission.own is None else None


def _needed(rights: Rights, level: AccessLevel) -> AccessLevel | None:
    match rights:
        case Rights.NO:
            return None
        case Rights.FOR_ADMINISTRATORS:
            return level if level is AccessLevel.ADMIN else None
        case Rights.OF_THE_ACCOUNT:
            return level
        case Rights.ALWAYS:
            return AccessLevel.ADMIN


def _lacks(actor: Actor, level: AccessLevel | None) -> Refuse | None:
    if level is None:
        return None
    missing = " ".join(sorted(frozenset(scopes.granted(level)) - actor.scopes))
    if not missing:
        return None
    return Refuse(Code.ADMIN_REQUIRED if level is AccessLevel.ADMIN else Code.SCOPES_EXCEEDED, {"missing": missing})
