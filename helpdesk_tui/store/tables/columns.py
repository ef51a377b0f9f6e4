"""The kinds of columns, constraints and indexes that tables share."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Text,
    text,
)
from sqlmodel import Field

#: Ids of 64 bits; SQLite numbers rows by itself where they are called INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")
#: The id of a row that was removed is given to no other.
NEVER_REUSED = {"sqlite_autoincrement": True}


def own_id(first: int | None = None) -> Any:
    """A row's own id, which rises; `first` is the lowest."""
    return Field(default=None, sa_column=Column(BigId, Identity(start=first), primary_key=True))


def ref(table: str, *, index: bool = False) -> Any:
    """The id of a row of another table."""
    return Field(default=None, foreign_key=f"{table}.id", sa_type=BigId, index=index)


def text_column(default: str = "") -> Any:
    """A text of any length."""
    return Field(default=default, sa_type=Text)


def json_column(default: Any = list) -> Any:
    """A list, or what `default` makes."""
    return Field(default_factory=default, sa_type=JSON)


def one_of(column: str, words: Any) -> CheckConstraint:
    """The column holds one of these words."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(w)) for w in words)})", name=f"{column}_known")


def with_ticket() -> ForeignKeyConstraint:
    """The ticket, and its queue: moving the ticket moves the row."""
    return ForeignKeyConstraint(["ticket_id", "queue_id"], ["ticket.id", "ticket.queue_id"], onupdate="CASCADE")


def by_work(party: str, dialect: str) -> Index:
    """The order of work: who waits for nobody comes last, which SQLite does unasked and lets no index say."""
    first = (text("priority DESC"), text(party), "waiting_since", "id")
    return Index("ticket_by_work", *first, "status", "queue_id", "assignee_id").ddl_if(dialect=dialect)


def named(column: str) -> Index:
    """The few tickets that name another: whoever removes that one looks for them."""
    is_there = text(f"{column} IS NOT NULL")
    return Index(f"ticket_{column}", column, sqlite_where=is_there, postgresql_where=is_there)
