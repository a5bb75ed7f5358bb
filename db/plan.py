"""A query compiled once, with the conversions its columns need.

Executing through SQLAlchemy costs four trips to the driver's thread and several times the query
itself; this is one trip.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

Convert = Callable[[Any], Any] | None


class Plan:
    """SQL with positional parameters, and rows as named tuples."""

    def __init__(self, query: sa.Select[Any], compiled: SQLCompiler) -> None:
        dialect = compiled.dialect
        columns = query.selected_columns
        self.sql = str(compiled)
        self._fixed = compiled.params
        self._binds = [
            (name, _impl(compiled.binds[name].type, dialect).bind_processor(dialect))
            for name in compiled.positiontup or ()
        ]
        self._converts: list[Convert] = [
            _impl(column.type, dialect).result_processor(dialect, None) for column in columns
        ]
        self._row: Callable[..., Any] = namedtuple("Row", columns.keys())  # type: ignore[misc]

    @classmethod
    def of(cls, query: sa.Select[Any], dialect: Dialect) -> "Plan | None":
        """A plan, or None if the query's text depends on a list it is given."""
        compiled = query.compile(dialect=dialect)
        if not isinstance(compiled, SQLCompiler):
            raise TypeError(f"not a query: {query}")
        if any(bind.expanding for bind in compiled.binds.values()):
            return None
        return cls(query, compiled)

    def bind(self, values: dict[str, object]) -> list[object]:
        """The parameters in the order of the SQL."""
        merged = {**self._fixed, **values}
        return [convert(merged[name]) if convert else merged[name] for name, convert in self._binds]

    def rows(self, raw: Iterable[Sequence[Any]]) -> list[Any]:
        """Rows as the columns' types say."""
        return [
            self._row(
                *(
                    convert(value) if convert else value
                    for convert, value in zip(self._converts, row, strict=True)
                )
            )
            for row in raw
        ]


def _impl(kind: sa.types.TypeEngine[Any], dialect: Dialect) -> sa.types.TypeEngine[Any]:
    return kind.dialect_impl(dialect)
