"""Statements that read a range of an index."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute

ROWS_AT_ONCE = 100
"""By their numbers: of more, PostgreSQL would read the whole table."""


def begins(column: ColumnElement[Any] | InstrumentedAttribute[Any], text: str) -> ColumnElement[bool]:
    """Of a column compared by bytes. `text` is printable and not empty."""
    return and_(column >= text, column < _end_of(text))


def values(column: InstrumentedAttribute[Any], *within: ColumnElement[bool], most: int) -> Select[Any]:
    """The first distinct values, in order, with a seek for each (PostgreSQL's wiki, "Loose indexscan")."""
    first = select(func.min(column).label("value"), literal(1).label("number")).where(*within)
    found = first.cte("found", recursive=True)
    following = select(func.min(column)).where(column > found.c.value, *within).scalar_subquery()
    further = select(following, found.c.number + 1).where(found.c.value.is_not(None), found.c.number < most)
    found = found.union_all(further)
    return select(found.c.value).where(found.c.value.is_not(None)).order_by(found.c.value)


def _end_of(text: str) -> str:
    """The first one after all that begin so."""
    return text[:-1] + chr(ord(text[-1]) + 1)
