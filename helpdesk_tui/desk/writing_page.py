"""What the composer needs to know about a ticket, beside what stands on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.callback_numbers import likely_numbers
from helpdesk_tui.desk.free_slots import Writer
from helpdesk_tui.desk.participants import let_in
from helpdesk_tui.desk.people import ourselves
from helpdesk_tui.desk.wording import wording
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.rules.calendar import next_opening, parse_calendar
from helpdesk_tui.rules.phones import zone_of
from helpdesk_tui.rules.routing import plain_address
from helpdesk_tui.store.tables import CustomerAddress, Message, Queue, Ticket
from helpdesk_tui.terms import MessageKind, ResolutionRule


@dataclass(frozen=True, slots=True)
class WritingPage:
    """What is known before one writes.

    Args:
        salutation, signature: how a letter begins and ends, filled in; "" where the queue has none.
        belongs: the plain addresses that belong to the ticket or were written to on it; ours: our own.
        opens_at: when the office opens next where the customer is; None where that is now.
    """

    language: str
    salutation: str
    signature: str
    belongs: frozenset[str]
    ours: frozenset[str]
    resolution_rule: ResolutionRule
    opens_at: datetime | None
    zone: str


def writing_page(session: Session, ticket_id: int, writer: Writer) -> WritingPage | None:
    """What one needs to write on a ticket; None where it is out of sight."""
    ticket = session.get(Ticket, ticket_id)
    if ticket is None:
        return None
    words = wording(session, ticket_id, writer)
    zone = _zone(session, ticket, writer)
    return WritingPage(
        language=words.language,
        salutation=words.salutation,
        signature=words.signature,
        belongs=frozenset(_belongs(session, ticket)),
        ours=frozenset(plain_address(one.address) for one in ourselves(session)),
        resolution_rule=ResolutionRule(session.get_one(Queue, ticket.queue_id).resolution_rule),
        opens_at=_opens_at(writer, zone),
        zone=zone,
    )


def _belongs(session: Session, ticket: Ticket) -> set[str]:
    own = select(col(CustomerAddress.address)).where(col(CustomerAddress.customer_id) == ticket.requester_id)
    found = {plain_address(one) for one in session.execute(own).scalars()}
    found.update(plain_address(one.address) for one in let_in(session, ticket.id))
    written = select(col(Message.to), col(Message.cc)).where(
        col(Message.ticket_id) == ticket.id,
        col(Message.kind) == MessageKind.OUTBOUND,
        col(Message.is_withdrawn).is_(False),
        col(Message.is_automatic).is_(False),
    )
    for to, cc in session.execute(written):
        found.update(plain_address(address) for _name, address in (*to, *cc))
    return found


def _zone(session: Session, ticket: Ticket, writer: Writer) -> str:
    """The customer's time zone by their phone; ours where it does not tell."""
    numbers = likely_numbers(session, ticket, writer.settings.callbacks.region)
    there = zone_of(numbers[0], writer.now) if len(numbers) == 1 else ""
    return there or writer.settings.calendar.zone


def _opens_at(writer: Writer, zone: str) -> datetime | None:
    try:
        return next_opening(writer.now, parse_calendar(writer.settings.calendar.hours, zone))
    except HelpdeskError:  # hours that cannot be read are told by `doctor`; one can write all the same
        return None
