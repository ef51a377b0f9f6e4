"""How a call ended: reached, or what comes next. Each outcome is one step, which `undo` takes back as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk_tui.desk.callback_letters import tell
from helpdesk_tui.desk.callback_log import changed_by, record, snapshot
from helpdesk_tui.desk.callback_places import choose, lock_plan, open_slot, take, when
from helpdesk_tui.desk.callbacks import booked_call, instant, let_call
from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.desk.letters import own_message
from helpdesk_tui.desk.standing import apply_status, wait_for
from helpdesk_tui.errors import Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules.invitation import News
from helpdesk_tui.rules.untrusted import clean_text
from helpdesk_tui.store.queries.callbacks import PlanRow
from helpdesk_tui.store.tables import CallbackBooking, CallbackRequest, CallbackSlot, Team, Ticket
from helpdesk_tui.terms import ACTIVE, CallOutcome, CallState, MessageKind, Outcome, Party, Status, Verb

#: What counts as a try; a voicemail is one, for nobody was spoken to.
_TRIES = (CallOutcome.NO_ANSWER, CallOutcome.VOICEMAIL)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended.

    Args:
        note: what was said, kept in the thread where the customer was reached.
        at, team: when to call instead, and who, where they asked for later; None is the next free slot, "" the same team.
        booking_id: the call that was made, as it was seen; None is whichever is booked.
    """

    outcome: CallOutcome
    note: str = ""
    at: datetime | str | None = None
    team: str = ""
    booking_id: int | None = None


def record_outcome(desk: Desk, ticket: int, ended: Ended) -> Outcome:
    """Write down how the booked call of a ticket ended.

    Reached: it stands in the thread, and the customer is answered. No answer and voicemail: the next free slot is
    booked, as often as the plan tries; then the wish stays open without a call. Later: another slot. Wrong number: the
    wish stays open until somebody knows the right one.

    Raises:
        NotFound: no call is booked. Refused: the time they asked for is not free, or somebody has gone on with the call.
    """
    with desk.change(Verb.CALL, [ticket]) as changes:
        change, session = changes.only, changes.session
        _refuse_other(session, change.ticket, ended.booking_id)
        request, booking = booked_call(session, change.ticket)
        before = snapshot(session, request)
        row = lock_plan(session, ended.team or session.get_one(Team, request.team_id).name)
        words = _conclude(changes, change, row, request, booking, ended)
        record(change, session, request, before)
        changes.say(f"#{ticket}: {words}")
    return changes.outcome


def outcome_word(outcome: CallOutcome) -> str:
    """How a call ended."""
    return {
        CallOutcome.REACHED: _("reached"),
        CallOutcome.NO_ANSWER: _("no answer"),
        CallOutcome.VOICEMAIL: _("voicemail"),
        CallOutcome.WRONG_NUMBER: _("wrong number"),
        CallOutcome.LATER: _("later"),
    }[outcome]


def _refuse_other(session: Session, ticket: Ticket, booking_id: int | None) -> None:
    """An outcome is that of the call that was seen, and of no other that is booked by now.

    Raises:
        Refused: somebody has made that call, moved it or given it up.
    """
    booking = session.get(CallbackBooking, booking_id) if booking_id is not None else None
    if booking_id is None or (booking and booking.holds and booking.outcome is None):
        return
    login = changed_by(session, ticket.id, booking_id) or _("somebody")
    if booking and booking.outcome:
        said = _("{login} has made this call: {outcome}.").format(
            login=login, outcome=outcome_word(CallOutcome(booking.outcome))
        )
    else:
        said = _("{login} has moved this call or given it up.").format(login=login)
    raise Refused(said, _("Nothing was changed. T shows what is booked now."))


def _conclude(
    changes: Changes, change: Change, row: PlanRow, request: CallbackRequest, booking: CallbackBooking, ended: Ended
) -> str:
    outcome = ended.outcome
    if outcome is CallOutcome.REACHED:
        _close(changes, booking, outcome)
        request.state = CallState.DONE
        return _answered(changes, change, ended.note)
    if outcome is CallOutcome.WRONG_NUMBER:
        _close(changes, booking, outcome)
        return outcome_word(outcome) + _(" · ask for the right one, then book again")
    if outcome is CallOutcome.LATER:
        at = instant(ended.at, row)
        return outcome_word(outcome) + _again(changes, change, row, request, booking, outcome, booking.attempt, at)
    words = outcome_word(outcome) + _(", try {n} of {m}").format(n=booking.attempt, m=row.plan.attempts)
    if booking.attempt >= row.plan.attempts:
        _close(changes, booking, outcome)
        return words + " · " + _("no further call is booked")
    return words + _again(changes, change, row, request, booking, outcome, booking.attempt + 1, None)


def _close(changes: Changes, booking: CallbackBooking, outcome: CallOutcome) -> None:
    """Write down the outcome; a call that was made before its slot begins gives its place back."""
    booking.outcome = outcome
    if changes.session.get_one(CallbackSlot, booking.slot_id).start_at > changes.now:
        booking.holds = False


def _answered(changes: Changes, change: Change, note: str) -> str:
    """A call that was answered is an answer: the customer has the word."""
    text = clean_text(note).strip() or _("The customer was reached.")
    message = own_message(changes, change.ticket, MessageKind.CALL, text)
    change.record("message", None, message.id)
    if change.ticket.status == Status.NEW:
        apply_status(change.ticket, Status.OPEN, changes.now)
    if change.ticket.status in ACTIVE:
        wait_for(change.ticket, Party.THEM, changes.now)
    return outcome_word(CallOutcome.REACHED)


def _again(
    changes: Changes, change: Change, row: PlanRow, request: CallbackRequest, booking: CallbackBooking,
    outcome: CallOutcome, attempt: int, at: datetime | None,
) -> str:  # fmt: skip
    """Book the next call; where no slot is free the wish stays open, and the sentence says so."""
    session = changes.session
    began = session.get_one(CallbackSlot, booking.slot_id).start_at
    try:
        offer = choose(changes, row, at, after=began if row.team_id == request.team_id else None)
    except Refused as error:
        if at is not None:
            raise
        _close(changes, booking, outcome)
        return " · " + error.message
    slot_id = open_slot(changes, row, offer, leaving=booking if began > changes.now else None)
    _close(changes, booking, outcome)
    request.sequence += 1
    let_call(session, change.ticket, request, row)
    take(changes, row, request, slot_id, offer, attempt)
    told = tell(changes, change, request, slot_id, News.MOVED)
    return " · " + _("next {when}").format(when=when(offer.start, row.plan.zone)) + f" · {told}"
