"""Undo and redo where others have gone on since: what they did stands, nobody's message is lost, and it is said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpdesk_tui.desk import settings
from helpdesk_tui.desk.answering import previews, reply_each
from helpdesk_tui.desk.conversation import note, reply
from helpdesk_tui.desk.delivery import claim, conclude
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.drafts import save_draft
from helpdesk_tui.desk.due import run_due
from helpdesk_tui.desk.followups import remind, snooze
from helpdesk_tui.desk.free_slots import Writer
from helpdesk_tui.desk.history import redo, undo
from helpdesk_tui.desk.merging import merge
from helpdesk_tui.desk.parting import split, unmerge
from helpdesk_tui.desk.queue_work import QueueWork
from helpdesk_tui.desk.relations import children, link, unlink
from helpdesk_tui.desk.sending import Sending
from helpdesk_tui.desk.tickets import move, set_status, solve, tag
from helpdesk_tui.desk.watching import unwatch, watch
from helpdesk_tui.errors import CannotUndo, Refused
from helpdesk_tui.store.queries.notices import my_notices, watchers
from helpdesk_tui.terms import LinkKind, NoticeKind, OutboxState, Party, Status
from tests.build import (
    STRANGER,
    FrozenClock,
    Place,
    a_ticket,
    an_incoming,
    filed,
    history,
    letter_bytes,
    row,
    texts_on,
    thread,
)
from tests.store.secrets import set_up_hr

FIRST, SECOND = "The printer is on fire.", "And my invoice?"


@pytest.fixture
def number(desk: Desk) -> int:
    return filed(desk, an_incoming()).ticket or 0


@pytest.fixture
def other(desk: Desk) -> int:
    return a_ticket(desk, "Other", person=STRANGER)


@pytest.fixture
def third(desk: Desk) -> int:
    return a_ticket(desk, "Third", person=STRANGER)


def texts(desk: Desk, number: int) -> list[str]:
    return [one.text for one in thread(desk, number)]


def notices(desk: Desk) -> list[NoticeKind]:
    return [one.kind for one in desk.ask(my_notices, desk.actor)]


def answered(desk: Desk, number: int, text: str = SECOND) -> int:
    """The customer answers a question of ours; the id of what they wrote."""
    reply(desk, number, "Which printer?")
    ours = thread(desk, number)[-1].message_id
    filed(desk, an_incoming(subject="Re: invoice", text=text, message_id="inv@customer.example", in_reply_to=(ours,)))
    return thread(desk, number)[-1].id


class TestMerges:
    def test_one_that_went_on_into_a_third_comes_back_from_there(
        self, desk: Desk, bob: Desk, number: int, other: int, third: int
    ) -> None:
        merge(desk, number, other)
        merge(bob, other, third)
        undo(desk)
        assert texts(desk, number) == [FIRST]
        assert FIRST not in texts(desk, third)

    def test_nothing_goes_into_what_is_part_of_another_since(
        self, desk: Desk, bob: Desk, number: int, other: int, third: int
    ) -> None:
        merge(desk, number, other)
        undo(desk)
        merge(bob, other, third)
        redo(desk)
        assert FIRST not in texts(desk, other), "nobody would look there"
        assert FIRST in texts(desk, third)

    def test_an_unmerge_that_is_undone_goes_where_the_rest_lies_by_now(
        self, desk: Desk, bob: Desk, number: int, other: int, third: int
    ) -> None:
        merge(bob, number, other)
        unmerge(desk, number)
        merge(bob, other, third)
        undo(desk)
        assert FIRST in texts(desk, third)

    def test_nothing_goes_into_what_has_ended(self, desk: Desk, bob: Desk, number: int, other: int) -> None:
        merge(desk, number, other)
        undo(desk)
        set_status(bob, [other], Status.CLOSED)
        with pytest.raises(Refused, match="has ended"):
            redo(desk)
        assert texts(desk, number) == [FIRST]

    def test_what_was_taken_apart_and_merged_again_since_is_left_alone(
        self, desk: Desk, bob: Desk, number: int, other: int
    ) -> None:
        merge(desk, number, other)
        unmerge(bob, number)
        merge(bob, number, other)
        assert "merged or taken apart since" in undo(desk).text
        assert (row(desk, number).merged_into, texts(desk, number)) == (other, [])

    def test_what_went_out_of_sight_is_not_left_without_a_word_on_it(self, place: Place) -> None:
        set_up_hr(place)
        anna, bob = place.desk("anna"), place.desk("bob")
        number = filed(anna, an_incoming()).ticket or 0
        other = a_ticket(bob, "Other", person=STRANGER)
        merge(bob, number, other)
        move(anna, [other], "hr")
        with pytest.raises(Refused, match="a queue you do not belong to"):
            undo(bob)
        assert row(anna, number).status is Status.CLOSED
        assert FIRST in texts(anna, other)
        with pytest.raises(Refused, match="part of a ticket in a queue you do not belong to"):
            unmerge(bob, number)

    def test_what_the_customer_wrote_meanwhile_is_ours_to_answer(self, desk: Desk, number: int, other: int) -> None:
        reply(desk, number, "Which printer?")
        ours = thread(desk, number)[-1].message_id
        merge(desk, number, other)
        filed(desk, an_incoming(text="The blue one!", in_reply_to=(ours,), references=(ours,)))
        undo(desk)
        assert texts(desk, number)[-1] == "The blue one!"
        assert (row(desk, number).status, row(desk, number).waiting_for) == (Status.OPEN, Party.US)

    def test_texts_begun_on_both_hinder_nobody(self, desk: Desk, bob: Desk, number: int, other: int) -> None:
        ids = row(desk, number).id, row(desk, other).id
        save_draft(desk, ids[0], "reply", "half a", {})
        merge(bob, number, other)
        save_draft(desk, ids[0], "reply", "half a sentence", {})  # her composer was open all the time
        unmerge(bob, number)
        assert (texts_on(desk, ids[0]), texts_on(desk, ids[1])) == ({"anna": "half a sentence"}, {"anna": "half a"})
        undo(bob)
        assert sorted([*texts_on(desk, ids[0]).values(), *texts_on(desk, ids[1]).values()]) == [
            "half a",
            "half a sentence",
        ]

    def test_an_emptied_draft_there_keeps_none_from_going_along(
        self, desk: Desk, bob: Desk, number: int, other: int
    ) -> None:
        save_draft(desk, row(desk, other).id, "reply", "", {})
        save_draft(desk, row(desk, number).id, "reply", "half a", {})
        merge(bob, number, other)
        assert texts_on(desk, row(desk, other).id) == {"anna": "half a"}
        undo(bob)
        assert texts_on(desk, row(desk, number).id) == {"anna": "half a"}

    def test_reminders_and_watchers_count_for_the_whole(
        self, desk: Desk, bob: Desk, system: Desk, clock: FrozenClock, number: int, other: int
    ) -> None:
        remind(desk, number, 1)
        watch(bob, [number])
        merge(desk, number, other)
        reply(desk, other, "News.", to=[STRANGER])
        assert notices(bob) == [NoticeKind.WATCHED]
        clock.advance(days=5)
        run_due(system, clock())
        assert notices(desk) == [NoticeKind.REMINDER]

    def test_a_reminder_is_that_of_its_ticket_again_once_that_is_none_of_another(
        self, desk: Desk, system: Desk, clock: FrozenClock, number: int, other: int
    ) -> None:
        remind(desk, number, 1)
        merge(desk, number, other)
        unmerge(desk, number)
        clock.advance(days=5)
        run_due(system, clock())
        assert [one.ticket_id for one in desk.ask(my_notices, desk.actor)] == [row(desk, number).id]


class TestOnWhatIsPartOfAnother:
    @pytest.mark.parametrize(
        "act",
        [
            lambda desk, number: reply(desk, number, "My answer."),
            lambda desk, number: set_status(desk, [number], Status.OPEN),
            lambda desk, number: remind(desk, number, 1),
        ],
    )
    def test_nothing_is_done_where_nobody_looks(self, desk: Desk, number: int, other: int, act: object) -> None:
        merge(desk, number, other)
        with pytest.raises(Refused, match=f"#{number} is part of #{other} now"):
            act(desk, number)  # type: ignore[operator]
        assert (row(desk, number).status, texts(desk, number)) == (Status.CLOSED, [])


class TestSplits:
    def split_off(self, desk: Desk, number: int) -> int:
        """The number of the ticket that the customer's second message becomes."""
        message = answered(desk, number)
        return next(one for one in split(desk, message).tickets if one != number)

    def test_work_on_the_new_ticket_stays_with_its_message(self, desk: Desk, bob: Desk, number: int) -> None:
        new = self.split_off(desk, number)
        reply(bob, new, "Here is your invoice.")
        with pytest.raises(Refused, match="has begun"):
            undo(desk)
        assert texts(desk, new) == [SECOND, "Here is your invoice."]

    def test_so_does_what_the_customer_wrote_there(self, desk: Desk, number: int) -> None:
        new = self.split_off(desk, number)
        filed(desk, an_incoming(subject="Re: invoice", text="Overdue!", in_reply_to=("inv@customer.example",)))
        assert texts(desk, new) == [SECOND, "Overdue!"]
        with pytest.raises(Refused, match="has begun"):
            undo(desk)

    def test_nothing_is_pulled_out_of_a_third_ticket(self, desk: Desk, bob: Desk, number: int, third: int) -> None:
        new = self.split_off(desk, number)
        merge(bob, new, third)
        with pytest.raises(Refused, match="lies elsewhere by now"):
            undo(desk)
        assert SECOND in texts(desk, third)

    def test_nor_out_of_one_that_is_hidden(self, place: Place) -> None:
        set_up_hr(place)
        anna, bob = place.desk("anna"), place.desk("bob")
        number = filed(anna, an_incoming()).ticket or 0
        hidden = a_ticket(anna, "Pay", person=STRANGER, queue="hr")
        new = self.split_off(bob, number)
        merge(anna, new, hidden)
        with pytest.raises(Refused):
            undo(bob)
        assert SECOND in texts(anna, hidden)

    def test_nothing_comes_back_to_what_is_part_of_another(
        self, desk: Desk, bob: Desk, number: int, third: int
    ) -> None:
        new = self.split_off(desk, number)
        merge(bob, number, third)
        with pytest.raises(Refused, match="lies elsewhere by now"):
            undo(desk)
        assert (texts(desk, number), texts(desk, new)) == ([], [SECOND])


