"""Prepared texts and steps: what is said and done again and again."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from helpdesk_tui.store.tables.columns import NEVER_REUSED, json_column, own_id, ref, text_column


class CannedReply(SQLModel, table=True):
    """A text with places to be filled in; `agent_id` None is everybody's, `queue_id` None is for every queue."""

    __tablename__ = "canned_reply"
    __table_args__ = (Index("canned_reply_named", "agent_id", "folder", "name"), NEVER_REUSED)
    id: int = own_id()
    agent_id: int | None = ref("agent")
    queue_id: int | None = ref("queue")
    folder: str = text_column()
    name: str = Field(sa_type=Text)
    language: str = text_column()
    text: str = text_column()
    #: How often it went out, whoever sent it.
    uses: int = 0
    updated_at: datetime


class Macro(SQLModel, table=True):
    """Several verbs under one name, and perhaps one of the digits; each step is a line as `rules.macros` reads it."""

    __table_args__ = (Index("macro_named", "agent_id", "name"), NEVER_REUSED)
    id: int = own_id()
    agent_id: int | None = ref("agent")
    queue_id: int | None = ref("queue")
    name: str = Field(sa_type=Text)
    digit: str = text_column()
    steps: list[str] = json_column()
    uses: int = 0
    updated_at: datetime
