"""Prepared texts and macros: kept, used by whom they are for, counted, and done in one step to undo."""

from __future__ import annotations

import pytest

from helpdesk_tui.desk import settings
from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.history import undo
from helpdesk_tui.desk.macro import rehearse_macro, run_macro
from helpdesk_tui.desk.queue_work import QueueWork
from helpdesk_tui.desk.sending import Sending
from helpdesk_tui.desk.settings import set_queue
from helpdesk_tui.desk.texts import CannedText, MacroText, drop_text, keep_macro, keep_text
from helpdesk_tui.errors import HelpdeskError, NotFound, Overtaken, Refused, Usage
from helpdesk_tui.store.queries.texts import CannedRow, MacroRow, canned_replies, macros
from helpdesk_tui.terms import Priority, ResolutionRule, Role, Status
from tests.build import MIRA, Place, a_ticket, an_incoming, filed, history, row, sql, thread
from tests.store.secrets import set_up_hr

GREETING = CannedText("Greeting", "Hello {{customer}}, this is {{agent}}.", folder="General")


def texts(desk: Desk, queue: str = "") -> list[CannedRow]:
    return desk.ask(canned_replies, desk.actor, queue)


def known_macros(desk: Desk) -> list[MacroRow]:
    return desk.ask(macros, desk.actor)


@pytest.fixture
def number(desk: Desk) -> int:
    return filed(desk, an_incoming()).ticket or 0


class TestTexts:
    def test_ones_own_is_ones_own(self, desk: Desk, bob: Desk) -> None:
        keep_text(desk, GREETING)
        assert [(one.path, one.is_shared) for one in texts(desk)] == [("General/Greeting", False)]
        assert texts(bob) == []

    def test_the_same_name_replaces_it(self, desk: Desk) -> None:
        keep_text(desk, GREETING)
        keep_text(desk, CannedText("Greeting", "Hi.", folder="General"))
        assert [one.text for one in texts(desk)] == ["Hi."]

    def test_everybodys_are_kept_by_leads(self, desk: Desk, admin: Desk) -> None:
        shared = CannedText("Greeting", "Hello.", is_shared=True)
        with pytest.raises(Refused):
            keep_text(desk, shared)
        keep_text(admin, shared)
        assert [one.is_shared for one in texts(desk)] == [True]
        with pytest.raises(Refused):
            drop_text(desk, texts(desk)[0].id)
        drop_text(admin, texts(admin)[0].id)
        assert texts(desk) == []

    def test_they_are_counted_as_they_go_out_and_not_by_whom(self, desk: Desk, admin: Desk, number: int) -> None:
        keep_text(admin, CannedText("Greeting", "Hello.", is_shared=True))
        (one,) = texts(desk)
        reply(desk, number, "Hello.", sending=Sending(canned=(one.id,)))
        assert texts(desk)[0].uses == 1

    @pytest.mark.parametrize("text", ["", "Hello {{name}}", "Hello {{customer"])
    def test_one_that_cannot_be_filled_in_is_refused(self, desk: Desk, text: str) -> None:
        with pytest.raises(Usage):
            keep_text(desk, CannedText("x", text))

    @pytest.mark.parametrize("place", ["postgres"], indirect=True)
    def test_those_of_a_hidden_queue_are_hidden(self, place: Place) -> None:
        set_up_hr(place)
        keep_text(place.desk("root"), CannedText("Dismissal", "We regret.", queue="hr", is_shared=True))
        assert [one.name for one in texts(place.desk("anna"))] == ["Dismissal"]
        assert texts(place.desk("bob")) == []
        with pytest.raises(NotFound):
            keep_text(place.desk("bob"), CannedText("x", "y", queue="hr"))


