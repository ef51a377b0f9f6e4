"""The one second writer: appends finished tickets in batches, for imports and invented load.

What it writes is what the door writes: numbers, customers, messages, files, events, search documents, timers. It
sends no mail and runs no rule; of what was there it changes nothing but where a ticket stands to which it appends.
"""

from __future__ import annotations

import uuid
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from helpdesk_tui.rules.findable import mail_texts
from helpdesk_tui.rules.tags import tag_name
from helpdesk_tui.store import content, numbers, search
from helpdesk_tui.store.engine import Store
from helpdesk_tui.store.finished import (
    AS_RECEIVED,
    OF_MESSAGES,
    Appended,
    FinishedEvent,
    FinishedMail,
    FinishedMessage,
    FinishedTicket,
    MoreMessages,
    Signed,
)
from helpdesk_tui.store.ids import ids_of_names, take_ids
from helpdesk_tui.store.requesters import field_ids, requesters
from helpdesk_tui.store.statements import add_rows, add_rows_unless_there, add_unless_there, is_among
from helpdesk_tui.store.tables import (
    Agent,
    Attachment,
    Batch,
    Category,
    Event,
    Message,
    OwnToken,
    Queue,
    RawMessage,
    Tag,
    Team,
    Ticket,
    TicketField,
    TicketTag,
    TicketWords,
    Timer,
)
from helpdesk_tui.store.transaction import TELLS, writing
from helpdesk_tui.terms import SYSTEM, IncomingFile, MessageKind, Verb

__all__ = ["Bulk", "FinishedMessage", "FinishedTicket", "append_messages", "append_tickets"]

#: Fields that name another ticket.
_LINKS = ("merged_into", "split_from", "linked_to")


class Bulk:
    """Appends tickets to a store, a batch in a transaction; ids are taken in stretches."""

    def __init__(self, store: Store, actor_id: int | None, verb: Verb = Verb.CREATE) -> None:
        self._store = store
        self._actor_id = actor_id
        self._verb = verb

    def append(self, tickets: Sequence[FinishedTicket], now: datetime) -> str:
        """Write these tickets in one transaction; returns the batch's id.

        Raises:
            KeyError: a queue, category or agent of this name does not exist.
        """
        signed = Signed(uuid.uuid4().hex, self._actor_id, self._verb, now)
        with writing(self._store, SYSTEM) as session:
            add_rows(session, Batch, [_batch(signed)])
            taken = [one.number for one in append_tickets(session, signed, tickets)]
            session.get_one(Batch, signed.batch_id).outcome = {"text": f"{len(taken)}", "tickets": taken}
            session.flush()
        return signed.batch_id


def append_tickets(
    session: Session, signed: Signed, tickets: Sequence[FinishedTicket], others: Mapping[int, int] | None = None
) -> list[Appended]:
    """Write tickets under a batch that is there; returns their ids in the same order.

    Args:
        others: the ids of tickets that were there before, by the numbers by which these histories name them.
    Raises:
        KeyError: a queue, category, team or agent of this name does not exist.
    """
    # Numbers before customers, as at the door: two who want what the other has would wait for each other.
    taken = _take_numbers(session, tickets)
    customers, made = requesters(session, tickets, signed.now)
    new = set(made)
    ids = list(take_ids(session, "ticket", len(tickets)))
    names = _Names(session, tickets, {**(others or {}), **_by_number(tickets, ids)})
    rows = _Rows(_message_ids(session, (one for ticket in tickets for one in ticket.messages)))
    appended = []
    for ticket, id, number, requester_id in zip(tickets, ids, taken, customers, strict=True):
        place = {"ticket_id": id, "queue_id": names.queues[ticket.queue]}
        _add_ticket(rows, ticket, number, place, names, requester_id)
        thread = [_add_message(rows, message, place, names) for message in ticket.messages]
        for event in ticket.history:
            _add_told(rows, signed, place, event, thread, names)
        changes = {"number": [None, number], "message": [None, thread[0] if thread else None]}
        _add_event(rows, signed, place, changes)
        customer = requester_id if requester_id in new else None
        new.discard(requester_id)
        appended.append(Appended(place["ticket_id"], number, tuple(thread), customer))
    _write(session, rows)
    return appended


