"""Questions about callbacks: when a team calls, what of it is taken, and who is to be called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.errors import NotFound
from helpdesk_tui.language import _
from helpdesk_tui.rules.slots import DayException, Offer, Plan, Taken, Timetable
from helpdesk_tui.rules.subjects import without_noise
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.tables import (
    Agent,
    CallbackBooking,
    CallbackException,
    CallbackPlan,
    CallbackRequest,
    CallbackSlot,
    Customer,
    CustomerAddress,
    Team,
    TeamMember,
    Ticket,
)
from helpdesk_tui.terms import Actor, CallOutcome, CallState

_DAY = timedelta(days=1)
#: A plan may have changed while its lock was waited for; what the session read before is old then.
_AS_IT_IS = {"populate_existing": True}


@dataclass(frozen=True, slots=True)
class PlanRow:
    """When a team calls back."""

    team_id: int
    team: str
    plan: Plan
    exceptions: dict[date, DayException]

    @property
    def timetable(self) -> Timetable:
        """The plan, read."""
        return Timetable(self.plan, self.exceptions)


@dataclass(frozen=True, slots=True)
class Week:
    """The slots of some days of a team; `today` is the date where the team is, `first` that of the first day."""

    team: str
    zone: str
    slot_minutes: int
    today: date
    first: date
    days: int
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class CallMark:
    """When a customer is called; without an instant they wait, and no call is booked."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class CallRow:
    """A wish to be called, and the call that is booked for it.

    Args:
        customer: the name, else an address, "" where neither is known; phone: E.164; phone_zone: the customer's time zone where the number says it; zone: the team's.
        start, end, booking_id: None where nothing is booked; agent: who calls, None is whoever of the team is free.
        attempt: which try the booked call is, or the last one was; last_outcome: how the last call ended.
        is_overbooked: more calls stand in this slot than the plan has room for now.
    """

    request_id: int
    ticket_id: int
    number: int
    subject: str
    customer: str
    phone: str
    phone_zone: str
    asked: str
    team: str
    zone: str
    agent: str | None
    agent_id: int | None
    state: CallState
    start: datetime | None
    end: datetime | None
    booking_id: int | None
    attempt: int
    attempts: int
    last_outcome: CallOutcome | None
    is_overbooked: bool


def plans(session: Session) -> list[PlanRow]:
    """The plans of all teams that call back, by the team's name."""
    found = select(CallbackPlan, col(Team.name)).join(Team, col(Team.id) == col(CallbackPlan.team_id))
    rows = session.execute(found.order_by(col(Team.name)), execution_options=_AS_IT_IS).all()
    return [PlanRow(plan.team_id, name, as_rule(plan), _exceptions(session, plan.team_id)) for plan, name in rows]


def plan_of(session: Session, team: str) -> PlanRow:
    """The plan of a team.

    Raises:
        NotFound: there is no such team, or it calls nobody back.
    """
    known = {row.team: row for row in plans(session)}
    if team not in known:
        raise NotFound(
            _("The team {team} has no times for callbacks.").format(team=clean_line(team, 80)),
            _("Teams that have: {names}. A lead runs: helpdesk callback pattern set TEAM").format(
                names=", ".join(known) or _("none")
            ),
        )
    return known[team]


def as_rule(plan: CallbackPlan) -> Plan:
    """A plan as the rules take it."""
    return Plan(
        hours=plan.hours,
        zone=plan.zone,
        slot_minutes=plan.slot_minutes,
        capacity=plan.capacity,
        horizon_days=plan.horizon_days,
        notice_minutes=plan.notice_minutes,
        attempts=plan.attempts,
    )


def taken(session: Session, team_id: int, since: datetime, until: datetime | None = None) -> list[Taken]:
    """What is booked with a team in slots that end after `since` and begin before `until`."""
    slots = select(col(CallbackSlot.start_at), col(CallbackSlot.end_at), col(CallbackSlot.taken)).where(
        col(CallbackSlot.team_id) == team_id, col(CallbackSlot.end_at) > since, col(CallbackSlot.taken) > 0
    )
    if until is not None:
        slots = slots.where(col(CallbackSlot.start_at) < until)
    return [Taken(start, end, count) for start, end, count in session.execute(slots)]


