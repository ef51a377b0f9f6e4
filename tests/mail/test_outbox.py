"""What becomes of a reply: sent, tried again, failed or in doubt, each written on its ticket, and never sent twice."""

from __future__ import annotations

import email.policy
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from typing import Any

import pytest

from helpdesk_tui.desk import settings
from helpdesk_tui.desk.conversation import reply
from helpdesk_tui.desk.history import undo
from helpdesk_tui.desk.resending import edit_instead, send_again, send_though_unsure, take_as_sent
from helpdesk_tui.desk.sending import Sending
from helpdesk_tui.errors import Refused
from helpdesk_tui.mail.outbox import Transport, open_transport, send_all
from helpdesk_tui.mail.parse import parse
from helpdesk_tui.mail.smtp import SendResult
from helpdesk_tui.store.locks import alone
from helpdesk_tui.store.queries.thread import drafts
from helpdesk_tui.terms import OutgoingMail, Person
from tests.build import MIRA, a_mail, a_ticket, history, received, row, thread
from tests.mail.installation import SMTP_PASSWORD, Installation
from tests.services.smtp import SmtpSink

pytestmark = pytest.mark.one_store

OTTO = Person("Otto Fremd", "otto@elsewhere.example")


@pytest.fixture
def outgoing(installation: Installation, smtp_sink: SmtpSink) -> Installation:
    """A help desk that sends through the sink, and whose time stands still."""
    installation.clock = installation.place.clock
    installation.send_through(smtp_sink)
    return installation


def answered(
    desk_of: Installation, text: str = "Try again.", *, person: Person = MIRA, queue: str = "support", **more: Any
) -> int:
    """The number of a ticket with a reply in the outbox."""
    number = a_ticket(desk_of.desk(), person=person, queue=queue)
    reply(desk_of.desk(), number, text, **more)
    return number


def state(outgoing: Installation, number: int) -> tuple[str | None, str]:
    """How far the reply has come, and the server's words."""
    message = thread(outgoing.desk(), number)[-1]
    return message.delivery, message.delivery_words


def message_of(outgoing: Installation, number: int) -> int:
    """The id of the reply."""
    return thread(outgoing.desk(), number)[-1].id


def missed(outgoing: Installation, number: int) -> list[tuple[str, str, str]]:
    """Who has not got the reply, although others have."""
    return [(one.address, one.state, one.words) for one in thread(outgoing.desk(), number)[-1].not_reached]


def a_bounce(message_id: str, address: str) -> bytes:
    """A delivery report on a mail of ours."""
    return (
        f"From: MAILER-DAEMON@mx.example\r\nTo: support@desk.example\r\nSubject: Undelivered Mail\r\n"
        f"Message-ID: <b.{message_id}>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nNo such user.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{message_id}>\r\n\r\n--b--\r\n"
    ).encode()


def deliveries(outgoing: Installation, number: int) -> list[list[str]]:
    """The changes of state that stand on the ticket."""
    events = history(outgoing.desk(), number)
    return [event.changes["delivery"] for event in events if "delivery" in event.changes]


