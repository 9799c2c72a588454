"""The providers' issuers, for pages and commands outside a sign-in."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from romm.domain.errors import Code, Refused
from romm.domain.issuers import Issuers
from romm.ports.provider import Provider


@dataclass(frozen=True, kw_only=True)
class ProviderIssuer:
    """`configured`, possibly empty, serves until the provider was reached."""

    provider: Provider | None
    configured: str

    async def ask(self) -> None:
        """Whether or not it answers."""
        if self.provider is not None:
            with suppress(Refused):
                await self.provider.metadata()

    @property
    def reached(self) -> str | None:
        """In the provider's spelling."""
        metadata = None if self.provider is None else self.provider.known_metadata()
        return None if metadata is None else metadata.issuer

    @property
    def known(self) -> str:
        return self.reached or self.configured


@dataclass(frozen=True, kw_only=True)
class KnownIssuers:
    """The default provider's comes first."""

    default: ProviderIssuer
    others: Sequence[ProviderIssuer]
    former: tuple[str, ...]

    async def provider_issuer(self) -> str:
        """The default one's, in its spelling. Raises `Refused` if single sign-on is off or the provider not reached."""
        if self.default.provider is None:
            raise Refused(Code.OIDC_OFF, reason="no provider is configured")
        return (await self.default.provider.metadata()).issuer

    async def asked(self) -> Issuers:
        """Asks the providers."""
        await asyncio.gather(*(each.ask() for each in (self.default, *self.others)))
        return self.now()

    def now(self) -> Issuers:
        """In the providers' spelling if known."""
        this = self.default.reached
        pending = () if this else (self.default.configured,)
        current = tuple(filter(None, (*pending, *(each.known for each in self.others))))
        return Issuers(this=this, current=current, former=self.former)
