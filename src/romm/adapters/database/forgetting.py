"""Deletes what is over, in the transaction of another write."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Delete

from romm.adapters.database.transactions import FORGOTTEN_AT_ONCE

FORGET_EVERY = timedelta(minutes=1)


class Forgetting:
    """`statement` deletes at most `at_once` rows. It runs once in `every` and process, again after a full batch."""

    def __init__(self, statement: Delete, *, every: timedelta = FORGET_EVERY, at_once: int = FORGOTTEN_AT_ONCE) -> None:
        self._statement = statement
        self._every = every
        self._at_once = at_once
        self._due: datetime | None = None

    def beside(self, connection: Connection, now: datetime, parameters: Mapping[str, Any]) -> None:
        """Last in a transaction: a rolled-back one would wait for the next time."""
        if self._due is not None and now < self._due:
            return
        full = connection.execute(self._statement, parameters).rowcount >= self._at_once
        self._due = now if full else now + self._every
