"""Ticket numbers: never given twice, and silent about how many there are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from helpdesk_tui.store import numbers
from helpdesk_tui.store.engine import Store
from helpdesk_tui.store.statements import add_rows
from helpdesk_tui.store.tables import TicketNumber
from tests.build import Place, a_ticket, session_of, sql

WRITERS, EACH = 4, 15


def test_creators_side_by_side_get_numbers_of_their_own(place: Place) -> None:
    def create_some(login: str) -> list[int]:
        desk = place.desk(login)
        return [a_ticket(desk) for _ in range(EACH)]

    with ThreadPoolExecutor(WRITERS) as pool:
        drawn = [number for some in pool.map(create_some, ["anna", "bob"] * (WRITERS // 2)) for number in some]
    assert len(set(drawn)) == WRITERS * EACH
    assert sorted(row[0] for row in sql(place.store(), "SELECT number FROM ticket")) == sorted(drawn)


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
