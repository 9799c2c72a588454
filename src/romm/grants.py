"""The ways to get tokens, as one table: what the token endpoint offers, and what its metadata says of that."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import Struct

from romm.domain.errors import Code, Refused
from romm.domain.tokens import Granted
from romm.login import PasswordSignIn, Typed
from romm.tokens import TokenRequest, Tokens

PASSWORD = "password"
REFRESH_TOKEN = "refresh_token"

Grant = Callable[[TokenRequest], Awaitable[Granted]]


class Offered(Struct, frozen=True, kw_only=True):
    """A row: who carries the grant out, and what it adds to the metadata, its endpoints by path and other facts."""

    grant: Grant
    endpoints: Mapping[str, str] = {}
    facts: Mapping[str, Sequence[str] | bool] = {}


@dataclass(frozen=True)
class Grants:
    """All that is offered, by `grant_type`."""

    table: Mapping[str, Offered]

    async def grant(self, request: TokenRequest) -> Granted:
        """A pair of tokens, by the password when the request names no grant, as RomM's apps leave it. Raises `Refused`."""
        grant_type = request.get("grant_type") or PASSWORD
        offered = self.table.get(grant_type)
        if offered is None:
            raise Refused(Code.GRANT_TYPE_UNSUPPORTED, found=grant_type, offered=", ".join(self.table))
        return await offered.grant(request)


@dataclass(frozen=True)
class PasswordGrant:
    """Tokens for name and password (RFC 6749, 4.3).

    RFC 9700, 2.4, forbids this for apps of others. It is here for the apps that exist, throttled as every password door.
    """

    password_sign_in: PasswordSignIn
    tokens: Tokens

    async def grant(self, request: TokenRequest) -> Granted:
        """Without a scope the tokens have no rights. Raises `Refused` as `PasswordSignIn.open` and `Tokens.issue`."""
        username, password = request.required("username"), request.required("password")
        wanted = request.scopes
        return await self.password_sign_in.open(
            Typed(username, password, request.visitor),
            lambda account: self.tokens.issue(account, wanted, request.visitor, request.client),
        )
