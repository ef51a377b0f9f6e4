"""A ticket that moves leaves nobody behind who cannot see it, and tells those it leaves only that it went."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpdesk_tui.desk import assignment, conversation, settings, tickets
from helpdesk_tui.desk.callback_plans import PlanFields, set_plan
from helpdesk_tui.desk.callbacks import Wish, book, cancel_booking
from helpdesk_tui.desk.history import redo, undo
from helpdesk_tui.desk.mailroom import ArrivedMail, keep, quarantine
from helpdesk_tui.errors import Refused
from helpdesk_tui.mail.ingest import file_kept
from helpdesk_tui.store.feed import Feed
from helpdesk_tui.store.queries import callbacks, mail, staff
from helpdesk_tui.terms import SYSTEM, Priority, Status
from tests.build import Place, a_mail, a_ticket, history, listed, row, sql
from tests.store.secrets import HEIDI, HR, set_up_hr

NUMBER = "+49 69 7654321"


@pytest.fixture
def hr(place: Place) -> Place:
    """A desk with a queue to which anna belongs, and bob does not."""
    set_up_hr(place)
    return place


def test_it_tells_the_others_where_it_went_and_nothing_else(hr: Place) -> None:
    bob, anna = hr.desk("bob"), hr.desk("anna")
    number = a_ticket(anna, "Pay")
    ticket_id, feed = row(anna, number).id, Feed(bob.store, bob.actor)
    tickets.set_fields(anna, [number], tickets.Fields(priority=Priority.HIGH, queue="hr", summary="Theft"))
    assert {change.ticket_id for change in feed.read()} == {ticket_id}
    assert "Theft" not in str(sql(bob.store, "SELECT changes FROM event WHERE verb = 'queue'"))
    assert [event.changes.keys() for event in history(anna, number)[-2:]] == [{"priority", "summary"}, {"queue"}]
    undo(anna)
    assert (row(anna, number).queue, row(anna, number).priority) == ("support", Priority.NORMAL)


def test_undo_and_redo_give_it_to_nobody_who_cannot_see_it(hr: Place) -> None:
    bob, anna = hr.desk("bob"), hr.desk("anna")
    number = a_ticket(anna, "Pay", queue="hr")
    tickets.move(anna, [number], "support")
    assignment.take(bob, [number])
    undo(anna)
    assert (row(anna, number).queue, row(anna, number).assignee) == ("hr", None)
    assert number in listed(anna, "is:unassigned")
    redo(anna)
    assert row(anna, number).queue == "support"


def test_a_call_goes_to_the_team_where_its_caller_cannot_see_it(hr: Place) -> None:
    bob, anna = hr.desk("bob"), hr.desk("anna")
    number = a_ticket(bob, "Pay", phone=NUMBER)
    assignment.take(bob, [number])
    book(bob, number, Wish(team="people", number=NUMBER))
    tickets.move(anna, [number], "hr")
    assert _told(hr, ["bob", "anna"]) == ["anna"]
    undo(anna)
    assert (row(anna, number).assignee, _told(hr, ["bob", "anna"])) == ("bob", ["bob"])


def test_who_leaves_a_queue_leaves_its_calls_and_what_may_come_back(hr: Place) -> None:
    anna, root = hr.desk("anna"), hr.desk("root")
    settings.add_team(root, "pay", ["anna", "root"])
    set_plan(root, "pay", PlanFields(hours="mon-sun 00:00-24:00", zone="Europe/Berlin", capacity=2))
    solved, called = (a_ticket(anna, "Pay", queue="hr", phone=NUMBER) for _one in range(2))
    assignment.take(anna, [solved, called])
    book(anna, called, Wish(team="pay", number=NUMBER))
    tickets.set_status(anna, [solved], Status.SOLVED)
    assignment.unassign(anna, [called])
    assert settings.set_agent(root, "anna", queues=["-hr"]).text.endswith("1 ticket of theirs is back in its queue.")
    assert row(root, solved).assignee is None
    assert _told(hr, ["anna", "root"]) == ["root"]


def _told(place: Place, logins: list[str]) -> list[str]:
    """Who is told of the call once it is due."""
    later = place.clock() + timedelta(days=2)
    desks = [place.desk(login) for login in logins]
    return [desk.actor.login for desk in desks if desk.ask(callbacks.due_call, desk.actor, later)]


def test_a_mail_is_its_queues_from_the_moment_it_is_kept(hr: Place) -> None:
    system, bob, anna = hr.desk("root").acting_as(SYSTEM), hr.desk("bob"), hr.desk("anna")
    secret = a_mail("I was harassed", sender=HEIDI.whole, to=f"Personal <{HR.upper()}>", subject="Secret")
    filed, kept = (
        keep(system, "inbox", [ArrivedMail(content, hr.clock())])[0].raw_id for content in (secret, secret + b"\r\n")
    )
    assert (len(bob.ask(mail.kept_mails)), len(anna.ask(mail.kept_mails))) == (0, 2)
    quarantine(system, kept, "nothing can be read")
    assert (len(bob.ask(mail.kept_mails, "quarantined")), len(anna.ask(mail.kept_mails, "quarantined"))) == (0, 1)
    number = file_kept(system, filed, secret).ticket
    assert row(anna, number or 0).queue == "hr"


def test_an_id_of_a_batch_of_others_says_nothing_of_them(hr: Place) -> None:
    anna, bob = hr.desk("anna"), hr.desk("bob")
    conversation.note(anna.in_batch("one"), a_ticket(anna, queue="hr"), "secret")
    mine = a_ticket(bob)
    with pytest.raises(Refused, match="batch id one was used for something else"):
        conversation.note(bob.in_batch("one"), mine, "hello")


def test_ones_own_list_is_there_however_one_is_written(hr: Place) -> None:
    bob = hr.desk("bob")
    number = a_ticket(bob)
    assignment.take(bob, [number])
    assert listed(bob, "assignee:Bob") == listed(bob, "assignee:bob") == [number]
    assert bob.ask(staff.refusal_by_person, bob.actor, "anna")


def test_undo_of_a_call_gives_it_to_nobody_who_cannot_see_it(hr: Place) -> None:
    bob, anna, root = (hr.desk(login) for login in ("bob", "anna", "root"))
    number = a_ticket(bob, "Pay", phone=NUMBER)
    assignment.take(bob, [number])
    book(bob, number, Wish(team="people", number=NUMBER))
    cancel_booking(anna, number)
    tickets.move(root, [number], "hr")
    undo(anna)
    assert _told(hr, ["bob", "anna"]) == ["anna"]


def test_a_call_that_nobody_is_left_to_make_is_told(hr: Place) -> None:
    bob, anna, root = (hr.desk(login) for login in ("bob", "anna", "root"))
    settings.add_team(root, "phones", ["bob"])
    set_plan(root, "phones", PlanFields(hours="mon-sun 00:00-24:00", zone="Europe/Berlin", capacity=2))
    number = a_ticket(bob, "Pay", phone=NUMBER)
    book(bob, number, Wish(team="phones"))
    said = f"#{number}: queue hr · nobody of its team can see #{number} there to call: b chooses another team"
    assert tickets.move(anna, [number], "hr").text == said


def test_undo_sees_what_colleagues_did_together_with_hidden_tickets(hr: Place) -> None:
    bob, anna = hr.desk("bob"), hr.desk("anna")
    mine, hidden = a_ticket(bob), a_ticket(anna, queue="hr")
    tickets.set_priority(bob, [mine], Priority.HIGH)
    for priority in (Priority.LOW, Priority.HIGH):
        tickets.set_priority(anna, [mine, hidden], priority)
    assert undo(bob).text.startswith("left alone: priority of")
    assert row(bob, mine).priority == Priority.HIGH
