"""Create the first admin."""

from collections.abc import Iterable
from dataclasses import dataclass

from romm.accounts.forms import stored_email, stored_username
from romm.accounts.passwords import hash_of_new
from romm.domain import hosts
from romm.domain.errors import Code, Refused
from romm.domain.model import AccessLevel, Account, EmailSource
from romm.ports.accounts import Accounts, NewAccount, Passwords
from romm.ports.conflicts import Conflict, conflict_refusal
from romm.ports.process import Clock, Log


@dataclass(frozen=True, kw_only=True)
class Setup:
    """Closed for good once an admin exists."""

    base_url: str
    wizard: bool
    passwords_enabled: bool
    accounts: Accounts
    passwords: Passwords
    log: Log
    clock: Clock

    async def is_open(self) -> bool:
        return self.wizard and self.passwords_enabled and not await self.accounts.any_admin()

    def check_hosts(self, asked_at: Iterable[str]) -> None:
        """`asked_at`: the `Host` header, and what proxies say it was before. Raises `Refused(SETUP_HOST)`.

        Until an admin exists only the network protects it, and a website can reach it by DNS rebinding.
        """
        for header in asked_at:
            if not hosts.is_safe_from_rebinding(header, self.base_url):
                raise Refused(Code.SETUP_HOST, host=header or "missing", base_url=self.base_url)

    async def create_first_admin(self, username: str, email: str, password: str, asked_at: Iterable[str]) -> Account:
        """Raises `Refused`."""
        if not await self.is_open():
            raise Refused(Code.PASSWORDS_OFF if not self.passwords_enabled else Code.SETUP_CLOSED)
        self.check_hosts(asked_at)
        name, address = stored_username(username), stored_email(email)
        password_hash = await hash_of_new(self.passwords, password, username=name, email=address)
        new = NewAccount(
            username=name,
            email=address,
            level=AccessLevel.ADMIN,
            password_hash=password_hash,
            email_source=EmailSource.ADMINISTRATOR,
        )
        try:
            account = await self.accounts.create_first_admin(new, self.clock())
        except Conflict as conflict:
            raise conflict_refusal(conflict, name, address) from conflict
        self.log.warning("account.first_admin", account=account.id, username=account.username)
        return account
