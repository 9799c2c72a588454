"""Use case: tokens for a user name and a password (RFC 6749, 4.3)."""

from dataclasses import dataclass

from romm.credentials.tokens import TokenRequest, Tokens
from romm.domain.credentials.tokens import Granted
from romm.sign_in.password import PasswordCredentials, PasswordSignIn


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
            PasswordCredentials(username, password, request.visitor),
            lambda account: self.tokens.issue(account, wanted, request.visitor, request.client),
        )
