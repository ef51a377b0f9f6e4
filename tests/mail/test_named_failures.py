"""How other help desks lost, doubled, misfiled or leaked mail: a test for each, here or where `ELSEWHERE` says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from helpdesk_tui.desk import mailroom
from helpdesk_tui.desk.conversation import note, reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.mailroom import ArrivedMail
from helpdesk_tui.desk.queue_mail import QueueMail, set_queue_mail
from helpdesk_tui.desk.tickets import set_status
from helpdesk_tui.mail.parse import parse
from helpdesk_tui.terms import SYSTEM, Disposition, Person, Status
from tests.build import MAILBOX, MIRA, STRANGER, SUPPORT, FrozenClock, history, row, sql, thread
from tests.mail.letterbox import field_of, id_of, new_id, seen_by_border, sent_mails, taken_in, written

#: What went wrong elsewhere, and the test of ours that shows that it does not here.
ELSEWHERE = {
    "numbers change while a mailbox is emptied": "mail/test_poller.py::test_mail_that_goes_away_between_looking_and_fetching_is_no_trouble",
    "mails vanish between filing and marking": "mail/test_poller.py::test_mail_that_goes_away_between_filing_and_marking_is_no_trouble",
    "mail read elsewhere is never fetched": "mail/test_poller.py::test_mail_that_somebody_has_read_already_comes_in_all_the_same",
    "the same mail in two mailboxes is lost": "mail/test_poller.py::test_the_same_mail_in_two_mailboxes_is_kept_and_accounted_for_in_each",
    "two fetchers at once make two tickets": "desk/test_mailroom.py::test_two_at_the_same_time_make_one_ticket",
    "overlapping runs keep a mail twice": "desk/test_mailroom.py::test_two_pollers_at_the_same_time_keep_it_once",
    "a stuck run copies every mail again": "mail/test_poller.py::test_a_folder_with_new_numbers_makes_no_ticket_twice",
    "a server that refuses the flag gets the mail twice": "mail/test_poller.py::test_a_server_that_refuses_is_told_again_and_new_mail_comes_in",
    "one bad mail blocks the rest": "mail/test_poller.py::test_hostile_mail_is_accounted_for_and_holds_up_nobody",
    "too many errors and mail is gone": "mail/test_poller.py::test_a_mailbox_in_trouble_says_why_and_the_others_go_on",
    "looking removes mail from the inbox": "mail/test_imap.py::test_mails_come_in_batches_byte_for_byte_and_stay_unread",
    "mail is deleted although it was to stay": "mail/test_imap.py::test_leave_changes_nothing",
    "a failure has no reason": "desk/test_mailroom.py::test_a_mail_that_cannot_be_read_goes_to_quarantine",
    "a character set stops the reader": "mail/test_parse_body.py::test_a_character_set_may_be_wrong_or_missing",
    "a file name stops the reader": "mail/test_parse_files.py::test_a_file_name_is_harmless",
    "a content type stops the reader": "mail/test_parse_files.py::test_a_broken_content_type_is_text",
    "References are not looked at": "desk/test_mailroom.py::test_the_thread_is_found_by_ids_alone",
    "a stranger joins": "desk/test_mailroom.py::test_a_stranger_with_the_token_gets_a_ticket_of_their_own",
    "a number in the text joins": "desk/test_mailroom.py::test_numbers_in_a_text_and_invented_tokens_lead_nowhere",
    "an answer to a merged ticket opens another": "desk/test_mailroom.py::test_an_answer_to_a_merged_ticket_goes_to_its_target",
    "another system strips all ids": "mail/test_genuine_replies.py::test_answers_find_their_ticket",
    "an absence note opens a ticket": "desk/test_mailroom.py::test_an_absence_note_lies_in_its_ticket_and_opens_nothing",
    "our own mail comes back as a ticket": "desk/test_mailroom.py::test_our_own_mail_that_comes_back_is_no_ticket",
    "a header of ours is taken from outside": "mail/test_attacks.py::test_fields_that_a_stranger_writes_change_nothing",
    "an agent's address commands": "mail/test_attacks.py::test_an_agents_address_alone_is_a_customers",
    "somebody in copy gets private answers": "mail/test_attacks.py::test_whom_a_mail_names_gets_no_answer_and_does_not_take_part",
    "a name or subject adds a recipient": "mail/test_outbox.py::test_no_field_of_our_answer",
    "two readers see two senders": "mail/test_parse_people.py::test_where_another_reader_sees_another_address_the_sender_is_not_strict",
}  # fmt: skip
NEW, APPENDED, LINKED = Disposition.NEW, Disposition.APPENDED, Disposition.LINKED
PASSED = seen_by_border("pass", "customer.example")


@pytest.fixture
def confirming(desk: Desk, admin: Desk) -> Desk:
    """Anna's desk where requests are confirmed."""
    set_queue_mail(admin, "support", QueueMail(confirms=True))
    return desk


