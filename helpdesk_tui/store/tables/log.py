"""What was done, what is still to happen, and who is at it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Text, text
from sqlmodel import Field, SQLModel

from helpdesk_tui.store.tables.columns import NEVER_REUSED, BigId, json_column, own_id, ref, text_column, with_ticket


class Batch(SQLModel, table=True):
    """One action of one actor: what undo takes back. The caller makes the id, so that a repeated call is known."""

    __table_args__ = (Index("batch_of", "actor_id", "at"),)
    id: str = Field(primary_key=True, sa_type=Text)
    actor_id: int | None = ref("agent")
    verb: str = text_column()
    at: datetime
    outcome: dict[str, Any] = json_column(dict)
    undoes: str | None = Field(default=None, sa_type=Text)
    undone_by: str | None = Field(default=None, sa_type=Text)


class Event(SQLModel, table=True):
    """The append-only record of one verb on one ticket; `changes` maps a field to [before, after].

    It follows its ticket's queue by a trigger and not by a key: it stays where an import is taken back as a whole.
    """

    __table_args__ = (NEVER_REUSED,)
    id: int = own_id()
    #: The database's own transaction id (PostgreSQL), by which the feed knows what it has not shown yet.
    xid: int | None = Field(
        default=None, sa_column=Column(BigInteger, nullable=False, server_default=text("0"), index=True)
    )
    ticket_id: int = Field(sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    batch_id: str = Field(foreign_key="batch.id", sa_type=Text, index=True)
    actor_id: int | None = ref("agent")
    verb: str = text_column()
    at: datetime
    changes: dict[str, Any] = json_column(dict)


class Timer(SQLModel, table=True):
    """Something that falls due; run once by `desk.run_due`."""

    __table_args__ = (with_ticket(), Index("timer_due", "done_at", "due_at"), NEVER_REUSED)
    id: int = own_id()
    kind: str = text_column()
    ticket_id: int = Field(sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    due_at: datetime
    done_at: datetime | None = None
    #: What its kind needs to know.
    fields: dict[str, Any] = json_column(dict)


class Lease(SQLModel, table=True):
    """Tells people who is doing a lonely job (polling, timers); the lock itself is elsewhere."""

    name: str = Field(primary_key=True, sa_type=Text)
    holder: str = text_column()
    since: datetime
    #: Last sign of life.
    at: datetime
    #: What it said last: `ok`, or an error's words.
    words: str = text_column()
