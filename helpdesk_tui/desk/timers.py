"""What falls due is a row, set here; `due` runs it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store import customers
from helpdesk_tui.store.tables import Ticket, Timer
from helpdesk_tui.terms import Status


class TimerKind(StrEnum):
    """What happens when a timer falls due."""

    DUE = "due"
    #: A ticket comes back to who asked for it.
    REMIND = "remind"
    #: A snooze is over.
    WAKE = "wake"
    #: What has been solved for long is closed.
    CLOSE = "close"
    #: A hidden ticket is found by other words from now on.
    WORDS = customers.WORDS


def set_timer(session: Session, ticket: Ticket, kind: TimerKind, due_at: datetime, fields: Mapping[str, Any]) -> None:
    """Let something happen to a ticket then."""
    session.add(Timer(kind=kind, ticket_id=ticket.id, queue_id=ticket.queue_id, due_at=due_at, fields=dict(fields)))


def remind_due(session: Session, ticket: Ticket, due_at: datetime) -> None:
    """Let everybody's list know when this ticket becomes overdue."""
    set_timer(session, ticket, TimerKind.DUE, due_at, {})


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


def arm_anew(session: Session, ticket: Ticket) -> None:
    """Let a status that a ticket has again end as it was to: its timer may have come while the ticket stood elsewhere."""
    kind = {Status.SNOOZED: TimerKind.WAKE, Status.SOLVED: TimerKind.CLOSE}.get(Status(ticket.status))
    if kind is None:
        return
    session.flush()
    theirs = select(Timer).where(col(Timer.ticket_id) == ticket.id, col(Timer.kind) == kind)
    rows = session.execute(theirs.order_by(col(Timer.id).desc())).scalars()
    last = next((one for one in rows if _is_of(one, ticket)), None)
    if last is not None and last.done_at is not None:
        set_timer(session, ticket, kind, last.due_at, last.fields)


def _is_of(timer: Timer, ticket: Ticket) -> bool:
    """True where a timer ends the status a ticket has now, and not that of another time."""
    if timer.kind == TimerKind.WAKE:
        return timer.due_at == ticket.snoozed_until
    since = timer.fields.get("since")
    return since is not None and datetime.fromisoformat(since) == ticket.waiting_since
