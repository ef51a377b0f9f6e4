"""Two tickets that are one matter: everything goes along, mail follows, and undo brings it back."""

from __future__ import annotations

import pytest

from helpdesk_tui.desk import settings
from helpdesk_tui.desk.callback_plans import PlanFields, set_plan
from helpdesk_tui.desk.callbacks import Wish, book
from helpdesk_tui.desk.conversation import note, reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.drafts import save_draft
from helpdesk_tui.desk.history import redo, undo
from helpdesk_tui.desk.merging import merge
from helpdesk_tui.desk.participants import accept
from helpdesk_tui.desk.tickets import move, set_status
from helpdesk_tui.errors import NotFound, Refused, Usage
from helpdesk_tui.store.queries.thread import drafts
from helpdesk_tui.terms import Authenticity, MessageKind, Status
from tests.build import (
    MIRA,
    STRANGER,
    SUPPORT,
    Place,
    a_mail,
    a_ticket,
    an_incoming,
    filed,
    history,
    listed,
    received,
    row,
    sql,
    thread,
)
from tests.store.secrets import set_up_hr


@pytest.fixture(autouse=True)
def _address(admin: Desk) -> None:
    settings.set_queue(admin, "support", addresses=[SUPPORT])


@pytest.fixture
def pair(desk: Desk) -> tuple[int, int]:
    """A stranger's mail that says it belongs to Mira's ticket: its number, and that of hers."""
    target = filed(desk, an_incoming()).ticket or 0
    reply(desk, target, "Is it on fire?")
    ours = thread(desk, target)[-1].message_id
    done = filed(desk, an_incoming(sender=STRANGER, subject="Re: Printer", text="It burns.", in_reply_to=(ours,)))
    assert (done.row, done.linked_to) == (9, target)
    return done.ticket or 0, target


def places(place: Place, table: str) -> set[tuple[int, int]]:
    """The tickets (with their queues) that rows of a table lie in."""
    return set(sql(place.store(), f"SELECT ticket_id, queue_id FROM {table} WHERE ticket_id IS NOT NULL"))


def test_a_linked_ticket_goes_into_the_one_it_names(desk: Desk, pair: tuple[int, int]) -> None:
    source, target = pair
    set_status(desk, [target], Status.SOLVED)
    outcome = merge(desk, source, target)
    assert f"#{source} is part of #{target} now: 1 message" in outcome.text
    assert [one.text for one in thread(desk, target)] == ["The printer is on fire.", "Is it on fire?", "It burns."]
    assert thread(desk, source) == []
    assert (row(desk, source).status, row(desk, source).merged_into) == (Status.CLOSED, target)
    assert (row(desk, target).status, row(desk, target).waiting_for) == (Status.OPEN, "us")
    assert listed(desk, "is:any burns") == [target]
    assert history(desk, target)[-1].changes["merged"] == [None, source]


def test_undo_brings_everything_back_and_redo_takes_it_there_again(desk: Desk, pair: tuple[int, int]) -> None:
    source, target = pair
    before = [one.text for one in thread(desk, target)]
    merge(desk, source, target)
    undo(desk)
    assert ([one.text for one in thread(desk, source)], row(desk, source).merged_into) == (["It burns."], None)
    assert (row(desk, source).status, row(desk, target).status) == (Status.NEW, Status.WAITING_CUSTOMER)
    assert [one.text for one in thread(desk, target)] == before
    assert listed(desk, "burns") == [source]
    redo(desk)
    assert (thread(desk, source), listed(desk, "is:any burns")) == ([], [target])


def test_mail_to_the_source_lands_in_the_target(desk: Desk, pair: tuple[int, int]) -> None:
    source, target = pair
    ours = thread(desk, target)[-1].message_id
    merge(desk, source, target)
    answer = an_incoming(sender=STRANGER, in_reply_to=(ours,), authenticity=Authenticity.PASS)
    assert (filed(desk, answer).ticket, filed(desk, answer).row) == (target, 6)
    undo(desk)
    assert filed(desk, an_incoming(sender=STRANGER, in_reply_to=(ours,))).row == 9


