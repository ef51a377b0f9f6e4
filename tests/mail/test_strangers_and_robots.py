"""From the bytes of a mail to its ticket: who is taken for a robot, and whose reply finds its way."""

from __future__ import annotations

import pytest

from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.mailroom import ArrivedMail
from helpdesk_tui.mail.ingest import take_in
from helpdesk_tui.terms import Disposition, FiledMail, Person
from tests.build import MAILBOX, a_mail, a_ticket, row, thread

NEW, APPENDED, ROBOT, LINKED = Disposition.NEW, Disposition.APPENDED, Disposition.ROBOT, Disposition.LINKED


def arrived(desk: Desk, system: Desk, raw: bytes) -> FiledMail:
    """Where these bytes end up."""
    (filed,) = take_in(system, MAILBOX, [ArrivedMail(raw, desk.clock())])
    return filed


def answered(desk: Desk, system: Desk, sender: str = "cust@x.example") -> tuple[int, str]:
    """A ticket of this customer that was answered, and the Message-ID of the answer."""
    number = arrived(desk, system, a_mail(sender=sender)).ticket or 0
    reply(desk, number, "Is it on?")
    return number, thread(desk, number)[-1].message_id


class TestRobots:
    @pytest.mark.parametrize(
        "subject",
        ["Abwesenheitsnotiz einrichten", "Out of office does not work in Outlook", "Automatic reply is broken"],
    )
    def test_who_writes_about_absence_notes_gets_a_ticket(self, desk: Desk, system: Desk, subject: str) -> None:
        assert arrived(desk, system, a_mail(subject=subject)).disposition is NEW

    @pytest.mark.parametrize("field", ["X_Loop", "X_MS_Exchange_Inbox_Rules_Loop"])
    def test_mail_passed_on_by_a_rule_gets_a_ticket(self, desk: Desk, system: Desk, field: str) -> None:
        assert arrived(desk, system, a_mail(**{field: "mira@customer.example"})).disposition is NEW

    def test_an_absence_note_without_any_mark_reopens_nothing(self, desk: Desk, system: Desk) -> None:
        number, ours = answered(desk, system)
        note = a_mail(sender="cust@x.example", subject="Abwesenheitsnotiz: Re: Printer", In_Reply_To=f"<{ours}>")
        found = arrived(desk, system, note)
        assert (found.disposition, found.row, found.ticket) == (APPENDED, 4, number)

    def test_a_note_with_another_mark_is_one(self, desk: Desk, system: Desk) -> None:
        note = a_mail(subject="Out of office: Printer", X_Auto_Response_Suppress="All")
        assert arrived(desk, system, note).disposition is ROBOT


def from_line(value: str, ours: str) -> bytes:
    """A reply with this From line, byte for byte."""
    return f"From: {value}\r\nSubject: Re: Printer\r\nIn-Reply-To: <{ours}>\r\n\r\nYes, it is.\r\n".encode()


class TestSenders:
    @pytest.mark.parametrize(
        "value",
        [
            "cust@x.example <cust@x.example>",
            "Cust, A. <cust@x.example>",
            "O’Neil ® 😀 👩‍🚀 <cust@x.example>",
            "[Firma] Cust <cust@x.example>",
            "=?utf-8?q?Firma,_Cust?= <cust@x.example>",
            "=?utf-8?q?cust@x.example?= <cust@x.example>",
            "cust@x.example,",
        ],
    )
    def test_a_harmless_name_is_no_hindrance(self, desk: Desk, system: Desk, value: str) -> None:
        number, ours = answered(desk, system)
        found = arrived(desk, system, from_line(value, ours))
        assert (found.disposition, found.row, found.ticket) == (APPENDED, 6, number)

    def test_an_address_with_two_dots_is_one(self, desk: Desk, system: Desk) -> None:
        number = arrived(desk, system, a_mail()).ticket or 0
        reply(desk, number, "Hello", to=[Person("", "a..b@docomo.ne.jp")])
        found = arrived(desk, system, from_line("a..b@docomo.ne.jp", thread(desk, number)[-1].message_id))
        assert (found.row, found.ticket) == (6, number)

    @pytest.mark.parametrize(
        "value",
        [
            "boss@good.example <cust@x.example>",
            "cust@x.example, boss@good.example",
            "<boss@good.example> <cust@x.example>",
            "=?utf-8?q?boss@good.example?= <cust@x.example>",
            "team: cust@x.example;",
        ],
    )
    def test_a_doubtful_sender_is_shown_as_such_and_looked_at(self, desk: Desk, system: Desk, value: str) -> None:
        number, ours = answered(desk, system)
        found = arrived(desk, system, from_line(value, ours))
        assert (found.disposition, found.row, found.ticket) == (APPENDED, 7, number)
        assert row(desk, number).status == "open"
        assert any(remark.startswith("!") for remark in thread(desk, number)[-1].remarks)

    def test_a_doubtful_sender_has_no_use_of_a_weak_link(self, desk: Desk, system: Desk) -> None:
        first = a_mail(sender="cust@x.example", message_id="first@x.example")
        number = arrived(desk, system, first).ticket or 0
        found = arrived(desk, system, from_line("boss@good.example <cust@x.example>", "first@x.example"))
        assert (found.disposition, found.row, found.linked_to) == (LINKED, 13, number)


