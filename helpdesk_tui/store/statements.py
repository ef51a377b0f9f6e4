"""Plain INSERTs, beside the session's own bookkeeping: for rows that are written once and not edited."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Executable, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

Row = Mapping[str, Any]
_KEY = "of_id"


def add_row(session: Session, table: type[SQLModel], row: Row) -> int:
    """Insert a row of a table whose key is `id`; returns its id."""
    return int(session.connection().execute(_insert_for_id(table), row).scalar_one())


def add_rows_for_ids(session: Session, table: type[SQLModel], rows: Sequence[Row]) -> list[int]:
    """Insert rows of a table whose key is `id`; returns their ids in the same order."""
    if not rows:
        return []
    return list(session.connection().execute(_insert_for_ids(table), list(rows)).scalars())


def add_rows(session: Session, table: type[SQLModel], rows: Sequence[Row]) -> None:
    """Insert rows; an empty list inserts nothing."""
    if rows:
        session.connection().execute(_insert(table), list(rows))


def add_rows_unless_there(session: Session, table: type[SQLModel], rows: Sequence[Row]) -> None:
    """Insert rows, without those of which one with the same unique key is there."""
    if rows:
        session.connection().execute(_insert_unless_there(table, is_postgres(session)), list(rows))


def add_unless_there(session: Session, table: type[SQLModel], row: Row) -> bool:
    """Insert a row unless one with the same unique key is there; True where it was added."""
    result = session.connection().execute(_insert_unless_there(table, is_postgres(session)), row)
    return bool(result.rowcount)


def change_rows(session: Session, table: type[SQLModel], rows: Iterable[tuple[int, Row]]) -> None:
    """Write columns, the same ones, of the rows with these ids."""
    if values := [{**row, _KEY: row_id} for row_id, row in rows]:
        session.connection().execute(_update(table), values)


def is_among(session: Session, value: Any, wanted: Iterable[int]) -> ColumnElement[bool]:
    """The condition that a number is among these, however many: both databases limit how many values a statement has."""
    numbers = list(wanted)
    found: ColumnElement[bool]
    if len(numbers) == 1:
        found = value == numbers[0]
    elif is_postgres(session):
        found = value == func.any(bindparam(None, numbers, ARRAY(BigInteger)))
    else:
        listed = func.json_each(json.dumps(numbers)).table_valued("value")
        found = value.in_(select(listed.c.value))
    return found


def is_postgres(session: Session) -> bool:
    """True where the session speaks to PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


@cache
def _insert(table: type[SQLModel]) -> Executable:
    return insert(_table(table))


@cache
def _insert_for_id(table: type[SQLModel]) -> Executable:
    own = _table(table)
    statement: Executable = insert(own).returning(own.c.id)
    return statement


@cache
def _insert_for_ids(table: type[SQLModel]) -> Executable:
    own = _table(table)
    statement: Executable = insert(own).returning(own.c.id, sort_by_parameter_order=True)
    return statement


@cache
def _update(table: type[SQLModel]) -> Executable:
    own = _table(table)
    return update(own).where(own.c.id == bindparam(_KEY))


@cache
def _insert_unless_there(table: type[SQLModel], is_on_postgres: bool) -> Executable:
    dialect = postgresql if is_on_postgres else sqlite
    statement: Executable = dialect.insert(_table(table)).on_conflict_do_nothing()
    return statement.execution_options(preserve_rowcount=True)


def _table(table: type[SQLModel]) -> Any:
    return table.__table__  # type: ignore[attr-defined]