class TestMacros:
    def test_a_resolution_counts_wherever_it_stands(self, desk: Desk, admin: Desk, number: int) -> None:
        set_queue(admin, "support", work=QueueWork(resolution_rule=ResolutionRule.REQUIRED))
        keep_macro(desk, MacroText("Done", ("status solved", "resolution Restarted")))
        run_macro(desk, [number], known_macros(desk)[0].id)
        assert (row(desk, number).status, row(desk, number).resolution) == (Status.SOLVED, "Restarted")

    def test_all_steps_on_all_tickets_with_one_undo(self, desk: Desk, number: int) -> None:
        other = filed(desk, an_incoming(subject="Scanner")).ticket or 0
        steps = ("tag +toner", "priority high", "assign me", "reply Hello {{customer}}.", "status solved", "note Told.")
        keep_macro(desk, MacroText("Toner", steps, digit="1"))
        run_macro(desk, [number, other], known_macros(desk)[0].id)
        for one in (number, other):
            found = row(desk, one)
            assert (found.status, found.priority, found.assignee, found.tags) == (
                Status.SOLVED, Priority.HIGH, "anna", ("toner",),
            )  # fmt: skip
            assert [said.text for said in thread(desk, one)][1:] == ["Told.", "Hello Mira Kern."]
        assert known_macros(desk)[0].uses == 1
        undo(desk)
        assert row(desk, number).status is Status.NEW
        assert (row(desk, number).tags, len(thread(desk, number))) == ((), 1)

    def test_a_canned_reply_is_named_by_its_path(self, desk: Desk, number: int) -> None:
        keep_text(desk, GREETING)
        keep_macro(desk, MacroText("Greet", ("canned General/Greeting",)))
        run_macro(desk, [number], known_macros(desk)[0].id)
        assert thread(desk, number)[-1].text == "Hello Mira Kern, this is Anna."
        assert row(desk, number).status is Status.WAITING_CUSTOMER
        assert texts(desk)[0].uses == 1

    def test_where_one_step_cannot_be_done_nothing_is(self, desk: Desk, number: int) -> None:
        keep_macro(desk, MacroText("Wrong", ("tag +x", "queue nowhere")))
        with pytest.raises(HelpdeskError, match="no queue nowhere"):
            run_macro(desk, [number], known_macros(desk)[0].id)
        assert row(desk, number).tags == ()

    def test_what_it_would_send_is_seen_before_and_nothing_of_it_stays(
        self, desk: Desk, bob: Desk, admin: Desk, number: int
    ) -> None:
        set_queue(admin, "billing", work=QueueWork(signature={"en": "Billing", "de": "Billing"}))
        keep_macro(desk, MacroText("m", ("queue billing", "note look", "reply Hello {{customer}}.", "tag +x")))
        (macro,) = known_macros(desk)
        before = history(desk, number), thread(desk, number), row(desk, number)
        (shown,) = rehearse_macro(desk, [number], macro.id)
        assert (history(desk, number), thread(desk, number), row(desk, number)) == before
        assert (shown.number, shown.to, shown.text) == (number, MIRA, "Hello Mira Kern.\n\nBilling")
        filed(desk, an_incoming(text="Wait!", in_reply_to=(thread(desk, number)[0].message_id,)))
        with pytest.raises(Overtaken, match=f"#{number}: Mira Kern wrote"):
            run_macro(desk, [number], macro.id, shown=[shown])
        (shown,) = rehearse_macro(desk, [number], macro.id)
        run_macro(desk, [number], macro.id, shown=[shown])
        assert thread(desk, number)[-1].text == "Hello Mira Kern."

    def test_it_writes_before_it_hands_over_to_a_queue_out_of_sight(self, place: Place) -> None:
        set_up_hr(place)
        bob = place.desk("bob")
        number = filed(bob, an_incoming()).ticket or 0
        keep_macro(bob, MacroText("m", ("queue hr", "note theirs", "reply Hello {{customer}}.")))
        run_macro(bob, [number], known_macros(bob)[0].id)
        anna = place.desk("anna")
        assert row(anna, number).queue == "hr"
        assert [one.text for one in thread(anna, number)][1:] == ["theirs", "Hello Mira Kern."]

    @pytest.mark.parametrize("last", ["note theirs", "remind 2", "status solved", "reply Hello {{customer}}."])
    @pytest.mark.parametrize("queue", ["billing", "hr"])
    def test_what_follows_a_move_is_done_on_all(self, place: Place, queue: str, last: str) -> None:
        set_up_hr(place)
        bob, anna = place.desk("bob"), place.desk("anna")
        numbers = [a_ticket(bob, f"Matter {n}") for n in range(2)]
        keep_macro(bob, MacroText("m", (f"queue {queue}", last)))
        run_macro(bob, numbers, known_macros(bob)[0].id)
        assert {row(anna, one).queue for one in numbers} == {queue}

    def test_a_digit_goes_to_the_newer_one(self, desk: Desk) -> None:
        keep_macro(desk, MacroText("One", ("status open",), digit="1"))
        keep_macro(desk, MacroText("Two", ("status solved",), digit="1"))
        assert {one.name: one.digit for one in known_macros(desk)} == {"One": "", "Two": "1"}

    def test_a_digit_of_another_queue_is_not_in_the_way(self, place: Place) -> None:
        set_up_hr(place)
        settings.set_agent(place.desk("root"), "bob", role=Role.LEAD)
        root, bob = place.desk("root"), place.desk("bob")
        keep_macro(root, MacroText("Pay", ("status solved",), "3", "hr", is_shared=True))
        keep_macro(bob, MacroText("Close", ("status solved",), "3", "support", is_shared=True))
        assert sorted(sql(root.store, "SELECT name, digit FROM macro")) == [("Close", "3"), ("Pay", "3")]

    @pytest.mark.parametrize(
        ("steps", "words"),
        [
            ((), "no step"),
            (("status happy",), "Step 1"),
            (("status open", "dance"), "Step 2"),
            (("reply a", "canned b"), "one answer"),
            (("reply {{x}}",), "filled in"),
            (("remind 0",), "working days"),
            (("remind " + "9" * 5_000,), "working days"),
            (("priority",), "with what"),
        ],
    )
    def test_steps_that_cannot_be_read_are_named(self, desk: Desk, steps: tuple[str, ...], words: str) -> None:
        with pytest.raises(Usage, match=words):
            keep_macro(desk, MacroText("x", steps))

    def test_everybodys_macro_is_done_by_all(self, desk: Desk, admin: Desk, number: int) -> None:
        keep_macro(admin, MacroText("Take", ("assign me",), is_shared=True))
        run_macro(desk, [number], known_macros(desk)[0].id)
        assert row(desk, number).assignee == "anna"
        assert known_macros(desk)[0].uses == 1
