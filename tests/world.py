"""The whole service in one process: real rules, use cases and routes, a scripted provider, storage in memory."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import httpx
from msgspec.structs import replace

from romm.adapters.provider.openid import OpenIDProvider
from romm.adapters.provider.transport import Limits, Transport
from romm.composition import diagnosis, provider
from romm.composition.ports import Ports
from romm.composition.use_cases import use_cases
from romm.domain.accounts.changes import Change, Password
from romm.domain.credentials.credential import SIGNED_IN_KINDS
from romm.domain.credentials.native_apps import App
from romm.domain.model import AccessLevel, Account, EmailSource, Identity, LinkedIdentity, Visitor
from romm.ports.accounts import Passwords
from romm.ports.diagnosis import Instruments, Network, Storage
from romm.ports.provider import Provider
from romm.settings.load import load
from romm.settings.model import DeclaredProvider, Settings
from tests import shared_routes
from tests.factories import new_account
from tests.fake_devices import FakeDeviceAuthorizations, FakeDevices
from tests.fake_provider import CLIENT_ID, CLIENT_SECRET, FakeProvider
from tests.fakes import (
    FakeAccountLists,
    FakeAccounts,
    FakeAccountStore,
    FakeAttempts,
    FakeCheckups,
    FakeClock,
    FakeCredentialLists,
    FakeCredentials,
    FakeHolderSeal,
    FakeLog,
    FakeLogouts,
    FakeNetwork,
    FakePasswords,
    FakePendingSignIns,
    FakeSeal,
    FakeSignInLog,
    FakeSignInRecords,
    FakeStorage,
    FakeThrottles,
)

ORIGIN = "https://romm.test"
HTML = {"accept": "text/html,application/xhtml+xml"}
PASSWORD = "a lantern in the attic"
VISITOR = Visitor(address="192.0.2.7", user_agent="a browser", correlation_id="0123456789abcdef")


def environment(issuer: str, **more: str) -> dict[str, str]:
    """A compose file's environment, with roles by group."""
    return {
        "ROMM_BASE_URL": ORIGIN,
        "OIDC_ENABLED": "true",
        "OIDC_PROVIDER": "authelia",
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "OIDC_SERVER_APPLICATION_URL": issuer,
        "OIDC_CLAIM_ROLES": "groups",
        "OIDC_ROLE_ADMIN": "romm-admins",
        "OIDC_ROLE_EDITOR": "romm-editors",
        "OIDC_ROLE_VIEWER": "users",
    } | more


def further_environment(further: Mapping[str, FakeProvider]) -> dict[str, str]:
    """A block for each further provider."""
    return {
        f"ROMM_PROVIDERS__{name.upper()}__{key}": value
        for name, idp in further.items()
        for key, value in {
            "CLIENT_ID": idp.client_id,
            "CLIENT_SECRET": idp.client_secret,
            "SERVER_APPLICATION_URL": idp.issuer,
        }.items()
    }


@cache
def _settings(environ: tuple[tuple[str, str], ...]) -> Settings:
    """What `load` reads of the same environment is the same, and nobody can change it."""
    return load(dict(environ)).settings


