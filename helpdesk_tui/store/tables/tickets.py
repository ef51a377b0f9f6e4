"""Tickets, and what hangs on them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from helpdesk_tui.store.tables.columns import (
    NEVER_REUSED,
    BigId,
    by_work,
    json_column,
    named,
    one_of,
    own_id,
    ref,
    text_column,
    with_ticket,
)
from helpdesk_tui.terms import Channel, DueKind, LinkKind, MessageKind, NoticeKind, Party, Status


class Tag(SQLModel, table=True):
    """A word put on tickets."""

    __table_args__ = (NEVER_REUSED,)
    id: int = own_id()
    name: str = Field(unique=True, sa_type=Text)


class TicketField(SQLModel, table=True):
    """The value of a named field on a ticket."""

    __tablename__ = "ticket_field"
    definition_id: int = Field(primary_key=True, foreign_key="field_definition.id", sa_type=BigId)
    ticket_id: int = Field(primary_key=True, foreign_key="ticket.id", sa_type=BigId)
    value: str = text_column()


class TicketNumber(SQLModel, table=True):
    """Every number ever given out, so that none is given twice."""

    __tablename__ = "ticket_number"
    number: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})


class Ticket(SQLModel, table=True):
    """One matter of one customer. `priority` is a rank, 0 low to 3 urgent."""

    __table_args__ = (
        UniqueConstraint("id", "queue_id"),
        one_of("status", Status),
        one_of("channel", Channel),
        one_of("due_kind", DueKind),
        one_of("waiting_for", Party),
        CheckConstraint("priority BETWEEN 0 AND 3", name="priority_known"),
        by_work("waiting_for DESC NULLS LAST", "postgresql"),
        by_work("waiting_for DESC", "sqlite"),
        Index("ticket_by_update", text("updated_at DESC"), text("id DESC"), "status", "queue_id", "assignee_id"),
        Index("ticket_by_assignee", "assignee_id", "status"),
        Index("ticket_by_status", "status", "queue_id", "assignee_id"),
        Index("ticket_by_due", "due_at", "status"),
        named("merged_into"),
        named("split_from"),
        named("linked_to"),
        NEVER_REUSED,
    )
    id: int = own_id()
    number: int = Field(unique=True, sa_type=BigInteger)
    queue_id: int = ref("queue")
    requester_id: int = ref("customer", index=True)
    subject: str = text_column()
    summary: str | None = Field(default=None, sa_type=Text)
    status: str = text_column(Status.NEW)
    priority: int = 1
    channel: str = text_column(Channel.EMAIL)
    category_id: int | None = ref("category")
    assignee_id: int | None = ref("agent")
    team_id: int | None = ref("team")
    due_at: datetime | None = None
    due_kind: str | None = Field(default=None, sa_type=Text)
    waiting_for: str | None = Field(default=None, sa_type=Text)
    waiting_since: datetime
    snoozed_until: datetime | None = None
    merged_into: int | None = ref("ticket")
    split_from: int | None = ref("ticket")
    linked_to: int | None = ref("ticket")
    is_spam: bool = False
    #: What solved it, in a line.
    resolution: str | None = Field(default=None, sa_type=Text)
    #: Others are the same matter, and hang on it as children.
    is_incident: bool = False
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    version: int = 1


class TicketTag(SQLModel, table=True):
    """A tag on a ticket."""

    __tablename__ = "ticket_tag"
    ticket_id: int = Field(primary_key=True, foreign_key="ticket.id", sa_type=BigId)
    tag_id: int = Field(primary_key=True, foreign_key="tag.id", sa_type=BigId, index=True)


class Message(SQLModel, table=True):
    """One contribution to a ticket. `to` and `cc` are lists of [name, address]."""

    __table_args__ = (with_ticket(), one_of("kind", MessageKind), NEVER_REUSED)
    id: int = own_id()
    ticket_id: int = Field(sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    kind: str = text_column(MessageKind.INBOUND)
    is_automatic: bool = False
    is_withdrawn: bool = False
    agent_id: int | None = ref("agent")
    from_name: str = text_column()
    from_address: str = text_column()
    to: list[list[str]] = json_column()
    cc: list[list[str]] = json_column()
    #: Where answers to it are asked for, as `to`; nobody gets any unless an agent chooses it.
    reply_to: list[list[str]] = json_column()
    subject: str = text_column()
    text: str = text_column()
    quoted: str = text_column()
    #: What a reader should know: what was cut, what could not be checked.
    remarks: list[str] = json_column()
    message_id: str = Field(default="", sa_type=Text, index=True)
    references: list[str] = json_column()
    sent_at: datetime | None = None
    received_at: datetime
    raw_id: int | None = Field(default=None, sa_type=BigId)
    #: Of a call: `direction`, `number`, `started_at` and `ended_at` (UTC, ISO 8601).
    call: dict[str, Any] = json_column(dict)


class TicketLink(SQLModel, table=True):
    """That a ticket has to do with another one; `kind` says what the other one is to it."""

    __tablename__ = "ticket_link"
    __table_args__ = (with_ticket(), one_of("kind", LinkKind))
    ticket_id: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    queue_id: int = Field(sa_type=BigId)
    other_id: int = Field(primary_key=True, foreign_key="ticket.id", sa_type=BigId, index=True)
    kind: str = text_column(LinkKind.RELATED)


class Watcher(SQLModel, table=True):
    """An agent who is kept informed of a ticket."""

    __table_args__ = (with_ticket(),)
    ticket_id: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    queue_id: int = Field(sa_type=BigId)
    agent_id: int = Field(primary_key=True, foreign_key="agent.id", sa_type=BigId, index=True)


class Notice(SQLModel, table=True):
    """What an agent is to look at; it goes when they have, and nothing tells when that was."""

    __table_args__ = (
        with_ticket(),
        one_of("kind", NoticeKind),
    )
    agent_id: int = Field(primary_key=True, foreign_key="agent.id", sa_type=BigId)
    ticket_id: int = Field(primary_key=True, sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    kind: str = Field(primary_key=True, sa_type=Text)
    #: The message it is about, 0 where there is none, and who wrote it.
    message_id: int = Field(default=0, primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    by_id: int | None = ref("agent")
    at: datetime


class Attachment(SQLModel, table=True):
    """A file of a message; its content lives in Content."""

    __table_args__ = (with_ticket(), NEVER_REUSED)
    id: int = own_id()
    message_id: int = ref("message", index=True)
    ticket_id: int = Field(sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    name: str = text_column()
    content_type: str = text_column()
    size: int = Field(default=0, sa_type=BigInteger)
    sha256: str = Field(default="", sa_type=Text, index=True)


class Draft(SQLModel, table=True):
    """A text that is being written; `ticket_id` is None for a new request."""

    __table_args__ = (with_ticket(), Index("draft_of", "agent_id", "ticket_id", "kind", unique=True), NEVER_REUSED)
    id: int = own_id()
    ticket_id: int | None = Field(default=None, sa_type=BigId, index=True)
    queue_id: int | None = Field(default=None, sa_type=BigId)
    agent_id: int = ref("agent")
    kind: str = text_column("reply")
    fields: dict[str, Any] = json_column(dict)
    text: str = text_column()
    updated_at: datetime


class Presence(SQLModel, table=True):
    """Somebody who has a ticket open now; deleted when they leave it, and nothing where it is older than a minute."""

    __table_args__ = (with_ticket(),)
    agent_id: int = Field(primary_key=True, foreign_key="agent.id", sa_type=BigId)
    ticket_id: int = Field(primary_key=True, sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    at: datetime


class View(SQLModel, table=True):
    """A saved query under a key; `agent_id` None is everybody's."""

    __table_args__ = (NEVER_REUSED,)
    id: int = own_id()
    agent_id: int | None = ref("agent")
    name: str = text_column()
    query: str = text_column()
    position: int = 0


class TicketWords(SQLModel, table=True):
    """The search document of a ticket: words as `rules.words` cuts them. `cost` is what they weigh in the index."""

    __tablename__ = "ticket_words"
    __table_args__ = (with_ticket(),)
    ticket_id: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    queue_id: int = Field(sa_type=BigId)
    words: str = text_column()
    cost: int = 0
