"""Questions about one ticket's conversation: its messages, files and events, and its raw mails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer
from sqlmodel import col

from helpdesk_tui.errors import NotFound
from helpdesk_tui.language import _
from helpdesk_tui.store import content
from helpdesk_tui.store.sight import ACTOR
from helpdesk_tui.store.tables import (
    FIRST_KEPT,
    Agent,
    Attachment,
    Category,
    Customer,
    Draft,
    Event,
    Message,
    Outbox,
    OutboxRecipient,
    Queue,
    RawMessage,
    Team,
    Ticket,
)
from helpdesk_tui.terms import MessageKind, OutboxState, Person, Priority


@dataclass(frozen=True, slots=True)
class FileRow:
    """An attachment as threads list it; `size` in bytes."""

    id: int
    name: str
    content_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class RecipientRow:
    """A recipient who has not got a mail, or perhaps not: how far it has come there, and the server's words."""

    address: str
    state: str
    words: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message of a thread.

    Args:
        delivery, delivery_words: what became of an outgoing mail; leaves_at: when it is tried next, where it waits.
        not_reached: who has not got it, where it was handed over and others have.
        call: of a call that was logged: `direction`, `number`, `started_at`, `ended_at` (ISO 8601).
    """

    id: int
    kind: MessageKind
    is_automatic: bool
    sender: Person
    agent: str | None
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    subject: str
    text: str
    quoted: str
    remarks: tuple[str, ...]
    sent_at: datetime | None
    received_at: datetime
    message_id: str
    raw_id: int | None
    files: tuple[FileRow, ...]
    delivery: str | None
    delivery_words: str
    leaves_at: datetime | None = None
    not_reached: tuple[RecipientRow, ...] = ()
    call: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event in words: names instead of ids, priorities instead of ranks."""

    id: int
    batch: str
    at: datetime
    actor: str
    verb: str
    changes: dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A text being written: by whom, and when it was last touched; what is in it is the writer's alone to read."""

    agent_id: int
    agent: str
    kind: str
    text: str
    fields: dict[str, Any]
    updated_at: datetime


#: What no thread shows is not read.
_NOT_SHOWN = (defer(Message.references), defer(Message.reply_to))  # type: ignore[arg-type]


def messages(session: Session, ticket_id: int, last: int | None = None) -> list[MessageRow]:
    """The thread of a ticket (or its `last` messages), oldest first; what was taken back is left out."""
    found = select(Message, col(Agent.login), col(Outbox.state), col(Outbox.words), col(Outbox.due_at)).where(
        col(Message.ticket_id) == ticket_id, col(Message.is_withdrawn).is_(False)
    )
    found = found.outerjoin(Agent, col(Agent.id) == col(Message.agent_id))
    found = found.outerjoin(Outbox, col(Outbox.message_id) == col(Message.id)).options(*_NOT_SHOWN)
    files, missed = _files(session, ticket_id), _not_reached(session, ticket_id)
    newest = found.order_by(col(Message.received_at).desc(), col(Message.id).desc()).limit(last)
    rows = session.execute(newest).all()
    thread = [_message(*row, files.get(row[0].id, ()), missed.get(row[0].id, ())) for row in rows]
    return sorted(thread, key=_in_order)


def _in_order(message: MessageRow) -> tuple[datetime, int]:
    """By the time of receipt; within a second, which is all that INTERNALDATE knows, by arrival in the store."""
    return message.received_at.replace(microsecond=0), message.id


def events(session: Session, ticket_id: int) -> list[EventRow]:
    """The events of a ticket, oldest first."""
    names = _Names(session)
    found = select(Event, col(Agent.login)).outerjoin(Agent, col(Agent.id) == col(Event.actor_id))
    rows = session.execute(found.where(col(Event.ticket_id) == ticket_id).order_by(col(Event.id)))
    return [
        EventRow(event.id, event.batch_id, event.at, login or "system", event.verb, names.changes(event.changes))
        for event, login in rows
    ]


def drafts(session: Session, ticket_id: int | None) -> list[DraftRow]:
    """The texts that are being written on a ticket (None: new requests), newest first; of colleagues' only that they are."""
    me = session.info[ACTOR].agent_id
    found = select(Draft, col(Agent.login)).join(Agent, col(Agent.id) == col(Draft.agent_id))
    rows = session.execute(
        found.where(col(Draft.ticket_id) == ticket_id, col(Draft.text) != "").order_by(col(Draft.updated_at).desc())
    )
    return [
        DraftRow(d.agent_id, login, d.kind, d.text, d.fields, d.updated_at)
        if d.agent_id == me
        else DraftRow(d.agent_id, login, d.kind, "", {}, d.updated_at)
        for d, login in rows
    ]


def raw_of_message(session: Session, message_id: int) -> Iterator[bytes]:
    """The bytes of a mail as received or sent, in pieces: of a message, or of a mail that was kept without one.

    Raises:
        NotFound: there is no such message, or it never was a mail.
    """
    if message_id >= FIRST_KEPT:
        return _raw_mail(session, message_id)
    raw_id = session.execute(select(col(Message.raw_id)).where(col(Message.id) == message_id)).scalar_one_or_none()
    if raw_id is None:
        raise NotFound(
            _("Message {id} has no mail.").format(id=message_id), _("Notes and calls have none; see `ticket show`.")
        )
    return _raw_mail(session, raw_id)


