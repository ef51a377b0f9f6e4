"""The second writer: a desk built in bulk is the desk that verbs build, row by row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_tui.desk.assignment import assign
from helpdesk_tui.desk.conversation import NewRequest, create, note
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.tickets import Fields, set_fields, tag
from helpdesk_tui.store.bulk import Bulk, FinishedMessage, FinishedTicket
from helpdesk_tui.store.search import rebuild
from helpdesk_tui.store.tables import (
    Customer,
    CustomerAddress,
    Event,
    Message,
    Tag,
    Ticket,
    TicketNumber,
    TicketTag,
    TicketWords,
    Timer,
)
from helpdesk_tui.store.transaction import reading, writing
from helpdesk_tui.terms import Channel, MessageKind, Person, Priority, Status
from tests.build import MIRA, SUPPORT, FrozenClock, Place, listed

SUBJECT = "Drucker druckt nicht"
SAID, NOTED = "Seit heute früh geht nichts mehr.", "Gleicher Fehler wie letzte Woche."
#: What differs by nature: keys that are given out, and what each verb of the door counts up.
_OWN = frozenset(
    {"id", "ticket_id", "message_id", "number", "version", "raw_id", "tag_id", "requester_id", "customer_id"}
)


def test_a_desk_built_in_bulk_equals_one_built_by_verbs(place: Place, clock: FrozenClock) -> None:
    by_verbs = place.desk("anna")
    due = clock() + timedelta(hours=5)
    _build_by_verbs(by_verbs, due)
    before = _rows(by_verbs)
    _build_in_bulk(place, due)
    both = _rows(by_verbs)
    for table, rows in before.items():
        assert [row for row in both[table] if row not in rows] == [], f"{table} differs"
        assert len(both[table]) == (2 if table not in _SHARED else 1) * len(rows), table


def test_bulk_records_the_creation_and_tells_the_feed(place: Place, clock: FrozenClock) -> None:
    desk = place.desk("anna")
    batch = _build_in_bulk(place, clock() + timedelta(hours=5))
    with reading(desk.store) as session:
        event = session.execute(select(Event)).scalars().one()
        ticket = session.execute(select(Ticket)).scalars().one()
        first = session.execute(select(Message).order_by(Message.id)).scalars().first()
        assert first is not None
        assert event.changes == {"number": [None, ticket.number], "message": [None, first.id]}
        assert (event.batch_id, event.ticket_id, event.queue_id) == (batch, ticket.id, ticket.queue_id)
        assert session.get(TicketNumber, ticket.number) is not None


def test_a_document_written_in_bulk_is_what_a_rebuild_writes(place: Place, clock: FrozenClock) -> None:
    desk = place.desk("anna")
    _build_in_bulk(place, clock() + timedelta(hours=5))
    with writing(desk.store) as session:
        before = _sorted_words(session)
        rebuild(session, session.execute(select(Ticket.id)).scalar_one())
        assert set(before) == set(_sorted_words(session))


def test_a_document_of_mails_written_in_bulk_is_what_a_rebuild_writes(place: Place, clock: FrozenClock) -> None:
    """Each mail is found by its subject, by who wrote it and by who else got it, but not by our own address."""
    desk, now = place.desk("anna"), clock()
    ours = (Person("", SUPPORT), Person("Rosa Ott", "rosa@customer.example"))
    mails = [
        FinishedMessage(MessageKind.INBOUND, MIRA, SAID, now, subject=SUBJECT, to=ours, quoted="> Frage"),
        FinishedMessage(MessageKind.OUTBOUND, Person("Anna", SUPPORT), NOTED, now, agent="anna", to=(MIRA,)),
        FinishedMessage(MessageKind.INBOUND, Person("Berta", "b@x.example"), "Ja.", now, subject="Zebra", to=ours),
    ]
    Bulk(place.desk("root").store, desk.actor.agent_id).append(
        [replace(_finished(now, clock), messages=tuple(mails), channel=Channel.EMAIL)], now
    )
    with writing(desk.store) as session:
        before = _sorted_words(session)
        rebuild(session, session.execute(select(Ticket.id)).scalar_one())
        assert before == _sorted_words(session)
    assert [len(listed(desk, word)) for word in ("zebra", "berta", "rosa", SUPPORT)] == [1, 1, 1, 0]


def test_numbers_drawn_in_bulk_are_never_given_again(place: Place, clock: FrozenClock) -> None:
    desk = place.desk("anna")
    one = _finished(clock() + timedelta(hours=5), clock)
    bulk = Bulk(place.desk("root").store, desk.actor.agent_id)
    for _round in range(3):
        bulk.append([one] * 700, clock())
    with reading(desk.store) as session:
        numbers = list(session.execute(select(Ticket.number)).scalars())
        assert len(set(numbers)) == len(numbers) == 2100
        assert set(numbers) == set(session.execute(select(TicketNumber.number)).scalars())


_SHARED = ("customer", "customer_address", "tag")


def _build_by_verbs(desk: Desk, due: Any) -> None:
    number = desk.do(create, NewRequest(MIRA, SUBJECT, SAID, channel=Channel.PHONE)).tickets[0]
    desk.do(note, number, NOTED)
    desk.do(set_fields, [number], Fields(Status.OPEN, Priority.HIGH, "technical", None, due))
    desk.do(assign, [number], "bob")
    desk.do(tag, [number], add=["vpn"])


def _build_in_bulk(place: Place, due: Any) -> str:
    """An admin's job: on PostgreSQL only the owner may take ids in stretches."""
    desk = place.desk("anna")
    return Bulk(place.desk("root").store, desk.actor.agent_id).append([_finished(due, desk.clock)], desk.clock())


def _finished(due: Any, clock: Any) -> FinishedTicket:
    now = clock()
    said = FinishedMessage(MessageKind.CALL, MIRA, SAID, now, agent="anna", subject=SUBJECT)
    noted = FinishedMessage(MessageKind.NOTE, MIRA.__class__("Anna", ""), NOTED, now, agent="anna")
    return FinishedTicket(
        subject=SUBJECT,
        requester=MIRA,
        queue="support",
        created_at=now,
        updated_at=now,
        messages=(said, noted),
        status=Status.OPEN,
        priority=Priority.HIGH,
        channel=Channel.PHONE,
        category="technical",
        assignee="bob",
        tags=("vpn",),
        due_at=due,
    )


def _rows(desk: Desk) -> dict[str, list[dict[str, Any]]]:
    tables: tuple[Any, ...] = (Ticket, Message, Customer, CustomerAddress, Tag, TicketTag, Timer, TicketWords)
    with reading(desk.store) as session:
        return {
            table.__tablename__: [_row(one) for one in session.execute(select(table)).scalars()] for table in tables
        }


def _row(one: Any) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in list(one.__table__.columns.keys()) if name not in _OWN}
    if "words" in row:
        row["words"] = sorted(row["words"].split())
        row.pop("cost")
    return row


def _sorted_words(session: Session) -> list[str]:
    return sorted(session.execute(select(TicketWords.words)).scalar_one().split())
