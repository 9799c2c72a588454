"""The OpenID Provider."""

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct

from romm.domain.sign_in.authorization import Client
from romm.domain.sign_in.discovery import Metadata


class TokenResponse(Struct, frozen=True, kw_only=True):
    """OpenID Connect Core 1.0, 3.1.3.3."""

    access_token: str
    unverified_id_token: str


class SignedClaims(Struct, frozen=True, kw_only=True):
    """Only the signature is checked. `typ` is from the header (RFC 7515, 4.1.9)."""

    algorithm: str
    unverified_claims: Mapping[str, Any]
    typ: str | None = None


class Provider(Protocol):
    """Raises `Refused` with a provider, client or ID token code."""

    @property
    def client(self) -> Client: ...

    async def metadata(self) -> Metadata:
        """The last good copy if refreshing fails."""

    async def answering_metadata(self) -> Metadata:
        """The provider answered within the last minute."""

    def known_metadata(self) -> Metadata | None:
        """Sends no request."""

    def client_jwks(self) -> Mapping[str, Any]:
        """Our public keys (RFC 7517, 5)."""

    async def push(self, metadata: Metadata, parameters: Mapping[str, str]) -> str:
        """Returns the `request_uri` (RFC 9126, 2)."""

    async def exchange(self, metadata: Metadata, code: str, code_verifier: str) -> TokenResponse:
        """Sent once, except after a rejection of our client."""

    async def verify(self, metadata: Metadata, unverified_id_token: str) -> SignedClaims:
        """Against the provider's keys and our algorithms."""

    async def userinfo(self, metadata: Metadata, access_token: str) -> Mapping[str, Any] | None:
        """Checks a signature, if any. None without an endpoint.

        Raises `Refused` with PROVIDER_UNAVAILABLE, PROVIDER_TLS or USERINFO_INVALID.
        """
