"""When a promise falls due, counting only office hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk_tui.errors import Usage
from helpdesk_tui.rules.calendar import due_at, parse_calendar, working_between

BERLIN = "Europe/Berlin"
LUNCH = "mon-fri 09:00-12:00,13:00-17:00; sat 10:00-12:00"
NIGHT = "mon-sun 00:00-24:00"
FRIDAY_FREE = frozenset({date(2026, 12, 25)})


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN))


@pytest.mark.parametrize(
    ("what", "hours", "start", "working", "due"),
    [
        ("within a day", LUNCH, "2026-11-23T09:30", 2, "2026-11-23T11:30"),
        ("across lunch", LUNCH, "2026-11-23T11:00", 2, "2026-11-23T14:00"),
        ("in the lunch gap", LUNCH, "2026-11-23T12:30", 1, "2026-11-23T14:00"),
        ("exactly to the gap", LUNCH, "2026-11-23T11:00", 1, "2026-11-23T12:00"),
        ("before opening", LUNCH, "2026-11-23T05:00", 1, "2026-11-23T10:00"),
        ("after closing", LUNCH, "2026-11-23T18:00", 1, "2026-11-24T10:00"),
        ("Friday evening, half Saturday", LUNCH, "2026-11-27T16:00", 2, "2026-11-28T11:00"),
        ("over the half Saturday", LUNCH, "2026-11-28T11:00", 2, "2026-11-30T10:00"),
        ("Sunday", LUNCH, "2026-11-29T11:00", 1, "2026-11-30T10:00"),
        ("nothing to do, closed", LUNCH, "2026-11-29T11:00", 0, "2026-11-30T09:00"),
        ("spring forward: 23 hours", NIGHT, "2026-03-29T00:00", 24, "2026-03-30T01:00"),
        ("fall back: 25 hours", NIGHT, "2026-10-25T00:00", 24, "2026-10-25T23:00"),
        ("over the spring change", "sun 01:00-04:00", "2026-03-29T01:00", 2, "2026-03-29T04:00"),
        ("over the autumn change", "sun 01:00-04:00", "2026-10-25T01:00", 4, "2026-10-25T04:00"),
        ("a span the clock swallows", "sun 02:00-03:00; mon 09:00-10:00", "2026-03-29T00:00", 1, "2026-03-30T10:00"),
        ("spans out of order", "mon 13:00-17:00,09:00-12:00", "2026-11-23T08:00", 4, "2026-11-23T14:00"),
        ("out of order, in the gap", "mon 13:00-17:00,09:00-12:00", "2026-11-23T12:30", 1, "2026-11-23T14:00"),
        ("spans that meet", "mon 09:00-12:00,12:00-13:00", "2026-11-23T11:00", 2, "2026-11-23T13:00"),
        ("from an hour left out", "sun 02:15-05:00", "2026-03-29T00:00", 1, "2026-03-29T04:00"),
        ("on a holiday", LUNCH, "2026-12-25T10:00", 1, "2026-12-26T11:00"),
    ],
)
def test_due_times(what: str, hours: str, start: str, working: int, due: str) -> None:
    calendar = parse_calendar(hours, BERLIN, FRIDAY_FREE)
    found = due_at(local(start), timedelta(hours=working), calendar)
    assert found == local(due).astimezone(UTC), what
    assert found.utcoffset() == timedelta()


@pytest.mark.parametrize(
    ("what", "hours", "day", "worked"),
    [
        ("out of order", "mon 13:00-17:00,09:00-12:00", "2026-11-23", "7:00"),
        ("from a time left out", "sun 02:15-05:00", "2026-03-29", "2:00"),
        ("from a time left out, a short span", "sun 02:30-03:15", "2026-03-29", "0:15"),
        ("until a time left out", "sun 01:00-02:30", "2026-03-29", "1:00"),
        ("over the time left out", "sun 01:00-04:00", "2026-03-29", "2:00"),
        ("within the time left out", "sun 02:10-02:50", "2026-03-29", "0:00"),
        ("until a time that comes twice", "sun 01:00-02:30", "2026-10-25", "2:30"),
        ("until the hour that comes twice", "sun 01:00-02:00", "2026-10-25", "1:00"),
        ("spans that meet before the hour that comes twice", "sun 01:00-02:00,02:00-03:00", "2026-10-25", "3:00"),
        ("from a time that comes twice", "sun 02:30-04:00", "2026-10-25", "2:30"),
        ("within the hour that comes twice", "sun 02:00-03:00", "2026-10-25", "2:00"),
        ("spans that meet in the hour that comes twice", "sun 01:00-02:30,02:30-04:00", "2026-10-25", "4:00"),
        ("spans apart in the hour that comes twice", "sun 02:00-02:15,02:30-02:45", "2026-10-25", "1:45"),
        ("a day of 23 hours", NIGHT, "2026-03-29", "23:00"),
        ("a day of 25 hours", NIGHT, "2026-10-25", "25:00"),
    ],
)
def test_the_hours_of_a_day(what: str, hours: str, day: str, worked: str) -> None:
    calendar, (whole, part) = parse_calendar(hours, BERLIN), worked.split(":")
    start = local(f"{day}T00:00")
    spans = calendar.on(start.date())
    assert sum((end - begin for begin, end in spans), timedelta()) == timedelta(hours=int(whole), minutes=int(part)), (
        what
    )
    assert working_between(start, start + timedelta(days=1), calendar) == sum((e - b for b, e in spans), timedelta())
    assert spans == sorted(spans)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Africa/Cairo", "2026-04-24", 23),  # the clock goes on at midnight
        ("America/Havana", "2026-03-08", 23),
        ("America/Havana", "2026-11-01", 25),  # the clock goes back to midnight
        ("Africa/Cairo", "2026-10-29", 25),  # the clock goes back at midnight
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
    ],
)
def test_days_follow_each_other_where_the_clock_changes_at_midnight(zone: str, day: str, hours: float) -> None:
    calendar, changed = parse_calendar(NIGHT, zone), date.fromisoformat(day)
    days = [calendar.on(changed + timedelta(days=number)) for number in (-1, 0, 1)]
    assert [len(spans) for spans in days] == [1, 1, 1]
    assert days[0][0][1] == days[1][0][0]
    assert days[1][0][1] == days[2][0][0]
    assert days[1][0][1] - days[1][0][0] == timedelta(hours=hours)


@pytest.mark.parametrize("hours", [LUNCH, "fri-mon 09:00-17:00", NIGHT])
@pytest.mark.parametrize("start", ["2026-03-27T15:00", "2026-10-23T12:30", "2026-11-29T23:59"])
@pytest.mark.parametrize("working", [1, 7, 40, 100])
def test_the_time_worked_until_a_due_date_is_what_was_promised(hours: str, start: str, working: int) -> None:
    calendar, begun, promise = parse_calendar(hours, BERLIN), local(start), timedelta(hours=working)
    assert working_between(begun, due_at(begun, promise, calendar), calendar) == promise


def test_no_time_is_worked_backwards() -> None:
    calendar = parse_calendar(NIGHT, BERLIN)
    assert working_between(local("2026-11-24T10:00"), local("2026-11-23T10:00"), calendar) == timedelta()


def test_days_wrap_around_the_weekend() -> None:
    calendar = parse_calendar("sat-mon 08:00-09:00", BERLIN)
    assert [bool(calendar.spans[day]) for day in range(7)] == [True, False, False, False, False, True, True]


@pytest.mark.parametrize(
    ("hours", "zone"),
    [
        ("monday 09:00-17:00", BERLIN),
        ("mon-foo 09:00-17:00", BERLIN),
        ("mon 9-17", BERLIN),
        ("mon 17:00-09:00", BERLIN),
        ("mon 09:00-24:01", BERLIN),
        ("mon 09:60-10:00", BERLIN),
        ("mon", BERLIN),
        ("mon 09:00-12:00,11:00-17:00", BERLIN),
        ("mon 11:00-17:00,09:00-12:00", BERLIN),
        ("mon 09:00-17:00,10:00-11:00", BERLIN),
        ("mon 09:00-12:00,09:00-12:00", BERLIN),
        ("mon 09:00-12:00; mon 13:00-17:00", BERLIN),
        ("mon-fri 09:00-12:00; wed 13:00-17:00", BERLIN),
        ("mon 09:00-17:00", "Mars/Olympus"),
        ("mon 09:00-17:00", "../../etc/passwd"),
        ("mon 09:00-17:00", ""),
    ],
)
def test_hours_that_cannot_be_read_are_refused(hours: str, zone: str) -> None:
    with pytest.raises(Usage) as refused:
        parse_calendar(hours, zone)
    assert refused.value.hint


def test_the_refusal_names_what_is_twice() -> None:
    with pytest.raises(Usage, match="wed is named twice"):
        parse_calendar("mon-fri 09:00-12:00; wed 13:00-17:00", BERLIN)
    with pytest.raises(Usage, match="09:00-12:00 and 11:30-17:00 overlap"):
        parse_calendar("mon 11:30-17:00, 09:00-12:00", BERLIN)


@pytest.mark.parametrize("hours", ["", ";", "sun 02:00-02:30; mon 00:00-00:01"])
def test_a_calendar_without_enough_time_says_so(hours: str) -> None:
    with pytest.raises(Usage, match="no working time"):
        due_at(local("2026-11-23T10:00"), timedelta(days=400), parse_calendar(hours, BERLIN))
