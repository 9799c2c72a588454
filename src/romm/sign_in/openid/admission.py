"""Find the account of an identity, apply the linking rules and write the result."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, assert_never

from msgspec import Struct
from msgspec.structs import replace

from romm.domain import emails
from romm.domain.accounts import usernames
from romm.domain.credentials.credential import Kind, is_open
from romm.domain.diagnosis.explanation import deciding, outline
from romm.domain.digests import digest
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel, Account, Identity, subject_digest
from romm.domain.sign_in.claims.rules import Claims, Unknown
from romm.domain.sign_in.linking import decisions
from romm.domain.sign_in.linking import rules as linking
from romm.domain.sign_in.linking.decisions import (
    Admitted,
    Confirm,
    Decision,
    Invited,
    LinkIdentity,
    Register,
    Reject,
    SignIn,
)
from romm.domain.sign_in.linking.matches import Answer
from romm.domain.sign_in.linking.rules import Found, LinkRequest, Policy
from romm.domain.sign_in.providers import FIRST, in_words_of
from romm.domain.sign_in.roles import hints as role_hints
from romm.domain.sign_in.roles import rules as roles
from romm.domain.sign_in.roles.rules import RoleDecision, RoleMapping
from romm.ports.accounts import Accounts
from romm.ports.conflicts import Conflict
from romm.ports.credentials import Credentials
from romm.ports.process import Clock, Log
from romm.sign_in.journal import log_role_change
from romm.sign_in.openid.identification import Person


class Linking(Struct, frozen=True, kw_only=True):
    """`same_session`: one session began and finished the request."""

    account_id: int
    same_session: bool
    authenticated_at: datetime | None


MAX_USERNAMES = 100  # suffixes to try for a name in use


@dataclass(frozen=True, kw_only=True)
class Admission:
    accounts: Accounts
    credentials: Credentials
    mapping: RoleMapping
    policy: Policy
    username_attribute: str
    roles_claim: str
    log: Log
    clock: Clock
    provider: str = FIRST

    async def admit(
        self, person: Person, linking_to: Linking | None = None, answer: Answer | None = None, invitation: str = ""
    ) -> tuple[Admitted, Account] | Confirm:
        """`Confirm` if the person has to answer first. Raises `Refused`, or `Conflict`, with nothing written, if the
        facts changed.
        """
        decision = await self.decide(person.claims, linking_to, answer, invitation)
        self._log(decision, person.claims)
        if isinstance(decision, Reject):
            raise self._rejected(decision, person)
        if isinstance(decision, Confirm):
            return decision
        try:
            account = await self._carry_out(decision, person)
        except Conflict as conflict:
            self.log.info("signin.decided_again", conflict=conflict.what)
            raise
        self._log_role(decision, account)
        if isinstance(decision, Register) and decision.invited is not None:
            by = decision.invited.by
            self.log.warning("invitation.used", account=account.id, username=account.username, invited_by=by)
        return decision, account

    async def decide(
        self, claims: Claims, linking_to: Linking | None = None, answer: Answer | None = None, invitation: str = ""
    ) -> Decision:
        """`invitation` is a digest."""
        found = await self._find(claims.identity, emails.canonical(claims.email.address), linking_to)
        found = replace(found, answer=answer, invited=await self.invited(invitation) if invitation else None)
        return linking.decide(claims, found, self.policy, self.role(claims), self.clock())

    async def invited(self, invitation: str) -> Invited:
        found = await self.credentials.find(Kind.INVITATION, invitation)
        if found is None or not is_open(*found, self.clock()):
            return Invited(digest=invitation, level=None)
        link, _ = found
        return Invited(digest=invitation, level=link.level or AccessLevel.VIEWER, by=link.account_id)

    async def open_invitation(self, secret: str) -> str:
        """Its digest. Raises `Refused(LINK_INVALID)`."""
        invited = await self.invited(digest(secret))
        if invited.level is None:
            raise Refused(Code.LINK_INVALID, kind=Kind.INVITATION)
        return invited.digest

    def deciding(self, person: Person) -> dict[str, Any]:
        return deciding(person.claims, self.roles_claim)

    def role(self, claims: Claims) -> RoleDecision:
        return roles.grant(claims.roles, self.mapping)

    async def _find(self, identity: Identity, email: str | None, linking_to: Linking | None) -> Found:
        found = await self.accounts.find(identity, email)
        if linking_to is None:
            return found
        account = await self.accounts.get(linking_to.account_id)
        if account is None:
            raise Refused(Code.LINK_SESSION_CHANGED)
        request = LinkRequest(
            account=account, same_session=linking_to.same_session, authenticated_at=linking_to.authenticated_at
        )
        return replace(found, link=request)

    async def _carry_out(self, decision: Admitted, person: Person) -> Account:
        identity, now = person.claims.identity, self.clock()
        match decision:
            case SignIn():
                return await self.accounts.sign_in(decision, now) if decision.changes_account else decision.account
            case LinkIdentity():
                return await self.accounts.link(decision, identity, now)
            case Register():
                return await self._register(decision, person.claims)
            case _:
                assert_never(decision)

    async def _register(self, decision: Register, person: Claims) -> Account:
        name = usernames.proposal(person.merged, self.username_attribute)
        for username in islice(usernames.series(name), MAX_USERNAMES):
            try:
                return await self.accounts.register(decision, person.identity, username, self.clock())
            except Conflict as conflict:
                if conflict.what != "username":
                    raise
        raise Refused(Code.USERNAME_TAKEN, found=name)

    def _log(self, decision: Decision, person: Claims) -> None:
        kind = type(decision).__struct_config__.tag
        warning = getattr(decision, "warning", None)
        write = self.log.warning if warning or getattr(decision, "severe", False) else self.log.info
        facts = {"decision": kind, "rule": decision.rule, "warning": warning, "email_source": person.email.source}
        if isinstance(decision, SignIn | LinkIdentity | Register):
            facts["warnings"] = decisions.warnings(decision)
        if isinstance(decision, Confirm):
            facts["asked_about"] = decision.account.id
        if room := getattr(decision, "room", ()):
            facts["address_removed_from"] = [account.id for account in room]
        if hint := role_hints.hint(warning, self.roles_claim, person.roles_found):
            facts["hint"] = in_words_of(self.provider, hint)
        write("signin.decided", issuer=person.identity.issuer, subject_digest=subject_digest(person.identity), **facts)

    def _log_role(self, decision: Admitted, account: Account) -> None:
        before = account.level if isinstance(decision, Register) else decision.account.level
        if before is not account.level:
            log_role_change(self.log, account, before, by="provider")

    def _rejected(self, decision: Reject, person: Person) -> Refused:
        """UserInfo's error takes precedence over claims that UserInfo might have had."""
        missing = decision.refuse.code in (Code.EMAIL_MISSING, Code.EMAIL_NOT_VERIFIED)
        missing = missing or (decision.refuse.code is Code.NO_ROLE and isinstance(person.claims.roles, Unknown))
        refused = person.without_userinfo if missing and person.without_userinfo else Refused.by(decision.refuse)
        identity = person.claims.identity
        refused.facts |= {"rule": decision.rule, "issuer": identity.issuer, "subject_digest": subject_digest(identity)}
        refused.received, refused.claims = outline(person.claims, self.roles_claim), self.deciding(person)
        return refused
