"""Questions about calls: whose they are to make, which tickets a query means, and what others are told of them."""

from __future__ import annotations

from datetime import timedelta

from helpdesk_tui.desk.assignment import assign
from helpdesk_tui.desk.callbacks import Wish, book
from helpdesk_tui.desk.calls import Ended, record_outcome
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.settings import set_agent
from helpdesk_tui.desk.tickets import set_status
from helpdesk_tui.rules.query import parse
from helpdesk_tui.store.queries.callbacks import call_of, calls, due_call, end_of_day, todays_calls, week
from helpdesk_tui.store.queries.tickets import BY_CALL, Asker, ticket_ids, ticket_rows
from helpdesk_tui.terms import CallOutcome, Status
from tests.build import MORNING, Place, listed, row
from tests.desk.callback_desk import NINE, SLOT, TEAM, a_call, a_calling_team, a_wish

TODAY = MORNING + 2 * SLOT


def by_call(desk: Desk, query: str) -> list[int]:
    ids = desk.ask(ticket_ids, parse(query), Asker(desk.actor, desk.clock()), order=BY_CALL)
    return [one.number for one in desk.ask(ticket_rows, ids)]


def test_a_call_is_for_who_has_the_ticket_or_for_the_team(place: Place, desk: Desk, bob: Desk) -> None:
    a_calling_team(place, "anna", "bob")
    mine, anybodys = a_wish(desk), a_wish(desk)
    assign(desk, [mine], "anna")
    book(desk, mine, Wish(at=TODAY + SLOT))
    book(desk, anybodys, Wish(at=TODAY))
    until = end_of_day(MORNING)
    assert [one.number for one in desk.ask(todays_calls, desk.actor, until)] == [anybodys, mine]
    assert [one.number for one in bob.ask(todays_calls, bob.actor, until)] == [anybodys]
    root = place.desk("root")
    assert root.ask(todays_calls, root.actor, until) == []
    assert sorted(listed(desk, "is:calling")) == sorted([mine, anybodys])
    assert listed(bob, "is:calling") == [anybodys]
    assert listed(root, "is:calling") == []
    assert sorted(listed(root, "is:callback")) == sorted([mine, anybodys])


def test_a_call_is_due_from_the_beginning_of_its_slot_until_it_is_made(place: Place, desk: Desk) -> None:
    a_calling_team(place, "anna")
    ticket = a_call(desk, TODAY)
    assert desk.ask(due_call, desk.actor, TODAY - timedelta(seconds=1)) is None
    for later in (timedelta(), SLOT, timedelta(days=2)):
        found = desk.ask(due_call, desk.actor, TODAY + later)
        assert found is not None
        assert found.number == ticket
    record_outcome(desk, ticket, Ended(CallOutcome.REACHED))
    assert desk.ask(due_call, desk.actor, TODAY + SLOT) is None


def test_calls_of_other_days_are_not_todays_until_they_are_overdue(place: Place, desk: Desk) -> None:
    a_calling_team(place, "anna")
    ticket = a_call(desk, NINE)
    assert listed(desk, "is:callback") == []
    place.clock.now = NINE + timedelta(days=3)
    assert listed(desk, "is:callback") == listed(desk, "is:calling") == [ticket]
    assert listed(desk, "-is:callback") == []
    set_status(desk, [ticket], Status.CLOSED)
    assert listed(desk, "is:calling") == [ticket]


def test_who_waits_without_a_call_comes_first(place: Place, desk: Desk) -> None:
    a_calling_team(place, "anna")
    second, first, lost = a_wish(desk), a_wish(desk), a_call(desk, TODAY)
    book(desk, second, Wish(at=TODAY + 6 * SLOT))
    book(desk, first, Wish(at=TODAY + SLOT))
    record_outcome(desk, lost, Ended(CallOutcome.WRONG_NUMBER))
    assert by_call(desk, "is:calling") == [lost, first, second]
    marks = [row(desk, number).call for number in (lost, first, a_wish(desk))]
    assert [mark and mark.start for mark in marks] == [None, TODAY + SLOT, None]
    assert marks[0] is not None
    assert marks[2] is None
    assert [one.number for one in desk.ask(calls)] == [lost, first, second]


def test_what_lies_in_a_queue_of_others_is_nobodys_call(place: Place, desk: Desk, bob: Desk) -> None:
    """The slot is full for everybody; for whom it is, is told to who may see the ticket."""
    root = a_calling_team(place, "anna", "bob")
    ticket = a_call(desk, TODAY)
    ticket_id = row(desk, ticket).id
    set_agent(root, "bob", queues=["-support"])
    stranger = place.desk("bob")
    assert stranger.ask(calls) == stranger.ask(todays_calls, stranger.actor, end_of_day(MORNING)) == []
    assert stranger.ask(call_of, ticket_id) is None
    assert listed(stranger, "is:callback") == listed(stranger, "is:calling") == []
    by_start = {one.start: one.state for one in stranger.ask(week, TEAM, MORNING).offers}
    assert by_start[TODAY] == "full"
    assert desk.ask(call_of, ticket_id) is not None
