"""The mailroom: kept byte for byte, filed once, each mail with one visible fate."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from helpdesk_tui.desk import mailroom
from helpdesk_tui.desk.conversation import note, reply
from helpdesk_tui.desk.delivery import claim
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.mailroom import ArrivedMail
from helpdesk_tui.desk.tickets import set_status
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.mail.compose import compose
from helpdesk_tui.mail.ingest import file_left_over
from helpdesk_tui.store.queries.mail import mail_account
from helpdesk_tui.store.search import rebuild_all
from helpdesk_tui.store.transaction import reading
from helpdesk_tui.terms import SYSTEM, Authenticity, DeliveryReport, Disposition, IncomingFile, Person, Status
from tests.build import (
    MAILBOX,
    MIRA,
    STRANGER,
    SUPPORT,
    FrozenClock,
    Place,
    a_mail,
    a_ticket,
    an_incoming,
    everything,
    filed,
    history,
    listed,
    received,
    row,
    sql,
    thread,
)

NEW, APPENDED, LINKED = Disposition.NEW, Disposition.APPENDED, Disposition.LINKED


@pytest.fixture
def number(desk: Desk) -> int:
    """A ticket of Mira's that was answered once."""
    number = filed(desk, an_incoming(message_id="first@customer.example")).ticket or 0
    reply(desk, number, "Is it on?")
    return number


def ours(desk: Desk, number: int) -> str:
    """The Message-ID of our newest reply."""
    return [message.message_id for message in thread(desk, number) if message.kind == "outbound"][-1]


class TestKeeping:
    """From `keep` on a mail cannot be lost, and is there once."""

    @pytest.mark.parametrize("content", [b"", b"\x00\xff\r\n\n\r", b"From: a@b\n\nx" * 200_000])
    def test_bytes_come_back_as_they_came_in(self, system: Desk, content: bytes) -> None:
        (kept,) = mailroom.keep(system, MAILBOX, [ArrivedMail(content, system.clock())])
        with reading(system.store, SYSTEM) as session:
            assert mailroom.raw_content(session, kept.raw_id) == content
        assert system.ask(mailroom.unfiled) == [kept.raw_id]

    def test_the_same_bytes_are_one_mail_of_a_mailbox(self, system: Desk) -> None:
        mails = [ArrivedMail(b"one", system.clock(), 7, uid) for uid in (1, 2, 3)]
        kept = mailroom.keep(system, MAILBOX, mails[:2]) + mailroom.keep(system, MAILBOX, mails[2:])
        assert {one.raw_id for one in kept} == {kept[0].raw_id}
        assert [one.is_again for one in kept] == [False, True, True]
        (other,) = mailroom.keep(system, "another", mails[:1])
        assert other.raw_id != kept[0].raw_id
        assert sql(system.store, "SELECT count(*) FROM content") == [(1,)]

    def test_two_pollers_at_the_same_time_keep_it_once(self, place: Place) -> None:
        desks = [place.desk(login).acting_as(SYSTEM) for login in ("anna", "bob", "anna", "bob")]
        mails = [[ArrivedMail(b"mail %d" % n, desk.clock(), 7, n) for n in range(20)] for desk in desks]
        with ThreadPoolExecutor(4) as pool:
            kept = list(pool.map(lambda pair: mailroom.keep(pair[0], MAILBOX, pair[1]), zip(desks, mails, strict=True)))
        assert len({tuple(one.raw_id for one in some) for some in kept}) == 1
        assert sql(place.store(), "SELECT count(*) FROM raw_message") == [(20,)]

    def test_the_fate_of_every_uid_is_known(self, system: Desk) -> None:
        mails = [ArrivedMail(content, system.clock(), 7, uid) for uid, content in ((1, b"a"), (2, b"b"), (3, b"a"))]
        kept = mailroom.keep(system, MAILBOX, mails)
        mailroom.file(system, kept[0].raw_id, an_incoming())
        mailroom.mark_done(system, MAILBOX, 7, [1])
        found = system.ask(mailroom.fates, MAILBOX, 7, [1, 2, 3, 4])
        assert {uid: (fate.is_filed, fate.is_done) for uid, fate in found.items()} == {
            1: (True, True),
            2: (False, False),
            3: (True, False),
        }
        assert system.ask(mailroom.fates, MAILBOX, 8, [1, 2, 3]) == {}

    def test_an_unknown_queue_keeps_nothing(self, system: Desk) -> None:
        with pytest.raises(HelpdeskError, match="no queue nowhere"):
            mailroom.keep(system, MAILBOX, [ArrivedMail(b"a", system.clock())], "nowhere")
        assert sql(system.store, "SELECT count(*) FROM raw_message") == [(0,)]


