"""What others were attacked with: nothing a stranger sends joins a ticket, commands, answers, or tells who is known."""

from __future__ import annotations

import os

import pytest

from helpdesk_tui.desk.conversation import note, reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.gathering import FLOOD_ALIKE
from helpdesk_tui.desk.queue_mail import QueueMail, set_queue_mail
from helpdesk_tui.desk.settings import set_queue
from helpdesk_tui.store.queries.thread import MessageRow
from helpdesk_tui.terms import Disposition, Person
from tests.build import MIRA, STRANGER, SUPPORT, FrozenClock, Place, Proves, history, row, sql, thread
from tests.mail.letterbox import field_of, id_of, seen_by_border, sent_mails, taken_in, written

IS_LONG = bool(os.environ.get("HELPDESK_LONG"))
CANARY = "nebelkrähe"
ELSEWHERE = seen_by_border("pass", "elsewhere.example")
CUSTOMER = seen_by_border("pass", "customer.example")
ANNA = "Anna <anna@desk.example>"


@pytest.fixture
def confirming(desk: Desk, admin: Desk) -> Desk:
    """Anna's desk where requests are confirmed."""
    set_queue_mail(admin, "support", QueueMail(confirms=True))
    return desk


@pytest.fixture
def number(desk: Desk) -> int:
    """A ticket of Mira's that was answered once."""
    number = taken_in(desk, written([MIRA.whole], "Printer", f"It burns. {CANARY}", border=CUSTOMER)).ticket or 0
    reply(desk, number, f"Is it on? {CANARY}")
    return number


def ours(desk: Desk, number: int) -> str:
    """The Message-ID of our newest mail on a ticket."""
    return [one.message_id for one in thread(desk, number) if one.kind == "outbound"][-1]


def leaving(desk: Desk) -> list[tuple[str, str, str]]:
    """Address, subject and text of all mails in the outbox."""
    found = sql(desk.store, 'SELECT m."to", m.subject, m.text FROM outbox o JOIN message m ON m.id = o.message_id')
    return [(str(to), subject, text) for to, subject, text in found]


class TestThirdPartyMail:
    """An address of ours cannot be used to sign up elsewhere and read what is sent to it (the Ticket Trick)."""

    CODE = "Your verification code is 482913."

    def test_without_a_token_it_joins_nothing_and_is_answered_by_nothing(self, confirming: Desk, number: int) -> None:
        for subject in ("Verify your address", f"[#{number}] Verify", "Re: Printer"):
            mail = written(["No Reply <no-reply@elsewhere.example>"], subject, self.CODE, border=ELSEWHERE)
            before = leaving(confirming)
            assert taken_in(confirming, mail).ticket != number
            assert leaving(confirming) == before

    def test_sent_to_an_address_with_a_token_it_goes_to_nobody_outside(self, desk: Desk, number: int) -> None:
        to = SUPPORT.replace("@", f"+{ours(desk, number).partition('.')[0]}@")
        mail = written(["No Reply <no-reply@elsewhere.example>"], "Verify", self.CODE, border=ELSEWHERE, to=to)
        before = leaving(desk)
        assert taken_in(desk, mail).row == 8
        assert leaving(desk) == before
        assert any(remark.startswith("!") for remark in thread(desk, number)[-1].remarks)
        reply(desk, number, "Thank you.")
        assert sent_mails(desk)[-1].count(b"482913") == 0
        assert leaving(desk)[-1][0].count("mira@customer.example") == 1


