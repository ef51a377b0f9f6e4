"""Where a ticket stands, and all that hangs on it: whom it waits for, since when, when it ended, when it closes."""

from __future__ import annotations

from datetime import datetime

from helpdesk_tui.config import CalendarSettings
from helpdesk_tui.desk.door import Change, Changes, as_stored
from helpdesk_tui.desk.notices import settle
from helpdesk_tui.desk.timers import TimerKind, set_timer
from helpdesk_tui.errors import Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules.calendar import opening_after, parse_calendar
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store import search
from helpdesk_tui.store.tables import Queue, Ticket, Timer
from helpdesk_tui.terms import Party, ResolutionRule, Status

#: A resolution is a line, so many characters at most.
_LONGEST = 300
_WAITS: dict[Status, Party | None] = {
    Status.NEW: Party.US,
    Status.OPEN: Party.US,
    Status.WAITING_CUSTOMER: Party.THEM,
    Status.WAITING_OTHER: Party.US,
    Status.SNOOZED: Party.US,
    Status.SOLVED: None,
    Status.CLOSED: None,
    Status.CANCELLED: None,
}


def apply_status(ticket: Ticket, status: Status, now: datetime) -> None:
    """Put one ticket into a status, with all that hangs on it: whom it waits for, since when, when it ended."""
    if ticket.status == status:
        return
    ticket.status = status
    ticket.snoozed_until = None
    ticket.closed_at = now if status in (Status.CLOSED, Status.CANCELLED) else None
    wait_for(ticket, _WAITS[status], now)


def wait_for(ticket: Ticket, party: Party | None, now: datetime) -> None:
    """Say whom a ticket waits for from now on; the clock goes on where it waited for them already.

    What has ended waits for nobody, whatever is said on it still.
    """
    if party is not None and _WAITS[Status(ticket.status)] is None:
        return
    if ticket.waiting_for != party:
        ticket.waiting_for = party
        ticket.waiting_since = now


def go_on(
    changes: Changes, change: Change, then: Status | None, office: CalendarSettings, resolution: str = ""
) -> None:
    """Put a ticket into the status that something done on it leads to; None leaves it.

    Raises:
        Refused: it is to be solved, and its queue wants a resolution.
    """
    if then is Status.SOLVED:
        solve(changes, change, office, resolution)
    elif then is not None:
        apply_status(change.ticket, then, changes.now)


def solve(changes: Changes, change: Change, office: CalendarSettings, resolution: str = "") -> None:
    """Mark a ticket as solved; it closes by itself after as many working days as its queue says.

    Args:
        resolution: what solved it, in a line; "" leaves what stands there.
    Raises:
        Refused: its queue wants a resolution.
    """
    ticket, session = change.ticket, changes.session
    settle(changes, ticket)
    queue = session.get_one(Queue, ticket.queue_id)
    if line := clean_line(resolution, _LONGEST):
        ticket.resolution = line
        search.index_more(session, ticket.id, [line])
    if queue.resolution_rule == ResolutionRule.REQUIRED and not ticket.resolution:
        raise Refused(
            _("{queue} wants to know what solved #{number}.").format(queue=queue.name, number=ticket.number),
            _("Say it in a line."),
        )
    solve_by_itself(changes, change, office, changes.now)


def solve_by_itself(changes: Changes, change: Change, office: CalendarSettings, at: datetime) -> None:
    """Mark a ticket as solved that a machine says is: nobody is asked by what."""
    ticket, session = change.ticket, changes.session
    if ticket.status == Status.SOLVED:
        return
    apply_status(ticket, Status.SOLVED, at)
    days = session.get_one(Queue, ticket.queue_id).closes_after
    if days > 0:
        closes_at = opening_after(changes.now, days, parse_calendar(office.hours, office.zone))
        set_timer(session, ticket, TimerKind.CLOSE, closes_at, {"since": as_stored(ticket.waiting_since)})


def close(changes: Changes, change: Change, timer: Timer) -> None:
    """A ticket that has been solved all that time is closed."""
    ticket = change.ticket
    if ticket.status == Status.SOLVED and as_stored(ticket.waiting_since) == timer.fields.get("since"):
        apply_status(ticket, Status.CLOSED, changes.now)
