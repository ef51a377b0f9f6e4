"""Everything that a customer and we had to do with each other, by time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.tables import Agent, CallbackBooking, CallbackRequest, CallbackSlot, Message, Ticket
from helpdesk_tui.terms import CallOutcome, MessageKind, Person, Status

#: So much of a text is read, in characters: more stands in no line.
_SAID = 300
#: What a row says of its ticket, in the order in which it says it.
_TICKET = (col(Ticket.id), col(Ticket.number), col(Ticket.subject), col(Ticket.status))


@dataclass(frozen=True, slots=True)
class HappenedRow:
    """A mail, a note, a call, or a callback.

    Args:
        kind: None is a callback, which was or will be `at`; outcome: how that ended, None while it is to come.
        who: of a callback and of what we wrote, the agent's login; "" where a callback is for whoever is free.
        is_first: the ticket began with it. text: its beginning; of a callback what was asked for.
    """

    ticket_id: int
    number: int
    subject: str
    status: Status
    at: datetime
    kind: MessageKind | None
    id: int
    who: str
    text: str
    is_first: bool = False
    is_automatic: bool = False
    outcome: CallOutcome | None = None


def happened(session: Session, customer_id: int, limit: int) -> list[HappenedRow]:
    """What stands on a customer's tickets and the callbacks they had or will have, the newest first."""
    found = [*_messages(session, customer_id, limit), *_callbacks(session, customer_id, limit)]
    return sorted(found, key=lambda row: (row.at, row.id), reverse=True)[:limit]


def _messages(session: Session, customer_id: int, limit: int) -> list[HappenedRow]:
    theirs = col(Ticket.requester_id) == customer_id
    begun = select(func.min(col(Message.id))).join(Ticket, col(Ticket.id) == col(Message.ticket_id)).where(theirs)
    first = set(session.execute(begun.group_by(col(Message.ticket_id))).scalars())
    said = (
        select(
            *_TICKET, col(Message.received_at), col(Message.kind), col(Message.id), col(Message.from_name),
            col(Message.from_address), col(Agent.login), func.substr(col(Message.text), 1, _SAID),
            col(Message.is_automatic),
        )
        .join(Ticket, col(Ticket.id) == col(Message.ticket_id))
        .outerjoin(Agent, col(Agent.id) == col(Message.agent_id))
        .where(theirs, col(Message.is_withdrawn).is_(False))
        .order_by(col(Message.received_at).desc(), col(Message.id).desc())
        .limit(limit)
    )  # fmt: skip
    return [
        HappenedRow(
            *(ticket_id, number, subject, Status(status)),
            at=at,
            kind=MessageKind(kind),
            id=id,
            who=login or Person(name, address).called,
            text=text,
            is_first=id in first,
            is_automatic=is_automatic,
        )
        for ticket_id, number, subject, status, at, kind, id, name, address, login, text, is_automatic
        in session.execute(said)
    ]  # fmt: skip


def _callbacks(session: Session, customer_id: int, limit: int) -> list[HappenedRow]:
    """Calls that hold a place, or held it until they were made; not those that were moved or given up."""
    booked = (
        select(
            *_TICKET, col(CallbackSlot.start_at), col(CallbackBooking.id), col(Agent.login),
            col(CallbackRequest.asked), col(CallbackBooking.outcome),
        )
        .join(CallbackRequest, col(CallbackRequest.id) == col(CallbackBooking.request_id))
        .join(Ticket, col(Ticket.id) == col(CallbackBooking.ticket_id))
        .join(CallbackSlot, col(CallbackSlot.id) == col(CallbackBooking.slot_id))
        .outerjoin(Agent, col(Agent.id) == col(CallbackRequest.agent_id))
        .where(col(Ticket.requester_id) == customer_id, col(CallbackBooking.holds))
        .order_by(col(CallbackSlot.start_at).desc())
        .limit(limit)
    )  # fmt: skip
    return [
        HappenedRow(
            *(ticket_id, number, subject, Status(status)),
            at=at,
            kind=None,
            id=id,
            who=login or "",
            text=asked,
            outcome=CallOutcome(outcome) if outcome else None,
        )
        for ticket_id, number, subject, status, at, id, login, asked, outcome in session.execute(booked)
    ]
