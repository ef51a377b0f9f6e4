"""Ids for many rows at once, and ids by names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from helpdesk_tui.store.statements import is_postgres


def take_ids(session: Session, table: str, count: int) -> Iterator[int]:
    """The next ids of a table; on SQLite the writer is alone, on PostgreSQL the sequence gives them away."""
    if count == 0:
        return iter(())
    if is_postgres(session):
        sequence = "SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)"
        return iter(session.execute(text(sequence), {"table": f'"{table}"', "count": count}).scalars().all())
    last = session.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :table"), {"table": table}).scalar()
    start = (last or 0) + 1
    return iter(range(start, start + count))


def ids_of_names(
    session: Session, id_column: Any, name_column: Any, names: Iterable[str] | None = None
) -> dict[str, int]:
    """The ids of the rows of a table by name, of the first where several have it; `names` None means all."""
    found = select(id_column, name_column).order_by(id_column.desc())
    if names is not None:
        found = found.where(name_column.in_(list(names)))
    return {name: id for id, name in session.execute(found)}
