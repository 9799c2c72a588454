"""What the use cases need from the OpenID Provider."""

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct

from romm.domain.sign_in.authorization import Client
from romm.domain.sign_in.discovery import Metadata


class TokenResponse(Struct, frozen=True, kw_only=True):
    """What the token endpoint gave for a code (OpenID Connect Core 1.0, 3.1.3.3)."""

    access_token: str
    unverified_id_token: str


class SignedClaims(Struct, frozen=True, kw_only=True):
    """The claims of a token whose signature is checked and whose content is not, with the algorithm that signed it.

    `typ` is what its header calls it (RFC 7515, 4.1.9).
    """

    algorithm: str
    unverified_claims: Mapping[str, Any]
    typ: str | None = None


class Provider(Protocol):
    """The OpenID Provider. Each method may raise `Refused` with a provider, client or ID token code."""

    @property
    def client(self) -> Client:
        """Us, as this provider sees us."""

    async def metadata(self) -> Metadata:
        """The provider's metadata, judged and pinned; from memory while fresh, the last good copy when a refresh fails."""

    async def answering_metadata(self) -> Metadata:
        """As `metadata`, from a provider that answered within the last minute, before a browser is sent there."""

    def known_metadata(self) -> Metadata | None:
        """The metadata in memory, without asking anybody."""

    async def push(self, metadata: Metadata, parameters: Mapping[str, str]) -> str:
        """Push an authorization request; gives its `request_uri` (RFC 9126, 2)."""

    async def exchange(self, metadata: Metadata, code: str, code_verifier: str) -> TokenResponse:
        """Exchange a code, once."""

    async def verify(self, metadata: Metadata, unverified_id_token: str) -> SignedClaims:
        """Check the signature against the provider's published keys and our own list of algorithms."""

    async def userinfo(self, metadata: Metadata, access_token: str) -> Mapping[str, Any] | None:
        """UserInfo, None when the provider has none. A signed answer is checked first.

        Raises `Refused(PROVIDER_UNAVAILABLE)` when it does not answer, `PROVIDER_TLS` when it is not to be trusted,
        `USERINFO_INVALID` when it answers nonsense.
        """
