"""Bad inputs of which the place matters: what was there before, who asks for an answer, and how many of them come."""

from __future__ import annotations

import pytest

from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.delivery import claim
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.gathering import FLOOD_ALIKE
from helpdesk_tui.desk.mailroom import ArrivedMail
from helpdesk_tui.desk.queue_mail import QueueMail, set_queue_mail
from helpdesk_tui.mail.compose import compose
from helpdesk_tui.mail.ingest import take_in
from helpdesk_tui.terms import SYSTEM, Disposition, OutgoingMail
from tests.build import SUPPORT, FrozenClock, a_mail, listed, received, row, sql, thread
from tests.mail.bad_inputs import BAD_INPUTS
from tests.mail.raw_mail import a_mail as a_bare_mail
from tests.mail.raw_mail import read

FIRST = "first@customer.example"
STRANGER = "Otto Fremd <otto@elsewhere.example>"
#: Asks for answers that no program may give.
ASKING = ("B83 a receipt is asked for", "B84 an invitation", "B84 an invitation with words")


@pytest.fixture
def number(desk: Desk) -> int:
    """A ticket of Mira's."""
    return received(desk, a_mail(message_id=FIRST, subject="Printer")).ticket or 0


@pytest.fixture
def confirming(admin: Desk) -> None:
    """The queue confirms new requests."""
    set_queue_mail(admin, "support", QueueMail(confirms=True))


def sent(desk: Desk) -> list[OutgoingMail]:
    """All that leaves now."""
    return list(iter(lambda: claim(desk.acting_as(SYSTEM), compose), None))


def recipients(desk: Desk, number: int) -> list[str]:
    """Whom an answer goes to by itself."""
    reply(desk, number, "Is it on?")
    return [person.address for person in thread(desk, number)[-1].to]


class TestWhoGetsAnAnswer:
    def test_nobody_in_copy_becomes_a_recipient(self, desk: Desk) -> None:
        mail = received(desk, BAD_INPUTS["B26 a million in Cc"].make())
        assert recipients(desk, mail.ticket or 0) == ["anna@customer.example"]
        assert [one.recipients for one in sent(desk)] == [("anna@customer.example",)]

    def test_an_answer_goes_to_the_sender_wherever_it_is_asked_for(self, desk: Desk) -> None:
        mail = received(desk, BAD_INPUTS["B47 answers asked for elsewhere"].make())
        assert recipients(desk, mail.ticket or 0) == ["anna@customer.example"]

    @pytest.mark.usefixtures("confirming")
    @pytest.mark.parametrize("case", ASKING)
    def test_a_receipt_or_an_invitation_is_answered_by_nobody(self, desk: Desk, case: str) -> None:
        received(desk, b"To: support@desk.example\n" + BAD_INPUTS[case].make())
        (confirmation,) = map(read, (one.content for one in sent(desk)))
        assert confirmation.auto_submitted == "auto-replied"
        assert (confirmation.notice, confirmation.files) == ("", ())
        assert "text/calendar" not in confirmation.text

    @pytest.mark.usefixtures("confirming")
    @pytest.mark.parametrize("sender", [SUPPORT, f"Support <{SUPPORT.upper()}>", "support+x@desk.example"])
    def test_mail_in_our_own_name_is_never_answered_by_itself(self, desk: Desk, sender: str) -> None:
        found = received(desk, a_mail("Buy this", sender=sender))
        assert found.disposition == "new"
        assert sent(desk) == []

    @pytest.mark.usefixtures("confirming")
    @pytest.mark.parametrize("quotes_our_id", [True, False])
    def test_two_that_answer_by_themselves_soon_fall_silent(
        self, desk: Desk, clock: FrozenClock, quotes_our_id: bool
    ) -> None:
        """The other one has no mark of a machine, and answers whatever it gets."""
        answers = [a_mail("We have received your mail.", subject="Your mail")]
        for count in range(20):
            received(desk, answers[-1])
            if not (ours := sent(desk)):
                break
            clock.advance(minutes=1)
            reference = {"In_Reply_To": f"<{ours[-1].message_id}>"} if quotes_our_id else {}
            answers.append(a_mail(f"We have received your mail ({count}).", subject="Your mail", **reference))
        assert len(answers) <= 3