@dataclass
class World:
    """One instance of RomM. `settings` are environment variables; everything inside is open to tests.

    `apps` are those that an operator's file would name. `further` are the providers beside `idp`, by their ids.
    `transport` and `network` are another way to the provider, and `limits` how long it may take.
    """

    environ: Mapping[str, str] = field(default_factory=dict)
    idp: FakeProvider = field(default_factory=FakeProvider)
    clock: FakeClock = field(default_factory=lambda: FakeClock(datetime.now(UTC)))
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    log: FakeLog = field(default_factory=FakeLog)
    sign_ins: FakeSignInLog = field(default_factory=FakeSignInLog)
    apps: Sequence[App] = ()
    further: Mapping[str, FakeProvider] = field(default_factory=dict)
    transport: Transport | None = None
    network: Network = field(default_factory=FakeNetwork)
    storage: Storage = field(default_factory=FakeStorage)
    limits: Limits = field(default_factory=Limits)
    passwords: Passwords = field(default_factory=FakePasswords)

    def __post_init__(self) -> None:
        for idp in (self.idp, *self.further.values()):
            idp.clock = lambda: self.clock().timestamp()
        self.sign_ins.accounts = self.accounts.by_id
        self.credentials = FakeCredentials(self.accounts, self.clock)
        self.checkups = FakeCheckups()
        self.attempts = FakeAttempts(self.clock)
        self.seal, self.holder_seal = FakeSeal(), FakeHolderSeal()
        self.pending_sign_ins = FakePendingSignIns(self.accounts, self.clock)
        if isinstance(self.storage, FakeStorage):
            self.storage.by_id = self.accounts.by_id
            self.storage.log = self.sign_ins
        self.throttles = FakeThrottles(self.clock)
        self.devices = FakeDevices(self.accounts, self.clock)
        self.device_authorizations = FakeDeviceAuthorizations(self.accounts, self.devices, self.clock)
        self.reconfigure(environment(self.idp.issuer) | further_environment(self.further) | dict(self.environ))

    def reconfigure(self, environ: Mapping[str, str]) -> None:
        """Start anew with other settings, on the same storage."""
        self.settings_environ = environ
        self.settings: Settings = replace(_settings(tuple(environ.items())), clients=tuple(self.apps))
        self.providers: dict[str, Provider] = {
            each.id: self._provider(each) for each in self.settings.working_providers
        }
        self.ports = Ports(
            providers=self.providers,
            instruments={each.id: self._instruments(each) for each in self.settings.all_providers},
            instruments_for=self._instruments_for,
            accounts=self.accounts,
            account_store=FakeAccountStore(self.accounts),
            account_lists=FakeAccountLists(self.accounts.by_id),
            attempts=self.attempts,
            seal=self.seal,
            pending_sign_ins=self.pending_sign_ins,
            credentials=self.credentials,
            credential_lists=FakeCredentialLists(self.credentials),
            holder_seal=self.holder_seal,
            device_authorizations=self.device_authorizations,
            devices=self.devices,
            throttles=self.throttles,
            logouts=FakeLogouts(self.credentials, self.clock),
            sign_in_log=self.sign_ins,
            sign_in_records=FakeSignInRecords(
                self.accounts.note_sign_in, self.credentials, self.sign_ins, self.attempts
            ),
            checkups=self.checkups,
            passwords=self.passwords,
            log=self.log,
            clock=self.clock,
            is_ready=self._ready,
            close=self._ready,
        )
        self.serve()

    def serve(self, **ports: Any) -> None:
        """Start anew with some other ports."""
        self.ports = dataclasses.replace(self.ports, **ports)
        self.use_cases = use_cases(self.settings, self.ports)
        self.app: Any = shared_routes.service(self.settings, self.ports)

    @property
    def provider(self) -> Provider | None:
        """The first one."""
        return self.providers.get("oidc")

    def _provider(self, declared: DeclaredProvider) -> OpenIDProvider:
        return OpenIDProvider(
            replace(provider.provider_settings(declared.oidc), limits=self.limits),
            provider.client(declared.oidc),
            log=self.log,
            clock=lambda: self.clock().timestamp(),
            transport=self.transport or self.further.get(declared.id, self.idp).transport,
        )

    def _instruments(self, declared: DeclaredProvider) -> Instruments:
        settings = replace(provider.provider_settings(declared.oidc), limits=self.limits)
        client = provider.client(declared.oidc)
        transport = self.transport or self.further.get(declared.id, self.idp).transport
        made = diagnosis.instruments(self.settings, settings, client, self.log, self.clock, transport)
        return replace(made, network=self.network, storage=self.storage)

    def _instruments_for(self, settings: Settings) -> Instruments:
        return self._instruments(settings.all_providers[0])

    async def _ready(self) -> bool:
        return True

    async def add(self, username: str, email: str | None = None, level: AccessLevel = AccessLevel.VIEWER) -> Account:
        """A local account with a password, as an administrator makes one."""
        source = EmailSource.ADMINISTRATOR
        new = new_account(username, level, email=email, password_hash=f"hash of {PASSWORD}", email_source=source)
        return await self.accounts.create(new, self.clock())

    def disable(self, account: Account) -> None:
        """What an administrator would do, without asking anybody."""
        self.accounts.by_id[account.id] = replace(account, enabled=False, version=account.version + 1)

    def link(self, account: Account, identity: Identity) -> None:
        """What an earlier sign-in would have done."""
        link = LinkedIdentity(identity=identity, linked_at=self.clock(), rule="L-11a")
        self.accounts.by_id[account.id] = replace(account, links=(link,), version=account.version + 1)

    def demote(self, account: Account, level: AccessLevel) -> None:
        """What a provider would do at a sign-in, without asking anybody."""
        self.accounts.by_id[account.id] = replace(account, level=level, version=account.version + 1)

    async def change_password(self, account: Account) -> None:
        """What its owner would do, without asking anybody."""
        change = Change(
            account=account,
            username=account.username,
            email=account.email,
            enabled=True,
            level=account.level,
            password=Password(hash=f"hash of {PASSWORD}", trusted_since=self.clock()),
            ends=SIGNED_IN_KINDS,
        )
        await self.ports.account_store.change(change, self.clock())

    def browser(self, **headers: str) -> "Browser":
        """A browser that knows nobody."""
        return Browser(
            self, httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=ORIGIN, headers=HTML | headers)
        )

    def program(self) -> httpx.AsyncClient:
        """A program, which wants bodies instead of pages."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=ORIGIN)

    def lines(self, event: str) -> list[dict[str, Any]]:
        return [facts for _, name, facts in self.log.lines if name == event]


@dataclass
class Browser:
    """A person's browser: keeps cookies, says which site a request comes from, stops at every redirect."""

    world: World
    client: httpx.AsyncClient

    async def get(self, url: str) -> httpx.Response:
        return await self.client.get(url)

    async def submit(self, url: str, **fields: str) -> httpx.Response:
        """Send a form of our own page."""
        return await self.client.post(url, data=fields, headers={"sec-fetch-site": "same-origin"})

    async def begin(self, return_to: str = "/", at: str = "") -> str:
        """Click the button, of a further provider if `at` names it; gives where the browser is sent."""
        named = {"provider": at} if at else {}
        response = await self.client.get("/api/login/openid", params={"next": return_to} | named)
        assert response.status_code == 303
        return response.headers["location"]

    async def sign_in(self, return_to: str = "/", at: str = "") -> httpx.Response:
        """Click the button, agree at the provider, come back; gives the callback's answer."""
        idp = self.world.further[at] if at else self.world.idp
        return await self.come_back(await idp.approve(await self.begin(return_to, at)), at)

    async def come_back(self, query: str, at: str = "") -> httpx.Response:
        return await self.client.get(f"/api/oauth/openid{'/' if at else ''}{at}?{query}")

    async def me(self) -> httpx.Response:
        return await self.client.get("/api/users/me")

    @property
    def session(self) -> str | None:
        return self.client.cookies.get("__Host-romm_session")
