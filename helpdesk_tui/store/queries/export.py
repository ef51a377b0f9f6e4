"""The question behind an export: tickets as documents, with everything by which they can be made again elsewhere.

Names stand instead of ids; what names a message in a history counts the ticket's messages from 1. The shape is told in
docs/transfer.md. What is not in it: who sees what, drafts, callbacks (a history tells of them, without their ids), what
still waits in the outbox, and mail without a ticket.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from helpdesk_tui.store import content
from helpdesk_tui.store.finished import HERE_ALONE, OF_MESSAGES, goes_along
from helpdesk_tui.store.ids import ids_of_names
from helpdesk_tui.store.statements import is_among
from helpdesk_tui.store.tables import (
    Agent,
    Attachment,
    CallbackRequest,
    Category,
    Customer,
    CustomerAddress,
    CustomerField,
    CustomerPhone,
    Event,
    FieldDefinition,
    Message,
    Organization,
    Outbox,
    OwnToken,
    Queue,
    RawMessage,
    Tag,
    Team,
    Ticket,
    TicketField,
    TicketTag,
)
from helpdesk_tui.terms import OutboxState, Priority, Verb

#: Fields of a history's changes that hold ids, and the table each is an id of.
ID_FIELDS: dict[str, type[SQLModel]] = {
    "queue_id": Queue,
    "category_id": Category,
    "assignee_id": Agent,
    "team_id": Team,
    "merged_into": Ticket,
    "split_from": Ticket,
    "linked_to": Ticket,
}
#: What went along with a ticket that was given to somebody: ids of calls and drafts.
_GONE_ALONG = ("callers", "texts")
_IDS_OF_A_CALL = {"request", "team_id", "agent_id"}
_UNSENT = (OutboxState.QUEUED, OutboxState.SENDING, OutboxState.FAILED, OutboxState.UNSURE)


def ticket_ids_after(session: Session, last: int, limit: int) -> list[int]:
    """The ids of the next tickets behind `last`, in their order."""
    found = select(col(Ticket.id)).where(col(Ticket.id) > last).order_by(col(Ticket.id)).limit(limit)
    return list(session.execute(found).scalars())


def count_to_export(session: Session) -> int:
    """How many tickets there are to export."""
    return session.execute(select(func.count()).select_from(Ticket)).scalar_one()


def count_unsent(session: Session) -> int:
    """How many mails wait in the outbox: they are not exported."""
    unsent = select(func.count()).select_from(Outbox).where(col(Outbox.state).in_(_UNSENT))
    return session.execute(unsent).scalar_one()


def count_callbacks(session: Session) -> int:
    """How many callbacks were ever asked for: they are not exported."""
    return session.execute(select(func.count()).select_from(CallbackRequest)).scalar_one()


def documents(session: Session, ids: Sequence[int]) -> list[dict[str, Any]]:
    """These tickets as documents, in the order of their ids."""
    names = _Names(session)
    found = select(Ticket).where(is_among(session, col(Ticket.id), ids)).order_by(col(Ticket.id))
    tickets = list(session.execute(found).scalars())
    names.add_tickets(session, tickets)
    return [_document(session, ticket, names) for ticket in tickets]


class _Names:
    """Names by ids."""

    def __init__(self, session: Session) -> None:
        self.by_table: dict[type[SQLModel], dict[int, Any]] = {
            Queue: _names(session, Queue.id, Queue.name),
            Category: _names(session, Category.id, Category.name),
            Agent: _names(session, Agent.id, Agent.login),
            Team: _names(session, Team.id, Team.name),
            Ticket: {},
        }

    def add_tickets(self, session: Session, tickets: Iterable[Ticket]) -> None:
        """Learn the numbers of the tickets that these name."""
        wanted = {id for one in tickets for id in (one.merged_into, one.split_from, one.linked_to) if id}
        self.add_numbers(session, wanted)

    def add_numbers(self, session: Session, wanted: Iterable[int]) -> None:
        """Learn the numbers of these tickets."""
        unknown = set(wanted) - self.by_table[Ticket].keys()
        if unknown:
            found = select(col(Ticket.id), col(Ticket.number)).where(is_among(session, col(Ticket.id), unknown))
            self.by_table[Ticket].update(session.execute(found).all())

    def of(self, table: type[SQLModel], id: int | None) -> Any:
        """What a row is called, None where it is not there."""
        return self.by_table[table].get(id) if id is not None else None


def _names(session: Session, id_column: Any, name_column: Any) -> dict[int, Any]:
    return {id: name for name, id in ids_of_names(session, id_column, name_column).items()}


def _document(session: Session, ticket: Ticket, names: _Names) -> dict[str, Any]:
    rows = select(Message).where(col(Message.ticket_id) == ticket.id, col(Message.is_withdrawn).is_(False))
    thread = list(session.execute(rows.order_by(col(Message.id))).scalars())
    contents: dict[str, None] = {}
    messages = _messages(session, ticket, thread, names, contents)
    return {
        "format": 1,
        "number": ticket.number,
        "subject": ticket.subject,
        "summary": ticket.summary,
        "resolution": ticket.resolution,
        "queue": names.of(Queue, ticket.queue_id),
        "status": ticket.status,
        "priority": Priority.of_rank(ticket.priority),
        "channel": ticket.channel,
        "category": names.of(Category, ticket.category_id),
        "assignee": names.of(Agent, ticket.assignee_id),
        "team": names.of(Team, ticket.team_id),
        "tags": _tags(session, ticket.id),
        "due_at": moment(ticket.due_at),
        "due_kind": ticket.due_kind,
        "waiting_for": ticket.waiting_for,
        "waiting_since": moment(ticket.waiting_since),
        "snoozed_until": moment(ticket.snoozed_until),
        "is_spam": ticket.is_spam,
        "merged_into": names.of(Ticket, ticket.merged_into),
        "split_from": names.of(Ticket, ticket.split_from),
        "linked_to": names.of(Ticket, ticket.linked_to),
        "created_at": moment(ticket.created_at),
        "updated_at": moment(ticket.updated_at),
        "closed_at": moment(ticket.closed_at),
        "fields": _fields(session, TicketField, col(TicketField.ticket_id) == ticket.id),
        "requester": _requester(session, ticket.requester_id),
        "messages": messages,
        "history": _history(session, ticket, thread, names),
        "contents": {one: base64.b64encode(content.whole(session, one)).decode() for one in contents},
    }


def _tags(session: Session, ticket_id: int) -> list[str]:
    found = select(col(Tag.name)).join(TicketTag, col(TicketTag.tag_id) == col(Tag.id))
    return sorted(session.execute(found.where(col(TicketTag.ticket_id) == ticket_id)).scalars())


def _fields(session: Session, table: type[TicketField] | type[CustomerField], owner: Any) -> dict[str, str]:
    found = select(col(FieldDefinition.name), col(table.value)).join(
        table, col(table.definition_id) == col(FieldDefinition.id)
    )
    return dict(sorted(session.execute(found.where(owner)).all()))


def _requester(session: Session, customer_id: int) -> dict[str, Any]:
    customer = session.get_one(Customer, customer_id)
    organization = session.get(Organization, customer.organization_id) if customer.organization_id else None
    addresses = select(col(CustomerAddress.address)).where(col(CustomerAddress.customer_id) == customer_id)
    phones = select(col(CustomerPhone.number)).where(col(CustomerPhone.customer_id) == customer_id)
    return {
        "name": customer.name,
        "addresses": list(
            session.execute(addresses.order_by(col(CustomerAddress.position), col(CustomerAddress.address))).scalars()
        ),
        "phones": list(session.execute(phones.order_by(col(CustomerPhone.id))).scalars()),
        "organization": organization.name if organization else None,
        "fields": _fields(session, CustomerField, col(CustomerField.customer_id) == customer_id),
    }


def _messages(
    session: Session, ticket: Ticket, thread: Sequence[Message], names: _Names, contents: dict[str, None]
) -> list[dict[str, Any]]:
    """The messages; adds to `contents` the digests of the bytes they name."""
    files: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    attached = select(Attachment).where(col(Attachment.ticket_id) == ticket.id).order_by(col(Attachment.id))
    for one in session.execute(attached).scalars():
        files[one.message_id].append({"name": one.name, "content_type": one.content_type, "content": one.sha256})
    owned = select(col(OwnToken.message_id), col(OwnToken.token)).where(col(OwnToken.ticket_id) == ticket.id)
    tokens = dict(session.execute(owned).all())
    kept = select(RawMessage).where(is_among(session, col(RawMessage.id), [m.raw_id for m in thread if m.raw_id]))
    mails = {one.id: one for one in session.execute(kept).scalars()}
    found = []
    for message in thread:
        mail = mails.get(message.raw_id or 0)
        named = [one["content"] for one in files[message.id]]
        contents.update(dict.fromkeys([*([mail.sha256] if mail else []), *named]))
        found.append(_message(message, names, files[message.id], tokens.get(message.id), mail))
    return found


def _message(
    message: Message, names: _Names, files: list[dict[str, Any]], token: str | None, mail: RawMessage | None
) -> dict[str, Any]:
    return {
        "kind": message.kind,
        "from": [message.from_name, message.from_address],
        "agent": names.of(Agent, message.agent_id),
        "to": message.to,
        "cc": message.cc,
        "subject": message.subject,
        "text": message.text,
        "quoted": message.quoted,
        "remarks": message.remarks,
        "is_automatic": message.is_automatic,
        "call": message.call or None,
        "sent_at": moment(message.sent_at),
        "received_at": moment(message.received_at),
        "message_id": message.message_id,
        "references": message.references,
        "token": token,
        "files": files,
        "mail": _mail(mail) if mail else None,
    }


def _mail(mail: RawMessage) -> dict[str, Any]:
    return {
        "mailbox": mail.mailbox,
        "disposition": mail.disposition,
        "received_at": moment(mail.received_at),
        "why_row": mail.why_row,
        "why_reason": mail.why_reason,
        "content": mail.sha256,
    }


def _history(session: Session, ticket: Ticket, thread: Sequence[Message], names: _Names) -> list[dict[str, Any]]:
    """What happened, without that it was imported here."""
    found = select(Event).where(col(Event.ticket_id) == ticket.id, col(Event.verb) != Verb.IMPORT)
    events = list(session.execute(found.order_by(col(Event.id))).scalars())
    linked = {
        value
        for event in events
        for field, pair in event.changes.items()
        if ID_FIELDS.get(field) is Ticket
        for value in pair
        if value
    }
    names.add_numbers(session, linked)
    places = {message.id: place for place, message in enumerate(thread, 1)}
    return [
        {
            "at": moment(event.at),
            "actor": names.of(Agent, event.actor_id),
            "verb": event.verb,
            "changes": {
                field: _pair(field, pair, names, places)
                for field, pair in event.changes.items()
                if field not in HERE_ALONE
            },
        }
        for event in events
    ]


def _pair(field: str, pair: list[Any], names: _Names, places: dict[int, int]) -> list[Any]:
    if field in OF_MESSAGES:
        return [places.get(value) for value in pair]
    if field == "callback":
        return _pictures(pair)
    if field in _GONE_ALONG:
        return [None if value is None else goes_along(value) for value in pair]
    table = ID_FIELDS.get(field)
    return [names.of(table, value) for value in pair] if table else pair


def _pictures(pair: list[Any]) -> list[Any]:
    """A call before and after, without what has an id here alone; its bookings are counted from 1."""
    ids = sorted({int(id) for picture in pair if picture for id in picture["bookings"]})
    places = {str(id): str(place) for place, id in enumerate(ids, 1)}
    return [
        {
            **{name: picture[name] for name in sorted(picture.keys() - _IDS_OF_A_CALL)},
            "bookings": {places[id]: booking for id, booking in picture["bookings"].items()},
        }
        if picture
        else None
        for picture in pair
    ]


def moment(at: datetime | None) -> str | None:
    """A time to the microsecond, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z") if at else None
