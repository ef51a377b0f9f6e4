"""Who belongs to a ticket: its requester, whoever an agent wrote to, and whoever an agent let in."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.rules.routing import plain_address, without_detail
from helpdesk_tui.store.asking import answer
from helpdesk_tui.store.tables import CustomerAddress, Message, Participant, Ticket
from helpdesk_tui.terms import MessageKind

_ADDRESSES = select(col(CustomerAddress.address)).where(col(CustomerAddress.customer_id) == bindparam("customer"))


def is_participant(session: Session, ticket: Ticket, address: str) -> bool:
    """True for an address that belongs to the ticket, also with another detail behind a plus."""
    if not address:
        return False
    if is_requester(session, ticket, address):
        return True
    sender = without_detail(address)
    let_in = select(col(Participant.address)).where(col(Participant.ticket_id) == ticket.id)
    if sender in map(without_detail, session.execute(let_in).scalars()):
        return True
    written = select(col(Message.to), col(Message.cc)).where(
        col(Message.ticket_id) == ticket.id,
        col(Message.kind) == MessageKind.OUTBOUND,
        col(Message.is_withdrawn).is_(False),
    )
    people = (person for row in session.execute(written) for person in [*row.to, *row.cc])
    return any(without_detail(one) == sender for _name, one in people)


def is_requester(session: Session, ticket: Ticket, address: str) -> bool:
    """True for an address of the person whose ticket it is."""
    own = answer(session, _ADDRESSES, {"customer": ticket.requester_id}).scalars()
    return without_detail(plain_address(address)) in map(without_detail, own)
