"""The providers' issuers, for pages and commands outside a sign-in."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from romm.domain.errors import Code, Refused
from romm.domain.issuers import OPENING, Issuers, LinkedElsewhere, Relation, is_among
from romm.domain.sign_in.providers import FIRST
from romm.ports.accounts import Links
from romm.ports.provider import Provider


@dataclass(frozen=True, kw_only=True)
class ProviderIssuer:
    """`configured`, possibly empty, serves until the provider was reached."""

    provider: Provider | None
    configured: str
    id: str = FIRST
    link_by_email: bool = True

    async def ask(self) -> None:
        """Ignores a provider that does not answer."""
        if self.provider is not None:
            with suppress(Refused):
                await self.provider.metadata()

    @property
    def reached(self) -> str | None:
        metadata = None if self.provider is None else self.provider.known_metadata()
        return None if metadata is None else metadata.issuer

    @property
    def known(self) -> str:
        return self.reached or self.configured


@dataclass(frozen=True, kw_only=True)
class KnownIssuers:
    default: ProviderIssuer
    others: Sequence[ProviderIssuer]
    former: tuple[str, ...]

    async def provider_issuer(self, provider_id: str = "") -> str:
        """In its spelling; the default one's without an id. Raises `Refused` if it is off or not reached."""
        found = next((each.provider for each in self._all if each.id == provider_id), None)
        provider = found if provider_id else self.default.provider
        if provider is None:
            raise Refused(Code.OIDC_OFF, reason="no such provider is on")
        return (await provider.metadata()).issuer

    def links_by_email(self, issuer: str) -> bool:
        """For an unknown issuer, the default one's answer."""
        found = (each for each in self._all if is_among(issuer, (each.known,)))
        return next(found, self.default).link_by_email

    async def asked(self) -> Issuers:
        await asyncio.gather(*(each.ask() for each in self._all))
        return self.now()

    def now(self) -> Issuers:
        """In the providers' spelling if known."""
        this = self.default.reached
        pending = () if this else (self.default.configured,)
        current = tuple(filter(None, (*pending, *(each.known for each in self.others))))
        return Issuers(this=this, current=current, former=self.former)

    @property
    def _all(self) -> tuple[ProviderIssuer, ...]:
        return (self.default, *self.others)


async def linked_elsewhere(links: Links, issuers: Issuers) -> tuple[LinkedElsewhere, ...]:
    """Most accounts first."""
    stored = await links.issuers()
    opening = issuers.among(stored, OPENING)
    counted = [(each, await links.only_linked_to(each, opening)) for each in issuers.among(stored, {Relation.FOREIGN})]
    found = [LinkedElsewhere(issuer, number) for issuer, number in counted if number]
    return tuple(sorted(found, key=lambda each: each.accounts, reverse=True))
