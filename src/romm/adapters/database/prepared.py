"""A SELECT by key, as the driver takes it: SQLAlchemy's execution takes several times as long as the database."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select
from sqlalchemy.engine import Dialect

Rows = list[list[Any]]


class Prepared:
    """Compiled once, with the conversions of its columns' types. Its parameters are plain texts and numbers."""

    def __init__(self, statement: Select[Any], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self._names: Sequence[str] = compiled.positiontup or ()
        implemented = (each.type.dialect_impl(dialect) for each in statement.selected_columns)
        converted = enumerate(each.result_processor(dialect, None) for each in implemented)
        self._converted = [(place, convert) for place, convert in converted if convert is not None]

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        return [parameters[name] for name in self._names]

    def rows(self, found: Sequence[Sequence[Any]]) -> Rows:
        rows = [list(each) for each in found]
        for row in rows:
            for place, convert in self._converted:
                row[place] = convert(row[place])
        return rows
