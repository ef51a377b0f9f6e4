"""Who is told of what: colleagues asked in a note, watchers, who gets a ticket with a note; and nobody is watched."""

from __future__ import annotations

import pytest

from helpdesk_tui.desk.assignment import assign
from helpdesk_tui.desk.conversation import note, reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.history import undo
from helpdesk_tui.desk.notices import looked_at
from helpdesk_tui.desk.settings import add_agent
from helpdesk_tui.desk.tickets import move, solve
from helpdesk_tui.desk.watching import unwatch, watch
from helpdesk_tui.store.queries.notices import my_notices, notices_of, watchers
from helpdesk_tui.terms import NoticeKind
from tests.build import Place, an_incoming, filed, listed, row, sql, thread
from tests.store.secrets import set_up_hr


@pytest.fixture
def number(desk: Desk) -> int:
    return filed(desk, an_incoming()).ticket or 0


def told(desk: Desk) -> list[tuple[NoticeKind, str]]:
    return [(one.kind, one.by) for one in desk.ask(my_notices, desk.actor)]


def test_a_colleague_who_is_asked_is_told_and_does_not_get_the_ticket(desk: Desk, bob: Desk, number: int) -> None:
    assert note(desk, number, "@bob do you know this one? (mail@bob.example)").text.endswith("bob is told")
    assert told(bob) == [(NoticeKind.MENTION, "anna")]
    assert told(desk) == []
    assert row(desk, number).assignee is None
    assert listed(bob, "is:noticed") == [number]


def test_the_answer_in_a_note_is_for_who_asked(desk: Desk, bob: Desk, number: int) -> None:
    note(desk, number, "@bob do you know this one?")
    looked_at(bob, row(bob, number).id)
    note(bob, number, "@anna it is the fuser.")
    assert (told(desk), told(bob)) == ([(NoticeKind.MENTION, "bob")], [])


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_login_in_capitals_is_called_as_well(place: Place, desk: Desk, number: int) -> None:
    add_agent(place.desk("root"), "Carla.M")
    assert "Carla.M, bob is told" in note(desk, number, "@Carla.M and @BOB, please").text
    assert "Carla.M is told" in note(desk, number, "@carla.m?").text


def test_names_of_nobody_are_told_to_who_wrote_them(desk: Desk, number: int) -> None:
    assert "there is no colleague carl" in note(desk, number, "@carl?").text


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_who_does_not_belong_is_not_told(place: Place, desk: Desk) -> None:
    set_up_hr(place)
    number = filed(desk, an_incoming()).ticket or 0
    move(desk, [number], "hr")
    assert "bob does not belong here" in note(desk, number, "@bob?").text
    assert told(place.desk("bob")) == []


def test_whoever_looks_is_told_no_more_and_nothing_says_when_that_was(
    place: Place, desk: Desk, bob: Desk, number: int
) -> None:
    note(desk, number, "@bob?")
    looked_at(bob, row(bob, number).id)
    assert told(bob) == []
    assert sql(place.store(), "SELECT * FROM notice") == []


def test_watchers_hear_of_the_customer_and_of_colleagues_but_not_of_themselves(
    desk: Desk, bob: Desk, number: int
) -> None:
    watch(bob, [number])
    assert bob.ask(watchers, row(bob, number).id) == ["bob"]
    note(bob, number, "I keep an eye on it.")
    assert told(bob) == []
    reply(desk, number, "Pull the plug.")
    assert told(bob) == [(NoticeKind.WATCHED, "anna")]
    looked_at(bob, row(bob, number).id)
    ours = thread(desk, number)[-1].message_id
    filed(desk, an_incoming(text="Done.", in_reply_to=(ours,)))
    assert told(bob) == [(NoticeKind.WATCHED, "")]
    assert listed(bob, "is:watched") == [number]


def test_watching_ends(desk: Desk, bob: Desk, number: int) -> None:
    watch(bob, [number])
    undo(bob)
    assert bob.ask(watchers, row(bob, number).id) == []
    watch(bob, [number])
    unwatch(bob, [number])
    reply(desk, number, "Pull the plug.")
    assert told(bob) == []


def test_who_gets_a_ticket_with_a_note_sees_the_note_first(desk: Desk, bob: Desk, number: int) -> None:
    assign(desk, [number], "bob", note="She calls at 15:00, have the invoice ready.")
    (first,) = bob.ask(notices_of, row(bob, number).id, bob.actor)
    assert (first.kind, first.by) == (NoticeKind.HANDOVER, "anna")
    assert first.message_id == thread(bob, number)[-1].id
    looked_at(bob, row(bob, number).id, but=[NoticeKind.HANDOVER])
    assert told(bob) == [(NoticeKind.HANDOVER, "anna")]
    reply(bob, number, "Here is your invoice.")
    assert told(bob) == []


def test_of_what_was_said_when_it_was_handed_on_the_last_word_counts(desk: Desk, bob: Desk, number: int) -> None:
    ticket = row(desk, number).id
    assign(desk, [number], "bob", "Call at 15:00")
    assign(bob, [number], "anna", "She called herself")
    assert bob.ask(notices_of, ticket, bob.actor) == [], "it is nothing to somebody who has it no more"
    assign(desk, [number], "bob", "NEW: cancelled")
    (said,) = bob.ask(notices_of, ticket, bob.actor)
    assert said.message_id == thread(desk, number)[-1].id
    solve(bob, [number])
    assert bob.ask(notices_of, ticket, bob.actor) == [], "who solves it has taken it up"


def test_every_question_of_a_colleague_is_told(desk: Desk, bob: Desk, number: int) -> None:
    note(desk, number, "@bob which printer?")
    note(desk, number, "@bob and which floor?")
    assert [one.kind for one in bob.ask(notices_of, row(desk, number).id, bob.actor)] == [NoticeKind.MENTION] * 2


def test_one_undo_takes_back_assignment_and_note(desk: Desk, bob: Desk, number: int) -> None:
    assign(desk, [number], "bob", note="Have the invoice ready.")
    undo(desk)
    assert (row(desk, number).assignee, len(thread(desk, number))) == (None, 1)
