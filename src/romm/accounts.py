"""Use cases around accounts: the first admin."""

from dataclasses import dataclass

from romm.domain import emails, usernames
from romm.domain.errors import Code, Refused
from romm.domain.model import Account
from romm.passwords import hash_of_new
from romm.ports import Accounts, Clock, Conflict, Log, Passwords

_TAKEN = {"username": Code.USERNAME_TAKEN, "email": Code.EMAIL_TAKEN, "first_admin": Code.SETUP_CLOSED}


@dataclass(frozen=True, kw_only=True)
class Setup:
    """First boot: exactly one admin can be made here, then the door is closed for good."""

    wizard: bool
    passwords_enabled: bool
    accounts: Accounts
    passwords: Passwords
    log: Log
    clock: Clock

    async def is_open(self) -> bool:
        """Is there still a first admin to be made?"""
        return self.wizard and self.passwords_enabled and not await self.accounts.any_admin()

    async def create_first_admin(self, username: str, email: str, password: str) -> Account:
        """Make the first admin. Raises `Refused` when there is one, or when name, e-mail or password cannot be used."""
        if not await self.is_open():
            raise Refused(Code.PASSWORDS_OFF if not self.passwords_enabled else Code.SETUP_CLOSED)
        name = usernames.normalized(username)
        if name is None:
            raise Refused(Code.USERNAME_INVALID, found=username)
        address = _email(email)
        password_hash = await hash_of_new(self.passwords, password, username=name, email=address)
        try:
            account = await self.accounts.create_first_admin(name, address, password_hash, self.clock())
        except Conflict as conflict:
            raise Refused(_TAKEN[conflict.what], found=username) from conflict
        self.log.warning("account.first_admin", account=account.id, username=account.username)
        return account


def _email(typed: str) -> str | None:
    if not typed:
        return None
    email = emails.canonical(typed)
    if email is None:
        raise Refused(Code.ADDRESS_INVALID, found=typed)
    return email
