"""Permissions to change accounts, and the credentials a change ends."""

import enum
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TypeVar

from msgspec import UNSET, Struct, UnsetType

from romm.domain.accounts import usernames
from romm.domain.credentials import step_up
from romm.domain.credentials.credential import LINK_KINDS, SIGNED_IN_KINDS, Credential, Kind
from romm.domain.credentials.permissions import Action, Actor, Target, may
from romm.domain.credentials.step_up import Lasting
from romm.domain.errors import Code, Refuse
from romm.domain.issuers import ELSEWHERE, OPENING, Issuers, Relation
from romm.domain.model import AccessLevel, Account, EmailSource, Identity

T = TypeVar("T")


class AccountUpdate(Struct, frozen=True, kw_only=True):
    """Unset fields stay. `vouched`: the administrator confirms the address."""

    username: str | UnsetType = UNSET
    email: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    level: AccessLevel | UnsetType = UNSET
    password_hash: str | UnsetType = UNSET
    vouched: bool = False


class Password(Struct, frozen=True):
    """`trusted_since`: see `Account.password_set_at`."""

    hash: str | None
    trusted_since: datetime | None


class Change(Struct, frozen=True, kw_only=True, tag=True):
    """Only for an unchanged account. Ends credentials of the kinds `ends`, except digest `keep`.

    `source`: of a new or newly vouched address.
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
        kept = self.account.email_source if self.email == self.account.email else EmailSource.OWNER
        return self.source or kept


class Delete(Struct, frozen=True, tag=True):
    """Only for an unchanged account."""

    account: Account


class Unlink(Struct, frozen=True, kw_only=True, tag=True):
    """Only for an unchanged account. Ends the link's sign-ins, except digest `keep`."""

    account: Account
    identity: Identity
    keep: str | None = None


class WaysIn(Struct, frozen=True, kw_only=True):
    passwords: bool
    issuers: Issuers


class Proof(enum.Enum):
    NONE = "none"
    PASSWORD = "password"
    PROVIDER = "provider"


ROWS: Mapping[str, tuple[str, str]] = {
    "A-00": ("The credential lacks `users.write`", "Refused: `forbidden`."),
    "A-01": (
        "The account is an administrator's or would become one, and the credential lacks an administrator's rights",
        "Refused: `admin_required`.",
    ),
    "A-02": ("It is the administrator's own account, which has a page of its own", "Refused: `own_account`."),
    "A-03": (
        "The account's last sign-in with the provider took the role from its groups, and the role is set by hand",
        "Refused: `role_managed`.",
    ),
    "A-04": ("It is the last enabled administrator, and would not be one afterwards", "Refused: `last_admin`."),
}
"""For documentation; `administer` and `delete` implement it."""


def administer(
    actor: Actor, account: Account, update: AccountUpdate, enabled_admins: int, now: datetime, *, managed: bool
) -> Change | Refuse:
    """`managed`: the account's last sign-in took the role from the claim."""
    level, enabled = _or(update.level, account.level), _or(update.enabled, account.enabled)
    loses = account.is_enabled_admin and not (enabled and level is AccessLevel.ADMIN)
    target = Target(account_id=account.id, level=max(level, account.level))
    if refusal := may(actor, Action.CHANGE_ACCOUNT, target):
        return refusal
    if managed and level is not account.level:
        return Refuse(Code.ROLE_MANAGED, {"account": account.id})
    if loses and enabled_admins <= 1:
        return Refuse(Code.LAST_ADMIN, {"account": account.id})
    opening = Target(account_id=account.id, level=level)
    if _opens(account, update) and (refusal := may(actor, Action.OPEN_ACCOUNT, opening)):
        return refusal
    password = None
    if not isinstance(update.password_hash, UnsetType):
        if refusal := may(actor, Action.SET_PASSWORD, target):
            return refusal
        password = Password(update.password_hash, now)
    if refusal := step_up.check_all(actor, _lasting(account, update), now):
        return refusal
    return _changed(account, update, password, EmailSource.ADMINISTRATOR, keep=None)


