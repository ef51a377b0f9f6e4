"""Dates as people type them when they promise something."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.calendar import due_at, next_opening, parse_calendar
from helpdesk_tui.rules.untrusted import clean_line

_AHEAD = re.compile(r"\+(\d{1,4})\s?(min|h|d)")
_CLOCK = r"(?:\s+(\d{1,2})(?:[:.](\d\d))?\s?(?:h|uhr)?)?"
_TIME = re.compile(r"(\d{1,2})[:.](\d\d)")
_DAY_NAME = re.compile(rf"([a-zäöü]{{2,10}}){_CLOCK}")
_DAY_MONTH = re.compile(rf"(\d{{1,2}})\.(\d{{1,2}})\.(\d{{4}})?{_CLOCK}")
_ISO_DAY = re.compile(rf"(\d{{4}}-\d\d-\d\d){_CLOCK}")
_TODAY, _TOMORROW = ("today", "heute"), ("tomorrow", "morgen")
#: Monday first.
_WEEKDAYS = (
    ("mo", "mon", "monday", "montag"),
    ("di", "tue", "tuesday", "dienstag"),
    ("mi", "wed", "wednesday", "mittwoch"),
    ("do", "thu", "thursday", "donnerstag"),
    ("fr", "fri", "friday", "freitag"),
    ("sa", "sat", "saturday", "samstag", "sonnabend"),
    ("so", "sun", "sunday", "sonntag"),
)
#: The end of a day, where no time is named.
_END_OF_DAY = time(23, 59)


class WorkingTime(Protocol):
    """What says when the office is open."""

    @property
    def hours(self) -> str:
        """Hours by weekday, as `rules.calendar` reads them."""

    @property
    def zone(self) -> str:
        """An IANA time zone."""


def read_due(text: str, now: datetime, office: WorkingTime) -> datetime | str:
    """A due date as people type it.

    An instant (`2026-12-01T15:00`, local time where no zone is named), a day, which means its end (`2026-12-01`,
    `1.12.`), a day and a time (`tomorrow 9:00`, `fri 14:00`, `1.12. 9:00`), the next time of a clock (`14:00`), or a
    length: `+4h` of working time, `+30min` and `+2d` as the calendar counts.

    Returns:
        "" for "" and none: no due date.
    Raises:
        Usage: it is none of these.
    """
    said = text.strip().lower()
    if said in ("", "none"):
        return ""
    try:
        found = _ahead(said, now, office) or _named_day(said, now) or _numbered_day(said, now) or _iso(text.strip())
        return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Usage(
            _("{text} is not a date.").format(text=clean_line(text, 40)),
            _("Use 14:00, tomorrow 9:00, fri, 1.12., 2026-12-01, 2026-12-01T15:00, +4h, +2d or none."),
        ) from error


def read_later(text: str, now: datetime, office: WorkingTime) -> datetime | str:
    """When something is to happen, as `read_due`, but a day without a time means when the office opens on it.

    Where it does not open that day, the next opening after it; of today, where it has opened, the day's end.
    """
    found = read_due(text, now, office)
    if not isinstance(found, datetime) or ":" in text or text.strip().startswith("+"):
        return found
    day = datetime.combine(found.astimezone().date(), time()).astimezone()
    opens = next_opening(day, parse_calendar(office.hours, office.zone)) or day
    return opens.astimezone(UTC) if opens > now else found


def _ahead(said: str, now: datetime, office: WorkingTime) -> datetime | None:
    """So far from now: hours are counted as the office works, minutes and days as they pass."""
    found = _AHEAD.fullmatch(said)
    if found is None:
        return None
    count, unit = int(found[1]), found[2]
    if unit == "h":
        return due_at(now, timedelta(hours=count), parse_calendar(office.hours, office.zone))
    return now + (timedelta(minutes=count) if unit == "min" else timedelta(days=count))


def _named_day(said: str, now: datetime) -> datetime | None:
    """Today, tomorrow, the next day of a name (never today), or the next time of a clock."""
    here = now.astimezone()
    if found := _TIME.fullmatch(said):
        at = datetime.combine(here.date(), time(int(found[1]), int(found[2]))).astimezone()
        return at if at > now else datetime.combine(here.date() + timedelta(days=1), at.time()).astimezone()
    found = _DAY_NAME.fullmatch(said)
    if found is None:
        return None
    word = found[1]
    if word in _TODAY or word in _TOMORROW:
        return _at(here.date() + timedelta(days=word in _TOMORROW), found[2], found[3])
    (weekday,) = (number for number, names in enumerate(_WEEKDAYS) if word in names)
    return _at(here.date() + timedelta(days=(weekday - here.weekday() - 1) % 7 + 1), found[2], found[3])


def _numbered_day(said: str, now: datetime) -> datetime | None:
    """`1.12.` or `1.12.2026`; without a year the next one."""
    found = _DAY_MONTH.fullmatch(said)
    if found is None:
        return None
    today = now.astimezone().date()
    day = date(int(found[3] or today.year), int(found[2]), int(found[1]))
    if not found[3] and day < today:
        day = day.replace(year=today.year + 1)
    return _at(day, found[4], found[5])


def _iso(text: str) -> datetime:
    if found := _ISO_DAY.fullmatch(text.lower()):
        return _at(date.fromisoformat(found[1]), found[2], found[3])
    return datetime.fromisoformat(text)


def _at(day: date, hour: str | None, minute: str | None) -> datetime:
    return datetime.combine(day, time(int(hour), int(minute or 0)) if hour else _END_OF_DAY).astimezone()
