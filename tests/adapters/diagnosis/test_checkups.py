"""The contract of `ports.CheckupStore`."""

import asyncio
from datetime import timedelta

from sqlalchemy import update

from romm.adapters.database.tables import CheckupRow
from romm.adapters.database.transactions import Database
from romm.adapters.diagnosis.checkups import SQLCheckups
from romm.domain.diagnosis.findings import Check, Finding, failed, ok
from romm.domain.errors import Code
from romm.ports.diagnosis import Checkup
from tests.adapters.conftest import RIVALS, Stores
from tests.domain.examples import NOW
from tests.factories import filled

HOUR = timedelta(hours=1)
OF_ANOTHER_VERSION = '[{"check": "a check of later", "outcome": "ok", "found": "there"}]'


async def test_one_begins_and_the_next_after_the_pause(stores: Stores):
    begun = [await stores.checkups.begin(NOW + minutes, NOW + minutes - HOUR) for minutes in (HOUR * 0, HOUR / 2, HOUR)]
    assert begun == [True, False, True]


async def test_of_many_that_begin_at_once_one_does(database: Database):
    rivals = [SQLCheckups(database) for _ in range(RIVALS)]
    for now in (NOW, NOW + 2 * HOUR):
        assert sorted(await asyncio.gather(*(each.begin(now, now - HOUR) for each in rivals)))[-2:] == [False, True]


async def test_the_last_verdict_is_read_as_it_was_written(stores: Stores):
    await stores.checkups.begin(NOW, NOW - HOUR)
    assert await stores.checkups.last() is None
    for verdict in (
        Checkup(at=NOW, findings=(ok(Check.DNS, "there"),)),
        Checkup(
            at=NOW + HOUR,
            findings=(failed(Check.CLIENT, "refused", "fix", code=Code.CLIENT_REJECTED), *filled(Finding)),
        ),
    ):
        await stores.checkups.keep(verdict)
        assert await stores.checkups.last() == verdict


async def test_what_a_page_found_before_the_first_checkup_is_kept_and_delays_that(stores: Stores):
    verdict = Checkup(at=NOW, findings=(ok(Check.DNS, "there"),))
    await stores.checkups.keep(verdict)
    assert await stores.checkups.last() == verdict
    assert not await stores.checkups.begin(NOW + HOUR / 2, NOW - HOUR / 2)
    assert await stores.checkups.begin(NOW + HOUR, NOW)


async def test_a_verdict_of_another_version_is_none(database: Database):
    checkups = SQLCheckups(database)
    await checkups.begin(NOW, NOW - HOUR)
    await checkups.keep(Checkup(at=NOW, findings=(ok(Check.DNS, "there"),)))
    await database.write(lambda connection: connection.execute(update(CheckupRow).values(findings=OF_ANOTHER_VERSION)))
    assert await checkups.last() is None
