"""Every table, and nothing else. Rows stay inside `store` and `desk`; what leaves is a frozen value.

Ids rise and are never reused. `queue_id` stands on everything that belongs to a ticket and follows it by composite
keys, so that rights can later be decided row by row. Message, RawMessage and Event carry no unique constraint beside
their key (they are meant to be partitioned by range of id); what must be unique lives in small tables.
"""

from datetime import date, datetime
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
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from helpdesk_tui.terms import (
    CallOutcome,
    CallState,
    Channel,
    DueKind,
    ImportState,
    MessageKind,
    OutboxState,
    Party,
    Role,
    Status,
)

BigId = BigInteger().with_variant(Integer, "sqlite")
_NEVER_REUSED = {"sqlite_autoincrement": True}
#: The first id of a kept mail. Messages stay below it, so that either is named by one number.
FIRST_KEPT = 1_000_000_000


def _id(first: int | None = None) -> Any:
    return Field(default=None, sa_column=Column(BigId, Identity(start=first), primary_key=True))


def _ref(table: str, *, index: bool = False) -> Any:
    return Field(default=None, foreign_key=f"{table}.id", sa_type=BigId, index=index)


def _text(default: str = "") -> Any:
    return Field(default=default, sa_type=Text)


def _json(default: Any = list) -> Any:
    return Field(default_factory=default, sa_type=JSON)


def _one_of(column: str, words: Any) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(w)) for w in words)})", name=f"{column}_known")


def _with_ticket() -> ForeignKeyConstraint:
    """The ticket, and its queue: moving the ticket moves the row."""
    return ForeignKeyConstraint(["ticket_id", "queue_id"], ["ticket.id", "ticket.queue_id"], onupdate="CASCADE")


def _by_work(party: str, dialect: str) -> Index:
    """The order of work: who waits for nobody comes last, which SQLite does unasked and lets no index say."""
    first = (text("priority DESC"), text(party), "waiting_since", "id")
    return Index("ticket_by_work", *first, "status", "queue_id", "assignee_id").ddl_if(dialect=dialect)


def _named(column: str) -> Index:
    """The few tickets that name another: whoever removes that one looks for them."""
    is_there = text(f"{column} IS NOT NULL")
    return Index(f"ticket_{column}", column, sqlite_where=is_there, postgresql_where=is_there)


class Queue(SQLModel, table=True):
    """A bucket of work with its own addresses."""

    __table_args__ = (_NEVER_REUSED,)
    id: int = _id()
    name: str = Field(unique=True, sa_type=Text)
    display_name: str = _text()
    is_confidential: bool = False


class QueueAddress(SQLModel, table=True):
    """An address of a queue, case-folded; `position` 0 is the one it answers from."""

    __tablename__ = "queue_address"
    address: str = Field(primary_key=True, sa_type=Text)
    queue_id: int = _ref("queue", index=True)
    position: int = 0


class Agent(SQLModel, table=True):
    """A person who answers."""

    __table_args__ = (_one_of("role", (Role.AGENT, Role.LEAD, Role.ADMIN)), _NEVER_REUSED)
    id: int = _id()
    login: str = Field(unique=True, sa_type=Text)
    name: str = _text()
    email: str = _text()
    role: str = _text(Role.AGENT)
    is_active: bool = True
    away_until: datetime | None = None
    #: So many tickets that wait for us are a full load.
    capacity: int = 20


class QueueMember(SQLModel, table=True):
    """An agent who belongs to a queue, and so sees what lies in it."""

    __tablename__ = "queue_member"
    queue_id: int = Field(primary_key=True, foreign_key="queue.id", sa_type=BigId)
    agent_id: int = Field(primary_key=True, foreign_key="agent.id", sa_type=BigId, index=True)


class Setting(SQLModel, table=True):
    """What holds for everybody who uses this store, such as whose figures may be seen."""

    name: str = Field(primary_key=True, sa_type=Text)
    value: str = _text()


class Team(SQLModel, table=True):
    """A set of agents."""

    __table_args__ = (_NEVER_REUSED,)
    id: int = _id()
    name: str = Field(unique=True, sa_type=Text)


class TeamMember(SQLModel, table=True):
    """An agent of a team."""

    __tablename__ = "team_member"
    team_id: int = Field(primary_key=True, foreign_key="team.id", sa_type=BigId)
    agent_id: int = Field(primary_key=True, foreign_key="agent.id", sa_type=BigId)