def append_messages(session: Session, signed: Signed, additions: Sequence[MoreMessages]) -> list[Appended]:
    """Append messages to tickets that are there, an event for each ticket; returns their ids in the same order."""
    locked = select(Ticket).where(is_among(session, col(Ticket.id), [one.ticket_id for one in additions]))
    locked = locked.order_by(col(Ticket.id)).with_for_update(key_share=True)
    tickets = {ticket.id: ticket for ticket in session.execute(locked).scalars()}
    names = _Names(session, ())
    rows = _Rows(_message_ids(session, (one for addition in additions for one in addition.messages)))
    appended = []
    for addition in additions:
        ticket = tickets[addition.ticket_id]
        place = {"ticket_id": ticket.id, "queue_id": ticket.queue_id}
        thread = [_add_message(rows, message, place, names) for message in addition.messages]
        changes = {**_stand(ticket, addition), "message": [None, thread[0]]}
        ticket.version += 1
        _add_event(rows, signed, place, changes)
        appended.append(Appended(ticket.id, ticket.number, tuple(thread)))
    session.flush()
    _write(session, rows)
    for addition in additions:
        for message in addition.messages:
            search.index_more(session, addition.ticket_id, _said(message, names.own_addresses))
    return appended


@dataclass
class _Rows:
    """The rows of one batch, by table, the ids its messages and mails get, and the bytes to keep, by digest."""

    ids: tuple[Iterator[int], Iterator[int]]
    by_table: dict[type[SQLModel], list[dict[str, Any]]] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)

    def add(self, table: type[SQLModel], **row: Any) -> None:
        self.by_table.setdefault(table, []).append(row)

    def keep(self, kept: bytes) -> str:
        sha256 = content.digest(kept)
        self.contents[sha256] = kept
        return sha256


class _Names:
    """Ids by the names that tickets use; tags and fields that are new are made."""

    def __init__(
        self, session: Session, tickets: Sequence[FinishedTicket], numbers: Mapping[Any, int] | None = None
    ) -> None:
        for name in sorted({name for ticket in tickets for name in _tag_names(ticket)}):
            add_unless_there(session, Tag, {"name": name})
        self.queues = ids_of_names(session, Queue.id, Queue.name)
        self.categories = ids_of_names(session, Category.id, Category.name)
        self.agents = ids_of_names(session, Agent.id, Agent.login)
        self.teams = ids_of_names(session, Team.id, Team.name)
        self.tags = ids_of_names(session, Tag.id, Tag.name)
        self.fields = field_ids(session, "ticket", {name for ticket in tickets for name, _value in ticket.fields})
        self.own_addresses = search.own_addresses(session)
        told = {"queue_id": self.queues, "category_id": self.categories, "assignee_id": self.agents}
        linked = {name: dict(numbers or {}) for name in _LINKS}
        self._told: dict[str, dict[Any, int]] = {**told, "team_id": self.teams, **linked}

    def told(self, name: str, value: Any, thread: Sequence[int]) -> Any:
        """A value of a history's changes as it is kept: an id instead of a name, a message instead of its place."""
        if name in OF_MESSAGES:
            return thread[value - 1] if value and value <= len(thread) else None
        return self._told[name].get(value) if name in self._told else value


def _by_number(tickets: Sequence[FinishedTicket], ids: Sequence[int]) -> dict[int, int]:
    return {ticket.number: id for ticket, id in zip(tickets, ids, strict=True) if ticket.number is not None}


def named_in_history(tickets: Iterable[FinishedTicket]) -> set[int]:
    """The numbers by which histories name tickets."""
    pairs = (pair for t in tickets for e in t.history for name, pair in e.changes.items() if name in _LINKS)
    return {number for pair in pairs for number in pair if number}