class TestWhoIsWrittenTo:
    def test_the_address_as_the_customer_wrote_it(self, desk: Desk, system: Desk) -> None:
        number = arrived(desk, system, a_mail(sender="Cust.Omer+Shop@X.example")).ticket or 0
        reply(desk, number, "Hello")
        assert [person.address for person in thread(desk, number)[-1].to] == ["Cust.Omer+Shop@x.example"]

    def test_whoever_was_only_known_by_phone_is_written_to_with_the_detail(self, desk: Desk) -> None:
        number = a_ticket(desk, person=Person("", "cust+shop@x.example"))
        reply(desk, number, "Hello")
        assert [person.address for person in thread(desk, number)[-1].to] == ["cust+shop@x.example"]

    @pytest.mark.parametrize(
        ("one", "other"), [("groß@x.example", "gross@x.example"), ("a+b@x.example", "a@x.example")]
    )
    def test_addresses_that_differ_are_two_customers(self, desk: Desk, system: Desk, one: str, other: str) -> None:
        first, second = (row(desk, arrived(desk, system, from_line(who, "no@x")).ticket or 0) for who in (one, other))
        assert [first.requester.address, second.requester.address] == [one, other]


class TestWeakLinks:
    @pytest.mark.one_store
    def test_a_forged_message_id_does_not_draw_replies_away(self, desk: Desk, system: Desk) -> None:
        first = a_mail(sender="cust@x.example", message_id="first@x.example")
        number = arrived(desk, system, first).ticket or 0
        for _copy in range(60):
            arrived(desk, system, a_mail(sender="evil@evil.example", message_id="first@x.example"))
        found = arrived(desk, system, from_line("cust@x.example", "first@x.example"))
        assert (found.disposition, found.row, found.ticket) == (APPENDED, 11, number)

    def test_somebody_written_to_is_preferred_as_well(self, desk: Desk, system: Desk) -> None:
        number = arrived(desk, system, a_mail(message_id="first@x.example")).ticket or 0
        reply(desk, number, "Please advise", to=[Person("", "cust@x.example")])
        arrived(desk, system, a_mail(sender="evil@evil.example", message_id="first@x.example"))
        found = arrived(desk, system, from_line("cust@x.example", "first@x.example"))
        assert (found.row, found.ticket) == (11, number)

    def test_in_reply_to_counts_before_references(self, desk: Desk, system: Desk) -> None:
        sender = "cust@x.example"
        one = arrived(desk, system, a_mail(sender=sender, message_id="one@x.example")).ticket
        arrived(desk, system, a_mail(sender=sender, message_id="two@x.example"))
        raw = a_mail(sender=sender, In_Reply_To="<one@x.example>", References="<one@x.example> <two@x.example>")
        assert arrived(desk, system, raw).ticket == one

    def test_of_the_references_the_newest_counts(self, desk: Desk, system: Desk) -> None:
        sender = "cust@x.example"
        two = arrived(desk, system, a_mail(sender=sender, message_id="two@x.example")).ticket
        arrived(desk, system, a_mail(sender=sender, message_id="one@x.example"))
        raw = a_mail(sender=sender, References="<one@x.example> <two@x.example>")
        assert arrived(desk, system, raw).ticket == two
