"""The account behind a request, and what its credential allows."""

from msgspec import Struct

from romm.domain import scopes
from romm.domain.accounts.changes import Actor
from romm.domain.credentials.credential import Credential
from romm.domain.errors import Code, Refused
from romm.domain.model import Account


class Principal(Struct, frozen=True, kw_only=True):
    """`credential` is None for Basic auth."""

    account: Account
    scopes: frozenset[str]
    credential: Credential | None = None

    @property
    def digest(self) -> str | None:
        """None for Basic auth; "end all others" keeps it."""
        return self.credential.digest if self.credential else None


def actor(who: Principal) -> Actor:
    return Actor(account_id=who.account.id, scopes=who.scopes)


def require(who: Principal, scope: str) -> None:
    """Raises `Refused(FORBIDDEN)`."""
    if scope not in who.scopes:
        raise Refused(Code.FORBIDDEN, scope=scope)


def principal(account: Account, credential: Credential | None = None) -> Principal:
    """The credential's scopes that the account still has; with Basic auth the account's."""
    allowed = frozenset(scopes.granted(account.level))
    given = allowed if credential is None else allowed & frozenset(credential.scopes)
    return Principal(account=account, scopes=given, credential=credential)
