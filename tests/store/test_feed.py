"""The change feed: every committed event reaches every reader once, at once, and waits for nobody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from sqlalchemy.event import listen, remove

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.tickets import Fields, set_fields, set_priority
from helpdesk_tui.store.engine import Store
from helpdesk_tui.store.feed import Change, Feed, Lookout
from helpdesk_tui.terms import SYSTEM, Priority
from tests.build import Place, Proves, a_ticket, row, sql
from tests.services.hosting import wait_until
from tests.services.postgres import PostgresServer

WRITERS, VERBS = 8, 150
#: An event whose transaction the test ends when it likes.
LATE = (
    "INSERT INTO event (ticket_id, queue_id, batch_id, verb, at, changes)"
    " SELECT ticket_id, queue_id, batch_id, 'note', at, '{}' FROM event ORDER BY id LIMIT 1"
)


def committed(store: Store) -> list[int]:
    return [found[0] for found in sql(store, "SELECT id FROM event ORDER BY id")]


def test_a_reader_starts_at_the_present_and_hears_of_each_event_once(desk: Desk, bob: Desk) -> None:
    number = a_ticket(desk)
    feed, other = Feed(desk.store, SYSTEM), Feed(bob.store, SYSTEM)
    assert feed.read() == []
    set_priority(bob, [number], Priority.HIGH)
    (change,) = feed.read()
    assert (change.ticket_id, change.actor_id, change.verb) == (
        row(desk, number).id,
        bob.actor.agent_id,
        "priority",
    )
    assert feed.read() == []
    assert other.read() == [change]


def test_a_refused_verb_is_not_heard_of(desk: Desk) -> None:
    number, feed = a_ticket(desk), Feed(desk.store, SYSTEM)
    set_priority(desk, [number], Priority.NORMAL)
    assert feed.read() == []


def test_one_verb_on_many_tickets_is_an_event_for_each(desk: Desk) -> None:
    numbers = [a_ticket(desk) for _ in range(3)]
    feed = Feed(desk.store, SYSTEM)
    set_priority(desk, numbers, Priority.HIGH)
    assert {change.ticket_id for change in feed.read()} == {row(desk, number).id for number in numbers}


def test_eight_writers_and_a_reader_that_misses_nothing(place: Place, proves: Proves) -> None:
    desks = [place.desk(login) for login in ("anna", "bob") * (WRITERS // 2)]
    numbers = [a_ticket(desk) for desk in desks]
    before = set(committed(place.store()))
    feed = Feed(place.store("anna"), SYSTEM)
    heard: list[Change] = []
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(_write, desk, number) for desk, number in zip(desks, numbers, strict=True)]
        while not all(writer.done() for writer in writers):
            heard += feed.read()
            time.sleep(0.001)  # reading without a pause would hold the writers up
    for writer in writers:
        writer.result()
    heard += feed.read()
    ids = [change.event_id for change in heard]
    assert len(ids) == len(set(ids)) == WRITERS * VERBS
    assert set(ids) == set(committed(place.store())) - before
    proves("events by 8 writers, each heard of once", len(ids))


def _write(desk: Desk, number: int) -> None:
    for step in range(VERBS):
        set_fields(desk, [number], Fields(summary=f"step {step}"))


@pytest.fixture
def open_elsewhere(postgres_server: PostgresServer) -> Iterator[None]:
    """A transaction that writes and does not end, in another database of the same server."""
    with psycopg.connect(postgres_server.superuser_url()) as connection:
        connection.execute("CREATE TEMPORARY TABLE anything (id int)")
        connection.execute("SELECT pg_current_xact_id()")
        yield


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
@pytest.mark.usefixtures("open_elsewhere")
def test_a_transaction_that_stays_open_elsewhere_holds_nothing_up(desk: Desk, bob: Desk) -> None:
    number, feed = a_ticket(desk), Feed(desk.store, SYSTEM)
    for step in range(20):
        set_fields(bob, [number], Fields(summary=f"step {step}"))
        assert len(feed.read()) == 1
        assert feed.read() == []


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_what_is_committed_late_is_not_lost(desk: Desk, bob: Desk) -> None:
    """An event whose id was taken before another's, and which is committed after it."""
    first, second = a_ticket(desk), a_ticket(desk)
    feed = Feed(desk.store, SYSTEM)
    with bob.store.engine.connect() as slow:
        slow.exec_driver_sql(LATE)
        set_priority(desk, [first, second], Priority.HIGH)
        assert [change.verb for change in feed.read()] == ["priority", "priority"]
        assert feed.read() == []
        slow.commit()
    assert [change.verb for change in feed.read()] == ["note"]
    assert feed.read() == []


