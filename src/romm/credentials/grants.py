"""The ways to get tokens, as one table: what the token endpoint offers, and what its metadata says of that."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import Struct

from romm.credentials.tokens import TokenRequest
from romm.domain.credentials.tokens import Granted
from romm.domain.errors import Code, Refused

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