class TestWhatTheServerSays:
    def test_a_reply_that_is_accepted_is_sent_once(self, outgoing: Installation, smtp_sink: SmtpSink) -> None:
        number = answered(outgoing)
        assert outgoing.poll().sent == 1
        assert outgoing.poll().sent == 0
        (mail,) = smtp_sink.messages
        assert (mail.mail_from, mail.rcpt_tos) == ("support@desk.example", ("mira@customer.example",))
        assert state(outgoing, number) == ("sent", "")
        assert deliveries(outgoing, number) == [["sending", "sent"]]

    def test_what_was_sent_is_kept_byte_for_byte(self, outgoing: Installation, smtp_sink: SmtpSink) -> None:
        number = answered(outgoing, "Grüße aus Köln\n.\nFrom here")
        outgoing.poll()
        message = thread(outgoing.desk(), number)[-1]
        (row,) = outgoing.sql(
            "SELECT c.body FROM content c JOIN raw_message r ON r.sha256 = c.sha256 WHERE r.id = :id", id=message.raw_id
        )
        assert bytes(row.body) == smtp_sink.messages[0].raw
        assert parse(smtp_sink.messages[0].raw).message_id == message.message_id

    @pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
    def test_a_passing_refusal_is_tried_again_later(
        self, outgoing: Installation, smtp_sink: SmtpSink, step: Any
    ) -> None:
        number = answered(outgoing)
        smtp_sink.fail(step, 451)
        outgoing.poll()
        assert state(outgoing, number)[0] == "queued"
        assert f"451 told to fail at {step}" in state(outgoing, number)[1]
        assert outgoing.poll().sent == 0, "it is not tried again at once"
        outgoing.place.clock.advance(minutes=1)
        assert outgoing.poll().sent == 1
        assert state(outgoing, number) == ("sent", "")
        assert deliveries(outgoing, number) == [["sending", "queued"], ["sending", "sent"]]
        assert len(smtp_sink.messages) == 1

    def test_the_pauses_get_longer_up_to_an_hour(self, outgoing: Installation, smtp_sink: SmtpSink) -> None:
        answered(outgoing)
        smtp_sink.fail("DATA", 451, times=9)
        pauses = []
        for _try in range(9):
            outgoing.poll()
            (entry,) = outgoing.sql("SELECT due_at, updated_at FROM outbox")
            pauses.append(_between(entry.updated_at, entry.due_at) // timedelta(minutes=1))
            outgoing.place.clock.advance(minutes=pauses[-1])
        assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
        outgoing.poll()
        assert len(smtp_sink.messages) == 1

    @pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
    def test_a_lasting_refusal_fails_with_the_servers_words(
        self, outgoing: Installation, smtp_sink: SmtpSink, step: Any
    ) -> None:
        number = answered(outgoing)
        smtp_sink.fail(step, 550)
        outgoing.poll()
        outgoing.place.clock.advance(days=1)
        outgoing.poll()
        assert state(outgoing, number)[0] == "failed"
        assert f"550 told to fail at {step}" in state(outgoing, number)[1]
        assert deliveries(outgoing, number) == [["sending", "failed"]]
        assert smtp_sink.messages == []

    def test_one_recipient_refused_and_one_accepted_says_who_did_not_get_it(
        self, outgoing: Installation, smtp_sink: SmtpSink
    ) -> None:
        number = answered(outgoing, to=[MIRA, OTTO])
        smtp_sink.fail("RCPT", 550, for_address=OTTO.address)
        outgoing.poll()
        assert smtp_sink.messages[0].rcpt_tos == (MIRA.address,)
        state_, words = state(outgoing, number)
        assert state_ == "failed", "somebody has to see that"
        assert words == f"{OTTO.address}: 550 told to fail at RCPT"
        assert missed(outgoing, number) == [(OTTO.address, "failed", "550 told to fail at RCPT")]

    def test_one_recipient_refused_for_now_is_tried_again_alone(
        self, outgoing: Installation, smtp_sink: SmtpSink
    ) -> None:
        number = answered(outgoing, to=[MIRA, OTTO])
        smtp_sink.fail("RCPT", 450, for_address=OTTO.address)
        outgoing.poll()
        assert state(outgoing, number)[0] == "queued"
        assert missed(outgoing, number) == [(OTTO.address, "queued", "450 told to fail at RCPT")]
        outgoing.place.clock.advance(minutes=1)
        outgoing.poll()
        first, second = smtp_sink.messages
        assert (first.rcpt_tos, second.rcpt_tos) == ((MIRA.address,), (OTTO.address,))
        assert first.raw == second.raw, "it is the same mail, with the same Message-ID"
        assert state(outgoing, number) == ("sent", "")
        assert missed(outgoing, number) == []

    @pytest.mark.parametrize("stores", [True, False])
    def test_a_doubt_is_about_those_alone_whom_the_server_took(
        self, outgoing: Installation, smtp_sink: SmtpSink, stores: bool
    ) -> None:
        number = answered(outgoing, to=[MIRA, OTTO])
        smtp_sink.fail("RCPT", 450, for_address=OTTO.address)
        smtp_sink.drop_after_data(stores=stores)
        outgoing.poll()
        outgoing.place.clock.advance(minutes=1)
        outgoing.poll()
        assert state(outgoing, number)[0] == "unsure"
        assert [mail.rcpt_tos for mail in smtp_sink.messages][stores:] == [(OTTO.address,)]
        assert [(one, how) for one, how, _words in missed(outgoing, number)] == [(MIRA.address, "unsure")]

    def test_what_failed_is_sent_again_to_those_who_missed_it(
        self, outgoing: Installation, smtp_sink: SmtpSink
    ) -> None:
        number = answered(outgoing, to=[MIRA, OTTO])
        smtp_sink.fail("RCPT", 550, for_address=OTTO.address)
        outgoing.poll()
        send_again(outgoing.desk(), message_of(outgoing, number))
        outgoing.poll()
        assert [mail.rcpt_tos for mail in smtp_sink.messages] == [(MIRA.address,), (OTTO.address,)]
        assert state(outgoing, number) == ("sent", "")
        with pytest.raises(Refused, match="has not failed"):
            send_again(outgoing.desk(), message_of(outgoing, number))

    def test_what_failed_with_everybody_can_be_edited(self, outgoing: Installation, smtp_sink: SmtpSink) -> None:
        number = answered(outgoing, "Wrong adress")
        smtp_sink.fail("RCPT", 550)
        outgoing.poll()
        edit_instead(outgoing.desk(), message_of(outgoing, number))
        assert [one.text for one in outgoing.desk().ask(drafts, row(outgoing.desk(), number).id)] == ["Wrong adress"]
        assert [one.kind for one in thread(outgoing.desk(), number)] == ["call"]
        assert outgoing.poll().sent == 0

    def test_what_reached_somebody_cannot(self, outgoing: Installation, smtp_sink: SmtpSink) -> None:
        number = answered(outgoing, to=[MIRA, OTTO])
        smtp_sink.fail("RCPT", 550, for_address=OTTO.address)
        outgoing.poll()
        with pytest.raises(Refused, match="has left"):
            edit_instead(outgoing.desk(), message_of(outgoing, number))
        with pytest.raises(Refused, match="has left already"):
            undo(outgoing.desk())

    def test_a_person_settles_a_doubt(self, outgoing: Installation, smtp_sink: SmtpSink) -> None:
        arrived, lost = answered(outgoing), answered(outgoing)
        smtp_sink.drop_after_data(stores=True)
        outgoing.poll()
        smtp_sink.recover()
        assert {state(outgoing, one)[0] for one in (arrived, lost)} == {"unsure", "sent"}
        unsure = next(one for one in (arrived, lost) if state(outgoing, one)[0] == "unsure")
        with pytest.raises(Refused, match="has not failed"):
            send_again(outgoing.desk(), message_of(outgoing, unsure))
        take_as_sent(outgoing.desk(), message_of(outgoing, unsure))
        assert state(outgoing, unsure) == ("sent", "")
        with pytest.raises(Refused, match="not in doubt"):
            send_though_unsure(outgoing.desk(), message_of(outgoing, unsure))

    def test_in_doubt_it_goes_out_twice_only_because_a_person_says_so(
        self, outgoing: Installation, smtp_sink: SmtpSink
    ) -> None:
        number = answered(outgoing)
        smtp_sink.drop_after_data(stores=True)
        outgoing.poll()
        assert "may arrive twice" in send_though_unsure(outgoing.desk(), message_of(outgoing, number)).text
        outgoing.poll()
        first, second = smtp_sink.messages
        assert first.raw == second.raw
        assert deliveries(outgoing, number) == [["sending", "unsure"], ["unsure", "queued"], ["sending", "sent"]]

    def test_a_bounce_names_the_one_it_did_not_reach(self, outgoing: Installation, smtp_sink: SmtpSink) -> None:
        number = answered(outgoing, to=[MIRA, OTTO])
        outgoing.poll()
        token = thread(outgoing.desk(), number)[-1].message_id
        received(outgoing.desk(), a_bounce(token, OTTO.address))
        sent = next(one for one in thread(outgoing.desk(), number) if one.kind == "outbound")
        assert sent.delivery == "failed"
        assert [(one.address, one.state) for one in sent.not_reached] == [(OTTO.address, "failed")]
        send_again(outgoing.desk(), sent.id)
        outgoing.poll()
        assert [mail.rcpt_tos for mail in smtp_sink.messages] == [(MIRA.address, OTTO.address), (OTTO.address,)]


class TestHowMuchAtOnce:
    def test_from_one_address_so_many_leave_within_a_minute(self, outgoing: Installation, smtp_sink: SmtpSink) -> None:
        outgoing.smtp = replace(outgoing.smtp, per_minute=2)
        for n in range(5):
            answered(outgoing, f"Answer {n}")
        assert outgoing.poll().sent == 2
        assert outgoing.poll().sent == 0
        outgoing.place.clock.advance(seconds=59)
        assert outgoing.poll().sent == 0
        outgoing.place.clock.advance(seconds=1)
        assert [outgoing.poll().sent, len(smtp_sink.messages)] == [2, 4]

    def test_another_address_does_not_wait_for_it(self, outgoing: Installation, smtp_sink: SmtpSink) -> None:
        outgoing.smtp = replace(outgoing.smtp, per_minute=1)
        settings.add_queue(outgoing.place.desk("root"), "sales", ["sales@desk.example"])
        answered(outgoing)
        answered(outgoing)
        answered(outgoing, queue="sales")
        assert outgoing.poll().sent == 2
        assert {mail.mail_from for mail in smtp_sink.messages} == {"support@desk.example", "sales@desk.example"}

    def test_what_leaves_later_waits_until_then(self, outgoing: Installation, smtp_sink: SmtpSink) -> None:
        leaves_at = outgoing.place.clock.now + timedelta(hours=15)
        number = a_ticket(outgoing.desk())
        reply(outgoing.desk(), number, "In the morning.", sending=Sending(leaves_at=leaves_at))
        assert thread(outgoing.desk(), number)[-1].leaves_at == leaves_at
        outgoing.place.clock.advance(hours=14)
        assert outgoing.poll().sent == 0
        outgoing.place.clock.advance(hours=1)
        assert outgoing.poll().sent == 1

    @pytest.mark.parametrize("stores", [True, False])
    def test_a_connection_lost_after_the_content_leaves_a_doubt_that_a_person_settles(
        self, outgoing: Installation, smtp_sink: SmtpSink, stores: bool
    ) -> None:
        number = answered(outgoing)
        smtp_sink.drop_after_data(stores=stores)
        outgoing.poll()
        outgoing.place.clock.advance(days=1)
        outgoing.poll()
        assert state(outgoing, number)[0] == "unsure"
        assert deliveries(outgoing, number) == [["sending", "unsure"]]
        assert len(smtp_sink.messages) == stores

    def test_a_connection_lost_before_the_content_leaves_none(
        self, outgoing: Installation, smtp_sink: SmtpSink
    ) -> None:
        number = answered(outgoing)
        smtp_sink.drop_before_data()
        outgoing.poll()
        assert state(outgoing, number)[0] == "queued"
        outgoing.place.clock.advance(minutes=1)
        outgoing.poll()
        assert state(outgoing, number)[0] == "sent"
        assert len(smtp_sink.messages) == 1

    def test_a_server_that_is_down_costs_no_mail_and_no_doubt(
        self, outgoing: Installation, smtp_sink: SmtpSink
    ) -> None:
        numbers = [answered(outgoing, f"Answer {n}") for n in range(3)]
        smtp_sink.stop()
        assert outgoing.poll().sent == 0
        assert {state(outgoing, number)[0] for number in numbers} == {"queued"}
        smtp_sink.start()
        outgoing.place.clock.advance(minutes=1)
        assert outgoing.poll().sent == 3

    def test_one_mail_that_fails_does_not_hold_up_the_next(self, outgoing: Installation, smtp_sink: SmtpSink) -> None:
        bad = answered(outgoing, person=OTTO)
        good = answered(outgoing)
        smtp_sink.fail("RCPT", 550, for_address=OTTO.address)
        assert outgoing.poll().sent == 1
        assert (state(outgoing, bad)[0], state(outgoing, good)[0]) == ("failed", "sent")


class TestOurOwnFaults:
    def test_a_wrong_password_is_said_and_the_mail_waits(
        self, outgoing: Installation, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        number = answered(outgoing)
        monkeypatch.setenv(SMTP_PASSWORD, "wrong-canary")
        outgoing.poll()
        state_, words = state(outgoing, number)
        assert state_ == "queued"
        assert "refused the login: 535" in words
        assert "canary" not in words

    def test_a_password_that_is_missing_is_no_doubt_about_any_mail(
        self, outgoing: Installation, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        numbers = [answered(outgoing), answered(outgoing)]
        monkeypatch.delenv(SMTP_PASSWORD)
        for _round in range(2):
            assert [error.message for error in outgoing.poll().failures] == ["There is no password for Sending mail."]
        assert {state(outgoing, number)[0] for number in numbers} == {"queued"}
        monkeypatch.setenv(SMTP_PASSWORD, smtp_sink.password)
        outgoing.place.clock.advance(minutes=2)
        assert outgoing.poll().sent == 2

    @pytest.mark.parametrize("address", ["jörg@customer.example", "nobody", "a@b.example, c@d.example", ""])
    def test_an_address_that_cannot_be_written_to_fails_and_holds_up_nobody(
        self, outgoing: Installation, smtp_sink: SmtpSink, address: str
    ) -> None:
        bad = answered(outgoing, to=[Person("Jörg", address)])
        good = answered(outgoing)
        assert outgoing.poll().sent == 1
        assert state(outgoing, good)[0] == "sent"
        assert state(outgoing, bad) == ("failed", f"{address or '<>'} cannot be written to.")
        assert deliveries(outgoing, bad) == [["queued", "failed"]]

    def test_while_another_process_sends_this_one_leaves_it_to_that_one(
        self, outgoing: Installation, smtp_sink: SmtpSink
    ) -> None:
        answered(outgoing)
        with alone(outgoing.place.store("anna"), "sender"):
            left_alone = outgoing.poll()
        assert (left_alone.failures, left_alone.sent) == ([], 0)
        assert smtp_sink.messages == []
        assert outgoing.poll().sent == 1

    def test_a_queue_without_an_address_refuses_the_reply(self, outgoing: Installation) -> None:
        number = a_ticket(outgoing.desk(), queue="silent")
        with pytest.raises(Refused, match="no address to answer from"):
            reply(outgoing.desk(), number, "Hello")

    def test_an_untrusted_certificate_is_said_and_the_mail_waits(self, outgoing: Installation) -> None:
        number = answered(outgoing)
        outgoing.send_through_untrusted()
        outgoing.poll()
        state_, words = state(outgoing, number)
        assert state_ == "queued"
        assert "certificate" in words


class TestWhatACustomerCannotWrite:
    @pytest.mark.parametrize(
        "words",
        [
            "Printer\r\nBcc: victim@elsewhere.example",
            "=?utf-8?q?Printer=0D=0ABcc:_victim=40elsewhere.example?=",
            "=?utf-8?q?=3D=3Futf-8=3Fq=3FPrinter=3D0D=3D0ABcc=3A=5Fvictim=3D40elsewhere.example=3F=3D?=",
            "=?utf-8?b?PT91dGYtOD9xP1ByaW50ZXI9MEQ9MEFCY2M6X3g9NDB5Lno/PQ==?=",
        ],
    )
    def test_no_field_of_our_answer(self, outgoing: Installation, smtp_sink: SmtpSink, words: str) -> None:
        as_field = words.replace("\r\n", "\r\n ").encode()
        mail = a_mail().replace(b"Subject: Printer", b"Subject: " + as_field)
        mail = mail.replace(b"From: Mira Kern <", b'From: "' + as_field + b'" <')
        number = received(outgoing.desk(), mail).ticket
        assert number
        reply(outgoing.desk(), number, "Hello")
        assert outgoing.poll().sent == 1
        (sent,) = smtp_sink.messages
        assert sent.rcpt_tos == ("mira@customer.example",)
        answer = message_from_bytes(sent.raw, policy=email.policy.default)
        fields = ["From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References"]
        assert answer.keys()[: len(fields)] == fields
        assert len(answer.keys()) == len(fields) + 3
        assert not any(line.lower().startswith((b"bcc", b"_victim")) for line in sent.raw.splitlines())

    def test_ids_of_theirs_that_hide_a_line_end_start_no_field(
        self, outgoing: Installation, smtp_sink: SmtpSink
    ) -> None:
        mail = a_mail(message_id="=?utf-8?q?=0D=0ABcc:_x=40y.example_?=@customer.example")
        number = received(outgoing.desk(), mail).ticket
        assert number
        reply(outgoing.desk(), number, "Hello")
        outgoing.poll()
        assert not any(line.lower().startswith(b"bcc") for line in smtp_sink.messages[0].raw.splitlines())

    def test_a_long_id_of_theirs_is_named_as_it_is(self, outgoing: Installation, smtp_sink: SmtpSink) -> None:
        theirs = "AM9PR08MB6628A4D5C3F2F3B4E3D2A1B0C9D8E@AM9PR08MB6628.eurprd08.prod.outlook.com"
        number = received(outgoing.desk(), a_mail(message_id=theirs)).ticket
        assert number
        reply(outgoing.desk(), number, "Hello")
        outgoing.poll()
        assert b"\r\nIn-Reply-To: <" + theirs.encode() + b">\r\n" in smtp_sink.messages[0].raw


def test_mail_can_go_into_a_folder_to_try_things_out(outgoing: Installation) -> None:
    target = outgoing.folder / "sent"
    outgoing.send_into(target)
    number = answered(outgoing)
    assert outgoing.poll().sent == 1
    assert state(outgoing, number)[0] == "sent"
    (file,) = (target / "new").iterdir()
    assert parse(file.read_bytes()).subject == "Re: Printer"


def _between(start: Any, end: Any) -> timedelta:
    first, last = (
        moment if isinstance(moment, datetime) else datetime.fromisoformat(moment) for moment in (start, end)
    )
    return last - first


class Breaking:
    """Hands a mail over, and breaks before it can say so."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(self, mail: OutgoingMail) -> SendResult:
        self._transport.send(mail)
        raise OSError(28, "No space left on device")


def test_where_what_hands_it_over_breaks_it_is_not_known_whether_it_arrived(
    outgoing: Installation, smtp_sink: SmtpSink
) -> None:
    number = answered(outgoing)
    with open_transport(outgoing.settings.smtp) as transport, pytest.raises(OSError, match="No space left"):
        send_all(outgoing.system(), Breaking(transport))
    assert state(outgoing, number) == ("unsure", "OSError")
    outgoing.poll_well()
    assert len(smtp_sink.messages) == 1, "it is not sent again by itself"
