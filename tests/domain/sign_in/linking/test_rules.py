"""The table of docs/linking.md, row by row: the whole decision, facts and warnings included."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from romm.domain.errors import Code, Refuse
from romm.domain.model import AccessLevel, Account, EmailSource, Identity
from romm.domain.sign_in.claims.rules import Claims
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
from romm.domain.sign_in.linking.matches import Answer
from romm.domain.sign_in.linking.rules import Found, LinkRequest, Policy, TrustEmail, decide
from romm.domain.sign_in.roles.rules import COMPARE, Give, Keep, NoRole, RoleDecision, describe
from tests.domain.examples import ADDRESS, ALICE, ISSUER, NOW, account, claims, link

VIEWER, EDITOR, ADMIN = AccessLevel.VIEWER, AccessLevel.EDITOR, AccessLevel.ADMIN
PROVIDER, ADMINISTRATOR, OWNER = EmailSource.PROVIDER, EmailSource.ADMINISTRATOR, EmailSource.OWNER
TO_VIEWER, TO_EDITOR, TO_ADMIN = Give(VIEWER, "users"), Give(EDITOR, "editors"), Give(ADMIN, "admins")
INVITED, ENDED = Invited(digest="a link", level=EDITOR, by=1), Invited(digest="a link", level=None)
STRANGER = NoRole(("family",))
LONG_AGO = NOW - timedelta(days=365)
YESTERDAY = NOW - timedelta(days=1)

local = account(password_set_at=LONG_AGO)
linked = account(links=(link(),))
vouched_for = account(links=(link(),), email_source=PROVIDER)
disabled = account(enabled=False)
OLD = "https://old.example"
bob = account(id=8, username="bob", email="bob@example.com")
bob_has_alices_address = account(id=8, username="bob")


def request(owner: Account, *, same_session: bool = True, signed_in: datetime = NOW) -> LinkRequest:
    return LinkRequest(account=owner, same_session=same_session, authenticated_at=signed_in)


def refused(rule: str, code: Code, *, severe: bool = False, **facts: Any) -> Reject:
    return Reject(rule=rule, refuse=Refuse(code, facts), severe=severe)


def already_linked(issuer: str) -> Reject:
    return refused("L-10", Code.ALREADY_LINKED, severe=issuer == ISSUER, account=7, issuer=ISSUER, linked=issuer)


def empty_house(role: RoleDecision) -> Reject:
    return refused("L-01", Code.SETUP_REQUIRED, role=describe(role))


def signed_in(owner: Account, **changes: Any) -> SignIn:
    """In the ordinary case, with a verified address; nobody vouches for one that is somebody else's or not verified."""
    same: dict[str, Any] = {"rule": "L-03", "account": owner, "level": owner.level, "email": owner.email}
    return SignIn(**same | {"email_source": PROVIDER} | changes)


NOT_VERIFIED: dict[str, Any] = {"email_source": ADMINISTRATOR}


def attached(rule: str, owner: Account, ends: Ends, **changes: Any) -> LinkIdentity:
    same: dict[str, Any] = {"rule": rule, "account": owner, "level": owner.level, "ends": ends}
    return LinkIdentity(**same | changes)


def row(
    reason: str,
    expected: Decision,
    *,
    says: Claims | None = None,
    found: Found | None = None,
    policy: Policy | None = None,
    role: RoleDecision | None = None,
) -> Any:
    given = (says or claims(), found or Found(), policy or Policy(), role or Keep())
    return pytest.param(given, expected, id=f"{expected.rule} {reason}")


SETUP = [
    row("nobody signs in before there is an admin",
        empty_house(Keep()), found=Found(any_admin=False, enabled_admins=0)),
    row("a role below admin does not open an empty house",
        empty_house(TO_EDITOR), found=Found(any_admin=False, enabled_admins=0), role=TO_EDITOR),
    row("no role at all gets the same answer, which tells a stranger nothing",
        empty_house(STRANGER), found=Found(any_admin=False, enabled_admins=0), role=STRANGER),
    row("a known identity waits for the first admin, too",
        empty_house(Keep()), found=Found(by_identity=linked, any_admin=False, enabled_admins=0)),
    row("the empty house is said before the disabled account",
        empty_house(Keep()),
        found=Found(by_identity=account(enabled=False, links=(link(),)), any_admin=False, enabled_admins=0)),
    row("the provider's admin group makes the first admin",
        Register(rule="L-12", level=ADMIN, email=ADDRESS),
        found=Found(any_admin=False, enabled_admins=0), role=TO_ADMIN),
    row("the admin group does not open a closed registration, not even the first time",
        refused("L-13", Code.REGISTRATION_CLOSED),
        found=Found(any_admin=False, enabled_admins=0), role=TO_ADMIN, policy=Policy(allow_registration=False)),
]  # fmt: skip

