"""The token endpoint's grant types and their metadata, as one table."""

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
    """For the metadata document; `endpoints` by path."""

    grant: Grant
    endpoints: Mapping[str, str] = {}
    facts: Mapping[str, Sequence[str] | bool] = {}


@dataclass(frozen=True)
class Grants:
    """`password_grant` is False if switched off by itself."""

    table: Mapping[str, Offered]
    password_grant: bool = True

    async def grant(self, request: TokenRequest) -> Granted:
        """A missing `grant_type` means `password`: RomM's apps omit it. Raises `Refused`."""
        grant_type = request.get("grant_type") or PASSWORD
        offered = self.table.get(grant_type)
        if offered is None and grant_type == PASSWORD:
            setting = "DISABLE_USERPASS_LOGIN is true" if self.password_grant else "ROMM_PASSWORD_GRANT is false"
            raise Refused(Code.PASSWORD_GRANT_OFF, setting=setting)
        if offered is None:
            raise Refused(Code.GRANT_TYPE_UNSUPPORTED, found=grant_type, offered=", ".join(self.table))
        return await offered.grant(request)