class TestConfirmations:
    """A confirmation carries nothing of whom it answers, and floods nobody."""

    def test_a_forged_sender_gets_one_a_day_without_a_word_of_the_mail(
        self, confirming: Desk, clock: FrozenClock, proves: Proves
    ) -> None:
        count = 2_000 if IS_LONG else 40
        for n in range(count):
            clock.advance(seconds=20)
            mail = written(["Victim <victim@elsewhere.example>"], f"Cheap {n} pills", f"Buy at spam{n}.example!")
            assert taken_in(confirming, mail).disposition in (Disposition.NEW, Disposition.FOLDED)
        found = leaving(confirming)
        assert len(found) == 1
        assert not any(word in str(found) for word in ("Cheap", "pills", "Buy", "spam"))
        proves("forged mails", count)

    def test_a_sender_that_failed_the_check_gets_none(self, confirming: Desk) -> None:
        border = seen_by_border("fail", "elsewhere.example")
        assert taken_in(confirming, written([STRANGER.whole], border=border)).disposition is Disposition.NEW
        assert leaving(confirming) == []

    def test_it_does_not_tell_who_is_known_or_which_ticket_exists(
        self, confirming: Desk, admin: Desk, clock: FrozenClock, place: Place, number: int
    ) -> None:
        reply(confirming, number, "Still there?")
        sent_mails(confirming)
        if place.is_postgres:
            set_queue(admin, "support", is_confidential=True)
        clock.advance(days=2)
        known, unknown = ours(confirming, number), f"{'a' * 26}.hd@desk.example"
        tries = [
            (MIRA.whole, "Something new", ""),
            (STRANGER.whole, "Something new", ""),
            ("Otto <otto2@elsewhere.example>", f"[#{number}] Hello", ""),
            ("Otto <otto3@elsewhere2.example>", "[#999999] Hello", ""),
            ("Otto <otto4@elsewhere3.example>", "Hello", known),
            ("Otto <otto5@elsewhere4.example>", "Hello", unknown),
            ("Rosa <rosa@customer.example>", "Re: Printer", ""),
        ]
        for sender, subject, names in tries:
            fields = [f"In-Reply-To: <{names}>"] if names else []
            found = taken_in(confirming, written([sender], subject, fields=fields))
            assert found.disposition in (Disposition.NEW, Disposition.LINKED)
        queued = "SELECT m.subject, m.text, o.due_at FROM outbox o JOIN message m ON m.id = o.message_id WHERE o.state = 'queued'"
        answers = sql(confirming.store, queued)
        assert len(answers) == len(tries)
        assert len(set(answers)) == 1


#: Fields with which other programs let themselves be told what to do, or which ours might be thought to read.
FORGED = (
    "X-Helpdesk-Ticket: 1", "X-Helpdesk-Status: closed", "X-Helpdesk-Priority: urgent", "X-Helpdesk-Queue: billing",
    "X-Helpdesk-Assignee: anna", "X-Helpdesk-Internal: yes", "X-Helpdesk-Authenticity: pass", "X-Helpdesk-Row: 6",
    "X-Helpdesk-Command: merge 1", "X-Spam-Flag: YES", "X-Spam-Status: Yes, score=99", "X-Spam-Level: **********",
    "X-Priority: 1", "Importance: high", "X-RT-Command: Owner: root", "X-Zammad-Ticket-State: closed",
    "X-OTRS-Queue: Raw", "X-FreeScout-Mail-Type: customer.message", "Auto-Submitted: no",
    "X-Auto-Response-Suppress: None", "Received-SPF: pass", "DKIM-Signature: v=1; d=customer.example; b=AAAA",
    "ARC-Authentication-Results: i=1; mx.desk.example; dmarc=pass header.from=customer.example",
    "Authentication-Results: mx.elsewhere.example; dmarc=pass header.from=customer.example",
    "Bcc: otto@elsewhere.example", "Resent-To: otto@elsewhere.example", "Disposition-Notification-To: otto@elsewhere.example",
)  # fmt: skip


def traces(desk: Desk, number: int) -> list[object]:
    """All that may be told of a ticket but who wrote it and when."""
    found, (message,) = row(desk, number), thread(desk, number)
    ticket = [found.queue, found.status, found.priority, found.assignee, found.waiting_for, found.due_at, found.channel]
    return [*ticket, _said(message), [event.verb for event in history(desk, number)]]


