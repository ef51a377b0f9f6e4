"""The customers of tickets that are appended in bulk: found by address or phone, made where they are new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.rules import words
from helpdesk_tui.rules.callers import digits_of
from helpdesk_tui.rules.routing import plain_address
from helpdesk_tui.store.finished import FinishedTicket
from helpdesk_tui.store.ids import ids_of_names, take_ids
from helpdesk_tui.store.statements import add_row, add_rows, add_unless_there
from helpdesk_tui.store.tables import (
    Customer,
    CustomerAddress,
    CustomerField,
    CustomerPhone,
    FieldDefinition,
    Organization,
)
from helpdesk_tui.store.transaction import lock_name

#: By what a customer is known: an address, the digits of a phone, or, where there is neither, the ticket's place.
_Key = tuple[str, str | int]


def requesters(session: Session, tickets: Sequence[FinishedTicket], now: datetime) -> tuple[list[int], frozenset[int]]:
    """The customer of each ticket, and which of them are new.

    As at the door, who gives neither an address nor a phone is somebody new.
    """
    keys = [_key(ticket, place) for place, ticket in enumerate(tickets)]
    wanted: dict[_Key, FinishedTicket] = {}
    for key, ticket in zip(keys, tickets, strict=True):
        wanted.setdefault(key, ticket)
    found = _known(session, wanted)
    missing = {key: ticket for key, ticket in wanted.items() if key not in found}
    found.update(zip(missing, take_ids(session, "customer", len(missing)), strict=True))
    _add(session, [(found[key], ticket) for key, ticket in missing.items()], now)
    return [found[key] for key in keys], frozenset(found[key] for key in missing)


def _key(ticket: FinishedTicket, place: int) -> _Key:
    if address := plain_address(ticket.requester.address):
        return "address", address
    digits = next(filter(None, map(digits_of, ticket.customer.phones)), "")
    return ("phone", digits) if digits else ("place", place)


def _known(session: Session, wanted: Iterable[_Key]) -> dict[_Key, int]:
    """The customers who have these addresses or phones; nobody else makes one of them until the transaction ends."""
    by_kind: dict[str, list[str]] = {"address": [], "phone": []}
    for kind, key in wanted:
        if isinstance(key, str):
            by_kind[kind].append(key)
    lock_name(session, *[f"customer {key}" for keys in by_kind.values() for key in keys])
    found: dict[_Key, int] = {}
    for kind, key_column, owner in (
        ("address", col(CustomerAddress.address), col(CustomerAddress.customer_id)),
        ("phone", col(CustomerPhone.digits), col(CustomerPhone.customer_id)),
    ):
        if by_kind[kind]:
            rows = session.execute(
                select(key_column, owner).where(key_column.in_(by_kind[kind])).order_by(owner.desc())
            )
            found.update({(kind, key): customer_id for key, customer_id in rows})
    return found


def _add(session: Session, new: Sequence[tuple[int, FinishedTicket]], now: datetime) -> None:
    organizations = _organizations(session, {ticket.customer.organization for _id, ticket in new} - {""})
    people = [(customer_id, ticket, _addresses(ticket)) for customer_id, ticket in new]
    add_rows(
        session,
        Customer,
        [
            {
                "id": customer_id,
                "name": ticket.requester.name,
                "search_key": words.fold(f"{ticket.requester.name} {ticket.requester.address}".strip()),
                "organization_id": organizations.get(ticket.customer.organization),
                "created_at": now,
            }
            for customer_id, ticket, _own in people
        ],
    )
    first = [{"address": own[0], "customer_id": id, "position": 0} for id, _ticket, own in people if own]
    add_rows(session, CustomerAddress, first)
    for customer_id, _ticket, own in people:
        for position, address in enumerate(own[1:], 1):
            row = {"address": address, "customer_id": customer_id, "position": position}
            add_unless_there(session, CustomerAddress, row)
    _add_particulars(session, new)


def _addresses(ticket: FinishedTicket) -> list[str]:
    own = map(plain_address, (ticket.requester.address, *ticket.customer.addresses))
    return list(dict.fromkeys(address for address in own if address))


def _add_particulars(session: Session, new: Sequence[tuple[int, FinishedTicket]]) -> None:
    phones = [
        {"customer_id": customer_id, "number": phone, "digits": digits_of(phone)}
        for customer_id, ticket in new
        for phone in ticket.customer.phones
    ]
    add_rows(session, CustomerPhone, phones)
    definitions = field_ids(
        session, "customer", {name for _id, ticket in new for name, _value in ticket.customer.fields}
    )
    fields = [
        {"definition_id": definitions[name], "customer_id": customer_id, "value": value}
        for customer_id, ticket in new
        for name, value in ticket.customer.fields
    ]
    add_rows(session, CustomerField, fields)


def field_ids(session: Session, subject: str, names: Iterable[str]) -> dict[str, int]:
    """The ids of named fields of customers or tickets; those that are new are made, as text."""
    for name in sorted(names):
        row = {"subject": subject, "name": name, "kind": "text", "choices": []}
        add_unless_there(session, FieldDefinition, row)
    known = select(col(FieldDefinition.name), col(FieldDefinition.id)).where(col(FieldDefinition.subject) == subject)
    return dict(session.execute(known).all()) if names else {}


def _organizations(session: Session, names: Iterable[str]) -> dict[str, int]:
    """The ids of companies by name; names are not unique, so the first of a name counts."""
    found: dict[str, int] = {}
    if names:
        lock_name(session, *[f"organization {name}" for name in names])
        found = ids_of_names(session, Organization.id, Organization.name, names)
    for name in sorted(set(names) - found.keys()):
        found[name] = add_row(session, Organization, {"name": name})
    return found
