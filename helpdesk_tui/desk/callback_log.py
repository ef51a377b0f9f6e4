"""How the log tells of a call: a picture of it before and after each verb, from which undo puts it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.callback_letters import send_after_all, take_back, tell
from helpdesk_tui.desk.callback_places import is_full, lock_slots, when
from helpdesk_tui.desk.door import Change, Changes, as_stored
from helpdesk_tui.desk.membership import belongs
from helpdesk_tui.errors import Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules.invitation import News
from helpdesk_tui.store.tables import Agent, CallbackBooking, CallbackPlan, CallbackRequest, CallbackSlot, Event, Team
from helpdesk_tui.terms import CallState

#: The name of a call in an event, and of the letter about it.
CALLBACK, LETTER = "callback", "letter"
_OWN = ("team_id", "agent_id", "number", "zone", "asked", "state")
Picture = Mapping[str, Any]


def pending_of(session: Session, request_id: int) -> CallbackBooking | None:
    """The call that is booked and not made yet."""
    found = select(CallbackBooking).where(
        col(CallbackBooking.request_id) == request_id,
        col(CallbackBooking.holds),
        col(CallbackBooking.outcome).is_(None),
    )
    return session.execute(found).scalars().first()


def announced_slot(session: Session, request_id: int, now: datetime) -> int | None:
    """The coming slot of a call that was made before its time: the customer was told of it, and of no other since."""
    made = [row for row in _bookings(session, request_id) if row.outcome]
    return made[-1].slot_id if made and made[-1].start_at > now else None


def record(change: Change, session: Session, request: CallbackRequest, before: Picture | None) -> None:
    """Write down what became of a call."""
    session.flush()
    change.record(CALLBACK, before, snapshot(session, request))


def snapshot(session: Session, request: CallbackRequest) -> dict[str, Any]:
    """A call as the log keeps it: what undo restores, and what the thread says of it.

    `bookings` maps the id of each to [holds, outcome]; `start` and `attempt` are those of the booked call, `outcome`
    is how the last one ended; `team`, `team_zone` and `attempts` are there to be read.
    """
    rows = _bookings(session, request.id)
    pending = next((row for row in rows if row.holds and row.outcome is None), None)
    plan = session.get_one(CallbackPlan, request.team_id)
    last = next((row for row in reversed(rows) if row.outcome), None)
    return {
        "request": request.id,
        **{name: getattr(request, name) for name in _OWN},
        "sequence": request.sequence,
        "bookings": {str(row.id): [row.holds, row.outcome] for row in rows},
        "start": as_stored(pending.start_at) if pending else None,
        "end": as_stored(pending.end_at) if pending else None,
        "attempt": pending.attempt if pending else last.attempt if last else 0,
        "outcome": last.outcome if last else None,
        "team": session.get_one(Team, request.team_id).name,
        "team_zone": plan.zone,
        "attempts": plan.attempts,
    }


def changed_by(session: Session, ticket_id: int, booking_id: int) -> str:
    """The login of who changed a booked call last; "" where the program did."""
    logged = select(col(Event.changes), col(Agent.login)).outerjoin(Agent, col(Agent.id) == col(Event.actor_id))
    logged = logged.where(col(Event.ticket_id) == ticket_id).order_by(col(Event.id).desc())
    for changed, login in session.execute(logged):
        before, after = (_booked(picture, booking_id) for picture in changed.get(CALLBACK, (None, None)))
        if before != after:
            return login or ""
    return ""


def _booked(picture: Picture | None, booking_id: int) -> Any:
    return picture["bookings"].get(str(booking_id)) if picture else None


def restore(changes: Changes, change: Change, was: Mapping[str, list[Any]], later: list[dict[str, Any]]) -> list[str]:
    """Put a call back to what it was; returns words where somebody has gone on with it since.

    A letter that has not left is taken back; where one has, another tells the customer what holds now.

    Raises:
        Refused: the place it had is somebody else's by now.
    """
    session, (before, after) = changes.session, was[CALLBACK]
    request = session.get_one(CallbackRequest, (after or before)["request"], populate_existing=True)
    now = snapshot(session, request)
    target, expected = before or _taken_back(after), after or _taken_back(before)
    is_changed = any(CALLBACK in changed for changed in later) or _compared(now) != _compared(expected)
    if is_changed or (target["state"] == CallState.OPEN and _has_other(session, request)):
        return [_("the callback of #{number} (it was changed since)").format(number=change.ticket.number)]
    for name in _OWN:
        setattr(request, name, target[name])
    if request.agent_id is not None and not belongs(session, change.ticket.queue_id, request.agent_id):
        request.agent_id = None  # who could not see it would not call
    session.flush()
    _put_back(changes, request, now["bookings"], target["bookings"])
    _put_letters_back(changes, change, request, now, target, was.get(LETTER, [None, None]))
    session.flush()
    change.record(CALLBACK, after, None if before is None else snapshot(session, request))
    return []


def restore_letter(
    changes: Changes, change: Change, was: Mapping[str, list[Any]], _later: list[dict[str, Any]]
) -> list[str]:
    """Take back a letter that goes with no call, or send it after all; returns words where it has left already."""
    before, after = was.get(LETTER, [None, None])
    if CALLBACK in was or not (before or after):
        return []
    if not take_back(changes, [after]):
        return [_("the confirmation of #{number} (it has left)").format(number=change.ticket.number)]
    send_after_all(changes, before)
    change.record(LETTER, after, before)
    return []


def _taken_back(picture: Picture) -> Picture:
    """A call as it is once its first booking was taken back."""
    return {**picture, "state": CallState.CANCELLED, "bookings": {}}


def _compared(picture: Picture) -> dict[str, Any]:
    """What tells whether somebody has gone on with a call; a booking that was given up says nothing."""
    standing = {number: state for number, state in picture["bookings"].items() if state != [False, None]}
    return {"bookings": standing, **{name: picture[name] for name in ("state", "agent_id", "team_id", "number")}}


def _has_other(session: Session, request: CallbackRequest) -> bool:
    """True where the customer of this ticket waits for a call by another wish, of which there is one at most."""
    other = select(col(CallbackRequest.id)).where(
        col(CallbackRequest.ticket_id) == request.ticket_id,
        col(CallbackRequest.id) != request.id,
        col(CallbackRequest.state) == CallState.OPEN,
    )
    return session.execute(other).first() is not None


def _put_back(
    changes: Changes, request: CallbackRequest, now: Mapping[str, Any], wanted: Mapping[str, list[Any]]
) -> None:
    """Give places back first, then take those it had."""
    session, rows = changes.session, _bookings(changes.session, request.id)
    lock_slots(session, {row.slot_id for row in rows})
    changed = {row: wanted.get(str(row.id), [False, None]) for row in rows}
    for row, (holds, outcome) in sorted(changed.items(), key=lambda one: one[1][0]):
        if now[str(row.id)] == [holds, outcome]:
            continue
        own = update(CallbackBooking).where(col(CallbackBooking.id) == row.id).values(holds=holds, outcome=outcome)
        try:
            with session.begin_nested():
                session.execute(own)
        except DBAPIError as error:
            if not is_full(error):
                raise
            zone = session.get_one(CallbackPlan, request.team_id).zone
            raise Refused(
                _("{when} is somebody else's by now.").format(when=when(row.start_at, zone)),
                _("Nothing was undone. Book another time for this customer."),
            ) from error


def _put_letters_back(
    changes: Changes, change: Change, request: CallbackRequest, now: Picture, target: Picture, letters: list[Any]
) -> None:
    """Take back the letter that went with this, send the one it took back; else tell the customer what holds now.

    Of a time that is past nobody is told: the call that is due, or the next letter, says what becomes of it.
    """
    before, after = letters
    if take_back(changes, [after]):
        send_after_all(changes, before)
        request.sequence = target["sequence"]
        if before or after:
            change.record(LETTER, after, before)
        return
    request.sequence = now["sequence"] + 1
    changes.session.flush()
    for picture, news in ((snapshot(changes.session, request), News.MOVED), (now, News.CANCELLED)):
        if picture["start"] and datetime.fromisoformat(picture["start"]) > changes.now:
            tell(changes, change, request, _pending_slot(changes.session, picture), news)
            break
    change.record(LETTER, after, change.more.get(LETTER, [None, None])[1])


def _pending_slot(session: Session, picture: Picture) -> int:
    """The slot of the booked call in a picture that has one."""
    (booking_id,) = (int(number) for number, state in picture["bookings"].items() if state == [True, None])
    return session.get_one(CallbackBooking, booking_id).slot_id


def _bookings(session: Session, request_id: int) -> list[Any]:
    found = select(
        CallbackBooking.id, CallbackBooking.slot_id, CallbackBooking.holds, CallbackBooking.outcome,  # type: ignore[call-overload]
        CallbackBooking.attempt, CallbackSlot.start_at, CallbackSlot.end_at,
    ).join(CallbackSlot, col(CallbackSlot.id) == col(CallbackBooking.slot_id))  # fmt: skip
    return list(
        session.execute(found.where(col(CallbackBooking.request_id) == request_id).order_by(col(CallbackBooking.id)))
    )
