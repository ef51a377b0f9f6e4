"""The order of work: the same on both stores, and read from its index."""

from __future__ import annotations

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.tickets import set_priority, set_status
from helpdesk_tui.rules.query import parse
from helpdesk_tui.store.queries.tickets import BY_WORK, Asker, ticket_ids, ticket_rows
from helpdesk_tui.store.transaction import reading
from helpdesk_tui.terms import SYSTEM, Priority, Status
from tests.build import Place, a_ticket


def test_who_waits_for_us_comes_first_and_who_waits_for_nobody_last(desk: Desk) -> None:
    states = [Status.SOLVED, Status.WAITING_CUSTOMER, Status.OPEN, Status.CLOSED, Status.WAITING_OTHER, Status.NEW]
    numbers = {}
    for status in states:
        numbers[status] = a_ticket(desk)
        if status != Status.NEW:
            set_status(desk, [numbers[status]], status)
    urgent = a_ticket(desk)
    set_priority(desk, [urgent], Priority.URGENT)
    set_status(desk, [urgent], Status.SOLVED)
    ids = desk.ask(ticket_ids, parse("is:any"), Asker(desk.actor, desk.clock()), order=BY_WORK)
    us = (Status.OPEN, Status.WAITING_OTHER, Status.NEW)
    wanted = [numbers[one] for one in (*us, Status.WAITING_CUSTOMER, Status.SOLVED, Status.CLOSED)]
    assert [one.number for one in desk.ask(ticket_rows, ids)] == [urgent, *wanted]


def test_the_order_of_work_is_read_from_its_index(place: Place) -> None:
    order = "priority DESC, waiting_for DESC NULLS LAST, waiting_since, id"
    with reading(place.store(), SYSTEM) as session:
        connection = session.connection()
        if place.is_postgres:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN" if place.is_postgres else "EXPLAIN QUERY PLAN"
        plan = str(connection.exec_driver_sql(f"{explain} SELECT id FROM ticket ORDER BY {order} LIMIT 50").all())
    assert "ticket_by_work" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan
