"""The one second writer: appends finished tickets in batches, for imports and invented load.

What it writes is what the door writes: numbers, customers, messages, files, events, search documents, timers. It
sends no mail, runs no rule and changes nothing that was there.
"""

from __future__ import annotations

import uuid
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from helpdesk_tui.rules import words
from helpdesk_tui.rules.routing import plain_address
from helpdesk_tui.rules.tags import tag_name
from helpdesk_tui.store import content, numbers, search
from helpdesk_tui.store.engine import Store
from helpdesk_tui.store.statements import add_rows, add_unless_there, is_postgres
from helpdesk_tui.store.tables import (
    Agent,
    Attachment,
    Batch,
    Category,
    Customer,
    CustomerAddress,
    Event,
    Message,
    Queue,
    Tag,
    Ticket,
    TicketTag,
    TicketWords,
    Timer,
)
from helpdesk_tui.store.transaction import TELLS, lock_name, writing
from helpdesk_tui.terms import SYSTEM, Channel, IncomingFile, MessageKind, Party, Person, Priority, Status, Verb


@dataclass(frozen=True, slots=True)
class FinishedMessage:
    """A message as it shall stand."""

    kind: MessageKind
    sender: Person
    text: str
    at: datetime
    agent: str = ""
    subject: str = ""
    quoted: str = ""
    to: tuple[Person, ...] = ()
    message_id: str = ""
    references: tuple[str, ...] = ()
    files: tuple[IncomingFile, ...] = ()


@dataclass(frozen=True, slots=True)
class FinishedTicket:
    """A ticket as it shall stand; names instead of ids, `number` None draws one."""

    subject: str
    requester: Person
    queue: str
    created_at: datetime
    updated_at: datetime
    messages: tuple[FinishedMessage, ...]
    number: int | None = None
    status: Status = Status.NEW
    priority: Priority = Priority.NORMAL
    channel: Channel = Channel.EMAIL
    category: str = ""
    assignee: str = ""
    tags: tuple[str, ...] = ()
    due_at: datetime | None = None
    waiting_for: Party | None = Party.US
    waiting_since: datetime | None = None
    closed_at: datetime | None = None
    summary: str | None = None


@dataclass
class _Rows:
    """The rows of one batch, by table, and the bytes of its files, by digest."""

    by_table: dict[type[SQLModel], list[dict[str, Any]]] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)

    def add(self, table: type[SQLModel], **row: Any) -> None:
        self.by_table.setdefault(table, []).append(row)


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
        batch_id = uuid.uuid4().hex
        with writing(self._store, SYSTEM) as session:
            # Numbers before customers, as at the door: two who want what the other has would wait for each other.
            taken = _take_numbers(session, tickets)
            requesters = _requesters(session, tickets, now)
            names = _Names(session, {name for ticket in tickets for name in _tag_names(ticket)})
            count = sum(len(ticket.messages) for ticket in tickets)
            ids, message_ids = _take_ids(session, "ticket", len(tickets)), _take_ids(session, "message", count)
            rows = _Rows()
            rows.add(Batch, **self._batch(batch_id, taken, now))
            for ticket, number, requester_id in zip(tickets, taken, requesters, strict=True):
                first = _add_ticket(rows, ticket, number, next(ids), message_ids, names, requester_id)
                self._add_event(rows, batch_id, number, first, now)
            _write(session, rows)
            session.info[TELLS] = True
        return batch_id

    def _batch(self, batch_id: str, taken: Sequence[int], now: datetime) -> dict[str, Any]:
        outcome = {"text": f"{len(taken)}", "tickets": list(taken)}
        return {"id": batch_id, "actor_id": self._actor_id, "verb": self._verb, "at": now, "outcome": outcome}

    def _add_event(self, rows: _Rows, batch_id: str, number: int, message: int | None, now: datetime) -> None:
        ticket = rows.by_table[Ticket][-1]
        changes = {"number": [None, number], "message": [None, message]}
        place = {"ticket_id": ticket["id"], "queue_id": ticket["queue_id"], "batch_id": batch_id}
        rows.add(Event, **place, actor_id=self._actor_id, verb=self._verb, at=now, changes=changes)


