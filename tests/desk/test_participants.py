"""Whose ticket it is, who else is let in, and how an agent's own matter is a customer's."""

from __future__ import annotations

import pytest

from helpdesk_tui.desk import settings
from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.history import redo, undo
from helpdesk_tui.desk.pages import TicketPage, ticket_page
from helpdesk_tui.desk.participants import accept, set_requester
from helpdesk_tui.errors import NotFound, Refused, Usage
from helpdesk_tui.terms import Authenticity, Disposition, IncomingMail, MessageKind, Person
from tests.build import MIRA, STRANGER, SUPPORT, Place, an_incoming, filed, history, listed, row, sql, thread

BOSS = Person("Bo Chef", "bo@customer.example")


@pytest.fixture(autouse=True)
def _address(admin: Desk) -> None:
    settings.set_queue(admin, "support", addresses=[SUPPORT])


def page(desk: Desk, number: int) -> TicketPage:
    """A ticket as its screen shows it."""
    found = desk.ask(ticket_page, row(desk, number).id)
    assert found is not None
    return found


def answer_to(desk: Desk, number: int, sender: Person, **fields: object) -> IncomingMail:
    """A mail of somebody in answer to our last letter."""
    last = next(one for one in reversed(thread(desk, number)) if one.kind is MessageKind.OUTBOUND)
    usual = {"authenticity": Authenticity.PASS, "in_reply_to": (last.message_id,), "subject": "Re: Printer"}
    return an_incoming(sender=sender, **{**usual, **fields})


@pytest.fixture
def answered(desk: Desk) -> int:
    """A ticket of Mira's on which her boss has answered our mail."""
    number = filed(desk, an_incoming()).ticket or 0
    reply(desk, number, "Is it still on fire?")
    assert filed(desk, answer_to(desk, number, BOSS)).row == 8
    return number


def test_who_is_let_in_belongs_there_and_is_offered_answers(desk: Desk, answered: int) -> None:
    assert page(desk, answered).newcomer == BOSS
    assert page(desk, answered).answers_also == ()
    assert "Bo Chef <bo@customer.example> belongs to" in accept(desk, answered).text
    assert (page(desk, answered).newcomer, page(desk, answered).answers_also) == (None, (BOSS,))
    assert filed(desk, answer_to(desk, answered, BOSS, subject="Re: Re: Printer")).row == 6
    outcome = reply(desk, answered, "We send somebody.")
    assert "Mira Kern, Bo Chef" in outcome.text
    last = thread(desk, answered)[-1]
    assert (last.to, last.cc) == ((MIRA,), (BOSS,))


def test_before_that_nobody_new_gets_an_answer(desk: Desk, answered: int) -> None:
    reply(desk, answered, "We send somebody.")
    last = thread(desk, answered)[-1]
    assert (last.to, last.cc) == ((MIRA,), ())


def test_an_answer_goes_to_those_alone_whom_the_composer_showed(desk: Desk, answered: int) -> None:
    accept(desk, answered)
    reply(desk, answered, "Only for you.", cc=())
    assert thread(desk, answered)[-1].cc == ()


def test_letting_in_is_undone_and_done_again(desk: Desk, answered: int) -> None:
    accept(desk, answered)
    undo(desk)
    assert (page(desk, answered).newcomer, page(desk, answered).answers_also) == (BOSS, ())
    redo(desk)
    assert page(desk, answered).answers_also == (BOSS,)
    assert history(desk, answered)[-1].changes["participant"] == [None, [BOSS.name, BOSS.address]]


def test_nobody_is_let_in_twice_or_unasked(desk: Desk, answered: int) -> None:
    accept(desk, answered)
    with pytest.raises(Refused, match="belongs there already"):
        accept(desk, answered, BOSS.address)
    with pytest.raises(Refused, match="Nobody new has written last"):
        accept(desk, answered)
    with pytest.raises(Usage, match="is not an address"):
        accept(desk, answered, "bo")


def test_somebody_may_be_let_in_who_has_not_written(desk: Desk, answered: int) -> None:
    accept(desk, answered, "Otto@elsewhere.example")
    assert page(desk, answered).answers_also == (Person("", "otto@elsewhere.example"),)


def test_a_letter_of_the_program_lets_nobody_in(place: Place, desk: Desk, answered: int) -> None:
    """An acknowledgement that came along with a merged ticket was written to whoever wrote it."""
    reply(desk, answered, "Hello", to=[STRANGER])
    sql(place.store(), "UPDATE message SET is_automatic = true WHERE kind = 'outbound'")
    mail = answer_to(desk, answered, STRANGER, authenticity=Authenticity.NONE)
    assert filed(desk, mail).row == 9


@pytest.fixture
def forwarded(desk: Desk) -> int:
    """A mail of Mira's that bob has passed on, from an address nobody vouches for."""
    head = f"-----Original Message-----\nFrom: {MIRA.name} <{MIRA.address}>\nSubject: Printer\n\nIt burns."
    mail = an_incoming(sender=Person("Bob", "bob@desk.example"), subject="Fwd: Printer", text=head)
    return filed(desk, mail).ticket or 0


