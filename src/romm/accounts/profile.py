"""Use cases of people with their own account: name, address, password, and the identity it is linked to."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from romm.accounts.forms import AccountForm, account_update
from romm.credentials.principal import Principal
from romm.domain.accounts import changes as rules
from romm.domain.accounts.changes import AccountUpdate, Proof, WaysIn
from romm.domain.errors import Code, Refused, required
from romm.domain.model import Account, Identity, Visitor, subject_digest
from romm.ports.accounts import AccountStore, Passwords
from romm.ports.conflicts import NOTHING, Conflict, conflict_refusal, refuse_if_changed
from romm.ports.process import Clock, Log
from romm.sign_in.issuers import KnownIssuers
from romm.sign_in.password import PasswordCredentials, PasswordSignIn, SignedIn

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One's own account. What decides who gets in needs the current password, or a sign-in of the last five minutes."""

    account_store: AccountStore
    passwords: Passwords
    password_sign_in: PasswordSignIn
    issuers: KnownIssuers
    log: Log
    clock: Clock

    async def change(self, who: Principal, typed: AccountForm, current_password: str, visitor: Visitor) -> Account:
        """Change one's own name, address or password; a new password ends all other sign-ins. Raises `Refused`."""
        if typed.password and not self.password_sign_in.enabled:
            raise Refused(Code.PASSWORDS_OFF)
        how = await self.proof(who, current_password, visitor)
        wish = await account_update(typed, who.account, self.passwords)

        now = self.clock()
        change = required(rules.own(who.account, wish, how, now, keep=who.digest))
        account = await _carried_out(who, self.account_store.change(change, now), wish)
        facts = {"password": bool(typed.password), "email": account.email != who.account.email}
        self.log.info("profile.changed", account=account.id, **facts)
        return account

    async def unlink(self, who: Principal, identity_id: str, current_password: str, visitor: Visitor) -> Account:
        """Detach an identity by its id (`subject_digest`), but never the last way in. Raises `Refused`."""
        identity = _identity(who.account, identity_id)
        how = await self.proof(who, current_password, visitor)

        unlink = required(rules.unlink(who.account, identity, how, self.ways_in(), keep=who.digest))
        account = await _carried_out(who, self.account_store.unlink(unlink, self.clock()))
        self.log.warning("profile.unlinked", account=account.id, issuer=identity.issuer)
        return account

    async def proof(self, who: Principal, current_password: str, visitor: Visitor) -> Proof:
        """How this person proves now that the account is theirs. Raises `Refused(PASSWORD_WRONG)`, or what throttling says."""
        fresh = Proof.PASSWORD if who.credential is None else rules.proof(who.account, who.credential, self.clock())
        if not current_password or fresh is Proof.PROVIDER:
            return fresh
        await _own_password(
            self.password_sign_in.who(PasswordCredentials(who.account.username, current_password, visitor)), who
        )
        return Proof.PASSWORD

    async def sign_in_again(self, who: Principal, typed: PasswordCredentials) -> SignedIn:
        """A fresh session in place of the one that asks, for what a session may do only while it is fresh. Raises `Refused`."""
        return await _own_password(self.password_sign_in.sign_in(typed), who)

    def ways_in(self) -> WaysIn:
        """Which ways in are open here now, as far as can be told without asking anybody."""
        return WaysIn(passwords=self.password_sign_in.enabled, issuers=self.issuers.now())


async def _carried_out(who: Principal, change: Awaitable[Account], wish: AccountUpdate = NOTHING) -> Account:
    """Never decided once more: what changed the account meanwhile may have ended the session that asks. Raises `Refused`."""
    try:
        with refuse_if_changed(who.account):
            return await change
    except Conflict as conflict:
        raise conflict_refusal(conflict, wish.username, wish.email) from conflict


async def _own_password(judging: Awaitable[T], who: Principal) -> T:
    """What follows from one's own password. Raises `Refused(PASSWORD_WRONG)` for another, or what throttling says."""
    try:
        return await judging
    except Refused as refused:
        if refused.code is not Code.CREDENTIALS_WRONG:
            raise
        raise Refused(Code.PASSWORD_WRONG, account=who.account.id) from refused


def _identity(account: Account, identity_id: str) -> Identity:
    for link in account.links:
        if subject_digest(link.identity) == identity_id:
            return link.identity
    raise Refused(Code.CREDENTIAL_UNKNOWN, credential=identity_id)