class _Names:
    """Ids by the names that tickets use; tags that are new are made."""

    def __init__(self, session: Session, tags: Iterable[str]) -> None:
        for name in sorted(tags):
            add_unless_there(session, Tag, {"name": name})
        self.queues = _ids_by_name(session, Queue.id, Queue.name)
        self.categories = _ids_by_name(session, Category.id, Category.name)
        self.agents = _ids_by_name(session, Agent.id, Agent.login)
        self.tags = _ids_by_name(session, Tag.id, Tag.name)
        self.own_addresses = search.own_addresses(session)


def _ids_by_name(session: Session, id_column: Any, name_column: Any) -> dict[str, int]:
    return {name: id for id, name in session.execute(select(id_column, name_column))}


def _add_ticket(
    rows: _Rows,
    ticket: FinishedTicket,
    number: int,
    ticket_id: int,
    message_ids: Iterator[int],
    names: _Names,
    requester_id: int,
) -> int | None:
    """Add the rows of a ticket; returns the id of its first message."""
    queue_id = names.queues[ticket.queue]
    rows.add(
        Ticket,
        id=ticket_id,
        number=number,
        queue_id=queue_id,
        requester_id=requester_id,
        subject=ticket.subject,
        summary=ticket.summary,
        status=ticket.status,
        priority=ticket.priority.rank,
        channel=ticket.channel,
        category_id=names.categories[ticket.category] if ticket.category else None,
        assignee_id=names.agents[ticket.assignee] if ticket.assignee else None,
        due_at=ticket.due_at,
        due_kind="agreed" if ticket.due_at else None,
        waiting_for=ticket.waiting_for,
        waiting_since=ticket.waiting_since or ticket.created_at,
        created_at=ticket.created_at,
        updated_at=ticket.updated_at,
        closed_at=ticket.closed_at,
    )
    thread = [next(message_ids) for _message in ticket.messages]
    for message, message_id in zip(ticket.messages, thread, strict=True):
        _add_message(rows, message, message_id, ticket_id, queue_id, names)
    for name in _tag_names(ticket):
        rows.add(TicketTag, ticket_id=ticket_id, tag_id=names.tags[name])
    if ticket.due_at:
        rows.add(Timer, kind="due", ticket_id=ticket_id, queue_id=queue_id, due_at=ticket.due_at)
    _add_words(rows, ticket, ticket_id, queue_id, names.own_addresses)
    return thread[0] if thread else None


def _tag_names(ticket: FinishedTicket) -> list[str]:
    """The tags of a ticket, each once, written as the verb `tag` writes them; blank ones are left out."""
    names = {tag_name(tag) for tag in ticket.tags}
    return sorted(names - {""})


def _add_message(
    rows: _Rows, message: FinishedMessage, message_id: int, ticket_id: int, queue_id: int, names: _Names
) -> None:
    rows.add(
        Message,
        id=message_id,
        ticket_id=ticket_id,
        queue_id=queue_id,
        kind=message.kind,
        agent_id=names.agents[message.agent] if message.agent else None,
        from_name=message.sender.name,
        from_address=message.sender.address,
        to=[[person.name, person.address] for person in message.to],
        cc=[],
        subject=message.subject,
        text=message.text,
        quoted=message.quoted,
        remarks=[],
        message_id=message.message_id,
        references=list(message.references),
        sent_at=message.at,
        received_at=message.at,
    )
    for file in message.files:
        _add_file(rows, file, message_id, ticket_id, queue_id)


