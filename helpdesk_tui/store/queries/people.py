"""Questions about customers: found by a few characters of a name, an address or a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.rules.callers import digits_of
from helpdesk_tui.rules.words import fold
from helpdesk_tui.store.tables import (
    Agent,
    Customer,
    CustomerAddress,
    CustomerField,
    CustomerJoin,
    CustomerPhone,
    FieldDefinition,
    Organization,
    Ticket,
)
from helpdesk_tui.terms import ACTIVE, Person

#: How many characters find a customer.
SHORTEST = 3


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer as search lists them."""

    id: int
    name: str
    address: str
    phone: str
    organization: str
    open_tickets: int

    @property
    def called(self) -> str:
        """What they are called (`Person.called`)."""
        return Person(self.name, self.address).called


def find_customers(session: Session, typed: str, limit: int = 8) -> list[CustomerRow]:
    """The customers whose name, address or phone contains what was typed (3 characters or more).

    Of a number the digits count, without leading zeros: `089/777` finds `(089) 777 12`, not `+49 89 777 12`.
    """
    wanted = fold(typed.strip())
    if len(wanted) < SHORTEST:
        return []
    found = [col(Customer.search_key).contains(wanted, autoescape=True)]
    digits = digits_of(typed)
    if len(digits) >= SHORTEST:
        phones = select(col(CustomerPhone.customer_id)).where(col(CustomerPhone.digits).contains(digits))
        found.append(col(Customer.id).in_(phones))
    first = col(Customer.search_key).startswith(wanted, autoescape=True).desc()
    matching = select(Customer).where(or_(*found)).order_by(first, col(Customer.id).desc()).limit(limit)
    return _rows(session, list(session.execute(matching).scalars()))


def open_ticket_ids(session: Session, customer_id: int, limit: int = 5) -> list[int]:
    """The customer's tickets that are not done, newest first."""
    mine = select(col(Ticket.id)).where(col(Ticket.requester_id) == customer_id, col(Ticket.status).in_(ACTIVE))
    return list(session.execute(mine.order_by(col(Ticket.id).desc()).limit(limit)).scalars())


@dataclass(frozen=True, slots=True)
class JoinRow:
    """A record that was joined with a customer; `name` is what it was called."""

    id: int
    name: str
    at: datetime
    agent: str


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """All that is known of a customer, as far as one may see it.

    Args:
        tickets: the ids of their newest tickets; ticket_count: how many there are.
        joins: those that can be taken apart, the newest first.
    """

    row: CustomerRow
    addresses: tuple[str, ...]
    phones: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    tickets: tuple[int, ...]
    ticket_count: int
    joins: tuple[JoinRow, ...]


def customer_page(session: Session, customer_id: int, limit: int = 50) -> CustomerPage | None:
    """A customer with what hangs on them; None where one knows of none."""
    customer = session.execute(select(Customer).where(col(Customer.id) == customer_id)).scalar_one_or_none()
    if customer is None:
        return None
    addresses = select(col(CustomerAddress.address)).where(col(CustomerAddress.customer_id) == customer_id)
    phones = select(col(CustomerPhone.number)).where(col(CustomerPhone.customer_id) == customer_id)
    fields = select(col(FieldDefinition.name), col(CustomerField.value)).join(
        CustomerField, col(CustomerField.definition_id) == col(FieldDefinition.id)
    )
    theirs = col(Ticket.requester_id) == customer_id
    tickets = select(col(Ticket.id)).where(theirs).order_by(col(Ticket.updated_at).desc(), col(Ticket.id).desc())
    in_order = addresses.order_by(col(CustomerAddress.position), col(CustomerAddress.address))
    named = fields.where(col(CustomerField.customer_id) == customer_id).order_by(col(FieldDefinition.name))
    return CustomerPage(
        row=_rows(session, [customer])[0],
        addresses=tuple(session.execute(in_order).scalars()),
        phones=tuple(session.execute(phones.order_by(col(CustomerPhone.id))).scalars()),
        fields=tuple((name, value) for name, value in session.execute(named)),
        tickets=tuple(session.execute(tickets.limit(limit)).scalars()),
        ticket_count=session.execute(select(func.count(col(Ticket.id))).where(theirs)).scalar_one(),
        joins=tuple(_joins(session, customer_id)),
    )


def _joins(session: Session, customer_id: int) -> list[JoinRow]:
    found = select(CustomerJoin, col(Customer.name), col(Agent.login))
    found = found.outerjoin(Customer, col(Customer.id) == col(CustomerJoin.joined_id))
    found = found.outerjoin(Agent, col(Agent.id) == col(CustomerJoin.agent_id))
    found = found.where(col(CustomerJoin.kept_id) == customer_id, col(CustomerJoin.split_at).is_(None))
    rows = session.execute(found.order_by(col(CustomerJoin.id).desc()))
    return [JoinRow(one.id, name or _first_address(one), one.at, login or "") for one, name, login in rows]


def _first_address(join: CustomerJoin) -> str:
    return next(iter(join.moved["addresses"]), f"#{join.joined_id}")


def customer_of_ticket(session: Session, ticket_id: int) -> CustomerRow:
    """The requester of a ticket."""
    customer_id = session.execute(select(col(Ticket.requester_id)).where(col(Ticket.id) == ticket_id)).scalar_one()
    return _rows(session, [session.get_one(Customer, customer_id)])[0]


def _rows(session: Session, customers: list[Customer]) -> list[CustomerRow]:
    """These customers with what hangs on them, by one question each however many they are."""
    ids = [customer.id for customer in customers]
    addresses = select(col(CustomerAddress.customer_id), col(CustomerAddress.address))
    addresses = addresses.where(col(CustomerAddress.customer_id).in_(ids))
    phones = select(col(CustomerPhone.customer_id), col(CustomerPhone.number))
    phones = phones.where(col(CustomerPhone.customer_id).in_(ids))
    theirs = select(col(Customer.id), col(Organization.name)).join(
        Organization, col(Organization.id) == col(Customer.organization_id)
    )
    pending = select(col(Ticket.requester_id), func.count(col(Ticket.id))).where(
        col(Ticket.requester_id).in_(ids), col(Ticket.status).in_(ACTIVE)
    )
    # The last of several wins, so the first one comes last.
    address = dict(session.execute(addresses.order_by(col(CustomerAddress.position).desc())).all())
    phone = dict(session.execute(phones.order_by(col(CustomerPhone.id).desc())).all())
    organization = dict(session.execute(theirs.where(col(Customer.id).in_(ids))).all())
    tickets = dict(session.execute(pending.group_by(col(Ticket.requester_id))).all())
    return [
        CustomerRow(
            id=one.id,
            name=one.name,
            address=address.get(one.id, ""),
            phone=phone.get(one.id, ""),
            organization=organization.get(one.id, ""),
            open_tickets=tickets.get(one.id, 0),
        )
        for one in customers
    ]
