"""What all tables share: the metadata they stand in, keys that count, partial indexes."""

from collections.abc import Iterable

import sqlalchemy as sa

metadata = sa.MetaData()

Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""Only INTEGER counts by itself on SQLite, where it has 64 bits anyway."""


def listed(column: str, values: Iterable[str]) -> sa.TextClause:
    """`column IN (...)`, for the condition of an index."""
    names = ", ".join(f"'{value}'" for value in sorted(values))
    return sa.text(f"{column} IN ({names})")


def partial(
    name: str, *columns: str | sa.TextClause, where: sa.TextClause, unique: bool = False
) -> sa.Index:
    """An index over the rows of a condition."""
    return sa.Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)
