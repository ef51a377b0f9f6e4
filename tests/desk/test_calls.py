"""How calls end, and taking it all back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from helpdesk_tui.desk.assignment import assign
from helpdesk_tui.desk.callback_plans import PlanFields
from helpdesk_tui.desk.callbacks import Wish, book, cancel_booking, move_booking
from helpdesk_tui.desk.calls import Ended, record_outcome
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.handover import hand_over
from helpdesk_tui.desk.history import redo, undo
from helpdesk_tui.desk.tickets import set_status
from helpdesk_tui.errors import NotFound, Refused, Usage
from helpdesk_tui.store.queries.board import Standing
from helpdesk_tui.terms import CallOutcome, CallState, MessageKind, OutboxState, Outcome, Party, Status
from tests.build import Place, everything, history, last_changes, row, sql, thread
from tests.desk.callback_desk import (
    BERLIN,
    NINE,
    SLOT,
    TEAM,
    a_call,
    a_calling_team,
    a_wish,
    calendar_of,
    call,
    letters,
    places,
)

REACHED, NO_ANSWER, VOICEMAIL, WRONG_NUMBER, LATER = CallOutcome
#: What undo leaves behind: its own record of it, and rows that say that something is no longer so.
LEAVES = ("event", "batch", "outbox", "draft")


class TestOutcomes:
    """The keys 1 to 5 of the call card."""

    def test_reached_is_an_answer_that_stands_in_the_thread(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        assert row(desk, ticket).waiting_for is Party.US
        assert (
            record_outcome(desk, ticket, Ended(REACHED, "Explained the\x1b[31m invoice.")).text == f"#{ticket}: reached"
        )
        said = thread(desk, ticket)[-1]
        assert (said.kind, said.text, said.agent) == (MessageKind.CALL, "Explained the invoice.", "anna")
        assert (row(desk, ticket).status, row(desk, ticket).waiting_for) == (Status.OPEN, Party.THEM)
        assert (call(desk, ticket).state, call(desk, ticket).start) == (CallState.DONE, None)
        assert places(place) == {NINE: (1, 0)}

    @pytest.mark.parametrize("outcome", [NO_ANSWER, VOICEMAIL])
    def test_who_does_not_answer_is_tried_again_as_often_as_the_plan_says(
        self, place: Place, desk: Desk, outcome: CallOutcome
    ) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        words = "no answer" if outcome is NO_ANSWER else "voicemail"
        for attempt in (1, 2):
            place.clock.now = call(desk, ticket).start or NINE
            said = record_outcome(desk, ticket, Ended(outcome)).text
            assert said.startswith(f"#{ticket}: {words}, try {attempt} of 3 · next Tue 2026-11-24 ")
            assert call(desk, ticket).attempt == attempt + 1
        assert call(desk, ticket).start == NINE + 4 * SLOT  # half an hour's notice after each
        said = record_outcome(desk, ticket, Ended(outcome)).text
        assert said == f"#{ticket}: {words}, try 3 of 3 · no further call is booked"
        found = call(desk, ticket)
        assert (found.state, found.start, found.last_outcome, found.attempt) == (CallState.OPEN, None, outcome, 3)
        with pytest.raises(NotFound):
            record_outcome(desk, ticket, Ended(outcome))
        assert [file.content.count(b"METHOD:REQUEST") for mail in letters(desk) for file in mail.files] == [1, 1, 1]
        book(desk, ticket, Wish())
        assert call(desk, ticket).attempt == 1

    def test_an_early_try_books_no_slot_before_the_one_it_had(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        record_outcome(desk, ticket, Ended(NO_ANSWER))
        assert call(desk, ticket).start == NINE + SLOT

    def test_where_nothing_is_free_the_wish_stays_open(self, place: Place, desk: Desk) -> None:
        plan = PlanFields(hours="tue 09:00-09:15", zone="Europe/Berlin", capacity=1, horizon_days=1)
        a_calling_team(place, plan=plan)
        ticket = a_call(desk)
        place.clock.now = NINE
        said = record_outcome(desk, ticket, Ended(NO_ANSWER)).text
        assert said == f"#{ticket}: no answer, try 1 of 3 · No slot of phones is free within 1 days."
        assert (call(desk, ticket).state, call(desk, ticket).start) == (CallState.OPEN, None)

    def test_later_is_the_time_they_asked_for(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        record_outcome(desk, ticket, Ended(LATER, at="2026-11-25T14:00"))
        found = call(desk, ticket)
        assert (str(found.start), found.attempt) == ("2026-11-25 13:00:00+00:00", 1)
        with pytest.raises(Refused, match="No slot"):
            record_outcome(desk, ticket, Ended(LATER, at="2026-11-25T12:30"))
        assert call(desk, ticket) == found
        record_outcome(desk, ticket, Ended(LATER))
        assert str(call(desk, ticket).start) == "2026-11-25 13:15:00+00:00"

    def test_a_wrong_number_is_not_dialled_again(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        record_outcome(desk, ticket, Ended(WRONG_NUMBER))
        assert (call(desk, ticket).state, call(desk, ticket).start) == (CallState.OPEN, None)
        for number in ("", "069 1234567"):
            with pytest.raises(Usage, match="wrong one"):
                book(desk, ticket, Wish(number=number))
        book(desk, ticket, Wish(number="069 7654321"))
        assert call(desk, ticket).phone == "+49697654321"

    @pytest.mark.parametrize("outcome", CallOutcome)
    def test_a_call_made_before_its_slot_begins_gives_its_place_back(
        self, place: Place, desk: Desk, bob: Desk, outcome: CallOutcome
    ) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        record_outcome(desk, ticket, Ended(outcome))
        assert places(place)[NINE] == (1, 0)
        a_call(bob)
        with pytest.raises(Refused, match=r"Tue 2026-11-24 09:00 is somebody else's by now\."):
            undo(desk)

    @pytest.mark.parametrize("outcome", [REACHED, WRONG_NUMBER])
    def test_a_call_made_in_its_slot_keeps_its_place(self, place: Place, desk: Desk, outcome: CallOutcome) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        place.clock.now = NINE
        record_outcome(desk, ticket, Ended(outcome))
        assert places(place) == {NINE: (1, 1)}

    def test_later_may_be_another_teams_call(self, place: Place, desk: Desk) -> None:
        a_calling_team(place, "anna")
        a_calling_team(place, "bob", name="night")
        ticket = a_wish(desk)
        assign(desk, [ticket], "anna")
        book(desk, ticket, Wish(at=NINE, team=TEAM))
        place.clock.now = NINE
        record_outcome(desk, ticket, Ended(LATER, at=NINE + 4 * SLOT, team="night"))
        found = call(desk, ticket)
        assert (found.team, found.agent, found.start) == ("night", None, NINE + 4 * SLOT)

    @pytest.mark.parametrize("status", [Status.SOLVED, Status.CLOSED, Status.CANCELLED])
    def test_a_ticket_that_has_ended_waits_for_nobody(self, place: Place, desk: Desk, status: Status) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        set_status(desk, [ticket], status)
        record_outcome(desk, ticket, Ended(REACHED))
        assert (row(desk, ticket).status, row(desk, ticket).waiting_for) == (status, None)

    def test_an_outcome_is_that_of_the_call_on_the_card(self, place: Place, desk: Desk, bob: Desk) -> None:
        a_calling_team(place, "anna", "bob")
        ticket = a_call(desk)
        seen = call(desk, ticket).booking_id
        record_outcome(bob, ticket, Ended(NO_ANSWER))
        for outcome in (NO_ANSWER, REACHED, LATER):
            with pytest.raises(Refused, match=r"bob has made this call: no answer\."):
                record_outcome(desk, ticket, Ended(outcome, booking_id=seen))
        assert (call(desk, ticket).attempt, call(desk, ticket).start) == (2, NINE + SLOT)
        undo(bob)
        record_outcome(desk, ticket, Ended(REACHED, booking_id=seen))
        with pytest.raises(Refused, match=r"anna has made this call: reached\."):
            record_outcome(bob, ticket, Ended(REACHED, booking_id=seen))

    @pytest.mark.parametrize("step", [lambda bob, ticket: move_booking(bob, ticket, NINE + SLOT), cancel_booking])
    def test_a_call_that_was_moved_or_given_up_meanwhile_has_no_outcome(
        self, place: Place, desk: Desk, bob: Desk, step: Callable[[Desk, int], Outcome]
    ) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        seen = call(desk, ticket).booking_id
        step(bob, ticket)
        with pytest.raises(Refused, match=r"bob has moved this call or given it up\."):
            record_outcome(desk, ticket, Ended(REACHED, booking_id=seen))

    def test_without_a_call_there_is_no_outcome(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        with pytest.raises(NotFound, match="No call is booked"):
            record_outcome(desk, a_wish(desk), Ended(REACHED))


def state(place: Place) -> dict[str, object]:
    """What is so now, without the record of how it came to be so."""
    kept = {name: rows for name, rows in everything(place.store()).items() if name not in LEAVES}
    kept.pop("ticket"), kept.pop("message")
    tickets = "SELECT number, status, waiting_for, waiting_since, assignee_id FROM ticket ORDER BY number"
    requests = "SELECT id, team_id, agent_id, number, asked, state FROM callback_request"
    return {
        **kept,
        "ticket": sql(place.store(), tickets),
        "message": sql(place.store(), "SELECT id FROM message WHERE NOT is_withdrawn ORDER BY id"),
        "request": sql(place.store(), requests),
        "booking": sql(place.store(), "SELECT id, holds, outcome FROM callback_booking WHERE holds ORDER BY id"),
        "places": {at: taken for at, (_room, taken) in places(place).items() if taken},
    }


class TestUndo:
    """Every step is one batch, which goes back as a whole while nobody has gone on with it."""

    @pytest.mark.parametrize(
        "step",
        [
            lambda desk, ticket: move_booking(desk, ticket, NINE + 2 * SLOT),
            lambda desk, ticket: cancel_booking(desk, ticket),
            *(
                lambda desk, ticket, outcome=outcome: record_outcome(desk, ticket, Ended(outcome))
                for outcome in CallOutcome
            ),
        ],
        ids=["move", "cancel", *CallOutcome],
    )
    def test_a_step_goes_back_and_forth_without_a_mail(self, place: Place, desk: Desk, step: object) -> None:
        a_calling_team(place, "anna")
        ticket = a_call(desk)
        letters(desk)
        before = state(place)
        step(desk, ticket)  # type: ignore[operator]
        after = state(place)
        assert after != before
        for _round in range(2):
            undo(desk)
            assert state(place) == before
            redo(desk)
            assert state(place) == after
        undo(desk)
        assert letters(desk) == []
        assert call(desk, ticket).start == NINE

    def test_a_booking_is_taken_back_with_its_letter(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        outcome = undo(desk)
        assert outcome.text == f"Undone: Callback for #{ticket}: Tue 2026-11-24 09:00, phones"
        assert (call(desk, ticket).state, places(place)) == (CallState.CANCELLED, {NINE: (1, 0)})
        assert letters(desk) == []
        assert sql(place.store(), "SELECT count(*) FROM draft WHERE text <> ''") == [(0,)]
        redo(desk)
        assert (call(desk, ticket).state, places(place)) == (CallState.OPEN, {NINE: (1, 1)})
        assert len(letters(desk)) == 1

    def test_where_the_letter_has_left_another_follows(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        entries = [calendar_of(mail) for mail in letters(desk)]
        undo(desk)
        entries += [calendar_of(mail) for mail in letters(desk)]
        redo(desk)
        entries += [calendar_of(mail) for mail in letters(desk)]
        assert [("METHOD:CANCEL" in entry, f"SEQUENCE:{n}" in entry) for n, entry in enumerate(entries)] == [
            (False, True), (True, True), (False, True),
        ]  # fmt: skip
        assert call(desk, ticket).start == NINE

    def test_a_move_that_was_told_is_told_back(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        move_booking(desk, ticket, NINE + SLOT)
        letters(desk)
        undo(desk)
        (mail,) = letters(desk)
        assert "DTSTART:20261124T080000Z" in calendar_of(mail)
        assert "SEQUENCE:2" in calendar_of(mail)
        assert "hat eine neue Zeit" in mail.text

    def test_nobody_is_told_of_a_time_that_is_past(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        letters(desk)
        place.clock.now = NINE + SLOT
        record_outcome(desk, ticket, Ended(NO_ANSWER))
        letters(desk)
        undo(desk)
        (mail,) = letters(desk)  # the later call that was announced will not take place
        assert ["METHOD:CANCEL" in calendar_of(mail), "DTSTART:20261124T084500Z" in calendar_of(mail)] == [True, True]
        place.clock.now += 4 * SLOT
        redo(desk)
        assert letters(desk) == []

    def test_a_letter_in_doubt_counts_as_sent(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        a_call(desk)
        letters(desk, OutboxState.UNSURE)
        undo(desk)
        assert ["METHOD:CANCEL" in calendar_of(mail) for mail in letters(desk)] == [True]

    def test_a_place_that_is_somebody_elses_by_now_is_not_taken_back(self, place: Place, desk: Desk, bob: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        cancel_booking(desk, ticket)
        other = a_call(bob)
        before = everything(place.store())
        with pytest.raises(Refused, match=r"Tue 2026-11-24 09:00 is somebody else's by now\."):
            undo(desk)
        assert everything(place.store()) == before
        assert (call(desk, ticket).state, call(bob, other).start) == (CallState.CANCELLED, NINE)
        cancel_booking(bob, other)
        undo(desk)
        assert call(desk, ticket).start == NINE

    def test_what_somebody_went_on_with_is_left_alone(self, place: Place, desk: Desk, bob: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        move_booking(bob, ticket, NINE + SLOT)
        assert undo(desk).text.startswith(f"left alone: the callback of #{ticket} (it was changed since)")
        assert call(desk, ticket).start == NINE + SLOT

    def test_what_a_colleague_took_back_is_not_done_again(self, place: Place, desk: Desk, bob: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        move_booking(bob, ticket, NINE + SLOT)
        undo(bob)
        undo(desk)
        assert redo(bob).text.startswith(f"left alone: the callback of #{ticket} (it was changed since)")
        assert (call(desk, ticket).state, call(desk, ticket).start) == (CallState.CANCELLED, None)

    def test_of_two_wishes_on_a_ticket_one_is_done_again(self, place: Place, desk: Desk, bob: Desk) -> None:
        a_calling_team(place)
        ticket = a_wish(desk)
        for colleague, at in ((desk, NINE), (bob, NINE + SLOT)):
            book(colleague, ticket, Wish(at=at))
            undo(colleague)
        redo(desk)
        assert redo(bob).text.startswith("left alone")
        assert places(place) == {NINE: (1, 1), NINE + SLOT: (1, 0)}

    def test_a_call_that_was_handed_over_stays_with_whoever_has_it(self, place: Place, desk: Desk) -> None:
        root = a_calling_team(place, "anna", "bob")
        ticket = a_wish(desk)
        assign(desk, [ticket], "anna")
        book(desk, ticket, Wish(at=NINE))
        move_booking(desk, ticket, NINE + SLOT)
        here = row(desk, ticket)
        seen = Standing(id=here.id, number=ticket, assignee="anna", queue=here.queue, status=here.status)
        hand_over(root, "anna", {"bob": [seen]})
        assert undo(desk).text.startswith("left alone")
        assert (call(desk, ticket).agent, call(desk, ticket).start) == ("bob", NINE + SLOT)

    def test_a_status_somebody_set_since_stays(self, place: Place, desk: Desk, bob: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        record_outcome(desk, ticket, Ended(REACHED))
        set_status(bob, [ticket], Status.SOLVED)
        undo(desk)
        assert row(desk, ticket).status is Status.SOLVED
        assert call(desk, ticket).start == NINE

    def test_every_step_is_in_the_log(self, place: Place, desk: Desk) -> None:
        a_calling_team(place)
        ticket = a_call(desk)
        move_booking(desk, ticket, NINE + SLOT)
        record_outcome(desk, ticket, Ended(NO_ANSWER))
        record_outcome(desk, ticket, Ended(REACHED))
        undo(desk)
        verbs = [event.verb for event in history(desk, ticket)]
        assert verbs == ["receive", "callback", "callback", "call", "call", "undo"]
        assert last_changes(desk, ticket)["callback"][1]["outcome"] == "no_answer"
        assert last_changes(desk, ticket)["callback"][1]["team"] == TEAM
        assert BERLIN.zone == last_changes(desk, ticket)["callback"][1]["team_zone"]
