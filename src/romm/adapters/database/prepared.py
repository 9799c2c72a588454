"""Statements without SQLAlchemy's execution, which takes several times as long as the database."""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Connection, Delete, Insert, Select, Update
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.type_api import TypeEngine

Rows = list[list[Any]]
Statement = Select[Any] | Insert | Update | Delete

MOST = 256
"""Statements, each for the names of its parameters. Only constants of modules: another one gives way to each new one."""


class Prepared:
    """Compiled once, with the conversions of its parameters and columns."""

    def __init__(self, statement: Statement, dialect: Dialect, names: Sequence[str] = ()) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=[*names] or None)
        if compiled.post_compile_params or compiled.literal_execute_params or compiled.prefetch:
            raise ValueError(f"only its parameters complete it: {compiled}")
        self.text = str(compiled)
        binds = compiled.binds
        self._of_its_own = {name: of for name, of in compiled.params.items() if not binds[name].required}
        self._places = [(each, _from_python(binds[each].type, dialect)) for each in compiled.positiontup or ()]
        columns = statement.selected_columns if isinstance(statement, Select) else ()
        converted = enumerate(_to_python(each.type, dialect) for each in columns)
        self._converted = [(place, convert) for place, convert in converted if convert is not None]

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        """Raises KeyError without one of them: it would count as NULL."""
        given = {**self._of_its_own, **parameters}
        return [given[name] if convert is None else convert(given[name]) for name, convert in self._places]

    def rows(self, found: Sequence[Sequence[Any]]) -> Rows:
        rows = [list(each) for each in found]
        for row in rows:
            for place, convert in self._converted:
                row[place] = convert(row[place])
        return rows


class Done(Protocol):
    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...


prepared = lru_cache(MOST)(Prepared)


def execute(connection: Connection, statement: Statement, parameters: Mapping[str, Any]) -> Done:
    """As `connection.execute`, for a module's constant that runs often; rows come unconverted."""
    if connection.dialect.driver != "pysqlite":
        return connection.execute(statement, parameters)
    driver: Any = connection.connection.driver_connection
    ready = prepared(statement, connection.dialect, tuple(parameters))
    try:
        cursor: sqlite3.Cursor = driver.execute(ready.text, ready.values(parameters))
    except sqlite3.Error as error:
        raise DBAPIError.instance(ready.text, None, error, sqlite3.Error, hide_parameters=True) from error
    return cursor


def _from_python(of: TypeEngine[Any], dialect: Dialect) -> Any:
    return of.dialect_impl(dialect).bind_processor(dialect)


def _to_python(of: TypeEngine[Any], dialect: Dialect) -> Any:
    return of.dialect_impl(dialect).result_processor(dialect, None)
