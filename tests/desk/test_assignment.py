"""Who has a ticket."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpdesk_tui.desk.assignment import assign, take, unassign
from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.settings import set_agent
from helpdesk_tui.errors import HelpdeskError
from tests.build import FrozenClock, a_ticket, an_incoming, everything, filed, last_changes, listed, row, sql, thread


def test_an_agent_takes_a_ticket(desk: Desk) -> None:
    number = a_ticket(desk)
    assert take(desk, [number]).text == f"#{number}: yours now"
    assert row(desk, number).assignee == "anna"
    assert last_changes(desk, number) == {"assignee": [None, "anna"]}
    assert listed(desk, "me") == listed(desk, "assignee:me") == [number]


def test_several_tickets_are_given_to_a_colleague_at_once(desk: Desk) -> None:
    numbers = [a_ticket(desk), a_ticket(desk)]
    outcome = assign(desk, numbers, "bob")
    assert outcome.text == "2 tickets: Bob has it now"
    assert outcome.tickets == tuple(numbers)
    assert {row(desk, number).assignee for number in numbers} == {"bob"}


def test_a_ticket_goes_back_into_its_queue(desk: Desk) -> None:
    number = a_ticket(desk)
    take(desk, [number])
    unassign(desk, [number])
    assert last_changes(desk, number) == {"assignee": ["anna", None]}
    assert listed(desk, "is:unassigned") == listed(desk, "assignee:none") == [number]


def test_giving_a_ticket_to_whoever_has_it_changes_nothing(desk: Desk) -> None:
    number = a_ticket(desk)
    take(desk, [number])
    before = everything(desk.store)
    outcome = take(desk, [number])
    assert (outcome.tickets, outcome.text) == ((), "Nothing to change: it is so already.")
    assert everything(desk.store) == before


def test_only_agents_who_answer_get_tickets(desk: Desk, admin: Desk) -> None:
    number = a_ticket(desk)
    sql(admin.store, "UPDATE agent SET is_active = false WHERE login = 'bob'")
    before = everything(desk.store)
    for login, words in (("nobody", "no agent nobody"), ("bob", "no longer answers")):
        with pytest.raises(HelpdeskError, match=words):
            assign(desk, [number], login)
    assert everything(desk.store) == before


def test_while_an_agent_is_away_answers_to_their_tickets_stand_under_unassigned(
    desk: Desk, admin: Desk, clock: FrozenClock
) -> None:
    number = filed(desk, an_incoming()).ticket or 0
    assign(desk, [number], "bob")
    reply(desk, number, "Is it on?")
    set_agent(admin, "bob", away_until=clock() + timedelta(days=3))
    assert listed(desk, "is:unassigned") == []
    answer = an_incoming(in_reply_to=(thread(desk, number)[-1].message_id,), text="Yes")
    assert filed(desk, answer).ticket == number
    assert listed(desk, "is:unassigned") == [number]
    assert row(desk, number).assignee == "bob"
    clock.advance(days=4)
    assert listed(desk, "is:unassigned") == []
