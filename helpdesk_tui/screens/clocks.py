"""The clocks of a ticket: what is owed when, and how long somebody has waited, in working time."""

from __future__ import annotations

from datetime import datetime, timedelta

from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.rules.calendar import BusinessCalendar, parse_calendar, working_between
from helpdesk_tui.settings import CalendarSettings
from helpdesk_tui.store.queries.tickets import TicketRow
from helpdesk_tui.terms import DueKind, Party

#: A calendar is added up over this length at most; older than that is said in days.
_LONGEST = timedelta(days=365)


def office(settings: CalendarSettings) -> BusinessCalendar | None:
    """When we work; None where the hours cannot be read, which `doctor` tells, or there are none."""
    try:
        calendar = parse_calendar(settings.hours, settings.zone)
    except HelpdeskError:
        return None
    return calendar if any(calendar.spans) else None


def clocks(ticket: TicketRow, now: datetime, calendar: BusinessCalendar | None) -> list[tuple[str, str]]:
    """(what it counts, how it stands): what is owed, and the side that has the next word; nothing where none runs."""
    found = []
    if ticket.due_at is not None:
        found.append((_due_name(ticket.due_kind), _left(ticket.due_at, now, calendar)))
    if ticket.waiting_for is not None:
        name = _("for us") if ticket.waiting_for is Party.US else _("for them")
        found.append((name, _("{span} so far").format(span=_working(ticket.waiting_since, now, calendar))))
    return found


def _due_name(kind: str | None) -> str:
    return {
        DueKind.AGREED: _("agreed"),
        DueKind.FIRST_RESPONSE: _("1st answer"),
        DueKind.NEXT_RESPONSE: _("answer"),
        DueKind.RESOLUTION: _("solution"),
    }.get(DueKind(kind) if kind else DueKind.AGREED, _("due"))


def _left(due_at: datetime, now: datetime, calendar: BusinessCalendar | None) -> str:
    if due_at < now:
        return _("{span} late").format(span=_working(due_at, now, calendar))
    return _("{span} left").format(span=_working(now, due_at, calendar))


def _working(start: datetime, end: datetime, calendar: BusinessCalendar | None) -> str:
    """A length of working time: `45 min`, `3:05 h`; in days where it is longer than anybody adds up."""
    if calendar is None or end - start > _LONGEST:
        return _length(end - start)
    return _length(working_between(start, end, calendar))


def _length(length: timedelta) -> str:
    minutes = max(int(length.total_seconds() // 60), 0)
    if minutes < 60:
        return _("{n} min").format(n=minutes)
    if minutes < 100 * 60:
        return _("{hours}:{minutes} h").format(hours=minutes // 60, minutes=f"{minutes % 60:02}")
    return _("{n} h").format(n=minutes // 60)
