"""What outlasts the credential that asks for it needs a recent proof, or a right given by name."""

import enum
from collections.abc import Iterable, Mapping
from datetime import datetime

from romm.domain.credentials.credential import FRESH_SESSION, Credential, Kind
from romm.domain.credentials.permissions import Actor
from romm.domain.errors import Code, Refuse
from romm.domain.model import Account
from romm.domain.scopes import GRANT_ACCESS

CONFIRM_PAGE = "/account/confirm"


class Lasting(enum.Enum):
    """The values are the words of docs/accounts.md."""

    ADMINISTRATOR = "create an administrator, or make an account one"
    ADMIN_INVITATION = "invite an administrator"
    ACCOUNT = "create a viewer or editor, or make a viewer an editor"
    INVITATION = "invite a viewer or editor"
    RESET_LINK = "create a reset link"
    PASSWORD = "set another account's password"
    ADDRESS = "change or confirm another account's address"
    UNLINK = "unlink another account"
    ISSUER_MOVE = "move accounts to another provider"
    CANDIDATE_CHECK = "check a provider's settings before they are used"
    CLIENT_TOKEN = "create a client token"
    CLIENT_TOKEN_SECRET = "renew or pair a client token"
    DEVICE = "approve a device"
    APP = "let an app in"
    OWN_SESSIONS = "end your other sessions"


class Tokens(enum.Enum):
    """Which tokens may. A session always needs the proof."""

    NONE = "none: a person decides in the browser"
    NAMED = f"with `{GRANT_ACCESS}`"
    FRESH = f"with `{GRANT_ACCESS}`, or the access token of a sign-in of the last five minutes by password or app"
    ANY = "any with the scope"


TABLE: Mapping[Lasting, Tokens] = {
    Lasting.ADMINISTRATOR: Tokens.NAMED,
    Lasting.ADMIN_INVITATION: Tokens.NAMED,
    Lasting.ACCOUNT: Tokens.ANY,
    Lasting.INVITATION: Tokens.ANY,
    Lasting.RESET_LINK: Tokens.NAMED,
    Lasting.PASSWORD: Tokens.NAMED,
    Lasting.ADDRESS: Tokens.NAMED,
    Lasting.UNLINK: Tokens.NAMED,
    Lasting.ISSUER_MOVE: Tokens.NAMED,
    Lasting.CANDIDATE_CHECK: Tokens.NONE,
    Lasting.CLIENT_TOKEN: Tokens.FRESH,
    Lasting.CLIENT_TOKEN_SECRET: Tokens.NAMED,
    Lasting.DEVICE: Tokens.NAMED,
    Lasting.APP: Tokens.NONE,
    Lasting.OWN_SESSIONS: Tokens.ANY,
}


def check(actor: Actor, lasting: Lasting, now: datetime) -> Refuse | None:
    """CONFIRMATION_REQUIRED without the proof or the right."""
    match actor.kind:
        case None:
            return None
        case Kind.SESSION:
            proven = is_proven(actor, now)
        case _:
            proven = _token_may(actor, TABLE[lasting], now)
    return None if proven else _required(actor, lasting)


def check_all(actor: Actor, needed: Iterable[Lasting], now: datetime) -> Refuse | None:
    return next((refusal for lasting in needed if (refusal := check(actor, lasting, now))), None)


def is_proven(actor: Actor, now: datetime) -> bool:
    return actor.kind is None or is_fresh(actor.proven_at, now)


def is_fresh(proven_at: datetime | None, now: datetime) -> bool:
    return proven_at is not None and now - proven_at <= FRESH_SESSION


def proven_at(owner: Account, by: Credential) -> datetime | None:
    """A sign-in at the provider counts only while its identity is linked."""
    if by.kind not in (Kind.SESSION, Kind.ACCESS_TOKEN):
        return None
    still_linked = by.identity is None or any(link.identity == by.identity for link in owner.links)
    return by.proven_at if still_linked else None


def may_pass_on(actor: Actor) -> bool:
    """Give the right to a client token: a person may, and a token that has it."""
    return actor.kind in (None, Kind.SESSION) or actor.grants_access


def _token_may(actor: Actor, tokens: Tokens, now: datetime) -> bool:
    match tokens:
        case Tokens.ANY:
            return True
        case Tokens.FRESH:
            return actor.grants_access or (actor.kind is Kind.ACCESS_TOKEN and is_fresh(actor.proven_at, now))
        case Tokens.NAMED:
            return actor.grants_access
        case Tokens.NONE:
            return False


def _required(actor: Actor, lasting: Lasting) -> Refuse:
    facts = {"account": actor.account_id, "kind": _words(actor.kind), "to": lasting.value}
    scope = {} if actor.kind is Kind.SESSION else {"scope": GRANT_ACCESS}
    return Refuse(Code.CONFIRMATION_REQUIRED, facts | scope)


def _words(kind: Kind | None) -> str:
    return "password" if kind is None else kind.replace("_", " ")
