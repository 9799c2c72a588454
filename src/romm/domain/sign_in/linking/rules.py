"""The linking rules: one `case` per row, the first match decides.

Only a verified address, a proof or an explicit link attaches an identity to an account.
"""

import enum
from collections.abc import Collection
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from romm.domain import emails
from romm.domain.credentials import step_up
from romm.domain.errors import Code, Refuse
from romm.domain.issuers import BLOCKING, Issuers, Relation, is_among
from romm.domain.model import AccessLevel, Account, EmailSource
from romm.domain.sign_in.claims.rules import Claims, Email
from romm.domain.sign_in.linking.decisions import (
    Confirm,
    Decision,
    Ends,
    Invited,
    LinkIdentity,
    Register,
    Reject,
    SignIn,
)
from romm.domain.sign_in.linking.matches import Answer, Matches, matches
from romm.domain.sign_in.roles.rules import Give, NoRole, RoleDecision, describe

_LAST_ADMIN_KEPT = "last_admin_kept"


class TrustEmail(enum.StrEnum):
    """`email_verified` must be true, must not be false, or is ignored (logged at start)."""

    VERIFIED = "verified"
    ABSENT = "absent"
    ALWAYS = "always"


class Policy(Struct, frozen=True, kw_only=True):
    """`current_issuers` are those of the other providers. Anyone can register at `open_issuers`."""

    trust_email: TrustEmail = TrustEmail.VERIFIED
    link_by_email: bool = True
    allow_registration: bool = True
    current_issuers: Collection[str] = ()
    former_issuers: Collection[str] = ()
    open_issuers: Collection[str] = ()


class LinkRequest(Struct, frozen=True, kw_only=True):
    """`same_session`: one session began and finished it."""

    account: Account
    same_session: bool
    authenticated_at: datetime | None


class Found(Struct, frozen=True, kw_only=True):
    """`by_email` matches the canonical address; `answer` is for L-11q, `invited` for a new account."""

    by_identity: Account | None = None
    by_email: tuple[Account, ...] = ()
    any_admin: bool = True
    enabled_admins: int = 1
    link: LinkRequest | None = None
    answer: Answer | None = None
    invited: Invited | None = None


def decide(claims: Claims, found: Found, policy: Policy, role: RoleDecision, now: datetime) -> Decision:
    """See docs/linking.md."""
    email = emails.canonical(claims.email.address)
    verified = _is_trusted(claims.email, policy.trust_email)
    match found:
        case Found(any_admin=False) if not _gives_admin(role):
            return _reject("L-01", Code.SETUP_REQUIRED, role=describe(role))
        case Found(by_identity=Account(enabled=False, id=account)):
            return _reject("L-02", Code.ACCOUNT_DISABLED, account=account)
        case Found(by_identity=Account(id=account)) if isinstance(role, NoRole):
            return _reject("L-none", Code.NO_ROLE, values=role.values, advice=role.advice, account=account)
        case _ if isinstance(role, NoRole):
            return _reject("L-none", Code.NO_ROLE, values=role.values, advice=role.advice)
        case Found(link=LinkRequest() as link):
            return _explicit_link(link, claims, found, role, now)
        case Found(by_identity=Account() as owner):
            return _sign_in(owner, claims, found, role, email if verified else None)
        case _ if not claims.email.address:
            return _reject("L-05", Code.EMAIL_MISSING, found=claims.email.found)
        case _ if email is None:
            return _reject("L-06", Code.EMAIL_INVALID, found=claims.email.address)
        case _ if not verified:
            return _reject("L-07", Code.EMAIL_NOT_VERIFIED, found=claims.email.verification, source=claims.email.source)
        case _:
            return _by_address(email, claims, found, policy, role)


def _by_address(email: str, claims: Claims, found: Found, policy: Policy, role: RoleDecision) -> Decision:
    """For a new identity with a verified address."""
    issuers = Issuers(this=claims.identity.issuer, current=policy.current_issuers, former=policy.former_issuers)
    match matches(found.by_email, issuers, found.answer):
        case Matches(vouched=(_, _, *_) as several):
            return _reject("L-08", Code.EMAIL_AMBIGUOUS, severe=True, accounts=[account.id for account in several])
        case Matches(vouched=(Account(enabled=False, id=account),)):
            return _reject("L-09", Code.ACCOUNT_DISABLED, account=account)
        case Matches(vouched=(account,)) if linked := issuers.linked(account, BLOCKING):
            severe = issuers.this in linked
            told = {"account": account.id, "issuer": issuers.this, "linked": issuers.this if severe else linked[0]}
            return _reject("L-10", Code.ALREADY_LINKED, severe=severe, **told)
        case Matches(vouched=(account,)) if _is_open_to_anyone(account, issuers, policy):
            return _reject("L-10a", Code.LINK_FROM_ACCOUNT, account=account.id)
        case Matches(vouched=(account,)) if not policy.link_by_email:
            return _reject("L-11", Code.LINK_FROM_ACCOUNT, account=account.id)
        case Matches(vouched=(account,)) as rivals:
            return _link_by_email(account, found, role, rivals.others(account))
        case Matches(proven=Account() as account) as rivals if policy.link_by_email:
            return _link("L-11p", account, found, role, rivals.others(account))
        case Matches(unconfirmed=(account, *_)):
            return Confirm(rule="L-11q", account=account, provable=policy.link_by_email)
        case Matches() if found.invited is not None and found.invited.level is None:
            return _reject("L-12i", Code.LINK_INVALID, kind="invitation")
        case Matches(room=room) if found.invited is not None:
            return _register_invited(found.invited, email, role, room)
        case Matches(room=room) if policy.allow_registration:
            return _register(email, role, room)
        case _:
            return _reject("L-13", Code.REGISTRATION_CLOSED)


