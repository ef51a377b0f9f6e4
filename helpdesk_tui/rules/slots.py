"""Which calls can be booked: a team's weekly pattern and its exceptions, what is taken, and the present.

A slot is a stretch of time in UTC. Slots are counted off from the beginning of each stretch of working time, so that
on the day of a clock change none comes twice, is missing or is shifted; what is left at its end is no slot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

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

    def offers(self, taken: Sequence[Taken], now: datetime, first: date, days: int) -> list[Offer]:
        """The slots of some dates, in order."""
        found = []
        for day in (first + timedelta(days=n) for n in range(days)):
            found += [self._offer(*slot, taken, now) for slot in self.slots(day)]
        return found

    def next_free(self, taken: Sequence[Taken], now: datetime, after: datetime | None = None) -> Offer | None:
        """The first slot that can be booked (and begins later than `after`); None where there is none."""
        first = self.day_of(after or now)
        for number in range(self.plan.horizon_days + 1):
            for offer in self.offers(taken, now, first + timedelta(days=number), 1):
                if offer.state is SlotState.FREE and (after is None or offer.start > after):
                    return offer
        return None

    def _offer(self, start: datetime, end: datetime, capacity: int, taken: Iterable[Taken], now: datetime) -> Offer:
        free = max(capacity - sum(one.count for one in taken if one.start < end and one.end > start), 0)
        return Offer(start, end, capacity, free, self._state(start, capacity, free, now))

    def _state(self, start: datetime, capacity: int, free: int, now: datetime) -> SlotState:
        if start < now:
            return SlotState.PAST
        if not capacity or self.day_of(start) > self.day_of(now) + timedelta(days=self.plan.horizon_days):
            return SlotState.CLOSED
        if start < now + timedelta(minutes=self.plan.notice_minutes):
            return SlotState.TOO_SOON
        return SlotState.FREE if free else SlotState.FULL


def check_plan(plan: Plan) -> None:
    """See that a plan can be kept.

    Raises:
        Usage: a number is out of its bounds, the hours or the zone cannot be read, or no slot comes of them.
    """
    for name, (lowest, highest) in LIMITS.items():
        value = getattr(plan, name)
        if not lowest <= value <= highest:
            raise Usage(
                _("{name} cannot be {value}.").format(name=name, value=value),
                _("It lies between {lowest} and {highest}.").format(lowest=lowest, highest=highest),
            )
    timetable = Timetable(plan)
    week = (date(2026, 1, 5) + timedelta(days=n) for n in range(7))  # any week without a change of clocks
    if not any(timetable.slots(day) for day in week):
        raise Usage(
            _("No slot of {n} minutes fits into these hours.").format(n=plan.slot_minutes),
            _("Name hours such as: mon-fri 09:00-12:00,13:00-17:00."),
        )


def check_exception(said: DayException, plan: Plan) -> None:
    """See that a date's exception can be kept.

    Raises:
        Usage: it says nothing, its hours cannot be read, or its capacity is out of bounds.
    """
    if said.hours is None and said.capacity is None:
        raise Usage(
            _("The exception says nothing."), _("Add closed, --hours 09:00-12:00 or --capacity N for that date.")
        )
    if said.hours:
        _every_day(said.hours, plan.zone)
    lowest, highest = LIMITS["capacity"]
    if said.capacity is not None and not lowest <= said.capacity <= highest:
        raise Usage(
            _("capacity cannot be {value}.").format(value=said.capacity),
            _("It lies between {lowest} and {highest}.").format(lowest=lowest, highest=highest),
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
        Usage: it is none.
    """
    try:
        at = datetime.fromisoformat(text.strip())
        local = at if at.tzinfo else at.replace(tzinfo=parse_calendar("", zone).zone)
        return local.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Usage(_("{text} is not a time.").format(text=clean_line(text, 40)), _("Use 2026-12-01T09:30.")) from error


def _every_day(hours: str, zone: str) -> BusinessCalendar:
    return parse_calendar(f"mon-sun {hours}", zone)


def _starts(calendar: BusinessCalendar, day: date, length: timedelta) -> Iterator[datetime]:
    for opens, closes in calendar.on(day):
        start = opens
        while start + length <= closes:
            yield start
            start += length
