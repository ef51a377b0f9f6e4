"""Where a ticket's time went: no gap, no second twice, and the sum is its age."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from helpdesk_tui.rules.calendar import parse_calendar
from helpdesk_tui.rules.lifeline import Turn, Where, stretches, sums
from helpdesk_tui.terms import Party, Status

#: A Monday, half past nine in Berlin.
START = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
OFFICE = parse_calendar("mon-fri 09:00-17:00", "Europe/Berlin")
PARTIES = {Status.WAITING_CUSTOMER: Party.THEM, Status.SOLVED: None, Status.CLOSED: None, Status.CANCELLED: None}


def turn(hours: float, status: Status, assignee: str | None = None, cause: str = "") -> Turn:
    return Turn(START + timedelta(hours=hours), status, PARTIES.get(status, Party.US), assignee, cause)


def test_a_life_in_words() -> None:
    found = stretches(
        [(START - timedelta(hours=1), Where.ARRIVING), (START - timedelta(minutes=10), Where.QUARANTINE)],
        [
            turn(0, Status.NEW, cause="it came in"),
            turn(1, Status.NEW, "anna", cause="assigned"),
            turn(2, Status.OPEN, "anna", cause="status"),
            turn(3, Status.WAITING_CUSTOMER, "anna", cause="answered"),
            turn(27, Status.OPEN, "anna", cause="a mail came"),
            turn(28, Status.WAITING_OTHER, "anna"),
            turn(29, Status.SNOOZED, "anna"),
            turn(30, Status.SOLVED, "anna"),
        ],
        START + timedelta(hours=40),
        OFFICE,
    )
    assert [(one.where, one.who, one.length) for one in found] == [
        (Where.ARRIVING, "", timedelta(minutes=50)),
        (Where.QUARANTINE, "", timedelta(minutes=10)),
        (Where.UNASSIGNED, "", timedelta(hours=1)),
        (Where.US, "anna", timedelta(hours=2)),
        (Where.CUSTOMER, "anna", timedelta(hours=24)),
        (Where.US, "anna", timedelta(hours=1)),
        (Where.OTHERS, "anna", timedelta(hours=1)),
        (Where.PUT_AWAY, "anna", timedelta(hours=1)),
        (Where.DONE, "", timedelta(hours=10)),
    ]
    assert found[3].cause == "assigned", "that the status changed while it lay there is no new stretch"


def test_what_lies_outside_office_hours_is_told_apart() -> None:
    found = stretches([], [turn(0, Status.NEW)], START + timedelta(days=1), OFFICE)
    counted = sums(found)
    assert counted.by_place == {Where.UNASSIGNED: timedelta(hours=8)}
    assert counted.outside_hours == timedelta(hours=16)
    assert counted.whole == timedelta(days=1)


@given(
    st.lists(
        st.tuples(
            st.integers(-5, 500), st.sampled_from(list(Status)), st.sampled_from([None, "anna", "bob"]), st.booleans()
        ),
        min_size=1,
        max_size=30,
    )
)
def test_the_parts_add_up_to_the_whole(told: list[tuple[int, Status, str | None, bool]]) -> None:
    """Also where clocks of several machines went back between two events."""
    at, turns = 0, []
    for step, status, who, goes_back in told:
        at += -1 if goes_back else abs(step)
        turns.append(turn(at / 7, status, who))
    now = START + timedelta(hours=max(at, 0) / 7 + 5)
    found = stretches([], turns, now, OFFICE)
    counted = sums(found)
    assert sum(counted.by_place.values(), timedelta()) + counted.outside_hours == counted.whole
    assert counted.whole == found[-1].end - found[0].start
    for one, after in pairwise(found):
        assert one.end == after.start
        assert (one.where, one.who) != (after.where, after.who)
