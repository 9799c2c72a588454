"""Storage conflicts: retry or refuse."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from msgspec import UnsetType

from romm.domain.accounts.changes import AccountUpdate
from romm.domain.errors import Code, Refused
from romm.domain.model import Account


class Conflict(Exception):
    """A concurrent change won. `what`: `username`, `email`, `identity`, `version`, `first_admin`, `full`, `user_code`,
    `spent` (a link), `device` (ended), `logout_token` (replayed) or `attempt` (used before).
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


MAX_DECISIONS = 5  # attempts before `ACCOUNT_CHANGED`

_REFUSALS = {
    "username": Code.USERNAME_TAKEN,
    "email": Code.EMAIL_TAKEN,
    "first_admin": Code.SETUP_CLOSED,
    "spent": Code.LINK_INVALID,
}

NOTHING = AccountUpdate()

T = TypeVar("T")


async def retry_on_conflict(attempt: Callable[[], Awaitable[T]], wish: AccountUpdate | None = None) -> T:
    """Raises `Refused`, at once if a value of `wish` is taken."""
    for _ in range(MAX_DECISIONS):
        try:
            return await attempt()
        except Conflict as conflict:
            if wish is not None and conflict.what != "version":
                raise conflict_refusal(conflict, wish.username, wish.email) from conflict
    raise Refused(Code.ACCOUNT_CHANGED)


def conflict_refusal(conflict: Conflict, username: str | UnsetType, email: str | UnsetType | None) -> Refused:
    values = {"username": username, "email": email}
    return Refused(_REFUSALS[conflict.what], found=values.get(conflict.what), kind="link")


@contextmanager
def refuse_if_changed(account: Account) -> Iterator[None]:
    """Raises `Refused(ACCOUNT_CHANGED)`."""
    try:
        yield
    except Conflict as conflict:
        if conflict.what != "version":
            raise
        raise Refused(Code.ACCOUNT_CHANGED, account=account.id) from conflict