disabled_and_linked = account(enabled=False, links=(link(),))

KNOWN = [
    row("a disabled account stays shut",
        refused("L-02", Code.ACCOUNT_DISABLED, account=7), found=Found(by_identity=disabled_and_linked)),
    row("a disabled account stays shut for its admin group, too",
        refused("L-02", Code.ACCOUNT_DISABLED, account=7),
        found=Found(by_identity=disabled_and_linked), role=TO_ADMIN),
    row("disabled is said before the missing role",
        refused("L-02", Code.ACCOUNT_DISABLED, account=7),
        found=Found(by_identity=disabled_and_linked), role=STRANGER),
    row("none of the groups is ours",
        refused("L-none", Code.NO_ROLE, values=("family",), advice=COMPARE, account=linked.id),
        found=Found(by_identity=linked), role=STRANGER),
    row("a newcomer without one of our groups is not registered",
        refused("L-none", Code.NO_ROLE, values=("family",), advice=COMPARE), role=STRANGER),
    row("an empty list of groups is no group",
        refused("L-none", Code.NO_ROLE, values=(), advice=COMPARE), found=Found(by_email=(local,)), role=NoRole(())),
    row("the missing role is said before the missing address",
        refused("L-none", Code.NO_ROLE, values=("family",), advice=COMPARE), says=claims(None), role=STRANGER),
    row("without a role nobody links from the account page",
        refused("L-none", Code.NO_ROLE, values=("family",), advice=COMPARE), found=Found(link=request(local)), role=STRANGER),
    row("a known identity signs in",
        signed_in(linked), found=Found(by_identity=linked, by_email=(linked,))),
    row("a known identity signs in without an address",
        signed_in(linked, **NOT_VERIFIED), says=claims(None), found=Found(by_identity=linked)),
    row("a known identity signs in with an address that nobody can read",
        signed_in(linked, **NOT_VERIFIED), says=claims("alice"), found=Found(by_identity=linked)),
    row("a known identity signs in with an unverified address, which it does not take over",
        signed_in(linked, **NOT_VERIFIED), says=claims("new@example.com", verified=False), found=Found(by_identity=linked)),
    row("an address that was verified before stays so, although nobody vouches for it today",
        signed_in(vouched_for), says=claims(None), found=Found(by_identity=vouched_for)),
    row("a known identity's verified new address is taken over in canonical form",
        signed_in(linked, email="new@example.com"),
        says=claims("New@Example.COM"), found=Found(by_identity=linked)),
    row("an address without a mark is taken over where the operator trusts those",
        signed_in(linked, email="new@example.com"),
        says=claims("new@example.com", verified=None),
        found=Found(by_identity=linked), policy=Policy(trust_email=TrustEmail.ABSENT)),
    row("a known identity's new address that somebody else has here is left to them",
        signed_in(linked, **NOT_VERIFIED), says=claims(bob.email), found=Found(by_identity=linked, by_email=(bob,))),
    row("a known identity is not kept out by switches for newcomers",
        signed_in(linked), found=Found(by_identity=linked),
        policy=Policy(link_by_email=False, allow_registration=False)),
    row("without a roles claim the level stays",
        signed_in(account(level=EDITOR, links=(link(),))),
        found=Found(by_identity=account(level=EDITOR, links=(link(),)))),
    row("with an unreadable roles claim the level stays and the log says so",
        signed_in(linked, warning="overage"), found=Found(by_identity=linked), role=Keep("overage")),
    row("the provider lowers a level",
        signed_in(account(level=EDITOR, links=(link(),)), level=VIEWER),
        found=Found(by_identity=account(level=EDITOR, links=(link(),))), role=TO_VIEWER),
    row("the provider lowers an admin when another one is left",
        signed_in(account(level=ADMIN, links=(link(),)), level=VIEWER),
        found=Found(by_identity=account(level=ADMIN, links=(link(),)), enabled_admins=2), role=TO_VIEWER),
    row("the last admin stays one, loudly",
        signed_in(account(level=ADMIN, links=(link(),)), warning="last_admin_kept"),
        found=Found(by_identity=account(level=ADMIN, links=(link(),))), role=TO_VIEWER),
    row("a raise without any password ends nothing",
        signed_in(linked, level=ADMIN), found=Found(by_identity=linked), role=TO_ADMIN),
    row("a raise ends what a password older than the link could hold (L-11b, later)",
        signed_in(account(password_set_at=LONG_AGO, links=(link(),)), level=ADMIN, ends=Ends.EVERYTHING),
        found=Found(by_identity=account(password_set_at=LONG_AGO, links=(link(),))), role=TO_ADMIN),
    row("a password of the very moment of the link counts as older",
        signed_in(account(password_set_at=LONG_AGO, links=(link(linked_at=LONG_AGO),)), level=EDITOR,
                  ends=Ends.EVERYTHING),
        found=Found(by_identity=account(password_set_at=LONG_AGO, links=(link(linked_at=LONG_AGO),))),
        role=TO_EDITOR),
    row("a raise leaves a password that was set after the link",
        signed_in(account(password_set_at=YESTERDAY, links=(link(),)), level=ADMIN),
        found=Found(by_identity=account(password_set_at=YESTERDAY, links=(link(),))), role=TO_ADMIN),
    row("without a raise an older password stays",
        signed_in(account(password_set_at=LONG_AGO, level=ADMIN, links=(link(),))),
        found=Found(by_identity=account(password_set_at=LONG_AGO, level=ADMIN, links=(link(),))), role=TO_ADMIN),
    row("the age of the password is measured against this identity's link, not an older one",
        signed_in(
            account(password_set_at=YESTERDAY - timedelta(days=2),
                    links=(link(Identity("https://old.example", "a"), LONG_AGO), link(linked_at=YESTERDAY))),
            level=ADMIN, ends=Ends.EVERYTHING),
        found=Found(by_identity=account(
            password_set_at=YESTERDAY - timedelta(days=2),
            links=(link(Identity("https://old.example", "a"), LONG_AGO), link(linked_at=YESTERDAY)))),
        role=TO_ADMIN),
]  # fmt: skip