class TestLinks:
    def test_one_of_another_kind_since_stands(self, desk: Desk, bob: Desk, number: int, other: int) -> None:
        link(desk, number, other)
        unlink(bob, number, other)
        link(bob, number, other, LinkKind.PARENT)
        assert "was linked otherwise since" in undo(desk).text
        assert desk.ask(children, row(desk, other).id) == [number]

    def test_nobody_gets_a_second_parent(self, desk: Desk, bob: Desk, number: int, other: int, third: int) -> None:
        link(bob, number, other, LinkKind.PARENT)
        unlink(desk, number, other)
        link(bob, number, third, LinkKind.PARENT)
        assert "left alone" in undo(desk).text
        assert desk.ask(children, row(desk, other).id) == []

    def test_redo_neither(self, desk: Desk, bob: Desk, number: int, other: int, third: int) -> None:
        link(desk, number, other, LinkKind.PARENT)
        undo(desk)
        link(bob, number, third, LinkKind.PARENT)
        assert "left alone" in redo(desk).text
        assert desk.ask(children, row(desk, other).id) == []

    def test_nor_becomes_its_own(self, desk: Desk, bob: Desk, number: int, other: int) -> None:
        link(bob, number, other, LinkKind.PARENT)
        unlink(desk, number, other)
        link(bob, other, number, LinkKind.PARENT)
        assert "left alone" in undo(desk).text
        assert desk.ask(children, row(desk, other).id) == []


