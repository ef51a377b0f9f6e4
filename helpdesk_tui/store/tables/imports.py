"""What came from other systems, and what it was called there."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Text
from sqlmodel import Field, SQLModel

from helpdesk_tui.store.tables.columns import NEVER_REUSED, json_column, one_of, own_id, ref, text_column
from helpdesk_tui.terms import ImportState

#: The type of an `external_ref` that is what another system called a ticket.
NUMBER_THERE = "number"


class ExternalRef(SQLModel, table=True):
    """What another system called a thing of ours."""

    __tablename__ = "external_ref"
    system: str = Field(primary_key=True, sa_type=Text)
    type: str = Field(primary_key=True, sa_type=Text)
    external_id: str = Field(primary_key=True, sa_type=Text)
    own_id: int = Field(sa_type=BigInteger, index=True)
    #: The import that made the thing; None where it only found it.
    import_id: str | None = Field(default=None, foreign_key="import_run.id", sa_type=Text, index=True)


class ImportRun(SQLModel, table=True):
    """One import: where it reads from, how far it has come, and what came of it. `id` is that of its batch."""

    __tablename__ = "import_run"
    __table_args__ = (one_of("state", ImportState),)
    id: str = Field(primary_key=True, sa_type=Text)
    agent_id: int | None = ref("agent")
    format: str = text_column()
    source: str = text_column()
    #: What the other system is called; names are unique within it.
    system: str = text_column()
    options: dict[str, Any] = json_column(dict)
    state: str = text_column(ImportState.RUNNING)
    #: Where to go on, as the format counts.
    position: dict[str, Any] = json_column(dict)
    tickets: int = 0
    messages: int = 0
    rejected: int = 0
    started_at: datetime
    updated_at: datetime


class ImportReject(SQLModel, table=True):
    """Something that an import could not take in: where it stands, and why."""

    __tablename__ = "import_reject"
    __table_args__ = (NEVER_REUSED,)
    id: int = own_id()
    import_id: str = Field(foreign_key="import_run.id", sa_type=Text, index=True)
    place: str = text_column()
    reason: str = text_column()
