"""The doctor's instruments."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from romm.domain.diagnosis.evidence import Credentials, Discovered, Endpoint, Handshake, ProbeResponse, PublishedKeys
from romm.domain.diagnosis.findings import Finding, Outcome
from romm.domain.diagnosis.history import LogLine
from romm.domain.sign_in.authorization import Client
from romm.domain.sign_in.discovery import Metadata
from romm.ports.accounts import Links
from romm.ports.provider import TokenResponse


class Network(Protocol):
    """Raises `Refused(PROVIDER_UNAVAILABLE)`."""

    async def resolve(self, place: Endpoint) -> tuple[str, ...]: ...

    async def connect(self, place: Endpoint) -> float:
        """In seconds."""

    async def handshake(self, place: Endpoint) -> Handshake:
        """With a sign-in's trust store. Raises `Refused(PROVIDER_TLS)`."""


class Probe(Protocol):
    """Uncached. Raises `Refused` with a sign-in's code."""

    @property
    def place(self) -> Endpoint:
        """The discovery document's endpoint."""

    @property
    def client(self) -> Client: ...

    async def discover(self) -> Discovered: ...

    async def keys(self, metadata: Metadata) -> PublishedKeys: ...

    def methods(self, metadata: Metadata) -> tuple[str, ...]:
        """Of a sign-in, in order."""

    async def push(
        self, metadata: Metadata, parameters: Mapping[str, str], method: str, credentials: Credentials
    ) -> str:
        """The `client_id` is that of the credentials."""

    async def exchange(
        self, metadata: Metadata, code: str, code_verifier: str, method: str, credentials: Credentials
    ) -> TokenResponse: ...

    async def ask(self, url: str) -> ProbeResponse:
        """Like a browser without redirects. A 5xx is an answer, too."""

    async def aclose(self) -> None: ...


class Storage(Links, Protocol):
    """The accounts raise `Refused(STORAGE_UNAVAILABLE)`."""

    @property
    def is_embedded(self) -> bool:
        """Migrated by `romm serve`."""

    @property
    def newest(self) -> str:
        """Expected by this version."""

    async def revision(self) -> str | None:
        """None for an empty database; creates nothing.

        Raises `Refused(STORAGE_UNAVAILABLE)` if unreadable, or current and not writable.
        """

    async def number_of_accounts(self) -> int | None:
        """None above `MOST_COUNTED`."""

    async def personal(self, words: Collection[str]) -> Sequence[str]:
        """Those that are an account's name, address or subject."""

    async def sign_ins(self) -> Sequence[LogLine]:
        """The newest `LINES_READ`, newest first. Raises `Refused(STORAGE_UNAVAILABLE)`."""


class Checkup(Struct, frozen=True, kw_only=True):
    at: datetime
    findings: tuple[Finding, ...]

    @property
    def first(self) -> tuple[Finding, ...]:
        """What needs attention, failures first."""
        wanted = (Outcome.FAILED, Outcome.WARNING, Outcome.UNKNOWN)
        return tuple(each for outcome in wanted for each in self.findings if each.outcome is outcome)

    @property
    def state(self) -> str:
        """`failed`, `warning`, `unknown` or `ok`."""
        return str(self.first[0].outcome) if self.first else str(Outcome.OK)


class CheckupStore(Protocol):
    """Shared by all hosts. Raises `Refused(STORAGE_UNAVAILABLE)`."""

    async def begin(self, now: datetime, since: datetime) -> bool:
        """True for one caller, if none began after `since`."""

    async def keep(self, checkup: Checkup) -> None:
        """The last one only."""

    async def last(self) -> Checkup | None:
        """None also if another version of RomM wrote it."""


class Instruments(Struct, frozen=True, kw_only=True):
    """`probe` is None without a provider."""

    network: Network
    probe: Probe | None
    storage: Storage
