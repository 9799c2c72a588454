"""The account behind a request, and what its credential allows."""

from msgspec import Struct

from romm.domain import scopes
from romm.domain.accounts.changes import Actor
from romm.domain.credentials.credential import Credential
from romm.domain.errors import Code, Refused
from romm.domain.model import Account


class Principal(Struct, frozen=True, kw_only=True):
    """Who is asking: the account as it is now, and what this credential may do for it."""

    account: Account
    scopes: frozenset[str]
    credential: Credential | None = None

    @property
    def digest(self) -> str | None:
        """What the credential is found by, None for a password: what ends all others keeps it."""
        return self.credential.digest if self.credential else None


def actor(who: Principal) -> Actor:
    """Somebody who asks for a change of an account."""
    return Actor(account_id=who.account.id, scopes=who.scopes)


def require(who: Principal, scope: str) -> None:
    """Raises `Refused(FORBIDDEN)` when this credential has not the scope."""
    if scope not in who.scopes:
        raise Refused(Code.FORBIDDEN, scope=scope)


def principal(account: Account, credential: Credential | None = None) -> Principal:
    """What the credential was given and its owner has now; without a credential (Basic) all that the owner has."""
    allowed = frozenset(scopes.granted(account.level))
    given = allowed if credential is None else allowed & frozenset(credential.scopes)
    return Principal(account=account, scopes=given, credential=credential)
