"""The second writer: a desk built in bulk is the desk that verbs build, row by row."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk_tui.desk.assignment import assign
from helpdesk_tui.desk.conversation import NewRequest, create, note, reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.people import customer_for
from helpdesk_tui.desk.tickets import Fields, set_fields, set_status, tag
from helpdesk_tui.store import numbers
from helpdesk_tui.store.bulk import Bulk, FinishedMessage, FinishedTicket
from helpdesk_tui.store.search import rebuild
from helpdesk_tui.store.tables import (
    Attachment,
    Batch,
    Content,
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
from helpdesk_tui.terms import SYSTEM, Channel, IncomingFile, MessageKind, Person, Priority, Status, Verb
from tests.build import (
    MIRA,
    STRANGER,
    SUPPORT,
    FrozenClock,
    Place,
    a_ticket,
    an_incoming,
    filed,
    listed,
    row,
    session_of,
    sql,
)
from tests.store.test_numbers import until_it_waits

SUBJECT = "Drucker druckt nicht"
LOG = IncomingFile("printer log.txt", "text/plain", b"PC LOAD LETTER")
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
    _assert_doubled(before, _rows(by_verbs))


def test_mails_built_in_bulk_equal_mails_filed_and_answered(place: Place, clock: FrozenClock) -> None:
    """Whom they went to, what they answer, what was quoted, what was with them, when the ticket was closed."""
    desk, now = place.desk("anna"), clock()
    to, ancestors = (Person("", SUPPORT), Person("Rosa Ott", "rosa@customer.example")), ("1@a.example", "2@b.example")
    mail = an_incoming(text=SAID, quoted="> Frage", to=to, references=ancestors, sent_at=now, files=(LOG,))
    number = filed(desk, mail).ticket
    assert number is not None
    desk.do(reply, number, NOTED, then=None)
    desk.do(set_status, [number], Status.CLOSED)
    before = _rows(desk)
    answer = before["message"][1]
    asked = FinishedMessage(
        MessageKind.INBOUND, MIRA, SAID, now, "", mail.subject, "> Frage", to, mail.message_id, ancestors, (LOG,)
    )
    answered = FinishedMessage(
        kind=MessageKind.OUTBOUND,
        sender=Person("Anna · Example Support", SUPPORT),
        text=NOTED,
        at=now,
        agent="anna",
        subject=f"Re: {mail.subject}",
        to=(MIRA,),
        message_id=answer["message_id"],
        references=(mail.message_id,),
    )
    done = FinishedTicket(
        mail.subject,
        MIRA,
        "support",
        now,
        now,
        (asked, answered),
        status=Status.CLOSED,
        waiting_for=None,
        closed_at=now,
    )
    _append(place, [done])
    _assert_doubled(before, _rows(desk))


def test_a_creation_in_bulk_is_recorded_as_at_the_door(place: Place, clock: FrozenClock) -> None:
    desk = place.desk("anna")
    number = a_ticket(desk)
    batch_id = _build_in_bulk(place, clock() + timedelta(hours=5))
    with reading(desk.store, SYSTEM) as session:
        door, bulk = (_row(one, "batch_id", "changes") for one in session.execute(select(Event)).scalars())
        assert bool(door.pop("xid")) == bool(bulk.pop("xid")) == place.is_postgres
        assert door == bulk
        made = session.get_one(Batch, batch_id)
        by_door = session.execute(select(Batch).where(Batch.id != batch_id, Batch.verb == Verb.CREATE)).scalar_one()
        assert _row(made, "outcome") == _row(by_door, "outcome")
        assert (by_door.outcome["tickets"], by_door.outcome.keys()) == ([number], made.outcome.keys())
        assert made.outcome["tickets"] == [n for n in listed(desk) if n != number]


def test_two_callers_without_an_address_are_two_customers(place: Place, clock: FrozenClock) -> None:
    desk, one = place.desk("anna"), _finished(None, clock)
    callers = [Person("Ada", ""), Person("Ben", " "), Person("Ada", ""), MIRA, Person("M.", MIRA.address.upper())]
    _append(place, [replace(one, requester=caller) for caller in callers])
    with reading(desk.store, SYSTEM) as session:
        tickets = session.execute(select(Ticket).order_by(Ticket.id)).scalars()
        names = [session.get_one(Customer, ticket.requester_id).name for ticket in tickets]
        assert names == ["Ada", "Ben", "Ada", MIRA.name, MIRA.name]
        assert len(session.execute(select(Customer)).all()) == 4
        assert [one.address for one in session.execute(select(CustomerAddress)).scalars()] == [MIRA.address]


def test_tags_in_bulk_are_written_as_the_verb_writes_them(place: Place, clock: FrozenClock) -> None:
    desk, one = place.desk("anna"), _finished(None, clock)
    written = ("VPN", "vpn ", "Dritter  Stock", "Stra\x1b[31mße", "\u200b")
    number = a_ticket(desk)
    desk.do(tag, [number], add=written[:-1])
    before = row(desk, number).tags
    _append(place, [replace(one, tags=written)])
    made = next(n for n in listed(desk) if n != number)
    assert row(desk, made).tags == before
    with reading(desk.store, SYSTEM) as session:
        assert sorted(one.name for one in session.execute(select(Tag)).scalars()) == sorted(before)


class _Abandoned(Exception):
    """Rolls a transaction back."""


def test_bulk_takes_numbers_before_customers_as_the_door_does(place: Place, clock: FrozenClock) -> None:
    """The door has the number and comes for the customer while a batch waits for the number."""
    store, one = place.store("anna"), replace(_finished(None, clock), number=4711)
    with ThreadPoolExecutor(1) as pool:
        with suppress(_Abandoned), session_of(store) as session:
            assert numbers.take(session, 4711)
            waiting = pool.submit(_append, place, [one])
            until_it_waits(place, waiting)
            customer_for(session, MIRA, clock())
            raise _Abandoned
        waiting.result()
    assert listed(place.desk("anna")) == [4711]


def test_batches_side_by_side_with_the_same_people_and_tags_all_arrive(place: Place, clock: FrozenClock) -> None:
    one = _finished(None, clock)
    tags = [("a", "b"), ("b", "a")]
    batches = [
        [replace(one, requester=who, tags=(f"{n}{tag}",)) for n in range(9) for who in people for tag in tags[turn]]
        for turn, people in enumerate([(MIRA, STRANGER), (STRANGER, MIRA)])
    ]
    with ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(_append, place, batch) for batch in batches]:
            job.result()
    with reading(place.desk("anna").store, SYSTEM) as session:
        assert len(session.execute(select(Ticket)).all()) == 72
        assert len(session.execute(select(Customer)).all()) == 2
        assert len(session.execute(select(Tag)).all()) == 18


def test_bulk_records_the_creation_and_tells_the_feed(place: Place, clock: FrozenClock) -> None:
    desk = place.desk("anna")
    batch = _build_in_bulk(place, clock() + timedelta(hours=5))
    with reading(desk.store, SYSTEM) as session:
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
    with writing(desk.store, SYSTEM) as session:
        before = _sorted_words(session)
        rebuild(session, session.execute(select(Ticket.id)).scalar_one())
        assert set(before) == set(_sorted_words(session))


def test_a_document_of_mails_written_in_bulk_is_what_a_rebuild_writes(place: Place, clock: FrozenClock) -> None:
    """Each mail is found by its subject, by who wrote it and by who else got it, but not by our own address."""
    desk, now = place.desk("anna"), clock()
    ours = (Person("", SUPPORT), Person("Rosa Ott", "rosa@customer.example"))
    mails = [
        FinishedMessage(MessageKind.INBOUND, MIRA, SAID, now, subject=SUBJECT, to=ours, quoted="> Frage", files=(LOG,)),
        FinishedMessage(
            MessageKind.OUTBOUND,
            Person("Anna", SUPPORT),
            NOTED,
            now,
            agent="anna",
            to=(MIRA,),
            files=(LOG, replace(LOG, name="plan.pdf")),
        ),
        FinishedMessage(MessageKind.INBOUND, Person("Berta", "b@x.example"), "Ja.", now, subject="Zebra", to=ours),
    ]
    _append(place, [replace(_finished(now, clock), messages=tuple(mails), channel=Channel.EMAIL)])
    with writing(desk.store, SYSTEM) as session:
        before = _sorted_words(session)
        rebuild(session, session.execute(select(Ticket.id)).scalar_one())
        assert before == _sorted_words(session)
    assert [len(listed(desk, word)) for word in ("zebra", "berta", "rosa", "plan", SUPPORT)] == [1, 1, 1, 1, 0]
    assert len(sql(desk.store, "SELECT 1 FROM content")) == 1


def test_numbers_drawn_in_bulk_are_never_given_again(place: Place, clock: FrozenClock) -> None:
    desk = place.desk("anna")
    one = _finished(clock() + timedelta(hours=5), clock)
    bulk = Bulk(place.desk("root").store, desk.actor.agent_id)
    for _round in range(3):
        bulk.append([one] * 700, clock())
    with reading(desk.store, SYSTEM) as session:
        numbers = list(session.execute(select(Ticket.number)).scalars())
        assert len(set(numbers)) == len(numbers) == 2100
        assert set(numbers) == set(session.execute(select(TicketNumber.number)).scalars())


_SHARED = ("customer", "customer_address", "tag", "content")


def _build_by_verbs(desk: Desk, due: Any) -> None:
    number = desk.do(create, NewRequest(MIRA, SUBJECT, SAID, channel=Channel.PHONE)).tickets[0]
    desk.do(note, number, NOTED)
    desk.do(set_fields, [number], Fields(Status.OPEN, Priority.HIGH, "technical", None, due))
    desk.do(assign, [number], "bob")
    desk.do(tag, [number], add=["vpn"])


def _build_in_bulk(place: Place, due: Any) -> str:
    return _append(place, [_finished(due, place.clock)])


def _append(place: Place, tickets: list[FinishedTicket]) -> str:
    """An admin's job, done in Anna's name: on PostgreSQL only the owner may take ids in stretches."""
    actor_id = place.desk("anna").actor.agent_id
    return Bulk(place.store("root"), actor_id).append(tickets, place.clock())


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
    tables: tuple[Any, ...] = (
        Ticket,
        Message,
        Attachment,
        Content,
        Customer,
        CustomerAddress,
        Tag,
        TicketTag,
        Timer,
        TicketWords,
    )
    with reading(desk.store, SYSTEM) as session:
        return {
            table.__tablename__: [_row(one) for one in session.execute(select(table)).scalars()] for table in tables
        }


def _assert_doubled(before: dict[str, list[dict[str, Any]]], both: dict[str, list[dict[str, Any]]]) -> None:
    """What was there is there once more, row by row, but for what two tickets share."""
    for table, rows in before.items():
        assert [one for one in both[table] if one not in rows] == [], f"{table} differs"
        assert len(both[table]) == (2 if table not in _SHARED else 1) * len(rows), table


def _row(one: Any, *unlike: str) -> dict[str, Any]:
    own = _OWN - {"message_id"} if isinstance(one, Message) else _OWN  # there it is what the mail itself says
    names = [name for name in list(one.__table__.columns.keys()) if name not in own and name not in unlike]
    row = {name: getattr(one, name) for name in names}
    if "words" in row:
        row["words"] = sorted(row["words"].split())
        row.pop("cost")
    return row


def _sorted_words(session: Session) -> list[str]:
    return sorted(session.execute(select(TicketWords.words)).scalar_one().split())
