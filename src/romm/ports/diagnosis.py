"""The doctor's instruments."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from romm.domain.diagnosis.evidence import Discovered, Endpoint, Handshake, ProbeResponse, PublishedKeys
from romm.domain.model import Account
from romm.domain.sign_in.authorization import Client
from romm.domain.sign_in.discovery import Metadata
from romm.ports.provider import TokenResponse


class Network(Protocol):
    """Each method may raise `Refused(PROVIDER_UNAVAILABLE)`."""

    async def resolve(self, place: Endpoint) -> tuple[str, ...]:
        """IP addresses."""

    async def connect(self, place: Endpoint) -> float:
        """Seconds until connected."""

    async def handshake(self, place: Endpoint) -> Handshake:
        """TLS, with the trust store of a sign-in. May raise `Refused(PROVIDER_TLS)`."""


class Probe(Protocol):
    """The uncached provider, reached as in a sign-in. Each method may raise `Refused` with a sign-in's code."""

    @property
    def place(self) -> Endpoint:
        """The endpoint of the discovery document."""

    @property
    def client(self) -> Client:
        """This relying party."""

    async def discover(self) -> Discovered: ...

    async def keys(self, metadata: Metadata) -> PublishedKeys: ...

    def method(self, metadata: Metadata) -> str:
        """Our authentication method at the token endpoint."""

    async def push(self, metadata: Metadata, parameters: Mapping[str, str]) -> str:
        """As `Provider.push`."""

    async def exchange(self, metadata: Metadata, code: str, code_verifier: str, method: str) -> TokenResponse:
        """As `Provider.exchange`, authenticating with `method`."""

    async def ask(self, url: str) -> ProbeResponse:
        """Send an authorization request as a browser would, without following redirects."""

    async def aclose(self) -> None: ...


class Storage(Protocol):
    """The database schema, and the accounts."""

    @property
    def is_embedded(self) -> bool:
        """A SQLite file, which `romm serve` migrates?"""

    @property
    def newest(self) -> str:
        """The migration this version expects."""

    async def revision(self) -> str | None:
        """None for an empty database. Creates nothing.

        Raises `Refused(STORAGE_UNAVAILABLE)` if unreadable, or at the newest migration and not writable.
        """

    async def accounts(self) -> Sequence[Account]:
        """All accounts of a database at the newest migration. Raises `Refused(STORAGE_UNAVAILABLE)`."""


class Instruments(Struct, frozen=True, kw_only=True):
    """`probe` is None if the settings do not name a provider."""

    network: Network
    probe: Probe | None
    storage: Storage