def delete(actor: Actor, account: Account, enabled_admins: int) -> Delete | Refuse:
    if refusal := may(actor, Action.DELETE_ACCOUNT, Target.of(account)):
        return refusal
    if account.is_enabled_admin and enabled_admins <= 1:
        return Refuse(Code.LAST_ADMIN, {"account": account.id})
    return Delete(account)


def own(account: Account, update: AccountUpdate, proof: Proof, now: datetime, *, keep: str | None) -> Change | Refuse:
    """`keep`: the current session's digest.

    Proof is needed: addresses decide linking, passwords open the account, proxied applications trust names. A password
    set by proving the old one inherits its trust date (L-11b).
    """
    username, email = _or(update.username, account.username), _or(update.email, account.email)
    renamed = username != account.username
    sensitive = renamed or email != account.email or not isinstance(update.password_hash, UnsetType)
    if sensitive and proof is Proof.NONE:
        return confirmation_required(account)
    if renamed and not usernames.is_free_to(username, account.level):
        return Refuse(Code.USERNAME_TAKEN, {"found": username})
    password = None
    if not isinstance(update.password_hash, UnsetType):
        inherited = account.password_set_at if proof is Proof.PASSWORD else None
        password = Password(update.password_hash, inherited or now)
    own_wish = AccountUpdate(username=update.username, email=update.email)
    return _changed(account, own_wish, password, EmailSource.typed_by(account.level), keep=keep)


def unlink(account: Account, identity: Identity, proof: Proof, ways: WaysIn, *, keep: str | None) -> Unlink | Refuse:
    if proof is Proof.NONE:
        return confirmation_required(account)
    by_password = ways.passwords and account.password_set_at is not None
    relations = {link.identity: ways.issuers.relation(link) for link in account.links}
    may_open = relations.pop(identity, Relation.UNKNOWN) not in ELSEWHERE
    if may_open and not by_password and OPENING.isdisjoint(relations.values()):
        return Refuse(Code.LAST_WAY_IN, {"account": account.id})
    return Unlink(account=account, identity=identity, keep=keep)


def proof(account: Account, session: Credential | None, now: datetime) -> Proof:
    if session is None or session.kind is not Kind.SESSION:
        return Proof.NONE
    if not step_up.is_fresh(step_up.proven_at(account, session), now):
        return Proof.NONE
    return Proof.PASSWORD if session.identity is None else Proof.PROVIDER


def _lasting(account: Account, update: AccountUpdate) -> Iterator[Lasting]:
    """What of an update opens the account to another person, or for longer."""
    level, enabled = _or(update.level, account.level), _or(update.enabled, account.enabled)
    if level is AccessLevel.ADMIN and (level > account.level or enabled > account.enabled):
        yield Lasting.ADMINISTRATOR
    elif level > account.level:
        yield Lasting.ACCOUNT
    if _opens(account, update):
        yield Lasting.ADDRESS
    if not isinstance(update.password_hash, UnsetType):
        yield Lasting.PASSWORD


def confirmation_required(account: Account) -> Refuse:
    return Refuse(
        Code.CONFIRMATION_REQUIRED,
        {"account": account.id, "kind": "credential", "to": "change how its own account signs in"},
    )


def _changed(
    account: Account, update: AccountUpdate, password: Password | None, source: EmailSource, *, keep: str | None
) -> Change:
    level, enabled = _or(update.level, account.level), _or(update.enabled, account.enabled)
    ends = LINK_KINDS
    email = _or(update.email, account.email)
    if level is not account.level or password is not None or email != account.email:
        ends |= SIGNED_IN_KINDS | {Kind.DEVICE_COOKIE}
    if level < account.level:
        ends |= {Kind.INVITATION}
    if account.enabled and not enabled:
        ends = frozenset(Kind)
    return Change(
        account=account,
        username=_or(update.username, account.username),
        email=email,
        enabled=enabled,
        level=level,
        password=password,
        ends=ends,
        keep=keep,
        source=source if email != account.email or _confirms(account, update) else None,
    )


def _opens(account: Account, update: AccountUpdate) -> bool:
    return _or(update.email, account.email) != account.email or _confirms(account, update)


def _confirms(account: Account, update: AccountUpdate) -> bool:
    return update.vouched and not account.has_vouched_email


def _or(value: T | UnsetType, default: T) -> T:
    return default if isinstance(value, UnsetType) else value
