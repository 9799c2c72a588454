"""Who may change which account, and what ends with a change. A rule gives the whole change, or the reason to refuse it."""

import enum
from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from msgspec import UNSET, Struct, UnsetType

from romm.domain import scopes
from romm.domain.accounts import usernames
from romm.domain.credentials.credential import FRESH_SESSION, LINK_KINDS, SIGNED_IN_KINDS, Credential, Kind
from romm.domain.errors import Code, Refuse
from romm.domain.issuers import ELSEWHERE, OPENING, Issuers, Relation
from romm.domain.model import AccessLevel, Account, EmailSource, Identity

T = TypeVar("T")

_ADMIN_SCOPES = frozenset(scopes.granted(AccessLevel.ADMIN))


class Actor(Struct, frozen=True, kw_only=True):
    """Who asks for a change: an account with what its credential may do, or the command line (`account_id` None)."""

    account_id: int | None
    scopes: frozenset[str]

    @property
    def name(self) -> int | str:
        """Who it is, as the log has it."""
        return "command line" if self.account_id is None else self.account_id


COMMAND_LINE = Actor(account_id=None, scopes=_ADMIN_SCOPES)
"""Whoever may run commands on this machine could change the database anyway."""


class AccountUpdate(Struct, frozen=True, kw_only=True):
    """What somebody wants an account to be. What is not said stays. Names and addresses are in their stored form.

    `vouched`: the administrator who asks knows that the address is the person's.
    """

    username: str | UnsetType = UNSET
    email: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    level: AccessLevel | UnsetType = UNSET
    password_hash: str | UnsetType = UNSET
    vouched: bool = False


class Password(Struct, frozen=True):
    """A new password's hash, and since when whoever knows it is trusted with the account."""

    hash: str | None
    trusted_since: datetime | None


class Change(Struct, frozen=True, kw_only=True, tag=True):
    """Make the account this, if it is still what was judged; `ends` its credentials of these kinds, but not `keep`.

    `source` is that of an address which is new or newly vouched for; None when it is as it was.
    """

    account: Account
    username: str
    email: str | None
    enabled: bool
    level: AccessLevel
    password: Password | None = None
    ends: frozenset[Kind] = frozenset()
    keep: str | None = None
    source: EmailSource | None = None

    @property
    def email_source(self) -> EmailSource:
        """Whose word the address is that the account has afterwards."""
        kept = self.account.email_source if self.email == self.account.email else EmailSource.OWNER
        return self.source or kept


class Delete(Struct, frozen=True, tag=True):
    """Delete the account with all that belongs to it, if it is still what was judged."""

    account: Account


class Unlink(Struct, frozen=True, kw_only=True, tag=True):
    """Detach an identity, if the account is still what was judged; its sign-ins end, but not `keep`."""

    account: Account
    identity: Identity
    keep: str | None = None


class WaysIn(Struct, frozen=True, kw_only=True):
    """Which ways in are open here: passwords, and links to these issuers."""

    passwords: bool
    issuers: Issuers


class Proof(enum.Enum):
    """How whoever holds a session proved just now that the account is theirs."""

    NONE = "none"
    PASSWORD = "password"
    PROVIDER = "provider"


ROWS: Mapping[str, tuple[str, str]] = {
    "A-01": (
        "The account is an administrator's, or shall become one, and whoever asks has not all rights of one",
        "Refused: `admin_required`.",
    ),
    "A-02": ("An administrator disables, demotes or deletes their own account", "Refused: `own_account`."),
    "A-03": ("The role follows the provider's groups, and shall be set by hand", "Refused: `role_managed`."),
    "A-04": ("It is the last enabled administrator, and would not be one afterwards", "Refused: `last_admin`."),
}
"""The table as people read it; `administer` and `delete` are the same in code."""


def administer(
    actor: Actor, account: Account, wanted: AccountUpdate, enabled_admins: int, now: datetime, *, managed: bool
) -> Change | Refuse:
    """Change somebody's account, also one's own, as an administrator. `managed`: its role follows the provider's groups."""
    level, enabled = _or(wanted.level, account.level), _or(wanted.enabled, account.enabled)
    loses = account.is_enabled_admin and not (enabled and level is AccessLevel.ADMIN)
    if refusal := may_touch(actor, max(level, account.level)):
        return refusal
    if actor.account_id == account.id and loses:
        return Refuse(Code.OWN_ACCOUNT, {"account": account.id})
    if managed and level is not account.level:
        return Refuse(Code.ROLE_MANAGED, {"account": account.id})
    if loses and enabled_admins <= 1:
        return Refuse(Code.LAST_ADMIN, {"account": account.id})
    new_address = _or(wanted.email, account.email) != account.email
    opens = level > account.level or new_address or _confirms(account, wanted)
    if opens and (refusal := may_give(actor, level)):
        return refusal
    password = None
    if not isinstance(wanted.password_hash, UnsetType):
        if refusal := may_give(actor, AccessLevel.ADMIN):
            return refusal
        password = Password(wanted.password_hash, now)
    return _changed(account, wanted, password, EmailSource.ADMINISTRATOR, keep=None)


