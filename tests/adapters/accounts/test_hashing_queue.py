"""The queue for password hashing: bounded, fair, and nothing is lost when a request goes away."""

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from romm.adapters.accounts.hashing_queue import REST_SECONDS, HashingQueue
from romm.domain.errors import Code, Refused
from romm.domain.sign_in.hashing_order import Place, Priority

KNOWN, CLEAN, STRANGER = (Place(priority, f"192.0.2.{priority}") for priority in Priority)
SECONDS = 5  # at most, for what comes at once


class Stage:
    """A queue of one thread, which is kept busy until `open`."""

    def __init__(self, waiting: int = 8) -> None:
        self.queue = HashingQueue(1, waiting)
        self.done: list[str] = []
        self._gate = threading.Event()

    async def come(self, name: str, place: Place) -> "asyncio.Task[None]":
        task = asyncio.create_task(self.queue.run(self._work(name), place))
        await asyncio.sleep(0)
        return task

    async def block(self) -> "asyncio.Task[object]":
        task = asyncio.create_task(self.queue.run(lambda: self._gate.wait(SECONDS), KNOWN))
        await asyncio.sleep(0)
        return task

    def open(self) -> None:
        self._gate.set()

    def done_before_the_loop_hears_of_it(self) -> None:
        time.sleep(0.05)

    def _work(self, name: str) -> Callable[[], None]:
        return lambda: self.done.append(name)


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_known_browsers_come_before_clean_addresses_and_these_before_strangers(stage: Stage):
    await stage.block()
    tasks = [
        await stage.come(name, place)
        for name, place in [("stranger", STRANGER), ("clean", CLEAN), ("known", KNOWN), ("known too", KNOWN)]
    ]
    stage.open()
    await asyncio.wait_for(asyncio.gather(*tasks), SECONDS)
    assert stage.done == ["known", "known too", "stranger", "clean"], "the third turn is the longest waiting one's"


async def test_a_full_queue_refuses_the_stranger_that_waits_for_the_owner_who_comes():
    stage = Stage(waiting=2)
    await stage.block()
    first, second = await stage.come("clean", CLEAN), await stage.come("stranger", STRANGER)
    owner = await stage.come("owner", KNOWN)
    with pytest.raises(Refused, match=Code.BUSY):
        await asyncio.wait_for(second, SECONDS)
    stage.open()
    await asyncio.wait_for(asyncio.gather(first, owner), SECONDS)
    assert stage.done == ["owner", "clean"]


async def test_a_full_queue_of_owners_refuses_the_stranger_who_comes():
    stage = Stage(waiting=1)
    await stage.block()
    owner = await stage.come("owner", KNOWN)
    with pytest.raises(Refused, match=Code.BUSY):
        await asyncio.wait_for(await stage.come("stranger", STRANGER), SECONDS)
    stage.open()
    await asyncio.wait_for(owner, SECONDS)


async def test_who_hangs_up_while_waiting_frees_the_place_and_no_thread_is_lost(stage: Stage):
    blocked = await stage.block()
    gone, stays = await stage.come("gone", KNOWN), await stage.come("stays", KNOWN)
    gone.cancel()
    blocked.cancel()
    await asyncio.sleep(0)
    assert not stays.done(), "the thread is still at work for who hung up"
    stage.open()
    await asyncio.wait_for(stays, SECONDS)
    await asyncio.wait_for(await stage.come("later", STRANGER), SECONDS)
    assert stage.done == ["stays", "later"]


@pytest.mark.parametrize("moment", range(8))
async def test_who_hangs_up_at_the_moment_of_the_turn_passes_it_on(stage: Stage, moment: int):
    await stage.block()
    gone, stays = await stage.come("gone", KNOWN), await stage.come("stays", KNOWN)
    stage.open()
    stage.done_before_the_loop_hears_of_it()
    for _ in range(moment):
        await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait_for(asyncio.wait([gone, stays]), SECONDS)
    assert stage.done[-1:] == ["stays"]
    await asyncio.wait_for(await stage.come("later", STRANGER), SECONDS)


async def test_who_hangs_up_in_a_full_queue_fails_nobody_who_comes_at_that_moment():
    stage = Stage(waiting=1)
    await stage.block()
    gone = await stage.come("gone", STRANGER)
    comes = asyncio.create_task(stage.queue.run(lambda: stage.done.append("comes"), CLEAN))
    gone.cancel()
    stage.open()
    await asyncio.wait_for(asyncio.wait([gone, comes]), SECONDS)
    assert stage.done == ["comes"]


async def test_who_hangs_up_keeps_the_thread_until_its_work_is_done(stage: Stage):
    blocked = await stage.block()
    blocked.cancel()
    await asyncio.wait_for(asyncio.wait([blocked]), SECONDS)
    tasks = [await stage.come("stranger", STRANGER), await stage.come("owner", KNOWN)]
    stage.open()
    await asyncio.wait_for(asyncio.gather(*tasks), SECONDS)
    assert stage.done == ["owner", "stranger"]


async def test_work_that_fails_frees_its_thread(stage: Stage):
    with pytest.raises(ZeroDivisionError):
        await stage.queue.run(lambda: 1 // 0, KNOWN)
    assert await asyncio.wait_for(stage.queue.run(lambda: "next", KNOWN), SECONDS) == "next"


async def test_after_a_burst_there_is_one_rest():
    rests: list[str] = []
    queue = HashingQueue(2, 8, lambda: rests.append(threading.current_thread().name))
    await asyncio.gather(*(queue.run(time.perf_counter, KNOWN) for _ in range(4)))
    await asyncio.sleep(REST_SECONDS * 0.6)
    await queue.run(time.perf_counter, KNOWN)
    await asyncio.sleep(REST_SECONDS * 0.6)
    assert rests == [], "the burst is not over"
    await asyncio.sleep(REST_SECONDS)
    [thread] = rests
    assert thread.startswith("password"), "off the event loop"


async def test_there_is_no_rest_while_a_password_is_checked():
    rests: list[None] = []
    queue, gate = HashingQueue(2, 8, lambda: rests.append(None)), threading.Event()
    long = asyncio.create_task(queue.run(lambda: gate.wait(SECONDS), KNOWN))
    await queue.run(time.perf_counter, KNOWN)
    await asyncio.sleep(REST_SECONDS * 1.2)
    gate.set()
    await long
    assert rests == []