@pytest.fixture
def fetched(desk: Desk) -> Iterator[list[int]]:
    """How many rows each statement of Anna's store brought."""
    counts: list[int] = []

    def count_rows(_connection: Any, cursor: Any, *_more: Any) -> None:
        counts.append(cursor.rowcount)

    listen(desk.store.engine, "after_cursor_execute", count_rows)
    yield counts
    remove(desk.store.engine, "after_cursor_execute", count_rows)


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
class TestWhatIsReadTwice:
    """Nothing is: neither what a restore brought along, nor what came since a transaction was left open."""

    def test_restored_events_are_old_though_their_transactions_seem_to_come(
        self, place: Place, desk: Desk, bob: Desk, fetched: list[int]
    ) -> None:
        numbers = [a_ticket(desk) for _ in range(20)]
        _restore(place)
        feed = Feed(desk.store, SYSTEM)
        fetched.clear()
        assert feed.read() == []
        assert max(fetched) <= 1
        set_priority(bob, numbers[:2], Priority.HIGH)
        assert [change.verb for change in feed.read()] == ["priority", "priority"]
        assert feed.read() == []
        assert max(fetched) <= 2

    def test_what_is_committed_late_after_a_restore_is_not_lost(self, place: Place, desk: Desk, bob: Desk) -> None:
        number = a_ticket(desk)
        _restore(place)
        with bob.store.engine.connect() as slow:
            slow.exec_driver_sql(LATE)
            set_priority(desk, [number], Priority.HIGH)
            feed = Feed(desk.store, SYSTEM)
            assert feed.read() == []
            slow.commit()
        assert [change.verb for change in feed.read()] == ["note"]
        assert feed.read() == []

    def test_a_transaction_that_stays_open_makes_no_reading_longer(
        self, desk: Desk, bob: Desk, fetched: list[int]
    ) -> None:
        number = a_ticket(desk)
        with bob.store.engine.connect() as slow:
            slow.exec_driver_sql(LATE)
            feed = Feed(desk.store, SYSTEM)
            for step in range(20):
                set_fields(desk, [number], Fields(summary=f"step {step}"))
                fetched.clear()
                assert len(feed.read()) == 1
                assert max(fetched) == 1
            slow.commit()
        assert [change.verb for change in feed.read()] == ["note"]


def _restore(place: Place) -> None:
    """Make the events those of a server that had got further than this one."""
    for statement in (
        "ALTER TABLE event DISABLE TRIGGER event_is_forever",
        "UPDATE event SET xid = xid + 1000000000",
        "ALTER TABLE event ENABLE TRIGGER event_is_forever",
    ):
        sql(place.store(), statement)


def test_a_lookout_says_within_a_second_that_there_is_something_new(desk: Desk, bob: Desk) -> None:
    number, feed, lookout = a_ticket(desk), Feed(desk.store, SYSTEM), Lookout(desk.store)
    try:
        for priority in (Priority.HIGH, Priority.LOW, Priority.URGENT):
            set_priority(bob, [number], priority)
            since = time.monotonic()
            wait_until(lambda: lookout.wait() and bool(feed.read()), "the change is heard of")
            assert time.monotonic() - since < 1
    finally:
        lookout.close()


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_lookout_is_silent_while_nothing_happens(desk: Desk) -> None:
    a_ticket(desk)
    lookout = Lookout(desk.store)
    assert not lookout.wait()
    lookout.close()


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_a_lookout_on_postgres_is_told_at_once(desk: Desk, bob: Desk) -> None:
    number, lookout = a_ticket(desk), Lookout(desk.store)
    waited = []
    for priority in (Priority.HIGH, Priority.LOW, Priority.URGENT):
        set_priority(bob, [number], priority)
        since = time.monotonic()
        lookout.wait()
        waited.append(time.monotonic() - since)
    lookout.close()
    assert min(waited) < 0.4, "it waited for its time to run out"