def _said(message: MessageRow) -> tuple[object, ...]:
    return message.kind, message.is_automatic, message.text, message.quoted, message.remarks, message.cc


def test_fields_that_a_stranger_writes_change_nothing(desk: Desk) -> None:
    plain = traces(desk, taken_in(desk, written(["a@customer.example"])).ticket or 0)
    for n, field in enumerate(FORGED):
        found = taken_in(desk, written([f"a{n}@customer.example"], fields=[field]))
        assert (found.row, found.disposition) == (17, Disposition.NEW), field
        assert traces(desk, found.ticket or 0) == plain, field


@pytest.mark.parametrize(
    "words", ["#close", "status: closed", "!assign bob", "@bob take over", "/merge 1\n/priority urgent"]
)
def test_an_agents_mail_is_a_note_and_never_a_command(desk: Desk, number: int, words: str) -> None:
    reply(desk, number, "Colleague?", to=[Person("Anna", "anna@desk.example")])
    before = row(desk, number)
    border = seen_by_border("pass", "desk.example")
    mail = written([ANNA], "Re: Printer", words, border=border, fields=[f"In-Reply-To: <{ours(desk, number)}>"])
    assert taken_in(desk, mail).row == 16
    after = row(desk, number)
    for name in ("status", "priority", "queue", "assignee", "waiting_for", "requester"):
        assert getattr(after, name) == getattr(before, name)
    assert (thread(desk, number)[-1].kind, thread(desk, number)[-1].text) == ("note", words)


@pytest.mark.parametrize("verdict", ["", "fail"])
def test_an_agents_address_alone_is_a_customers(desk: Desk, number: int, verdict: str) -> None:
    mail = written([ANNA], f"[#{number}] close", "close", border=seen_by_border(verdict, "desk.example"))
    assert taken_in(desk, mail).ticket != number
    assert row(desk, number).status == "waiting_customer"


def test_forged_mail_in_plenty_hides_no_answer_of_the_real_person(desk: Desk, clock: FrozenClock, number: int) -> None:
    for _n in range(FLOOD_ALIKE + 3):
        last = taken_in(
            desk, written([MIRA.whole], "Buy now", "Pills", border=seen_by_border("fail", "customer.example"))
        )
    assert last.disposition is Disposition.FOLDED
    real = written([MIRA.whole], "Re: Printer", border=CUSTOMER, fields=[f"In-Reply-To: <{ours(desk, number)}>"])
    found = taken_in(desk, real)
    assert (found.disposition, found.row, found.ticket) == (Disposition.APPENDED, 6, number)
    assert row(desk, number).status == "open"


@pytest.mark.parametrize(
    "adds",
    [
        {"fields": ["Cc: otto@elsewhere.example"]},
        {"fields": ["Reply-To: otto@elsewhere.example"]},
        {"fields": ["Sender: otto@elsewhere.example"]},
        {"fields": ["Resent-From: otto@elsewhere.example"]},
        {"to": f"{SUPPORT}, otto@elsewhere.example"},
    ],
)
def test_whom_a_mail_names_gets_no_answer_and_does_not_take_part(
    desk: Desk, number: int, adds: dict[str, object]
) -> None:
    sent_mails(desk)
    names = [f"In-Reply-To: <{ours(desk, number)}>", *adds.get("fields", [])]  # type: ignore[misc]
    mail = written([MIRA.whole], "Re: Printer", border=CUSTOMER, **{**adds, "fields": names})  # type: ignore[arg-type]
    assert taken_in(desk, mail).row == 6
    note(desk, number, f"{CANARY} internal")
    reply(desk, number, "Thank you.")
    (answer,) = sent_mails(desk)
    assert field_of(answer, "to").endswith("mira@customer.example>")
    assert not field_of(answer, "cc")
    assert b"otto" not in answer.replace(b"> ", b"")
    otto = written([STRANGER.whole], "Re: Printer", fields=[f"In-Reply-To: <{id_of(answer)}>"])
    assert taken_in(desk, otto).row == 9
