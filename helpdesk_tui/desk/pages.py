"""What a screen needs at once about one ticket, answered in one reading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from helpdesk_tui.desk.callbacks import known_number
from helpdesk_tui.desk.conversation import answers_to, cannot_reply
from helpdesk_tui.rules.phones import zone_of
from helpdesk_tui.rules.slots import Offer
from helpdesk_tui.store.queries.callbacks import CallRow, Week, call_of, next_free, plans, week
from helpdesk_tui.store.queries.people import CustomerRow, customer_of_ticket
from helpdesk_tui.store.queries.thread import DraftRow, EventRow, MessageRow, drafts, events, messages
from helpdesk_tui.store.queries.tickets import TicketRow, ticket_rows
from helpdesk_tui.store.tables import Ticket
from helpdesk_tui.terms import Person


@dataclass(frozen=True, slots=True)
class TicketPage:
    """A ticket as its screen shows it.

    Args:
        reply_refusal: why it cannot be answered, "" where it can; answers_to: whom an answer goes to.
    """

    ticket: TicketRow
    customer: CustomerRow
    messages: tuple[MessageRow, ...]
    events: tuple[EventRow, ...]
    drafts: tuple[DraftRow, ...]
    reply_refusal: str
    answers_to: Person | None

    @property
    def last_word(self) -> MessageRow | None:
        """The newest message that a person wrote."""
        return next((one for one in reversed(self.messages) if not one.is_automatic), None)


@dataclass(frozen=True, slots=True)
class CallPage:
    """What the week of calls shows, and for whom.

    Args:
        ticket: the matter, None where the week is only looked at; call: the wish to be called that stands already.
        phone, phone_zone: the number that would be called (E.164), and its time zone; "" where they are not known.
        teams: those that call back; week: None where there are none.
        next: the first slot that can be booked.
    """

    ticket: TicketPage | None
    call: CallRow | None
    phone: str
    phone_zone: str
    teams: tuple[str, ...]
    week: Week | None
    next: Offer | None


@dataclass(frozen=True, slots=True)
class CallCard:
    """A booked call, and what is known of the matter."""

    call: CallRow
    ticket: TicketPage


def call_card(session: Session, ticket_id: int) -> CallCard | None:
    """What one has to know when one calls; None where no call is booked."""
    call, page = call_of(session, ticket_id), _page(session, ticket_id, last=3)
    return CallCard(call, page) if call is not None and call.start is not None and page is not None else None


def call_page(
    session: Session, ticket_id: int | None, now: datetime, region: str, team: str = "", first: date | None = None
) -> CallPage:
    """A week of slots for a ticket.

    Args:
        team: who shall call; else the one that does already, the ticket's, or the first by name.
        first: the day the week begins with; else the Monday of the next slot that is free.
    """
    call = call_of(session, ticket_id) if ticket_id else None
    row = session.get(Ticket, ticket_id) if ticket_id else None
    known = plans(session)
    mine = {one.team_id: one.team for one in known}.get(row.team_id or 0) if row else None
    chosen = team or (call.team if call else "") or mine or next((one.team for one in known), "")
    plan = next((one for one in known if one.team == chosen), None)
    phone = call.phone if call else (known_number(session, row, region) or "") if row else ""
    free = next_free(session, plan, now) if plan else None
    return CallPage(
        ticket=_page(session, ticket_id, last=3) if ticket_id else None,
        call=call,
        phone=phone,
        phone_zone=zone_of(phone, now) if phone else "",
        teams=tuple(one.team for one in known),
        week=week(session, plan.team, now, first or _monday(plan.timetable.day_of(free.start if free else now)))
        if plan
        else None,
        next=free,
    )


def preview_page(session: Session, ticket_id: int) -> TicketPage | None:
    """What the preview of a ticket shows: the last messages, no history."""
    return _page(session, ticket_id, last=3)


def ticket_page(session: Session, ticket_id: int) -> TicketPage | None:
    """Everything about a ticket; None where it does not exist."""
    return _page(session, ticket_id)


def _page(session: Session, ticket_id: int, last: int | None = None) -> TicketPage | None:
    rows = ticket_rows(session, [ticket_id])
    if not rows:
        return None
    return TicketPage(
        ticket=rows[0],
        customer=customer_of_ticket(session, ticket_id),
        messages=tuple(messages(session, ticket_id, last)),
        events=() if last else tuple(events(session, ticket_id)),
        drafts=tuple(drafts(session, ticket_id)),
        reply_refusal=cannot_reply(session, ticket_id) or "",
        answers_to=answers_to(session, ticket_id),
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
