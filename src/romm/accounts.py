"""Use cases around accounts: the first admin, and what people type on its way to what is stored."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from msgspec import UNSET, Struct, UnsetType

from romm.domain import emails, usernames
from romm.domain.accounts import Wanted
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel, Account
from romm.passwords import hash_of_new
from romm.ports import Accounts, Clock, Conflict, Log, Passwords

MAX_DECISIONS = 5  # how often an account may change under a decision before we give up

_REFUSALS = {
    "username": Code.USERNAME_TAKEN,
    "email": Code.EMAIL_TAKEN,
    "first_admin": Code.SETUP_CLOSED,
    "spent": Code.LINK_INVALID,
}

NOTHING = Wanted()

T = TypeVar("T")


class Typed(Struct, frozen=True, kw_only=True):
    """What somebody typed into a form about an account. What is not said stays, and so does what an empty password stands
    for; an empty address takes it away."""

    username: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    password: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    level: AccessLevel | UnsetType = UNSET


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
        name, address = stored_username(username), stored_email(email)
        password_hash = await hash_of_new(self.passwords, password, username=name, email=address)
        try:
            account = await self.accounts.create_first_admin(name, address, password_hash, self.clock())
        except Conflict as conflict:
            raise taken(conflict, name, address) from conflict
        self.log.warning("account.first_admin", account=account.id, username=account.username)
        return account


def stored_username(typed: str) -> str:
    """A name as it is stored. Raises `Refused(USERNAME_INVALID)`."""
    name = usernames.normalized(typed)
    if name is None:
        raise Refused(Code.USERNAME_INVALID, found=typed)
    return name


def stored_email(typed: str) -> str | None:
    """An address as it is stored, None for an empty one. Raises `Refused(ADDRESS_INVALID)`."""
    if not typed:
        return None
    email = emails.canonical(typed)
    if email is None:
        raise Refused(Code.ADDRESS_INVALID, found=typed)
    return email


async def wanted(typed: Typed, seen: Account, hashing: Passwords) -> Wanted:
    """What somebody typed, in its stored form. Raises `Refused` when something of it cannot be used."""
    username = typed.username if isinstance(typed.username, UnsetType) else stored_username(typed.username)
    email = typed.email if isinstance(typed.email, UnsetType) else stored_email(typed.email)
    password_hash: str | UnsetType = UNSET
    if typed.password:
        name = seen.username if isinstance(username, UnsetType) else username
        address = seen.email if isinstance(email, UnsetType) else email
        password_hash = await hash_of_new(hashing, typed.password, username=name, email=address)
    return Wanted(
        username=username,
        email=email,
        password_hash=password_hash,
        enabled=typed.enabled,
        level=typed.level,
    )


async def settled(attempt: Callable[[], Awaitable[T]], wish: Wanted = NOTHING) -> T:
    """Look up, decide and carry out what is wished, once more whenever the account changed meanwhile. Raises `Refused`."""
    for _ in range(MAX_DECISIONS):
        try:
            return await attempt()
        except Conflict as conflict:
            if conflict.what != "version":
                raise taken(conflict, wish.username, wish.email) from conflict
    raise Refused(Code.ACCOUNT_CHANGED)


def taken(conflict: Conflict, username: str | UnsetType, email: str | UnsetType | None) -> Refused:
    """The refusal for what of these somebody else has already."""
    wanted = {"username": username, "email": email}
    return Refused(_REFUSALS[conflict.what], found=wanted.get(conflict.what), kind="link")
