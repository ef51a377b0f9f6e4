"""Which calls can be booked: a team's weekly pattern and its exceptions, what is taken, and the present.

A slot is a stretch of time in UTC. Slots are counted off from the beginning of each stretch of working time, so that
on the day of a clock change none comes twice, is missing or is shifted; what is left at its end is no slot.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NoReturn

from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.calendar import BusinessCalendar, parse_calendar
from helpdesk_tui.rules.untrusted import clean_line

_LENGTH = re.compile(r"(\d{1,5})\s?(m|min|h|d)")
_MINUTES = {"m": 1, "min": 1, "h": 60, "d": 24 * 60}
#: What a plan may say, lowest and highest: minutes of a slot, calls at a time, days ahead, minutes of notice, tries.
LIMITS: Mapping[str, tuple[int, int]] = {
    "slot_minutes": (5, 480),
    "capacity": (0, 1000),
    "horizon_days": (1, 366),
    "notice_minutes": (0, 30 * 24 * 60),
    "attempts": (1, 20),
}
#: What people call these, with the unit they write behind them; the others have their own names and no unit.
_CALLED: Mapping[str, tuple[str, str]] = {
    "slot_minutes": ("length", "m"),
    "horizon_days": ("horizon", "d"),
    "notice_minutes": ("notice", "m"),
}
#: The years of dates and times that people mean; far enough from where counting ends.
_YEARS = range(1900, 9000)


class SlotState(StrEnum):
    """Whether a slot can be booked, and why not."""

    FREE = "free"
    FULL = "full"
    PAST = "past"
    TOO_SOON = "too_soon"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class DayException:
    """Other hours or other people on one date: None is as the pattern says, hours "" are a closed day."""

    hours: str | None = None
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """When a team calls back: `hours` as `rules.calendar` reads them, in `zone` (an IANA name)."""

    hours: str
    zone: str
    slot_minutes: int = 15
    capacity: int = 1
    horizon_days: int = 30
    notice_minutes: int = 30
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class Taken:
    """So many calls stand in a stretch of time, which may be a slot of an earlier pattern."""

    start: datetime
    end: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Offer:
    """One slot as it can be booked now; `free` is never below 0."""

    start: datetime
    end: datetime
    capacity: int
    free: int
    state: SlotState


class Timetable:
    """A plan with its exceptions, read once. Raises `Usage` where the plan cannot be read."""

    def __init__(self, plan: Plan, exceptions: Mapping[date, DayException] | None = None) -> None:
        self.plan = plan
        self.exceptions = dict(exceptions or {})
        self._calendar = parse_calendar(plan.hours, plan.zone)
        self.zone = self._calendar.zone

    def day_of(self, at: datetime) -> date:
        """The date that an instant has where the team is."""
        return at.astimezone(self.zone).date()

    def slots(self, day: date) -> list[tuple[datetime, datetime, int]]:
        """Start, end and capacity of the slots of a date; those of a closed date have the capacity 0."""
        said = self.exceptions.get(day, DayException())
        calendar = self._calendar if not said.hours else _every_day(said.hours, self.plan.zone)
        capacity = self.plan.capacity if said.capacity is None else said.capacity
        length = timedelta(minutes=self.plan.slot_minutes)
        places = 0 if said.hours == "" else capacity
        return [(start, start + length, places) for start in _starts(calendar, day, length)]

    def capacity_of(self, start: datetime, end: datetime) -> int:
        """How many calls the plan has room for in this very slot; 0 where it has no such slot."""
        fitting = (c for s, e, c in self.slots(self.day_of(start)) if (s, e) == (start, end))
        return next(fitting, 0)

    def offers(self, taken: Iterable[Taken], now: datetime, first: date, days: int) -> list[Offer]:
        """The slots of some dates, in order."""
        return list(self._offers(_Booked(taken), now, first, days))

    def next_free(self, taken: Iterable[Taken], now: datetime, after: datetime | None = None) -> Offer | None:
        """The first slot that can be booked (and begins later than `after`); None where there is none."""
        since = max(after, now) if after else now
        offers = self._offers(_Booked(taken), now, self.day_of(since), self.plan.horizon_days + 1)
        free = (one for one in offers if one.state is SlotState.FREE and (after is None or one.start > after))
        return next(free, None)

    def _offers(self, booked: _Booked, now: datetime, first: date, days: int) -> Iterator[Offer]:
        for day in (first + timedelta(days=n) for n in range(days)):
            yield from (self._offer(*slot, booked, now) for slot in self.slots(day))

    def _offer(self, start: datetime, end: datetime, capacity: int, booked: _Booked, now: datetime) -> Offer:
        free = max(capacity - booked.within(start, end), 0)
        return Offer(start, end, capacity, free, self._state(start, capacity, free, now))

    def _state(self, start: datetime, capacity: int, free: int, now: datetime) -> SlotState:
        if start < now:
            return SlotState.PAST
        if not capacity or self.day_of(start) > self.day_of(now) + timedelta(days=self.plan.horizon_days):
            return SlotState.CLOSED
        if start < now + timedelta(minutes=self.plan.notice_minutes):
            return SlotState.TOO_SOON
        return SlotState.FREE if free else SlotState.FULL


class _Booked:
    """The calls that are booked, so that those of one slot are found without looking at all others."""

    def __init__(self, taken: Iterable[Taken]) -> None:
        self._taken = sorted(taken, key=lambda one: one.start)
        self._starts = [one.start for one in self._taken]
        self._longest = max((one.end - one.start for one in self._taken), default=timedelta())

    def within(self, start: datetime, end: datetime) -> int:
        """How many calls stand in a stretch of time."""
        near = slice(bisect_left(self._starts, start - self._longest), bisect_left(self._starts, end))
        return sum(one.count for one in self._taken[near] if one.end > start)


def check_plan(plan: Plan) -> None:
    """See that a plan can be kept.

    Raises:
        Usage: a number is out of its bounds, the hours or the zone cannot be read, or no slot comes of them.
    """
    for name in LIMITS:
        value = getattr(plan, name)
        if not _is_allowed(name, value):
            _refuse_number(name, value)
    timetable = Timetable(plan)
    week = (date(2026, 1, 5) + timedelta(days=n) for n in range(7))  # any week without a change of clocks
    if not any(timetable.slots(day) for day in week):
        _refuse_hours(plan)


def check_exception(said: DayException, plan: Plan) -> None:
    """See that a date's exception can be kept.

    Raises:
        Usage: it says nothing, its hours cannot be read or hold no slot, or its capacity is out of bounds.
    """
    if said.hours is None and said.capacity is None:
        raise Usage(
            _("The exception says nothing."), _("Add closed, --hours 09:00-12:00 or --capacity N for that date.")
        )
    if said.hours:
        spans = _every_day(said.hours, plan.zone).spans[0]
        if not any(end - start >= plan.slot_minutes for start, end in spans):
            _refuse_hours(plan)
    if said.capacity is not None and not _is_allowed("capacity", said.capacity):
        _refuse_number("capacity", said.capacity)


def _is_allowed(name: str, value: int) -> bool:
    lowest, highest = LIMITS[name]
    return lowest <= value <= highest


def _refuse_number(name: str, value: int) -> NoReturn:
    word, unit = _CALLED.get(name, (name, ""))
    lowest, highest = (f"{one}{unit}" for one in LIMITS[name])
    raise Usage(
        _("The {name} cannot be {value}.").format(name=word, value=f"{value}{unit}"),
        _("It lies between {lowest} and {highest}: --{name} on the command line.").format(
            lowest=lowest, highest=highest, name=word
        ),
    )


def _refuse_hours(plan: Plan) -> NoReturn:
    raise Usage(
        _("No slot of {n} minutes fits into these hours.").format(n=plan.slot_minutes),
        _("Name hours such as: mon-fri 09:00-12:00,13:00-17:00, or for one date: 09:00-12:00."),
    )


def read_minutes(text: str) -> int:
    """A length such as 15m, 2h or 30d, in minutes.

    Raises:
        Usage: it is none.
    """
    found = _LENGTH.fullmatch(text.strip().lower())
    if not found:
        raise Usage(_("{text} is not a length of time.").format(text=clean_line(text, 40)), _("Use 15m, 2h or 30d."))
    return int(found[1]) * _MINUTES[found[2]]


def read_days(text: str) -> int:
    """A length such as 30d, in whole days.

    Raises:
        Usage: it is none, or not of whole days.
    """
    days, rest = divmod(read_minutes(text), _MINUTES["d"])
    if rest:
        raise Usage(_("{text} is not a number of days.").format(text=clean_line(text, 40)), _("Use 30d."))
    return days


def read_exception(text: str) -> tuple[date, DayException]:
    """An exception as a configuration has it: `2026-12-24 closed`, `2026-12-31 09:00-12:00`, `2027-01-04 capacity 1`.

    Raises:
        Usage: it is none of these.
    """
    day, _blank, words = text.strip().partition(" ")
    number = words.removeprefix("capacity ").strip()
    try:
        if words == "closed":
            return date.fromisoformat(day), DayException(hours="")
        if words.startswith("capacity ") and number.isdecimal():
            return date.fromisoformat(day), DayException(capacity=int(number))
        if words and not words.startswith("capacity"):
            return date.fromisoformat(day), DayException(hours=words)
    except ValueError:
        pass
    raise Usage(
        _("{text} is not an exception.").format(text=clean_line(text, 60)),
        _("Use: 2026-12-24 closed, 2026-12-31 09:00-12:00, or 2027-01-04 capacity 1."),
    )


def read_instant(text: str, zone: str) -> datetime:
    """The beginning of a slot as people type it: `2026-12-01T09:30` in the team's zone, or with a zone of its own.

    Raises:
        Usage: it is none, or the clocks there pass over it.
    """
    there, refused = parse_calendar("", zone).zone, _("{text} is not a time.")
    try:
        at = datetime.fromisoformat(text.strip())
        if at.year in _YEARS:
            instant = (at if at.tzinfo else at.replace(tzinfo=there)).astimezone(UTC)
            if at.tzinfo or instant.astimezone(there).replace(tzinfo=None) == at:
                return instant
            refused = _("{text} does not exist: the clocks are put forward then.")
    except ValueError:
        pass
    raise Usage(refused.format(text=clean_line(text, 40)), _("Use 2026-12-01T09:30."))


def read_date(text: str) -> date:
    """A date as people type it.

    Raises:
        Usage: it is none, or in a year that nobody means.
    """
    try:
        day = date.fromisoformat(text.strip())
        if day.year in _YEARS:
            return day
    except ValueError:
        pass
    raise Usage(_("{text} is not a date.").format(text=clean_line(text, 40)), _("Use 2026-12-24."))


def _every_day(hours: str, zone: str) -> BusinessCalendar:
    return parse_calendar(f"mon-sun {hours}", zone)


def _starts(calendar: BusinessCalendar, day: date, length: timedelta) -> Iterator[datetime]:
    for opens, closes in calendar.on(day):
        start = opens
        while start + length <= closes:
            yield start
            start += length
