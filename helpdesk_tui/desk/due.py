"""Runs what has fallen due, once, by whoever holds the lease."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.desk.followups import be_reminded, wake
from helpdesk_tui.desk.standing import close
from helpdesk_tui.desk.timers import TimerKind
from helpdesk_tui.errors import Refused
from helpdesk_tui.rules import permissions
from helpdesk_tui.store import search
from helpdesk_tui.store.statements import is_among
from helpdesk_tui.store.tables import Timer
from helpdesk_tui.store.transaction import tried_again
from helpdesk_tui.terms import ACTIVE, Verb

#: How many timers are run in one transaction.
_AT_ONCE = 100


def run_due(desk: Desk, now: datetime) -> int:
    """Run everything that has fallen due; returns how many timers that were.

    Call it from one place at a time (the poller, or the app where nobody polls).
    """
    if reason := permissions.refusal(desk.actor, Verb.TIMER):
        raise Refused(reason, "")
    count = 0
    while due := desk.ask(_due, now):
        count += tried_again(partial(_run, desk, due, now))
    return count


def _due(session: Session, now: datetime) -> list[tuple[int, int]]:
    """Ids of what has fallen due, and of its tickets; a look that keeps no writer waiting."""
    due = select(col(Timer.id), col(Timer.ticket_id)).where(col(Timer.done_at).is_(None), col(Timer.due_at) <= now)
    rows = session.execute(due.order_by(col(Timer.due_at), col(Timer.id)).limit(_AT_ONCE))
    return [(timer_id, ticket_id) for timer_id, ticket_id in rows]


def _run(desk: Desk, due: list[tuple[int, int]], now: datetime) -> int:
    """Run these timers, unless somebody took them back meanwhile. The tickets are locked first, as everywhere."""
    with desk.change(Verb.TIMER) as changes:
        changes.load_ids([ticket_id for _timer, ticket_id in due])
        pending = select(Timer).where(
            is_among(changes.session, col(Timer.id), [timer_id for timer_id, _ticket in due]),
            col(Timer.done_at).is_(None),
        )
        timers = list(changes.session.execute(pending.order_by(col(Timer.id)).with_for_update()).scalars())
        by_id = {change.ticket.id: change for change in changes}
        for timer in timers:
            timer.done_at = now
            _DEEDS[TimerKind(timer.kind)](changes, by_id[timer.ticket_id], timer)
        changes.say("")
    return len(timers)


def _say_overdue(_changes: Changes, change: Change, _timer: Timer) -> None:
    if change.ticket.status in ACTIVE:
        change.record("overdue", False, True)


def _find_anew(changes: Changes, change: Change, _timer: Timer) -> None:
    search.rebuild(changes.session, change.ticket.id)


#: What is done when a timer of a kind falls due.
_DEEDS: Mapping[TimerKind, Callable[[Changes, Change, Timer], None]] = {
    TimerKind.DUE: _say_overdue,
    TimerKind.WORDS: _find_anew,
    TimerKind.REMIND: be_reminded,
    TimerKind.WAKE: wake,
    TimerKind.CLOSE: close,
}
