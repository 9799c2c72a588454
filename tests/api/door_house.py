"""One RomM with accounts and what belongs to them, and the credentials that ask for it."""

import inspect
import re
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from dataclasses import replace as replace_fields
from datetime import timedelta
from functools import wraps
from typing import Any

import httpx
from litestar.di import Provide
from msgspec import Struct
from msgspec.structs import replace

from romm.api.routes import AppDependencies
from romm.composition import app
from romm.composition.ports import Ports
from romm.credentials.principal import Principal
from romm.domain import scopes
from romm.domain.credentials.credential import NEVER, Credential, Kind, issued
from romm.domain.credentials.devices import Device, DeviceAuthorization, Flavor
from romm.domain.credentials.native_apps import App
from romm.domain.credentials.permissions import Actor
from romm.domain.digests import digest
from romm.domain.model import AccessLevel, Account, Identity, subject_digest
from romm.settings.model import Settings
from tests import shared_routes
from tests.api.doors import Door
from tests.world import World

ADMIN, EDITOR, VIEWER = AccessLevel.ADMIN, AccessLevel.EDITOR, AccessLevel.VIEWER
LEVELS = {"keeper": ADMIN, "ada": ADMIN, "eddie": EDITOR, "vera": VIEWER, "mallory": VIEWER}
SHELF = App(name="Shelf", redirect_uris=("org.example.shelf:/callback",))
USER_CODE = "BCDFGHJK"
NO_USE_CASES = {"principal", "authentication", "renderer", "settings", "our_cookies", "is_ready"}


class Holder(Struct, frozen=True, kw_only=True):
    """Of a credential of an account. `kind`: None without one. `proven`: the person signed in for it just now; sessions are,
    unless it is said otherwise.
    """

    name: str
    username: str = "keeper"
    scopes: frozenset[str] = frozenset(scopes.ALL)
    kind: Kind | None = Kind.CLIENT_TOKEN
    proven: bool | None = None

    @property
    def allowed(self) -> frozenset[str]:
        return self.scopes & frozenset(scopes.granted(LEVELS[self.username]))


def watched(use_case: object, calls: list[str]) -> object:
    """A copy that notes in `calls` what it is asked as an account."""
    noting = copy(use_case)
    for name, method in inspect.getmembers(use_case, inspect.ismethod):
        object.__setattr__(noting, name, _noting(method, f"{type(use_case).__name__}.{name}", calls))
    return noting


def _noting(method: Callable[..., Any], name: str, calls: list[str]) -> Callable[..., Any]:
    @wraps(method)
    def noted(*arguments: Any, **named: Any) -> Any:
        if any(isinstance(each, Actor | Principal) for each in (*arguments, *named.values())):
            calls.append(name)
        return method(*arguments, **named)

    return noted


