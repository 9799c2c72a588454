"""The password grant (RFC 6749, 4.3)."""

from dataclasses import dataclass

from romm.credentials.tokens import TokenRequest, Tokens
from romm.domain.credentials.tokens import Granted
from romm.domain.model import Account
from romm.sign_in.password import Opened, PasswordCredentials, PasswordSignIn


@dataclass(frozen=True)
class PasswordGrant:
    """Forbidden by RFC 9700, 2.4; kept for existing apps, throttled."""

    password_sign_in: PasswordSignIn
    tokens: Tokens

    async def grant(self, request: TokenRequest) -> Granted:
        """No scope, no rights. Raises `Refused`."""
        username, password = request.required("username"), request.required("password")
        scopes = request.scopes

        def opening(account: Account) -> Opened[Granted]:
            granted = self.tokens.new(account, scopes, request.visitor, request.client, proven=True)
            return Opened(granted, (granted.refresh, granted.access))

        return await self.password_sign_in.open(PasswordCredentials(username, password, request.visitor), opening)