class TestFiling:
    """A kept mail is filed once, whoever comes again with it."""

    def test_filing_again_changes_nothing(self, system: Desk) -> None:
        raw_id = mailroom.keep(system, MAILBOX, [ArrivedMail(b"a", system.clock())])[0].raw_id
        first = mailroom.file(system, raw_id, an_incoming())
        before = everything(system.store)
        assert mailroom.file(system, raw_id, an_incoming(subject="other")) == first
        assert mailroom.quarantine(system, raw_id, "unreadable") == first
        assert everything(system.store) == before

    def test_two_at_the_same_time_make_one_ticket(self, place: Place) -> None:
        desks = [place.desk(login).acting_as(SYSTEM) for login in ("anna", "bob")]
        raw_id = mailroom.keep(desks[0], MAILBOX, [ArrivedMail(b"a", desks[0].clock())])[0].raw_id
        mail = an_incoming()
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(lambda desk: mailroom.file(desk, raw_id, mail), desks))
        assert found[0] == found[1]
        assert len(listed(desks[0])) == 1

    def test_the_same_mail_twice_is_a_duplicate_of_the_first(self, desk: Desk) -> None:
        raw = a_mail()
        first, again = received(desk, raw), received(desk, raw)
        assert (first.disposition, again.disposition) == (NEW, Disposition.DUPLICATE)
        assert (again.ticket, again.message, again.raw_id) == (first.ticket, first.message, first.raw_id)
        assert listed(desk) == [first.ticket]

    def test_what_was_kept_and_not_filed_is_filed_later(self, system: Desk) -> None:
        mails = [ArrivedMail(a_mail(subject=subject), system.clock()) for subject in ("one", "two")]
        mailroom.keep(system, MAILBOX, mails)
        assert [one.disposition for one in file_left_over(system)] == [NEW, NEW]
        assert file_left_over(system) == []
        assert len(listed(system)) == 2

    def test_a_mail_that_cannot_be_read_goes_to_quarantine(self, desk: Desk) -> None:
        found = received(desk, b"")
        assert (found.disposition, found.ticket, found.row) == (Disposition.QUARANTINED, None, 0)
        assert found.reason
        assert listed(desk, "is:any") == []
        assert sql(desk.store, "SELECT reason FROM mail_quarantine") == [(found.reason,)]

    def test_every_mail_is_accounted_for(self, desk: Desk) -> None:
        raw = a_mail()
        for content in (raw, raw, b"", a_mail(Auto_Submitted="auto-generated")):
            received(desk, content)
        system = desk.acting_as(SYSTEM)
        mailroom.keep(
            system, MAILBOX, [ArrivedMail(b"waits", desk.clock(), 1, 1), ArrivedMail(raw, desk.clock(), 1, 2)]
        )
        health = desk.ask(mail_account)
        assert (health.received, health.accounted) == (5, 4)
        assert health.by_disposition == {"new": 1, "robot": 1, "quarantined": 1, "duplicate": 1}