@dataclass
class House:
    """One RomM for all questions: what a request changed is put back after it. `calls`: of the last request."""

    world: World = field(default_factory=lambda: World(apps=(SHELF,)))
    numbers: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world.app = shared_routes.service(self.world.settings, self.world.ports, self._watched)

    def _watched(self, settings: Settings, ports: Ports) -> AppDependencies:
        own = app.app_dependencies(settings, ports)
        noting = {name: self._watch(name, provide) for name, provide in own.dependencies.items()}
        return replace_fields(own, dependencies=noting)

    def _watch(self, name: str, provide: Provide) -> Provide:
        if name in NO_USE_CASES:
            return provide

        async def provided() -> Any:
            return watched(await provide(), self.calls)

        return Provide(provided)

    async def furnish(self) -> None:
        for username, level in LEVELS.items():
            account = await self.world.add(username, level=level)
            self.numbers[username] = self._belongings(account)
        self.kept = [dict(store) for store in self._stores()]

    def _stores(self) -> list[dict[Any, Any]]:
        accounts, devices = self.world.accounts, self.world.devices
        return [accounts.by_id, accounts.hashes, accounts.credentials, devices.by_id, devices.authorizations]

    def restore(self) -> None:
        for store, kept in zip(self._stores(), self.kept, strict=True):
            store.clear()
            store.update(kept)
        self.world.throttles.counted.clear()

    @property
    def is_as_before(self) -> bool:
        """But for when a credential was used last."""
        stored = self.world.accounts.credentials
        pairs = zip(self._stores(), self.kept, strict=True)
        return all(now.keys() == kept.keys() and (now is stored or now == kept) for now, kept in pairs)

    def _belongings(self, account: Account) -> dict[str, Any]:
        identity = Identity(self.world.idp.issuer, account.username)
        self.world.link(account, identity)
        self._pair(account)
        numbers = {
            "session_id": self._give(account, Kind.SESSION, scopes=scopes.ALL),
            "token_id": self._give(account, Kind.CLIENT_TOKEN, scopes=("me.read",), name="a token"),
            "invitation_id": self._give(account, Kind.INVITATION, level=VIEWER),
        }
        return numbers | {
            "provider_id": "google",
            "user_id": account.id,
            "device_id": account.id,
            "identity_id": subject_digest(identity),
            "user_code": USER_CODE,
            "code": USER_CODE,
            "name": "nothing",
            "issuer": identity.issuer,
        }

    def _give(self, account: Account, kind: Kind, **facts: Any) -> int:
        number = len(self.world.accounts.credentials) + 1
        secret = digest(f"{kind} of {account.username}")
        self.store(replace(issued(kind, account.id, secret, self.world.clock(), NEVER, **facts), id=number))
        return number

    def store(self, credential: Credential) -> None:
        self.world.accounts.credentials[credential.kind, credential.digest] = credential

    def _pair(self, account: Account) -> None:
        now = self.world.clock()
        self.world.devices.by_id[account.id] = Device(
            id=account.id,
            account_id=account.id,
            client_device_identifier=account.username,
            name="Handheld",
            client="Shelf",
            platform="",
            client_version="",
            created_at=now,
            last_paired_at=now,
            updated_at=now,
        )
        waiting = DeviceAuthorization(
            device_code_digest=digest("device"),
            user_code_digest=digest(USER_CODE),
            shape=Flavor.LEGACY,
            client_device_identifier="new",
            name="Handheld",
            client="Shelf",
            platform="",
            client_version="",
            requested_scopes=("me.read",),
            created_at=now,
            expires_at=now + timedelta(minutes=5),
        )
        self.world.devices.authorizations[waiting.device_code_digest] = waiting

    def hold(self, holder: Holder) -> dict[str, str]:
        """Store its credential; gives the header that shows it."""
        if holder.kind is None:
            return {}
        secret, now = "rmm_secret" if holder.kind is Kind.CLIENT_TOKEN else "secret", self.world.clock()
        owner = self.numbers[holder.username]["user_id"]
        given = issued(holder.kind, owner, digest(secret), now, NEVER, scopes=scopes.ordered(holder.scopes))
        is_proven = holder.kind is Kind.SESSION if holder.proven is None else holder.proven
        proven_at = now if is_proven else now - timedelta(days=30)
        before = now - timedelta(seconds=1)  # used before, so nothing is noted
        self.store(replace(given, id=1000, created_at=before, proven_at=proven_at))
        self.kept = [dict(store) for store in self._stores()]
        if holder.kind is Kind.SESSION:
            return {"cookie": f"__Host-romm_session={secret}"}
        return {"authorization": f"Bearer {secret}"}

    async def ask(
        self, name: str, door: Door | None, holder: Holder, owner: str, auth: httpx.Auth | None = None
    ) -> httpx.Response:
        """With the numbers of what belongs to `owner`."""
        async with self.world.program() as client:
            client.auth = auth or httpx.Auth()
            client.headers.update(self.hold(holder))
            return await self.send(client, name, door, holder.username, owner)

    async def send(
        self, client: httpx.AsyncClient, name: str, door: Door | None, username: str, owner: str
    ) -> httpx.Response:
        """By a client that shows its credential itself."""
        method, _, path = name.partition(" #")[0].partition(" ")
        self.calls.clear()
        numbers = self.numbers[owner] | {"own_id": str(self.numbers[username]["user_id"])}
        sent = {key: _filled(value, numbers) for key, value in (door.body if door else {}).items()}
        body: dict[str, Any] = {}
        if method not in ("GET", "DELETE") and door is not None:
            body = {"data": sent} if door.form else {"json": sent}
        return await client.request(method, path.format(**numbers), headers={"sec-fetch-site": "same-origin"}, **body)


def _filled(value: Any, numbers: Mapping[str, Any]) -> Any:
    is_name = isinstance(value, str) and re.fullmatch(r"\{\w+\}", value)
    return numbers[value[1:-1]] if is_name else value
