"""What stands beside a ticket: other tickets of the customer, what looks like it, and what is known of them."""

from __future__ import annotations

from helpdesk_tui.desk.beside import beside
from helpdesk_tui.desk.conversation import note
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.relations import make_incident
from helpdesk_tui.desk.tickets import solve
from helpdesk_tui.desk.watching import watch
from tests.build import MIRA, STRANGER, Place, a_ticket, an_incoming, filed, row

OUTAGE = "Since this morning the mail server refuses every login from the third floor."


def numbers(desk: Desk, number: int) -> list[int]:
    around = desk.ask(beside, row(desk, number).id, desk.actor)
    assert around
    return [one.number for one in around.suggestions]


def test_what_looks_like_an_incident_is_offered_to_it(desk: Desk) -> None:
    incident = filed(desk, an_incoming(sender=STRANGER, subject="Mail server login", text=OUTAGE)).ticket or 0
    mine = filed(
        desk, an_incoming(subject="Login refused", text="The mail server refuses my login since morning.")
    ).ticket
    other = filed(desk, an_incoming(subject="Toner", text="The toner of the blue printer is empty again.")).ticket
    assert numbers(desk, mine or 0) == [], "another customer's matter is no suggestion"
    make_incident(desk, incident)
    assert numbers(desk, mine or 0) == [incident]
    assert numbers(desk, other or 0) == []
    assert numbers(desk, incident) == []
    solve(desk, [incident])
    assert numbers(desk, mine or 0) == [], "what has ended is offered to nobody"


def test_the_same_customers_like_matter_is_a_duplicate_perhaps(desk: Desk) -> None:
    first = filed(desk, an_incoming(subject="Mail server login", text=OUTAGE)).ticket or 0
    second = filed(desk, an_incoming(subject="Mail server login again", text=OUTAGE)).ticket or 0
    assert numbers(desk, second) == [first]


def test_who_watches_other_tickets_and_what_is_to_be_looked_at(place: Place) -> None:
    desk, bob = place.desk("anna"), place.desk("bob")
    number = a_ticket(desk, "Printer", person=MIRA)
    others = [a_ticket(desk, f"Matter {n}", person=MIRA) for n in range(10)]
    watch(bob, [number])
    note(bob, number, "@anna which one?")
    around = desk.ask(beside, row(desk, number).id, desk.actor)
    assert around
    assert (around.watchers, around.other_count) == (("bob",), 10)
    assert len(around.others) == 8
    assert {one.number for one in around.others} <= set(others)
    assert [one.by for one in around.notices] == ["bob"]