class TestNewTickets:
    """What a mail becomes that belongs nowhere yet."""

    def test_a_ticket_with_all_that_the_mail_says(self, desk: Desk, clock: FrozenClock) -> None:
        file = IncomingFile("scan.pdf", "application/pdf", b"%PDF" * 400_000)
        mail = an_incoming(subject="AW: Printer", quoted="> old", cc=(STRANGER,), files=(file, file), notes=("cut",))
        found = filed(desk, mail)
        number = found.ticket or 0
        assert (found.disposition, found.row, found.linked_to) == (NEW, 17, None)
        ticket = row(desk, number)
        assert (ticket.subject, ticket.raw_subject) == ("Printer", "AW: Printer")
        assert (ticket.requester, ticket.queue, ticket.status) == (MIRA, "support", "new")
        assert (ticket.channel, ticket.waiting_for, ticket.waiting_since) == ("email", "us", clock())
        (message,) = thread(desk, number)
        assert (message.id, message.kind, message.is_automatic) == (found.message, "inbound", False)
        assert (message.sender, message.cc, message.text, message.quoted) == (MIRA, (STRANGER,), mail.text, "> old")
        assert (message.sent_at, message.received_at) == (mail.sent_at, clock())
        assert message.remarks == ("cut",)
        assert [(one.name, one.size) for one in message.files] == [("scan.pdf", 1_600_000)] * 2
        assert sql(desk.store, "SELECT count(*) FROM content WHERE size = 1600000") == [(1,)]
        (event,) = history(desk, number)
        assert (event.actor, event.verb) == ("system", "receive")
        assert event.changes == {"number": [None, number], "message": [None, found.message]}

    @pytest.mark.parametrize(
        ("fields", "queue"),
        [
            ({"to": (Person("", "Billing+x@Desk.example"),)}, "billing"),
            ({"to": (), "cc": (Person("", "billing@desk.example"),)}, "billing"),
            ({"to": (Person("", "x@y.example"),), "delivered_to": ("billing@desk.example",)}, "billing"),
            ({"to": (Person("", "support@desk.example"), Person("", "billing@desk.example"))}, "support"),
            ({"to": (Person("", "x@y.example"),)}, "support"),
        ],
    )
    def test_its_queue_is_the_one_it_was_written_to(self, desk: Desk, fields: dict[str, Any], queue: str) -> None:
        assert row(desk, filed(desk, an_incoming(**fields)).ticket or 0).queue == queue

    def test_its_queue_may_be_named_by_whoever_hands_it_over(self, desk: Desk) -> None:
        assert row(desk, received(desk, a_mail(), to_queue="billing").ticket or 0).queue == "billing"
        assert row(desk, received(desk, a_mail(), queue="billing").ticket or 0).queue == "support"
        assert row(desk, received(desk, a_mail(to="x@y.example"), queue="billing").ticket or 0).queue == "billing"

    def test_a_mail_decides_nothing_but_its_words(self, desk: Desk) -> None:
        forged = {"X-Helpdesk-Status": "closed", "X-Priority": "1", "X-Queue": "hr", "X-Assignee": "anna"}
        number = received(desk, a_mail(**{key.replace("-", "_"): value for key, value in forged.items()})).ticket or 0
        found = row(desk, number)
        assert (found.status, found.priority, found.queue, found.assignee) == ("new", "normal", "support", None)

    def test_a_mail_from_an_agents_address_is_no_command(self, desk: Desk, number: int) -> None:
        sender = Person("Anna", "anna@desk.example")
        found = filed(desk, an_incoming(sender=sender, in_reply_to=(ours(desk, number),), text="close this"))
        assert found.disposition == LINKED
        assert row(desk, number).status == "waiting_customer"


