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
    """Claims with a checked signature and unchecked content. `typ` is from the header (RFC 7515, 4.1.9)."""

    algorithm: str
    unverified_claims: Mapping[str, Any]
    typ: str | None = None


class Provider(Protocol):
    """Each method may raise `Refused` with a provider, client or ID token code."""

    @property
    def client(self) -> Client:
        """This relying party."""

    async def metadata(self) -> Metadata:
        """Validated and pinned. Cached; the last good copy if refreshing fails."""

    async def answering_metadata(self) -> Metadata:
        """As `metadata`, from a provider that answered within the last minute: before redirecting a browser to it."""

    def known_metadata(self) -> Metadata | None:
        """Cached, without a request."""

    def client_jwks(self) -> Mapping[str, Any]:
        """The public keys of our own, by which the provider knows us (RFC 7517, 5)."""

    async def push(self, metadata: Metadata, parameters: Mapping[str, str]) -> str:
        """Returns the `request_uri` (RFC 9126, 2)."""

    async def exchange(self, metadata: Metadata, code: str, code_verifier: str) -> TokenResponse:
        """No retry."""

    async def verify(self, metadata: Metadata, unverified_id_token: str) -> SignedClaims:
        """Checks against the provider's keys and our own list of algorithms."""

    async def userinfo(self, metadata: Metadata, access_token: str) -> Mapping[str, Any] | None:
        """UserInfo, with a checked signature if signed; None if the provider has no such endpoint.

        Raises `Refused` with PROVIDER_UNAVAILABLE (no answer), PROVIDER_TLS (untrusted) or USERINFO_INVALID.
        """
