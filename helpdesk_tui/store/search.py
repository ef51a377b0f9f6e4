"""The search index: one document a ticket, written in the transaction that changes the ticket."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.rules import words as rules
from helpdesk_tui.store.engine import Store
from helpdesk_tui.store.statements import add_rows
from helpdesk_tui.store.tables import Attachment, Customer, CustomerAddress, Message, Ticket, TicketWords
from helpdesk_tui.store.transaction import writing
from helpdesk_tui.terms import MessageKind

#: How many tickets are written in one transaction, so that nobody waits for long.
_AT_ONCE = 50


def index_new(session: Session, ticket_id: int, queue_id: int, *texts: str) -> None:
    """Write the document of a new ticket."""
    cut = rules.fit([word for text in texts for word in rules.words(text)], rules.TICKET_COST)
    row = {"ticket_id": ticket_id, "queue_id": queue_id, "words": " ".join(cut), "cost": rules.cost(cut)}
    add_rows(session, TicketWords, [row])


def index_more(session: Session, ticket_id: int, *texts: str) -> None:
    """Add the words of a new message to a ticket's document, as far as there is room."""
    cut = [word for text in texts for word in rules.words(text)]
    here = col(TicketWords.ticket_id) == ticket_id
    spent = session.execute(select(col(TicketWords.cost)).where(here)).scalar_one_or_none()
    cut = rules.fit(cut, rules.TICKET_COST - (spent or 0))
    if not cut:
        return
    added = {"words": col(TicketWords.words) + " " + " ".join(cut), "cost": col(TicketWords.cost) + rules.cost(cut)}
    session.execute(update(TicketWords).where(here).values(added).execution_options(synchronize_session=False))


def rebuild(session: Session, ticket_id: int) -> None:
    """Write a ticket's document anew from what is stored."""
    ticket = session.get_one(Ticket, ticket_id)
    cut = rules.fit([word for text in _texts(session, ticket) for word in rules.words(text)], rules.TICKET_COST)
    document = session.get(TicketWords, ticket_id)
    if document is None:
        document = TicketWords(ticket_id=ticket.id, queue_id=ticket.queue_id)
        session.add(document)
    document.words, document.cost = " ".join(cut), rules.cost(cut)
    session.flush()


def rebuild_all(store: Store) -> int:
    """Write all documents anew, some tickets a transaction; returns how many there are."""
    done = last = 0
    while True:
        with writing(store) as session:
            page = select(col(Ticket.id)).where(col(Ticket.id) > last).order_by(col(Ticket.id)).limit(_AT_ONCE)
            ids = list(session.execute(page.with_for_update(key_share=True)).scalars())
            for ticket_id in ids:
                rebuild(session, ticket_id)
        if not ids:
            return done
        done, last = done + len(ids), ids[-1]


def customer_texts(session: Session, customer_id: int) -> list[str]:
    """What a customer's tickets are found by: the name and the addresses."""
    found = select(col(Customer.name), col(CustomerAddress.address)).outerjoin(
        CustomerAddress, col(CustomerAddress.customer_id) == col(Customer.id)
    )
    rows = session.execute(found.where(col(Customer.id) == customer_id)).all()
    return [rows[0].name, *(row.address for row in rows if row.address)]


def _texts(session: Session, ticket: Ticket) -> list[str]:
    texts = [ticket.subject, ticket.summary or "", *customer_texts(session, ticket.requester_id)]
    thread = select(Message).where(col(Message.ticket_id) == ticket.id, col(Message.is_withdrawn).is_(False))
    for message in session.execute(thread.order_by(col(Message.id))).scalars():
        is_theirs = message.kind == MessageKind.INBOUND
        texts += [message.subject, message.from_name, message.from_address] if is_theirs else []
        texts += [message.text, message.quoted]
    names = select(col(Attachment.name)).where(col(Attachment.ticket_id) == ticket.id)
    return [*texts, *session.execute(names).scalars()]
