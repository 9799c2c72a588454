"""An administrator invites a person by a one-time link."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from romm.accounts.forms import AccountForm, stored_email, stored_username
from romm.accounts.passwords import hash_of_new
from romm.credentials.principal import Principal, actor
from romm.credentials.rate_limits import Rates
from romm.credentials.secrets import url_secret
from romm.domain.accounts import usernames
from romm.domain.credentials import step_up
from romm.domain.credentials.credential import Credential, Kind, is_open, issued
from romm.domain.credentials.permissions import Action, Actor, Target, may
from romm.domain.credentials.rate_limits import RateLimitKey
from romm.domain.credentials.step_up import Lasting
from romm.domain.digests import digest
from romm.domain.errors import Code, Refused, required
from romm.domain.limits import REGISTRATIONS
from romm.domain.model import AccessLevel, Account, EmailSource
from romm.ports.accounts import Accounts, NewAccount, OneTimeLink, Passwords
from romm.ports.conflicts import Conflict, conflict_refusal, refuse_if_changed
from romm.ports.credentials import CredentialLists, Credentials
from romm.ports.process import Clock, Log

LONGEST = timedelta(days=30)
LONGEST_BY_APPS = timedelta(days=7)  # with `users.write` alone, without a person's proof


@dataclass(frozen=True, kw_only=True)
class Invitations:
    """A link ends with its use, or when its maker is no enabled admin. All methods raise `Refused`."""

    accounts: Accounts
    credentials: Credentials
    credential_lists: CredentialLists
    passwords: Passwords
    passwords_enabled: bool
    single_sign_on: bool
    lifetime: timedelta
    rates: Rates
    log: Log
    clock: Clock

    async def create(
        self, who: Principal, level: AccessLevel, lifetime: timedelta | None = None
    ) -> tuple[str, Credential]:
        """The link's secret and stored credential."""
        required(may(actor(who), Action.INVITE, Target(level=level)))
        self._require_a_way()
        by, secret, now = actor(who), url_secret(), self.clock()
        lasting = Lasting.ADMIN_INVITATION if level is AccessLevel.ADMIN else Lasting.INVITATION
        required(step_up.check(by, lasting, now))
        longest = LONGEST if step_up.may_pass_on(by) else LONGEST_BY_APPS
        end = now + min(lifetime or self.lifetime, longest)
        invitation = issued(Kind.INVITATION, who.account.id, digest(secret), now, end, level=level)
        with refuse_if_changed(who.account):
            await self.credentials.add(who.account, invitation)
        self.log.warning("invitation.created", by=who.account.id, level=level.label)
        return secret, invitation

    async def listed(self, actor: Actor, limit: int, before: int | None = None) -> Sequence[tuple[Credential, Account]]:
        """Newest first; `before` is the id of one."""
        required(may(actor, Action.READ_INVITATIONS))
        return await self.credential_lists.listed(Kind.INVITATION, limit, before)

    async def revoke(self, by: Actor, invitation_id: int) -> None:
        required(may(by, Action.REVOKE_INVITATIONS))
        level = await self._level(invitation_id)
        required(may(by, Action.REVOKE_INVITATIONS, Target(level=level)))
        if await self.credentials.end(Kind.INVITATION, invitation_id, None) is None:
            raise Refused(Code.CREDENTIAL_UNKNOWN, credential=invitation_id)
        self.log.warning("invitation.revoked", by=by.account_id, invitation=invitation_id)

    async def _level(self, invitation_id: int) -> AccessLevel:
        """Raises `Refused(CREDENTIAL_UNKNOWN)`."""
        found = await self.credential_lists.numbered(Kind.INVITATION, invitation_id)
        if found is None:
            raise Refused(Code.CREDENTIAL_UNKNOWN, credential=invitation_id)
        return found[0].level or AccessLevel.VIEWER

    async def open(self, secret: str) -> Credential:
        """Raises `Refused(LINK_INVALID)`."""
        self._require_a_way()
        found = await self.credentials.find(Kind.INVITATION, digest(secret))
        if found is not None and is_open(*found, self.clock()):
            return found[0]
        raise Refused(Code.LINK_INVALID, kind=Kind.INVITATION)

    async def register(self, secret: str, typed: AccountForm) -> Account:
        """With a password. Uses up the link, unless it refuses."""
        if not self.passwords_enabled:
            raise Refused(Code.PASSWORDS_OFF)
        invitation = await self.open(secret)
        await self.rates.check(RateLimitKey(REGISTRATIONS, invitation.digest))
        level = invitation.level or AccessLevel.VIEWER
        name, email = stored_username(typed.username or ""), stored_email(typed.email or "")
        if not usernames.is_free_to(name, level):
            raise Refused(Code.USERNAME_TAKEN, found=name)
        password_hash = await hash_of_new(self.passwords, typed.password or "", username=name, email=email)
        new = NewAccount(
            username=name,
            email=email,
            level=level,
            password_hash=password_hash,
            email_source=EmailSource.typed_by(level),
        )
        try:
            account = await self.accounts.create(new, self.clock(), OneTimeLink(Kind.INVITATION, invitation.digest))
        except Conflict as conflict:
            raise conflict_refusal(conflict, name, email) from conflict
        self.log.warning("invitation.used", account=account.id, username=name, invited_by=invitation.account_id)
        return account

    def _require_a_way(self) -> None:
        """To make an account: with a password, or by single sign-on."""
        if not self.passwords_enabled and not self.single_sign_on:
            raise Refused(Code.PASSWORDS_OFF)
