"""Callbacks: a customer's wish to be called, booked into a slot of a team, moved, cancelled.

A wish hangs on a ticket, and every step of it is in the ticket's log. The place is taken under the locks of
`desk.callback_places`; the customer is told by `desk.callback_letters`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.callback_letters import tell, uid_for
from helpdesk_tui.desk.callback_log import announced_slot, pending_of, record, snapshot
from helpdesk_tui.desk.callback_numbers import extension_of, likely_numbers
from helpdesk_tui.desk.callback_places import choose, lock_plan, open_slot, take, when
from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.desk.letters import new_token
from helpdesk_tui.errors import NotFound, Refused, Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.invitation import News
from helpdesk_tui.rules.phones import read_number, zone_of
from helpdesk_tui.rules.slots import Offer, read_instant
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.queries.callbacks import PlanRow, plans
from helpdesk_tui.store.tables import (
    CallbackBooking,
    CallbackPlan,
    CallbackRequest,
    CallbackSlot,
    TeamMember,
    Ticket,
)
from helpdesk_tui.terms import Actor, CallOutcome, CallState, Outcome, Verb

#: So much of what was asked is kept with a call, in characters.
_ASKED = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """A call to be booked; what is left empty is found out.

    Args:
        team: who calls; else as `likely_team` finds it.
        at: the beginning of a slot: an instant, or as people type it in the team's time zone; None is the next free.
        number: where to call; else as `likely_numbers` finds it.
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
        Usage: no number is known, or several are. NotFound: the team calls nobody back.
    """
    with desk.change(Verb.CALLBACK, [ticket]) as changes:
        change, session = changes.only, changes.session
        request = _open_request(session, change.ticket)
        before = snapshot(session, request) if request else None
        if request and (booked := pending_of(session, request.id)):
            _refuse_second(session, change.ticket, request, booked)
        row = lock_plan(session, _team(changes, change.ticket, request, wish.team))
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
        row = lock_plan(session, _team(changes, change.ticket, request, team))
        _move(changes, change, row, request, booking, instant(at, row))
    return changes.outcome


def cancel_booking(desk: Desk, ticket: int) -> Outcome:
    """Give up the wish to be called; the place is free again, and a customer who expects a call is told.

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
        told, slot_id = "", booking.slot_id if booking else announced_slot(session, request.id, changes.now)
        if booking:
            booking.holds = False
        if slot_id:
            request.sequence += 1
            session.flush()
            told = " · " + tell(changes, change, request, slot_id, News.CANCELLED)
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


def let_call(session: Session, ticket: Ticket, request: CallbackRequest, row: PlanRow) -> None:
    """Let a team call; of another one, the ticket's assignee where they are of it, else whoever is free."""
    if request.team_id != row.team_id:
        request.team_id, request.agent_id = row.team_id, _caller(session, ticket, row.team_id)


def likely_team(
    session: Session, known: Sequence[PlanRow], ticket: Ticket, request: CallbackRequest | None, asker: Actor
) -> PlanRow | None:
    """Who calls where nobody says it: the team of the wish, the ticket's, the assignee's, the asker's, or the only one.

    A person's teams say it only where one of them alone calls back. None where somebody has to say it.
    """
    by_id = {row.team_id: row for row in known}
    for team_id in (request.team_id if request else None, ticket.team_id):
        if team_id in by_id:
            return by_id[team_id]
    for agent_id in (ticket.assignee_id, asker.agent_id):
        theirs = [by_id[team_id] for team_id in _teams_of(session, agent_id) if team_id in by_id]
        if len(theirs) == 1:
            return theirs[0]
    return known[0] if len(known) == 1 else None


def _move(
    changes: Changes, change: Change, row: PlanRow, request: CallbackRequest, booking: CallbackBooking,
    at: datetime | None,
) -> None:  # fmt: skip
    """Give a call another slot; nothing changes where it has this one."""
    session, before = changes.session, snapshot(changes.session, request)
    slot = session.get_one(CallbackSlot, booking.slot_id)
    own = slot if slot.team_id == row.team_id else None
    offer = choose(changes, row, at, after=own.start_at if own else None, own=own)
    if own and (own.start_at, own.end_at) == (offer.start, offer.end):
        return
    slot_id = open_slot(changes, row, offer, leaving=booking)
    request.sequence += 1
    let_call(session, change.ticket, request, row)
    take(changes, row, request, slot_id, offer, booking.attempt)
    told = tell(changes, change, request, slot_id, News.MOVED)
    record(change, session, request, before)
    said = _("Callback for #{number} moved to {when}, {team}")
    where = said.format(number=change.ticket.number, when=when(offer.start, row.plan.zone), team=row.team)
    changes.say(f"{where} · {told}")


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


def _team(changes: Changes, ticket: Ticket, request: CallbackRequest | None, named: str) -> str:
    """Which team calls.

    Raises:
        Usage: several could, and none is named.
    """
    if named:
        return named
    known = plans(changes.session)
    if found := likely_team(changes.session, known, ticket, request, changes.actor):
        return found.team
    raise Usage(
        _("Say which team shall call.") if known else _("No team has times for callbacks yet."),
        _("Teams that call back: {names}").format(names=", ".join(row.team for row in known))
        if known
        else _("A lead runs: helpdesk callback pattern set TEAM"),
    )


def _teams_of(session: Session, agent_id: int | None) -> list[int]:
    member = select(col(TeamMember.team_id)).where(col(TeamMember.agent_id) == agent_id)
    return list(session.execute(member).scalars())


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
    extension = extension_of(session, ticket, request.number, wish.number, region)
    asked = clean_line(wish.asked, _ASKED) or request.asked
    request.asked = asked if extension in asked else clean_line(f"{extension} · {asked}".rstrip(" ·"), _ASKED)
    session.flush()
    return request


def _number(session: Session, ticket: Ticket, typed: str, region: str) -> str:
    if typed:
        return read_number(typed, region)
    found = likely_numbers(session, ticket, region)
    if len(found) == 1:
        return found[0]
    if found:
        raise Usage(
            _("Several numbers of the customer of #{number} are known.").format(number=ticket.number),
            _("Name one of them: --number {numbers}").format(numbers=_(" or ").join(found)),
        )
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
