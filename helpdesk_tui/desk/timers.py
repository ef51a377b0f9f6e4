"""What falls due is a row: set here, run here, by whoever holds the lease."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.store.tables import Ticket, Timer
from helpdesk_tui.terms import ACTIVE, Verb

#: How many timers are run in one transaction.
_AT_ONCE = 100


class TimerKind(StrEnum):
    """What happens when a timer falls due."""

    DUE = "due"


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
    with desk.change(Verb.TIMER) as changes:
        due = select(Timer).where(col(Timer.done_at).is_(None), col(Timer.due_at) <= now)
        timers = list(
            changes.session.execute(
                due.order_by(col(Timer.due_at), col(Timer.id)).limit(_AT_ONCE).with_for_update(skip_locked=True)
            ).scalars()
        )
        changes.load_ids([timer.ticket_id for timer in timers])
        for timer in timers:
            timer.done_at = now
        for change in changes:
            if change.ticket.status in ACTIVE:
                change.record("overdue", False, True)
        changes.say("")
    return len(timers)