def week(session: Session, team: str, now: datetime, first: date | None = None, days: int = 7) -> Week:
    """The slots of a team on some days, by default from its today on.

    Raises:
        NotFound: the team calls nobody back.
    """
    row = plan_of(session, team)
    timetable = row.timetable
    begins = first or timetable.day_of(now)
    midnight = datetime.combine(begins, time(), UTC)
    there = taken(session, row.team_id, midnight - _DAY, midnight + (days + 1) * _DAY)
    offers = tuple(timetable.offers(there, now, begins, days))
    return Week(team, row.plan.zone, row.plan.slot_minutes, timetable.day_of(now), begins, days, offers)


def next_free(session: Session, row: PlanRow, now: datetime, after: datetime | None = None) -> Offer | None:
    """The first slot of a team that can be booked now."""
    return row.timetable.next_free(taken(session, row.team_id, now), now, after)


def calls(session: Session, *, tickets: Sequence[int] | None = None, state: CallState | None = None) -> list[CallRow]:
    """The wishes to be called (of these tickets, in this state), those without a booking first, then by time."""
    found = _calls()
    if tickets is not None:
        found = found.where(col(CallbackRequest.ticket_id).in_(tickets))
    if state is not None:
        found = found.where(col(CallbackRequest.state) == state)
    return _rows(session, found)


def call_of(session: Session, ticket_id: int) -> CallRow | None:
    """The open wish to be called of a ticket; None where there is none."""
    return next(iter(calls(session, tickets=[ticket_id], state=CallState.OPEN)), None)


def latest_call(session: Session, number: int) -> CallRow | None:
    """The newest wish to be called of the ticket people call #number, whatever became of it."""
    found = _rows(session, _calls().where(col(Ticket.number) == number))
    return max(found, key=lambda row: row.request_id, default=None)


def todays_calls(session: Session, actor: Actor, until: datetime) -> list[CallRow]:
    """The calls that are for this agent to make until then, those overdue first: their own, and their teams'."""
    return _rows(session, _calls().where(_is_booked_until(until), _is_for(actor)))


def due_call(session: Session, actor: Actor, now: datetime) -> CallRow | None:
    """The call this agent is to make now: the earliest whose slot has begun."""
    return next(iter(todays_calls(session, actor, now)), None)


def call_marks(session: Session, ticket_ids: Sequence[int]) -> dict[int, CallMark]:
    """When the customers of these tickets are called, by ticket; those nobody waits to call are left out."""
    found = _with_pending(
        select(col(CallbackRequest.ticket_id), col(CallbackSlot.start_at), col(CallbackSlot.end_at))
    ).where(col(CallbackRequest.state) == CallState.OPEN, col(CallbackRequest.ticket_id).in_(ticket_ids))
    return {ticket_id: CallMark(start, end) for ticket_id, start, end in session.execute(found)}


def has_call(now: datetime, actor: Actor | None = None) -> ColumnElement[bool]:
    """The condition that a ticket's customer is called today or should have been, or waits and no call is booked.

    Args:
        actor: only where the call is this one's to make, or their team's.
    """
    waits = or_(col(CallbackSlot.start_at).is_(None), col(CallbackSlot.start_at) < end_of_day(now))
    found = _with_pending(select(col(CallbackRequest.ticket_id))).where(
        col(CallbackRequest.state) == CallState.OPEN, waits
    )
    among: ColumnElement[bool] = col(Ticket.id).in_(found.where(_is_for(actor)) if actor else found)
    return among


def call_at() -> Any:
    """When a ticket's customer is called, to order a list by; none where no call is booked."""
    booked = select(func.min(col(CallbackSlot.start_at))).join(CallbackBooking, _in_slot).where(_is_pending())
    return booked.where(col(CallbackBooking.ticket_id) == col(Ticket.id)).correlate(Ticket).scalar_subquery()


def end_of_day(now: datetime) -> datetime:
    """The midnight that ends today, where this program runs."""
    return datetime.combine(now.astimezone().date() + _DAY, time()).astimezone()


_in_slot = col(CallbackSlot.id) == col(CallbackBooking.slot_id)


def _is_pending() -> ColumnElement[bool]:
    """The condition that a booked call is still to be made."""
    return and_(col(CallbackBooking.holds), col(CallbackBooking.outcome).is_(None))


def _with_pending(statement: Any) -> Any:
    """Wishes with the call that is booked for each, where there is one."""
    own = and_(col(CallbackBooking.request_id) == col(CallbackRequest.id), _is_pending())
    joined = statement.select_from(CallbackRequest).outerjoin(CallbackBooking, own)
    return joined.outerjoin(CallbackSlot, _in_slot)


