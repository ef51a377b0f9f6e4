"""Mail that goes on from no mail to us, and calls that are logged."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpdesk_tui.desk.conversation import NewRequest, note
from helpdesk_tui.desk.delivery import claim
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.history import undo
from helpdesk_tui.desk.outreach import LoggedCall, forward, log_call, write_first
from helpdesk_tui.desk.queue_work import QueueWork
from helpdesk_tui.desk.sending import Sending
from helpdesk_tui.desk.settings import set_queue
from helpdesk_tui.desk.texts import CannedText, keep_text
from helpdesk_tui.desk.watching import watch
from helpdesk_tui.desk.wording import passed_on
from helpdesk_tui.errors import NotFound, Refused, Usage
from helpdesk_tui.store.queries.texts import canned_replies
from helpdesk_tui.terms import CallDirection, IncomingFile, MessageKind, Party, Person, ResolutionRule, Status
from tests.build import MIRA, an_incoming, filed, letter_bytes, listed, row, sql, thread

SUPPLIER = Person("Toner AG", "help@toner.example")
OTHER = Person("Otto", "otto@kern.example")


@pytest.fixture
def number(desk: Desk) -> int:
    file = IncomingFile("photo.jpg", "image/jpeg", b"\xff\xd8")
    return filed(desk, an_incoming(files=(file,))).ticket or 0


class TestForwarding:
    def test_the_message_and_its_files_are_passed_on(self, desk: Desk, number: int) -> None:
        message = thread(desk, number)[0]
        quoted = desk.ask(passed_on, message.id, "en", "UTC")
        forward(desk, number, message.id, "What does it need?", [SUPPLIER], sending=Sending(quoted=quoted))
        sent = thread(desk, number)[-1]
        assert (sent.subject, sent.to, [one.name for one in sent.files]) == ("Fwd: Printer", (SUPPLIER,), ["photo.jpg"])
        assert "The printer is on fire." in sent.quoted
        assert row(desk, number).waiting_for is Party.US, "the customer still waits for us"

    def test_the_words_around_it_are_in_the_tickets_language(self, desk: Desk) -> None:
        german = filed(
            desk, an_incoming(text="Guten Tag, der Drucker brennt und wir wissen nicht, was zu tun ist.")
        ).ticket
        message = thread(desk, german or 0)[0].id
        assert desk.ask(passed_on, message, "", "UTC") == desk.ask(passed_on, message, "de", "UTC")
        assert desk.ask(passed_on, message, "", "UTC") != desk.ask(passed_on, message, "en", "UTC")

    def test_what_they_answer_comes_back_here(self, desk: Desk, number: int) -> None:
        forward(desk, number, thread(desk, number)[0].id, "What does it need?", [SUPPLIER])
        ours = thread(desk, number)[-1].message_id
        assert filed(desk, an_incoming(sender=SUPPLIER, text="Toner.", in_reply_to=(ours,))).ticket == number

    def test_what_solved_it_is_kept_and_it_closes_by_itself(self, desk: Desk, number: int) -> None:
        sending = Sending(resolution="Toner AG repairs it")
        forward(desk, number, thread(desk, number)[0].id, "Yours.", [SUPPLIER], then=Status.SOLVED, sending=sending)
        assert (row(desk, number).status, row(desk, number).resolution) == (Status.SOLVED, "Toner AG repairs it")
        assert sql(desk.store, "SELECT kind FROM timer WHERE done_at IS NULL") == [("close",)]
        undo(desk)
        assert (row(desk, number).status, row(desk, number).resolution) == (Status.NEW, None)

    def test_a_queue_that_wants_a_resolution_wants_it_here_too(self, desk: Desk, admin: Desk, number: int) -> None:
        set_queue(admin, "support", work=QueueWork(resolution_rule=ResolutionRule.REQUIRED))
        with pytest.raises(Refused, match="what solved"):
            forward(desk, number, thread(desk, number)[0].id, "Yours.", [SUPPLIER], then=Status.SOLVED)
        call = LoggedCall(CallDirection.OUT, "", desk.clock(), desk.clock())
        with pytest.raises(Refused, match="what solved"):
            log_call(desk, number, "Done.", call, then=Status.SOLVED)
        assert len(thread(desk, number)) == 1

    def test_who_watches_it_hears_of_it_and_prepared_texts_count(self, desk: Desk, bob: Desk, number: int) -> None:
        watch(bob, [number])
        keep_text(desk, CannedText("Yours", "Yours."))
        (text,) = desk.ask(canned_replies, desk.actor)
        forward(desk, number, thread(desk, number)[0].id, "Yours.", [SUPPLIER], sending=Sending(canned=(text.id,)))
        assert listed(bob, "is:noticed") == [number]
        assert [one.uses for one in desk.ask(canned_replies, desk.actor)] == [1]

    def test_notes_stay_in_the_house(self, desk: Desk, number: int) -> None:
        note(desk, number, "She is angry.")
        internal = thread(desk, number)[-1].id
        with pytest.raises(Refused, match="stay in the house"):
            forward(desk, number, internal, "x", [SUPPLIER])
        with pytest.raises(Refused, match="stay in the house"):
            desk.ask(passed_on, internal, "en", "UTC")

    def test_nobody_and_a_message_of_another_ticket(self, desk: Desk, number: int) -> None:
        with pytest.raises(Usage, match="recipient"):
            forward(desk, number, thread(desk, number)[0].id, "x", [])
        other = filed(desk, an_incoming(subject="Other")).ticket or 0
        with pytest.raises(NotFound):
            forward(desk, number, thread(desk, other)[0].id, "x", [SUPPLIER])


class TestAFirstMailOfOurs:
    def test_a_ticket_begins_with_it_and_waits_for_them(self, desk: Desk, system: Desk) -> None:
        done = write_first(desk, NewRequest(MIRA, "Your contract ends"), "Shall we go on?")
        number = done.tickets[0]
        (sent,) = thread(desk, number)
        assert (sent.kind, sent.subject, sent.to) == (MessageKind.OUTBOUND, "Your contract ends", (MIRA,))
        assert (row(desk, number).status, row(desk, number).waiting_for) == (Status.WAITING_CUSTOMER, Party.THEM)
        mail = claim(system, letter_bytes)
        assert mail
        assert mail.recipients == (MIRA.address,)

    def test_it_goes_to_several_who_belong_to_the_matter_from_then_on(self, desk: Desk, system: Desk) -> None:
        request = NewRequest(MIRA, "Your contract ends")
        number = write_first(desk, request, "Shall we go on?", also=[OTHER], cc=[SUPPLIER]).tickets[0]
        mail = claim(system, letter_bytes)
        assert mail
        assert set(mail.recipients) == {MIRA.address, OTHER.address, SUPPLIER.address}
        (sent,) = thread(desk, number)
        answer = an_incoming(sender=SUPPLIER, text="Yes.", in_reply_to=(sent.message_id,))
        assert filed(system, answer).ticket == number

    def test_nobody_gets_it_twice(self, desk: Desk) -> None:
        request = NewRequest(MIRA, "Your contract ends")
        again = Person("", MIRA.address.upper())
        number = write_first(desk, request, "Shall we go on?", also=[OTHER, again], cc=[OTHER, SUPPLIER]).tickets[0]
        (sent,) = thread(desk, number)
        assert (sent.to, sent.cc) == ((MIRA, OTHER), (SUPPLIER,))

    def test_it_can_be_taken_back_before_it_leaves(self, desk: Desk, system: Desk) -> None:
        number = write_first(desk, NewRequest(MIRA, "Your contract ends"), "Shall we go on?").tickets[0]
        undo(desk)
        assert row(desk, number).status is Status.CANCELLED
        assert claim(system, letter_bytes) is None

    @pytest.mark.parametrize(
        ("person", "subject", "text"),
        [(Person("Mira", ""), "a", "b"), (MIRA, "", "b"), (MIRA, "a", " ")],
    )
    def test_it_needs_an_address_a_subject_and_a_text(
        self, desk: Desk, person: Person, subject: str, text: str
    ) -> None:
        with pytest.raises(Usage):
            write_first(desk, NewRequest(person, subject), text)


class TestLoggedCalls:
    @pytest.mark.parametrize(("direction", "party"), [(CallDirection.IN, Party.US), (CallDirection.OUT, Party.THEM)])
    def test_it_stands_in_the_thread_with_its_times(
        self, desk: Desk, number: int, direction: CallDirection, party: Party
    ) -> None:
        now = desk.clock()
        log_call(desk, number, "Wants a new one.", LoggedCall(direction, "069/123", now - timedelta(minutes=4), now))
        said = thread(desk, number)[-1]
        assert (said.kind, said.text, said.call["number"]) == (MessageKind.CALL, "Wants a new one.", "069/123")
        assert said.call["started_at"] == "2026-11-23T09:56:00.000000Z"
        assert row(desk, number).waiting_for is party
        undo(desk)
        assert len(thread(desk, number)) == 1

    def test_one_that_ends_before_it_begins(self, desk: Desk, number: int) -> None:
        now = desk.clock()
        with pytest.raises(Usage, match="before it began"):
            log_call(desk, number, "x", LoggedCall(CallDirection.IN, "", now, now - timedelta(seconds=1)))
