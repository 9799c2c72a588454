import asyncio
from collections.abc import Sequence

import pytest

from romm.adapters.provider.documents import CachedDocument, Lifetime
from romm.domain.errors import Code, Refused
from tests.adapters.provider.relying_party import FakeClock, RecordingLog

URL = "https://idp.test/document"
LIFETIME = Lifetime(fresh=100, usable=1000, cooldown=10)
DOWN = Refused(Code.PROVIDER_UNAVAILABLE, url=URL, problem="down")


class Publisher:
    """Publishes what a test hands it, one after the other; the last one stays."""

    def __init__(self, *published: str | Refused) -> None:
        self.published: Sequence[str | Refused] = published
        self.asked: list[str] = []
        self.clock, self.log = FakeClock(), RecordingLog()
        self.document = CachedDocument("a document", self.fetch, LIFETIME, self.log, self.clock)

    async def fetch(self, url: str) -> str:
        self.asked.append(url)
        await asyncio.sleep(0)
        found = self.published[min(len(self.asked), len(self.published)) - 1]
        if isinstance(found, Refused):
            raise found
        return found

    async def get_after(self, seconds: float, *, newer: bool = False) -> str:
        self.clock.now += seconds
        return await self.document.get(URL, newer_than=self.clock.now if newer else None)


async def test_nothing_is_fetched_before_it_is_needed():
    publisher = Publisher("one")
    assert (publisher.document.known, publisher.asked) == (None, [])


async def test_those_who_come_together_share_one_fetch():
    publisher = Publisher("one", "two")
    found = await asyncio.gather(*(publisher.get_after(0) for _ in range(20)))
    assert (set(found), len(publisher.asked)) == ({"one"}, 1)


async def test_those_who_come_together_share_one_failure():
    publisher = Publisher(DOWN, "two")
    found = await asyncio.gather(*(publisher.get_after(0) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(each, Refused) and each.facts == DOWN.facts for each in found)
    assert len(publisher.asked) == 1


@pytest.mark.parametrize(("age", "expected"), [(99, "one"), (100, "two")])
async def test_a_copy_is_used_while_it_is_fresh(age: float, expected: str):
    publisher = Publisher("one", "two")
    await publisher.get_after(0)
    assert await publisher.get_after(age) == expected
    assert publisher.document.known == expected


@pytest.mark.parametrize(("cooldown", "fetches"), [(9, 1), (10, 2)])
async def test_a_first_failure_is_repeated_without_asking_for_a_while(cooldown: float, fetches: int):
    publisher = Publisher(DOWN)
    for seconds in (0, cooldown):
        with pytest.raises(Refused, match=Code.PROVIDER_UNAVAILABLE):
            await publisher.get_after(seconds)
    assert len(publisher.asked) == fetches


async def test_a_failed_refresh_keeps_the_last_good_copy_and_is_logged_once():
    publisher = Publisher("one", DOWN)
    await publisher.get_after(0)
    assert [await publisher.get_after(seconds) for seconds in (100, 9)] == ["one", "one"]
    failed = {"document": "a document", "code": "provider_unavailable", "url": URL, "problem": "down"}
    assert publisher.log.events == [("provider.refresh_failed", failed)]


@pytest.mark.parametrize(("age", "is_kept"), [(999, True), (1000, False)])
async def test_a_copy_is_not_kept_for_ever(age: float, is_kept: bool):
    publisher = Publisher("one", DOWN)
    await publisher.get_after(0)
    if is_kept:
        assert await publisher.get_after(age) == "one"
    else:
        with pytest.raises(Refused, match=Code.PROVIDER_UNAVAILABLE):
            await publisher.get_after(age)


async def test_what_comes_back_is_used_again_without_a_restart():
    publisher = Publisher(DOWN, "two")
    with pytest.raises(Refused):
        await publisher.get_after(0)
    assert await publisher.get_after(10) == "two"


async def test_a_newer_copy_than_the_one_in_memory_is_fetched_when_wanted():
    publisher = Publisher("one", "two")
    await publisher.get_after(0)
    assert await publisher.get_after(1, newer=True) == "two"


async def test_a_copy_that_came_after_the_wanted_moment_is_new_enough():
    publisher = Publisher("one", "two")
    before = publisher.clock.now
    await publisher.get_after(1)
    assert await publisher.document.get(URL, newer_than=before) == "one"


@pytest.mark.parametrize(("cooldown", "fetches"), [(9, 2), (10, 3)])
async def test_newer_copies_are_fetched_only_now_and_then(cooldown: float, fetches: int):
    publisher = Publisher("one", "two", "three")
    await publisher.get_after(0)
    await publisher.get_after(1, newer=True)
    await publisher.get_after(cooldown, newer=True)
    assert len(publisher.asked) == fetches


async def test_a_doubted_copy_is_refreshed_although_it_is_fresh():
    publisher = Publisher("one", "two", "three")
    await publisher.get_after(0)
    publisher.document.invalidate()
    assert [await publisher.get_after(seconds) for seconds in (1, 1)] == ["two", "two"]


async def test_a_doubted_copy_is_better_than_none():
    publisher = Publisher("one", DOWN)
    await publisher.get_after(0)
    publisher.document.invalidate()
    assert await publisher.get_after(1) == "one"


async def test_a_document_that_moved_is_another_document():
    publisher = Publisher("one", DOWN)
    await publisher.get_after(0)
    with pytest.raises(Refused, match=Code.PROVIDER_UNAVAILABLE):
        await publisher.document.get("https://idp.test/moved")
    assert publisher.asked == [URL, "https://idp.test/moved"]


async def test_a_document_that_moved_is_asked_for_at_once_although_the_old_place_is_left_alone():
    publisher = Publisher(DOWN, "two")
    with pytest.raises(Refused):
        await publisher.get_after(0)
    assert await publisher.document.get("https://idp.test/moved") == "two"


async def confirmed_after(publisher: Publisher, seconds: float) -> str:
    publisher.clock.now += seconds
    return await publisher.document.confirmed(URL, 60)


@pytest.mark.parametrize(("age", "expected"), [(59, "one"), (60, "two")])
async def test_a_copy_is_confirmed_when_it_is_older_than_a_minute(age: float, expected: str):
    publisher = Publisher("one", "two")
    await publisher.get_after(0)
    assert await confirmed_after(publisher, age) == expected


@pytest.mark.parametrize("code", [Code.PROVIDER_UNAVAILABLE, Code.PROVIDER_TLS])
async def test_a_publisher_that_is_away_confirms_nothing_until_it_is_back(code: Code):
    publisher = Publisher("one", Refused(code, url=URL, problem="down"), "two")
    await publisher.get_after(0)
    for seconds in (60, LIFETIME.cooldown - 1):
        with pytest.raises(Refused) as caught:
            await confirmed_after(publisher, seconds)
        assert (caught.value.code, caught.value.facts["problem"]) == (code, "down")
    assert await publisher.get_after(0) == "one", "what is under way goes on with the last good copy"
    assert len(publisher.asked) == 2
    assert await confirmed_after(publisher, 2) == "two"


async def test_a_publisher_that_answers_nonsense_is_there():
    publisher = Publisher("one", Refused(Code.PROVIDER_ANSWER_INVALID, url=URL, problem="a page"))
    await publisher.get_after(0)
    assert await confirmed_after(publisher, 60) == "one"
