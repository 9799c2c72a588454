"""Account forms: validation and stored form."""

from msgspec import UNSET, Struct, UnsetType

from romm.accounts.passwords import hash_of_new
from romm.domain import emails
from romm.domain.accounts import usernames
from romm.domain.accounts.changes import AccountUpdate
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel, Account
from romm.ports.accounts import Passwords


class AccountForm(Struct, frozen=True, kw_only=True):
    """Omitted fields change nothing; an empty e-mail removes it. An empty password is a weak one.

    `vouched`: an administrator knows the address to be the person's.
    """

    username: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    password: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    level: AccessLevel | UnsetType = UNSET
    vouched: bool = False

    @property
    def sets_password(self) -> bool:
        return not isinstance(self.password, UnsetType)


def stored_username(typed: str) -> str:
    """Raises `Refused(USERNAME_INVALID)`."""
    name = usernames.normalized(typed)
    if name is None:
        raise Refused(Code.USERNAME_INVALID, found=typed)
    return name


def stored_email(typed: str) -> str | None:
    """None for one of `NO_ADDRESS`. Raises `Refused(ADDRESS_INVALID)`."""
    if typed in emails.NO_ADDRESS:
        return None
    email = emails.canonical(typed)
    if email is None:
        raise Refused(Code.ADDRESS_INVALID, found=typed)
    return email


async def account_update(typed: AccountForm, seen: Account, hashing: Passwords) -> AccountUpdate:
    """Raises `Refused`."""
    username = typed.username if isinstance(typed.username, UnsetType) else stored_username(typed.username)
    email = typed.email if isinstance(typed.email, UnsetType) else stored_email(typed.email)
    password_hash: str | UnsetType = UNSET
    if not isinstance(typed.password, UnsetType):
        name = seen.username if isinstance(username, UnsetType) else username
        address = seen.email if isinstance(email, UnsetType) else email
        password_hash = await hash_of_new(hashing, typed.password, username=name, email=address)
    return AccountUpdate(
        username=username,
        email=email,
        password_hash=password_hash,
        enabled=typed.enabled,
        level=typed.level,
        vouched=typed.vouched,
    )
