"""Which issuers are known here now, for pages and commands that ask nobody."""

from dataclasses import dataclass

from romm.domain.issuers import Issuers
from romm.ports.provider import Provider


@dataclass(frozen=True, kw_only=True)
class KnownIssuers:
    """`configured` stands in for the provider's own issuer until it was reached; it may be empty."""

    provider: Provider | None
    configured: str
    former: tuple[str, ...]

    def now(self) -> Issuers:
        """The provider's own spelling counts as soon as it is known."""
        metadata = self.provider and self.provider.known_metadata()
        if metadata is not None:
            return Issuers(this=metadata.issuer, former=self.former)
        return Issuers(this=None, current=tuple(filter(None, [self.configured])), former=self.former)
