"""Plays a scenario and writes down what each of the three saw: the person, the operator and the doctor's patient."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from msgspec import Struct

from romm.adapters.credentials.holder_seal import HolderSeal
from romm.adapters.credentials.store import SQLCredentials
from romm.adapters.credentials.throttles import SQLThrottles
from romm.adapters.database.transactions import Database
from romm.adapters.diagnosis.schema import DatabaseStorage
from romm.adapters.provider.transport import Limits, Transport
from romm.adapters.sign_in.accounts import SQLAccounts
from romm.adapters.sign_in.attempts import SQLAttempts
from romm.adapters.sign_in.pending_sign_ins import SQLPendingSignIns
from romm.adapters.sign_in.sealing import DatabaseSeal
from romm.composition import diagnosis
from romm.domain.credentials.permissions import COMMAND_LINE
from romm.domain.diagnosis.checks import configuration
from romm.domain.diagnosis.findings import Check, Finding, Outcome
from romm.domain.model import AccessLevel, Identity
from romm.ports.diagnosis import Network
from romm.settings.load import load
from romm.settings.model import Loaded, SettingsError
from tests.fake_provider import FakeProvider
from tests.fakes import FakeClock, FakeSignInRecords, FakeStorage
from tests.misconfigured.network import through_the_proxy
from tests.misconfigured.person import Person, Saw
from tests.misconfigured.scenarios import NOT_STARTED, Household, Journey, Scenario, Storage
from tests.world import World

ALICE = "alice@example.org"
WRONG_PASSWORDS = 6
HERE, ELSEWHERE = "203.0.113.7", "198.51.100.9"
_REMARKS = (Outcome.FAILED, Outcome.WARNING, Outcome.UNKNOWN)
_LEVELS = ("warning", "error", "exception")


class Observed(Struct, frozen=True, kw_only=True):
    """What came of a scenario. `findings` are the doctor's failures, warnings and doubts, `passed` the checks that are ok."""

    person: Saw
    operator: tuple[str, ...]
    findings: tuple[Finding, ...]
    passed: tuple[Check, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where a scenario is played: RomM's settings, and the two ways from RomM and from the browser to the provider."""

    environ: Mapping[str, str]
    idp: FakeProvider
    transport: Transport
    network: Network
    outside: Mapping[str, httpx.AsyncBaseTransport]
    opened_at: str
    limits: Limits = field(default_factory=Limits)
    person: type[Person] = Person
    clock: FakeClock = field(default_factory=lambda: FakeClock(datetime.now(UTC)))


async def play(scenario: Scenario, stage: Stage) -> Observed:
    """All of it. Settings that cannot be understood end it before anybody can press a button."""
    try:
        loaded = load(stage.environ)
    except SettingsError as error:
        nothing = Saw(url=stage.opened_at, text=NOT_STARTED)
        return Observed(person=nothing, operator=error.problems, findings=(configuration.mistakes(error.problems),))
    world = await _world(scenario, stage)
    async with _storage(scenario, world, loaded):
        saw = await _journey(scenario.journey, world, stage)
        operator = (*_at_start(loaded), *_logged(world))
        found = [finding async for finding in examined(world, loaded)]
        return Observed(
            person=saw,
            operator=operator,
            findings=tuple(each for each in found if each.outcome in _REMARKS),
            passed=tuple(each.check for each in found if each.outcome is Outcome.OK),
        )


async def _world(scenario: Scenario, stage: Stage) -> World:
    world = World(
        environ=stage.environ,
        idp=stage.idp,
        clock=stage.clock,
        transport=stage.transport,
        network=stage.network,
        limits=stage.limits,
    )
    world.idp.clock = lambda: world.clock().timestamp() + scenario.provider.seconds_ahead
    if scenario.household is not Household.EMPTY:
        await world.add("keeper", level=AccessLevel.ADMIN)
    if scenario.household in (Household.NAMESAKE, Household.DISABLED, Household.LINKED):
        account = await world.add("alice", ALICE)
        if scenario.household is Household.DISABLED:
            world.disable(account)
        if scenario.household is Household.LINKED:
            world.link(account, Identity(world.settings.oidc.server_application_url, "somebody-else"))
    return world


@asynccontextmanager
async def _storage(scenario: Scenario, world: World, loaded: Loaded) -> AsyncIterator[None]:
    """Put a real database in the place of the one in memory, where that is what is wrong."""
    if scenario.storage is Storage.GOOD:
        yield
        return
    database = Database(loaded.settings.database.url)
    if scenario.storage is Storage.AS_CONFIGURED:
        world.storage = DatabaseStorage(loaded.settings.database.url)
    else:
        world.storage = FakeStorage("0001" if scenario.storage is Storage.OLDER else None, is_embedded=False)
    world.reconfigure(world.settings_environ)
    accounts, attempts = SQLAccounts(database), SQLAttempts(database, world.clock)
    credentials = SQLCredentials(database, world.clock)
    world.serve(
        accounts=accounts,
        attempts=attempts,
        seal=DatabaseSeal(database, world.clock),
        pending_sign_ins=SQLPendingSignIns(database, world.clock, HolderSeal()),
        credentials=credentials,
        sign_in_records=FakeSignInRecords(lambda *_: None, credentials, world.sign_ins, attempts),
        throttles=SQLThrottles(database, world.clock),
    )
    try:
        yield
    finally:
        await database.close()


async def _journey(journey: Journey, world: World, stage: Stage) -> Saw:
    person = _person(world, stage, HERE)
    async with person.client:
        match journey:
            case Journey.SIGN_IN:
                return await person.sign_in()
            case Journey.SIGN_OUT:
                await person.sign_in()
                return await person.sign_out()
            case Journey.PASSWORD:
                return await person.sign_in_with_password()
            case Journey.GUESSED_AT:
                await _guess(_person(world, stage, ELSEWHERE))
                return await person.sign_in_with_password()


def _person(world: World, stage: Stage, address: str) -> Person:
    return stage.person(through_the_proxy(world.app, address), stage.opened_at, dict(stage.outside))


async def _guess(person: Person) -> None:
    async with person.client:
        for number in range(WRONG_PASSWORDS):  # a repeated one counts once
            await person.sign_in_with_password(f"wrong guess {number}")


def _at_start(loaded: Loaded) -> Iterator[str]:
    """What stands in the log before anybody comes, as `romm serve` writes it."""
    yield from loaded.warnings
    if loaded.settings.oidc.enabled and loaded.settings.oidc_off:
        yield loaded.settings.oidc_off


def _logged(world: World) -> Iterator[str]:
    """The lines of the log that have something to say: hints, and warnings."""
    lines = [line for line in world.log.lines if line[1] != "request"]
    for number, (level, event, facts) in enumerate(lines, start=1):
        is_last = (
            number == len(lines) and "hint" in facts
        )  # where somebody left for the provider, and nothing came of it
        if level in _LEVELS or event == "refused" or is_last:
            said = [str(facts[name]) for name in ("hint", "provider_hint") if name in facts]
            yield f"{event}: {' '.join(said) or facts}"


async def examined(world: World, loaded: Loaded) -> AsyncIterator[Finding]:
    """What the doctor finds."""
    doctors = diagnosis.doctors(world.settings, loaded.warnings, world.ports.instruments, world.clock)
    try:
        async for finding in doctors.findings(COMMAND_LINE):
            yield finding
    finally:
        await diagnosis.close(world.ports.instruments)
