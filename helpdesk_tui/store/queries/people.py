"""Questions about customers: found by a few characters of a name, an address or a number."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.rules.words import fold
from helpdesk_tui.store.tables import Customer, CustomerAddress, CustomerPhone, Organization, Ticket
from helpdesk_tui.terms import ACTIVE

#: How many characters find a customer.
SHORTEST = 3
_NOT_DIGIT = re.compile(r"\D+")


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer as search lists them."""

    id: int
    name: str
    address: str
    phone: str
    organization: str
    open_tickets: int


def find_customers(session: Session, typed: str, limit: int = 8) -> list[CustomerRow]:
    """The customers whose name, address or phone contains what was typed (3 characters or more).

    Numbers may be written in any way: `+49 89…`, `089/…`.
    """
    wanted = fold(typed.strip())
    if len(wanted) < SHORTEST:
        return []
    found = [col(Customer.search_key).contains(wanted, autoescape=True)]
    digits = _NOT_DIGIT.sub("", typed).lstrip("0")
    if len(digits) >= SHORTEST:
        phones = select(col(CustomerPhone.customer_id)).where(col(CustomerPhone.digits).contains(digits))
        found.append(col(Customer.id).in_(phones))
    first = col(Customer.search_key).startswith(wanted, autoescape=True).desc()
    matching = select(Customer).where(or_(*found)).order_by(first, col(Customer.id).desc()).limit(limit)
    return [_row(session, customer) for customer in session.execute(matching).scalars()]


def open_ticket_ids(session: Session, customer_id: int, limit: int = 5) -> list[int]:
    """The customer's tickets that are not done, newest first."""
    mine = select(col(Ticket.id)).where(col(Ticket.requester_id) == customer_id, col(Ticket.status).in_(ACTIVE))
    return list(session.execute(mine.order_by(col(Ticket.id).desc()).limit(limit)).scalars())


def customer_of_ticket(session: Session, ticket_id: int) -> CustomerRow:
    """The requester of a ticket."""
    customer_id = session.execute(select(col(Ticket.requester_id)).where(col(Ticket.id) == ticket_id)).scalar_one()
    return _row(session, session.get_one(Customer, customer_id))


def _row(session: Session, customer: Customer) -> CustomerRow:
    address = select(col(CustomerAddress.address)).where(col(CustomerAddress.customer_id) == customer.id)
    phone = select(col(CustomerPhone.number)).where(col(CustomerPhone.customer_id) == customer.id)
    organization = session.get(Organization, customer.organization_id) if customer.organization_id else None
    pending = select(func.count(col(Ticket.id))).where(
        col(Ticket.requester_id) == customer.id, col(Ticket.status).in_(ACTIVE)
    )
    return CustomerRow(
        id=customer.id,
        name=customer.name,
        address=session.execute(address.order_by(col(CustomerAddress.position)).limit(1)).scalar_one_or_none() or "",
        phone=session.execute(phone.limit(1)).scalar_one_or_none() or "",
        organization=organization.name if organization else "",
        open_tickets=session.execute(pending).scalar_one(),
    )