class TestReminders:
    def test_a_colleagues_later_one_stands(
        self, desk: Desk, bob: Desk, system: Desk, clock: FrozenClock, number: int
    ) -> None:
        remind(desk, number, 1)
        remind(bob, number, 3)
        assert "another one was set since" in undo(desk).text
        clock.advance(days=10)
        run_due(system, clock())
        assert (notices(bob), notices(desk)) == ([NoticeKind.REMINDER], [])

    def test_a_colleagues_earlier_one_is_theirs_again(
        self, desk: Desk, bob: Desk, system: Desk, clock: FrozenClock, number: int
    ) -> None:
        remind(bob, number, 3)
        remind(desk, number, 1)
        undo(desk)
        clock.advance(days=10)
        run_due(system, clock())
        assert (notices(bob), notices(desk)) == ([NoticeKind.REMINDER], [])


class TestWhatEndsByItself:
    """A timer that came while the ticket stood elsewhere comes again once it stands there again."""

    def test_a_snooze(self, desk: Desk, bob: Desk, system: Desk, clock: FrozenClock, number: int) -> None:
        snooze(bob, [number], clock.now + timedelta(hours=4))
        set_status(desk, [number], Status.OPEN)
        clock.advance(hours=5)
        run_due(system, clock())
        undo(desk)
        assert row(desk, number).status is Status.SNOOZED
        run_due(system, clock())
        assert row(desk, number).status is Status.OPEN

    def test_a_snooze_that_is_done_again(self, desk: Desk, system: Desk, clock: FrozenClock, number: int) -> None:
        snooze(desk, [number], clock.now + timedelta(hours=4))
        undo(desk)
        redo(desk)
        clock.advance(hours=3)
        run_due(system, clock())
        assert row(desk, number).status is Status.SNOOZED, "not before its time"
        undo(desk)
        clock.advance(hours=2)
        run_due(system, clock())
        redo(desk)
        run_due(system, clock())
        assert row(desk, number).status is Status.OPEN

    def test_what_is_solved(
        self, desk: Desk, admin: Desk, bob: Desk, system: Desk, clock: FrozenClock, number: int
    ) -> None:
        settings.set_queue(admin, "support", work=QueueWork(closes_after=2))
        solve(bob, [number])
        clock.advance(hours=1)
        set_status(desk, [number], Status.OPEN)
        clock.advance(days=5)
        run_due(system, clock())
        undo(desk)
        assert row(desk, number).status is Status.SOLVED
        run_due(system, clock())
        assert row(desk, number).status is Status.CLOSED


