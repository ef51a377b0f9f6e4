"""What falls due rings once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.due import run_due
from helpdesk_tui.desk.tickets import Fields, set_fields, set_status
from helpdesk_tui.errors import Refused
from helpdesk_tui.terms import SYSTEM, Status
from tests.build import FrozenClock, Place, a_ticket, everything, history, listed, row


@pytest.fixture
def number(desk: Desk, clock: FrozenClock) -> int:
    """A ticket that is due in two hours."""
    number = a_ticket(desk)
    set_fields(desk, [number], Fields(due=clock() + timedelta(hours=2)))
    return number


def rings(desk: Desk, number: int) -> int:
    """How often it became overdue."""
    return sum("overdue" in event.changes for event in history(desk, number))


def test_a_due_date_is_agreed_and_taken_away(desk: Desk, number: int, clock: FrozenClock) -> None:
    assert (row(desk, number).due_at, row(desk, number).due_kind) == (clock() + timedelta(hours=2), "agreed")
    assert listed(desk, "is:due") == [number]
    set_fields(desk, [number], Fields(due=""))
    assert (row(desk, number).due_at, row(desk, number).due_kind) == (None, None)


def test_it_rings_once_when_it_falls_due(desk: Desk, system: Desk, number: int, clock: FrozenClock) -> None:
    assert run_due(system, clock.advance(hours=1, minutes=59)) == 0
    assert listed(desk, "is:overdue") == []
    assert run_due(system, clock.advance(minutes=1)) == 1
    assert run_due(system, clock.advance(hours=1)) == 0
    assert rings(desk, number) == 1
    assert listed(desk, "is:overdue") == [number]
    assert history(desk, number)[-1].actor == "system"


def test_a_date_that_was_moved_rings_at_the_new_time(desk: Desk, system: Desk, number: int, clock: FrozenClock) -> None:
    set_fields(desk, [number], Fields(due=clock() + timedelta(hours=5)))
    run_due(system, clock.advance(hours=3))
    assert rings(desk, number) == 0
    run_due(system, clock.advance(hours=3))
    assert rings(desk, number) == 1


@pytest.mark.parametrize("status", [Status.SOLVED, Status.CLOSED, Status.CANCELLED])
def test_what_is_done_does_not_ring(desk: Desk, system: Desk, number: int, clock: FrozenClock, status: Status) -> None:
    set_status(desk, [number], status)
    run_due(system, clock.advance(hours=3))
    assert rings(desk, number) == 0
    assert number not in listed(desk, "is:overdue is:any")


def test_two_runners_ring_once(place: Place, clock: FrozenClock) -> None:
    desks = [place.desk(login).acting_as(SYSTEM) for login in ("anna", "bob")]
    numbers = [a_ticket(place.desk("anna")) for _ in range(5)]
    set_fields(place.desk("anna"), numbers, Fields(due=clock()))
    now = clock.advance(hours=1)
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda desk: run_due(desk, now), desks))
    assert sum(done) == 5
    assert [rings(desks[0], number) for number in numbers] == [1] * 5


def test_nothing_due_writes_nothing(system: Desk, number: int, clock: FrozenClock) -> None:
    before = everything(system.store)
    assert run_due(system, clock()) == 0
    assert everything(system.store) == before
    assert number


def test_an_agent_does_not_run_timers(desk: Desk, clock: FrozenClock) -> None:
    with pytest.raises(Refused):
        run_due(desk, clock())