def _add_file(rows: _Rows, file: IncomingFile, message_id: int, ticket_id: int, queue_id: int) -> None:
    sha256 = content.digest(file.content)
    rows.contents[sha256] = file.content
    rows.add(
        Attachment,
        message_id=message_id,
        ticket_id=ticket_id,
        queue_id=queue_id,
        name=file.name,
        content_type=file.content_type,
        size=len(file.content),
        sha256=sha256,
    )


def _add_words(rows: _Rows, ticket: FinishedTicket, ticket_id: int, queue_id: int, ours: Container[str]) -> None:
    about = [ticket.subject, ticket.summary or "", ticket.requester.name, ticket.requester.address]
    rows.add(TicketWords, **search.document(ticket_id, queue_id, about, (_said(one, ours) for one in ticket.messages)))


def _said(message: FinishedMessage, ours: Container[str]) -> list[str]:
    names = [file.name for file in message.files]
    if message.kind is not MessageKind.INBOUND:
        return [*names, message.text]
    people = (message.sender, *message.to)
    return search.mail_texts(message.subject, people, names, message.text, message.quoted, ours)


def _write(session: Session, rows: _Rows) -> None:
    for sha256 in sorted(rows.contents):
        content.keep(session, rows.contents[sha256])
    for table, of_table in rows.by_table.items():
        add_rows(session, table, of_table)


def _requesters(session: Session, tickets: Sequence[FinishedTicket], now: datetime) -> list[int]:
    """The customer of each ticket; new ones are made. As at the door, who gives no address is somebody new."""
    keys = [plain_address(ticket.requester.address) or place for place, ticket in enumerate(tickets)]
    wanted: dict[str | int, Person] = {}
    for key, ticket in zip(keys, tickets, strict=True):
        wanted.setdefault(key, ticket.requester)
    found: dict[str | int, int] = {}
    found.update(_known_customers(session, [key for key in wanted if isinstance(key, str)]))
    missing = {key: person for key, person in wanted.items() if key not in found}
    found.update(zip(missing, _take_ids(session, "customer", len(missing)), strict=True))
    add_rows(session, Customer, [_customer(found[key], person, now) for key, person in missing.items()])
    addresses = [key for key in missing if isinstance(key, str)]
    add_rows(session, CustomerAddress, [{"address": a, "customer_id": found[a], "position": 0} for a in addresses])
    return [found[key] for key in keys]


def _known_customers(session: Session, addresses: Sequence[str]) -> dict[str, int]:
    """The customers who have these addresses; nobody else makes one of them until the transaction ends."""
    lock_name(session, *[f"customer {address}" for address in addresses])
    known = select(col(CustomerAddress.address), col(CustomerAddress.customer_id))
    return dict(session.execute(known.where(col(CustomerAddress.address).in_(addresses))).all())


def _customer(customer_id: int, person: Person, now: datetime) -> dict[str, Any]:
    key = words.fold(f"{person.name} {person.address}".strip())
    return {"id": customer_id, "name": person.name, "search_key": key, "created_at": now}


def _take_numbers(session: Session, tickets: Sequence[FinishedTicket]) -> list[int]:
    """The numbers of these tickets: their own, or drawn ones.

    Drawn a batch at a time, so that the range is as wide as one by one would have made it.
    """
    own = [ticket.number for ticket in tickets if ticket.number is not None]
    numbers.take_many(session, own)
    drawn = iter(numbers.draw_many(session, len(tickets) - len(own)))
    return [ticket.number if ticket.number is not None else next(drawn) for ticket in tickets]


def _take_ids(session: Session, table: str, count: int) -> Iterator[int]:
    """The next ids of a table; on SQLite the writer is alone, on PostgreSQL the sequence gives them away."""
    if count == 0:
        return iter(())
    if is_postgres(session):
        sequence = "SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)"
        return iter(session.execute(text(sequence), {"table": f'"{table}"', "count": count}).scalars().all())
    last = session.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :table"), {"table": table}).scalar()
    first = (last or 0) + 1
    return iter(range(first, first + count))
