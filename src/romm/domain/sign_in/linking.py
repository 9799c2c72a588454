"""Which account a sign-in opens, makes or is refused: one `case` per row of the table, the first that fits decides.

Nothing but a verified address or an explicit link ever attaches an identity to an account.
"""

import enum
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from romm.domain import emails
from romm.domain.credentials.credential import FRESH_SESSION
from romm.domain.errors import Code, Refuse
from romm.domain.model import AccessLevel, Account
from romm.domain.sign_in.claims import Claims, Email
from romm.domain.sign_in.roles import Give, NoRole, RoleDecision, describe

_LAST_ADMIN_KEPT = "last_admin_kept"


class TrustEmail(enum.StrEnum):
    """Which addresses count as verified: those marked so, also those without a mark, or all (loud at start)."""

    VERIFIED = "verified"
    ABSENT = "absent"
    ALWAYS = "always"


class Policy(Struct, frozen=True, kw_only=True):
    """The operator's switches for accounts."""

    trust_email: TrustEmail = TrustEmail.VERIFIED
    link_by_email: bool = True
    allow_registration: bool = True


class LinkRequest(Struct, frozen=True, kw_only=True):
    """Somebody signed in asked to link this identity. `same_session`: the one that began has also finished."""

    account: Account
    same_session: bool
    authenticated_at: datetime


class Found(Struct, frozen=True, kw_only=True):
    """All that the database knows and the rules need. `by_email` is matched on the canonical address."""

    by_identity: Account | None = None
    by_email: tuple[Account, ...] = ()
    any_admin: bool = True
    enabled_admins: int = 1
    link: LinkRequest | None = None


class Ends(enum.StrEnum):
    """Which credentials of the account a decision ends."""

    NOTHING = "nothing"
    ALL_BUT_PASSWORD = "all_but_password"
    EVERYTHING = "everything"


class SignIn(Struct, frozen=True, kw_only=True, tag=True):
    """Open this account. `level`, `email` and `email_verified` are what it has afterwards.

    `role_from_claim`: the level is what the roles claim says, here and in the other decisions.
    """

    rule: str
    account: Account
    level: AccessLevel
    email: str | None
    email_verified: bool = False
    ends: Ends = Ends.NOTHING
    warning: str | None = None
    role_from_claim: bool = False


class LinkIdentity(Struct, frozen=True, kw_only=True, tag="Link"):
    """Attach the identity to this account, then open it. By a verified address, that address is the account's.

    `role_warning` is the one about the role, where `warning` is about an administrator's account.
    """

    rule: str
    account: Account
    level: AccessLevel
    ends: Ends
    warning: str | None = None
    role_warning: str | None = None
    role_from_claim: bool = False

    @property
    def email_verified(self) -> bool:
        """Is the account's address one that the provider vouches for?"""
        return self.rule != "L-04" or self.account.email_verified


class Register(Struct, frozen=True, kw_only=True, tag=True):
    """Make an account without a password for this identity, then open it."""

    rule: str
    level: AccessLevel
    email: str
    warning: str | None = None
    role_from_claim: bool = False


class Reject(Struct, frozen=True, kw_only=True, tag="Refuse"):
    """Nobody is signed in and nothing is written. `severe` asks for the operator's attention."""

    rule: str
    refuse: Refuse
    severe: bool = False


Admitted = SignIn | LinkIdentity | Register

Decision = Admitted | Reject


