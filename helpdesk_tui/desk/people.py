"""Customers: found again by any of their addresses and phones, made when they are new."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.rules.callers import digits_of
from helpdesk_tui.rules.routing import plain_address, without_detail
from helpdesk_tui.rules.words import fold
from helpdesk_tui.store.asking import answer
from helpdesk_tui.store.statements import add_row, add_rows
from helpdesk_tui.store.tables import (
    Agent,
    Customer,
    CustomerAddress,
    CustomerJoin,
    CustomerPhone,
    Queue,
    QueueAddress,
)
from helpdesk_tui.store.transaction import lock_name
from helpdesk_tui.terms import Person

_AT_ADDRESSES = select(col(CustomerAddress.address), col(CustomerAddress.customer_id)).where(
    col(CustomerAddress.address).in_(bindparam("addresses", expanding=True))
)


def customer_at(session: Session, address: str) -> int | None:
    """The customer with this address, None where nobody has it; a detail behind a plus leads to whose mailbox it is."""
    ways = [plain_address(address), without_detail(address)]
    found = {row.address: row.customer_id for row in answer(session, _AT_ADDRESSES, {"addresses": ways})}
    return next((found[one] for one in ways if one in found), None)


def whole(session: Session, customer_id: int) -> int:
    """The customer, or the one they were joined with in the end."""
    seen: set[int] = set()
    while customer_id not in seen:
        seen.add(customer_id)
        joined = select(col(CustomerJoin.kept_id)).where(
            col(CustomerJoin.joined_id) == customer_id, col(CustomerJoin.split_at).is_(None)
        )
        customer_id = session.execute(joined).scalars().first() or customer_id
    return customer_id


def agent_at(session: Session, address: str) -> int | None:
    """The active agent with this address, None where it is nobody's."""
    known = select(col(Agent.id)).where(func.lower(col(Agent.email)) == plain_address(address), col(Agent.is_active))
    return session.execute(known.order_by(col(Agent.id)).limit(1)).scalar_one_or_none() if address else None


def ourselves(session: Session) -> list[Person]:
    """Our agents and queues by the names and addresses that others see."""
    agents = select(col(Agent.name), col(Agent.email)).where(col(Agent.is_active), col(Agent.email) != "")
    queues = select(col(Queue.display_name), col(QueueAddress.address)).join(
        Queue, col(Queue.id) == QueueAddress.queue_id
    )
    return [Person(name, address) for found in (agents, queues) for name, address in session.execute(found)]


class Found(NamedTuple):
    """A customer by their id, and whether they were made just now."""

    id: int
    is_new: bool


def customer_for(session: Session, person: Person, now: datetime, phone: str = "") -> Found:
    """The customer of this address or phone, who has this phone from now on; a new one where nobody has it."""
    lock_name(session, *[f"customer {key}" for key in (plain_address(person.address), digits_of(phone)) if key])
    known = customer_at(session, person.address) if person.address else _by_phone(session, phone)
    if known is not None:
        if digits_of(phone) and not _has_phone(session, known, phone):
            add_contacts(session, known, [], [phone])
        return Found(known, False)
    key = fold(" ".join((person.name, person.address)).strip())
    name = person.name or ("" if person.address else phone)  # who is known by a number alone is called by it
    row = {"name": name, "search_key": key, "created_at": now}
    customer_id = add_row(session, Customer, row)
    _add(session, customer_id, [person.address] if person.address else [], [phone] if phone else [])
    return Found(customer_id, True)


def add_contacts(session: Session, customer_id: int, addresses: Iterable[str], phones: Iterable[str]) -> None:
    """Give a customer more addresses and phones."""
    last = select(func.max(CustomerAddress.position)).where(col(CustomerAddress.customer_id) == customer_id)
    first = session.execute(last).scalar_one()
    _add(session, customer_id, addresses, phones, 0 if first is None else first + 1)


def _add(
    session: Session, customer_id: int, addresses: Iterable[str], phones: Iterable[str], first_place: int = 0
) -> None:
    own = {"customer_id": customer_id}
    places = enumerate(addresses, first_place)
    rows = [{**own, "address": plain_address(address), "position": place} for place, address in places]
    add_rows(session, CustomerAddress, rows)
    add_rows(session, CustomerPhone, [{**own, "number": n, "digits": digits_of(n)} for n in phones])


def _has_phone(session: Session, customer_id: int, phone: str) -> bool:
    mine = select(col(CustomerPhone.id)).where(col(CustomerPhone.customer_id) == customer_id)
    return session.execute(mine.where(col(CustomerPhone.digits) == digits_of(phone))).first() is not None


def _by_phone(session: Session, phone: str) -> int | None:
    if not digits_of(phone):
        return None
    known = select(col(CustomerPhone.customer_id)).where(col(CustomerPhone.digits) == digits_of(phone))
    return session.execute(known.limit(1)).scalar_one_or_none()
