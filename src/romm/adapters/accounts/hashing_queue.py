"""Hashes a few passwords at a time, off the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from romm.domain.errors import Code, Refused
from romm.domain.sign_in.hashing_order import Place, next_turn, refused_first

T = TypeVar("T")

REST_SECONDS = 2.0
"""Without a password, until a burst of them is over."""


@dataclass(frozen=True, eq=False)
class _Waiting:
    place: Place
    turn: asyncio.Future[None]


class HashingQueue:
    """Ordered by `hashing_order`. `at_rest` runs in a thread after a burst of passwords."""

    def __init__(self, threads: int, waiting: int, at_rest: Callable[[], None] = lambda: None) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._threads = threads
        self._most = waiting
        self._at_rest = at_rest
        self._resting: asyncio.TimerHandle | None = None
        self._under_way = 0
        self._turns = 0
        self._waiting: list[_Waiting] = []

    @property
    def waiting(self) -> int:
        return len(self._still_there())

    @property
    def under_way(self) -> int:
        return self._under_way

    async def run(self, work: Callable[[], T], place: Place) -> T:
        """Raises `Refused(BUSY)`, also if a better place took ours in a full queue."""
        await self._turn(place)
        running = asyncio.get_running_loop().run_in_executor(self._executor, work)
        running.add_done_callback(lambda _: self._free())
        return await asyncio.shield(running)  # the thread works on when the request is gone

    async def _turn(self, place: Place) -> None:
        if self._resting is not None:
            self._resting.cancel()
        if self._under_way < self._threads:
            self._under_way += 1
            return
        mine = _Waiting(place, asyncio.get_running_loop().create_future())
        self._waiting = [*self._still_there(), mine]
        if len(self._waiting) > self._most:
            refused = self._waiting.pop(refused_first([each.place for each in self._waiting]))
            refused.turn.set_exception(Refused(Code.BUSY, problem=f"{self._most} passwords wait to be checked"))
        try:
            await mine.turn
        except asyncio.CancelledError:
            if mine in self._waiting:
                self._waiting.remove(mine)
            elif not mine.turn.cancelled() and mine.turn.exception() is None:
                self._free()
            raise

    def _free(self) -> None:
        self._waiting = self._still_there()
        if not self._waiting:
            self._under_way -= 1
            if not self._under_way:
                self._resting = asyncio.get_running_loop().call_later(REST_SECONDS, self._rest)
            return
        self._turns += 1
        self._waiting.pop(next_turn([each.place for each in self._waiting], self._turns)).turn.set_result(None)

    def _rest(self) -> None:
        asyncio.get_running_loop().run_in_executor(self._executor, self._at_rest)

    def _still_there(self) -> list[_Waiting]:
        """Without those that hung up: their turn can be given to no one."""
        return [each for each in self._waiting if not each.turn.done()]