def _batch(signed: Signed) -> dict[str, Any]:
    return {
        "id": signed.batch_id,
        "actor_id": signed.actor_id,
        "verb": signed.verb,
        "at": signed.now,
        "outcome": {},
    }


def _message_ids(session: Session, messages: Iterable[FinishedMessage]) -> tuple[Iterator[int], Iterator[int]]:
    """Ids for these messages, and for the mails behind them."""
    has_raw = [message.raw is not None for message in messages]
    return take_ids(session, "message", len(has_raw)), take_ids(session, "raw_message", sum(has_raw))


def _add_event(rows: _Rows, signed: Signed, place: Mapping[str, int], changes: dict[str, Any]) -> None:
    by = {"batch_id": signed.batch_id, "actor_id": signed.actor_id, "verb": signed.verb, "at": signed.now}
    rows.add(Event, **place, **by, changes=changes)


def _add_told(
    rows: _Rows, signed: Signed, place: Mapping[str, int], event: FinishedEvent, thread: list[int], names: _Names
) -> None:
    """Add what happened elsewhere; names that mean nothing here stay empty."""
    changes = {name: [names.told(name, value, thread) for value in pair] for name, pair in event.changes.items()}
    by = {"batch_id": signed.batch_id, "actor_id": names.agents.get(event.actor), "verb": event.verb, "at": event.at}
    rows.add(Event, **place, **by, changes=changes)


def _add_ticket(
    rows: _Rows,
    ticket: FinishedTicket,
    number: int,
    place: Mapping[str, int],
    names: _Names,
    requester_id: int,
) -> None:
    rows.add(
        Ticket,
        id=place["ticket_id"],
        number=number,
        queue_id=place["queue_id"],
        requester_id=requester_id,
        subject=ticket.subject,
        summary=ticket.summary,
        resolution=ticket.resolution,
        status=ticket.status,
        priority=ticket.priority.rank,
        channel=ticket.channel,
        category_id=names.categories[ticket.category] if ticket.category else None,
        assignee_id=names.agents[ticket.assignee] if ticket.assignee else None,
        team_id=names.teams[ticket.team] if ticket.team else None,
        due_at=ticket.due_at,
        due_kind=ticket.due_kind if ticket.due_at else None,
        waiting_for=ticket.waiting_for,
        waiting_since=ticket.waiting_since or ticket.created_at,
        snoozed_until=ticket.snoozed_until,
        is_spam=ticket.is_spam,
        created_at=ticket.created_at,
        updated_at=ticket.updated_at,
        closed_at=ticket.closed_at,
    )
    ticket_id = place["ticket_id"]
    for name in _tag_names(ticket):
        rows.add(TicketTag, ticket_id=ticket_id, tag_id=names.tags[name])
    for name, value in ticket.fields:
        rows.add(TicketField, definition_id=names.fields[name], ticket_id=ticket_id, value=value)
    if ticket.due_at and ticket.has_reminder:
        rows.add(Timer, kind="due", **place, due_at=ticket.due_at)
    about = [
        ticket.subject,
        ticket.summary or "",
        ticket.resolution or "",
        ticket.requester.name,
        ticket.requester.address,
    ]
    about += [*ticket.customer.addresses[1:], ticket.number_there]
    said = (_said(one, names.own_addresses) for one in ticket.messages)
    rows.add(TicketWords, **search.document(ticket_id, place["queue_id"], about, said))


def _tag_names(ticket: FinishedTicket) -> list[str]:
    """The tags of a ticket, each once, written as the verb `tag` writes them; blank ones are left out."""
    names = {tag_name(tag) for tag in ticket.tags}
    return sorted(names - {""})


