"""Undo and redo: they read the log, restore what nobody changed since, and are events themselves."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from helpdesk_tui.desk import assignment, conversation, delivery, tickets
from helpdesk_tui.desk.conversation import note, reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.drafts import save_draft
from helpdesk_tui.desk.due import run_due
from helpdesk_tui.desk.history import redo, undo
from helpdesk_tui.desk.settings import add_category
from helpdesk_tui.desk.tickets import Fields, set_fields, set_priority, set_status
from helpdesk_tui.errors import NotFound, Refused
from helpdesk_tui.store.queries.mail import outbox
from helpdesk_tui.store.queries.thread import drafts
from helpdesk_tui.terms import Channel, OutboxState, Priority, Status
from tests.build import (
    FrozenClock,
    Place,
    a_ticket,
    an_incoming,
    everything,
    filed,
    history,
    letter_bytes,
    listed,
    row,
    sql,
    thread,
)

Verb = Callable[[Desk, int], Any]

VERBS: list[Verb] = [
    lambda d, n: assignment.take(d, [n]),
    lambda d, n: tickets.set_status(d, [n], Status.CLOSED),
    lambda d, n: tickets.set_status(d, [n], Status.WAITING_CUSTOMER),
    lambda d, n: tickets.set_priority(d, [n], Priority.URGENT),
    lambda d, n: tickets.set_category(d, [n], "billing"),
    lambda d, n: tickets.move(d, [n], "billing"),
    lambda d, n: tickets.tag(d, [n], ["vpn"], ["old"]),
    lambda d, n: tickets.set_fields(d, [n], Fields(due=d.clock(), summary="x", status=Status.SOLVED)),
    lambda d, n: conversation.reply(d, n, "Hello"),
    lambda d, n: conversation.note(d, n, "Hello"),
]


def texts_taken_back(number: int) -> list[str]:
    """What is said of a text that was taken back."""
    return [f"Undone: {kind} on #{number}; its text is a draft again" for kind in ("reply", "note")]


@pytest.fixture
def number(desk: Desk) -> int:
    """A ticket that came by mail, with a tag."""
    number = filed(desk, an_incoming()).ticket or 0
    tickets.tag(desk, [number], ["old"])
    return number


def state(desk: Desk, number: int) -> Any:
    """All that is shown of a ticket, apart from when and how often it changed."""
    shown = replace(row(desk, number), updated_at=desk.clock(), version=0, writers=())
    return shown, thread(desk, number), [entry.message_id for entry in desk.ask(outbox)]


@pytest.mark.parametrize("verb", VERBS)
def test_undo_and_redo_of_every_verb(desk: Desk, number: int, clock: FrozenClock, verb: Verb) -> None:
    before = state(desk, number)
    clock.advance(minutes=1)
    done = verb(desk, number)
    after = state(desk, number)
    assert before != after
    for _ in range(2):
        clock.advance(minutes=1)
        assert undo(desk).text in (f"Undone: {done.text}", *texts_taken_back(number))
        assert state(desk, number)[1:] == before[1:]
        assert replace(state(desk, number)[0], updated_at=before[0].updated_at) == before[0]
        clock.advance(minutes=1)
        assert redo(desk).text == f"Done again: {done.text}"
        assert replace(state(desk, number)[0], updated_at=after[0].updated_at) == after[0]
        assert state(desk, number)[1:] == after[1:]


def test_undo_is_an_event_and_takes_nothing_out_of_the_log(desk: Desk, number: int) -> None:
    set_priority(desk, [number], Priority.HIGH)
    before = history(desk, number)
    undo(desk)
    redo(desk)
    assert history(desk, number)[: len(before)] == before
    said = [(event.verb, event.changes) for event in history(desk, number)[len(before) :]]
    assert said == [("undo", {"priority": ["high", "normal"]}), ("redo", {"priority": ["normal", "high"]})]
    assert row(desk, number).version == len(history(desk, number))


def test_undo_goes_back_step_by_step_and_redo_forward(desk: Desk, number: int) -> None:
    for priority in (Priority.HIGH, Priority.URGENT, Priority.LOW):
        set_priority(desk, [number], priority)
    seen = []
    for step in (undo, undo, undo, redo, redo, redo, undo, redo):
        step(desk)
        seen.append(str(row(desk, number).priority))
    assert seen == ["urgent", "high", "normal", "high", "urgent", "low", "urgent", "low"]
    with pytest.raises(NotFound, match="nothing to redo"):
        redo(desk)


def test_redo_ends_with_the_next_thing_one_does(desk: Desk, number: int, clock: FrozenClock) -> None:
    set_priority(desk, [number], Priority.HIGH)
    undo(desk)
    clock.advance(seconds=1)
    set_status(desk, [number], Status.OPEN)
    with pytest.raises(NotFound, match="nothing to redo"):
        redo(desk)
    undo(desk)
    redo(desk)
    assert (row(desk, number).status, row(desk, number).priority) == ("open", "normal")
    with pytest.raises(NotFound, match="nothing to redo"):
        redo(desk)


def test_what_a_colleague_does_ends_nobodys_redo(desk: Desk, bob: Desk, number: int) -> None:
    set_priority(desk, [number], Priority.HIGH)
    undo(desk)
    set_status(bob, [number], Status.OPEN)
    redo(desk)
    assert row(desk, number).priority == "high"


def test_everybody_undoes_their_own(desk: Desk, bob: Desk, number: int) -> None:
    set_priority(desk, [number], Priority.HIGH)
    theirs = set_status(bob, [number], Status.OPEN)
    undo(desk)
    assert (row(desk, number).status, row(desk, number).priority) == ("open", "normal")
    with pytest.raises(NotFound):
        undo(desk, theirs.batch)
    assert row(desk, number).status == "open"


def test_undo_survives_a_restart(desk: Desk, number: int, place: Any) -> None:
    set_priority(desk, [number], Priority.HIGH)
    undo(place.desk("anna"))
    assert row(desk, number).priority == "normal"


class TestABatchByItsName:
    """An older batch may be undone before a newer one, each once."""

    def test_an_older_batch(self, desk: Desk, number: int) -> None:
        older = set_priority(desk, [number], Priority.HIGH)
        set_status(desk, [number], Status.OPEN)
        undo(desk, older.batch)
        assert (row(desk, number).status, row(desk, number).priority) == ("open", "normal")

    def test_each_once(self, desk: Desk, number: int) -> None:
        named = set_priority(desk, [number], Priority.HIGH).batch
        undo(desk, named)
        before = everything(desk.store)
        for name in (named, "no-such-batch"):
            with pytest.raises(NotFound, match="nothing to undo"):
                undo(desk, name)
        assert everything(desk.store) == before

    def test_a_batch_over_many_tickets_is_undone_as_one(self, desk: Desk) -> None:
        numbers = [a_ticket(desk) for _ in range(4)]
        set_priority(desk, numbers[:1], Priority.LOW)
        set_priority(desk, numbers, Priority.HIGH)
        assert set(undo(desk).tickets) == set(numbers)
        assert [str(row(desk, number).priority) for number in numbers] == ["low", "normal", "normal", "normal"]


class TestWhatSomebodyChangedSince:
    """It stays, and is named with both values; the rest is restored."""

    def test_only_the_untouched_fields_go_back(self, desk: Desk, bob: Desk, number: int) -> None:
        set_fields(desk, [number], Fields(priority=Priority.HIGH, category="billing", queue="billing"))
        set_priority(bob, [number], Priority.URGENT)
        said = undo(desk).text
        found = row(desk, number)
        assert (found.priority, found.category, found.queue) == ("urgent", None, "support")
        assert f"priority of #{number} (yours: high, now: urgent)" in said
        assert "category" not in said.partition(" · ")[0]

    @pytest.mark.parametrize(
        ("mine", "theirs", "words"),
        [
            (lambda d, n: assignment.take(d, [n]), lambda d, n: assignment.take(d, [n]), "yours: anna, now: bob"),
            (lambda d, n: assignment.take(d, [n]), lambda d, n: assignment.unassign(d, [n]), "yours: anna, now: none"),
            (lambda d, n: tickets.move(d, [n], "billing"), lambda d, n: tickets.move(d, [n], "silent"),
             "yours: billing, now: silent"),
            (lambda d, n: tickets.set_category(d, [n], "billing"), lambda d, n: tickets.set_category(d, [n], "sales"),
             "yours: billing, now: sales"),
            (lambda d, n: set_fields(d, [n], Fields(summary="a")), lambda d, n: set_fields(d, [n], Fields(summary="b")),
             "yours: a, now: b"),
        ],
    )  # fmt: skip
    def test_both_values_are_named_in_words(
        self, desk: Desk, bob: Desk, number: int, mine: Verb, theirs: Verb, words: str
    ) -> None:
        mine(desk, number)
        theirs(bob, number)
        kept = state(desk, number)
        assert words in undo(desk).text
        assert state(desk, number)[1:] == kept[1:]

    def test_tags_of_others_stay(self, desk: Desk, bob: Desk, number: int) -> None:
        tickets.tag(desk, [number], ["vpn"], ["old"])
        tickets.tag(bob, [number], ["urgent"])
        undo(desk)
        assert row(desk, number).tags == ("old", "urgent")

    def test_a_value_that_somebody_set_anew_stays(self, desk: Desk, bob: Desk, number: int) -> None:
        set_priority(desk, [number], Priority.HIGH)
        set_priority(bob, [number], Priority.LOW)
        set_priority(bob, [number], Priority.HIGH)
        assert f"left alone: priority of #{number} (set to high anew since)" in undo(desk).text
        assert row(desk, number).priority == "high"

    def test_what_somebody_took_back_themselves_counts_as_untouched(self, desk: Desk, bob: Desk, number: int) -> None:
        set_priority(desk, [number], Priority.HIGH)
        set_priority(bob, [number], Priority.LOW)
        undo(bob)
        undo(desk)
        assert row(desk, number).priority == "normal"

    def test_after_a_redo_it_can_be_undone_again(self, desk: Desk, number: int) -> None:
        set_priority(desk, [number], Priority.HIGH)
        for _ in range(3):
            assert "left alone" not in undo(desk).text
            assert "left alone" not in redo(desk).text
        assert row(desk, number).priority == "high"

    def test_a_tag_that_somebody_took_off_is_named(self, desk: Desk, bob: Desk, number: int) -> None:
        tickets.tag(desk, [number], ["vpn", "sepa"])
        tickets.tag(bob, [number], [], ["vpn"])
        said = undo(desk).text
        assert f"left alone: tag vpn of #{number} (yours: on, now: off)" in said
        assert "sepa" not in said.partition(" · ")[0]
        assert row(desk, number).tags == ("old",)

    def test_a_tag_that_somebody_put_on_again_stays_off_no_list(self, desk: Desk, bob: Desk, number: int) -> None:
        tickets.tag(desk, [number], [], ["old"])
        tickets.tag(bob, [number], ["old"])
        assert f"tag old of #{number} (yours: off, now: on)" in undo(desk).text
        assert row(desk, number).tags == ("old",)

    def test_a_tag_that_somebody_took_off_and_put_on_stays(self, desk: Desk, bob: Desk, number: int) -> None:
        tickets.tag(desk, [number], ["vpn"])
        tickets.tag(bob, [number], [], ["vpn"])
        tickets.tag(bob, [number], ["vpn"])
        assert f"tag vpn of #{number} (set to on anew since)" in undo(desk).text
        assert row(desk, number).tags == ("old", "vpn")

    def test_what_follows_a_field_goes_back_with_it_only(self, desk: Desk, bob: Desk, number: int) -> None:
        set_status(desk, [number], Status.SOLVED)
        set_status(bob, [number], Status.CLOSED)
        undo(desk)
        assert (row(desk, number).status, row(desk, number).waiting_for) == ("closed", None)
        late = desk.clock() + timedelta(hours=2)
        set_fields(desk, [number], Fields(due=desk.clock() + timedelta(hours=1)))
        set_fields(bob, [number], Fields(due=late))
        undo(desk)
        assert (row(desk, number).due_at, row(desk, number).due_kind) == (late, "agreed")

    def test_a_new_ticket_that_somebody_works_on_stays(self, desk: Desk, bob: Desk) -> None:
        number = a_ticket(desk)
        assignment.take(bob, [number])
        assert f"left alone: #{number} (work on it has begun)" in undo(desk).text
        assert row(desk, number).status == "new"


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_two_terminals_of_one_agent_undo_two_things(place: Place) -> None:
    one, other = place.desk("anna"), place.desk("anna")
    number = a_ticket(one)
    for priority in (Priority.HIGH, Priority.URGENT):
        set_priority(one, [number], priority)
    with ThreadPoolExecutor(2) as pool:
        said = [job.result().text for job in [pool.submit(undo, desk) for desk in (one, other)]]
    assert len(set(said)) == 2
    assert row(one, number).priority == "normal"


class TestTheOrderIsThatOfTheLog:
    """Clocks of several machines differ: what was written last is the newest."""

    def test_a_slow_clock_hides_nothing(self, desk: Desk, number: int) -> None:
        set_priority(desk, [number], Priority.HIGH)
        late = replace(desk, clock=lambda: desk.clock() - timedelta(hours=1))
        tickets.set_category(late, [number], "billing")
        undo(desk)
        assert (row(desk, number).priority, row(desk, number).category) == ("high", None)
        redo(late)
        assert row(desk, number).category == "billing"


class TestSearch:
    """A ticket is found by what stands on it, and no more by what was taken back."""

    def test_a_note_taken_back_is_not_found(self, desk: Desk, number: int) -> None:
        note(desk, number, "Zwischenbescheid")
        undo(desk)
        assert listed(desk, "zwischenbescheid") == []
        redo(desk)
        assert listed(desk, "zwischenbescheid") == [number]

    def test_a_summary_taken_back_is_not_found(self, desk: Desk, number: int) -> None:
        set_fields(desk, [number], Fields(summary="Zwischenbescheid"))
        set_fields(desk, [number], Fields(summary="Endbescheid"))
        assert listed(desk, "zwischenbescheid") == []
        undo(desk)
        assert (listed(desk, "zwischenbescheid"), listed(desk, "endbescheid")) == ([number], [])


class TestReplies:
    """A reply can be taken back as long as it lies in the outbox."""

    def test_its_text_comes_back_as_a_draft(self, desk: Desk, system: Desk, number: int) -> None:
        status = row(desk, number).status
        reply(desk, number, "Hello\nAnna")
        undo(desk)
        assert [message.kind for message in thread(desk, number)] == ["inbound"]
        assert [(d.kind, d.text) for d in desk.ask(drafts, row(desk, number).id)] == [("reply", "Hello\nAnna")]
        assert row(desk, number).status == status
        assert desk.ask(outbox) == []
        assert delivery.claim(system, letter_bytes) is None

    def test_redo_sends_it_after_all(self, desk: Desk, system: Desk, number: int) -> None:
        reply(desk, number, "Hello")
        undo(desk)
        redo(desk)
        assert desk.ask(drafts, row(desk, number).id) == []
        sent = delivery.claim(system, letter_bytes)
        assert sent
        assert b"Hello" in sent.content

    def test_a_failed_one_may_be_taken_back(self, desk: Desk, system: Desk, number: int) -> None:
        reply(desk, number, "Hello")
        self.conclude(system, OutboxState.FAILED)
        undo(desk)
        assert len(thread(desk, number)) == 1

    @pytest.mark.parametrize("state", [None, OutboxState.SENT, OutboxState.UNSURE])
    def test_one_that_has_left_stays_and_nothing_else_is_undone(
        self, desk: Desk, system: Desk, number: int, state: OutboxState | None
    ) -> None:
        set_priority(desk, [number], Priority.HIGH)
        sent = reply(desk, number, "Hello", then=Status.SOLVED)
        self.conclude(system, state)
        before = everything(desk.store)
        for batch in (None, sent.batch):
            with pytest.raises(Refused, match="has left already"):
                undo(desk, batch)
        assert everything(desk.store) == before

    def test_an_older_batch_may_still_be_undone_by_its_name(self, desk: Desk, system: Desk, number: int) -> None:
        older = set_priority(desk, [number], Priority.HIGH)
        reply(desk, number, "Hello")
        self.conclude(system, OutboxState.SENT)
        undo(desk, older.batch)
        assert row(desk, number).priority == "normal"

    def test_an_answer_that_came_since_keeps_the_ticket_open(self, desk: Desk, number: int) -> None:
        """It was answered (to an earlier reply) while ours still waited: the newer status holds."""
        reply(desk, number, "Hello")
        filed(desk, an_incoming(in_reply_to=(thread(desk, number)[-1].message_id,)))
        said = undo(desk).text
        assert "status" in said
        assert (row(desk, number).status, row(desk, number).waiting_for) == ("open", "us")

    @staticmethod
    def conclude(system: Desk, state: OutboxState | None) -> None:
        mail = delivery.claim(system, letter_bytes)
        assert mail
        if state:
            delivery.conclude(system, mail.outbox_id, state)


class TestNewTickets:
    """A ticket that was made becomes cancelled; nothing is ever deleted."""

    @pytest.mark.parametrize("channel", [Channel.PHONE, Channel.WALK_IN])
    def test_a_new_ticket_is_cancelled(self, desk: Desk, channel: Channel) -> None:
        number = a_ticket(desk, "Fax", text="is dead", channel=channel)
        assert undo(desk).text == f"Undone: Request #{number}: Fax"
        assert row(desk, number).status == "cancelled"
        assert listed(desk) == []
        assert listed(desk, "is:cancelled") == [number]
        redo(desk)
        assert row(desk, number).status == "new"
        assert [message.text for message in thread(desk, number)] == ["is dead"]

    def test_its_request_stays_and_becomes_nobodys_draft(self, desk: Desk, bob: Desk) -> None:
        number = a_ticket(desk, "Fax", text="is dead", channel=Channel.WALK_IN)
        undo(desk)
        assert [message.text for message in thread(desk, number)] == ["is dead"]
        assert desk.ask(drafts, row(desk, number).id) == []
        taken = a_ticket(desk, "Phone", text="rings")
        set_status(bob, [taken], Status.OPEN)
        assert "left alone: status" in undo(desk).text
        assert row(desk, taken).status == "open"
        assert [message.text for message in thread(desk, taken)] == ["rings"]

    def test_no_row_is_ever_deleted(self, desk: Desk, number: int) -> None:
        note(desk, number, "Hello")
        a_ticket(desk)
        before = {name: len(rows) for name, rows in everything(desk.store).items() if name != "ticket_tag"}
        undo(desk)
        undo(desk)
        after = {name: len(rows) for name, rows in everything(desk.store).items() if name != "ticket_tag"}
        assert all(after[name] >= before[name] for name in before)


class TestWhatCannotBeUndone:
    """Mail, timers, deliveries and settings are no steps of a person's work."""

    def test_mail_that_came_in(self, desk: Desk) -> None:
        number = filed(desk, an_incoming()).ticket or 0
        batch = history(desk, number)[0].batch
        for name in (None, batch):
            with pytest.raises(NotFound, match="nothing to undo"):
                undo(desk, name)
        assert row(desk, number).status == "new"

    def test_settings(self, admin: Desk, clock: FrozenClock) -> None:
        number = a_ticket(admin)
        set_priority(admin, [number], Priority.HIGH)
        clock.advance(minutes=1)
        batch = add_category(admin, "hardware").batch
        with pytest.raises(NotFound):
            undo(admin, batch)
        undo(admin)
        assert row(admin, number).priority == "normal"

    def test_an_undo(self, desk: Desk, number: int) -> None:
        set_priority(desk, [number], Priority.HIGH)
        batch = undo(desk).batch
        with pytest.raises(NotFound):
            undo(desk, batch)

    def test_nothing_done_yet(self, bob: Desk) -> None:
        for step in (undo, redo):
            with pytest.raises(NotFound) as refused:
                step(bob)
            assert refused.value.hint