class Category(SQLModel, table=True):
    """What a ticket is about."""

    __table_args__ = (_NEVER_REUSED,)
    id: int = _id()
    name: str = Field(unique=True, sa_type=Text)


class Tag(SQLModel, table=True):
    """A word put on tickets."""

    __table_args__ = (_NEVER_REUSED,)
    id: int = _id()
    name: str = Field(unique=True, sa_type=Text)


class Organization(SQLModel, table=True):
    """A customer's company."""

    __table_args__ = (_NEVER_REUSED,)
    id: int = _id()
    name: str = Field(index=True, sa_type=Text)


class Customer(SQLModel, table=True):
    """A person outside."""

    __table_args__ = (_NEVER_REUSED,)
    id: int = _id()
    name: str = _text()
    #: Name and addresses folded as `rules.words.fold` does, for finding by a few characters.
    search_key: str = Field(default="", sa_type=Text, index=True)
    organization_id: int | None = _ref("organization")
    created_at: datetime


class CustomerAddress(SQLModel, table=True):
    """An e-mail address, case-folded; belongs to one customer."""

    __tablename__ = "customer_address"
    address: str = Field(primary_key=True, sa_type=Text)
    customer_id: int = _ref("customer", index=True)
    position: int = 0


class CustomerPhone(SQLModel, table=True):
    """A phone number as written, and its digits for finding it in any format."""

    __tablename__ = "customer_phone"
    __table_args__ = (_NEVER_REUSED,)
    id: int = _id()
    customer_id: int = _ref("customer", index=True)
    number: str = _text()
    digits: str = Field(default="", sa_type=Text, index=True)


class FieldDefinition(SQLModel, table=True):
    """A named field of customers or tickets, such as contract or device."""

    __tablename__ = "field_definition"
    __table_args__ = (
        UniqueConstraint("subject", "name"),
        CheckConstraint("subject IN ('customer', 'ticket')", name="subject_known"),
        CheckConstraint("kind IN ('text', 'number', 'date', 'choice')", name="kind_known"),
        _NEVER_REUSED,
    )
    id: int = _id()
    subject: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    kind: str = _text("text")
    choices: list[str] = _json()


class CustomerField(SQLModel, table=True):
    """The value of a named field on a customer."""

    __tablename__ = "customer_field"
    definition_id: int = Field(primary_key=True, foreign_key="field_definition.id", sa_type=BigId)
    customer_id: int = Field(primary_key=True, foreign_key="customer.id", sa_type=BigId)
    value: str = _text()


class TicketField(SQLModel, table=True):
    """The value of a named field on a ticket."""

    __tablename__ = "ticket_field"
    definition_id: int = Field(primary_key=True, foreign_key="field_definition.id", sa_type=BigId)
    ticket_id: int = Field(primary_key=True, foreign_key="ticket.id", sa_type=BigId)
    value: str = _text()


class TicketNumber(SQLModel, table=True):
    """Every number ever given out, so that none is given twice."""

    __tablename__ = "ticket_number"
    number: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})


