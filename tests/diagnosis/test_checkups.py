"""The doctor in the background: seldom, one at a time, and never in the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from romm.composition import diagnosis
from romm.diagnosis import checkups as limits
from romm.diagnosis.checkups import Checkups
from romm.diagnosis.doctors import together
from romm.domain.credentials.permissions import COMMAND_LINE, Actor
from romm.domain.diagnosis.findings import Check, Finding, Outcome, failed, ok, skipped
from romm.domain.errors import Code, Refused
from romm.ports.diagnosis import Checkup
from tests.fake_provider import FakeProvider
from tests.fakes import FakeCheckups
from tests.world import World

HOUR = timedelta(hours=1)
NOBODY = Actor(account_id=1, scopes=frozenset())


def checkups(world: World, every: timedelta = HOUR) -> Checkups:
    doctors = diagnosis.doctors(world.settings, (), world.ports.instruments, world.clock)
    return Checkups(doctors=doctors, store=world.checkups, every=every, log=world.log, clock=world.clock)


async def test_a_verdict_has_every_finding_and_a_line_in_the_log() -> None:
    world = World()
    watched = checkups(world)
    assert await watched.last(COMMAND_LINE) is None
    assert await watched.examine(HOUR)
    verdict = await watched.last(COMMAND_LINE)
    assert verdict is not None
    assert verdict.at == world.clock()
    assert len(verdict.findings) > 20
    assert len(world.lines("doctor.examined")) == 1


async def test_failures_come_first() -> None:
    world = World()
    world.idp.client_secret = "another"
    watched = checkups(world)
    await watched.examine(HOUR)
    verdict = await watched.last(COMMAND_LINE)
    assert verdict is not None
    assert verdict.state == "failed"
    assert verdict.first[0].code is Code.CLIENT_REJECTED
    outcomes = [each.outcome for each in verdict.first]
    assert outcomes == sorted(outcomes, key=[Outcome.FAILED, Outcome.WARNING, Outcome.UNKNOWN].index)
    assert [level for level, event, _ in world.log.lines if event == "doctor.examined"] == ["warning"]


async def test_of_several_workers_one_examines_within_the_pause() -> None:
    world = World()
    workers = [checkups(world) for _ in range(4)]
    assert sorted([await each.examine(HOUR) for each in workers]) == [False, False, False, True]
    world.clock.advance(timedelta(minutes=59))
    assert not await workers[0].examine(HOUR)
    world.clock.advance(timedelta(minutes=1))
    assert await workers[1].examine(HOUR)


async def test_zero_seconds_are_never() -> None:
    world = World()
    assert not await checkups(world, every=timedelta()).examine(HOUR)
    assert world.checkups.begun_at is None


async def test_a_doctor_that_was_switched_off_leaves_no_old_verdict() -> None:
    world = World()
    assert await checkups(world).examine(HOUR)
    assert await checkups(world).last(COMMAND_LINE) is not None
    assert await checkups(world, every=timedelta()).last(COMMAND_LINE) is None


LATE = skipped(Check.CLIENT, "not known after 10 seconds")
BROKEN = failed(Check.DNS, "has no address")
WELL = ok(Check.DNS, "is 192.0.2.1")


@pytest.mark.parametrize(
    ("findings", "is_kept"),
    [
        pytest.param((WELL,), True, id="all is well"),
        pytest.param((BROKEN, LATE), True, id="a failure, and what needs its fix first"),
        pytest.param((WELL, LATE), False, id="not all were waited for"),
    ],
)
async def test_what_a_page_examined_is_the_verdict_from_then_on(findings: tuple[Finding, ...], is_kept: bool) -> None:
    world = World()
    await checkups(world).renew(COMMAND_LINE, findings)
    assert (world.checkups.last_one is not None) is is_kept
    with pytest.raises(Refused):
        await checkups(world).renew(NOBODY, findings)


class Full(FakeCheckups):
    async def keep(self, checkup: Checkup) -> None:
        raise Refused(Code.STORAGE_UNAVAILABLE)


async def test_a_full_disk_leaves_the_page_its_findings() -> None:
    await replace(checkups(World()), store=Full()).renew(COMMAND_LINE, (BROKEN,))


FRIENDS = FakeProvider(issuer="https://friends.example", client_id="romm-two")


@pytest.mark.parametrize(
    ("further", "environ", "shown"),
    [
        pytest.param({}, {}, "oidc", id="one"),
        pytest.param({"friends": FRIENDS}, {}, "friends", id="two"),
        pytest.param({"friends": FRIENDS}, {"OIDC_ENABLED": "false"}, "oidc", id="two, and the shown one is off"),
    ],
)
async def test_a_page_s_findings_are_those_of_the_doctor(
    further: dict[str, FakeProvider], environ: dict[str, str], shown: str
) -> None:
    world = World(further=further, environ=environ)
    doctors = checkups(world).doctors
    found = together(doctors, await doctors.within(COMMAND_LINE, 10, shown), shown)
    examined = [each async for each in doctors.findings(COMMAND_LINE)]
    assert [(each.check, each.provider, each.outcome) for each in found] == [
        (each.check, each.provider, each.outcome) for each in examined
    ]


def test_two_never_run_at_once() -> None:
    assert limits.LONGEST < limits.LEAST_APART


class Unavailable(FakeCheckups):
    """Without a database at first."""

    looks = 0

    async def begin(self, now: object, since: object) -> bool:
        self.looks += 1
        if self.looks == 1:
            raise Refused(Code.STORAGE_UNAVAILABLE)
        return False


async def test_a_database_that_is_away_ends_no_watch() -> None:
    world = World()
    verdicts = Unavailable()
    watched = replace(checkups(world), store=verdicts)
    with suppress(TimeoutError):
        async with asyncio.timeout(0.2):
            await watched.keep_watch(after_start=timedelta(), look_every=timedelta(milliseconds=10))
    assert verdicts.looks > 1
    assert len(world.lines("doctor.not_examined")) == 1


class Faulty(FakeCheckups):
    """With a fault of ours."""

    looks = 0

    async def begin(self, now: object, since: object) -> bool:
        self.looks += 1
        raise ZeroDivisionError


async def test_a_fault_ends_no_watch_and_is_in_the_log() -> None:
    world = World()
    verdicts = Faulty()
    watched = replace(checkups(world), store=verdicts)
    with suppress(TimeoutError):
        async with asyncio.timeout(0.2):
            await watched.keep_watch(after_start=timedelta(), look_every=timedelta(milliseconds=10))
    assert verdicts.looks > 1
    assert len(world.lines("unexpected")) == verdicts.looks


class Slow:
    """A provider that never answers."""

    async def findings(self, actor: Actor, provider_id: str | None = None) -> AsyncIterator[object]:
        await asyncio.sleep(60)
        yield None


async def test_a_provider_that_never_answers_holds_no_worker() -> None:
    world = World()
    slow = replace(checkups(world), doctors=Slow())  # type: ignore[arg-type]  # as slow as none of the real ones
    watched = replace(slow, longest=timedelta(milliseconds=20))
    assert not await watched.examine(HOUR)
    assert world.checkups.last_one is None
    assert len(world.lines("doctor.too_slow")) == 1


async def test_a_verdict_is_for_those_who_may_diagnose() -> None:
    world = World()
    with pytest.raises(Refused) as refused:
        await checkups(world).last(NOBODY)
    assert refused.value.code is Code.FORBIDDEN


@pytest.mark.parametrize("every", [HOUR, timedelta(seconds=1)])
@pytest.mark.parametrize(("pause", "examined"), [(timedelta(minutes=1), 0), (timedelta(minutes=3), 1)])
async def test_a_restart_examines_anew_but_not_each_of_many(pause: timedelta, examined: int, every: timedelta) -> None:
    world = World()
    world.checkups.begun_at = world.clock() - pause
    watched = checkups(world, every)
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            await watched.keep_watch(after_start=timedelta(), look_every=timedelta(milliseconds=10))
    assert len(world.lines("doctor.examined")) == examined


@pytest.mark.parametrize("outcome", Outcome)
def test_a_verdict_is_ok_only_if_nothing_is_open(outcome: Outcome) -> None:
    found = (
        Finding(check=Check.SETTINGS, outcome=Outcome.OK, found=""),
        Finding(check=Check.CLIENT, outcome=outcome, found=""),
    )
    settled = outcome in (Outcome.OK, Outcome.SKIPPED)
    assert Checkup(at=World().clock(), findings=found).state == ("ok" if settled else outcome)
