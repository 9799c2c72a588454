"""A sign-in that waits for an answer: whose account has the address that the provider vouches for?"""

from datetime import datetime, timedelta

from msgspec import Struct

from romm.domain.model import Account
from romm.domain.sign_in.claims import Claims

PENDING_LIFETIME = timedelta(minutes=10)


class PendingSignIn(Struct, frozen=True, kw_only=True):
    """What goes on after the answer. `digest` is that of the secret in the browser, `account_id` the account in question.

    `id_token`, the algorithm that signed it and the provider's session (`sid`) are for the session that follows.
    """

    digest: str
    account_id: int
    claims: Claims
    id_token: str
    id_token_alg: str | None
    sid: str | None
    return_to: str
    expires_at: datetime


class Proofs(Struct, frozen=True, kw_only=True):
    """How a person can prove now that an account is theirs: by one click in a browser that it knows, or by its password."""

    click: bool
    password: bool


def proofs(account: Account, *, is_known_browser: bool, passwords: bool, provable: bool) -> Proofs:
    """`passwords`: they are open here. `provable`: the operator lets accounts be linked at sign-in at all."""
    click = provable and is_known_browser
    has_password = account.password_set_at is not None
    return Proofs(click=click, password=provable and not click and passwords and has_password)
