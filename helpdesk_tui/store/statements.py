"""Plain INSERTs, beside the session's own bookkeeping: for rows that are written once and not edited."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, bindparam, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

Row = Mapping[str, Any]


def add_row(session: Session, table: type[SQLModel], row: Row) -> int:
    """Insert a row of a table whose key is `id`; returns its id."""
    own = _table(table)
    return int(session.execute(insert(own).returning(own.c.id), row).scalar_one())


def add_rows(session: Session, table: type[SQLModel], rows: Sequence[Row]) -> None:
    """Insert rows; an empty list inserts nothing."""
    if rows:
        session.execute(insert(_table(table)), list(rows))


def add_rows_unless_there(session: Session, table: type[SQLModel], rows: Sequence[Row]) -> None:
    """Insert rows, without those of which one with the same unique key is there."""
    if rows:
        dialect = postgresql if is_postgres(session) else sqlite
        session.execute(dialect.insert(_table(table)).on_conflict_do_nothing(), list(rows))


def add_unless_there(session: Session, table: type[SQLModel], row: Row) -> bool:
    """Insert a row unless one with the same unique key is there; True where it was added."""
    dialect = postgresql if is_postgres(session) else sqlite
    statement = dialect.insert(_table(table)).on_conflict_do_nothing()
    result: Any = session.execute(statement.execution_options(preserve_rowcount=True), row)
    return bool(result.rowcount)


def is_among(session: Session, value: Any, wanted: Iterable[int]) -> ColumnElement[bool]:
    """The condition that a number is among these, however many: both databases limit how many values a statement has."""
    numbers = list(wanted)
    if is_postgres(session):
        found: ColumnElement[bool] = value == func.any(bindparam(None, numbers, ARRAY(BigInteger)))
    else:
        listed = func.json_each(json.dumps(numbers)).table_valued("value")
        found = value.in_(select(listed.c.value))
    return found


def is_postgres(session: Session) -> bool:
    """True where the session speaks to PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


def _table(table: type[SQLModel]) -> Any:
    return table.__table__  # type: ignore[attr-defined]