retired = account(links=(replace(link(Identity(OLD, "a")), retired_at=NOW),))
retired_here = account(links=(replace(link(Identity(ISSUER, "another")), retired_at=NOW),))
old_issuer = account(links=(link(Identity(OLD, "alice")),))
same_issuer = account(links=(link(Identity(ISSUER, "somebody-else")),))
FIVE_MINUTES_AGO = NOW - timedelta(minutes=5)

EXPLICIT = [
    row("a fresh session links; the address need not match",
        attached("L-04", bob, Ends.NOTHING), found=Found(link=request(bob))),
    row("a fresh session links without any address",
        attached("L-04", bob, Ends.NOTHING), says=claims(None), found=Found(link=request(bob))),
    row("exactly five minutes are fresh",
        attached("L-04", bob, Ends.NOTHING), found=Found(link=request(bob, signed_in=FIVE_MINUTES_AGO))),
    row("a moment more is stale",
        refused("L-04", Code.LINK_SESSION_CHANGED),
        found=Found(link=request(bob, signed_in=FIVE_MINUTES_AGO - timedelta(microseconds=1)))),
    row("another session ends what this one began",
        refused("L-04", Code.LINK_SESSION_CHANGED), found=Found(link=request(bob, same_session=False))),
    row("another session is refused even when the address would match an account",
        refused("L-04", Code.LINK_SESSION_CHANGED),
        found=Found(by_email=(local,), link=request(bob, same_session=False))),
    row("another session does not sign a known identity in by the way",
        refused("L-04", Code.LINK_SESSION_CHANGED),
        found=Found(by_identity=linked, link=request(linked, same_session=False))),
    row("an account that was disabled meanwhile gets no link",
        refused("L-04", Code.ACCOUNT_DISABLED, account=7), found=Found(link=request(disabled))),
    row("the identity belongs to somebody else",
        refused("L-04", Code.IDENTITY_IN_USE, account=7), found=Found(by_identity=linked, link=request(bob))),
    row("the account has another subject of this issuer",
        refused("L-04", Code.ACCOUNT_LINKED, account=7), found=Found(link=request(same_issuer))),
    row("an identity of another issuer stands beside",
        attached("L-04", old_issuer, Ends.NOTHING), found=Found(link=request(old_issuer))),
    row("linking needs no switch for newcomers",
        attached("L-04", bob, Ends.NOTHING), found=Found(link=request(bob)),
        policy=Policy(link_by_email=False, allow_registration=False)),
    row("the groups apply at once, and nothing older gains a right by them",
        attached("L-04", bob, Ends.EVERYTHING, level=ADMIN), found=Found(link=request(bob)), role=TO_ADMIN),
    row("the groups lower a level at once",
        attached("L-04", account(level=EDITOR), Ends.NOTHING, level=VIEWER),
        found=Found(link=request(account(level=EDITOR))), role=TO_VIEWER),
    row("the last admin stays one, loudly",
        attached("L-04", account(level=ADMIN), Ends.NOTHING, warning="last_admin_kept"),
        found=Found(link=request(account(level=ADMIN))), role=TO_VIEWER),
]  # fmt: skip

