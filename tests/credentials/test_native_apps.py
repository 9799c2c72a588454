"""Use cases around apps that send a person's browser here, where the order of things matters."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from romm.credentials.native_apps import NativeApps
from romm.credentials.principal import principal
from romm.credentials.tokens import TokenRequest
from romm.domain.credentials.credential import Credential, Kind
from romm.domain.credentials.native_apps import App, AppRequest
from romm.domain.credentials.tokens import TokenLimits
from romm.domain.digests import code_challenge
from romm.domain.errors import Code, Refused
from romm.domain.model import Account, Visitor
from tests.factories import new_account
from tests.fakes import FakeAccounts, FakeClock, FakeCredentials, FakeLog
from tests.world import VISITOR, World

REDIRECT_URI, VERIFIER = "org.example.shelf:/callback", "v" * 43
LIMITS = TokenLimits(timedelta(minutes=30), timedelta(days=7), timedelta(days=90))
REQUEST = AppRequest(
    app="Shelf",
    redirect_uri=REDIRECT_URI,
    scopes=("me.read",),
    state="",
    code_challenge=code_challenge(VERIFIER),
)


class Simultaneous(FakeCredentials):
    """Everybody has found the code before anybody has spent it."""

    def __init__(self, accounts: FakeAccounts, clock: FakeClock, parties: int) -> None:
        super().__init__(accounts, clock)
        self._everybody = asyncio.Barrier(parties)

    async def find(self, kind: Kind, secret_digest: str) -> tuple[Credential, Account] | None:
        found = await super().find(kind, secret_digest)
        await self._everybody.wait()
        return found


class Ended(FakeCredentials):
    """Somebody ends all that an account has between the look at a code and its use."""

    async def find(self, kind: Kind, secret_digest: str) -> tuple[Credential, Account] | None:
        found = await super().find(kind, secret_digest)
        self.stored.clear()
        return found


def native_apps(credentials: FakeCredentials, clock: FakeClock, log: FakeLog) -> NativeApps:
    return NativeApps(
        apps=(App(name="Shelf", redirect_uris=(REDIRECT_URI,)),),
        issuer="https://romm.test",
        limits=LIMITS,
        credentials=credentials,
        log=log,
        clock=clock,
    )


def redeeming(location: str, visitor: Visitor = VISITOR) -> TokenRequest:
    code = location.partition("code=")[2].partition("&")[0]
    parameters = {"code": code, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    return TokenRequest(parameters=parameters, client="Shelf", visitor=visitor)


def kinds(credentials: FakeCredentials) -> Collection[Kind]:
    return {kind for kind, _ in credentials.stored}


async def test_an_app_is_not_let_in_by_an_account_that_changed_meanwhile() -> None:
    """R-38: or a code would outlive the password that it was given with."""
    accounts, clock = FakeAccounts(), FakeClock(datetime(2026, 6, 1, tzinfo=UTC))
    credentials = FakeCredentials(accounts, clock)
    seen = await accounts.create(new_account("vera"), clock())
    accounts.by_id[seen.id] = replace(seen, version=seen.version + 1)
    with pytest.raises(Refused) as refused:
        await native_apps(credentials, clock, FakeLog()).allow(REQUEST, principal(seen), VISITOR)
    assert refused.value.code is Code.ACCOUNT_CHANGED
    assert credentials.stored == {}


async def test_of_two_who_bring_one_code_at_once_neither_keeps_anything() -> None:
    """Nobody can tell which of them is the app."""
    accounts, clock, log = FakeAccounts(), FakeClock(datetime.now(UTC)), FakeLog()
    world = World(accounts=accounts)
    credentials = Simultaneous(accounts, clock, parties=2)
    apps = native_apps(credentials, clock, log)
    request = redeeming(await apps.allow(REQUEST, principal(await world.add("vera")), VISITOR))

    first, second = await asyncio.gather(apps.grant(request), apps.grant(request), return_exceptions=True)

    [refused] = [each for each in (first, second) if isinstance(each, Refused)]
    assert refused.code is Code.APP_CODE_REUSED
    assert kinds(credentials) == set()
    assert "native_app.code_reused" in log.events()


async def test_a_code_that_ends_while_it_is_used_gives_nothing() -> None:
    accounts, clock, log = FakeAccounts(), FakeClock(datetime.now(UTC)), FakeLog()
    world = World(accounts=accounts)
    credentials = Ended(accounts, clock)
    apps = native_apps(credentials, clock, log)
    request = redeeming(await apps.allow(REQUEST, principal(await world.add("vera")), VISITOR))

    with pytest.raises(Refused) as caught:
        await apps.grant(request)

    assert caught.value.code is Code.APP_CODE_INVALID
    assert kinds(credentials) == set()


async def test_no_secret_is_in_the_log() -> None:
    accounts, clock, log = FakeAccounts(), FakeClock(datetime.now(UTC)), FakeLog()
    world = World(accounts=accounts)
    apps = native_apps(FakeCredentials(accounts, clock), clock, log)
    request = redeeming(await apps.allow(REQUEST, principal(await world.add("vera")), VISITOR))
    granted = await apps.grant(request)
    with pytest.raises(Refused):
        await apps.grant(request)
    for secret in (request.get("code"), VERIFIER, granted.secrets.access, granted.secrets.refresh):
        assert secret not in str(log.lines)