class TestDueDates:
    """A date that is taken back does not ring; one that is brought back does."""

    def test_an_undone_date_does_not_ring(self, desk: Desk, system: Desk, number: int, clock: FrozenClock) -> None:
        set_fields(desk, [number], Fields(due=clock.now.replace(hour=12)))
        undo(desk)
        run_due(system, clock.advance(hours=5))
        assert "overdue" not in [name for event in history(desk, number) for name in event.changes]

    def test_a_date_brought_back_rings(self, desk: Desk, system: Desk, number: int, clock: FrozenClock) -> None:
        set_fields(desk, [number], Fields(due=clock.now.replace(hour=12)))
        set_fields(desk, [number], Fields(due=""))
        undo(desk)
        run_due(system, clock.advance(hours=5))
        assert history(desk, number)[-1].changes == {"overdue": [False, True]}


def test_a_draft_begun_since_is_not_lost_by_undo(desk: Desk, number: int) -> None:
    reply(desk, number, "the first text")
    save_draft(desk, row(desk, number).id, "reply", "the second text")
    undo(desk)
    (draft,) = desk.ask(drafts, row(desk, number).id)
    assert "the first text" in draft.text
    assert "the second text" in draft.text
    assert sql(desk.store, "SELECT count(*) FROM draft") == [(1,)]