LINKED_ALREADY = row(
    "linking what is linked already is a sign-in that leaves the address alone",
    signed_in(linked, level=EDITOR, **NOT_VERIFIED),
    says=claims("new@example.com"),
    found=Found(by_identity=linked, link=request(linked)),
    role=TO_EDITOR,
)

ADDRESSES = [
    row("no address", refused("L-05", Code.EMAIL_MISSING, found="not sent"), says=claims(None)),
    row("an empty address", refused("L-05", Code.EMAIL_MISSING, found="not sent"), says=claims("")),
    row("two at-signs", refused("L-06", Code.EMAIL_INVALID, found="a@b@x.com"), says=claims("a@b@x.com")),
    row("unreadable is said before unverified",
        refused("L-06", Code.EMAIL_INVALID, found="a@b@x.com"), says=claims("a@b@x.com", verified=False)),
    row("the provider does not say whether it is verified",
        refused("L-07", Code.EMAIL_NOT_VERIFIED, found="not sent", source="id_token"), says=claims(verified=None)),
    row("not verified, and nobody has it",
        refused("L-07", Code.EMAIL_NOT_VERIFIED, found=False, source="id_token"), says=claims(verified=False)),
    row("not verified, and an account has it: the same answer",
        refused("L-07", Code.EMAIL_NOT_VERIFIED, found=False, source="id_token"),
        says=claims(verified=False), found=Found(by_email=(local,))),
    row("not verified, and several have it: the same answer",
        refused("L-07", Code.EMAIL_NOT_VERIFIED, found=False, source="id_token"),
        says=claims(verified=False), found=Found(by_email=(local, bob_has_alices_address))),
    row("not verified, and a disabled account has it: the same answer",
        refused("L-07", Code.EMAIL_NOT_VERIFIED, found=False, source="id_token"),
        says=claims(verified=False), found=Found(by_email=(disabled,))),
    row("not verified, and registration is closed: the same answer",
        refused("L-07", Code.EMAIL_NOT_VERIFIED, found=False, source="id_token"),
        says=claims(verified=False), policy=Policy(allow_registration=False)),
    row("false is false where only a missing mark is trusted",
        refused("L-07", Code.EMAIL_NOT_VERIFIED, found=False, source="id_token"),
        says=claims(verified=False), policy=Policy(trust_email=TrustEmail.ABSENT)),
    row("a missing mark is enough where the operator says so",
        Register(rule="L-12", level=VIEWER, email=ADDRESS),
        says=claims(verified=None), policy=Policy(trust_email=TrustEmail.ABSENT)),
    row("any address is enough where the operator says so",
        Register(rule="L-12", level=VIEWER, email=ADDRESS),
        says=claims(verified=False), policy=Policy(trust_email=TrustEmail.ALWAYS)),
]  # fmt: skip

admin = account(level=ADMIN, password_set_at=LONG_AGO)

