"""What the doctor looks with: ports like those of sign-in, whose docstrings are the contract of the adapters."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from romm.domain.diagnosis.evidence import Discovered, Endpoint, Handshake, ProbeResponse, PublishedKeys
from romm.domain.model import Account
from romm.domain.sign_in.authorization import Client
from romm.domain.sign_in.discovery import Metadata
from romm.ports.provider import TokenResponse


class Network(Protocol):
    """The way to a place, step by step. Each method may raise `Refused(PROVIDER_UNAVAILABLE)`."""

    async def resolve(self, place: Endpoint) -> tuple[str, ...]:
        """The addresses of its host."""

    async def connect(self, place: Endpoint) -> float:
        """How many seconds a connection takes."""

    async def handshake(self, place: Endpoint) -> Handshake:
        """How TLS goes with the trust that a sign-in has. May raise `Refused(PROVIDER_TLS)`."""


class Probe(Protocol):
    """The provider as it is now, nothing from memory, met in the same way as in a sign-in.

    Each method may raise `Refused` with the code that a sign-in would end with.
    """

    @property
    def place(self) -> Endpoint:
        """Where the discovery document is served."""

    @property
    def client(self) -> Client:
        """Us, as this provider sees us."""

    async def discover(self) -> Discovered:
        """The discovery document, fetched and judged."""

    async def keys(self, metadata: Metadata) -> PublishedKeys:
        """What is published at `jwks_uri`."""

    def method(self, metadata: Metadata) -> str:
        """How we authenticate at the token endpoint."""

    async def push(self, metadata: Metadata, parameters: Mapping[str, str]) -> str:
        """As `Provider.push`."""

    async def exchange(self, metadata: Metadata, code: str, code_verifier: str, method: str) -> TokenResponse:
        """As `Provider.exchange`, authenticating with `method`."""

    async def ask(self, url: str) -> ProbeResponse:
        """Send an authorization request as a browser would, and read the answer without following it."""

    async def aclose(self) -> None:
        """Close the connections."""


class Storage(Protocol):
    """The state of the database's schema, and the accounts in it."""

    @property
    def is_embedded(self) -> bool:
        """Is it a SQLite file, which `romm serve` migrates by itself?"""

    @property
    def newest(self) -> str:
        """The migration that this version expects."""

    async def revision(self) -> str | None:
        """The migration it is at, None for an empty one; makes nothing.

        Raises `Refused(STORAGE_UNAVAILABLE)` when it cannot be read or, being at the newest migration, not written.
        """

    async def accounts(self) -> Sequence[Account]:
        """All accounts of a database at the newest migration. Raises `Refused(STORAGE_UNAVAILABLE)`."""


class Instruments(Struct, frozen=True, kw_only=True):
    """All of them. `probe` is None when the settings do not even say where the provider is."""

    network: Network
    probe: Probe | None
    storage: Storage
