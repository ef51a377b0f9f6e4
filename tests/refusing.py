"""A database that will not have certain rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.build import Place, sql


@contextmanager
def refusing(place: Place, table: str, column: str, word: str, code: str = "23514") -> Iterator[None]:
    """For the length of the block the database takes no such row in which this column has the word.

    Args:
        code: what PostgreSQL says, as SQLSTATE.
    """
    owner = place.store()
    if place.is_postgres:
        sql(
            owner,
            "CREATE FUNCTION refuse_rows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF NEW.{column} LIKE '%{word}%' THEN RAISE EXCEPTION 'not that' USING ERRCODE = '{code}'; END IF;"
            " RETURN NEW; END $$",
        )
        act = "FOR EACH ROW EXECUTE FUNCTION refuse_rows()"
    else:
        act = f"WHEN NEW.{column} LIKE '%{word}%' BEGIN SELECT RAISE(ABORT, 'not that'); END"
    sql(owner, f"CREATE TRIGGER a_refusal BEFORE INSERT ON {table} {act}")
    try:
        yield
    finally:
        if place.is_postgres:
            sql(owner, "DROP FUNCTION refuse_rows CASCADE")
        else:
            sql(owner, "DROP TRIGGER a_refusal")
