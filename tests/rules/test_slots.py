"""Which calls can be booked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from helpdesk_tui.errors import Usage
from helpdesk_tui.rules.slots import (
    DayException,
    Plan,
    SlotState,
    Taken,
    Timetable,
    check_exception,
    check_plan,
    read_date,
    read_days,
    read_exception,
    read_instant,
    read_minutes,
)

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
HOURS = "mon-fri 09:00-12:00,13:00-17:00"
MONDAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # 9:00 in Berlin
NINE = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SLOT = timedelta(minutes=15)


def a_plan(**more: object) -> Plan:
    return Plan(**{"hours": HOURS, "zone": BERLIN, "capacity": 2, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("what", "taken", "free", "state"),
    [
        ("nobody yet", [], 2, SlotState.FREE),
        ("one seat left", [Taken(NINE, NINE + SLOT, 1)], 1, SlotState.FREE),
        ("the last seat gone", [Taken(NINE, NINE + SLOT, 2)], 0, SlotState.FULL),
        ("more than there is room for", [Taken(NINE, NINE + SLOT, 5)], 0, SlotState.FULL),
        ("a call of an earlier pattern in the way", [Taken(NINE + SLOT / 3, NINE + 3 * SLOT, 1)], 1, SlotState.FREE),
        ("two of them", [Taken(NINE - SLOT, NINE + SLOT / 3, 1), Taken(NINE, NINE + 2 * SLOT, 1)], 0, SlotState.FULL),
        ("one that ends when it begins", [Taken(NINE - SLOT, NINE, 2)], 2, SlotState.FREE),
        ("one that begins when it ends", [Taken(NINE + SLOT, NINE + 2 * SLOT, 2)], 2, SlotState.FREE),
    ],
)
def test_what_is_taken(what: str, taken: list[Taken], free: int, state: SlotState) -> None:
    first = Timetable(a_plan()).offers(taken, NOW, date(2026, 11, 24), 1)[0]
    assert (first.start, first.free, first.state) == (NINE, free, state), what


@pytest.mark.parametrize(
    ("what", "now", "state"),
    [
        ("exactly the notice", NINE - timedelta(minutes=30), SlotState.FREE),
        ("a second less", NINE - timedelta(minutes=30) + timedelta(seconds=1), SlotState.TOO_SOON),
        ("it begins now", NINE, SlotState.TOO_SOON),
        ("it has begun", NINE + timedelta(seconds=1), SlotState.PAST),
        ("the last day of the horizon", NINE - timedelta(days=30), SlotState.FREE),
        ("a day beyond it", NINE - timedelta(days=31), SlotState.CLOSED),
    ],
)
def test_what_the_present_does(what: str, now: datetime, state: SlotState) -> None:
    assert Timetable(a_plan()).offers([], now, date(2026, 11, 24), 1)[0].state is state, what


def test_without_notice_a_slot_can_be_booked_when_it_begins() -> None:
    assert Timetable(a_plan(notice_minutes=0)).offers([], NINE, date(2026, 11, 24), 1)[0].state is SlotState.FREE


@pytest.mark.parametrize(
    ("what", "said", "count", "capacity", "state"),
    [
        ("closed: the slots are named", DayException(hours=""), 28, 0, SlotState.CLOSED),
        ("other hours", DayException(hours="10:00-11:00"), 4, 2, SlotState.FREE),
        ("fewer people", DayException(capacity=1), 28, 1, SlotState.FREE),
        ("nobody", DayException(capacity=0), 28, 0, SlotState.CLOSED),
        ("both", DayException(hours="18:00-18:30", capacity=7), 2, 7, SlotState.FREE),
    ],
)
def test_exceptions(what: str, said: DayException, count: int, capacity: int, state: SlotState) -> None:
    day = date(2026, 11, 24)
    found = Timetable(a_plan(), {day: said}).offers([], NOW, day, 1)
    assert (len(found), {one.capacity for one in found}, {one.state for one in found}) == (count, {capacity}, {state})
    usual = Timetable(a_plan(), {day: said}).offers([], NOW, day + timedelta(days=1), 1)
    assert (len(usual), usual[0].state) == (28, SlotState.FREE), what


def test_a_closed_day_that_has_no_hours_of_its_own_stays_empty() -> None:
    sunday = date(2026, 11, 29)
    assert Timetable(a_plan(), {sunday: DayException(hours="")}).slots(sunday) == []
    assert len(Timetable(a_plan(), {sunday: DayException(hours="10:00-11:00")}).slots(sunday)) == 4


def test_what_is_left_at_the_end_is_no_slot() -> None:
    found = Timetable(a_plan(hours="mon 09:00-10:00", slot_minutes=25)).slots(MONDAY)
    assert [(start - NOW) // timedelta(minutes=1) for start, _end, _places in found] == [0, 25]


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
@pytest.mark.parametrize("length", [5, 15, 20, 45, 60])
def test_on_the_days_the_clocks_change_no_slot_comes_twice_or_is_missing(zone: str, length: int) -> None:
    """Round the clock: 23 and 25 hours of slots, each beginning when the one before ends."""
    changes = {BERLIN: ((3, 29), (10, 25)), NEW_YORK: ((3, 8), (11, 1))}[zone]
    for (month, day), hours in zip(changes, (23, 25), strict=True):
        sunday = date(2026, month, day)
        timetable = Timetable(a_plan(hours="mon-sun 00:00-24:00", zone=zone, slot_minutes=length))
        slots = timetable.slots(sunday)
        midnight = datetime(2026, month, day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        assert slots[0][0] == midnight
        assert len(slots) == hours * 60 // length
        assert all(one[1] == other[0] and one[0] < other[0] for one, other in pairwise(slots))
        following = timetable.slots(sunday + timedelta(days=1))
        if hours * 60 % length == 0:
            assert slots[-1][1] == following[0][0]
        assert not {one[0] for one in slots} & {one[0] for one in following}


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_around_the_days_the_clocks_change_slots_keep_their_local_time(zone: str) -> None:
    """Office hours are the same on every clock of the year, whatever UTC says."""
    timetable = Timetable(a_plan(hours="mon-sun 09:00-12:00,13:00-17:00", zone=zone))
    for number in range(365):
        day = date(2026, 1, 1) + timedelta(days=number)
        local = [start.astimezone(timetable.zone) for start, _end, _places in timetable.slots(day)]
        assert {one.date() for one in local} == {day}
        assert [(one.hour * 60 + one.minute) for one in local] == [
            minute for minute in range(9 * 60, 17 * 60, 15) if not 12 * 60 <= minute < 13 * 60
        ]


def test_an_hour_that_comes_twice_has_twice_the_slots_and_one_left_out_has_none() -> None:
    timetable = Timetable(a_plan(hours="sun 02:00-03:00"))
    assert len(timetable.slots(date(2026, 10, 25))) == 8
    assert timetable.slots(date(2026, 3, 29)) == []


class TestNextFree:
    """The first slot that can be booked."""

    def test_it_keeps_the_notice(self) -> None:
        found = Timetable(a_plan()).next_free([], NOW)
        assert found is not None
        assert found.start == NOW + timedelta(minutes=30)

    def test_it_passes_over_what_is_full_and_closed(self) -> None:
        taken = [Taken(NOW, datetime(2026, 11, 23, 16, 0, tzinfo=UTC), 2)]
        timetable = Timetable(a_plan(), {date(2026, 11, 24): DayException(hours="")})
        found = timetable.next_free(taken, NOW)
        assert found is not None
        assert found.start == datetime(2026, 11, 25, 8, 0, tzinfo=UTC)

    def test_it_is_later_than_what_was_missed(self) -> None:
        found = Timetable(a_plan()).next_free([], NOW, NINE)
        assert found is not None
        assert found.start == NINE + SLOT

    def test_a_slot_missed_long_ago_shortens_no_horizon(self) -> None:
        found = Timetable(a_plan(horizon_days=2)).next_free([], NOW, NOW - timedelta(days=5))
        assert found is not None
        assert found.start == NOW + timedelta(minutes=30)

    def test_there_is_none_beyond_the_horizon(self) -> None:
        closed = {MONDAY + timedelta(days=n): DayException(hours="") for n in range(31)}
        assert Timetable(a_plan(), closed).next_free([], NOW) is None


class TestWhatIsRefused:
    """A plan that cannot be kept is refused when it is made."""

    @pytest.mark.parametrize(
        "more",
        [
            {"slot_minutes": 4},
            {"slot_minutes": 481},
            {"capacity": -1},
            {"capacity": 1001},
            {"horizon_days": 0},
            {"attempts": 0},
            {"zone": "Europe/Nowhere"},
            {"hours": "mon 9-5"},
            {"hours": ""},
            {"hours": "mon 09:00-09:10"},
            {"hours": "mon 09:00-12:00,11:00-13:00"},
        ],
    )
    def test_plans(self, more: dict[str, object]) -> None:
        with pytest.raises(Usage):
            check_plan(a_plan(**more))

    @pytest.mark.parametrize(
        "said",
        [
            DayException(),
            DayException(hours="never"),
            DayException(hours="09:00-09:10,10:00-10:14"),
            DayException(capacity=2000),
        ],
    )
    def test_exceptions(self, said: DayException) -> None:
        with pytest.raises(Usage):
            check_exception(said, a_plan())

    @pytest.mark.parametrize("text", ["", "15", "15x", "-5m", "m", "1e3m"])
    def test_lengths(self, text: str) -> None:
        with pytest.raises(Usage):
            read_minutes(text)

    @pytest.mark.parametrize("text", ["2026-12-24", "closed", "2026-13-01 closed", "2026-12-24 capacity x", ""])
    def test_exceptions_of_a_configuration(self, text: str) -> None:
        with pytest.raises(Usage):
            read_exception(text)


def test_lengths_and_exceptions_are_read() -> None:
    assert [read_minutes(text) for text in ("15m", "2h", "30 min", "1d")] == [15, 120, 30, 1440]
    assert [read_days(text) for text in ("30d", "48h")] == [30, 2]
    with pytest.raises(Usage):
        read_days("36h")
    day = date(2026, 12, 24)
    assert read_exception("2026-12-24 closed") == (day, DayException(hours=""))
    assert read_exception("2026-12-24 09:00-12:00") == (day, DayException(hours="09:00-12:00"))
    assert read_exception("2026-12-24 capacity 1") == (day, DayException(capacity=1))


@pytest.mark.parametrize(
    "text", ["2026-11-24T09:00", "2026-11-24 09:00", "2026-11-24T08:00Z", "2026-11-24T03:00-05:00"]
)
def test_a_time_is_that_of_the_team_unless_it_says_its_zone(text: str) -> None:
    assert read_instant(text, BERLIN) == NINE


@pytest.mark.parametrize("text", ["nine", "0001-01-01T00:00", "9999-12-31T23:59-05:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Usage, match="is not a time"):
        read_instant(text, BERLIN)


def test_a_time_that_the_clocks_pass_over_is_refused() -> None:
    with pytest.raises(Usage, match="2027-03-28T02:30 does not exist"):
        read_instant("2027-03-28T02:30", BERLIN)
    assert read_instant("2026-10-25T02:30", BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # the first of two


@pytest.mark.parametrize("text", ["soon", "", "0001-01-01", "9999-12-31"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(Usage, match="is not a date"):
        read_date(text)


def test_a_refused_number_is_named_as_people_write_it() -> None:
    with pytest.raises(Usage, match=r"The length cannot be 4m\.") as refused:
        check_plan(a_plan(slot_minutes=4))
    assert refused.value.hint == "It lies between 5m and 480m: --length on the command line."
