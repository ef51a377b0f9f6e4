"""Customers: found again by any of their addresses and phones, made when they are new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.rules.callers import digits_of
from helpdesk_tui.rules.routing import plain_address, without_detail
from helpdesk_tui.rules.words import fold
from helpdesk_tui.store.asking import answer
from helpdesk_tui.store.statements import add_row, add_rows, add_rows_for_ids
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
    if not address:
        return None
    found = _at(session, ways := _ways(address))
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
    """A customer by their id, and whether they were made just now for this."""

    id: int
    is_new: bool


def customer_for(session: Session, person: Person, now: datetime, phone: str = "") -> int:
    """The customer of this address or phone, who has this phone from now on; a new one where nobody has it."""
    lock_name(session, *[f"customer {key}" for key in (plain_address(person.address), digits_of(phone)) if key])
    known = customer_at(session, person.address) if person.address else _by_phone(session, phone)
    if known is not None:
        if digits_of(phone) and not _has_phone(session, known, phone):
            add_contacts(session, known, [], [phone])
        return known
    customer_id = add_row(session, Customer, _row(person, now, phone))
    _add(session, customer_id, [person.address] if person.address else [], [phone] if phone else [])
    return customer_id


def customers_for(session: Session, people: Sequence[tuple[Person, datetime]]) -> list[Found]:
    """The customers of these people, as `customer_for` finds or makes one after the other, from these moments on."""
    lock_name(session, *{f"customer {plain_address(one.address)}" for one, _now in people if one.address})
    ways = [_ways(one.address) if one.address else [] for one, _now in people]
    known = _at(session, [one for some in ways for one in some])
    rows: list[dict[str, Any]] = []
    addresses: dict[str, int] = {}  # of new customers: -1 is who stands in the first row, -2 in the second
    whose = []
    for (person, now), some in zip(people, ways, strict=True):
        at = next((known[one] for one in some if one in known), None)
        if at is None:
            rows.append(_row(person, now))
            at = -len(rows)
            addresses |= {plain_address(person.address): at} if person.address else {}
            known |= addresses
        whose.append(at)
    ids = {-place: id for place, id in enumerate(add_rows_for_ids(session, Customer, rows), 1)}
    own = [{"customer_id": ids[at], "address": address, "position": 0} for address, at in addresses.items()]
    add_rows(session, CustomerAddress, own)
    is_first = [at < 0 and at not in whose[:place] for place, at in enumerate(whose)]
    return [Found(ids.get(at, at), is_new) for at, is_new in zip(whose, is_first, strict=True)]


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


def _row(person: Person, now: datetime, phone: str = "") -> dict[str, Any]:
    key = fold(" ".join((person.name, person.address)).strip())
    name = person.name or ("" if person.address else phone)  # who is known by a number alone is called by it
    return {"name": name, "search_key": key, "created_at": now}


def _ways(address: str) -> list[str]:
    """How an address may be known: as it is, and without a detail behind a plus."""
    return [plain_address(address), without_detail(address)]


def _at(session: Session, addresses: Iterable[str]) -> dict[str, int]:
    rows = answer(session, _AT_ADDRESSES, {"addresses": list(addresses)})
    return {row.address: row.customer_id for row in rows}


def _has_phone(session: Session, customer_id: int, phone: str) -> bool:
    mine = select(col(CustomerPhone.id)).where(col(CustomerPhone.customer_id) == customer_id)
    return session.execute(mine.where(col(CustomerPhone.digits) == digits_of(phone))).first() is not None


def _by_phone(session: Session, phone: str) -> int | None:
    if not digits_of(phone):
        return None
    known = select(col(CustomerPhone.customer_id)).where(col(CustomerPhone.digits) == digits_of(phone))
    return session.execute(known.limit(1)).scalar_one_or_none()
