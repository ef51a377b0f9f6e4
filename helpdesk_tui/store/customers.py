"""Writing customers: what the owner of a PostgreSQL store does for agents, and hidden tickets that follow unseen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, DateTime, Text, cast, delete, func, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store import search, sight
from helpdesk_tui.store.statements import add_rows, is_among, is_postgres
from helpdesk_tui.store.tables import (
    Batch,
    Customer,
    CustomerAddress,
    CustomerJoin,
    CustomerPhone,
    Event,
    Ticket,
    Timer,
)

#: The kind of timer by which the program writes the words of a ticket anew.
WORDS = "words"
_REWORDED_AT_ONCE = 200


def write_customer(session: Session, customer_id: int, name: str, search_key: str, organization_id: int | None) -> None:
    """Change a customer's own row."""
    if is_postgres(session):
        _call(session, func.helpdesk_set_customer(customer_id, name, search_key, cast(organization_id, BigInteger)))
        return
    values = {"name": name, "search_key": search_key, "organization_id": organization_id}
    _write(session, update(Customer).where(col(Customer.id) == customer_id).values(values))


def give_contacts(
    session: Session, giver_id: int, taker_id: int, addresses: Sequence[str], phones: Sequence[int]
) -> None:
    """Give addresses and phones (by id) to another customer, behind those they have."""
    if is_postgres(session):
        _call(session, func.helpdesk_give_contacts(giver_id, taker_id, _texts(addresses), _ids(phones)))
        return
    last = select(func.coalesce(func.max(CustomerAddress.position), -1) + 1)
    first = session.execute(last.where(col(CustomerAddress.customer_id) == taker_id)).scalar_one()
    behind = {"customer_id": taker_id, "position": col(CustomerAddress.position) + first}
    _write(session, update(CustomerAddress).where(*_addresses(giver_id, addresses)).values(behind))
    _write(session, update(CustomerPhone).where(*_phones(giver_id, phones)).values(customer_id=taker_id))


def drop_contacts(session: Session, customer_id: int, addresses: Sequence[str], phones: Sequence[int]) -> None:
    """Take addresses and phones (by id) from a customer."""
    if is_postgres(session):
        _call(session, func.helpdesk_drop_contacts(customer_id, _texts(addresses), _ids(phones)))
        return
    _write(session, delete(CustomerAddress).where(*_addresses(customer_id, addresses)))
    _write(session, delete(CustomerPhone).where(*_phones(customer_id, phones)))


def seen_tickets(session: Session, customer_id: int) -> list[int]:
    """The ids of a customer's tickets that whoever asks may see, oldest first."""
    theirs = select(col(Ticket.id)).where(col(Ticket.requester_id) == customer_id)
    return list(session.execute(theirs.order_by(col(Ticket.id))).scalars())


def reword(session: Session, customer_id: int, now: datetime) -> None:
    """Let a customer's tickets be found by the customer's words as they are now, hidden ones, too.

    Where there are many, or one does not see them, the program does it when it runs what has fallen due.
    """
    if is_postgres(session):
        _call(session, func.helpdesk_reword(customer_id, cast(now, DateTime(timezone=True))))
    with sight.everything(session):  # PostgreSQL still shows what one may see, and no more
        theirs = select(col(Ticket.id), col(Ticket.queue_id)).where(col(Ticket.requester_id) == customer_id)
        newest = session.execute(theirs.order_by(col(Ticket.id).desc())).all()
        for ticket_id, _queue in newest[:_REWORDED_AT_ONCE]:
            search.rebuild(session, ticket_id)
    due = [{"kind": WORDS, "ticket_id": one, "queue_id": queue, "due_at": now} for one, queue in newest]
    add_rows(session, Timer, due[_REWORDED_AT_ONCE:])


def follow(session: Session, join: CustomerJoin, batch: str) -> None:
    """Let the hidden tickets go where a join, or its end, sends them; call it once the batch is written.

    Those who did it learn nothing of these tickets; who sees them finds it in their history.
    """
    session.flush()
    if is_postgres(session):
        _call(session, func.helpdesk_follow(join.id, batch))
        return
    shown = set(seen_tickets(session, join.kept_id)) | set(seen_tickets(session, join.joined_id))
    with sight.everything(session):
        giver, taker = (join.kept_id, join.joined_id) if join.split_at else (join.joined_id, join.kept_id)
        hidden = [one for one in seen_tickets(session, giver) if one not in shown]
        if join.split_at:
            hidden = _moved_by(session, join.moved["batch"], hidden)
        for ticket_id in hidden:
            _send(session, ticket_id, (giver, taker), session.get_one(Batch, batch))


def _moved_by(session: Session, batch: str, ids: Iterable[int]) -> list[int]:
    """Those of these tickets that a batch gave to somebody else."""
    logged = select(col(Event.ticket_id), col(Event.changes)).where(col(Event.batch_id) == batch)
    found = session.execute(logged.where(is_among(session, col(Event.ticket_id), ids)))
    return sorted(ticket_id for ticket_id, changes in found if "requester_id" in changes)


def _send(session: Session, ticket_id: int, way: tuple[int, int], batch: Batch) -> None:
    ticket = session.get_one(Ticket, ticket_id)
    ticket.requester_id, ticket.updated_at, ticket.version = way[1], batch.at, ticket.version + 1
    place = {"ticket_id": ticket.id, "queue_id": ticket.queue_id, "batch_id": batch.id, "actor_id": batch.actor_id}
    add_rows(session, Event, [{**place, "verb": batch.verb, "at": batch.at, "changes": {"requester_id": list(way)}}])
    session.flush()
    search.rebuild(session, ticket_id)


def _addresses(customer_id: int, addresses: Sequence[str]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(CustomerAddress.customer_id) == customer_id, col(CustomerAddress.address).in_(addresses)


def _phones(customer_id: int, ids: Sequence[int]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(CustomerPhone.customer_id) == customer_id, col(CustomerPhone.id).in_(ids)


def _texts(values: Sequence[str]) -> Any:
    return cast(list(values), ARRAY(Text))


def _ids(values: Sequence[int]) -> Any:
    return cast(list(values), ARRAY(BigInteger))


def _call(session: Session, call: Any) -> None:
    session.execute(select(call))


def _write(session: Session, statement: Any) -> None:
    session.execute(statement.execution_options(synchronize_session=False))
