"""Callbacks: a customer's wish to be called, booked into a slot of a team, moved, cancelled.

A wish hangs on a ticket, and every step of it is in the ticket's log. The place is taken under the locks of
`desk.callback_places`; the customer is told by `desk.callback_letters`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.callback_letters import tell, uid_for
from helpdesk_tui.desk.callback_log import pending_of, record, snapshot
from helpdesk_tui.desk.callback_places import choose, lock_plan, open_slot, take, when
from helpdesk_tui.desk.conversation import new_token
from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.errors import NotFound, Refused, Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.invitation import News
from helpdesk_tui.rules.phones import find_number, read_number, zone_of
from helpdesk_tui.rules.slots import Offer, read_instant
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.queries.callbacks import PlanRow, plans
from helpdesk_tui.store.tables import (
    CallbackBooking,
    CallbackPlan,
    CallbackRequest,
    CallbackSlot,
    CustomerPhone,
    Message,
    Team,
    TeamMember,
    Ticket,
)
from helpdesk_tui.terms import CallOutcome, CallState, MessageKind, Outcome, Verb

#: So much of what was asked is kept with a call, in characters.
_ASKED = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """A call to be booked; what is left empty is found out.

    Args:
        team: who calls; else the team of the ticket, or the only one that calls back.
        at: the beginning of a slot: an instant, or as people type it in the team's time zone; None is the next free.
        number: where to call; else a number of the customer, or the one in what they wrote last.
        asked: what it is about, in a few words; else the subject.
    """

    team: str = ""
    at: datetime | str | None = None
    number: str = ""
    asked: str = ""


def book(desk: Desk, ticket: int, wish: Wish) -> Outcome:
    """Book a call to the customer of a ticket, and tell them by mail.

    Raises:
        Refused: the place is gone (the hint names the next free one), or a call is booked already.
        Usage: no number is known. NotFound: the team calls nobody back.
    """
    with desk.change(Verb.CALLBACK, [ticket]) as changes:
        change, session = changes.only, changes.session
        request = _open_request(session, change.ticket)
        before = snapshot(session, request) if request else None
        if request and (booked := pending_of(session, request.id)):
            _refuse_second(session, change.ticket, request, booked)
        row = lock_plan(session, _team(session, change.ticket, request, wish.team))
        offer = choose(changes, row, instant(wish.at, row))
        request = _ask_for(changes, change.ticket, request, row, wish, desk.settings.callbacks.region)
        slot_id = open_slot(changes, row, offer)
        take(changes, row, request, slot_id, offer, attempt=1)
        told = tell(changes, change, request, slot_id, News.BOOKED)
        record(change, session, request, before)
        changes.say(_booked(change, row, offer) + f" · {told}")
    return changes.outcome


def move_booking(desk: Desk, ticket: int, at: datetime | str | None = None, team: str = "") -> Outcome:
    """Give a booked call another time, and tell the customer.

    Args:
        at: as in a `Wish`; the next free one is later than the present. team: another one that shall call.
    Raises:
        Refused: the place is gone; the call then keeps the one it had. NotFound: no call is booked.
    """
    with desk.change(Verb.CALLBACK, [ticket]) as changes:
        change, session = changes.only, changes.session
        request, booking = booked_call(session, change.ticket)
        before = snapshot(session, request)
        row = lock_plan(session, team or _team(session, change.ticket, request, ""))
        began = session.get_one(CallbackSlot, booking.slot_id).start_at if row.team_id == request.team_id else None
        offer = choose(changes, row, instant(at, row), after=began)
        slot_id = open_slot(changes, row, offer, booking.slot_id)
        booking.holds = False
        request.sequence += 1
        if request.team_id != row.team_id:
            request.team_id, request.agent_id = row.team_id, _caller(session, change.ticket, row.team_id)
        take(changes, row, request, slot_id, offer, booking.attempt)
        told = tell(changes, change, request, slot_id, News.MOVED)
        record(change, session, request, before)
        changes.say(
            _("Callback for #{number} moved to {when}, {team}").format(
                number=ticket, when=when(offer.start, row.plan.zone), team=row.team
            )
            + f" · {told}"
        )
    return changes.outcome


def cancel_booking(desk: Desk, ticket: int) -> Outcome:
    """Give up the wish to be called; the place is free again, and the customer is told where a call was booked.

    Raises:
        NotFound: the customer does not wait for a call.
    """
    with desk.change(Verb.CALLBACK, [ticket]) as changes:
        change, session = changes.only, changes.session
        request = _open_request(session, change.ticket)
        if request is None:
            raise _no_call(change.ticket)
        before, booking = snapshot(session, request), pending_of(session, request.id)
        request.state = CallState.CANCELLED
        told = ""
        if booking:
            booking.holds = False
            request.sequence += 1
            session.flush()
            told = " · " + tell(changes, change, request, booking.slot_id, News.CANCELLED)
        record(change, session, request, before)
        changes.say(_("No callback for #{number} any more").format(number=ticket) + told)
    return changes.outcome


def booked_call(session: Session, ticket: Ticket) -> tuple[CallbackRequest, CallbackBooking]:
    """The wish to be called of a ticket, and the call that is booked for it.

    Raises:
        NotFound: no call is booked.
    """
    request = _open_request(session, ticket)
    booking = pending_of(session, request.id) if request else None
    if request is None or booking is None:
        raise _no_call(ticket)
    return request, booking


def instant(at: datetime | str | None, row: PlanRow) -> datetime | None:
    """The beginning of a slot, from what was typed in the team's time zone where it was."""
    return read_instant(at, row.plan.zone) if isinstance(at, str) else at


