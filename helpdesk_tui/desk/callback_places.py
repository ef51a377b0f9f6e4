"""Places in slots: taken under locks, and refused by the database where there is one too many.

Order of locks: the ticket, the team's plan, then the slots by id. Who books holds the plan so that it cannot change
underneath (FOR KEY SHARE: bookers do not wait for each other); who plans holds it alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Changes
from helpdesk_tui.errors import Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules.slots import Offer, SlotState, Taken
from helpdesk_tui.store.queries.callbacks import PlanRow, next_free, plan_of, taken
from helpdesk_tui.store.statements import add_row, add_unless_there
from helpdesk_tui.store.tables import CallbackBooking, CallbackPlan, CallbackRequest, CallbackSlot, Team

#: What the triggers of the schema say where a slot has no place left.
FULL = "no place is free in this slot"
#: No slot of any plan is longer.
_LONGEST_SLOT = timedelta(hours=8)


def lock_plan(session: Session, team: str, *, alone: bool = False) -> PlanRow:
    """The plan of a team, held until the transaction ends.

    Args:
        alone: nobody may book meanwhile.
    Raises:
        NotFound: the team calls nobody back.
    """
    team_id = select(col(Team.id)).where(col(Team.name) == team).scalar_subquery()
    held = select(col(CallbackPlan.team_id)).where(col(CallbackPlan.team_id) == team_id)
    session.execute(held.with_for_update() if alone else held.with_for_update(read=True, key_share=True))
    return plan_of(session, team)


def choose(
    changes: Changes, row: PlanRow, at: datetime | None, after: datetime | None = None, own: CallbackSlot | None = None
) -> Offer:
    """The slot that begins at `at`, or the next free one (after `after`).

    Args:
        own: the slot that is left for the other; its place counts as free.
    Raises:
        Refused: it cannot be booked; the hint names the next one that can.
    """
    session, now = changes.session, changes.now
    if at is None:
        found = next_free(session, row, now, after)
        if found is None:
            _refuse_none(row)
        return found
    timetable = row.timetable
    there = taken(session, row.team_id, at - _LONGEST_SLOT, at + _LONGEST_SLOT)
    if own:
        there.append(Taken(own.start_at, own.end_at, -1))
    offers = timetable.offers(there, now, timetable.day_of(at), 1)
    wanted = next((offer for offer in offers if offer.start == at), None)
    if wanted is None or wanted.state is not SlotState.FREE:
        refuse(changes, row, at, wanted.state if wanted else None)
    return wanted


def refuse(changes: Changes, row: PlanRow, at: datetime, state: SlotState | None) -> NoReturn:
    """Say why a slot cannot be booked, and which one can.

    Raises:
        Refused: always.
    """
    whys = {
        SlotState.FULL: _("{when} is full."),
        SlotState.PAST: _("{when} is past."),
        SlotState.TOO_SOON: _("{when} is too soon."),
        SlotState.CLOSED: _("{when} is closed."),
    }
    why = whys[state] if state in whys else _("No slot of {team} begins at {when}.")
    free = next_free(changes.session, row, changes.now)
    hint = _("The next free one is {when} ({at}).").format(
        when=when(free.start, row.plan.zone), at=f"{free.start:%Y-%m-%dT%H:%M:%SZ}"
    ) if free else _("Within {n} days none is free.").format(n=row.plan.horizon_days)  # fmt: skip
    raise Refused(why.format(when=when(at, row.plan.zone), team=row.team), hint)


def _refuse_none(row: PlanRow) -> NoReturn:
    raise Refused(
        _("No slot of {team} is free within {n} days.").format(team=row.team, n=row.plan.horizon_days),
        _("A lead gives it more room: helpdesk callback pattern set {team} --capacity N").format(team=row.team),
    )


def open_slot(changes: Changes, row: PlanRow, offer: Offer, leaving: CallbackBooking | None = None) -> int:
    """The slot of an offer, made where nobody has booked it yet, with the capacity it has now; returns its id.

    Args:
        leaving: a booking that gives its place up; both slots are locked, in one order.
    """
    session = changes.session
    key = {"team_id": row.team_id, "start_at": offer.start, "end_at": offer.end}
    add_unless_there(session, CallbackSlot, {**key, "capacity": 0, "taken": 0})
    same = [getattr(CallbackSlot, name) == value for name, value in key.items()]
    slot_id = session.execute(select(col(CallbackSlot.id)).where(*same)).scalar_one()
    lock_slots(session, [slot_id, *([leaving.slot_id] if leaving else [])])
    if leaving:
        leaving.holds = False
        session.flush()
    _set_capacity(session, row, slot_id, offer.start, offer.end)
    return slot_id


def lock_slots(session: Session, slots: Iterable[int]) -> None:
    """Hold slots until the transaction ends."""
    wanted = select(col(CallbackSlot.id)).where(col(CallbackSlot.id).in_(sorted(set(slots))))
    session.execute(wanted.order_by(col(CallbackSlot.id)).with_for_update())


def measure_anew(session: Session, row: PlanRow, now: datetime) -> int:
    """Give the coming slots the capacity the plan has for them now; returns how many are overbooked.

    Bookings stay, also in slots that the plan no longer has.
    """
    coming = select(CallbackSlot.id, CallbackSlot.start_at, CallbackSlot.end_at).where(  # type: ignore[call-overload]
        col(CallbackSlot.team_id) == row.team_id, col(CallbackSlot.end_at) > now
    )
    slots = session.execute(coming.order_by(col(CallbackSlot.id)).with_for_update()).all()
    for slot_id, start, end in slots:
        _set_capacity(session, row, slot_id, start, end)
    return int(session.execute(_overbooked(row.team_id, now)).scalar_one())


def take(changes: Changes, row: PlanRow, request: CallbackRequest, slot_id: int, offer: Offer, attempt: int) -> int:
    """Take a place; returns the id of the booking.

    Raises:
        Refused: the database says that none is free; the hint names the next slot that is.
    """
    booking = {
        "request_id": request.id,
        "ticket_id": request.ticket_id,
        "queue_id": request.queue_id,
        "slot_id": slot_id,
        "attempt": attempt,
        "holds": True,
        "made_at": changes.now,
    }
    session = changes.session
    session.flush()
    try:
        with session.begin_nested():
            return add_row(session, CallbackBooking, booking)
    except DBAPIError as error:
        if not is_full(error):
            raise
    refuse(changes, row, offer.start, SlotState.FULL)


def is_full(error: DBAPIError) -> bool:
    """True where the database refused a place too many."""
    return FULL in str(error.orig)


def when(at: datetime, zone: str) -> str:
    """An instant as people say it, where the team is: `Tue 2026-11-24 09:30`."""
    local = at.astimezone(ZoneInfo(zone))
    days = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
    return f"{days[local.weekday()]} {local:%Y-%m-%d %H:%M}"


def _overbooked(team_id: int, now: datetime) -> Select[Any]:
    return select(func.count(col(CallbackSlot.id))).where(
        col(CallbackSlot.team_id) == team_id,
        col(CallbackSlot.end_at) > now,
        col(CallbackSlot.taken) > col(CallbackSlot.capacity),
    )


def _set_capacity(session: Session, row: PlanRow, slot_id: int, start: datetime, end: datetime) -> None:
    """What the plan has room for, less the calls in slots of earlier patterns that overlap this one."""
    others = select(func.coalesce(func.sum(col(CallbackSlot.taken)), 0)).where(
        col(CallbackSlot.team_id) == row.team_id,
        col(CallbackSlot.id) != slot_id,
        col(CallbackSlot.start_at) < end,
        col(CallbackSlot.end_at) > start,
    )
    capacity = max(row.timetable.capacity_of(start, end) - session.execute(others).scalar_one(), 0)
    own = update(CallbackSlot).where(col(CallbackSlot.id) == slot_id, col(CallbackSlot.capacity) != capacity)
    session.execute(own.values(capacity=capacity).execution_options(synchronize_session=False))
