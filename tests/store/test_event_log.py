"""What happened stays: nothing in the event log is changed or deleted."""

from __future__ import annotations

import pytest

from helpdesk_tui.desk.tickets import move
from helpdesk_tui.errors import HelpdeskError
from tests.build import Place, a_ticket, everything, sql


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM event",
        "UPDATE event SET changes = '{}'",
        "UPDATE event SET verb = 'note'",
        "UPDATE event SET actor_id = NULL",
        "UPDATE event SET at = '2020-01-01 00:00:00'",
        "UPDATE event SET batch_id = 'x'",
        "UPDATE event SET id = id + 100",
        "UPDATE event SET xid = 7",
    ],
)
def test_even_the_owner_cannot_rewrite_the_log(place: Place, statement: str) -> None:
    a_ticket(place.desk("anna"))
    before = everything(place.store())
    with pytest.raises(HelpdeskError, match="append-only"):
        sql(place.store(), statement)
    assert everything(place.store()) == before


def test_an_event_follows_its_ticket_to_another_queue(place: Place) -> None:
    desk = place.desk("anna")
    number = a_ticket(desk)
    move(desk, [number], "billing")
    queues = sql(place.store(), "SELECT q.name, e.verb FROM event e JOIN queue q ON q.id = e.queue_id ORDER BY e.id")
    assert queues == [("billing", "create"), ("billing", "queue")]


@pytest.mark.parametrize("ticket_id", [1, 4711])
def test_no_event_is_written_about_a_ticket_that_is_not_there_or_lies_elsewhere(place: Place, ticket_id: int) -> None:
    a_ticket(place.desk("anna"))
    before = everything(place.store())
    with pytest.raises(HelpdeskError, match="an event needs its ticket"):
        sql(
            place.store(),
            "INSERT INTO event (ticket_id, queue_id, batch_id, verb, at, changes)"
            " SELECT :ticket, (SELECT id FROM queue WHERE name = 'billing'), batch_id, verb, at, changes FROM event",
            ticket=ticket_id,
        )
    assert everything(place.store()) == before