def known_number(session: Session, ticket: Ticket, region: str) -> str | None:
    """The number of a ticket's customer (E.164): one they are known by, else the one in what they wrote last."""
    own = select(col(CustomerPhone.number)).where(col(CustomerPhone.customer_id) == ticket.requester_id)
    for number in session.execute(own.order_by(col(CustomerPhone.id).desc())).scalars():
        if found := find_number(number, region):
            return found
    wrote = select(col(Message.text), col(Message.quoted)).where(
        col(Message.ticket_id) == ticket.id, col(Message.kind) == MessageKind.INBOUND
    )
    for text, quoted in session.execute(wrote.order_by(col(Message.id).desc()).limit(3)):
        if found := find_number(f"{text}\n{quoted}", region):
            return found
    return None


def _open_request(session: Session, ticket: Ticket) -> CallbackRequest | None:
    found = select(CallbackRequest).where(
        col(CallbackRequest.ticket_id) == ticket.id, col(CallbackRequest.state) == CallState.OPEN
    )
    return session.execute(found).scalars().first()


def _no_call(ticket: Ticket) -> NotFound:
    return NotFound(
        _("No call is booked for #{number}.").format(number=ticket.number),
        _("`helpdesk callback book {number}` books one.").format(number=ticket.number),
    )


def _refuse_second(session: Session, ticket: Ticket, request: CallbackRequest, booking: CallbackBooking) -> None:
    start = snapshot(session, request)["start"]
    zone = session.get_one(CallbackPlan, request.team_id).zone
    raise Refused(
        _("#{number} has a call already: {when}.").format(
            number=ticket.number, when=when(datetime.fromisoformat(start), zone)
        ),
        _("Move that one: helpdesk callback move {number} --at TIME").format(number=ticket.number),
    )


def _team(session: Session, ticket: Ticket, request: CallbackRequest | None, named: str) -> str:
    """Which team calls.

    Raises:
        Usage: several could, and none is named.
    """
    if named:
        return named
    known = plans(session)
    likely = (request.team_id if request else None, ticket.team_id, *_teams_of(session, ticket.assignee_id))
    for team_id in likely:
        if found := next((row.team for row in known if row.team_id == team_id), None):
            return found
    if len(known) != 1:
        raise Usage(
            _("Say which team shall call.") if known else _("No team has times for callbacks yet."),
            _("Teams that call back: {names}").format(names=", ".join(row.team for row in known))
            if known
            else _("A lead runs: helpdesk callback pattern set TEAM"),
        )
    return known[0].team


def _teams_of(session: Session, agent_id: int | None) -> list[int]:
    member = select(col(TeamMember.team_id)).join(Team, col(Team.id) == col(TeamMember.team_id))
    return list(session.execute(member.where(col(TeamMember.agent_id) == agent_id).order_by(col(Team.name))).scalars())


def _ask_for(
    changes: Changes, ticket: Ticket, request: CallbackRequest | None, row: PlanRow, wish: Wish, region: str
) -> CallbackRequest:
    """The wish to be called, made or brought up to date."""
    session = changes.session
    if request is None:
        request = CallbackRequest(ticket_id=ticket.id, queue_id=ticket.queue_id, created_at=changes.now)
        request.uid = uid_for(session, ticket.queue_id, new_token())
        request.number = _number(session, ticket, wish.number, region)
        session.add(request)
    else:
        request.sequence += 1
        request.number = _number_again(session, request, wish.number, region)
    request.team_id, request.agent_id = row.team_id, _caller(session, ticket, row.team_id)
    request.zone = zone_of(request.number, changes.now)
    request.asked = clean_line(wish.asked, _ASKED) or request.asked
    session.flush()
    return request


def _number(session: Session, ticket: Ticket, typed: str, region: str) -> str:
    if typed:
        return read_number(typed, region)
    if found := known_number(session, ticket, region):
        return found
    raise Usage(
        _("No phone number of the customer of #{number} is known.").format(number=ticket.number),
        _("Name it: --number +49…, or write it into the ticket."),
    )


def _number_again(session: Session, request: CallbackRequest, typed: str, region: str) -> str:
    """The number of a wish that stands already; one that turned out wrong is not dialled again."""
    number = read_number(typed, region) if typed else request.number
    if number == request.number and snapshot(session, request)["outcome"] == CallOutcome.WRONG_NUMBER:
        raise Usage(_("The number known is the wrong one."), _("Ask for the right one, and name it: --number +49…"))
    return number


def _caller(session: Session, ticket: Ticket, team_id: int) -> int | None:
    """The ticket's assignee, where they are of the team that calls."""
    is_member = ticket.assignee_id is not None and session.get(TeamMember, (team_id, ticket.assignee_id)) is not None
    return ticket.assignee_id if is_member else None


def _booked(change: Change, row: PlanRow, offer: Offer) -> str:
    return _("Callback for #{number}: {when}, {team}").format(
        number=change.ticket.number, when=when(offer.start, row.plan.zone), team=row.team
    )