class TestAnswers:
    """Where an answer goes; the rows of the decision table as the store knows them."""

    @pytest.mark.parametrize("status", [Status.WAITING_CUSTOMER, Status.SOLVED, Status.CLOSED])
    def test_the_customers_answer_opens_the_ticket_again(
        self, desk: Desk, number: int, clock: FrozenClock, status: Status
    ) -> None:
        set_status(desk, [number], status)
        clock.advance(minutes=10)
        found = filed(desk, an_incoming(in_reply_to=(ours(desk, number),)))
        assert (found.disposition, found.row, found.ticket) == (APPENDED, 6, number)
        assert (row(desk, number).status, row(desk, number).waiting_for) == ("open", "us")
        assert row(desk, number).waiting_since == clock()
        assert thread(desk, number)[-1].remarks == ("The sender's address is not verified.",)

    def test_an_answer_wakes_a_ticket_that_sleeps(self, desk: Desk, number: int) -> None:
        set_status(desk, [number], Status.SNOOZED)
        filed(desk, an_incoming(in_reply_to=(ours(desk, number),)))
        assert (row(desk, number).status, row(desk, number).waiting_for) == ("open", "us")

    def test_a_new_ticket_stays_new(self, desk: Desk) -> None:
        number = filed(desk, an_incoming(message_id="a@customer.example")).ticket or 0
        filed(desk, an_incoming(references=("a@customer.example",)))
        assert row(desk, number).status == "new"
        assert len(thread(desk, number)) == 2

    @pytest.mark.parametrize(
        ("fields", "row_"),
        [
            ({"in_reply_to": ("{ours}",)}, 6),
            ({"in_reply_to": ("{OURS}",)}, 6),
            ({"references": ("x@y", "{ours}", "z@y")}, 6),
            ({"in_reply_to": ("first@customer.example",)}, 11),
            ({"references": ("first@customer.example", "lost@customer.example")}, 11),
        ],
    )
    def test_the_thread_is_found_by_ids_alone(
        self, desk: Desk, number: int, fields: dict[str, tuple[str, ...]], row_: int
    ) -> None:
        sent = ours(desk, number)
        ids = {k: tuple(i.format(ours=sent, OURS=sent.upper()) for i in v) for k, v in fields.items()}
        found = filed(desk, an_incoming(subject="something else", sender=Person("M", "MIRA+x@customer.example"), **ids))
        assert (found.disposition, found.row, found.ticket) == (APPENDED, row_, number)

    @pytest.mark.parametrize(
        "fields",
        [
            {"text": "about ticket #{number}"},
            {"in_reply_to": ("{number}",)},
            {"in_reply_to": ("aaaaaaaaaaaaaaaaaaaaaaaaaa.hd@desk.example",)},
        ],
    )
    def test_numbers_in_a_text_and_invented_tokens_lead_nowhere(
        self, desk: Desk, number: int, fields: dict[str, Any]
    ) -> None:
        said = {
            key: tuple(one.format(number=number) for one in value)
            if isinstance(value, tuple)
            else value.format(number=number)
            for key, value in fields.items()
        }
        assert (found := filed(desk, an_incoming(**{"subject": "Something else", **said}))).disposition == NEW
        assert found.row == 17

    @pytest.mark.parametrize("subject", ["Re: [#{number}] Toner", "Printer", "AW: Printer", "re:  PRINTER"])
    def test_a_subject_alone_offers_to_merge_and_merges_nothing(self, desk: Desk, number: int, subject: str) -> None:
        found = filed(desk, an_incoming(subject=subject.format(number=number)))
        assert (found.disposition, found.row, found.linked_to) == (LINKED, 12, number)
        assert found.ticket != number

    @pytest.mark.parametrize("subject", ["Re: [#{number}] Toner", "AW: Printer"])
    def test_the_subject_of_an_answer_is_enough_for_whoever_is_verified(
        self, desk: Desk, number: int, subject: str
    ) -> None:
        found = filed(desk, an_incoming(subject=subject.format(number=number), authenticity=Authenticity.PASS))
        assert (found.disposition, found.row, found.ticket) == (APPENDED, 10, number)

    def test_of_two_open_tickets_with_one_subject_none_is_meant(self, desk: Desk, number: int) -> None:
        second = filed(desk, an_incoming()).ticket
        assert second != number
        assert filed(desk, an_incoming(subject="AW: Printer")).row == 17

    def test_the_subject_of_somebody_else_means_nothing(self, desk: Desk, number: int) -> None:
        assert filed(desk, an_incoming(sender=STRANGER)).row == 17

    def test_a_stranger_with_the_token_gets_a_ticket_of_their_own(self, desk: Desk, number: int) -> None:
        before = thread(desk, number), row(desk, number)
        found = filed(desk, an_incoming(sender=STRANGER, in_reply_to=(ours(desk, number),)))
        assert (found.disposition, found.row, found.linked_to) == (LINKED, 9, number)
        assert found.ticket != number
        assert row(desk, found.ticket or 0).linked_to == number
        assert row(desk, found.ticket or 0).requester == STRANGER
        assert (thread(desk, number), row(desk, number)) == before

    def test_a_sender_that_cannot_be_read_for_sure_counts_as_forged(self, desk: Desk, number: int) -> None:
        found = filed(desk, an_incoming(has_strict_sender=False, in_reply_to=(ours(desk, number),)))
        assert (found.disposition, found.row, found.ticket) == (APPENDED, 7, number)

    def test_somebody_an_agent_wrote_to_takes_part(self, desk: Desk, number: int) -> None:
        reply(desk, number, "Please advise", to=[STRANGER])
        found = filed(desk, an_incoming(sender=STRANGER, in_reply_to=(ours(desk, number),)))
        assert (found.disposition, found.row, found.ticket) == (APPENDED, 6, number)

    def test_somebody_the_customer_copied_does_not(self, desk: Desk, number: int) -> None:
        filed(desk, an_incoming(in_reply_to=(ours(desk, number),), cc=(STRANGER,)))
        found = filed(desk, an_incoming(sender=STRANGER, in_reply_to=(ours(desk, number),)))
        assert (found.disposition, found.row) == (LINKED, 9)

    def test_tokens_of_two_tickets_link_the_other_one(self, desk: Desk, number: int) -> None:
        other = filed(desk, an_incoming()).ticket or 0
        reply(desk, other, "Hello")
        mail = an_incoming(in_reply_to=(ours(desk, other),), references=(ours(desk, number),))
        found = filed(desk, mail)
        assert (found.row, found.ticket, found.linked_to) == (14, other, number)

    def test_an_answer_to_a_merged_ticket_goes_to_its_target(self, desk: Desk, admin: Desk, number: int) -> None:
        target, end = (filed(desk, an_incoming()).ticket or 0 for _ in range(2))
        for one, into in ((number, target), (target, end)):
            merge = "UPDATE ticket SET merged_into = (SELECT id FROM ticket WHERE number = :into) WHERE number = :one"
            sql(admin.store, merge, one=one, into=into)
        assert filed(desk, an_incoming(in_reply_to=(ours(desk, number),))).ticket == end

    def test_tickets_merged_in_a_circle_stop_nothing(self, desk: Desk, admin: Desk, number: int) -> None:
        sql(admin.store, "UPDATE ticket SET merged_into = id")
        assert filed(desk, an_incoming(in_reply_to=(ours(desk, number),))).ticket == number

    @pytest.mark.parametrize(("days", "disposition"), [(29, APPENDED), (31, LINKED)])
    def test_a_ticket_closed_long_ago_stays_closed(
        self, desk: Desk, number: int, clock: FrozenClock, days: int, disposition: Disposition
    ) -> None:
        set_status(desk, [number], Status.CLOSED)
        clock.advance(days=days)
        found = filed(desk, an_incoming(in_reply_to=(ours(desk, number),)))
        assert found.disposition == disposition
        assert row(desk, number).status == ("open" if disposition is APPENDED else "closed")

    def test_nobody_outside_gets_into_a_confidential_queue(self, desk: Desk, admin: Desk, number: int) -> None:
        sql(admin.store, "UPDATE queue SET is_confidential = true")
        weak = filed(desk, an_incoming(references=("first@customer.example",)))
        assert (weak.disposition, weak.row) == (LINKED, 13)
        assert filed(desk, an_incoming(in_reply_to=(ours(desk, number),))).ticket == number