def delete(actor: Actor, account: Account, enabled_admins: int) -> Delete | Refuse:
    """Delete somebody's account."""
    if refusal := may_touch(actor, account.level):
        return refusal
    if actor.account_id == account.id:
        return Refuse(Code.OWN_ACCOUNT, {"account": account.id})
    if account.is_enabled_admin and enabled_admins <= 1:
        return Refuse(Code.LAST_ADMIN, {"account": account.id})
    return Delete(account)


def may_touch(actor: Actor, level: AccessLevel) -> Refuse | None:
    """Why the actor may not act on an account of this level, or make it one of this level; None when they may."""
    return may_give(actor, level) if level is AccessLevel.ADMIN else None


def may_give(actor: Actor, level: AccessLevel) -> Refuse | None:
    """Why the actor may not open an account of this level to anybody; None when they may.

    Whoever makes an account, or says which address or password opens it, can come in by it. So that no credential gets
    more than it has, it must have all that the account may do.
    """
    missing = " ".join(sorted(frozenset(scopes.granted(level)) - actor.scopes))
    if not missing:
        return None
    return Refuse(Code.ADMIN_REQUIRED if level is AccessLevel.ADMIN else Code.SCOPES_EXCEEDED, {"missing": missing})


def may_reset(actor: Actor, account: Account) -> Refuse | None:
    """Why the actor may not make a link that sets this account's password; one's own needs the proof of `own`.

    The password is trusted from then on, whatever the account may do one day: only a full administrator vouches for that.
    """
    if actor.account_id == account.id:
        return Refuse(Code.OWN_ACCOUNT, {"account": account.id})
    return may_give(actor, AccessLevel.ADMIN)


def own(account: Account, wanted: AccountUpdate, proof: Proof, now: datetime, *, keep: str | None) -> Change | Refuse:
    """Change one's own name, address or password; `keep` is the digest of the session that asks.

    An address decides who may link to the account, a password opens it, and what stands behind RomM's forward authentication
    may go by the name: each needs a proof. A password set by somebody
    who proved to know the old one is worth no more than that: it is trusted since the old one was (see L-11b).
    """
    username, email = _or(wanted.username, account.username), _or(wanted.email, account.email)
    renamed = username != account.username
    sensitive = renamed or email != account.email or not isinstance(wanted.password_hash, UnsetType)
    if sensitive and proof is Proof.NONE:
        return Refuse(Code.CONFIRMATION_REQUIRED, {"account": account.id})
    if renamed and not usernames.is_free_to(username, account.level):
        return Refuse(Code.USERNAME_TAKEN, {"found": username})
    password = None
    if not isinstance(wanted.password_hash, UnsetType):
        inherited = account.password_set_at if proof is Proof.PASSWORD else None
        password = Password(wanted.password_hash, inherited or now)
    own_wish = AccountUpdate(username=wanted.username, email=wanted.email)
    return _changed(account, own_wish, password, EmailSource.typed_by(account.level), keep=keep)


def unlink(account: Account, identity: Identity, proof: Proof, ways: WaysIn, *, keep: str | None) -> Unlink | Refuse:
    """Detach an identity from one's own account, but never the last way in. One of another provider is no way in."""
    if proof is Proof.NONE:
        return Refuse(Code.CONFIRMATION_REQUIRED, {"account": account.id})
    by_password = ways.passwords and account.password_set_at is not None
    relations = {link.identity: ways.issuers.relation(link) for link in account.links}
    may_open = relations.pop(identity, Relation.UNKNOWN) not in ELSEWHERE
    if may_open and not by_password and OPENING.isdisjoint(relations.values()):
        return Refuse(Code.LAST_WAY_IN, {"account": account.id})
    return Unlink(account=account, identity=identity, keep=keep)


def proof(account: Account, session: Credential | None, now: datetime) -> Proof:
    """What a session's own sign-in proves: something while it is fresh, and through the provider only while it is linked."""
    if session is None or session.kind is not Kind.SESSION or now - session.created_at > FRESH_SESSION:
        return Proof.NONE
    if session.identity is None:
        return Proof.PASSWORD
    linked = any(link.identity == session.identity for link in account.links)
    return Proof.PROVIDER if linked else Proof.NONE


def _changed(
    account: Account, wanted: AccountUpdate, password: Password | None, source: EmailSource, *, keep: str | None
) -> Change:
    level, enabled = _or(wanted.level, account.level), _or(wanted.enabled, account.enabled)
    ends = LINK_KINDS
    email = _or(wanted.email, account.email)
    if level is not account.level or password is not None or email != account.email:
        ends |= SIGNED_IN_KINDS | {Kind.DEVICE_COOKIE}
    if level < account.level:
        ends |= {Kind.INVITATION}
    if account.enabled and not enabled:
        ends = frozenset(Kind)
    return Change(
        account=account,
        username=_or(wanted.username, account.username),
        email=email,
        enabled=enabled,
        level=level,
        password=password,
        ends=ends,
        keep=keep,
        source=source if email != account.email or _confirms(account, wanted) else None,
    )


def _confirms(account: Account, wanted: AccountUpdate) -> bool:
    """Does an administrator vouch for an address that was only its owner's word?"""
    return wanted.vouched and not account.has_vouched_email


def _or(said: T | UnsetType, otherwise: T) -> T:
    return otherwise if isinstance(said, UnsetType) else said
