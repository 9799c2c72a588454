"""Use cases for who is locked out: a link to set a new password, and one that signs an administrator in once."""

import unicodedata
from dataclasses import dataclass
from datetime import timedelta

from romm.accounts.passwords import hash_of_new
from romm.credentials.rate_limits import Rates
from romm.credentials.secrets import url_secret
from romm.credentials.sessions import Sessions
from romm.domain import emails
from romm.domain.accounts import changes as rules
from romm.domain.accounts.changes import COMMAND_LINE, AccountUpdate, Actor
from romm.domain.credentials.credential import Kind, issued
from romm.domain.credentials.rate_limits import Limit, by_address
from romm.domain.digests import digest
from romm.domain.errors import Code, Refused, required
from romm.domain.model import Account, Visitor
from romm.ports.accounts import Accounts, AccountStore, OneTimeLink, Passwords
from romm.ports.conflicts import Conflict, refuse_if_changed, retry_on_conflict
from romm.ports.credentials import Credentials
from romm.ports.process import Clock, Log
from romm.sign_in.journal import SignInJournal

RESET_LIFETIME = timedelta(hours=24)  # it is handed on by people, who are not always online
RECOVERY_LIFETIME = timedelta(minutes=10)
FORGOTTEN = Limit(name="forgotten passwords per address", tries=20, window=timedelta(hours=1))


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """Links are made by an administrator or on the command line; nobody gets one by asking, and RomM sends no mail."""

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
        """Note for the administrators that somebody forgot a password; the answer never tells whether there is an account.

        Raises `Refused(TOO_MANY_REQUESTS)`, by the address that asks alone.
        """
        await self.rates.check(by_address(FORGOTTEN, address))
        if self.passwords_enabled:
            typed = unicodedata.normalize("NFKC", name).strip()
            await self.account_store.reset_asked(emails.canonical(typed) or typed.lower(), self.clock())

    async def reset_link(self, actor: Actor, account: Account) -> str:
        """The secret of a link that sets a new password for this account; an older link ends. Raises `Refused`."""
        if not self.passwords_enabled:
            raise Refused(Code.PASSWORDS_OFF)
        required(rules.may_reset(actor, account))
        if not account.enabled:
            raise Refused(Code.ACCOUNT_DISABLED, account=account.id)
        return await self._link(account, Kind.PASSWORD_RESET, RESET_LIFETIME, actor)

    async def recovery_link(self, account: Account) -> str:
        """The secret of a link that signs an enabled admin in once. For the command line only. Raises `Refused`."""
        if not account.is_enabled_admin:
            raise Refused(Code.NOT_AN_ADMIN, username=account.username)
        return await self._link(account, Kind.RECOVERY, RECOVERY_LIFETIME, COMMAND_LINE)

    async def open(self, kind: Kind, secret: str) -> Account:
        """Whose account a link opens. Raises `Refused(LINK_INVALID)`."""
        if kind is Kind.PASSWORD_RESET and not self.passwords_enabled:
            raise Refused(Code.PASSWORDS_OFF)
        found = await self.credentials.find(kind, digest(secret))
        if found:
            link, account = found
            if account.enabled and self.clock() < link.expires_at:
                return account
        raise Refused(Code.LINK_INVALID, kind=kind)

    async def reset(self, secret: str, password: str) -> Account:
        """Set a new password and use the link up; every sign-in of the account ends. Raises `Refused`."""
        account = await self.open(Kind.PASSWORD_RESET, secret)
        wish = AccountUpdate(password_hash=await self._hash(password, account))
        spends = OneTimeLink(Kind.PASSWORD_RESET, digest(secret))

        async def attempt() -> Account:
            seen, now = await self.open(Kind.PASSWORD_RESET, secret), self.clock()
            # Who made the link vouched for whoever has it: the new password is trusted from now on.
            judged = rules.own(seen, wish, rules.Proof.PROVIDER, now, keep=None)
            return await self.account_store.change(required(judged), now, spends)

        changed = await retry_on_conflict(attempt)
        self.log.warning("recovery.password_set", account=changed.id, username=changed.username)
        return changed

    async def recover(self, secret: str, visitor: Visitor) -> str:
        """Sign in by a recovery link and use it up; gives the session's secret. Raises `Refused`."""
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

    async def _link(self, account: Account, kind: Kind, lifetime: timedelta, maker: Actor) -> str:
        secret, now = url_secret(), self.clock()
        with refuse_if_changed(account):
            await self.credentials.replace(account, issued(kind, account.id, digest(secret), now, now + lifetime))
        self.log.warning("recovery.link_made", kind=kind, account=account.id, username=account.username, by=maker.name)
        return secret
