"""The search index: one document a ticket, written in the transaction that changes the ticket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Text, bindparam, select, text, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.rules import words as rules
from helpdesk_tui.rules.findable import mail_texts
from helpdesk_tui.store.asking import answer
from helpdesk_tui.store.engine import Store
from helpdesk_tui.store.statements import add_rows
from helpdesk_tui.store.tables import (
    NUMBER_THERE,
    Attachment,
    Customer,
    CustomerAddress,
    ExternalRef,
    Message,
    QueueAddress,
    Ticket,
    TicketWords,
)
from helpdesk_tui.store.transaction import writing
from helpdesk_tui.terms import SYSTEM, MessageKind, Person

#: How many tickets are written in one transaction, so that nobody waits for long.
_AT_ONCE = 50
_KNOWN_BY = (
    select(col(Customer.name), col(CustomerAddress.address))
    .outerjoin(CustomerAddress, col(CustomerAddress.customer_id) == col(Customer.id))
    .where(col(Customer.id) == bindparam("customer"))
)
_SPENT = select(col(TicketWords.cost)).where(col(TicketWords.ticket_id) == bindparam("ticket"))
_ADD_WORDS = (
    update(TicketWords)
    .where(col(TicketWords.ticket_id) == bindparam("ticket"))
    .values(
        words=col(TicketWords.words) + bindparam("more", type_=Text), cost=col(TicketWords.cost) + bindparam("weight")
    )
    .execution_options(synchronize_session=False)
)


def index_new(
    session: Session, ticket_id: int, queue_id: int, about: Sequence[str], message: Sequence[str] = ()
) -> None:
    """Write the document of a new ticket: what it is about and whose it is, and its first message."""
    add_rows(session, TicketWords, [document(ticket_id, queue_id, about, [message])])


def index_new_words(session: Session, tickets: Iterable[tuple[int, int, Sequence[str]]]) -> None:
    """Write the documents of new tickets (id, queue's id, words) from words that are cut already."""
    add_rows(session, TicketWords, [_row(ticket_id, queue_id, words) for ticket_id, queue_id, words in tickets])


def index_more(session: Session, ticket_id: int, message: Sequence[str]) -> None:
    """Add the words of a new message to a ticket's document, as far as there is room."""
    index_more_words(session, ticket_id, rules.of_message(message))


def index_more_words(session: Session, ticket_id: int, words: Sequence[str]) -> None:
    """Add words that are cut already to a ticket's document, as far as there is room."""
    spent = answer(session, _SPENT, {"ticket": ticket_id}).scalar_one_or_none()
    cut = rules.fit(list(words), rules.TICKET_COST - (spent or 0))
    if cut:
        more = {"ticket": ticket_id, "more": " " + " ".join(cut), "weight": rules.cost(cut)}
        session.execute(_ADD_WORDS, more)


def document(ticket_id: int, queue_id: int, about: Sequence[str], messages: Iterable[Sequence[str]]) -> dict[str, Any]:
    """The row of a ticket's document."""
    return _row(ticket_id, queue_id, [word for text in (about, *messages) for word in rules.of_message(text)])


def _row(ticket_id: int, queue_id: int, words: Sequence[str]) -> dict[str, Any]:
    cut = rules.fit(list(words), rules.TICKET_COST)
    return {"ticket_id": ticket_id, "queue_id": queue_id, "words": " ".join(cut), "cost": rules.cost(cut)}


def rebuild(session: Session, ticket_id: int) -> None:
    """Write a ticket's document anew from what is stored."""
    ticket = session.get_one(Ticket, ticket_id)
    about = [
        ticket.subject,
        ticket.summary or "",
        ticket.resolution or "",
        *customer_texts(session, ticket.requester_id),
    ]
    about += numbers_there(session, ticket_id)
    row = document(ticket_id, ticket.queue_id, about, _thread(session, ticket))
    found = session.get(TicketWords, ticket_id)
    if found is None:
        session.add(TicketWords(**row))
    else:
        found.words, found.cost = row["words"], row["cost"]
    session.flush()


def own_addresses(session: Session) -> frozenset[str]:
    """The addresses of our queues."""
    return frozenset(session.execute(select(col(QueueAddress.address))).scalars())


def rebuild_all(store: Store) -> int:
    """Write all documents anew, some tickets a transaction, and SQLite's index of them; returns how many there are."""
    done = last = 0
    if not store.is_postgres:
        _mend_index(store)
    while True:
        with writing(store, SYSTEM) as session:
            page = select(col(Ticket.id)).where(col(Ticket.id) > last).order_by(col(Ticket.id)).limit(_AT_ONCE)
            ids = list(session.execute(page.with_for_update(key_share=True)).scalars())
            for ticket_id in ids:
                rebuild(session, ticket_id)
        if not ids:
            return done
        done, last = done + len(ids), ids[-1]


def _mend_index(store: Store) -> None:
    """Make SQLite's index fit the documents: a document that stays as it is tells the index nothing.

    First of all, since a changed document takes its old words out of the index, which must have them.
    """
    with writing(store, SYSTEM) as session:
        session.execute(text("INSERT INTO ticket_search(ticket_search) VALUES ('rebuild')"))


def customer_texts(session: Session, customer_id: int) -> list[str]:
    """What a customer's tickets are found by: the name and the addresses."""
    rows = answer(session, _KNOWN_BY, {"customer": customer_id}).all()
    return [rows[0].name, *(row.address for row in rows if row.address)]


def numbers_there(session: Session, ticket_id: int) -> list[str]:
    """What other systems called a ticket."""
    called = select(col(ExternalRef.external_id)).where(
        col(ExternalRef.own_id) == ticket_id, col(ExternalRef.type) == NUMBER_THERE
    )
    return list(session.execute(called.order_by(col(ExternalRef.external_id))).scalars())


def _thread(session: Session, ticket: Ticket) -> Iterator[list[str]]:
    ours = own_addresses(session)
    files: dict[int, list[str]] = {}
    named = select(col(Attachment.message_id), col(Attachment.name)).where(col(Attachment.ticket_id) == ticket.id)
    for message_id, name in session.execute(named.order_by(col(Attachment.id))):
        files.setdefault(message_id, []).append(name)
    thread = select(Message).where(col(Message.ticket_id) == ticket.id, col(Message.is_withdrawn).is_(False))
    for one in session.execute(thread.order_by(col(Message.id))).scalars():
        if one.kind == MessageKind.INBOUND:
            people = [Person(one.from_name, one.from_address), *(Person(*person) for person in (*one.to, *one.cc))]
            yield mail_texts(one.subject, people, files.get(one.id, ()), one.text, one.quoted, ours)
        elif not one.is_automatic:  # its words are the same on all tickets
            yield [*files.get(one.id, ()), one.text]
