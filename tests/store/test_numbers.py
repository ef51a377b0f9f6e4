"""Ticket numbers: never given twice, and silent about how many there are."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import Any

from helpdesk_tui.store import numbers
from helpdesk_tui.store.engine import Store
from helpdesk_tui.store.statements import add_rows
from helpdesk_tui.store.tables import TicketNumber
from tests.build import Place, a_ticket, session_of, sql

WRITERS, EACH = 4, 15
MANY, ROUNDS = 300, 5


def test_creators_side_by_side_get_numbers_of_their_own(place: Place) -> None:
    def create_some(login: str) -> list[int]:
        desk = place.desk(login)
        return [a_ticket(desk) for _ in range(EACH)]

    with ThreadPoolExecutor(WRITERS) as pool:
        drawn = [number for some in pool.map(create_some, ["anna", "bob"] * (WRITERS // 2)) for number in some]
    assert len(set(drawn)) == WRITERS * EACH
    assert sorted(row[0] for row in sql(place.store(), "SELECT number FROM ticket")) == sorted(drawn)


def test_many_numbers_drawn_side_by_side_in_a_narrow_range_are_all_different(place: Place) -> None:
    """Two fill what one range may hold, a third draws one by one between them: nothing is lost, nothing given twice."""

    def draw_batches(login: str) -> list[int]:
        store, drawn = place.store(login), []
        for _round in range(ROUNDS):
            with session_of(store) as session:
                drawn += numbers.draw_many(session, MANY)
        return drawn

    def draw_some(login: str) -> list[int]:
        store, drawn = place.store(login), []
        for _round in range(MANY):
            with session_of(store) as session:
                drawn.append(numbers.draw(session))
        return drawn

    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(draw_batches, "anna"), pool.submit(draw_batches, "bob"), pool.submit(draw_some, "root")]
        batches = jobs[0].result() + jobs[1].result()
        drawn = batches + jobs[2].result()
    assert len(set(drawn)) == len(drawn) == 2 * ROUNDS * MANY + MANY
    assert max(batches) < 10 * numbers.FIRST_NUMBER
    assert sorted(row[0] for row in sql(place.store(), "SELECT number FROM ticket_number")) == sorted(drawn)


def test_what_others_took_meanwhile_is_drawn_again(place: Place) -> None:
    """Half the range is taken by a transaction that is still open when the other begins to draw."""
    first = numbers.FIRST_NUMBER
    anna, bob = place.store("anna"), place.store("bob")
    half = range(first, first + 4000)

    def draw_many() -> list[int]:
        with session_of(bob) as session:
            return numbers.draw_many(session, 400)

    with ThreadPoolExecutor(1) as pool:
        with session_of(anna) as session:
            add_rows(session, TicketNumber, [{"number": number} for number in half])
            drawing = pool.submit(draw_many)
            until_it_waits(place, drawing)
        drawn = drawing.result()
    assert len(set(drawn) - set(half)) == 400


def until_it_waits(place: Place, job: Future[Any]) -> None:
    """Come back when this job waits for a lock; on SQLite, where a writer waits from its first word, at once."""
    onlooker = place.store()
    while place.is_postgres and not job.done() and not sql(onlooker, "SELECT 1 FROM pg_locks WHERE NOT granted"):
        pass


def test_a_number_is_free_again_if_its_transaction_failed(store: Store) -> None:
    try:
        with session_of(store) as session:
            assert numbers.take(session, 4711)
            raise RuntimeError
    except RuntimeError:
        pass
    with session_of(store) as session:
        assert numbers.take(session, 4711)
        assert not numbers.take(session, 4711)


def test_numbers_do_not_rise_one_by_one(store: Store) -> None:
    with session_of(store) as session:
        drawn = [numbers.draw(session) for _ in range(30)]
    assert all(numbers.FIRST_NUMBER <= number < 10 * numbers.FIRST_NUMBER for number in drawn)
    assert sum(later == earlier + 1 for earlier, later in pairwise(drawn)) < 10


def test_a_full_range_grows_by_a_digit(store: Store) -> None:
    first = numbers.FIRST_NUMBER
    with session_of(store) as session:
        add_rows(session, TicketNumber, [{"number": number} for number in range(first, 10 * first)])
        assert 10 * first <= numbers.draw(session) < 100 * first
