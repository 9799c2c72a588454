"""The account behind a request, and what its credential allows."""

from functools import lru_cache

from msgspec import Struct

from romm.domain import scopes
from romm.domain.credentials import step_up
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.credentials.permissions import Action, Actor, Target, may
from romm.domain.errors import Code, Refused, required
from romm.domain.model import AccessLevel, Account


class Principal(Struct, frozen=True, kw_only=True):
    """`credential` is None for Basic auth."""

    account: Account
    scopes: frozenset[str]
    credential: Credential | None = None

    @property
    def digest(self) -> str | None:
        """None for Basic auth; "end all others" keeps it."""
        return self.credential.digest if self.credential else None

    @property
    def issuers(self) -> tuple[str, ...]:
        """The account's identities', this session's first."""
        own = self.credential and self.credential.identity
        return tuple(link.identity.issuer for link in sorted(self.account.links, key=lambda link: link.identity != own))


def actor(who: Principal) -> Actor:
    account, by = who.account, who.credential
    if by is None:
        return Actor(account_id=account.id, scopes=who.scopes)
    return Actor(
        account_id=account.id,
        scopes=who.scopes,
        kind=by.kind,
        proven_at=step_up.proven_at(account, by),
        grants_access=by.kind is Kind.CLIENT_TOKEN and scopes.GRANT_ACCESS in by.scopes,
    )


def require_own(who: Principal, action: Action) -> None:
    """Raises `Refused(FORBIDDEN)`."""
    required(may(actor(who), action, Target.of(who.account)))


def require(who: Principal, scope: str) -> None:
    """The second lock, over HTTP. Raises `Refused(FORBIDDEN)`."""
    if scope not in who.scopes:
        raise Refused(Code.FORBIDDEN, scope=scope)


def principal(account: Account, credential: Credential | None = None) -> Principal:
    """The credential's scopes that the account still has; with Basic auth the account's."""
    given = _given(account.level, None if credential is None else credential.scopes)
    return Principal(account=account, scopes=given, credential=credential)


@lru_cache(256)
def _given(level: AccessLevel, of_credential: tuple[str, ...] | None) -> frozenset[str]:
    allowed = frozenset(scopes.granted(level))
    return allowed if of_credential is None else allowed.intersection(of_credential)