def _is_booked_until(until: datetime) -> ColumnElement[bool]:
    return and_(col(CallbackRequest.state) == CallState.OPEN, col(CallbackSlot.start_at) <= until)


def _is_for(actor: Actor) -> ColumnElement[bool]:
    """Theirs, or nobody's in particular in a team of theirs."""
    mine = col(CallbackRequest.agent_id) == actor.agent_id
    in_team = exists().where(
        col(TeamMember.team_id) == col(CallbackRequest.team_id), col(TeamMember.agent_id) == actor.agent_id
    )
    return or_(mine, and_(col(CallbackRequest.agent_id).is_(None), in_team))


def _calls() -> Select[Any]:
    """Wishes to be called with their pending booking, where there is one."""
    found = _with_pending(
        select(
            CallbackRequest,
            CallbackSlot,
            col(CallbackBooking.attempt).label("attempt"),
            col(CallbackBooking.id).label("booking_id"),
            col(Ticket.number).label("number"),
            func.coalesce(col(Ticket.summary), col(Ticket.subject)).label("subject"),
            func.coalesce(func.nullif(col(Customer.name), ""), _address(), "").label("customer"),
            col(Team.name).label("team"),
            col(CallbackPlan.zone).label("zone"),
            col(CallbackPlan.attempts).label("attempts"),
            col(Agent.login).label("agent"),
        )
    )
    found = (
        found.join(Ticket, col(Ticket.id) == col(CallbackRequest.ticket_id))
        .join(Customer, col(Customer.id) == col(Ticket.requester_id))
        .join(Team, col(Team.id) == col(CallbackRequest.team_id))
        .join(CallbackPlan, col(CallbackPlan.team_id) == col(CallbackRequest.team_id))
        .outerjoin(Agent, col(Agent.id) == col(CallbackRequest.agent_id))
    )
    ordered: Select[Any] = found.order_by(
        col(CallbackSlot.start_at).is_not(None), col(CallbackSlot.start_at), col(CallbackRequest.id)
    )
    return ordered


def _address() -> Any:
    """The first address of a customer."""
    own = select(col(CustomerAddress.address)).where(col(CustomerAddress.customer_id) == col(Customer.id))
    return own.order_by(col(CustomerAddress.position)).limit(1).correlate(Customer).scalar_subquery()


def _rows(session: Session, found: Select[Any]) -> list[CallRow]:
    rows = session.execute(found).all()
    last = _last_calls(session, [row.CallbackRequest.id for row in rows])
    return [_row(row, *last.get(row.CallbackRequest.id, (None, 0))) for row in rows]


def _last_calls(session: Session, requests: Sequence[int]) -> dict[int, tuple[CallOutcome, int]]:
    """How the last call of each request ended, and which try it was."""
    ended = select(col(CallbackBooking.request_id), col(CallbackBooking.outcome), col(CallbackBooking.attempt))
    ended = ended.where(col(CallbackBooking.request_id).in_(requests), col(CallbackBooking.outcome).is_not(None))
    rows = session.execute(ended.order_by(col(CallbackBooking.id))) if requests else ()
    return {request_id: (CallOutcome(outcome or ""), attempt) for request_id, outcome, attempt in rows}


def _row(row: Any, last_outcome: CallOutcome | None, last_attempt: int) -> CallRow:
    request: CallbackRequest = row.CallbackRequest
    slot: CallbackSlot | None = row.CallbackSlot
    return CallRow(
        request_id=request.id,
        ticket_id=request.ticket_id,
        number=row.number,
        subject=without_noise(row.subject),
        customer=row.customer,
        phone=request.number,
        phone_zone=request.zone,
        asked=request.asked,
        team=row.team,
        zone=row.zone,
        agent=row.agent,
        agent_id=request.agent_id,
        state=CallState(request.state),
        start=slot.start_at if slot else None,
        end=slot.end_at if slot else None,
        booking_id=row.booking_id,
        attempt=row.attempt or last_attempt,
        attempts=row.attempts,
        last_outcome=last_outcome,
        is_overbooked=slot is not None and slot.taken > slot.capacity,
    )


def _exceptions(session: Session, team_id: int) -> dict[date, DayException]:
    found = select(CallbackException).where(col(CallbackException.team_id) == team_id)
    rows = session.execute(found.order_by(col(CallbackException.day)), execution_options=_AS_IT_IS).scalars()
    return {row.day: DayException(row.hours, row.capacity) for row in rows}