class Ticket(SQLModel, table=True):
    """One matter of one customer. `priority` is a rank, 0 low to 3 urgent."""

    __table_args__ = (
        UniqueConstraint("id", "queue_id"),
        _one_of("status", Status),
        _one_of("channel", Channel),
        _one_of("due_kind", DueKind),
        _one_of("waiting_for", Party),
        CheckConstraint("priority BETWEEN 0 AND 3", name="priority_known"),
        _by_work("waiting_for DESC NULLS LAST", "postgresql"),
        _by_work("waiting_for DESC", "sqlite"),
        Index("ticket_by_update", text("updated_at DESC"), text("id DESC"), "status", "queue_id", "assignee_id"),
        Index("ticket_by_assignee", "assignee_id", "status"),
        Index("ticket_by_status", "status", "queue_id", "assignee_id"),
        Index("ticket_by_due", "due_at", "status"),
        _named("merged_into"),
        _named("split_from"),
        _named("linked_to"),
        _NEVER_REUSED,
    )
    id: int = _id()
    number: int = Field(unique=True, sa_type=BigInteger)
    queue_id: int = _ref("queue")
    requester_id: int = _ref("customer", index=True)
    subject: str = _text()
    summary: str | None = Field(default=None, sa_type=Text)
    status: str = _text(Status.NEW)
    priority: int = 1
    channel: str = _text(Channel.EMAIL)
    category_id: int | None = _ref("category")
    assignee_id: int | None = _ref("agent")
    team_id: int | None = _ref("team")
    due_at: datetime | None = None
    due_kind: str | None = Field(default=None, sa_type=Text)
    waiting_for: str | None = Field(default=None, sa_type=Text)
    waiting_since: datetime
    snoozed_until: datetime | None = None
    merged_into: int | None = _ref("ticket")
    split_from: int | None = _ref("ticket")
    linked_to: int | None = _ref("ticket")
    is_spam: bool = False
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

    __table_args__ = (_with_ticket(), _one_of("kind", MessageKind), _NEVER_REUSED)
    id: int = _id()
    ticket_id: int = Field(sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    kind: str = _text(MessageKind.INBOUND)
    is_automatic: bool = False
    is_withdrawn: bool = False
    agent_id: int | None = _ref("agent")
    from_name: str = _text()
    from_address: str = _text()
    to: list[list[str]] = _json()
    cc: list[list[str]] = _json()
    subject: str = _text()
    text: str = _text()
    quoted: str = _text()
    #: What a reader should know: what was cut, what could not be checked.
    remarks: list[str] = _json()
    message_id: str = Field(default="", sa_type=Text, index=True)
    references: list[str] = _json()
    sent_at: datetime | None = None
    received_at: datetime
    raw_id: int | None = Field(default=None, sa_type=BigId)


class Attachment(SQLModel, table=True):
    """A file of a message; its content lives in Content."""

    __table_args__ = (_with_ticket(), _NEVER_REUSED)
    id: int = _id()
    message_id: int = _ref("message", index=True)
    ticket_id: int = Field(sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    name: str = _text()
    content_type: str = _text()
    size: int = Field(default=0, sa_type=BigInteger)
    sha256: str = Field(default="", sa_type=Text, index=True)


class Content(SQLModel, table=True):
    """Bytes stored once by their SHA-256 (hex): the first MiB here, the rest in ContentChunk."""

    sha256: str = Field(primary_key=True, sa_type=Text)
    size: int = Field(sa_type=BigInteger)
    body: bytes = Field(sa_type=LargeBinary)


class ContentChunk(SQLModel, table=True):
    """The MiB number `seq` (from 1) of a content."""

    __tablename__ = "content_chunk"
    sha256: str = Field(primary_key=True, foreign_key="content.sha256", sa_type=Text)
    seq: int = Field(primary_key=True)
    body: bytes = Field(sa_type=LargeBinary)


class RawMessage(SQLModel, table=True):
    """One mail as received or sent, byte for byte (in Content), and where it ended up, and why."""

    __tablename__ = "raw_message"
    __table_args__ = (_with_ticket(), Index("raw_message_unfiled", "disposition"), _NEVER_REUSED)
    id: int = _id(FIRST_KEPT)
    queue_id: int = _ref("queue")
    ticket_id: int | None = Field(default=None, sa_type=BigId, index=True)
    message_id: int | None = Field(default=None, sa_type=BigId, index=True)
    mailbox: str = _text()
    sha256: str = Field(default="", sa_type=Text, index=True)
    received_at: datetime
    #: None until the mail is filed; `outgoing` for our own.
    disposition: str | None = Field(default=None, sa_type=Text)
    linked_ticket_id: int | None = Field(default=None, sa_type=BigId)
    why_row: int | None = None
    why_reason: str = _text()
    #: It goes to `queue_id` whatever addresses it names.
    is_queue_chosen: bool = False


class MailSeen(SQLModel, table=True):
    """Every message ever seen in a mailbox, and its fate: `stored` until filed, then its disposition."""

    __tablename__ = "mail_seen"
    __table_args__ = (
        UniqueConstraint("mailbox", "uidvalidity", "uid"),
        Index(
            "mail_seen_once",
            "mailbox",
            "sha256",
            unique=True,
            sqlite_where=text("fate != 'duplicate'"),
            postgresql_where=text("fate != 'duplicate'"),
        ),
        _NEVER_REUSED,
    )
    id: int = _id()
    mailbox: str = _text()
    uidvalidity: int = Field(default=0, sa_type=BigInteger)
    uid: int | None = Field(default=None, sa_type=BigInteger)
    sha256: str = _text()
    fate: str = _text("stored")
    #: The server was told (flagged or moved) after the mail was filed.
    is_done: bool = False
    raw_id: int = _ref("raw_message", index=True)


class MailQuarantine(SQLModel, table=True):
    """A mail of which neither sender nor text could be read."""

    __tablename__ = "mail_quarantine"
    __table_args__ = (_with_ticket(), _NEVER_REUSED)
    id: int = _id()
    queue_id: int = _ref("queue")
    ticket_id: int | None = Field(default=None, sa_type=BigId, index=True)
    raw_id: int = _ref("raw_message", index=True)
    reason: str = _text()
    at: datetime
    resolved_at: datetime | None = None


class OwnToken(SQLModel, table=True):
    """The 128 random bits in a Message-ID of ours: whoever knows them has seen that mail."""

    __tablename__ = "own_token"
    __table_args__ = (_with_ticket(),)
    token: str = Field(primary_key=True, sa_type=Text)
    ticket_id: int = Field(sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    message_id: int = _ref("message", index=True)
    created_at: datetime


class Outbox(SQLModel, table=True):
    """A mail to be sent, and how far it has come."""

    __table_args__ = (
        _with_ticket(),
        _one_of("state", OutboxState),
        Index("outbox_due", "state", "due_at"),
        _NEVER_REUSED,
    )
    id: int = _id()
    ticket_id: int = Field(sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    message_id: int = _ref("message", index=True)
    state: str = _text(OutboxState.QUEUED)
    header_message_id: str = _text()
    tries: int = 0
    due_at: datetime
    #: The mail server's own words about the last attempt, cleaned.
    words: str = _text()
    updated_at: datetime


class Draft(SQLModel, table=True):
    """A text that is being written; `ticket_id` is None for a new request."""

    __table_args__ = (_with_ticket(), Index("draft_of", "agent_id", "ticket_id", "kind", unique=True), _NEVER_REUSED)
    id: int = _id()
    ticket_id: int | None = Field(default=None, sa_type=BigId, index=True)
    queue_id: int | None = Field(default=None, sa_type=BigId)
    agent_id: int = _ref("agent")
    kind: str = _text("reply")
    fields: dict[str, Any] = _json(dict)
    text: str = _text()
    updated_at: datetime


class Batch(SQLModel, table=True):
    """One action of one actor: what undo takes back. The caller makes the id, so that a repeated call is known."""

    __table_args__ = (Index("batch_of", "actor_id", "at"),)
    id: str = Field(primary_key=True, sa_type=Text)
    actor_id: int | None = _ref("agent")
    verb: str = _text()
    at: datetime
    outcome: dict[str, Any] = _json(dict)
    undoes: str | None = Field(default=None, sa_type=Text)
    undone_by: str | None = Field(default=None, sa_type=Text)


class Event(SQLModel, table=True):
    """The append-only record of one verb on one ticket; `changes` maps a field to [before, after].

    It follows its ticket's queue by a trigger and not by a key: it stays where an import is taken back as a whole.
    """

    __table_args__ = (_NEVER_REUSED,)
    id: int = _id()
    #: The database's own transaction id (PostgreSQL), by which the feed knows what it has not shown yet.
    xid: int | None = Field(
        default=None, sa_column=Column(BigInteger, nullable=False, server_default=text("0"), index=True)
    )
    ticket_id: int = Field(sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    batch_id: str = Field(foreign_key="batch.id", sa_type=Text, index=True)
    actor_id: int | None = _ref("agent")
    verb: str = _text()
    at: datetime
    changes: dict[str, Any] = _json(dict)


class Timer(SQLModel, table=True):
    """Something that falls due; run once by `desk.run_due`."""

    __table_args__ = (_with_ticket(), Index("timer_due", "done_at", "due_at"), _NEVER_REUSED)
    id: int = _id()
    kind: str = _text()
    ticket_id: int = Field(sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    due_at: datetime
    done_at: datetime | None = None


class View(SQLModel, table=True):
    """A saved query under a key; `agent_id` None is everybody's."""

    __table_args__ = (_NEVER_REUSED,)
    id: int = _id()
    agent_id: int | None = _ref("agent")
    name: str = _text()
    query: str = _text()
    position: int = 0


class Lease(SQLModel, table=True):
    """Tells people who is doing a lonely job (polling, timers); the lock itself is elsewhere."""

    name: str = Field(primary_key=True, sa_type=Text)
    holder: str = _text()
    since: datetime
    #: Last sign of life.
    at: datetime
    #: What it said last: `ok`, or an error's words.
    words: str = _text()


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
    __table_args__ = (_one_of("state", ImportState),)
    id: str = Field(primary_key=True, sa_type=Text)
    agent_id: int | None = _ref("agent")
    format: str = _text()
    source: str = _text()
    #: What the other system is called; names are unique within it.
    system: str = _text()
    options: dict[str, Any] = _json(dict)
    state: str = _text(ImportState.RUNNING)
    #: Where to go on, as the format counts.
    position: dict[str, Any] = _json(dict)
    tickets: int = 0
    messages: int = 0
    rejected: int = 0
    started_at: datetime
    updated_at: datetime


class ImportReject(SQLModel, table=True):
    """Something that an import could not take in: where it stands, and why."""

    __tablename__ = "import_reject"
    __table_args__ = (_NEVER_REUSED,)
    id: int = _id()
    import_id: str = Field(foreign_key="import_run.id", sa_type=Text, index=True)
    place: str = _text()
    reason: str = _text()


class CallbackPlan(SQLModel, table=True):
    """When a team calls back: the length of a slot, the weekly pattern, and how many calls at a time."""

    __tablename__ = "callback_plan"
    __table_args__ = (
        CheckConstraint("slot_minutes BETWEEN 5 AND 480", name="slot_minutes_known"),
        CheckConstraint("capacity BETWEEN 0 AND 1000", name="capacity_known"),
    )
    team_id: int = Field(primary_key=True, foreign_key="team.id", sa_type=BigId)
    slot_minutes: int = 15
    #: As `rules.calendar` reads them, in `zone` (an IANA name).
    hours: str = _text()
    zone: str = _text()
    capacity: int = 1
    horizon_days: int = 30
    notice_minutes: int = 30
    #: So often a customer who does not answer is tried.
    attempts: int = 3


class CallbackException(SQLModel, table=True):
    """A date on which a team calls at other hours, or with other people; None is as the pattern says, "" is closed."""

    __tablename__ = "callback_exception"
    __table_args__ = (CheckConstraint("capacity BETWEEN 0 AND 1000", name="capacity_known"),)
    team_id: int = Field(primary_key=True, foreign_key="team.id", sa_type=BigId)
    day: date = Field(primary_key=True)
    hours: str | None = Field(default=None, sa_type=Text)
    capacity: int | None = None


class CallbackSlot(SQLModel, table=True):
    """A stretch of time in which somebody has booked a call, or had. The database counts `taken`, and refuses more."""

    __tablename__ = "callback_slot"
    __table_args__ = (UniqueConstraint("team_id", "start_at", "end_at"), _NEVER_REUSED)
    id: int = _id()
    team_id: int = _ref("team")
    start_at: datetime
    end_at: datetime
    capacity: int = 0
    taken: int = 0


class CallbackRequest(SQLModel, table=True):
    """A customer's wish to be called; it ends when they were reached, or nobody shall call any more."""

    __tablename__ = "callback_request"
    __table_args__ = (
        _with_ticket(),
        _one_of("state", CallState),
        Index(
            "callback_request_open",
            "ticket_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        _NEVER_REUSED,
    )
    id: int = _id()
    ticket_id: int = Field(sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    team_id: int = _ref("team")
    #: Who calls; None is whoever of the team is free.
    agent_id: int | None = _ref("agent", index=True)
    #: Where to call (E.164), and the time zone of that number, "" where that is not one.
    number: str = _text()
    zone: str = _text()
    asked: str = _text()
    state: str = _text(CallState.OPEN)
    #: The entry in the customer's calendar, and how often it was changed (RFC 5545 §3.8.4.7, §3.8.7.4).
    uid: str = _text()
    sequence: int = 0
    created_at: datetime


class CallbackBooking(SQLModel, table=True):
    """A call in a slot. `holds`: it takes a place; not where it was moved or cancelled. `attempt` counts from 1."""

    __tablename__ = "callback_booking"
    __table_args__ = (
        _with_ticket(),
        _one_of("outcome", CallOutcome),
        Index(
            "callback_booking_pending",
            "request_id",
            unique=True,
            sqlite_where=text("holds AND outcome IS NULL"),
            postgresql_where=text("holds AND outcome IS NULL"),
        ),
        _NEVER_REUSED,
    )
    id: int = _id()
    request_id: int = _ref("callback_request", index=True)
    ticket_id: int = Field(sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    slot_id: int = _ref("callback_slot", index=True)
    attempt: int = 1
    holds: bool = True
    outcome: str | None = Field(default=None, sa_type=Text)
    made_at: datetime


class TicketWords(SQLModel, table=True):
    """The search document of a ticket: words as `rules.words` cuts them. `cost` is what they weigh in the index."""

    __tablename__ = "ticket_words"
    __table_args__ = (_with_ticket(),)
    ticket_id: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    queue_id: int = Field(sa_type=BigId)
    words: str = _text()
    cost: int = 0
