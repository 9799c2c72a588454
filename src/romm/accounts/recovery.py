"""Password reset and recovery links, for locked-out people."""

import unicodedata
from dataclasses import dataclass
from datetime import timedelta

from romm.accounts.passwords import hash_of_new
from romm.credentials.rate_limits import Rates
from romm.credentials.secrets import url_secret
from romm.credentials.sessions import Sessions
from romm.domain import emails
from romm.domain.accounts import changes as rules
from romm.domain.accounts.changes import AccountUpdate
from romm.domain.credentials import step_up
from romm.domain.credentials.credential import Credential, Kind, issued
from romm.domain.credentials.permissions import Action, Actor, Target, may
from romm.domain.credentials.step_up import Lasting
from romm.domain.digests import digest
from romm.domain.errors import Code, Refused, required
from romm.domain.limits import FORGOTTEN
from romm.domain.model import Account, Visitor
from romm.ports.accounts import Accounts, AccountStore, OneTimeLink, Passwords
from romm.ports.conflicts import Conflict, refuse_if_changed, retry_on_conflict
from romm.ports.credentials import Credentials
from romm.ports.process import Clock, Log
from romm.sign_in.journal import SignInJournal

RESET_LIFETIME = timedelta(hours=24)  # a person passes it on, and the recipient may be offline
RECOVERY_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """RomM sends no mail: an administrator or the command line creates links. All methods raise `Refused`."""

    accounts: Accounts
    account_store: AccountStore
    credentials: Credentials
    passwords: Passwords
    passwords_enabled: bool
    sessions: Sessions
    rates: Rates
    journal: SignInJournal
    log: Log
    clock: Clock

    async def forgot(self, name: str, address: str) -> None:
        """Never reveals whether the account exists: TOO_MANY_REQUESTS counts by address, not by account."""
        await self.rates.check(*FORGOTTEN.of(address))
        if self.passwords_enabled:
            typed = unicodedata.normalize("NFKC", name).strip()
            await self.account_store.note_reset_request(emails.canonical(typed) or typed.lower(), self.clock())

    async def reset_link(self, actor: Actor, account: Account) -> tuple[str, Credential]:
        """The link's secret and stored credential; replaces an older link."""
        required(may(actor, Action.SET_PASSWORD, Target.of(account)))
        if not self.passwords_enabled:
            raise Refused(Code.PASSWORDS_OFF)
        required(step_up.check(actor, Lasting.RESET_LINK, self.clock()))
        if not account.enabled:
            raise Refused(Code.ACCOUNT_DISABLED, account=account.id)
        return await self._link(account, Kind.PASSWORD_RESET, RESET_LIFETIME, actor)

    async def recovery_link(self, actor: Actor, account: Account) -> str:
        """For an enabled admin."""
        required(may(actor, Action.CREATE_RECOVERY_LINK))
        if not account.is_enabled_admin:
            raise Refused(Code.NOT_AN_ADMIN, username=account.username)
        secret, _ = await self._link(account, Kind.RECOVERY, RECOVERY_LIFETIME, actor)
        return secret

    async def open(self, kind: Kind, secret: str) -> Account:
        """Raises `Refused(LINK_INVALID)`."""
        if kind is Kind.PASSWORD_RESET and not self.passwords_enabled:
            raise Refused(Code.PASSWORDS_OFF)
        found = await self.credentials.find(kind, digest(secret))
        if found:
            link, account = found
            if account.enabled and self.clock() < link.expires_at:
                return account
        raise Refused(Code.LINK_INVALID, kind=kind)

    async def reset(self, secret: str, password: str) -> Account:
        """Ends every sign-in of the account."""
        account = await self.open(Kind.PASSWORD_RESET, secret)
        wish = AccountUpdate(password_hash=await self._hash(password, account))
        link = OneTimeLink(Kind.PASSWORD_RESET, digest(secret))

        async def attempt() -> Account:
            seen, now = await self.open(Kind.PASSWORD_RESET, secret), self.clock()
            # The administrator who made the link vouches for its holder: the new password is trusted from now on.
            change = rules.own(seen, wish, rules.Proof.PROVIDER, now, keep=None)
            return await self.account_store.change(required(change), now, link)

        changed = await retry_on_conflict(attempt)
        self.log.warning("recovery.password_set", account=changed.id, username=changed.username)
        return changed

    async def recover(self, secret: str, visitor: Visitor) -> str:
        """A session's secret."""
        account = await self.open(Kind.RECOVERY, secret)
        if await self.credentials.take(Kind.RECOVERY, digest(secret)) is None or not account.is_enabled_admin:
            raise Refused(Code.LINK_INVALID, kind=Kind.RECOVERY)
        try:
            session = await self.sessions.start(account, visitor)
        except Conflict as conflict:
            raise Refused(Code.LINK_INVALID, kind=Kind.RECOVERY) from conflict
        await self.journal.signed_in("recovery", account, visitor)
        return session

    async def _hash(self, password: str, account: Account) -> str:
        return await hash_of_new(self.passwords, password, username=account.username, email=account.email)

    async def _link(self, account: Account, kind: Kind, lifetime: timedelta, maker: Actor) -> tuple[str, Credential]:
        secret, now = url_secret(), self.clock()
        link = issued(kind, account.id, digest(secret), now, now + lifetime)
        with refuse_if_changed(account):
            await self.credentials.replace(account, link)
        self.log.warning("recovery.link_made", kind=kind, account=account.id, username=account.username, by=maker.name)
        return secret, link