def decide(claims: Claims, found: Found, policy: Policy, role: RoleDecision, now: datetime) -> Decision:
    """The decision for one sign-in; the rows are those of docs/linking.md."""
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
            return _reject("L-07", Code.EMAIL_NOT_VERIFIED, found=claims.email.said, source=claims.email.source)
        case Found(by_email=(_, _, *_) as several):
            return _reject("L-08", Code.EMAIL_AMBIGUOUS, severe=True, accounts=[account.id for account in several])
        case Found(by_email=(Account(enabled=False, id=account),)):
            return _reject("L-09", Code.ACCOUNT_DISABLED, account=account)
        case Found(by_email=(Account(links=(_, *_), id=account),)):
            return _reject("L-10", Code.ALREADY_LINKED, severe=True, account=account)
        case Found(by_email=(Account(id=account),)) if not policy.link_by_email:
            return _reject("L-11", Code.LINK_FROM_ACCOUNT, account=account)
        case Found(by_email=(account,)):
            return _link_by_email(account, found, role)
        case _ if policy.allow_registration:
            level = _level(role, AccessLevel.VIEWER)
            follows = _comes_from(role, level)
            return Register(rule="L-12", level=level, email=email, warning=_warning(role), role_from_claim=follows)
        case _:
            return _reject("L-13", Code.REGISTRATION_CLOSED)


def warnings(decision: Admitted) -> tuple[str, ...]:
    """The warnings of a decision, the one about the role first."""
    about_role = decision.role_warning if isinstance(decision, LinkIdentity) else None
    return tuple(dict.fromkeys(filter(None, (about_role, decision.warning))))


def _sign_in(owner: Account, claims: Claims, found: Found, role: RoleDecision, email: str | None) -> SignIn:
    level, warning = _kept_admin(owner, found, role)
    linked_at = next(link.linked_at for link in owner.links if link.identity == claims.identity)
    older_password = owner.password_set_at is not None and owner.password_set_at <= linked_at
    trap = level > owner.level and older_password
    follows = email is not None and all(other.id == owner.id for other in found.by_email)
    return SignIn(
        rule="L-03",
        account=owner,
        level=level,
        email=email if follows else owner.email,
        email_verified=follows or owner.email_verified,
        ends=Ends.EVERYTHING if trap else Ends.NOTHING,
        warning=warning,
        role_from_claim=_comes_from(role, level),
    )


def _link_by_email(account: Account, found: Found, role: RoleDecision) -> LinkIdentity:
    level, warning = _kept_admin(account, found, role)
    follows = _comes_from(role, level)
    if account.level is AccessLevel.ADMIN:
        kept = warning if warning == _LAST_ADMIN_KEPT else "admin_linked"
        linked = LinkIdentity(rule="L-11c", account=account, level=level, ends=Ends.ALL_BUT_PASSWORD, warning=kept)
        return replace(linked, role_warning=warning, role_from_claim=follows)
    if level > account.level:
        return LinkIdentity(rule="L-11b", account=account, level=level, ends=Ends.EVERYTHING, role_from_claim=follows)
    linked = LinkIdentity(rule="L-11a", account=account, level=level, ends=Ends.ALL_BUT_PASSWORD, warning=warning)
    return replace(linked, role_from_claim=follows)


def _explicit_link(link: LinkRequest, claims: Claims, found: Found, role: RoleDecision, now: datetime) -> Decision:
    account = link.account
    if not link.same_session or now - link.authenticated_at > FRESH_SESSION:
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
    # As in L-11b: nothing that is older than the link gains a right by it.
    ends = Ends.EVERYTHING if level > account.level else Ends.NOTHING
    follows = _comes_from(role, level)
    return LinkIdentity(rule="L-04", account=account, level=level, ends=ends, warning=warning, role_from_claim=follows)


def _kept_admin(account: Account, found: Found, role: RoleDecision) -> tuple[AccessLevel, str | None]:
    """The level afterwards. A claim never takes the last enabled admin away."""
    level = _level(role, account.level)
    if account.is_enabled_admin and level < AccessLevel.ADMIN and found.enabled_admins <= 1:
        return AccessLevel.ADMIN, _LAST_ADMIN_KEPT
    return level, _warning(role)


def _level(role: RoleDecision, otherwise: AccessLevel) -> AccessLevel:
    return role.level if isinstance(role, Give) else otherwise


def _comes_from(role: RoleDecision, level: AccessLevel) -> bool:
    """Is this the level that the claim gave? The last administrator keeps another one."""
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