def _raw_mail(session: Session, raw_id: int) -> Iterator[bytes]:
    sha256 = session.execute(select(col(RawMessage.sha256)).where(col(RawMessage.id) == raw_id)).scalar_one_or_none()
    if sha256 is None:
        raise NotFound(_("There is no kept mail {id}.").format(id=raw_id), _("`helpdesk mail list` shows them."))
    return content.pieces(session, sha256)


def in_words(session: Session, changes: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """An event's changes with names instead of ids."""
    return _Names(session).changes(changes)


#: What an event says of a link: the other ticket, by its number where one sees it, and what it is.
_LINKS = frozenset({"link", "linked"})


#: What stands in place of the number of a ticket that one does not see.
HIDDEN = "hidden"
#: What undo alone needs.
_UNSAID = frozenset({"written"})


class _Names:
    """Looks up what ids in an event's changes are called."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tables: dict[str, tuple[Any, Any]] = {
            "queue_id": (Queue, Queue.name),
            "category_id": (Category, Category.name),
            "assignee_id": (Agent, Agent.login),
            "team_id": (Team, Team.name),
            "merged_into": (Ticket, Ticket.number),
            "linked_to": (Ticket, Ticket.number),
            "requester_id": (Customer, Customer.name),
        }
        self._known: dict[str, dict[int, Any]] = {}

    def changes(self, changes: dict[str, list[Any]]) -> dict[str, list[Any]]:
        return {
            name.removesuffix("_id"): [self._say(name, value) for value in pair]
            for name, pair in changes.items()
            if name not in _UNSAID
        }

    def _say(self, name: str, value: Any) -> Any:
        if value is None:
            return None
        if name == "priority":
            return Priority.of_rank(value)
        if isinstance(value, str) and name.endswith(("_at", "_since", "_until")):
            return f"{value[:19]}Z"
        if name in _LINKS:
            return [self._say("linked_to", value[0]), value[1]]
        if name == "merged":
            return value if self._is_seen(value) else HIDDEN
        if name == "split_off":
            return {**value, "number": self._say("linked_to", value["into"]) or HIDDEN}
        return self._name(name, value) if name in self._tables else value

    def _is_seen(self, number: int) -> bool:
        return self._session.execute(select(col(Ticket.id)).where(col(Ticket.number) == number)).first() is not None

    def _name(self, name: str, value: Any) -> Any:
        if name not in self._known:
            table, column = self._tables[name]
            self._known[name] = {}
            if table not in (Ticket, Customer):
                self._known[name] = dict(self._session.execute(select(table.id, column)).all())
        known = self._known[name]
        if value not in known:
            table, column = self._tables[name]
            known[value] = self._session.execute(select(column).where(table.id == value)).scalar_one_or_none()
        return known[value]


def _files(session: Session, ticket_id: int) -> dict[int, tuple[FileRow, ...]]:
    found = select(Attachment).where(col(Attachment.ticket_id) == ticket_id).order_by(col(Attachment.id))
    by_message: dict[int, tuple[FileRow, ...]] = {}
    for one in session.execute(found).scalars():
        row = FileRow(one.id, one.name, one.content_type, one.size, one.sha256)
        by_message[one.message_id] = (*by_message.get(one.message_id, ()), row)
    return by_message


def _not_reached(session: Session, ticket_id: int) -> dict[int, tuple[RecipientRow, ...]]:
    theirs = select(OutboxRecipient).where(col(OutboxRecipient.ticket_id) == ticket_id)
    rows = list(session.execute(theirs.order_by(col(OutboxRecipient.address))).scalars())
    reached = {row.message_id for row in rows if row.state == OutboxState.SENT}
    by_message: dict[int, tuple[RecipientRow, ...]] = {}
    for row in rows:
        if row.state != OutboxState.SENT and row.message_id in reached:
            told = RecipientRow(row.address, row.state, row.words)
            by_message[row.message_id] = (*by_message.get(row.message_id, ()), told)
    return by_message


def _message(
    message: Message,
    login: str | None,
    state: str | None,
    words: str | None,
    due_at: datetime | None,
    files: tuple[FileRow, ...],
    not_reached: tuple[RecipientRow, ...],
) -> MessageRow:
    return MessageRow(
        id=message.id,
        kind=MessageKind(message.kind),
        is_automatic=message.is_automatic,
        sender=Person(message.from_name, message.from_address),
        agent=login,
        to=tuple(Person(*person) for person in message.to),
        cc=tuple(Person(*person) for person in message.cc),
        subject=message.subject,
        text=message.text,
        quoted=message.quoted,
        remarks=tuple(message.remarks),
        sent_at=message.sent_at,
        received_at=message.received_at,
        message_id=message.message_id,
        raw_id=message.raw_id,
        files=files,
        delivery=state,
        delivery_words=words or "",
        leaves_at=due_at if state == OutboxState.QUEUED else None,
        not_reached=not_reached,
        call=message.call,
    )
