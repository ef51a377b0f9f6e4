"""Working time: when a promise falls due, counting only office hours."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
#: How many days ahead working time is looked for before the calendar counts as empty.
_HORIZON_DAYS = 3660
#: A longer wait is a mistake, in working days.
LONGEST_WAIT = 250


@dataclass(frozen=True)
class BusinessCalendar:
    """Working hours by weekday (0 Monday) as spans of minutes since midnight, in one time zone; holidays are free."""

    spans: tuple[tuple[tuple[int, int], ...], ...]
    zone: ZoneInfo
    holidays: frozenset[date] = frozenset()

    def on(self, day: date) -> list[tuple[datetime, datetime]]:
        """The working time of one day, in UTC and in order; a span that a clock change swallows is left out."""
        if day in self.holidays:
            return []
        found: list[tuple[datetime, datetime]] = []
        for first, last in self.spans[day.weekday()]:
            start, end = self._instant(day, first), self._instant(day, last, is_end=True)
            # In an hour that comes twice one span may begin before the other has ended.
            start = max(start, found[-1][1]) if found else start
            if start < end:
                found.append((start, end))
        return found

    def _instant(self, day: date, minutes: int, *, is_end: bool = False) -> datetime:
        """When a clock in this zone shows this time; of a time that comes twice, a span has both.

        A time that the clock leaves out is the instant of the change. Where a span ends as the clock is put back to its
        end, it has ended already.
        """
        if minutes == 24 * 60:
            day, minutes, is_end = day + timedelta(days=1), 0, False
        local = datetime.combine(day, time(minutes // 60, minutes % 60), self.zone)
        early, late = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
        if late < early:
            return self._change_between(late, early)
        is_put_back = (late - timedelta(seconds=1)).astimezone(self.zone).utcoffset() != local.replace(
            fold=1
        ).utcoffset()
        return late if is_end and not is_put_back else early

    def _change_between(self, before: datetime, after: datetime) -> datetime:
        """The instant, to the second, at which the clock changes."""
        old = before.astimezone(self.zone).utcoffset()
        seconds = range(int((after - before).total_seconds()))
        is_changed = bisect_left(
            seconds, True, key=lambda n: (before + timedelta(seconds=n)).astimezone(self.zone).utcoffset() != old
        )
        return before + timedelta(seconds=is_changed)


def parse_calendar(hours: str, zone: str, holidays: frozenset[date] = frozenset()) -> BusinessCalendar:
    """Read hours like "mon-fri 09:00-12:00,13:00-17:00; sat 10:00-12:00".

    Raises:
        Usage: a day, a span or the zone is unknown, a day is named twice, or spans overlap.
    """
    by_day: dict[int, tuple[tuple[int, int], ...]] = {}
    for part in filter(None, (p.strip() for p in hours.split(";"))):
        days, _blank, spans = part.partition(" ")
        for day in _days(days):
            if day in by_day:
                raise Usage(
                    _("{day} is named twice in the hours.").format(day=_DAYS[day]),
                    _("Name each day once, with all its hours: mon 09:00-12:00,13:00-17:00."),
                )
            by_day[day] = _spans(spans)
    try:
        return BusinessCalendar(tuple(by_day.get(day, ()) for day in range(7)), ZoneInfo(zone), holidays)
    except (KeyError, ValueError, OSError) as error:
        raise Usage(
            _("{zone} is not a time zone.").format(zone=zone), _("Use an IANA name such as Europe/Berlin.")
        ) from error


def due_at(start: datetime, working: timedelta, calendar: BusinessCalendar) -> datetime:
    """Say when `working` of office time has passed since `start` (aware); UTC.

    Outside office hours the clock starts at the next opening.

    Raises:
        Usage: the calendar has no working time within ten years.
    """
    left = working
    for opens, closes in _from(start, calendar):
        begins = max(opens, start.astimezone(UTC))
        if left <= closes - begins:
            return begins + left
        left -= closes - begins
    raise Usage(_("The calendar has no working time."), _("Set calendar.hours in the configuration."))


def opening_after(start: datetime, days: int, calendar: BusinessCalendar) -> datetime:
    """When the office opens on the n-th working day after the day of `start` (aware); UTC.

    Raises:
        Usage: the calendar has no working time within ten years.
    """
    day, left = start.astimezone(calendar.zone).date(), days
    for _number in range(_HORIZON_DAYS):
        day += timedelta(days=1)
        spans = calendar.on(day)
        left -= bool(spans)
        if spans and left <= 0:
            return spans[0][0]
    raise Usage(_("The calendar has no working time."), _("Set calendar.hours in the configuration."))


def next_opening(now: datetime, calendar: BusinessCalendar) -> datetime | None:
    """When the office opens next; None where it is open.

    Raises:
        Usage: the calendar has no working time within ten years.
    """
    for opens, _closes in _from(now, calendar):
        return opens if opens > now else None
    raise Usage(_("The calendar has no working time."), _("Set calendar.hours in the configuration."))


def working_between(start: datetime, end: datetime, calendar: BusinessCalendar) -> timedelta:
    """How much office time lies between two instants; zero where end is before start."""
    total = timedelta()
    for opens, closes in _from(start, calendar):
        if opens >= end:
            break
        total += max(min(closes, end) - max(opens, start), timedelta())
    return total


def _from(start: datetime, calendar: BusinessCalendar) -> Iterator[tuple[datetime, datetime]]:
    """Spans of working time that end after `start`, in order."""
    first = start.astimezone(calendar.zone).date() - timedelta(days=1)
    for number in range(_HORIZON_DAYS):
        for opens, closes in calendar.on(first + timedelta(days=number)):
            if closes > start:
                yield opens, closes


def _days(text: str) -> list[int]:
    first, dash, last = text.lower().partition("-")
    if first not in _DAYS or (dash and last not in _DAYS):
        raise Usage(_("{text} is not a day.").format(text=text), _("Use mon, tue, wed, thu, fri, sat, sun or mon-fri."))
    start, end = _DAYS.index(first), _DAYS.index(last or first)
    return [(start + n) % 7 for n in range((end - start) % 7 + 1)]


def _spans(text: str) -> tuple[tuple[int, int], ...]:
    """The spans of a day, in order; one may begin when another ends, but not before."""
    found = sorted((_span(part), part) for part in text.replace(" ", "").split(","))
    for (one, written), (other, also_written) in pairwise(found):
        if other[0] < one[1]:
            raise Usage(
                _("{one} and {other} overlap.").format(one=written, other=also_written),
                _("Make one stretch of time of them, or part them."),
            )
    return tuple(span for span, _written in found)


def _span(text: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(text)
    if found:
        hour, minute, end_hour, end_minute = map(int, found.groups())
        start, end = hour * 60 + minute, end_hour * 60 + end_minute
        if start < end <= 24 * 60 and minute < 60 and end_minute < 60:
            return start, end
    raise Usage(_("{text} is not a stretch of time.").format(text=text), _("Use the form 09:00-17:00."))


def is_wait(words: str) -> bool:
    """True where words are a number of working days that something may wait for."""
    return words.isdecimal() and len(words) <= 3 and 0 < int(words) <= LONGEST_WAIT
