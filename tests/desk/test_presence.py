"""Who has a ticket open: said, seen, and gone without a trace."""

from __future__ import annotations

from helpdesk_tui.desk import settings
from helpdesk_tui.desk.drafts import save_draft
from helpdesk_tui.desk.presence import say_where
from helpdesk_tui.store.queries.presence import STILL_HERE, STILL_WRITING, around, present
from helpdesk_tui.terms import SYSTEM
from tests.build import Place, a_ticket, row, sql


def test_who_has_it_open_is_seen_until_they_leave(place: Place) -> None:
    anna, bob = place.desk("anna"), place.desk("bob")
    first, second = (row(anna, a_ticket(anna)).id for _each in range(2))
    say_where(anna, first)
    (here,) = bob.ask(present, first)
    assert (here.agent, here.at) == ("anna", place.clock())
    say_where(anna, second, first)
    assert (bob.ask(present, first), [one.agent for one in bob.ask(present, second)]) == ([], ["anna"])
    say_where(anna, None, second)
    assert sql(place.store(), "SELECT * FROM presence") == [], "nothing tells where somebody was"


def test_two_terminals_of_one_agent_are_in_two_places(place: Place) -> None:
    anna = place.desk("anna")
    first, second = (row(anna, a_ticket(anna)).id for _each in range(2))
    say_where(anna, first)
    say_where(anna, second)
    me = anna.actor.agent_id
    assert anna.ask(around, place.clock()) == {(first, me, False), (second, me, False)}


def test_a_terminal_that_was_killed_is_not_there_for_ever(place: Place) -> None:
    anna, bob = place.desk("anna"), place.desk("bob")
    ticket, other = (row(anna, a_ticket(anna)).id for _each in range(2))
    say_where(anna, ticket)
    place.clock.advance(seconds=STILL_HERE.total_seconds() + 1)
    assert bob.ask(around, place.clock()) == set()
    say_where(anna, other)
    assert bob.ask(present, ticket) == [], "what is stale goes with the next word"


def test_writing_is_told_apart_from_looking(place: Place) -> None:
    anna, bob = place.desk("anna"), place.desk("bob")
    ticket = row(anna, a_ticket(anna)).id
    say_where(anna, ticket)
    save_draft(anna, ticket, "reply", "Wir sehen nach")
    save_draft(anna, None, "new", "Jemand rief an")
    me = anna.actor.agent_id
    assert bob.ask(around, place.clock()) == {(ticket, me, False), (ticket, me, True)}
    place.clock.advance(seconds=STILL_WRITING.total_seconds() + 1)
    assert bob.ask(around, place.clock()) == set()


def test_a_ticket_out_of_sight_is_not_said_and_not_seen(place: Place) -> None:
    anna, bob = place.desk("anna"), place.desk("bob")
    settings.add_queue(place.desk("root"), "hr", is_confidential=place.is_postgres)
    settings.set_agent(place.desk("root"), "anna", queues=["+hr"])
    settings.set_agent(place.desk("root"), "bob", queues=["-hr"])
    ticket = row(anna, a_ticket(anna, queue="hr")).id
    say_where(bob, ticket)
    assert sql(place.store(), "SELECT * FROM presence") == []
    say_where(anna, ticket)
    assert (bob.ask(present, ticket), bob.ask(around, place.clock())) == ([], set())


def test_the_program_itself_is_nowhere(place: Place) -> None:
    ticket = row(place.desk("anna"), a_ticket(place.desk("anna"))).id
    say_where(place.desk("anna").acting_as(SYSTEM), ticket)
    assert sql(place.store(), "SELECT * FROM presence") == []
