"""Work is handed over with all that hangs on it, in one step, and nobody's decision is overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_tui.desk import assignment, settings, tickets
from helpdesk_tui.desk.callbacks import Wish, book
from helpdesk_tui.desk.calls import Ended, record_outcome
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.drafts import save_draft
from helpdesk_tui.desk.handover import hand_over
from helpdesk_tui.desk.history import redo, undo
from helpdesk_tui.errors import HelpdeskError, NotFound, Refused, Usage
from helpdesk_tui.store.queries.board import (
    Extra,
    Share,
    Side,
    Standing,
    effect,
    proposal,
    side_extras,
    side_tickets,
    sides,
)
from helpdesk_tui.store.queries.thread import drafts
from helpdesk_tui.store.tables import CallbackBooking, CallbackRequest, CallbackSlot, Ticket
from helpdesk_tui.terms import CallOutcome, LoadState, Outcome, Role, Status
from tests.build import Place, a_ticket, everything, history, listed, row, session_of, sql, texts_on
from tests.desk.callback_desk import a_calling_team, a_wish


@pytest.fixture
def lead(place: Place) -> Desk:
    """The desk of Lea, who shares work out; on PostgreSQL the admin does."""
    if place.is_postgres:
        return place.desk("root")
    settings.add_agent(place.desk("root"), "lea", role=Role.LEAD)
    return place.desk("lea")


def of(lead: Desk, login: str) -> list[Standing]:
    """The work of a colleague, as the board sees it now."""
    return lead.ask(side_tickets, lead.actor, Side(login))


def give(lead: Desk, giver: str, to: str, seen: Sequence[Standing], *, with_all_else: bool = False) -> Outcome:
    return hand_over(lead, giver, {to: seen}, with_all_else=with_all_else)


def three_of_bobs(bob: Desk) -> list[int]:
    numbers = [a_ticket(bob, subject) for subject in ("Printer", "Phone", "Mouse")]
    assignment.take(bob, numbers)
    return numbers


def a_call(desk: Desk, number: int, login: str, *, team: str = "night") -> int:
    """A call that this agent is to make on a ticket; the id of its request."""
    with session_of(desk.store) as session:
        ticket = session.query(Ticket).where(Ticket.number == number).one()
        ((team_id,),) = session.execute(_named("team", team))
        ((agent_id,),) = session.execute(_named("agent", login, "login"))
        slot = CallbackSlot(
            team_id=team_id, start_at=desk.clock(), end_at=desk.clock() + timedelta(minutes=15), capacity=9
        )
        request = CallbackRequest(
            ticket_id=ticket.id, queue_id=ticket.queue_id, team_id=team_id, agent_id=agent_id, number="+49691234567",
            uid=f"{number}", created_at=desk.clock())  # fmt: skip
        session.add_all([slot, request])
        session.flush()
        place = {"ticket_id": ticket.id, "queue_id": ticket.queue_id}
        session.add(CallbackBooking(request_id=request.id, slot_id=slot.id, made_at=desk.clock(), **place))
        return request.id


def _named(table: str, name: str, column: str = "name") -> object:
    from sqlalchemy import text

    return text(f"SELECT id FROM {table} WHERE {column} = '{name}'")


def caller(place: Place, request: int) -> str | None:
    found = sql(
        place.store(),
        "SELECT a.login FROM callback_request r LEFT JOIN agent a ON a.id = r.agent_id WHERE r.id = :id",
        id=request,
    )
    return found[0][0]


def test_everything_of_a_colleague_goes_in_one_step_and_comes_back(place: Place, lead: Desk, bob: Desk) -> None:
    place.clock.now = datetime.now(UTC) + timedelta(days=1)  # after all that was set up
    numbers = three_of_bobs(bob)
    tickets.set_status(bob, numbers[1:2], Status.WAITING_CUSTOMER)
    tickets.set_status(bob, numbers[2:], Status.SNOOZED)
    save_draft(bob, row(bob, numbers[0]).id, "reply", "Dear Mira,")
    seen = of(lead, "bob")
    assert {one.number for one in seen} == set(numbers)
    outcome = give(lead, "bob", "anna", seen)
    assert outcome.text == "3 tickets, 1 unsent text handed over to anna"
    assert [row(lead, number).assignee for number in numbers] == ["anna"] * 3
    theirs = texts_on(lead, row(lead, numbers[0]).id)
    assert theirs == {"anna": "Dear Mira,"}
    assert len({event.batch for number in numbers for event in history(lead, number)[-1:]}) == 1
    undo(lead)
    assert [row(lead, number).assignee for number in numbers] == ["bob"] * 3
    assert texts_on(lead, row(lead, numbers[0]).id) == {"bob": "Dear Mira,"}
    redo(lead)
    assert [row(lead, number).assignee for number in numbers] == ["anna"] * 3
    assert {one.agent for one in lead.ask(drafts, row(lead, numbers[0]).id)} == {"anna"}


def test_calls_go_along_to_who_is_in_the_team_else_to_the_team(place: Place, lead: Desk, bob: Desk) -> None:
    admin = place.desk("root")
    settings.add_team(admin, "night", ["bob", "anna"])
    settings.add_team(admin, "day", ["bob"])
    numbers = three_of_bobs(bob)
    night, day = a_call(bob, numbers[0], "bob"), a_call(bob, numbers[1], "bob", team="day")
    assert [one.kind for one in lead.ask(side_extras, lead.actor, Side("bob"))] == ["call", "call"]
    outcome = give(lead, "bob", "anna", of(lead, "bob"))
    assert outcome.text == "3 tickets, 2 calls handed over to anna"
    assert (caller(place, night), caller(place, day)) == ("anna", None)
    undo(lead)
    assert (caller(place, night), caller(place, day)) == ("bob", "bob")


def test_what_hangs_on_tickets_of_others_goes_with_all_else_only(place: Place, lead: Desk, bob: Desk) -> None:
    settings.add_team(place.desk("root"), "night", ["bob", "anna"])
    numbers, other = three_of_bobs(bob), a_ticket(bob, "Of nobody")
    request = a_call(bob, other, "bob")
    save_draft(bob, row(bob, other).id, "note", "Ask again")
    extras = lead.ask(side_extras, lead.actor, Side("bob"))
    assert {(one.kind, one.ticket) for one in extras} == {("call", other), ("text", other)}
    give(lead, "bob", "anna", of(lead, "bob")[:1])
    assert caller(place, request) == "bob"
    give(lead, "bob", "anna", of(lead, "bob"), with_all_else=True)
    assert (caller(place, request), row(lead, other).assignee) == ("anna", None)
    assert {one.agent for one in lead.ask(drafts, row(lead, other).id)} == {"anna"}
    undo(lead)
    assert (caller(place, request), [row(lead, n).assignee for n in numbers].count("anna")) == ("bob", 1)
    assert {one.agent for one in lead.ask(drafts, row(lead, other).id)} == {"bob"}


def test_what_hangs_on_a_ticket_the_other_could_not_see_stays(place: Place, lead: Desk, bob: Desk) -> None:
    settings.add_team(place.desk("root"), "night", ["bob", "anna"])
    settings.set_agent(place.desk("root"), "anna", queues=["-billing"])
    three_of_bobs(bob)
    other = a_ticket(bob, "Of nobody", queue="billing")
    request = a_call(bob, other, "bob")
    save_draft(bob, row(bob, other).id, "note", "Ask again")
    outcome = give(lead, "bob", "anna", of(lead, "bob"), with_all_else=True)
    assert f"call and text on #{other} (anna does not belong there)" in outcome.text
    assert caller(place, request) == "bob"
    assert {one.agent for one in lead.ask(drafts, row(lead, other).id)} == {"bob"}


def test_calls_and_texts_go_without_any_ticket(place: Place, lead: Desk, bob: Desk) -> None:
    settings.add_team(place.desk("root"), "night", ["bob", "anna"])
    other = a_ticket(bob, "Of nobody")
    request = a_call(bob, other, "bob")
    save_draft(bob, row(bob, other).id, "note", "Ask again")
    assert of(lead, "bob") == []
    outcome = give(lead, "bob", "anna", [], with_all_else=True)
    assert outcome.text == "no ticket, 1 call, 1 unsent text handed over to anna"
    assert caller(place, request) == "anna"
    assert undo(lead).text.startswith("Undone")
    assert caller(place, request) == "bob"
    outcome = give(lead, "bob", "", [], with_all_else=True)
    assert (
        outcome.text
        == f"left alone: the text on #{other} (bob keeps it) · no ticket, 1 call handed over to their teams"
    )
    assert caller(place, request) is None


def test_the_text_of_a_new_request_goes_with_all_else_and_comes_back(place: Place, lead: Desk, bob: Desk) -> None:
    three_of_bobs(bob)
    save_draft(bob, None, "new", "Mira called", {"subject": "Mira called"})
    assert lead.ask(side_extras, lead.actor, Side("bob")) == [Extra("new", None, bob.clock())]
    assert "1 unsent text" in give(lead, "bob", "anna", of(lead, "bob"), with_all_else=True).text
    assert new_requests(place) == [("anna", "Mira called")]
    undo(lead)
    assert new_requests(place) == [("bob", "Mira called")]


def test_the_text_of_a_new_request_goes_alone_for_good(place: Place, lead: Desk, bob: Desk) -> None:
    save_draft(bob, None, "new", "Mira called")
    outcome = give(lead, "bob", "anna", [], with_all_else=True)
    assert (outcome.text, outcome.is_final) == ("no ticket, 1 unsent text handed over to anna", True)
    assert new_requests(place) == [("anna", "Mira called")]


def test_the_text_of_a_new_request_does_not_go_over_one_of_the_other(
    place: Place, lead: Desk, bob: Desk, desk: Desk
) -> None:
    three_of_bobs(bob)
    save_draft(bob, None, "new", "Mira called")
    save_draft(desk, None, "new", "Tunde called")
    outcome = give(lead, "bob", "anna", of(lead, "bob"), with_all_else=True)
    assert "left alone: the text of a new request (anna is writing one there)" in outcome.text
    assert new_requests(place) == [("anna", "Tunde called"), ("bob", "Mira called")]


def new_requests(place: Place) -> list[tuple[str, str]]:
    found = "SELECT a.login, d.text FROM draft d JOIN agent a ON a.id = d.agent_id"
    return [tuple(one) for one in sql(place.store(), f"{found} WHERE d.kind = 'new' AND d.text <> '' ORDER BY a.login")]


def test_texts_that_stay_with_the_giver_are_named(place: Place, lead: Desk, bob: Desk) -> None:
    (number, *_others), other = three_of_bobs(bob), a_ticket(bob, "Of nobody")
    save_draft(bob, row(bob, number).id, "reply", "Dear Mira,")
    save_draft(bob, row(bob, other).id, "note", "Ask again")
    save_draft(bob, None, "new", "Mira called")
    outcome = give(lead, "bob", "", of(lead, "bob"), with_all_else=True)
    stays = (f"the text on #{number}", f"the text on #{other}", "the text of a new request")
    left = "; ".join(f"{one} (bob keeps it)" for one in stays)
    assert outcome.text == f"left alone: {left} · 3 tickets handed over to their queues"


def test_all_else_goes_to_a_person_where_one_is_among_the_shares(place: Place, lead: Desk, bob: Desk) -> None:
    settings.add_team(place.desk("root"), "night", ["bob", "anna"])
    three_of_bobs(bob)
    other = a_ticket(bob, "Of nobody")
    request = a_call(bob, other, "bob")
    save_draft(bob, row(bob, other).id, "note", "Ask again")
    seen = of(lead, "bob")
    hand_over(lead, "bob", {"": seen[:1], "anna": seen[1:]}, with_all_else=True)
    assert caller(place, request) == "anna"
    assert {one.agent for one in lead.ask(drafts, row(lead, other).id)} == {"anna"}


def test_a_text_does_not_go_over_one_of_the_other(place: Place, lead: Desk, bob: Desk, desk: Desk) -> None:
    (number, *_others) = three_of_bobs(bob)
    ticket_id = row(bob, number).id
    save_draft(bob, ticket_id, "reply", "Bob's words")
    save_draft(desk, ticket_id, "reply", "Anna's words")
    outcome = give(lead, "bob", "anna", of(lead, "bob"))
    assert (
        outcome.text == f"left alone: the text on #{number} (anna is writing one there) · 3 tickets handed over to anna"
    )
    assert texts_on(lead, ticket_id) == {
        "bob": "Bob's words",
        "anna": "Anna's words",
    }


def test_a_text_that_was_written_on_stays_with_who_wrote_on(place: Place, lead: Desk, bob: Desk, desk: Desk) -> None:
    (number, *_others) = three_of_bobs(bob)
    ticket_id = row(bob, number).id
    save_draft(bob, ticket_id, "reply", "Dear Mira,")
    give(lead, "bob", "anna", of(lead, "bob"))
    place.clock.advance(minutes=1)
    save_draft(desk, ticket_id, "reply", "Dear Mira, now")
    assert f"left alone: the text on #{number}" in undo(lead).text
    assert texts_on(lead, ticket_id) == {"anna": "Dear Mira, now"}


def test_what_somebody_changed_meanwhile_is_named_and_left_alone(
    place: Place, lead: Desk, bob: Desk, desk: Desk
) -> None:
    settings.add_queue(place.desk("root"), "extra")
    numbers = [*three_of_bobs(bob), *three_of_bobs(bob)]
    seen = of(lead, "bob")
    assignment.take(desk, numbers[:1])
    tickets.set_status(desk, numbers[1:2], Status.WAITING_OTHER)
    tickets.move(desk, numbers[2:3], "extra")
    assignment.unassign(desk, numbers[3:4])
    outcome = give(lead, "bob", "root", seen)
    for number, why in zip(
        numbers, ("anna has it now", "waiting_other meanwhile", "moved to extra meanwhile", "back in its queue meanwhile"),
        strict=False,
    ):  # fmt: skip
        assert f"#{number} ({why})" in outcome.text
    assert outcome.text.endswith(" · 2 tickets handed over to root")
    assert [row(lead, n).assignee for n in numbers] == ["anna", "bob", "bob", None, "root", "root"]


def test_undo_leaves_alone_what_somebody_took_since(place: Place, lead: Desk, bob: Desk, desk: Desk) -> None:
    numbers = three_of_bobs(bob)
    give(lead, "bob", "root", of(lead, "bob"))
    assignment.take(desk, numbers[:1])
    outcome = undo(lead)
    assert f"assignee of #{numbers[0]} (yours: root, now: anna)" in outcome.text
    assert [row(lead, n).assignee for n in numbers] == ["anna", "bob", "bob"]


def test_a_ticket_that_went_out_of_sight_is_named(place: Place, bob: Desk) -> None:
    admin = place.desk("root")
    settings.add_queue(admin, "hr")
    (number, *others) = three_of_bobs(bob)
    seen = of(admin, "bob")
    tickets.move(bob, [number], "hr")
    settings.set_agent(admin, "root", queues=["-hr"])
    outcome = give(admin, "bob", "anna", seen)
    assert outcome.text == f"left alone: #{number} (no longer there) · 2 tickets handed over to anna"
    assert [row(admin, n).assignee for n in others] == ["anna", "anna"]


def test_nobody_gets_what_they_could_not_see(place: Place, lead: Desk, bob: Desk) -> None:
    settings.set_agent(place.desk("root"), "anna", queues=["-billing"])
    number = a_ticket(bob, queue="billing")
    assignment.take(bob, [number])
    assert lead.ask(effect, "bob", {"anna": [number]}, lead.clock()).strangers == (("anna", 1),)
    with pytest.raises(Refused, match=rf"Nothing was handed over: #{number} \(anna does not belong to billing\)"):
        give(lead, "bob", "anna", of(lead, "bob"))
    assert row(lead, number).assignee == "bob"


def test_the_effect_is_told_before_and_comes_true(place: Place, lead: Desk, bob: Desk) -> None:
    admin = place.desk("root")
    for login in ("anna", "bob"):
        settings.set_agent(admin, login, capacity=3)
    numbers = three_of_bobs(bob)
    told = lead.ask(effect, "bob", {"anna": numbers}, lead.clock())
    assert told.shares == (Share("anna", 3, LoadState.FREE, LoadState.FULL),)
    assert told.giver == Share("bob", -3, LoadState.FULL, LoadState.FREE)
    give(lead, "bob", "anna", of(lead, "bob"))
    states = {one.login: one.colleague.state for one in lead.ask(sides, lead.actor, lead.clock()) if one.colleague}
    assert (states["anna"], states["bob"]) == (LoadState.FULL, LoadState.FREE)


def test_what_is_proposed_can_be_done_in_one_step(place: Place, lead: Desk, bob: Desk) -> None:
    numbers = three_of_bobs(bob)
    shares = lead.ask(proposal, "bob", numbers, lead.clock())
    assert set(shares) <= {"anna", "root", "lea"}
    assert sorted(n for share in shares.values() for n in share) == sorted(numbers)
    seen = {one.number: one for one in of(lead, "bob")}
    hand_over(lead, "bob", {login: [seen[n] for n in share] for login, share in shares.items()})
    assert of(lead, "bob") == []
    undo(lead)
    assert len(of(lead, "bob")) == 3


def test_what_lies_in_a_queue_is_given_out_and_work_goes_back_to_it(place: Place, lead: Desk, bob: Desk) -> None:
    number = a_ticket(bob)
    support = next(one for one in lead.ask(sides, lead.actor, lead.clock()) if one.queue == "support")
    assert support.unassigned == 1
    give(lead, "", "bob", lead.ask(side_tickets, lead.actor, support))
    assert row(lead, number).assignee == "bob"
    assert give(lead, "bob", "", of(lead, "bob")).text == f"#{number} handed over to their queues"
    assert row(lead, number).assignee is None


def test_agents_hand_nothing_over_and_do_not_watch_each_other(place: Place, bob: Desk, desk: Desk) -> None:
    numbers = three_of_bobs(bob)
    seen = bob.ask(side_tickets, bob.actor, Side("bob"))
    before = everything(place.store())
    with pytest.raises(Refused, match="Only a lead or an admin"):
        give(desk, "bob", "anna", seen)
    for question in (side_tickets, side_extras):
        with pytest.raises(Refused, match="Only a lead or an admin"):
            desk.ask(question, desk.actor, Side("bob"))
    assert everything(place.store()) == before
    assert [one.number for one in seen] == numbers


@pytest.mark.parametrize(("shares", "error"), [({}, Usage), ({"anna": []}, Usage), ({"nobody": None}, NotFound)])
def test_bad_words_change_nothing(
    place: Place, lead: Desk, bob: Desk, shares: dict[str, list[Standing] | None], error: type[HelpdeskError]
) -> None:
    three_of_bobs(bob)
    before = everything(place.store())
    with pytest.raises(error):
        hand_over(lead, "bob", {login: of(lead, "bob") if share is None else share for login, share in shares.items()})
    assert everything(place.store()) == before


def test_a_text_is_listed_with_the_time_it_was_last_touched(lead: Desk, bob: Desk) -> None:
    (number, *_others) = three_of_bobs(bob)
    save_draft(bob, row(bob, number).id, "reply", "Dear Mira,")
    assert lead.ask(side_extras, lead.actor, Side("bob")) == [Extra("text", number, bob.clock())]
    assert listed(lead, "is:any")


def test_nothing_goes_back_to_who_could_not_see_it(place: Place, lead: Desk, bob: Desk) -> None:
    admin = place.desk("root")
    settings.add_team(admin, "night", ["bob", "anna"])
    numbers = three_of_bobs(bob)
    request = a_call(bob, numbers[0], "bob")
    save_draft(bob, row(bob, numbers[0]).id, "reply", "Dear Mira,")
    give(lead, "bob", "anna", of(lead, "bob"))
    settings.set_agent(admin, "bob", queues=["-support"])
    outcome = undo(lead)
    assert f"the call on #{numbers[0]} (bob does not belong there)" in outcome.text
    assert f"the text on #{numbers[0]} (bob does not belong there)" in outcome.text
    assert all(f"assignee of #{number} (bob does not belong to support)" in outcome.text for number in numbers)
    assert [row(lead, number).assignee for number in numbers] == ["anna"] * 3
    assert caller(place, request) == "anna"
    assert {one.agent for one in lead.ask(drafts, row(lead, numbers[0]).id)} == {"anna"}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)  # elsewhere the admin hands over, and has set something
def test_nothing_is_given_again_to_who_could_not_see_it(place: Place, lead: Desk, bob: Desk) -> None:
    numbers = three_of_bobs(bob)
    save_draft(bob, row(bob, numbers[0]).id, "reply", "Dear Mira,")
    give(lead, "bob", "anna", of(lead, "bob"))
    undo(lead)
    settings.set_agent(place.desk("root"), "anna", queues=["-support"])
    outcome = redo(lead)
    assert f"assignee of #{numbers[0]} (anna does not belong to support)" in outcome.text
    assert [row(lead, number).assignee for number in numbers] == ["bob"] * 3
    assert {one.agent for one in lead.ask(drafts, row(lead, numbers[0]).id)} == {"bob"}


def test_a_call_goes_back_to_nobody_outside_its_team(place: Place, lead: Desk, bob: Desk) -> None:
    admin = place.desk("root")
    settings.add_team(admin, "night", ["bob", "anna"])
    numbers = three_of_bobs(bob)
    request = a_call(bob, numbers[0], "bob")
    give(lead, "bob", "anna", of(lead, "bob"))
    settings.set_agent(admin, "bob", teams=["-night"])
    assert f"left alone: the call on #{numbers[0]} (bob is not in its team)" in undo(lead).text
    assert (caller(place, request), row(lead, numbers[0]).assignee) == ("anna", "bob")


def test_a_call_that_is_over_stays_with_who_made_it(place: Place, lead: Desk, bob: Desk, desk: Desk) -> None:
    a_calling_team(place, "bob", "anna")
    number = a_wish(bob)
    assignment.take(bob, [number])
    book(bob, number, Wish())
    give(lead, "bob", "anna", of(lead, "bob"))
    place.clock.advance(days=1)
    record_outcome(desk, number, Ended(CallOutcome.REACHED))
    assert f"left alone: the call on #{number} (it is over)" in undo(lead).text
    assert sql(place.store(), "SELECT a.login FROM callback_request r JOIN agent a ON a.id = r.agent_id") == [("anna",)]


def test_undo_of_a_move_gives_ticket_and_call_back_to_who_had_them(place: Place, bob: Desk, desk: Desk) -> None:
    admin = place.desk("root")
    settings.add_queue(admin, "extra")
    settings.set_agent(admin, "bob", queues=["-extra"])
    settings.add_team(admin, "night", ["bob"])
    (number, *_others) = three_of_bobs(bob)
    request = a_call(bob, number, "bob")
    tickets.move(desk, [number], "extra")
    assert (row(desk, number).assignee, caller(place, request)) == (None, None)
    assert undo(desk).text.startswith("Undone:")
    assert (row(desk, number).assignee, caller(place, request)) == ("bob", "bob")
