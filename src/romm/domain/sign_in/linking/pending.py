"""A sign-in that waits for the answer to “Is this your account?”."""

from datetime import datetime, timedelta

from msgspec import Struct

from romm.domain.credentials.credential import ProviderSession
from romm.domain.model import Account
from romm.domain.sign_in.claims.rules import Claims

PENDING_LIFETIME = timedelta(minutes=10)


class PendingSignIn(Struct, frozen=True, kw_only=True):
    """`source`: for the later session; `invitation`: the digest of its link."""

    account_id: int
    claims: Claims
    source: ProviderSession
    return_to: str
    expires_at: datetime
    invitation: str = ""


class Proofs(Struct, frozen=True, kw_only=True):
    """A click needs the device cookie."""

    click: bool
    password: bool


def proofs(account: Account, *, is_known_browser: bool, passwords: bool, provable: bool) -> Proofs:
    """`passwords`: password sign-in is enabled. `provable`: linking at sign-in is allowed."""
    click = provable and is_known_browser
    has_password = account.password_set_at is not None
    return Proofs(click=click, password=provable and not click and passwords and has_password)
