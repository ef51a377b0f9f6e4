"""What is to happen to a ticket later: a reminder, the end of a snooze, the closing of what was solved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.config import CalendarSettings
from helpdesk_tui.desk.door import Change, Changes, Desk, as_stored
from helpdesk_tui.desk.luggage import where_it_lies
from helpdesk_tui.desk.notices import give_notice
from helpdesk_tui.desk.standing import apply_status, wait_for
from helpdesk_tui.desk.tickets import name_tickets
from helpdesk_tui.desk.timers import TimerKind, set_timer
from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.calendar import LONGEST_WAIT, opening_after, parse_calendar
from helpdesk_tui.store.tables import Ticket, Timer
from helpdesk_tui.terms import NoticeKind, Outcome, Party, Status, Verb

#: The name, in an event, of when somebody is reminded.
REMINDER = "reminder"
#: After so many working days a ticket is let come back most often; other numbers are typed.
USUAL_DAYS = (1, 2, 3, 5, 10)


def remind(desk: Desk, ticket: int, working_days: int) -> Outcome:
    """Be reminded of a ticket at the opening of the n-th working day from now; whatever it waits for ends then.

    Raises:
        Usage: that is no number of days.
    """
    with desk.change(Verb.REMIND, [ticket]) as changes:
        at = set_reminder(changes, changes.only, working_days, desk.settings.calendar)
        changes.say(_("#{number} comes back {when}").format(number=ticket, when=f"{at.astimezone():%a %d.%m. %H:%M}"))
    return changes.outcome


def set_reminder(changes: Changes, change: Change, working_days: int, office: CalendarSettings) -> datetime:
    """Set the one reminder of a ticket; returns when that is."""
    if not 0 < working_days <= LONGEST_WAIT:
        raise Usage(_("{n} is no number of working days.").format(n=working_days), _("Use 1 to 250."))
    before = forget_reminder(changes.session, change.ticket, changes.now)
    at = opening_after(changes.now, working_days, parse_calendar(office.hours, office.zone))
    set_timer(changes.session, change.ticket, TimerKind.REMIND, at, _asked_by(changes))
    before_all = change.more[REMINDER][0] if REMINDER in change.more else as_stored(before)
    change.record(REMINDER, before_all, as_stored(at))
    return at


def _asked_by(changes: Changes) -> dict[str, Any]:
    return {"agent": changes.actor.agent_id, "at": as_stored(changes.now)}


def forget_reminder(session: Session, ticket: Ticket, now: datetime) -> datetime | None:
    """Take a ticket's reminder back; returns when it would have been."""
    pending = (
        update(Timer)
        .where(col(Timer.ticket_id) == ticket.id, col(Timer.kind) == TimerKind.REMIND, col(Timer.done_at).is_(None))
        .values(done_at=now)
        .returning(col(Timer.due_at))
    )
    return session.execute(pending.execution_options(synchronize_session=False)).scalars().first()


def restore_reminder(
    changes: Changes, change: Change, was: Mapping[str, list[Any]], later: list[dict[str, Any]]
) -> list[str]:
    """Put the reminder of a ticket back to what it was, for whoever had asked for it; not where another was set since."""
    before, after = was[REMINDER]
    if any(changed[REMINDER][1] for changed in later if REMINDER in changed):
        return [_("the reminder of #{number} (another one was set since)").format(number=change.ticket.number)]
    if any(REMINDER in changed for changed in later):
        return [_("the reminder of #{number} (it is over since)").format(number=change.ticket.number)]
    forget_reminder(changes.session, change.ticket, changes.now)
    if before is not None:
        at = datetime.fromisoformat(before)
        asked_by = _asked_then(changes.session, change.ticket, at) or _asked_by(changes)
        set_timer(changes.session, change.ticket, TimerKind.REMIND, at, asked_by)
    change.record(REMINDER, after, before)
    return []


def _asked_then(session: Session, ticket: Ticket, at: datetime) -> Mapping[str, Any] | None:
    """Who had asked to be reminded then, and when."""
    told = select(col(Timer.fields)).where(
        col(Timer.ticket_id) == ticket.id, col(Timer.kind) == TimerKind.REMIND, col(Timer.due_at) == at
    )
    return session.execute(told.order_by(col(Timer.id).desc()).limit(1)).scalars().first()


def snooze(desk: Desk, tickets: Sequence[int], until: datetime | None) -> Outcome:
    """Put tickets away until then, or until they answer, whichever comes first.

    Args:
        until: None is until they answer.
    Raises:
        Usage: that has passed.
    """
    with desk.change(Verb.SNOOZE, tickets) as changes:
        if until is not None and until <= changes.now:
            raise Usage(_("That time has passed."), _("Name one that is to come: tomorrow 9:00, mon, +2d."))
        for change in changes:
            apply_status(change.ticket, Status.SNOOZED, changes.now)
            change.ticket.snoozed_until = until
            if until is None:
                wait_for(change.ticket, Party.THEM, changes.now)
            if until is not None:
                set_timer(changes.session, change.ticket, TimerKind.WAKE, until, {})
        when = f"{until.astimezone():%a %d.%m. %H:%M}" if until else _("they answer")
        changes.say(_("{tickets}: snoozed until {when}").format(tickets=name_tickets(changes.numbers), when=when))
    return changes.outcome


def snooze_until_opening(desk: Desk, tickets: Sequence[int]) -> Outcome:
    """Put tickets away until the office opens on the next working day."""
    office = desk.settings.calendar
    return snooze(desk, tickets, opening_after(desk.clock(), 1, parse_calendar(office.hours, office.zone)))


def wake(changes: Changes, change: Change, _timer: Timer) -> None:
    """A snooze is over, unless it is another one by now."""
    ticket = change.ticket
    if ticket.status == Status.SNOOZED and ticket.snoozed_until and ticket.snoozed_until <= changes.now:
        apply_status(ticket, Status.OPEN, changes.now)


def be_reminded(changes: Changes, change: Change, timer: Timer) -> None:
    """A reminder's time has come: the ticket is ours to act on, and who asked for it is told.

    What was solved since somebody asked for it stays solved; of what is part of another ticket, that one comes back.
    """
    ticket = change.ticket
    if ticket.merged_into is not None:
        change = changes.taken(where_it_lies(changes.session, ticket.id))
        ticket = change.ticket
    asked_at = datetime.fromisoformat(timer.fields["at"]) if "at" in timer.fields else changes.now
    is_over = ticket.status in (Status.SOLVED, Status.CLOSED) and ticket.waiting_since > asked_at
    if ticket.status != Status.CANCELLED and not is_over:
        if change.ticket.status not in (Status.NEW, Status.OPEN):
            apply_status(change.ticket, Status.OPEN, changes.now)
        change.record(REMINDER, as_stored(timer.due_at), None)
        agent_id = change.ticket.assignee_id or timer.fields.get("agent")
        if agent_id:
            give_notice(changes, change.ticket, agent_id, NoticeKind.REMINDER)
