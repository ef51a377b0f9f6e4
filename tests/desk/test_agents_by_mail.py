"""Agents who write by mail: never a command; a note where it is proven, a customer's mail passed on, else as anybody."""

from __future__ import annotations

from typing import Any

import pytest

from helpdesk_tui.desk import settings
from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.gathering import FLOOD_ALIKE
from helpdesk_tui.store.queries.people import customer_of_ticket
from helpdesk_tui.terms import Authenticity, Disposition, IncomingMail, Person
from tests.build import MIRA, Place, an_incoming, filed, row, thread

ANNA = Person("Anna", "anna@desk.example")
FORWARD = "Bitte darum kümmern.\n\nVon: Otto Fremd <otto@elsewhere.example>\nGesendet: Montag\nBetreff: Toner\n\nLeer."
PASS, NONE, FAIL = Authenticity


@pytest.fixture
def anna(place: Place) -> Desk:
    """An agent with an address, who belongs to support."""
    settings.set_agent(place.desk("root"), "anna", email=ANNA.address)
    settings.set_queue(place.desk("root"), "support", ["support@desk.example"], "Support")
    return place.desk("anna")


@pytest.fixture
def answered(anna: Desk) -> tuple[int, str]:
    """A ticket that was answered with a copy to anna, and the Message-ID of that answer."""
    number = filed(anna, an_incoming()).ticket or 0
    reply(anna, number, "Wir sehen nach.", to=[MIRA, ANNA])
    return number, thread(anna, number)[-1].message_id


def from_anna(**fields: Any) -> IncomingMail:
    return an_incoming(**{"sender": ANNA, "authenticity": PASS, "subject": "AW: Printer", **fields})


def test_a_proven_answer_is_a_note(anna: Desk, answered: tuple[int, str]) -> None:
    number, ours = answered
    before = row(anna, number)
    found = filed(anna, from_anna(in_reply_to=(ours,), text="Ersatz ist bestellt."))
    assert (found.disposition, found.row, found.ticket) == (Disposition.APPENDED, 16, number)
    note = thread(anna, number)[-1]
    assert (note.kind, note.agent, note.text) == ("note", "anna", "Ersatz ist bestellt.")
    after = row(anna, number)
    assert (after.status, after.waiting_for, after.assignee) == (before.status, before.waiting_for, before.assignee)


@pytest.mark.parametrize(("authenticity", "row_"), [(NONE, 6), (FAIL, 7)])
def test_without_proof_it_is_the_mail_of_a_person(
    anna: Desk, answered: tuple[int, str], authenticity: Authenticity, row_: int
) -> None:
    number, ours = answered
    assert filed(anna, from_anna(in_reply_to=(ours,), authenticity=authenticity)).row == row_
    assert thread(anna, number)[-1].kind == "inbound"


def test_who_no_longer_belongs_to_the_queue_writes_no_note(place: Place, anna: Desk, answered: tuple[int, str]) -> None:
    settings.set_agent(place.desk("root"), "anna", queues=["-support"])
    root = place.desk("root")
    assert filed(root, from_anna(in_reply_to=(answered[1],))).row == 6
    assert thread(root, answered[0])[-1].kind == "inbound"


def test_an_agents_own_matter_is_a_customers(anna: Desk) -> None:
    number = filed(anna, from_anna(subject="Mein Urlaub")).ticket or 0
    reply(anna, number, "Ist eingetragen.")
    ours = thread(anna, number)[-1].message_id
    assert filed(anna, from_anna(in_reply_to=(ours,), text="Danke!")).row == 6
    assert (thread(anna, number)[-1].kind, row(anna, number).status) == ("inbound", "open")


def test_a_proven_forward_opens_the_ticket_of_whoever_wrote_it(anna: Desk) -> None:
    found = filed(anna, from_anna(subject="WG: Toner", text=FORWARD))
    who = anna.ask(customer_of_ticket, row(anna, found.ticket or 0).id)
    assert (who.name, who.address) == ("Otto Fremd", "otto@elsewhere.example")
    (message,) = thread(anna, found.ticket or 0)
    assert (message.sender, message.text) == (ANNA, FORWARD)
    assert any("Anna" in remark and "otto@elsewhere.example" in remark for remark in message.remarks)


def test_what_an_agent_passes_on_is_many_peoples_and_no_flood(anna: Desk) -> None:
    mails = [
        filed(anna, from_anna(subject="WG: Toner", text=FORWARD.replace("otto@", f"otto{n}@")))
        for n in range(FLOOD_ALIKE + 3)
    ]
    assert {one.disposition for one in mails} == {Disposition.NEW}
    assert len({one.ticket for one in mails}) == FLOOD_ALIKE + 3


@pytest.mark.parametrize("fields", [{"authenticity": NONE}, {"sender": MIRA, "authenticity": PASS}])
def test_anybody_elses_forward_opens_their_own(anna: Desk, fields: dict[str, Any]) -> None:
    found = filed(anna, from_anna(subject="WG: Toner", text=FORWARD, **fields))
    who = anna.ask(customer_of_ticket, row(anna, found.ticket or 0).id)
    assert who.address != "otto@elsewhere.example"


@pytest.mark.parametrize("text", ["#solved", "status: closed", "assign bob", "/close", "Status: closed\nOwner: bob"])
def test_a_mail_commands_nothing(anna: Desk, answered: tuple[int, str], text: str) -> None:
    number, ours = answered
    before = row(anna, number)
    filed(anna, from_anna(in_reply_to=(ours,), text=text))
    after = row(anna, number)
    assert (after.status, after.assignee, after.queue, after.priority) == (
        before.status, before.assignee, before.queue, before.priority,
    )  # fmt: skip
