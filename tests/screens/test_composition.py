"""Whom an answer goes to before anybody has touched it, and what a draft keeps of how it is to be sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.free_slots import Writer
from helpdesk_tui.desk.pages import TicketPage, ticket_page
from helpdesk_tui.desk.participants import accept
from helpdesk_tui.desk.sending import KeptFile
from helpdesk_tui.desk.writing_page import WritingPage, writing_page
from helpdesk_tui.screens.composition import FORWARD, REPLY, Composition, begun, from_fields, offered, to_all
from helpdesk_tui.terms import CallDirection, Person, Status
from tests.build import MIRA, SUPPORT, an_incoming, filed, row, thread

BO, CLARA = Person("Bo", "bo@customer.example"), Person("Clara", "clara@elsewhere.example")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture
def number(desk: Desk) -> int:
    """A mail that names two others beside us."""
    return filed(desk, an_incoming(to=(Person("", SUPPORT), BO), cc=(CLARA,))).ticket or 0


def pages(desk: Desk, number: int) -> tuple[TicketPage, WritingPage]:
    ticket = row(desk, number).id
    page = desk.ask(ticket_page, ticket)
    about = desk.ask(writing_page, ticket, Writer(desk.actor, desk.settings, desk.clock()))
    assert page
    assert about
    return page, about


def test_an_answer_goes_to_the_customer_alone(desk: Desk, number: int) -> None:
    page, _about = pages(desk, number)
    one = begun(REPLY, page, page.messages[0], is_quoting=True, now=NOW)
    assert (one.to, one.cc, one.then) == ((MIRA,), (), Status.WAITING_CUSTOMER)
    assert one.answers == page.messages[0].id
    assert begun(FORWARD, page, page.messages[0], is_quoting=True, now=NOW).people == ()


def test_an_answer_to_all_goes_to_whom_the_mail_names_and_not_to_ourselves(desk: Desk, number: int) -> None:
    page, about = pages(desk, number)
    one = begun(REPLY, page, page.messages[0], is_quoting=True, now=NOW)
    everybody = to_all(one, page, page.messages[0], about)
    assert (everybody.to, set(everybody.cc)) == ((MIRA,), {BO, CLARA})
    assert to_all(everybody, page, page.messages[0], about) == everybody
    assert to_all(one, page, None, about) == one


def test_who_was_let_in_gets_it_as_well_and_who_was_named_is_offered(desk: Desk, number: int) -> None:
    reply(desk, number, "Which printer?", cc=[BO])
    filed(desk, an_incoming(sender=BO, text="Mine, too.", in_reply_to=(thread(desk, number)[-1].message_id,)))
    accept(desk, number, BO.address)
    page, about = pages(desk, number)
    one = begun(REPLY, page, page.messages[0], is_quoting=False, now=NOW)
    assert ([to.address for to in one.to], [cc.address for cc in one.cc]) == ([MIRA.address], [BO.address])
    to_bo = begun(REPLY, page, page.messages[-1], is_quoting=False, now=NOW)
    assert ([to.address for to in to_bo.to], [cc.address for cc in to_bo.cc]) == ([BO.address], [MIRA.address])
    assert {person.address: word for person, word in offered(page, about, page.messages[0])} == {
        MIRA.address: "customer",
        BO.address: "participant",
        CLARA.address: "named",
    }


def test_an_answer_of_ours_is_answered_to_the_customer(desk: Desk, number: int) -> None:
    reply(desk, number, "Which printer?")
    page, _about = pages(desk, number)
    assert begun(REPLY, page, page.messages[-1], is_quoting=False, now=NOW).to == (MIRA,)


def test_a_draft_keeps_all_of_it() -> None:
    one = Composition(
        REPLY, (MIRA,), (BO,), 7, Status.SOLVED, 3, NOW, (KeptFile("a.txt", "text/plain", 3, "ab"),), True, "Toner",
        CallDirection.OUT, "069 1", NOW, NOW, (1, 2),
    )  # fmt: skip
    assert from_fields(Composition(REPLY), one.as_fields()) == one
    assert from_fields(one, {}) == one
    known = {"to": [["Clara", CLARA.address]], "cc": []}
    assert from_fields(one, known) == replace(one, to=(CLARA,), cc=())