def _sign_in(owner: Account, claims: Claims, found: Found, role: RoleDecision, email: str | None) -> SignIn:
    level, warning = _kept_admin(owner, found, role)
    linked_at = next(link.linked_at for link in owner.links if link.identity == claims.identity)
    older_password = owner.password_set_at is not None and owner.password_set_at <= linked_at
    gains_rights = level > owner.level and older_password
    rivals = tuple(other for other in found.by_email if other.id != owner.id)
    follows = email is not None and not any(rival.has_vouched_email for rival in rivals)
    return SignIn(
        rule="L-03",
        account=owner,
        level=level,
        email=email if follows else owner.email,
        email_source=EmailSource.PROVIDER if follows else owner.email_source,
        ends=Ends.EVERYTHING if gains_rights else Ends.NOTHING,
        warning=warning,
        role_from_claim=_comes_from(role, level),
        room=rivals if follows else (),
    )


def _link_by_email(account: Account, found: Found, role: RoleDecision, room: tuple[Account, ...]) -> LinkIdentity:
    if account.level is AccessLevel.ADMIN:
        return _link("L-11c", account, found, role, room)
    if _level(role, account.level) > account.level:
        return replace(_link("L-11b", account, found, role, room), ends=Ends.EVERYTHING)
    return _link("L-11a", account, found, role, room)


def _link(rule: str, account: Account, found: Found, role: RoleDecision, room: tuple[Account, ...]) -> LinkIdentity:
    level, warning = _kept_admin(account, found, role)
    is_admin = account.level is AccessLevel.ADMIN
    return LinkIdentity(
        rule=rule,
        account=account,
        level=level,
        ends=Ends.ALL_BUT_PASSWORD,
        warning=_about_admin(warning) if is_admin else warning,
        role_warning=warning if is_admin else None,
        role_from_claim=_comes_from(role, level),
        room=room,
    )


def _about_admin(warning: str | None) -> str:
    return warning if warning == _LAST_ADMIN_KEPT else "admin_linked"


def _register(email: str, role: RoleDecision, room: tuple[Account, ...]) -> Register:
    level = _level(role, AccessLevel.VIEWER)
    follows = _comes_from(role, level)
    return Register(rule="L-12", level=level, email=email, warning=_warning(role), role_from_claim=follows, room=room)


def _register_invited(invited: Invited, email: str, role: RoleDecision, room: tuple[Account, ...]) -> Register:
    """A role by claim wins."""
    level = _level(role, invited.level or AccessLevel.VIEWER)
    return replace(_register(email, role, room), rule="L-12i", level=level, invited=invited)


def _is_open_to_anyone(account: Account, issuers: Issuers, policy: Policy) -> bool:
    """At another current issuer of its links, or here."""
    others = issuers.linked(account, {Relation.CURRENT})
    return bool(others) and any(is_among(issuer, policy.open_issuers) for issuer in (*others, issuers.this or ""))


def _explicit_link(link: LinkRequest, claims: Claims, found: Found, role: RoleDecision, now: datetime) -> Decision:
    account = link.account
    if not link.same_session or not step_up.is_fresh(link.authenticated_at, now):
        return _reject("L-04", Code.LINK_SESSION_CHANGED)
    if not account.enabled:
        return _reject("L-04", Code.ACCOUNT_DISABLED, account=account.id)
    owner = found.by_identity
    if owner is not None and owner.id != account.id:
        return _reject("L-04", Code.IDENTITY_IN_USE, account=owner.id)
    if owner is not None:
        return _sign_in(owner, claims, found, role, None)
    if any(existing.identity.issuer == claims.identity.issuer for existing in account.links):
        return _reject("L-04", Code.ACCOUNT_LINKED, account=account.id)
    level, warning = _kept_admin(account, found, role)
    # As in L-11b: a credential older than the link must not gain rights.
    ends = Ends.EVERYTHING if level > account.level else Ends.NOTHING
    follows = _comes_from(role, level)
    return LinkIdentity(rule="L-04", account=account, level=level, ends=ends, warning=warning, role_from_claim=follows)


def _kept_admin(account: Account, found: Found, role: RoleDecision) -> tuple[AccessLevel, str | None]:
    """With a warning. The last enabled administrator keeps the role."""
    level = _level(role, account.level)
    if account.is_enabled_admin and level < AccessLevel.ADMIN and found.enabled_admins <= 1:
        return AccessLevel.ADMIN, _LAST_ADMIN_KEPT
    return level, _warning(role)


def _level(role: RoleDecision, otherwise: AccessLevel) -> AccessLevel:
    return role.level if isinstance(role, Give) else otherwise


def _comes_from(role: RoleDecision, level: AccessLevel) -> bool:
    """False for the last administrator, who keeps the level."""
    return isinstance(role, Give) and role.level is level


def _gives_admin(role: RoleDecision) -> bool:
    return isinstance(role, Give) and role.level is AccessLevel.ADMIN


def _warning(role: RoleDecision) -> str | None:
    return getattr(role, "warning", None)


def _is_trusted(email: Email, trust: TrustEmail) -> bool:
    match trust:
        case TrustEmail.VERIFIED:
            return email.verified is True
        case TrustEmail.ABSENT:
            return email.verified is not False
        case TrustEmail.ALWAYS:
            return True


def _reject(rule: str, code: Code, *, severe: bool = False, **facts: object) -> Reject:
    return Reject(rule=rule, refuse=Refuse(code, facts), severe=severe)