def test_whoever_wrote_the_source_is_let_in_by_an_agent_alone(desk: Desk, pair: tuple[int, int]) -> None:
    source, target = pair
    merge(desk, source, target)
    reply(desk, target, "We come.")
    assert (thread(desk, target)[-1].to, thread(desk, target)[-1].cc) == ((MIRA,), ())
    assert "belongs to" in accept(desk, target).text
    reply(desk, target, "We are there.")
    assert thread(desk, target)[-1].cc == (STRANGER,)


def test_files_mails_tokens_drafts_and_people_go_along_into_another_queue(place: Place, desk: Desk, bob: Desk) -> None:
    settings.add_queue(place.desk("root"), "invoices")
    target = a_ticket(desk, "Invoice")
    move(desk, [target], "invoices")
    source = received(desk, a_mail()).ticket or 0
    note(desk, source, "Looks like the invoice")
    reply(desk, source, "One moment")
    accept(desk, source, "boss@customer.example")
    save_draft(bob, row(bob, source).id, "reply", "Dear Mira")
    merge(desk, source, target)
    here = sql(place.store(), f"SELECT id, queue_id FROM ticket WHERE number = {target}")
    for table in ("message", "raw_message", "outbox", "own_token", "draft", "participant"):
        assert places(place, table) == set(map(tuple, here)), table
    assert [one.text for one in bob.ask(drafts, row(bob, target).id)] == ["Dear Mira"]
    undo(desk)
    there = sql(place.store(), f"SELECT id, queue_id FROM ticket WHERE number = {source}")
    for table in ("raw_message", "outbox", "own_token", "draft", "participant"):
        assert places(place, table) == set(map(tuple, there)), table


def test_who_writes_on_both_keeps_both_texts(desk: Desk, pair: tuple[int, int]) -> None:
    source, target = pair
    for number, text in ((source, "Dear stranger"), (target, "Dear Mira")):
        save_draft(desk, row(desk, number).id, "note", text)
    merge(desk, source, target)
    assert [one.text for one in desk.ask(drafts, row(desk, source).id)] == ["Dear stranger"]
    assert [one.text for one in desk.ask(drafts, row(desk, target).id)] == ["Dear Mira"]


def test_what_went_on_into_a_third_ticket_since_comes_back_from_there(
    desk: Desk, bob: Desk, pair: tuple[int, int]
) -> None:
    source, target = pair
    third = a_ticket(desk, "Third")
    merge(desk, source, target)
    merge(bob, target, third)
    undo(desk)
    assert "It burns." in [one.text for one in thread(desk, source)]
    assert "It burns." not in [one.text for one in thread(desk, third)]


def test_a_merged_ticket_is_merged_no_more(desk: Desk, pair: tuple[int, int]) -> None:
    source, target = pair
    third = a_ticket(desk, "Third")
    merge(desk, source, target)
    with pytest.raises(Refused, match=f"#{source} was merged into another ticket"):
        merge(desk, source, third)
    with pytest.raises(Refused, match=f"#{source} was merged into another ticket"):
        merge(desk, third, source)
    with pytest.raises(Usage, match="into itself"):
        merge(desk, third, third)
    set_status(desk, [target], Status.CLOSED)
    with pytest.raises(Refused, match=f"#{target} has ended"):
        merge(desk, third, target)


def test_who_waits_for_a_call_is_called_first(place: Place, desk: Desk, pair: tuple[int, int]) -> None:
    source, target = pair
    settings.add_team(place.desk("root"), "callers", ["anna"])
    set_plan(place.desk("root"), "callers", PlanFields(hours="mon-sun 00:00-24:00", zone="Europe/Berlin", capacity=2))
    book(desk, source, Wish(number="+49 69 7654321", team="callers"))
    with pytest.raises(Refused, match="waits for a call"):
        merge(desk, source, target)


def test_nothing_goes_into_or_out_of_a_queue_one_does_not_belong_to(place: Place) -> None:
    set_up_hr(place)
    bob = place.desk("bob")
    mine, theirs = a_ticket(bob, "Printer"), a_ticket(place.desk("anna"), "Pay", queue="hr")
    for one, other in ((mine, theirs), (theirs, mine)):
        with pytest.raises(NotFound, match=f"There is no ticket #{theirs}"):
            merge(bob, one, other)
    assert [one.kind for one in thread(bob, mine)] == [MessageKind.CALL]
