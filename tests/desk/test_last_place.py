"""The place too many: refused by the database itself, whoever asks, and however many at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest

from helpdesk_tui.desk.callback_plans import PlanFields, set_plan
from helpdesk_tui.desk.callbacks import cancel_booking, move_booking
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.errors import HelpdeskError
from tests.build import Place, Proves, sql
from tests.desk.callback_desk import NINE, SLOT, TEAM, a_call, a_calling_team, a_wish, call, places

pytestmark = pytest.mark.one_store

ROUNDS, SAMPLE = 100, 4
PROCESSES = 20
ROUND_THE_CLOCK = PlanFields(hours="mon-sun 00:00-24:00", zone="Europe/Berlin", capacity=1)

ADD = (
    "INSERT INTO callback_booking (request_id, ticket_id, queue_id, slot_id, attempt, holds, made_at, outcome)"
    " SELECT request_id, ticket_id, queue_id, slot_id, 1, :holds, made_at, 'later' FROM callback_booking WHERE id = :id"
)


class TestTheDatabaseItself:
    """By plain statements, past everything the program does."""

    def test_it_refuses_a_place_too_many(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        a_call(desk)
        (first,) = sql(place.store(), "SELECT id FROM callback_booking")[0]
        with pytest.raises(HelpdeskError, match="no place is free in this slot"):
            sql(place.store("anna"), ADD, id=first, holds=True)
        assert places(place) == {NINE: (1, 1)}
        sql(place.store("anna"), ADD, id=first, holds=False)
        assert places(place) == {NINE: (1, 1)}

    def test_it_refuses_to_take_one_again_and_to_move_into_a_full_slot(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        move_booking(desk, ticket, NINE + SLOT)
        a_call(desk)
        store = place.store("anna")
        for statement in (
            "UPDATE callback_booking SET holds = true, outcome = 'later' WHERE NOT holds",
            "UPDATE callback_booking SET slot_id = (SELECT min(slot_id) FROM callback_booking) WHERE id ="
            " (SELECT max(id) FROM callback_booking WHERE holds AND slot_id <> (SELECT min(slot_id) FROM callback_booking))",
        ):
            with pytest.raises(HelpdeskError, match="no place is free in this slot"):
                sql(store, statement)
        assert places(place) == {NINE: (1, 1), NINE + SLOT: (1, 1)}

    def test_a_place_that_is_given_back_can_be_taken(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        sql(place.store("anna"), "UPDATE callback_booking SET holds = false")
        assert places(place) == {NINE: (1, 0)}
        sql(place.store("anna"), "UPDATE callback_booking SET holds = true")
        assert places(place) == {NINE: (1, 1)}
        cancel_booking(desk, ticket)
        assert places(place) == {NINE: (1, 0)}


class Bookers:
    """Twenty processes that wait for a word."""

    def __init__(self, processes: list[subprocess.Popen[str]]) -> None:
        self._processes = processes
        for process in processes:
            assert self._line(process) == "ready"

    def all_at_once(self, tickets: list[int], at: str) -> list[str]:
        """Each tries to book its ticket at this time; what became of each."""
        for process, ticket in zip(self._processes, tickets, strict=True):
            assert process.stdin
            print(ticket, at, file=process.stdin, flush=True)
        return [self._line(process) for process in self._processes]

    @staticmethod
    def _line(process: subprocess.Popen[str]) -> str:
        assert process.stdout
        return process.stdout.readline().strip()


@contextmanager
def bookers(place: Place, count: int) -> Iterator[Bookers]:
    """So many processes, half of them Anna's and half Bob's."""
    with ExitStack() as stack:
        processes = []
        for number in range(count):
            login = ("anna", "bob")[number % 2]
            argv = [sys.executable, "-m", "tests.desk.booker", place.url_of(login), login]
            process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
            )
            processes.append(stack.enter_context(process))
            stack.callback(process.kill)
        yield Bookers(processes)


@pytest.mark.parametrize("rounds", [SAMPLE, pytest.param(ROUNDS, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
def test_of_twenty_processes_exactly_one_gets_the_last_place(
    place: Place, desk: Desk, rounds: int, proves: Proves
) -> None:
    """In every round they want one slot of its own; the others are offered the next one that is free."""
    a_calling_team(place, plan=ROUND_THE_CLOCK)
    everybody = (f"customer{number}@kunde.example" for number in count())
    wishes = [a_wish(desk, sender=next(everybody)) for _ in range(PROCESSES)]
    with bookers(place, PROCESSES) as many:
        for number in range(rounds):
            at = NINE + number * SLOT
            ends = many.all_at_once(wishes, at.isoformat())
            assert ends.count("booked") == 1, ends
            lost = [end for end in ends if end != "booked"]
            assert all("is full. | The next free one is Mon 2026-11-23 11:30" in end for end in lost), lost
            assert places(place)[at] == (1, 1)
            (winner,) = [ticket for ticket in wishes if ends[wishes.index(ticket)] == "booked"]
            wishes[wishes.index(winner)] = a_wish(desk, sender=next(everybody))
    assert sum(taken for _room, taken in places(place).values()) == rounds
    proves("rounds in which 20 processes wanted the last place of a slot, and one got it", rounds)


def test_two_who_change_places_do_not_lock_each_other_out(place: Place, desk: Desk, bob: Desk) -> None:
    """Each moves into a slot the other leaves, over and over: locks are taken in one order."""
    from concurrent.futures import ThreadPoolExecutor

    a_calling_team(place, plan=PlanFields(hours="mon-sun 00:00-24:00", zone="Europe/Berlin", capacity=2))
    mine, theirs = a_call(desk, NINE), a_call(bob, NINE + SLOT)

    def go(one: Desk, ticket: int, first: int) -> None:
        for number in range(first, first + 10):
            one.do(move_booking, ticket, NINE + number % 2 * SLOT)

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(go, desk, mine, 1), pool.submit(go, bob, theirs, 0)]
        assert [job.result() for job in jobs] == [None, None]
    assert sum(taken for _room, taken in places(place).values()) == 2
    assert {call(desk, mine).start, call(bob, theirs).start} <= {NINE, NINE + SLOT}


def test_who_plans_waits_for_who_books_and_the_other_way_round(place: Place, desk: Desk) -> None:
    """While one plans fewer and more places in turns, others book: no slot takes more than the plan of that moment."""
    from concurrent.futures import ThreadPoolExecutor

    root = a_calling_team(place, plan=ROUND_THE_CLOCK)
    wishes = [a_wish(desk) for _ in range(12)]

    def plan() -> None:
        for number in range(10):
            root.do(set_plan, TEAM, PlanFields(capacity=1 + number % 2))
        root.do(set_plan, TEAM, PlanFields(capacity=2))

    def book_all(one: Desk, tickets: list[int]) -> list[str]:
        from helpdesk_tui.desk.callbacks import Wish, book

        ends = []
        for ticket in tickets:
            try:
                one.do(book, ticket, Wish(at=NINE))
                ends.append("booked")
            except HelpdeskError as error:
                ends.append(error.message)
        return ends

    with ThreadPoolExecutor(3) as pool:
        planning = pool.submit(plan)
        counts = [pool.submit(book_all, place.desk(who), wishes[n::2]) for n, who in enumerate(("anna", "bob"))]
        planning.result()
        ends = [end for count in counts for end in count.result()]
    booked = ends.count("booked")
    assert 1 <= booked <= 2
    assert set(ends) == {"booked", "Tue 2026-11-24 09:00 is full."}
    assert places(place) == {NINE: (2, booked)}