class TestWhereItBelongs:
    def test_two_mails_with_one_id_are_two_mails(self, desk: Desk, number: int) -> None:
        before = thread(desk, number)
        found = received(desk, a_mail("Pay here", sender=STRANGER, message_id=FIRST))
        assert (found.disposition, found.ticket != number) == ("new", True)
        assert thread(desk, number) == before
        (message,) = thread(desk, found.ticket or 0)
        assert (message.text.strip(), message.message_id) == ("Pay here", FIRST)
        assert "! Its Message-ID is that of a mail of another sender." in message.remarks
        assert before[0].remarks == ()

    def test_one_mail_in_two_mailboxes_is_two_that_are_linked(self, desk: Desk) -> None:
        raw = a_mail()
        first, second = (received(desk, raw, mailbox) for mailbox in ("inbox", "sales"))
        assert (first.disposition, second.disposition, second.linked_to) == ("new", "linked", first.ticket)
        assert sql(desk.store, "SELECT count(*), count(DISTINCT sha256) FROM raw_message") == [(2, 1)]

    def test_one_mail_twice_in_a_mailbox_is_one_ticket(self, desk: Desk) -> None:
        raw = a_mail()
        mails = [ArrivedMail(raw, desk.clock(), 7, uid) for uid in (1, 2)]
        first, second = take_in(desk.acting_as(SYSTEM), "inbox", mails)
        assert (first.disposition, second.disposition, second.ticket) == ("new", "duplicate", first.ticket)
        assert listed(desk) == [first.ticket]

    def test_a_stranger_who_names_a_customers_mail_is_only_linked(self, desk: Desk, number: int) -> None:
        before = thread(desk, number), row(desk, number)
        found = received(desk, a_mail(sender=STRANGER, In_Reply_To=f"<{FIRST}>"))
        assert (found.disposition, found.row, found.linked_to) == ("linked", 13, number)
        assert (thread(desk, number), row(desk, number)) == before

    @pytest.mark.parametrize("subject", ["[#{number}]", "Re: Ticket {number}", "AW: [#{number}] Printer"])
    def test_a_number_in_a_subject_puts_nobody_into_another_ticket(self, desk: Desk, number: int, subject: str) -> None:
        before = thread(desk, number), row(desk, number)
        found = received(desk, a_mail(sender=STRANGER, subject=subject.format(number=number)))
        assert (found.disposition, found.row, found.linked_to) == ("linked", 13, number)
        assert (thread(desk, number), row(desk, number)) == before


class TestVeryMany:
    @pytest.mark.usefixtures("confirming")
    def test_bounces_of_others_are_one_record_and_get_no_answer(self, desk: Desk) -> None:
        bounce = BAD_INPUTS["B77 a bounce with the lost mail"].make()
        mails = [ArrivedMail(bounce + b"\n" * count, desk.clock()) for count in range(200)]
        assert {one.disposition for one in take_in(desk.acting_as(SYSTEM), "inbox", mails)} == {"bounce"}
        assert sql(desk.store, "SELECT kind, count FROM mail_group") == [("backscatter", 200)]
        assert (listed(desk, "is:any"), sent(desk)) == ([], [])

    @pytest.mark.usefixtures("confirming")
    def test_a_flood_of_one_sender_is_folded_and_kept(self, desk: Desk) -> None:
        mails = [a_bare_mail(f"Number {count}", header=f"To: {SUPPORT}\nSubject: Help") for count in range(200)]
        filed = take_in(desk.acting_as(SYSTEM), "inbox", [ArrivedMail(raw, desk.clock()) for raw in mails])
        assert [one.disposition for one in filed].count(Disposition.FOLDED) == 200 - FLOOD_ALIKE - 1
        assert len(listed(desk, "is:any")) == FLOOD_ALIKE + 1
        assert sql(desk.store, "SELECT count(DISTINCT sha256) FROM raw_message") == [(200,)]
        assert len(sent(desk)) == 1