class TestMachines:
    """What no person wrote opens nothing and wakes nobody."""

    def test_an_absence_note_lies_in_its_ticket_and_opens_nothing(self, desk: Desk, number: int) -> None:
        found = filed(desk, an_incoming(auto_submitted="auto-replied", in_reply_to=(ours(desk, number),)))
        assert (found.disposition, found.row, found.ticket) == (APPENDED, 4, number)
        assert thread(desk, number)[-1].is_automatic
        assert (row(desk, number).status, row(desk, number).waiting_for) == ("waiting_customer", "them")

    def test_a_robots_mail_is_kept_aside(self, desk: Desk) -> None:
        found = filed(desk, an_incoming(auto_submitted="auto-generated"))
        assert (found.disposition, found.row, found.ticket) == (Disposition.ROBOT, 5, None)
        assert listed(desk, "is:any") == []

    @pytest.mark.parametrize(("is_permanent", "words"), [(True, "Not delivered to"), (False, "Not yet delivered to")])
    def test_a_bounce_lies_in_the_ticket_it_is_about(
        self, desk: Desk, number: int, is_permanent: bool, words: str
    ) -> None:
        report = DeliveryReport(is_permanent, "mira@customer.example", "5.1.1", "no such user")
        mail = an_incoming(sender=Person("", "mailer-daemon@x"), report=report, report_ids=(ours(desk, number),))
        found = filed(desk, mail)
        assert (found.disposition, found.row, found.ticket) == (Disposition.BOUNCE, 2, number)
        (remark,) = thread(desk, number)[-1].remarks
        assert remark.endswith(f"{words} mira@customer.example. no such user")
        assert thread(desk, number)[-1].is_automatic
        # What never arrived is ours to do again; what is merely late is not.
        stands = ("open", "us") if is_permanent else ("waiting_customer", "them")
        assert (row(desk, number).status, row(desk, number).waiting_for) == stands

    def test_a_machine_s_mail_lies_in_the_queue_it_was_sent_to(self, desk: Desk) -> None:
        to = (Person("", "billing@desk.example"),)
        for fields in ({"auto_submitted": "auto-generated"}, {"report": DeliveryReport(True, "", "", "")}):
            filed(desk, an_incoming(to=to, **fields))
        kept = "SELECT name FROM raw_message JOIN queue ON queue.id = raw_message.queue_id"
        assert [name for (name,) in sql(desk.store, kept)] == ["billing", "billing"]

    def test_backscatter_is_kept_aside(self, desk: Desk) -> None:
        found = filed(desk, an_incoming(report=DeliveryReport(True, "", "", ""), report_ids=("x@y",)))
        assert (found.disposition, found.row, found.ticket) == (Disposition.BOUNCE, 3, None)

    @pytest.mark.parametrize("text", ["Is it on?", "You wrote:\n> It burns\n\nReally?\n-- \nAnna\nHelpdesk"])
    def test_our_own_mail_that_comes_back_is_no_ticket(self, desk: Desk, number: int, text: str) -> None:
        reply(desk, number, text)
        system = desk.acting_as(SYSTEM)
        mails = [claim(system, compose), claim(system, compose)]
        assert mails[1]
        found = received(desk, b"Received: from x by y\r\n" + mails[1].content)
        assert (found.disposition, found.row, found.ticket) == (Disposition.OWN_COPY, 1, None)
        assert listed(desk, "is:any") == [number]

    def test_a_forged_id_of_ours_hides_nothing(self, desk: Desk, number: int) -> None:
        forged = a_mail("Buy this", sender="support@desk.example", message_id=ours(desk, number))
        found = received(desk, forged)
        assert found.disposition == NEW
        assert thread(desk, found.ticket or 0)[0].text.strip() == "Buy this"


