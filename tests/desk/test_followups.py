"""What happens later: reminders, snoozing, closing by itself, and what solved a ticket."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk_tui.desk import settings
from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.due import run_due
from helpdesk_tui.desk.followups import remind, snooze
from helpdesk_tui.desk.history import redo, undo
from helpdesk_tui.desk.queue_work import QueueWork
from helpdesk_tui.desk.sending import Sending
from helpdesk_tui.desk.tickets import set_status, solve
from helpdesk_tui.errors import Refused, Usage
from helpdesk_tui.store.queries.notices import my_notices
from helpdesk_tui.terms import NoticeKind, Party, ResolutionRule, Status
from tests.build import FrozenClock, a_ticket, an_incoming, filed, history, listed, row, thread

#: The opening of the second working day after that of the tests: Wednesday 9:00 in Berlin.
WEDNESDAY = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


@pytest.fixture
def number(desk: Desk) -> int:
    return filed(desk, an_incoming()).ticket or 0


class TestReminders:
    def test_it_comes_back_at_the_opening_of_that_working_day(
        self, desk: Desk, system: Desk, clock: FrozenClock, number: int
    ) -> None:
        reply(desk, number, "Which printer?", sending=Sending(remind_in=2))
        assert row(desk, number).status is Status.WAITING_CUSTOMER
        clock.now = WEDNESDAY - timedelta(minutes=1)
        assert run_due(system, clock()) == 0
        clock.now = WEDNESDAY
        assert run_due(system, clock()) == 1
        found = row(desk, number)
        assert (found.status, found.waiting_for) == (Status.OPEN, Party.US)
        assert history(desk, number)[-1].changes["reminder"] == ["2026-11-25T08:00:00.000000Z", None]
        assert [one.kind for one in desk.ask(my_notices, desk.actor)] == [NoticeKind.REMINDER]

    def test_their_answer_ends_it(self, desk: Desk, system: Desk, clock: FrozenClock, number: int) -> None:
        reply(desk, number, "Which printer?", sending=Sending(remind_in=2))
        ours = thread(desk, number)[-1].message_id
        filed(desk, an_incoming(text="The blue one.", in_reply_to=(ours,)))
        set_status(desk, [number], Status.WAITING_CUSTOMER)
        clock.now = WEDNESDAY
        assert run_due(system, clock()) == 0
        assert row(desk, number).status is Status.WAITING_CUSTOMER

    def test_one_undo_takes_back_answer_status_and_reminder(
        self, desk: Desk, system: Desk, clock: FrozenClock, number: int
    ) -> None:
        reply(desk, number, "Which printer?", sending=Sending(remind_in=2, leaves_at=clock.now + timedelta(seconds=10)))
        undo(desk)
        assert row(desk, number).status is Status.NEW
        clock.now = WEDNESDAY
        assert run_due(system, clock()) == 0
        clock.now = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
        redo(desk)
        clock.now = WEDNESDAY
        assert run_due(system, clock()) == 1

    def test_asking_again_about_what_is_solved(self, desk: Desk, system: Desk, clock: FrozenClock, number: int) -> None:
        reply(desk, number, "Does it print now?", then=Status.SOLVED, sending=Sending(remind_in=2))
        clock.now = WEDNESDAY
        run_due(system, clock())
        assert row(desk, number).status is Status.OPEN

    def test_what_a_colleague_solved_since_stays_solved(
        self, desk: Desk, bob: Desk, system: Desk, clock: FrozenClock, number: int
    ) -> None:
        reply(desk, number, "Which printer?", sending=Sending(remind_in=2))
        clock.advance(hours=1)
        solve(bob, [number])
        clock.now = WEDNESDAY
        run_due(system, clock())
        assert row(desk, number).status is Status.SOLVED
        assert desk.ask(my_notices, desk.actor) == []

    def test_a_second_one_takes_the_place_of_the_first(
        self, desk: Desk, system: Desk, clock: FrozenClock, number: int
    ) -> None:
        remind(desk, number, 1)
        remind(desk, number, 2)
        clock.now = WEDNESDAY
        assert run_due(system, clock()) == 1

    @pytest.mark.parametrize("days", [0, -1, 251])
    def test_a_number_of_days_that_is_none(self, desk: Desk, number: int, days: int) -> None:
        with pytest.raises(Usage, match="working days"):
            remind(desk, number, days)


class TestSnoozing:
    def test_until_a_time(self, desk: Desk, system: Desk, clock: FrozenClock, number: int) -> None:
        until = clock.now + timedelta(hours=4)
        snooze(desk, [number], until)
        assert (row(desk, number).status, row(desk, number).snoozed_until) == (Status.SNOOZED, until)
        clock.now = until
        run_due(system, clock())
        assert (row(desk, number).status, row(desk, number).snoozed_until) == (Status.OPEN, None)

    def test_until_they_answer(self, desk: Desk, number: int) -> None:
        reply(desk, number, "Which printer?")
        ours = thread(desk, number)[-1].message_id
        snooze(desk, [number], None)
        assert row(desk, number).waiting_for is Party.THEM
        filed(desk, an_incoming(text="The blue one.", in_reply_to=(ours,)))
        assert row(desk, number).status is Status.OPEN

    def test_an_answer_comes_before_the_time(self, desk: Desk, system: Desk, clock: FrozenClock, number: int) -> None:
        reply(desk, number, "Which printer?")
        ours = thread(desk, number)[-1].message_id
        until = clock.now + timedelta(hours=4)
        snooze(desk, [number], until)
        filed(desk, an_incoming(text="The blue one.", in_reply_to=(ours,)))
        set_status(desk, [number], Status.WAITING_OTHER)
        clock.now = until
        run_due(system, clock())
        assert row(desk, number).status is Status.WAITING_OTHER

    def test_undo_brings_it_back_and_redo_puts_it_away_again(
        self, desk: Desk, system: Desk, clock: FrozenClock, number: int
    ) -> None:
        until = clock.now + timedelta(hours=4)
        snooze(desk, [number], until)
        undo(desk)
        assert (row(desk, number).status, row(desk, number).snoozed_until) == (Status.NEW, None)
        redo(desk)
        clock.now = until
        run_due(system, clock())
        assert row(desk, number).status is Status.OPEN

    def test_a_time_that_has_passed(self, desk: Desk, clock: FrozenClock, number: int) -> None:
        with pytest.raises(Usage, match="passed"):
            snooze(desk, [number], clock.now)


class TestSolved:
    def test_it_closes_by_itself_after_the_queues_working_days(
        self, desk: Desk, admin: Desk, system: Desk, clock: FrozenClock, number: int
    ) -> None:
        settings.set_queue(admin, "support", work=QueueWork(closes_after=2))
        solve(desk, [number], "New toner")
        clock.now = WEDNESDAY - timedelta(minutes=1)
        run_due(system, clock())
        assert row(desk, number).status is Status.SOLVED
        clock.now = WEDNESDAY
        run_due(system, clock())
        assert row(desk, number).status is Status.CLOSED

    @pytest.mark.parametrize("then", [None, Status.SOLVED])
    def test_a_last_word_to_what_is_solved_does_not_keep_it_open(
        self, desk: Desk, system: Desk, clock: FrozenClock, number: int, then: Status | None
    ) -> None:
        solve(desk, [number])
        clock.advance(hours=1)
        reply(desk, number, "Schöne Grüße noch.", then=then)
        assert row(desk, number).waiting_for is None
        clock.advance(days=30)
        run_due(system, clock())
        assert row(desk, number).status is Status.CLOSED

    def test_or_never(self, desk: Desk, admin: Desk, system: Desk, clock: FrozenClock, number: int) -> None:
        settings.set_queue(admin, "support", work=QueueWork(closes_after=0))
        solve(desk, [number])
        clock.advance(days=400)
        assert run_due(system, clock()) == 0

    def test_what_was_opened_and_solved_again_closes_by_the_later_day(
        self, desk: Desk, admin: Desk, system: Desk, clock: FrozenClock, number: int
    ) -> None:
        settings.set_queue(admin, "support", work=QueueWork(closes_after=2))
        solve(desk, [number])
        clock.advance(hours=26)
        set_status(desk, [number], Status.OPEN)
        solve(desk, [number])
        clock.now = WEDNESDAY
        run_due(system, clock())
        assert row(desk, number).status is Status.SOLVED
        clock.advance(days=1)
        run_due(system, clock())
        assert row(desk, number).status is Status.CLOSED

    def test_the_resolution_is_kept_and_found(self, desk: Desk, number: int) -> None:
        solve(desk, [number], "Swapped the fuser\x1b[31m unit")
        assert row(desk, number).resolution == "Swapped the fuser unit"
        assert listed(desk, "fuser is:any") == [number]
        undo(desk)
        assert row(desk, number).resolution is None
        assert listed(desk, "fuser is:any") == []

    def test_a_queue_may_want_one(self, desk: Desk, admin: Desk, number: int) -> None:
        settings.set_queue(admin, "support", work=QueueWork(resolution_rule=ResolutionRule.REQUIRED))
        for attempt in (
            lambda: solve(desk, [number]),
            lambda: set_status(desk, [number], Status.SOLVED),
            lambda: reply(desk, number, "Done.", then=Status.SOLVED),
        ):
            with pytest.raises(Refused, match="what solved"):
                attempt()
        assert [one.kind for one in thread(desk, number)] == ["inbound"]
        reply(desk, number, "Done.", then=Status.SOLVED, sending=Sending(resolution="New toner"))
        assert (row(desk, number).status, row(desk, number).resolution) == (Status.SOLVED, "New toner")

    def test_one_that_stands_there_is_enough(self, desk: Desk, admin: Desk, number: int) -> None:
        settings.set_queue(admin, "support", work=QueueWork(resolution_rule=ResolutionRule.REQUIRED))
        solve(desk, [number], "New toner")
        set_status(desk, [number], Status.OPEN)
        solve(desk, [number])
        assert row(desk, number).resolution == "New toner"


class TestThanks:
    @pytest.fixture
    def solved(self, desk: Desk, number: int) -> str:
        """The Message-ID of the answer that solved it."""
        reply(desk, number, "New toner.", then=Status.SOLVED)
        return thread(desk, number)[-1].message_id

    def test_a_mere_thank_you_is_shown_and_opens_nothing(self, desk: Desk, number: int, solved: str) -> None:
        filed(desk, an_incoming(text="Vielen Dank!\n\nMira Kern", in_reply_to=(solved,)))
        assert (row(desk, number).status, len(thread(desk, number))) == (Status.SOLVED, 3)
        assert "thanks" in history(desk, number)[-1].changes

    @pytest.mark.parametrize("text", ["Danke, aber es geht noch nicht.", "It is broken again."])
    def test_whoever_says_more_opens_it(self, desk: Desk, number: int, solved: str, text: str) -> None:
        filed(desk, an_incoming(text=text, in_reply_to=(solved,)))
        assert row(desk, number).status is Status.OPEN

    def test_thanks_for_an_answer_while_we_still_work_on_it_counts_as_an_answer(self, desk: Desk, number: int) -> None:
        reply(desk, number, "We look into it.")
        ours = thread(desk, number)[-1].message_id
        filed(desk, an_incoming(text="Danke!", in_reply_to=(ours,)))
        assert row(desk, number).status is Status.OPEN


def test_all_of_it_waits_for_the_office(desk: Desk, system: Desk, clock: FrozenClock) -> None:
    number = a_ticket(desk)
    clock.now = datetime(2026, 11, 27, 20, 0, tzinfo=UTC)  # a Friday evening
    remind(desk, number, 1)
    clock.now = datetime(2026, 11, 29, 20, 0, tzinfo=UTC)
    assert run_due(system, clock()) == 0
    clock.now = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
    assert run_due(system, clock()) == 1
