"""Mail as it came and as it leaves, and the contents of all files."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from helpdesk_tui.store.tables.columns import (
    NEVER_REUSED,
    BigId,
    json_column,
    one_of,
    own_id,
    ref,
    text_column,
    with_ticket,
)
from helpdesk_tui.terms import MailGroupKind, OutboxState

#: The first id of a kept mail. Messages stay below it, so that either is named by one number.
FIRST_KEPT = 1_000_000_000


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
    __table_args__ = (
        with_ticket(),
        Index("raw_message_unfiled", "disposition"),
        Index("raw_message_from", "from_address", "id"),
        NEVER_REUSED,
    )
    id: int = own_id(FIRST_KEPT)
    queue_id: int = ref("queue")
    ticket_id: int | None = Field(default=None, sa_type=BigId, index=True)
    message_id: int | None = Field(default=None, sa_type=BigId, index=True)
    mailbox: str = text_column()
    sha256: str = Field(default="", sa_type=Text, index=True)
    received_at: datetime
    #: None until the mail is filed; `outgoing` for our own.
    disposition: str | None = Field(default=None, sa_type=Text)
    linked_ticket_id: int | None = Field(default=None, sa_type=BigId)
    why_row: int | None = None
    why_reason: str = text_column()
    #: It goes to `queue_id` whatever addresses it names.
    is_queue_chosen: bool = False
    from_name: str = text_column()
    #: Case-folded, "" until the mail is filed.
    from_address: str = text_column()
    subject: str = text_column()
    #: The group of like mails it was counted in.
    group_id: int | None = Field(default=None, sa_type=BigId, index=True)
    #: It had come before its mailbox was first polled: nobody gets an answer to it.
    is_backlog: bool = False
    #: What was known of it when its place was decided.
    signals: dict[str, Any] = json_column(dict)


class MailGroup(SQLModel, table=True):
    """Mails that say the same and stand as one entry: bounces of others, machines, an alert, a flood.

    `key` is what they have in common; `is_open` ends where a recovery or a person closes it, and the next one begins anew.
    """

    __tablename__ = "mail_group"
    __table_args__ = (
        with_ticket(),
        one_of("kind", MailGroupKind),
        Index(
            "mail_group_open",
            "queue_id",
            "kind",
            "key",
            unique=True,
            sqlite_where=text("is_open"),
            postgresql_where=text("is_open"),
        ),
        NEVER_REUSED,
    )
    id: int = own_id()
    queue_id: int = ref("queue")
    ticket_id: int | None = Field(default=None, sa_type=BigId, index=True)
    kind: str = text_column(MailGroupKind.ROBOT)
    key: str = text_column()
    subject: str = text_column()
    from_address: str = text_column()
    count: int = 0
    is_open: bool = True
    first_at: datetime
    last_at: datetime


class Acknowledgement(SQLModel, table=True):
    """An automatic confirmation that was written: to whom, and about which subject, which bounds how many follow."""

    __table_args__ = (
        with_ticket(),
        Index("acknowledgement_to", "address", "at"),
        Index("acknowledgement_about", "about", "at"),
        NEVER_REUSED,
    )
    id: int = own_id()
    ticket_id: int = Field(sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    message_id: int = Field(sa_type=BigId)
    address: str = text_column()
    about: str = text_column()
    at: datetime


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
        NEVER_REUSED,
    )
    id: int = own_id()
    mailbox: str = text_column()
    uidvalidity: int = Field(default=0, sa_type=BigInteger)
    uid: int | None = Field(default=None, sa_type=BigInteger)
    sha256: str = text_column()
    fate: str = text_column("stored")
    #: The server was told (flagged or moved) after the mail was filed.
    is_done: bool = False
    raw_id: int = ref("raw_message", index=True)


class MailQuarantine(SQLModel, table=True):
    """A mail of which neither sender nor text could be read."""

    __tablename__ = "mail_quarantine"
    __table_args__ = (with_ticket(), NEVER_REUSED)
    id: int = own_id()
    queue_id: int = ref("queue")
    ticket_id: int | None = Field(default=None, sa_type=BigId, index=True)
    raw_id: int = ref("raw_message", index=True)
    reason: str = text_column()
    at: datetime
    resolved_at: datetime | None = None


class OwnToken(SQLModel, table=True):
    """The 128 random bits in a Message-ID of ours: whoever knows them has seen that mail."""

    __tablename__ = "own_token"
    __table_args__ = (with_ticket(),)
    token: str = Field(primary_key=True, sa_type=Text)
    ticket_id: int = Field(sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    message_id: int = ref("message", index=True)
    created_at: datetime


class Outbox(SQLModel, table=True):
    """A mail to be sent, and how far it has come."""

    __table_args__ = (
        with_ticket(),
        one_of("state", OutboxState),
        Index("outbox_due", "state", "due_at"),
        NEVER_REUSED,
    )
    id: int = own_id()
    ticket_id: int = Field(sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    message_id: int = ref("message", index=True)
    state: str = text_column(OutboxState.QUEUED)
    header_message_id: str = text_column()
    tries: int = 0
    due_at: datetime
    #: Its writer chose that time, and nobody has let it go since: it does not leave where it has been overtaken.
    is_timed: bool = False
    #: The mail server's own words about the last attempt, cleaned.
    words: str = text_column()
    updated_at: datetime
    #: When the Sent folder is looked at next: to put a copy there, or to see whether a mail in doubt lies there.
    copy_due_at: datetime | None = None
    copy_tries: int = 0


class OutboxRecipient(SQLModel, table=True):
    """How far a mail has come with one of its recipients; written when it is first handed over."""

    __tablename__ = "outbox_recipient"
    __table_args__ = (with_ticket(), one_of("state", OutboxState))
    outbox_id: int = Field(primary_key=True, foreign_key="outbox.id", sa_type=BigId)
    address: str = Field(primary_key=True, sa_type=Text)
    message_id: int = ref("message", index=True)
    ticket_id: int = Field(sa_type=BigId, index=True)
    queue_id: int = Field(sa_type=BigId)
    state: str = text_column(OutboxState.QUEUED)
    words: str = text_column()
