"""The provider's issuer, for pages and commands outside a sign-in."""

from contextlib import suppress
from dataclasses import dataclass

from romm.domain.errors import Code, Refused
from romm.domain.issuers import Issuers
from romm.ports.provider import Provider


@dataclass(frozen=True, kw_only=True)
class KnownIssuers:
    """`configured`, possibly empty, serves until the provider was reached."""

    provider: Provider | None
    configured: str
    former: tuple[str, ...]

    async def provider_issuer(self) -> str:
        """In the provider's spelling. Raises `Refused` if single sign-on is off or the provider not reached."""
        if self.provider is None:
            raise Refused(Code.OIDC_OFF, reason="no provider is configured")
        return (await self.provider.metadata()).issuer

    async def asked(self) -> Issuers:
        """Asks the provider, whether or not it answers."""
        if self.provider is not None:
            with suppress(Refused):
                await self.provider.metadata()
        return self.now()

    def now(self) -> Issuers:
        """In the provider's spelling if known."""
        metadata = None if self.provider is None else self.provider.known_metadata()
        if metadata is not None:
            return Issuers(this=metadata.issuer, former=self.former)
        return Issuers(this=None, current=tuple(filter(None, [self.configured])), former=self.former)
