"""People and their own account."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from msgspec.structs import replace

from romm.accounts.forms import AccountForm, account_update
from romm.credentials.principal import Principal, require_own
from romm.domain.accounts import changes as rules
from romm.domain.accounts.changes import AccountUpdate, Proof, WaysIn
from romm.domain.credentials.permissions import Action
from romm.domain.errors import Code, Refused, required
from romm.domain.model import Account, Identity, Visitor, subject_digest
from romm.ports.accounts import AccountStore, Passwords
from romm.ports.conflicts import NOTHING, Conflict, conflict_refusal, refuse_if_changed
from romm.ports.process import Clock, Log
from romm.sign_in.openid.issuers import KnownIssuers
from romm.sign_in.password import PasswordCredentials, PasswordSignIn, SignedIn

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Sensitive changes need the password, or a sign-in in the last five minutes. Methods with `who` raise `Refused`."""

    account_store: AccountStore
    passwords: Passwords
    password_sign_in: PasswordSignIn
    issuers: KnownIssuers
    log: Log
    clock: Clock

    async def change(self, who: Principal, typed: AccountForm, current_password: str, visitor: Visitor) -> Account:
        """A new password ends other sign-ins."""
        require_own(who, Action.CHANGE_PROFILE)
        if typed.sets_password and not self.password_sign_in.enabled:
            raise Refused(Code.PASSWORDS_OFF)
        how = await self._proof(who, current_password, visitor)
        wish = await account_update(typed, who.account, self.passwords)

        now = self.clock()
        change = required(rules.own(who.account, wish, how, now, keep=who.digest))
        account = await _carry_out(who, self.account_store.change(change, now), wish)
        facts = {"password": typed.sets_password, "email": account.email != who.account.email}
        self.log.info("profile.changed", account=account.id, **facts)
        return account

    async def unlink(self, who: Principal, identity_id: str, current_password: str, visitor: Visitor) -> Account:
        """By `subject_digest`; never the last way in."""
        require_own(who, Action.CHANGE_PROFILE)
        identity = _identity(who.account, identity_id)
        how = await self._proof(who, current_password, visitor)

        unlink = required(rules.unlink(who.account, identity, how, self.ways_in(), keep=who.digest))
        account = await _carry_out(who, self.account_store.unlink(unlink, self.clock()))
        self.log.warning("profile.unlinked", account=account.id, issuer=identity.issuer)
        return account

    def proof(self, who: Principal) -> Proof:
        """Of the credential alone."""
        require_own(who, Action.READ_ACCOUNT)
        return self._fresh(who)

    def _fresh(self, who: Principal) -> Proof:
        return Proof.PASSWORD if who.credential is None else rules.proof(who.account, who.credential, self.clock())

    async def _proof(self, who: Principal, current_password: str, visitor: Visitor) -> Proof:
        """Raises `Refused(PASSWORD_WRONG)`, or of throttling."""
        fresh = self._fresh(who)
        if not current_password or fresh is Proof.PROVIDER:
            return fresh
        typed = PasswordCredentials(who.account.username, current_password, visitor, signed_in=who.digest)
        await _own_password(self.password_sign_in.who(typed), who)
        return Proof.PASSWORD

    async def sign_in_again(self, who: Principal, typed: PasswordCredentials) -> SignedIn:
        """Replaces the session."""
        require_own(who, Action.CHANGE_PROFILE)
        return await _own_password(self.password_sign_in.sign_in(replace(typed, signed_in=who.digest)), who)

    def ways_in(self) -> WaysIn:
        """Does not contact the provider."""
        return WaysIn(passwords=self.password_sign_in.enabled, issuers=self.issuers.now())


async def _carry_out(who: Principal, change: Awaitable[Account], wish: AccountUpdate = NOTHING) -> Account:
    """No retry: a change may have ended the requesting session."""
    try:
        with refuse_if_changed(who.account):
            return await change
    except Conflict as conflict:
        raise conflict_refusal(conflict, wish.username, wish.email) from conflict


async def _own_password(verification: Awaitable[T], who: Principal) -> T:
    try:
        return await verification
    except Refused as refused:
        if refused.code is not Code.CREDENTIALS_WRONG:
            raise
        raise Refused(Code.PASSWORD_WRONG, account=who.account.id) from refused


def _identity(account: Account, identity_id: str) -> Identity:
    for link in account.links:
        if subject_digest(link.identity) == identity_id:
            return link.identity
    raise Refused(Code.CREDENTIAL_UNKNOWN, credential=identity_id)
