"""Which issuers are known here, for pages and commands that nobody signs in by."""

from contextlib import suppress
from dataclasses import dataclass

from romm.domain.errors import Code, Refused
from romm.domain.issuers import Issuers
from romm.ports.provider import Provider


@dataclass(frozen=True, kw_only=True)
class KnownIssuers:
    """`configured` stands in for the provider's own issuer until it was reached; it may be empty."""

    provider: Provider | None
    configured: str
    former: tuple[str, ...]

    async def provider_issuer(self) -> str:
        """The provider's own spelling of its issuer. Raises `Refused`: single sign-on is off, or the provider is not reached."""
        if self.provider is None:
            raise Refused(Code.OIDC_OFF, reason="no provider is configured")
        return (await self.provider.metadata()).issuer

    async def asked(self) -> Issuers:
        """After the provider was asked, whether or not it answers."""
        if self.provider is not None:
            with suppress(Refused):
                await self.provider.metadata()
        return self.now()

    def now(self) -> Issuers:
        """The provider's own spelling counts as soon as it is known."""
        metadata = None if self.provider is None else self.provider.known_metadata()
        if metadata is not None:
            return Issuers(this=metadata.issuer, former=self.former)
        return Issuers(this=None, current=tuple(filter(None, [self.configured])), former=self.former)
