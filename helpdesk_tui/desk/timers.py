"""What falls due is a row: set here, run here, by whoever holds the lease."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import partial

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.errors import Refused
from helpdesk_tui.rules import permissions
from helpdesk_tui.store import customers, search
from helpdesk_tui.store.statements import is_among
from helpdesk_tui.store.tables import Ticket, Timer
from helpdesk_tui.store.transaction import tried_again
from helpdesk_tui.terms import ACTIVE, Verb

#: How many timers are run in one transaction.
_AT_ONCE = 100


class TimerKind(StrEnum):
    """What happens when a timer falls due."""

    DUE = "due"
    #: A hidden ticket is found by other words from now on.
    WORDS = customers.WORDS


def remind_due(session: Session, ticket: Ticket, due_at: datetime) -> None:
    """Let everybody's list know when this ticket becomes overdue."""
    session.add(Timer(kind=TimerKind.DUE, ticket_id=ticket.id, queue_id=ticket.queue_id, due_at=due_at))


def forget_due(session: Session, ticket: Ticket, now: datetime) -> None:
    """Take back the reminder of a due date that no longer holds."""
    pending = update(Timer).where(
        col(Timer.ticket_id) == ticket.id, col(Timer.kind) == TimerKind.DUE, col(Timer.done_at).is_(None)
    )
    session.execute(pending.values(done_at=now).execution_options(synchronize_session=False))


def remind_anew(session: Session, ticket: Ticket, now: datetime) -> None:
    """Let the reminder of a ticket be that of the due date it has now."""
    forget_due(session, ticket, now)
    if ticket.due_at:
        remind_due(session, ticket, ticket.due_at)


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
        rung = {timer.ticket_id for timer in timers if timer.kind == TimerKind.DUE}
        for ticket_id in sorted({timer.ticket_id for timer in timers if timer.kind == TimerKind.WORDS}):
            search.rebuild(changes.session, ticket_id)
        for timer in timers:
            timer.done_at = now
        for change in changes:
            if change.ticket.id in rung and change.ticket.status in ACTIVE:
                change.record("overdue", False, True)
        changes.say("")
    return len(timers)