def test_the_requester_is_set_searched_undone_and_done_again(desk: Desk, forwarded: int) -> None:
    assert page(desk, forwarded).passed_on == MIRA
    outcome = set_requester(desk, forwarded, MIRA)
    assert f"#{forwarded} is a request of Mira Kern <mira@customer.example> now" in outcome.text
    assert (page(desk, forwarded).customer.address, page(desk, forwarded).answers_to) == (MIRA.address, MIRA)
    assert listed(desk, "kern") == [forwarded]
    assert history(desk, forwarded)[-1].changes["requester"] == ["Bob", "Mira Kern"]
    undo(desk)
    assert page(desk, forwarded).customer.address == "bob@desk.example"
    redo(desk)
    assert page(desk, forwarded).customer.address == MIRA.address


def test_what_somebody_set_since_is_left_alone(desk: Desk, bob: Desk, forwarded: int) -> None:
    set_requester(desk, forwarded, MIRA)
    set_requester(bob, forwarded, STRANGER)
    assert "left alone: requester of" in undo(desk).text
    assert page(desk, forwarded).customer.address == STRANGER.address


@pytest.mark.parametrize("person", [Person("", ""), Person("Mira", "nowhere")])
def test_a_requester_needs_a_name_or_an_address(desk: Desk, forwarded: int, person: Person) -> None:
    with pytest.raises(Usage):
        set_requester(desk, forwarded, person)


@pytest.mark.parametrize(
    ("fields", "is_offered"),
    [
        ({"reply_to": (STRANGER,)}, True),
        ({"reply_to": (MIRA,)}, False),
        ({}, False),
        ({"reply_to": (STRANGER,), "authenticity": Authenticity.FAIL}, False),
        ({"reply_to": (STRANGER,), "has_strict_sender": False}, False),
    ],
    ids=["elsewhere", "the same", "none", "forged", "no strict sender"],
)
def test_reply_to_is_offered_and_never_followed(desk: Desk, fields: dict[str, object], is_offered: bool) -> None:
    number = filed(desk, an_incoming(**fields)).ticket or 0
    assert page(desk, number).asks_elsewhere == (STRANGER if is_offered else None)
    reply(desk, number, "Hello")
    assert thread(desk, number)[-1].to == (MIRA,)


HR = "hr@desk.example"
BOB = Person("Bob Ross", "bob@desk.example")


@pytest.fixture
def own_matter(place: Place) -> int:
    """Bob, an agent of support, has written to hr@, where he does not belong."""
    root = place.desk("root")
    settings.add_queue(root, "hr", [HR], is_confidential=place.is_postgres)
    settings.set_agent(root, "anna", queues=["+hr"])
    settings.set_agent(root, "bob", email=BOB.address, queues=["-hr"])
    mail = an_incoming(sender=BOB, to=(Person("", HR),), subject="My pay", authenticity=Authenticity.PASS)
    done = filed(root, mail)
    assert (done.disposition, done.row) == (Disposition.NEW, 17)
    return done.ticket or 0


def test_an_agent_is_the_requester_of_their_own_matter_and_does_not_see_it(place: Place, own_matter: int) -> None:
    bob, anna = place.desk("bob"), place.desk("anna")
    assert page(anna, own_matter).customer.address == BOB.address
    assert own_matter not in listed(bob, "is:any")
    with pytest.raises(NotFound):
        reply(bob, own_matter, "I look into it myself")
    with pytest.raises(NotFound):
        accept(bob, own_matter, "me@home.example")


@pytest.mark.parametrize(
    ("authenticity", "number"), [(Authenticity.PASS, 6), (Authenticity.NONE, 6), (Authenticity.FAIL, 7)]
)
def test_they_get_the_answer_by_mail_and_their_own_lands_there(
    place: Place, own_matter: int, authenticity: Authenticity, number: int
) -> None:
    anna = place.desk("anna")
    reply(anna, own_matter, "We look into it.")
    assert thread(anna, own_matter)[-1].to == (BOB,)
    done = filed(place.desk("root"), answer_to(anna, own_matter, BOB, authenticity=authenticity))
    assert (done.ticket, done.row) == (own_matter, number)
    last = thread(anna, own_matter)[-1]
    assert (last.kind, last.agent) == (MessageKind.INBOUND, None)


def test_belonging_to_the_queue_makes_their_own_mail_no_note(place: Place, own_matter: int) -> None:
    settings.set_agent(place.desk("root"), "bob", queues=["+hr"])
    reply(place.desk("anna"), own_matter, "We look into it.")
    done = filed(place.desk("root"), answer_to(place.desk("anna"), own_matter, BOB))
    assert done.row == 6
    assert thread(place.desk("bob"), own_matter)[-1].kind is MessageKind.INBOUND