MATCHES = [
    row("two accounts with one address",
        refused("L-08", Code.EMAIL_AMBIGUOUS, severe=True, accounts=[7, 8]),
        found=Found(by_email=(local, bob_has_alices_address))),
    row("three accounts with one address",
        refused("L-08", Code.EMAIL_AMBIGUOUS, severe=True, accounts=[7, 8, 9]),
        found=Found(by_email=(local, bob_has_alices_address, account(id=9, username="carol")))),
    row("two accounts are two, even when the first is disabled",
        refused("L-08", Code.EMAIL_AMBIGUOUS, severe=True, accounts=[7, 8]),
        found=Found(by_email=(disabled, bob_has_alices_address))),
    row("the match is disabled",
        refused("L-09", Code.ACCOUNT_DISABLED, account=7), found=Found(by_email=(disabled,))),
    row("disabled is said before linked",
        refused("L-09", Code.ACCOUNT_DISABLED, account=7),
        found=Found(by_email=(account(enabled=False, links=same_issuer.links),))),
    row("the match has another subject of this issuer",
        already_linked(ISSUER), found=Found(by_email=(same_issuer,))),
    row("the match has an identity of a foreign issuer, which smells of no attack",
        already_linked(OLD), found=Found(by_email=(old_issuer,))),
    row("of several issuers this one is named",
        already_linked(ISSUER), found=Found(by_email=(account(links=(*old_issuer.links, *same_issuer.links)),))),
    row("a former issuer beside a foreign one does not help",
        already_linked("https://foreign.example"),
        found=Found(by_email=(account(links=(*old_issuer.links, link(Identity("https://foreign.example", "a")))),)),
        policy=Policy(former_issuers=(OLD,))),
    row("this issuer is this one, also when it stands among the former ones",
        already_linked(ISSUER), found=Found(by_email=(same_issuer,)), policy=Policy(former_issuers=(ISSUER,))),
    row("linked is said before the switch",
        already_linked(ISSUER), found=Found(by_email=(same_issuer,)), policy=Policy(link_by_email=False)),
    row("a link to a former issuer keeps nobody out",
        attached("L-11a", old_issuer, Ends.ALL_BUT_PASSWORD),
        found=Found(by_email=(old_issuer,)), policy=Policy(former_issuers=(OLD,))),
    row("a slash at the end of a former issuer does not matter",
        attached("L-11a", old_issuer, Ends.ALL_BUT_PASSWORD),
        found=Found(by_email=(old_issuer,)), policy=Policy(former_issuers=(f"{OLD}/",))),
    row("a retired link keeps nobody out, without a setting",
        attached("L-11a", retired, Ends.ALL_BUT_PASSWORD), found=Found(by_email=(retired,))),
    row("a retired link of this issuer is one of this issuer",
        already_linked(ISSUER), found=Found(by_email=(retired_here,))),
    row("a former issuer's link is no proof, so a raise ends the password",
        attached("L-11b", old_issuer, Ends.EVERYTHING, level=ADMIN),
        found=Found(by_email=(old_issuer,)), policy=Policy(former_issuers=(OLD,)), role=TO_ADMIN),
    row("a link to another current issuer stands beside",
        attached("L-11a", old_issuer, Ends.ALL_BUT_PASSWORD),
        found=Found(by_email=(old_issuer,)), policy=Policy(current_issuers=(ISSUER, OLD))),
    row("an issuer that is current and former is current",
        refused("L-11", Code.LINK_FROM_ACCOUNT, account=7), found=Found(by_email=(old_issuer,)),
        policy=Policy(current_issuers=(OLD,), former_issuers=(OLD,), link_by_email=False)),
    row("where anybody can have an account here, nobody links to what the other provider opens",
        refused("L-10a", Code.LINK_FROM_ACCOUNT, account=7), found=Found(by_email=(old_issuer,)),
        policy=Policy(current_issuers=(OLD,), open_issuers=(ISSUER,))),
    row("where anybody can have an account there, nobody links from here either",
        refused("L-10a", Code.LINK_FROM_ACCOUNT, account=7), found=Found(by_email=(old_issuer,)),
        policy=Policy(current_issuers=(OLD,), open_issuers=(OLD,))),
    row("an open provider alone links as any other",
        attached("L-11a", local, Ends.ALL_BUT_PASSWORD),
        found=Found(by_email=(local,)), policy=Policy(current_issuers=(ISSUER,), open_issuers=(ISSUER,))),
    row("the word of an administrator counts like a provider's",
        attached("L-11a", account(email_source=PROVIDER), Ends.ALL_BUT_PASSWORD),
        found=Found(by_email=(account(email_source=PROVIDER),))),
    row("linking by address is off",
        refused("L-11", Code.LINK_FROM_ACCOUNT, account=7),
        found=Found(by_email=(local,)), policy=Policy(link_by_email=False)),
    row("linking by address is off for an admin's account, too",
        refused("L-11", Code.LINK_FROM_ACCOUNT, account=7),
        found=Found(by_email=(admin,)), policy=Policy(link_by_email=False), role=TO_ADMIN),
    row("the address links when the level stays",
        attached("L-11a", local, Ends.ALL_BUT_PASSWORD), found=Found(by_email=(local,))),
    row("the provider's spelling of the address does not matter",
        attached("L-11a", local, Ends.ALL_BUT_PASSWORD),
        says=claims("Alice@EXAMPLE.com"), found=Found(by_email=(local,))),
    row("the address links when the level sinks",
        attached("L-11a", account(level=EDITOR, password_set_at=LONG_AGO), Ends.ALL_BUT_PASSWORD, level=VIEWER),
        found=Found(by_email=(account(level=EDITOR, password_set_at=LONG_AGO),)), role=TO_VIEWER),
    row("an unreadable roles claim is logged at linking, too",
        attached("L-11a", local, Ends.ALL_BUT_PASSWORD, warning="absent"),
        found=Found(by_email=(local,)), role=Keep("absent")),
    row("linking is no registration",
        attached("L-11a", local, Ends.ALL_BUT_PASSWORD),
        found=Found(by_email=(local,)), policy=Policy(allow_registration=False)),
    row("a link that raises to admin leaves no old credential",
        attached("L-11b", local, Ends.EVERYTHING, level=ADMIN), found=Found(by_email=(local,)), role=TO_ADMIN),
    row("a link that raises by one step leaves no old credential",
        attached("L-11b", local, Ends.EVERYTHING, level=EDITOR), found=Found(by_email=(local,)), role=TO_EDITOR),
    row("the first admin by group may be an account that is already there",
        attached("L-11b", local, Ends.EVERYTHING, level=ADMIN),
        found=Found(by_email=(local,), any_admin=False, enabled_admins=0), role=TO_ADMIN),
    row("an admin's account keeps its password, loudly",
        attached("L-11c", admin, Ends.ALL_BUT_PASSWORD, warning="admin_linked"),
        found=Found(by_email=(admin,)), role=TO_ADMIN),
    row("a warning about the roles does not drown the one about an admin's account",
        attached("L-11c", admin, Ends.ALL_BUT_PASSWORD, warning="admin_linked", role_warning="absent"),
        found=Found(by_email=(admin,)), role=Keep("absent")),
    row("an admin's account without the group is linked and lowered",
        attached("L-11c", admin, Ends.ALL_BUT_PASSWORD, level=VIEWER, warning="admin_linked"),
        found=Found(by_email=(admin,), enabled_admins=2), role=TO_VIEWER),
    row("the last admin's account without the group is linked and stays admin",
        attached("L-11c", admin, Ends.ALL_BUT_PASSWORD, warning="last_admin_kept", role_warning="last_admin_kept"),
        found=Found(by_email=(admin,)), role=TO_VIEWER),
    row("a newcomer becomes a viewer",
        Register(rule="L-12", level=VIEWER, email=ADDRESS)),
    row("a newcomer's address is stored in canonical form",
        Register(rule="L-12", level=VIEWER, email=ADDRESS), says=claims("Alice@EXAMPLE.com")),
    row("a newcomer gets the level of the groups",
        Register(rule="L-12", level=EDITOR, email=ADDRESS), role=TO_EDITOR),
    row("a newcomer with an unreadable roles claim becomes a viewer, and the log says so",
        Register(rule="L-12", level=VIEWER, email=ADDRESS, warning="unreadable"), role=Keep("unreadable")),
    row("linking by address is off, which is no reason to keep newcomers out",
        Register(rule="L-12", level=VIEWER, email=ADDRESS), policy=Policy(link_by_email=False)),
    row("registration is closed",
        refused("L-13", Code.REGISTRATION_CLOSED), policy=Policy(allow_registration=False)),
    row("registration is closed for the admin group, too",
        refused("L-13", Code.REGISTRATION_CLOSED), policy=Policy(allow_registration=False), role=TO_ADMIN),
    row("an invitation opens a closed registration, with its role",
        Register(rule="L-12i", level=EDITOR, email=ADDRESS, invited=INVITED),
        found=Found(invited=INVITED), policy=Policy(allow_registration=False)),
    row("the groups win over the role of an invitation, also downwards",
        Register(rule="L-12i", level=VIEWER, email=ADDRESS, invited=INVITED),
        found=Found(invited=INVITED), role=TO_VIEWER),
    row("an invitation does not let in a person whose groups have no role",
        refused("L-none", Code.NO_ROLE, values=("family",), advice=STRANGER.advice),
        found=Found(invited=INVITED), role=STRANGER),
    row("an ended invitation makes no account, even where registration is open",
        refused("L-12i", Code.LINK_INVALID, kind="invitation"), found=Found(invited=ENDED)),
    row("an invitation does not replace a verified address",
        refused("L-07", Code.EMAIL_NOT_VERIFIED, found=False, source="id_token"),
        says=claims(verified=False), found=Found(invited=INVITED)),
    row("an invited person who has an account is linked, and the invitation stays",
        attached("L-11a", local, Ends.ALL_BUT_PASSWORD), found=Found(by_email=(local,), invited=INVITED)),
]  # fmt: skip


