"""The account behind a request, and what its credential allows."""

from msgspec import Struct

from romm.domain import scopes
from romm.domain.accounts.changes import Actor
from romm.domain.credentials.credential import Credential
from romm.domain.errors import Code, Refused
from romm.domain.model import Account


class Principal(Struct, frozen=True, kw_only=True):
    """The current account and this credential's rights. `credential` is None for Basic auth."""

    account: Account
    scopes: frozenset[str]
    credential: Credential | None = None

    @property
    def digest(self) -> str | None:
        """Look-up digest, None for Basic auth; "end all others" keeps it."""
        return self.credential.digest if self.credential else None


def actor(who: Principal) -> Actor:
    return Actor(account_id=who.account.id, scopes=who.scopes)


def require(who: Principal, scope: str) -> None:
    """Raises `Refused(FORBIDDEN)` if the credential lacks the scope."""
    if scope not in who.scopes:
        raise Refused(Code.FORBIDDEN, scope=scope)


def principal(account: Account, credential: Credential | None = None) -> Principal:
    """The credential's scopes, as far as the account still has them; with Basic auth all of the account's."""
    allowed = frozenset(scopes.granted(account.level))
    given = allowed if credential is None else allowed & frozenset(credential.scopes)
    return Principal(account=account, scopes=given, credential=credential)
