"""What falls due is a row, set here; `due` runs it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store import customers
from helpdesk_tui.store.tables import Ticket, Timer


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
