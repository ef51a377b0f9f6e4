"""Handing mail to a real SMTP server that fails as it is told to, and to scripted ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from helpdesk_tui.config import SmtpSettings
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.mail.smtp import SendResult, SmtpTransport
from helpdesk_tui.terms import OutboxState, OutgoingMail, Refusal
from tests.mail.servers import SmtpScript, an_outgoing_mail
from tests.services.hosting import free_port
from tests.services.smtp import SmtpSink, running_smtp

PASSWORD = "HELPDESK_TEST_SMTP_PASSWORD"
QUEUED, FAILED, SENT, UNSURE = OutboxState.QUEUED, OutboxState.FAILED, OutboxState.SENT, OutboxState.UNSURE
ANNA, BEN = "anna@customer.example", "ben@customer.example"


@pytest.fixture
def settings(smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch) -> SmtpSettings:
    monkeypatch.setenv(PASSWORD, smtp_sink.password)
    return settings_for(smtp_sink)


def settings_for(sink: SmtpSink, **more: Any) -> SmtpSettings:
    usual: dict[str, Any] = {"user": sink.user, "password_env": PASSWORD, "ca_file": str(sink.ca_file)}
    return SmtpSettings(host=sink.host, port=sink.port, timeout_seconds=5, **{**usual, **more})


def sent(settings: SmtpSettings, mail: OutgoingMail | None = None) -> SendResult:
    with SmtpTransport(settings) as transport:
        return transport.send(mail or an_outgoing_mail())


class TestSending:
    def test_envelope_and_content_arrive_as_they_are(self, settings: SmtpSettings, smtp_sink: SmtpSink) -> None:
        mail = an_outgoing_mail(recipients=(ANNA, BEN, '"odd one"@customer.example'))
        assert sent(settings, mail) == SendResult(SENT)
        (received,) = smtp_sink.messages
        assert received == (mail.envelope_from, mail.recipients, mail.content)

    def test_a_mail_that_wants_no_bounce_has_no_sender(self, settings: SmtpSettings, smtp_sink: SmtpSink) -> None:
        assert sent(settings, an_outgoing_mail(envelope_from="")).state is SENT
        assert smtp_sink.messages[0].mail_from in ("", "<>")

    def test_a_large_mail_arrives_whole(self, settings: SmtpSettings, smtp_sink: SmtpSink) -> None:
        content = b"Subject: large\r\n\r\n" + b".234567890123456789012345678901234567890\r\n" * 250_000
        assert sent(replace(settings, timeout_seconds=30), an_outgoing_mail(content=content)).state is SENT
        assert smtp_sink.messages[0].raw == content

    def test_a_mail_the_server_finds_too_large_fails_for_good(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with running_smtp(size_limit=1000) as sink:
            monkeypatch.setenv(PASSWORD, sink.password)
            outcome = sent(settings_for(sink), an_outgoing_mail(content=b"x" * 998 + b"\r\n.\r\n"))
        assert outcome.state is FAILED
        assert outcome.words.startswith("552 ")

    def test_bare_line_ends_cannot_smuggle_a_second_mail(self, settings: SmtpSettings, smtp_sink: SmtpSink) -> None:
        content = b"Subject: x\r\n\r\nhello\n.\nMAIL FROM:<>\r.\rend"
        assert sent(settings, an_outgoing_mail(content=content)).state is SENT
        assert smtp_sink.messages[0].raw == b"Subject: x\r\n\r\nhello\r\n.\r\nMAIL FROM:<>\r\n.\r\nend\r\n"

    def test_addresses_beyond_ascii_and_8_bit_content(self, settings: SmtpSettings, smtp_sink: SmtpSink) -> None:
        mail = an_outgoing_mail(recipients=("jürgen@bücher.example",), content="Subject: ä\r\n\r\nö\r\n".encode())
        assert sent(settings, mail).state is SENT
        assert smtp_sink.messages[0][1:] == (mail.recipients, mail.content)

    @pytest.mark.parametrize("address", ["a@b>\r\nRCPT TO:<eve@c", "a@b> SIZE=1", "<a@b", "a\0@b"])
    def test_an_address_that_is_none_never_reaches_the_server(
        self, settings: SmtpSettings, smtp_sink: SmtpSink, address: str
    ) -> None:
        assert sent(settings, an_outgoing_mail(recipients=(ANNA, address))).state is FAILED
        assert sent(settings, an_outgoing_mail(envelope_from=address)).state is FAILED
        assert smtp_sink.messages == []

    def test_a_mail_to_nobody_fails(self, settings: SmtpSettings) -> None:
        assert sent(settings, an_outgoing_mail(recipients=())) == SendResult(FAILED, "The mail has no recipient.")

    def test_tls_from_the_first_byte(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with running_smtp(tls="implicit") as sink:
            monkeypatch.setenv(PASSWORD, sink.password)
            assert sent(settings_for(sink, security="tls")).state is SENT
            assert len(sink.messages) == 1

    def test_a_server_on_this_machine_may_do_without(self) -> None:
        with running_smtp(tls="none", auth_required=False) as sink:
            assert sent(settings_for(sink, security="none", user="")).state is SENT


class TestFaults:
    @pytest.mark.parametrize(
        ("step", "code", "state"),
        [
            ("MAIL", 421, QUEUED),
            ("MAIL", 451, QUEUED),
            ("MAIL", 550, FAILED),
            ("RCPT", 421, QUEUED),
            ("RCPT", 450, QUEUED),
            ("RCPT", 550, FAILED),
            ("DATA", 421, UNSURE),
            ("DATA", 451, QUEUED),
            ("DATA", 554, FAILED),
        ],
    )
    def test_each_refusal_has_its_state_and_the_next_mail_goes_out(
        self, settings: SmtpSettings, smtp_sink: SmtpSink, step: Any, code: int, state: OutboxState
    ) -> None:
        smtp_sink.fail(step, code)
        with SmtpTransport(settings) as transport:
            outcome = transport.send(an_outgoing_mail(1))
            assert outcome.state is state
            assert f"{code} told to fail at {step}" in outcome.words
            assert transport.send(an_outgoing_mail(2)) == SendResult(SENT)
        assert [mail.raw for mail in smtp_sink.messages] == [an_outgoing_mail(2).content]

    @pytest.mark.parametrize("code", [450, 550])
    def test_one_refused_recipient_does_not_keep_the_mail_from_others(
        self, settings: SmtpSettings, smtp_sink: SmtpSink, code: int
    ) -> None:
        smtp_sink.fail("RCPT", code, for_address=BEN)
        outcome = sent(settings, an_outgoing_mail(recipients=(ANNA, BEN)))
        assert outcome == SendResult(SENT, "", (Refusal(BEN, f"{code} told to fail at RCPT", is_final=code == 550),))
        assert smtp_sink.messages[0].rcpt_tos == (ANNA,)

    def test_all_refused_and_one_only_for_now_is_tried_again(self, settings: SmtpSettings, smtp_sink: SmtpSink) -> None:
        smtp_sink.fail("RCPT", 550, for_address=ANNA)
        smtp_sink.fail("RCPT", 450, for_address=BEN)
        outcome = sent(settings, an_outgoing_mail(recipients=(ANNA, BEN)))
        assert outcome.state is QUEUED
        assert outcome.words == f"{ANNA}: 550 told to fail at RCPT; {BEN}: 450 told to fail at RCPT"

    def test_a_hang_up_before_the_content_leaves_no_doubt(self, settings: SmtpSettings, smtp_sink: SmtpSink) -> None:
        smtp_sink.drop_before_data()
        with SmtpTransport(settings) as transport:
            assert transport.send(an_outgoing_mail(1)).state is QUEUED
            assert transport.send(an_outgoing_mail(1)).state is SENT
        assert len(smtp_sink.messages) == 1

    @pytest.mark.parametrize("stores", [True, False])
    def test_a_hang_up_after_the_content_leaves_doubt(
        self, settings: SmtpSettings, smtp_sink: SmtpSink, stores: bool
    ) -> None:
        smtp_sink.drop_after_data(stores=stores)
        with SmtpTransport(settings) as transport:
            outcome = transport.send(an_outgoing_mail(1))
            assert outcome.state is UNSURE
            assert "127.0.0.1" in outcome.words
            assert transport.send(an_outgoing_mail(2)).state is SENT
        assert len(smtp_sink.messages) == 1 + stores

    def test_no_answer_after_the_content_leaves_doubt(
        self, settings: SmtpSettings, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("helpdesk_tui.mail.smtp._LAST_PATIENCE", 1)
        smtp_sink.slow(30)
        assert sent(replace(settings, timeout_seconds=1)).state is UNSURE
        assert len(smtp_sink.messages) == 1

    def test_the_time_limit_is_for_each_answer_not_for_the_connection(
        self, settings: SmtpSettings, smtp_sink: SmtpSink
    ) -> None:
        smtp_sink.slow(0.4)
        with SmtpTransport(replace(settings, timeout_seconds=1)) as transport:
            assert [transport.send(an_outgoing_mail(number)).state for number in range(4)] == [SENT] * 4

    def test_a_server_that_hung_up_between_mails_is_called_again(
        self, settings: SmtpSettings, smtp_sink: SmtpSink
    ) -> None:
        with SmtpTransport(settings) as transport:
            assert transport.send(an_outgoing_mail(1)).state is SENT
            smtp_sink.stop()
            smtp_sink.start()
            assert transport.send(an_outgoing_mail(2)).state is SENT
        assert len(smtp_sink.messages) == 2


class TestOpening:
    def test_a_refused_login_waits_and_is_not_tried_for_every_mail(
        self, settings: SmtpSettings, smtp_sink: SmtpSink
    ) -> None:
        smtp_sink.fail("AUTH", 535)
        with SmtpTransport(settings) as transport:
            first = transport.send(an_outgoing_mail(1))
            assert first == transport.send(an_outgoing_mail(2))
        assert first.state is QUEUED
        assert first.words == "Sending mail: 127.0.0.1 refused the login: 535."
        assert sent(settings).state is SENT

    def test_a_server_that_wants_a_login_we_do_not_have_is_no_verdict_on_the_mail(self, settings: SmtpSettings) -> None:
        outcome = sent(replace(settings, user=""))
        assert outcome.state is QUEUED
        assert outcome.words.startswith("530 ")

    @pytest.mark.parametrize(("host", "port"), [("a..b", 25), ("127.0.0.1", 123456)])
    def test_an_address_that_cannot_be_is_our_own_fault(self, settings: SmtpSettings, host: str, port: int) -> None:
        with pytest.raises(HelpdeskError, match="is no address of a server"):
            sent(replace(settings, host=host, port=port))

    def test_the_password_is_never_in_the_words(self, settings: SmtpSettings, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(PASSWORD, "wrong-canary")
        outcome = sent(settings)
        assert outcome.state is QUEUED
        assert "canary" not in outcome.words

    def test_a_password_that_is_missing_is_our_own_fault(
        self, settings: SmtpSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv(PASSWORD)
        with pytest.raises(HelpdeskError, match="no password for Sending mail"):
            sent(settings)

    def test_a_file_of_certificates_that_is_none_is_our_own_fault(self, settings: SmtpSettings) -> None:
        with pytest.raises(HelpdeskError, match="certificate file"):
            sent(replace(settings, ca_file=__file__))

    @pytest.mark.parametrize("security", ["tls", "starttls"])
    def test_an_unknown_certificate_is_refused(self, security: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        with running_smtp(tls="implicit" if security == "tls" else "starttls") as sink:
            monkeypatch.setenv(PASSWORD, sink.password)
            outcome = sent(settings_for(sink, security=security, ca_file=""))
        assert outcome.state is QUEUED
        assert "the certificate of 127.0.0.1 is not accepted" in outcome.words

    def test_tls_at_a_port_without(self, settings: SmtpSettings) -> None:
        outcome = sent(replace(settings, security="tls"))
        assert outcome.state is QUEUED
        assert "does not speak TLS" in outcome.words

    def test_a_server_without_starttls_gets_neither_password_nor_mail(self, settings: SmtpSettings) -> None:
        script = SmtpScript({"EHLO": b"250-hi\r\n250 AUTH PLAIN\r\n"})
        with script.serving() as port:
            outcome = sent(replace(settings, port=port))
        assert outcome.state is QUEUED
        assert "STARTTLS" in outcome.words
        assert script.verbs == ["EHLO"]

    def test_nobody_listens(self, settings: SmtpSettings) -> None:
        outcome = sent(replace(settings, port=free_port()))
        assert outcome.state is QUEUED
        assert "no server listens at 127.0.0.1" in outcome.words

    def test_a_name_that_nobody_knows(self, settings: SmtpSettings) -> None:
        assert "the name mail.invalid cannot be found" in sent(replace(settings, host="mail.invalid")).words