typed = account(password_set_at=LONG_AGO, email_source=OWNER)
typed_by_admin = account(level=ADMIN, password_set_at=LONG_AGO, email_source=OWNER)
disabled_typist = account(enabled=False, email_source=OWNER)
linked_typist = account(links=same_issuer.links, email_source=OWNER)
second_typist = account(id=9, username="carol", email_source=OWNER)
ASKED = Confirm(rule="L-11q", account=typed, provable=True)


def mine(owner: Account) -> Answer:
    return Answer(account=owner, mine=True)


def not_mine(owner: Account) -> Answer:
    return Answer(account=owner, mine=False)


def proved(owner: Account, **changes: Any) -> LinkIdentity:
    return attached("L-11p", owner, Ends.ALL_BUT_PASSWORD, **changes)


def registered(*room: Account, **changes: Any) -> Register:
    ordinary: dict[str, Any] = {"rule": "L-12", "level": VIEWER, "email": ADDRESS, "room": room}
    return Register(**ordinary | changes)


TYPED = [
    row("an address that its owner typed is asked about",
        ASKED, found=Found(by_email=(typed,))),
    row("the question does not depend on the role",
        ASKED, found=Found(by_email=(typed,)), role=TO_ADMIN),
    row("the question comes also where new accounts are not made",
        ASKED, found=Found(by_email=(typed,)), policy=Policy(allow_registration=False)),
    row("where linking by address is off, the answer yes is for the account page",
        Confirm(rule="L-11q", account=typed, provable=False),
        found=Found(by_email=(typed,)), policy=Policy(link_by_email=False)),
    row("where linking by address is off, a proof links nothing",
        Confirm(rule="L-11q", account=typed, provable=False),
        found=Found(by_email=(typed,), answer=mine(typed)), policy=Policy(link_by_email=False)),
    row("not verified is said before anything is asked",
        refused("L-07", Code.EMAIL_NOT_VERIFIED, found=False, source="id_token"),
        says=claims(verified=False), found=Found(by_email=(typed,), answer=mine(typed))),
    row("proved, it is linked",
        proved(typed), found=Found(by_email=(typed,), answer=mine(typed))),
    row("proved, it is linked also where new accounts are not made",
        proved(typed), found=Found(by_email=(typed,), answer=mine(typed)), policy=Policy(allow_registration=False)),
    row("who proved it keeps the password, also when the groups raise the role",
        proved(typed, level=ADMIN), found=Found(by_email=(typed,), answer=mine(typed)), role=TO_ADMIN),
    row("an administrator's account is linked loudly",
        proved(typed_by_admin, warning="admin_linked"),
        found=Found(by_email=(typed_by_admin,), answer=mine(typed_by_admin)), role=TO_ADMIN),
    row("the last administrator stays one, loudly",
        proved(typed_by_admin, warning="last_admin_kept", role_warning="last_admin_kept"),
        found=Found(by_email=(typed_by_admin,), answer=mine(typed_by_admin)), role=TO_VIEWER),
    row("an unreadable roles claim is logged here, too",
        proved(typed, warning="absent"), found=Found(by_email=(typed,), answer=mine(typed)), role=Keep("absent")),
    row("a proof for an account that has changed since is asked for again",
        Confirm(rule="L-11q", account=account(version=2, email_source=OWNER), provable=True),
        found=Found(by_email=(account(version=2, email_source=OWNER),), answer=mine(typed))),
    row("a proof for one account opens no other",
        ASKED, found=Found(by_email=(typed,), answer=mine(second_typist))),
    row("a link to a former issuer does not make it another's",
        Confirm(rule="L-11q", account=account(links=old_issuer.links, email_source=OWNER), provable=True),
        found=Found(by_email=(account(links=old_issuer.links, email_source=OWNER),)),
        policy=Policy(former_issuers=(OLD,))),
    row("not mine makes room",
        registered(typed), found=Found(by_email=(typed,), answer=not_mine(typed))),
    row("not mine is remembered although the account has changed",
        registered(account(version=2, email_source=OWNER)),
        found=Found(by_email=(account(version=2, email_source=OWNER),), answer=not_mine(typed))),
    row("not mine opens no closed registration, and then nothing is removed",
        refused("L-13", Code.REGISTRATION_CLOSED),
        found=Found(by_email=(typed,), answer=not_mine(typed)), policy=Policy(allow_registration=False)),
    row("not mine leaves what an administrator vouches for by now",
        attached("L-11a", local, Ends.ALL_BUT_PASSWORD), found=Found(by_email=(local,), answer=not_mine(typed))),
    row("a disabled account's typed address makes room",
        registered(disabled_typist), found=Found(by_email=(disabled_typist,))),
    row("a linked account's typed address makes room",
        registered(linked_typist), found=Found(by_email=(linked_typist,))),
    row("the typed address of an account at another current issuer makes room",
        registered(account(links=old_issuer.links, email_source=OWNER)),
        found=Found(by_email=(account(links=old_issuer.links, email_source=OWNER),)),
        policy=Policy(current_issuers=(OLD,))),
    row("the typed address of an account at a foreign issuer makes room",
        registered(account(links=old_issuer.links, email_source=OWNER)),
        found=Found(by_email=(account(links=old_issuer.links, email_source=OWNER),))),
    row("a typed address blocks nobody where linking is off",
        registered(linked_typist), found=Found(by_email=(linked_typist,)), policy=Policy(link_by_email=False)),
    row("what an administrator vouches for goes before what somebody typed",
        attached("L-11a", local, Ends.ALL_BUT_PASSWORD, room=(second_typist,)),
        found=Found(by_email=(local, second_typist))),
    row("two that were typed are asked about one after the other",
        ASKED, found=Found(by_email=(typed, second_typist))),
    row("after the first no, the second is asked about",
        Confirm(rule="L-11q", account=second_typist, provable=True),
        found=Found(by_email=(typed, second_typist), answer=not_mine(typed))),
    row("the proved one of two takes the address from the other",
        proved(second_typist, room=(typed,)), found=Found(by_email=(typed, second_typist), answer=mine(second_typist))),
    row("a known identity takes its verified address from an account whose owner typed it",
        signed_in(linked, email="new@example.com", room=(account(id=9, email="new@example.com", email_source=OWNER),)),
        says=claims("new@example.com"),
        found=Found(by_identity=linked, by_email=(account(id=9, email="new@example.com", email_source=OWNER),))),
    row("an unverified address is taken from nobody",
        signed_in(linked, **NOT_VERIFIED), says=claims("new@example.com", verified=False),
        found=Found(by_identity=linked, by_email=(account(id=9, email="new@example.com", email_source=OWNER),))),
    row("linking from the account page leaves everybody's address alone",
        attached("L-04", bob, Ends.NOTHING), found=Found(by_email=(typed,), link=request(bob))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "expected"), [*SETUP, *KNOWN, *EXPLICIT, LINKED_ALREADY, *ADDRESSES, *MATCHES, *TYPED]
)
def test_the_first_row_that_fits_decides(given: tuple[Claims, Found, Policy, RoleDecision], expected: Decision) -> None:
    """R-01, R-02, R-12, R-13, R-15, R-44, R-67 and the rows L-01 to L-13."""
    decision = decide(*given, NOW)
    same = decision if isinstance(decision, Reject | Confirm) else replace(decision, role_from_claim=False)
    assert same == expected