def test_a_mail_that_answers_two_tickets_names_the_other(desk: Desk, number: int) -> None:
    other = filed(desk, an_incoming(subject="Scanner")).ticket or 0
    reply(desk, other, "Is it on?")
    found = filed(desk, an_incoming(in_reply_to=(ours(desk, number),), references=(ours(desk, other),)))
    assert (found.row, found.ticket, found.linked_to) == (14, number, other)
    assert row(desk, number).linked_to == other


class TestWhoIsFound:
    """A ticket is found by everybody a mail went to, but not by our own address."""

    def test_people_in_copy(self, desk: Desk) -> None:
        people = (Person("Rosa Ott", "rosa@customer.example"), Person("", SUPPORT))
        number = filed(desk, an_incoming(to=people, cc=(Person("Udo Alt", "udo@customer.example"),))).ticket
        assert [listed(desk, word) for word in ("rosa", "udo@customer.example")] == [[number], [number]]
        assert listed(desk, SUPPORT) == []

    def test_a_rebuild_changes_nothing(self, desk: Desk) -> None:
        files = (IncomingFile("plan.pdf", "application/pdf", b"x"),)
        found = filed(desk, an_incoming(cc=(Person("Udo Alt", "udo@customer.example"),), files=files, quoted="> Frage"))
        note(desk, found.ticket or 0, "Zwischenbescheid")
        before = sql(desk.store, "SELECT words FROM ticket_words")
        rebuild_all(desk.store)
        assert [sorted(one.split()) for (one,) in sql(desk.store, "SELECT words FROM ticket_words")] == [
            sorted(one.split()) for (one,) in before
        ]


def test_a_claim_of_the_future_does_not_move_a_mail(desk: Desk, clock: FrozenClock) -> None:
    first = filed(desk, an_incoming(message_id="a@b", sent_at=clock() + timedelta(days=900)))
    clock.advance(minutes=1)
    filed(desk, an_incoming(references=("a@b",), sent_at=None, text="second"))
    assert [message.text for message in thread(desk, first.ticket or 0)][-1] == "second"
    assert a_ticket(desk)