class TestWhatHangsOnAPart:
    """A reminder and a watcher stay on the ticket they were set on, and count for the one it is part of."""

    def test_a_reminder_that_is_taken_back_is(
        self, desk: Desk, bob: Desk, system: Desk, clock: FrozenClock, number: int, other: int
    ) -> None:
        remind(desk, number, 1)
        merge(bob, number, other)
        undo(desk)
        clock.advance(days=5)
        run_due(system, clock())
        assert notices(desk) == []

    def test_both_are_reminded(
        self, desk: Desk, bob: Desk, system: Desk, clock: FrozenClock, number: int, other: int
    ) -> None:
        remind(desk, number, 1)
        remind(bob, other, 2)
        merge(bob, number, other)
        set_status(bob, [other], Status.WAITING_CUSTOMER)
        clock.advance(days=5)
        run_due(system, clock())
        assert (notices(desk), notices(bob)) == ([NoticeKind.REMINDER], [NoticeKind.REMINDER])
        assert [one.ticket_id for one in desk.ask(my_notices, desk.actor)] == [row(desk, other).id]
        assert row(desk, other).status is Status.OPEN

    def test_who_watches_it_no_more_hears_nothing(
        self, desk: Desk, bob: Desk, number: int, other: int, third: int
    ) -> None:
        watch(bob, [number])
        merge(desk, number, other)
        merge(desk, other, third)
        assert bob.ask(watchers, row(bob, third).id) == ["bob"]
        unwatch(bob, [third])
        reply(desk, third, "News.", to=[STRANGER])
        assert notices(bob) == []


def test_a_merge_that_is_left_alone_is_not_said_to_be_gone(
    desk: Desk, bob: Desk, system: Desk, clock: FrozenClock, number: int, other: int
) -> None:
    tomorrow = Sending(leaves_at=clock.now + timedelta(days=1), is_timed=True)
    reply(desk, other, "We come on Monday.", to=[STRANGER], sending=tomorrow)
    merge(desk, number, other)
    unmerge(bob, number)
    merge(bob, number, other)
    undo(desk)
    assert history(desk, other)[-1].changes.get("merged") != [number, None]
    clock.advance(days=2)
    assert claim(system, letter_bytes) is None, "its writer has not read what bob merged into it"


def test_who_merges_has_read_it(desk: Desk, system: Desk, clock: FrozenClock, number: int, other: int) -> None:
    tomorrow = Sending(leaves_at=clock.now + timedelta(days=1), is_timed=True)
    reply(desk, other, "We come on Monday.", to=[STRANGER], sending=tomorrow)
    merge(desk, number, other)
    clock.advance(days=2)
    assert claim(system, letter_bytes)


def test_a_part_among_several_is_left_out_and_named(desk: Desk, bob: Desk, number: int, other: int, third: int) -> None:
    merge(bob, number, other)
    said = tag(desk, [number, other, third], add=["sepa"]).text
    assert f"left alone: #{number}, part of another ticket" in said
    assert [list(row(desk, one).tags) for one in (number, other, third)] == [[], ["sepa"], ["sepa"]]
    writer = Writer(desk.actor, desk.settings, desk.clock())
    shown = desk.ask(previews, [number, third], "Hello \n", writer)
    assert [one.refusal for one in shown] == ["it is part of another ticket", ""]
    able = [one for one in shown if not one.refusal]
    reply_each(desk, [one.number for one in able], "Hello \n", shown=able)
    assert texts(desk, third)[-1] == "Hello"


def test_a_split_that_was_sent_meanwhile_comes_back(desk: Desk, system: Desk, number: int) -> None:
    reply(desk, number, "Which printer?")
    message = thread(desk, number)[-1].id
    split(desk, message)
    mail = claim(system, letter_bytes)
    assert mail
    conclude(system, mail.outbox_id, OutboxState.SENT)
    undo(desk)
    assert texts(desk, number)[-1] == "Which printer?"


def test_a_note_out_of_sight_is_stepped_over(place: Place) -> None:
    set_up_hr(place)
    anna, bob = place.desk("anna"), place.desk("bob")
    first, number = a_ticket(bob, "First"), filed(anna, an_incoming()).ticket or 0
    tag(bob, [first], add=["x"])
    note(bob, number, "looking")
    merge(anna, number, a_ticket(anna, "Pay", person=STRANGER, queue="hr"))
    with pytest.raises(CannotUndo) as refused:
        undo(bob)
    undo(bob, but={refused.value.batch})
    assert list(row(bob, first).tags) == []
