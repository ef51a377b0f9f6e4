"""What a screen needs at once about one ticket, answered in one reading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from helpdesk_tui.desk.callback_numbers import likely_numbers
from helpdesk_tui.desk.callbacks import likely_team
from helpdesk_tui.desk.letters import addressees, cannot_send, nobody_known
from helpdesk_tui.desk.participants import newcomer, passed_on
from helpdesk_tui.language import _
from helpdesk_tui.rules.phones import zone_of
from helpdesk_tui.rules.slots import Offer
from helpdesk_tui.store.queries.callbacks import CallRow, Week, call_of, next_free, plans, week
from helpdesk_tui.store.queries.people import CustomerRow, customer_of_ticket
from helpdesk_tui.store.queries.presence import PresenceRow, present
from helpdesk_tui.store.queries.thread import DraftRow, EventRow, MessageRow, drafts, events, messages
from helpdesk_tui.store.queries.tickets import TicketRow, ticket_rows
from helpdesk_tui.store.tables import CallbackRequest, Ticket
from helpdesk_tui.terms import Actor, MessageKind, Person


@dataclass(frozen=True, slots=True)
class TicketPage:
    """A ticket as its screen shows it.

    Args:
        reply_refusal, sender_refusal: why it cannot be answered, or mail cannot be sent at all, "" where it can.
        answers_to: whom an answer goes to.
        answers_also: who is offered it as well; asks_elsewhere: where the customer asks for answers, if it is elsewhere.
        newcomer: who wrote last and does not belong to the ticket; passed_on: whose mail it passes on.
        present: who has it open, as far as their terminals have said; not where it is only previewed.
    """

    ticket: TicketRow
    customer: CustomerRow
    messages: tuple[MessageRow, ...]
    events: tuple[EventRow, ...]
    drafts: tuple[DraftRow, ...]
    reply_refusal: str
    answers_to: Person | None
    answers_also: tuple[Person, ...] = ()
    asks_elsewhere: Person | None = None
    newcomer: Person | None = None
    passed_on: Person | None = None
    sender_refusal: str = ""
    present: tuple[PresenceRow, ...] = ()

    @property
    def forward_refusal(self) -> str:
        """Why nothing can be passed on by mail, "" where it can."""
        if not any(one.kind in (MessageKind.INBOUND, MessageKind.OUTBOUND) for one in self.messages):
            return _("There is no mail here to pass on.")
        return self.sender_refusal

    @property
    def last_word(self) -> MessageRow | None:
        """The newest that was said between them and us; notes stay among us, and programs say nothing."""
        said = (one for one in reversed(self.messages) if one.kind is not MessageKind.NOTE and not one.is_automatic)
        return next(said, None)


@dataclass(frozen=True, slots=True)
class CallPage:
    """What the week of calls shows, and for whom.

    Args:
        ticket: the matter, None where the week is only looked at; call: the wish to be called that stands already.
        phone, phone_zone: the number that would be called (E.164), and its time zone; "" where they are not known.
        phones: the numbers of which somebody has to choose one.
        teams: those that call back; team: who calls, "" where somebody has to choose; week: None where nobody does.
        next: the first slot that can be booked.
    """

    ticket: TicketPage | None
    call: CallRow | None
    phone: str
    phone_zone: str
    phones: tuple[str, ...]
    teams: tuple[str, ...]
    team: str
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
    session: Session,
    ticket_id: int | None,
    asker: Actor,
    now: datetime,
    region: str,
    team: str = "",
    first: date | None = None,
) -> CallPage:
    """A week of slots for a ticket.

    Args:
        team: who shall call; else as `likely_team` finds it.
        first: the day the week begins with; else the Monday of the next slot that is free.
    """
    call = call_of(session, ticket_id) if ticket_id else None
    row = session.get(Ticket, ticket_id) if ticket_id else None
    known = plans(session)
    request = session.get(CallbackRequest, call.request_id) if call else None
    likely = likely_team(session, known, row, request, asker) if row else None
    chosen = next((one for one in known if one.team == team), likely)
    plan = chosen or next(iter(known), None)
    numbers = (call.phone,) if call else likely_numbers(session, row, region) if row else ()
    phone = numbers[0] if len(numbers) == 1 else ""
    free = next_free(session, plan, now) if plan else None
    return CallPage(
        ticket=_page(session, ticket_id, last=3) if ticket_id else None,
        call=call,
        phone=phone,
        phone_zone=zone_of(phone, now) if phone else "",
        phones=numbers,
        team=chosen.team if chosen else "",
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
    people, sender_refusal = addressees(session, ticket_id), cannot_send(session, ticket_id) or ""
    return TicketPage(
        ticket=rows[0],
        customer=customer_of_ticket(session, ticket_id),
        messages=tuple(messages(session, ticket_id, last)),
        events=() if last else tuple(events(session, ticket_id)),
        drafts=tuple(drafts(session, ticket_id)),
        present=() if last else tuple(present(session, ticket_id)),
        reply_refusal=sender_refusal or ("" if people.to else nobody_known()),
        answers_to=people.to,
        answers_also=people.also,
        asks_elsewhere=people.elsewhere,
        newcomer=newcomer(session, ticket_id),
        passed_on=passed_on(session, ticket_id),
        sender_refusal=sender_refusal,
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
