"""What a customer and we had to do with each other, by time."""

from __future__ import annotations

from helpdesk_tui.desk.callback_plans import PlanFields, set_plan
from helpdesk_tui.desk.callbacks import Wish, book
from helpdesk_tui.desk.conversation import note, reply
from helpdesk_tui.desk.settings import add_team, set_queue
from helpdesk_tui.store.queries.customer_history import happened
from helpdesk_tui.store.queries.people import customer_of_ticket
from helpdesk_tui.terms import MessageKind
from tests.build import MIRA, STRANGER, SUPPORT, Place, a_ticket, row


def test_everything_is_there_the_newest_first(place: Place) -> None:
    anna = place.desk("anna")
    set_queue(place.desk("root"), "support", [SUPPORT])
    first = a_ticket(anna, "Toner leer", person=MIRA)
    place.clock.advance(hours=1)
    a_ticket(anna, "Anderes", person=STRANGER)
    second = a_ticket(anna, "Toner falsch", person=MIRA)
    place.clock.advance(hours=1)
    reply(anna, first, "Kommt morgen.")
    place.clock.advance(minutes=1)
    note(anna, second, "War schon einmal so.")
    customer = anna.ask(customer_of_ticket, row(anna, first).id).id
    rows = anna.ask(happened, customer, 100)
    assert [(one.number, one.kind, one.is_first) for one in rows] == [
        (second, MessageKind.NOTE, False),
        (first, MessageKind.OUTBOUND, False),
        (second, rows[2].kind, True),
        (first, rows[3].kind, True),
    ]
    assert [one.who for one in rows[:2]] == ["anna", "anna"]
    assert rows[0].text == "War schon einmal so."
    assert [one.number for one in anna.ask(happened, customer, 2)] == [second, first], "the newest of them"


def test_a_callback_stands_where_it_is_to_come(place: Place) -> None:
    anna = place.desk("anna")
    add_team(place.desk("root"), "phone", ["anna"])
    set_plan(place.desk("root"), "phone", PlanFields(hours="mon-sun 00:00-24:00", zone="Europe/Berlin", capacity=1))
    number = a_ticket(anna, "Rückruf", person=MIRA)
    book(anna, number, Wish(number="+49 69 7654321", team="phone", asked="Wegen der Rechnung"))
    customer = anna.ask(customer_of_ticket, row(anna, number).id).id
    callback = anna.ask(happened, customer, 100)[0]
    assert (callback.kind, callback.outcome, callback.text) == (None, None, "Wegen der Rechnung")
    assert callback.at > place.clock()