def _add_message(rows: _Rows, message: FinishedMessage, place: Mapping[str, int], names: _Names) -> int:
    message_ids, raw_ids = rows.ids
    message_id = next(message_ids)
    raw_id = next(raw_ids) if message.raw else None
    rows.add(
        Message,
        id=message_id,
        **place,
        kind=message.kind,
        is_automatic=message.is_automatic,
        agent_id=names.agents[message.agent] if message.agent else None,
        from_name=message.sender.name,
        from_address=message.sender.address,
        to=[[person.name, person.address] for person in message.to],
        cc=[[person.name, person.address] for person in message.cc],
        subject=message.subject,
        text=message.text,
        quoted=message.quoted,
        remarks=list(message.remarks),
        call=dict(message.call),
        message_id=message.message_id,
        references=list(message.references),
        sent_at=message.at if message.sent_at is AS_RECEIVED else message.sent_at,
        received_at=message.at,
        raw_id=raw_id,
    )
    for file in message.files:
        _add_file(rows, file, message_id, place)
    if message.raw:
        _add_raw(rows, message.raw, {"id": raw_id, "message_id": message_id, **place})
    if message.token:
        rows.add(OwnToken, token=message.token, **place, message_id=message_id, created_at=message.at)
    return message_id


def _add_raw(rows: _Rows, raw: FinishedMail, place: Mapping[str, Any]) -> None:
    said = {"disposition": raw.disposition, "why_row": raw.why_row, "why_reason": raw.why_reason}
    kept = {"mailbox": raw.mailbox, "sha256": rows.keep(raw.content), "received_at": raw.received_at}
    rows.add(RawMessage, **place, **kept, **said)


def _add_file(rows: _Rows, file: IncomingFile, message_id: int, place: Mapping[str, int]) -> None:
    rows.add(
        Attachment,
        message_id=message_id,
        **place,
        name=file.name,
        content_type=file.content_type,
        size=len(file.content),
        sha256=rows.keep(file.content),
    )


def _said(message: FinishedMessage, ours: Container[str]) -> list[str]:
    names = [file.name for file in message.files]
    if message.kind is not MessageKind.INBOUND:
        return [*names, message.text]
    people = (message.sender, *message.to, *message.cc)
    return mail_texts(message.subject, people, names, message.text, message.quoted, ours)


def _stand(ticket: Ticket, addition: MoreMessages) -> dict[str, list[Any]]:
    """Let a ticket stand as its new messages have it; returns what that changed, as an event keeps it."""
    changes: dict[str, list[Any]] = {}
    for name, after in asdict(addition.standing).items() if addition.standing else ():
        before = getattr(ticket, name)
        if before != after:
            setattr(ticket, name, after)
            changes[name] = [_as_kept(before), _as_kept(after)]
    return changes


def _as_kept(value: Any) -> Any:
    """A value as an event keeps it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return value


def _write(session: Session, rows: _Rows) -> None:
    for sha256 in sorted(rows.contents):
        content.keep(session, rows.contents[sha256])
    for table, of_table in rows.by_table.items():
        if table is OwnToken:  # one that leads to another ticket already goes on doing so
            add_rows_unless_there(session, table, of_table)
        else:
            add_rows(session, table, of_table)
    session.info[TELLS] = True


def _take_numbers(session: Session, tickets: Sequence[FinishedTicket]) -> list[int]:
    """The numbers of these tickets: their own, or drawn ones.

    Drawn a batch at a time, so that the range is as wide as one by one would have made it.
    """
    wished = sorted({ticket.number for ticket in tickets if ticket.number is not None and ticket.is_number_wished})
    free = {number for number in wished if numbers.take(session, number)}
    own = [ticket.number for ticket in tickets if ticket.number is not None and not ticket.is_number_wished]
    numbers.take_many(session, own)
    taken: list[int | None] = []
    for ticket in tickets:
        is_own = ticket.number in free if ticket.is_number_wished else ticket.number is not None
        taken.append(ticket.number if is_own else None)
        free.discard(ticket.number or 0)
    drawn = iter(numbers.draw_many(session, taken.count(None)))
    return [next(drawn) if number is None else number for number in taken]