@pytest.mark.parametrize(
    ("role", "comes"),
    [
        pytest.param(Keep(), False, id="roles are managed here"),
        pytest.param(Keep("absent"), False, id="the claim was not sent"),
        pytest.param(TO_EDITOR, True, id="the claim gives a role"),
        pytest.param(TO_VIEWER, True, id="also the one that the account has"),
    ],
)
def test_a_role_comes_from_the_claim_only_where_the_claim_gave_it(role: RoleDecision, comes: bool) -> None:
    founds = (
        Found(), Found(by_identity=linked), Found(by_email=(local,)), Found(link=request(local)),
        Found(by_email=(admin,), enabled_admins=2),
    )  # fmt: skip
    for found in founds:
        decision = decide(claims(), found, Policy(), role, NOW)
        assert not isinstance(decision, Reject | Confirm)
        assert decision.role_from_claim is comes


def test_the_last_administrator_keeps_a_role_that_is_not_from_the_claim() -> None:
    keeper = account(level=ADMIN, links=(link(),))
    decision = decide(claims(), Found(by_identity=keeper, enabled_admins=1), Policy(), TO_VIEWER, NOW)
    assert decision == signed_in(keeper, warning="last_admin_kept")


def test_another_spelling_of_a_subject_is_another_identity() -> None:
    """R-01: OpenID Connect Core 1.0, 5.7 compares byte for byte."""
    look_alike = Identity(ALICE.issuer, ALICE.subject.upper())
    decision = decide(claims(identity=look_alike), Found(by_email=(linked,)), Policy(), Keep(), NOW)
    assert decision == already_linked(ISSUER)


@pytest.mark.parametrize(
    ("asked", "before", "after"),
    [
        pytest.param(
            False, ADMINISTRATOR, PROVIDER, id="a link by address is made because the provider vouches for it"
        ),
        pytest.param(True, OWNER, OWNER, id="a link that somebody asked for says nothing about the address typed here"),
        pytest.param(True, PROVIDER, PROVIDER, id="a link that somebody asked for takes no word away"),
    ],
)
def test_a_link_vouches_for_the_address_only_when_it_was_made_by_it(
    asked: bool, before: EmailSource, after: EmailSource
) -> None:
    """R-02, R-12."""
    owner = account(email_source=before)
    found = Found(link=request(owner)) if asked else Found(by_email=(owner,))
    decision = decide(claims(), found, Policy(), Keep(), NOW)
    assert isinstance(decision, LinkIdentity)
    assert decision.email_source is after
