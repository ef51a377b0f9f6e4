"""How a call is said: in the thread, in the list, on the line that tells of one that is due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk_tui.desk.calls import outcome_word
from helpdesk_tui.language import _
from helpdesk_tui.rules.invitation import differs
from helpdesk_tui.rules.phones import shown
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens.phrases import moment
from helpdesk_tui.store.queries.callbacks import CallMark, CallRow
from helpdesk_tui.terms import CallOutcome, CallState

Picture = Mapping[str, Any]


def call_change(before: Picture | None, after: Picture | None, at: datetime) -> str:
    """What one verb changed about a call, for the thread."""
    if after is None or (before is None and not after["start"]):
        return _("no callback")
    if before is None or (not before["start"] and after["start"]):
        return _("callback {when}, {team}").format(when=_at(after, at), team=clean_line(after["team"], 60))
    if ended := _ended(before, after):
        return _said_of(ended, before, after, at)
    if after["state"] == CallState.CANCELLED:
        return _("callback given up")
    if before["start"] != after["start"] and after["start"]:
        return _("callback moved from {before} to {after}").format(before=_at(before, at), after=_at(after, at))
    return _("callback changed")


def call_due(mark: CallMark, now: datetime) -> str:
    """When a customer is called, for a narrow column: `☎ 14:00`."""
    if mark.start is None or mark.end is None:
        return _("☎ no time")
    if mark.end <= now:
        return _("☎ overdue")
    if mark.start <= now:
        return _("☎ now")
    local = mark.start.astimezone()
    is_today = local.date() == now.astimezone().date()
    return f"☎ {local:%H:%M}" if is_today else f"☎ {moment(mark.start, now)}"


def banner(call: CallRow, now: datetime) -> str:
    """The line that tells of a call that is to be made: `☎ 09:30 now · Erika Beispiel · +49 69 1234567`."""
    begins = call.start or now
    is_late = call.end is not None and call.end <= now
    when = _("{time} overdue") if is_late else _("{time} now")
    who = clean_line(call.customer, 60)
    parts = (when.format(time=f"{begins.astimezone():%H:%M}"), who, shown(call.phone), _("T opens the card"))
    return "☎ " + " · ".join(filter(None, parts))


def there(at: datetime, zone: str, other: str) -> str:
    """The time where a customer is, where clocks show another one: `there Tue 03:30 (New York)`."""
    if not other or not differs(at, zone, other):
        return ""
    return _("there {when} ({city})").format(when=f"{at.astimezone(ZoneInfo(other)):%a %H:%M}", city=city(other))


def city(zone: str) -> str:
    """A time zone by the city it is named after: `New York`."""
    return zone.rpartition("/")[2].replace("_", " ")


def _ended(before: Picture, after: Picture) -> CallOutcome | None:
    """The outcome that came with this change."""
    was = {number: outcome for number, (_holds, outcome) in before["bookings"].items()}
    new = [outcome for number, (_holds, outcome) in after["bookings"].items() if outcome and outcome != was.get(number)]
    return CallOutcome(new[-1]) if new else None


def _said_of(outcome: CallOutcome, before: Picture, after: Picture, at: datetime) -> str:
    words = outcome_word(outcome)
    if outcome in (CallOutcome.NO_ANSWER, CallOutcome.VOICEMAIL):
        words += _(", try {n} of {m}").format(n=before["attempt"], m=before["attempts"])
    if after["start"]:
        return words + _(", next {when}").format(when=_at(after, at))
    return words if outcome in (CallOutcome.REACHED, CallOutcome.WRONG_NUMBER) else words + _(", no further call")


def _at(picture: Picture, at: datetime) -> str:
    return moment(datetime.fromisoformat(picture["start"]), at)
