"""Check and hash new passwords; all use cases go through here."""

from romm.domain.accounts.passwords import weakness
from romm.domain.errors import Code, Refused
from romm.ports.accounts import Passwords


async def hash_of_new(passwords: Passwords, password: str, *, username: str, email: str | None) -> str:
    """Raises `Refused` with `PASSWORD_WEAK` or `BUSY`."""
    reason = weakness(password, username=username, email=email, common=await passwords.common())
    if reason:
        raise Refused(Code.PASSWORD_WEAK, reason=reason)
    return await passwords.hash(password)