@pytest.mark.parametrize("where", ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_failed_elsewhere_has_a_test(where: str) -> None:
    file, _colons, name = where.partition("::")
    assert re.search(rf"def {name}\(", (Path(__file__).parents[1] / file).read_text())


def sent_count(desk: Desk) -> int:
    """How many mails have gone into the outbox."""
    return int(sql(desk.store, "SELECT count(*) FROM outbox")[0][0])


class TestNothingIsTakenForSomethingElse:
    def test_a_message_id_used_again_hides_no_mail(self, desk: Desk) -> None:
        first = taken_in(desk, written([MIRA.whole], "Printer", message_id="same@customer.example"))
        again = taken_in(desk, written([STRANGER.whole], "Scanner", "Other", message_id="same@customer.example"))
        third = taken_in(desk, written([MIRA.whole], "Fax", "More", message_id="same@customer.example"))
        assert [one.disposition for one in (first, again, third)] == [NEW, NEW, NEW]
        assert len({first.ticket, again.ticket, third.ticket}) == 3

    @pytest.mark.parametrize("line", [b"Message-ID: <>", b"Message-ID:", b"X-Nothing: 1"])
    def test_mails_without_an_id_are_as_many_tickets(self, desk: Desk, line: bytes) -> None:
        mails = [written([f"k{n}@customer.example"], f"Matter {n}", message_id="gone@x") for n in range(3)]
        found = [taken_in(desk, mail.replace(b"Message-ID: <gone@x>", line)) for mail in mails]
        assert [one.disposition for one in found] == [NEW] * 3
        assert len({one.ticket for one in found}) == 3

    def test_a_mail_from_our_own_address_to_us_is_a_ticket_and_starts_no_loop(self, confirming: Desk) -> None:
        assert taken_in(confirming, written([f"Support <{SUPPORT}>"], "Reminder")).disposition is NEW
        assert sent_count(confirming) == 0

    def test_the_same_subject_two_years_later_is_a_new_matter(self, desk: Desk, clock: FrozenClock) -> None:
        old = taken_in(desk, written([MIRA.whole], "Printer", border=PASSED)).ticket
        clock.advance(days=730)
        for subject in ("Printer", "Re: Printer"):
            assert taken_in(desk, written([MIRA.whole], subject, border=PASSED)).ticket != old

    def test_five_customers_with_the_subject_help_are_five_tickets(self, desk: Desk) -> None:
        mails = [written([f"k{n}@customer.example"], "Re: help", border=PASSED) for n in range(5)]
        found = [taken_in(desk, mail) for mail in mails]
        assert len({one.ticket for one in found}) == 5
        assert {one.disposition for one in found} == {NEW}

    @pytest.mark.parametrize("sender", [MIRA, STRANGER])
    def test_the_index_that_one_mail_program_makes_of_the_subject_joins_nothing(
        self, desk: Desk, sender: Person
    ) -> None:
        index = ["Thread-Index: AdxZMnRkQ0s5V2hUSzJtR3BvY2tYdw==", "Thread-Topic: Printer"]
        first = taken_in(desk, written([MIRA.whole], "Printer", fields=index))
        second = taken_in(desk, written([sender.whole], "Scanner", fields=index))
        assert (second.disposition, second.linked_to) == (NEW, None)
        assert second.ticket != first.ticket

    @pytest.mark.parametrize("mark", ["WG", "Fwd", "FW", "TR"])
    def test_what_is_passed_on_joins_nothing_by_its_subject(self, desk: Desk, mark: str) -> None:
        number = taken_in(desk, written([MIRA.whole], "Printer", border=PASSED)).ticket
        words = "-----Original Message-----\r\nFrom: Otto <otto@elsewhere.example>\r\nSubject: Printer\r\n\r\nBurns."
        found = taken_in(desk, written([MIRA.whole], f"{mark}: Printer", words, border=PASSED))
        assert (found.disposition, found.linked_to) == (LINKED, number)

    def test_an_answer_to_a_mail_that_never_came_here_is_found_by_its_subject_where_the_sender_is_sure(
        self, desk: Desk
    ) -> None:
        ancestor = [f"References: <{new_id()}>"]
        first = taken_in(desk, written([MIRA.whole], "Re: Plan", border=PASSED, fields=ancestor))
        second = taken_in(desk, written([MIRA.whole], "AW: Plan", border=PASSED, fields=ancestor))
        assert (second.disposition, second.row, second.ticket) == (APPENDED, 10, first.ticket)
        unsure = taken_in(desk, written([MIRA.whole], "AW: Plan", fields=ancestor))
        assert (unsure.disposition, unsure.row, unsure.linked_to) == (LINKED, 12, first.ticket)

    def test_somebody_of_a_merged_ticket_takes_part_in_its_target(self, desk: Desk, admin: Desk) -> None:
        target = taken_in(desk, written([MIRA.whole], "Printer")).ticket or 0
        merged = taken_in(desk, written([STRANGER.whole], "Printer is broken")).ticket or 0
        reply(desk, merged, "It is known.")
        (sent,) = sent_mails(desk)
        merge = "UPDATE ticket SET merged_into = (SELECT id FROM ticket WHERE number = :into) WHERE number = :number"
        sql(admin.store, merge, number=merged, into=target)
        found = taken_in(desk, written([STRANGER.whole], "Re: Printer", fields=[f"In-Reply-To: <{id_of(sent)}>"]))
        assert (found.disposition, found.row, found.ticket) == (APPENDED, 6, target)


class TestWords:
    @pytest.mark.parametrize("text", [r"C:\new\table", r"\\server\share\x41", "100 % \\", r"\u0041 \N{BULLET}"])
    def test_a_backslash_stays_a_backslash(self, desk: Desk, text: str) -> None:
        number = taken_in(desk, written([MIRA.whole], text=text)).ticket or 0
        assert thread(desk, number)[0].text == text

    def test_eight_bits_of_another_character_set_stay_what_they_are(self, desk: Desk) -> None:
        fields = ["Content-Type: text/plain; charset=iso-8859-1", "Content-Transfer-Encoding: 8bit"]
        raw = written([MIRA.whole], text="Größe: Übermaß", fields=fields)
        number = taken_in(desk, raw.decode().encode("latin-1")).ticket or 0
        assert thread(desk, number)[0].text == "Größe: Übermaß"


class TestLoops:
    def test_a_robot_without_any_mark_is_answered_once(self, confirming: Desk, clock: FrozenClock) -> None:
        raw, sent = written(["Shop <shop@elsewhere.example>"], "Order 1"), []
        for n in range(12):
            clock.advance(minutes=1)
            taken_in(confirming, raw)
            sent += (new := sent_mails(confirming))
            names = [f"In-Reply-To: <{id_of(new[0])}>"] if new else []
            raw = written(["Shop <shop@elsewhere.example>"], f"Thank you {n}", "We have it.", fields=names)
        assert len(sent) == 1
        assert field_of(sent[0], "auto-submitted") == "auto-replied"

    def test_a_robot_that_changes_its_address_each_time_is_answered_three_times(
        self, confirming: Desk, clock: FrozenClock
    ) -> None:
        for n in range(12):
            clock.advance(minutes=1)
            taken_in(confirming, written([f"Shop <shop-{n}@elsewhere.example>"], "Order"))
        assert sent_count(confirming) == 3

    def test_old_mail_of_a_mailbox_that_is_added_tells_nobody(self, confirming: Desk) -> None:
        system = confirming.acting_as(SYSTEM)
        for n in range(5):
            raw = written([f"k{n}@customer.example"], f"Matter {n}", border=PASSED)
            (kept,) = mailroom.keep(system, MAILBOX, [ArrivedMail(raw, system.clock(), is_backlog=True)])
            assert mailroom.file(system, kept.raw_id, parse(raw)).disposition is NEW
        assert sent_count(confirming) == 0


class TestAnswers:
    def test_a_customer_who_answers_their_own_mail_stays_in_its_ticket(self, desk: Desk) -> None:
        raw = written([MIRA.whole], "Printer")
        number = taken_in(desk, raw).ticket
        found = taken_in(desk, written([MIRA.whole], "More", fields=[f"In-Reply-To: <{id_of(raw)}>"]))
        assert (found.disposition, found.row, found.ticket) == (APPENDED, 11, number)

    def test_our_answers_stand_in_one_thread_of_the_customers_program(self, desk: Desk) -> None:
        raw = written([MIRA.whole], "Printer")
        number = taken_in(desk, raw).ticket or 0
        for text in ("Is it on?", "And now?"):
            reply(desk, number, text)
        first, second = sent_mails(desk)
        assert field_of(first, "in-reply-to") == f"<{id_of(raw)}>"
        assert field_of(second, "references").split() == [f"<{id_of(raw)}>", f"<{id_of(first)}>"]
        assert field_of(second, "in-reply-to") == f"<{id_of(first)}>"

    @pytest.mark.parametrize(("words", "status"), [("Danke!", "solved"), ("Danke! Aber es druckt schief.", "open")])
    def test_an_answer_opens_a_solved_ticket_again_unless_it_only_thanks_and_the_log_says_so(
        self, desk: Desk, words: str, status: str
    ) -> None:
        number = taken_in(desk, written([MIRA.whole], "Printer")).ticket or 0
        reply(desk, number, "It works now.", then=Status.SOLVED)
        (sent,) = sent_mails(desk)
        taken_in(desk, written([MIRA.whole], "Re: Printer", words, fields=[f"In-Reply-To: <{id_of(sent)}>"]))
        assert row(desk, number).status == status
        last = history(desk, number)[-1]
        assert (last.actor, last.verb) == ("system", "receive")
        assert last.changes.get("status") == (["solved", "open"] if status == "open" else None)
        assert ("thanks" in last.changes) == (status == "solved")

    def test_a_note_leaves_the_house_in_no_mail(self, desk: Desk) -> None:
        number = taken_in(desk, written([MIRA.whole], "Printer", fields=["Cc: otto@elsewhere.example"])).ticket or 0
        note(desk, number, "nebelkrähe: this customer never pays")
        assert sent_count(desk) == 0
        reply(desk, number, "Is it on?")
        set_status(desk, [number], Status.CLOSED)
        (sent,) = sent_mails(desk)
        assert "nebelkrähe" not in str(parse(sent))
        assert field_of(sent, "to").endswith("<mira@customer.example>")
