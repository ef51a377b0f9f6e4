"""Handing mail to scripted SMTP servers that misbehave."""

from __future__ import annotations

import time
from typing import Any

import pytest

from helpdesk_tui.config import SmtpSettings
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.mail import smtp
from helpdesk_tui.mail.smtp import SendResult, SmtpTransport
from helpdesk_tui.terms import OutboxState, OutgoingMail
from tests.mail.servers import SmtpScript, an_outgoing_mail, own_address

PASSWORD = "HELPDESK_TEST_SMTP_PASSWORD"
QUEUED, FAILED, SENT, UNSURE = OutboxState.QUEUED, OutboxState.FAILED, OutboxState.SENT, OutboxState.UNSURE
ANNA, BEN = "anna@customer.example", "ben@customer.example"


def sent(settings: SmtpSettings, mail: OutgoingMail | None = None) -> SendResult:
    with SmtpTransport(settings) as transport:
        return transport.send(mail or an_outgoing_mail())


class TestServersThatMisbehave:
    @pytest.fixture(autouse=True)
    def _password(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(PASSWORD, "grün-canary")

    def sent(self, script: SmtpScript, **more: Any) -> SendResult:
        with script.serving() as port:
            usual: dict[str, Any] = {"security": "none", "timeout_seconds": 1, "password_env": PASSWORD}
            return sent(SmtpSettings("127.0.0.1", port, **{**usual, **more}))

    def test_several_mails_take_one_connection(self) -> None:
        script = SmtpScript()
        with script.serving() as port, SmtpTransport(SmtpSettings("127.0.0.1", port, "none")) as transport:
            assert [transport.send(an_outgoing_mail(number)).state for number in range(3)] == [SENT] * 3
        one = ["MAIL", "RCPT", "DATA"]
        assert script.verbs == ["EHLO", *one, "RSET", *one, "RSET", *one, "QUIT"]

    @pytest.mark.parametrize("greeting", [b"", b"220-", b"220-more\r\n" * 10_000, b"x" * 10_000, b"554 go away\r\n"])
    def test_a_greeting_that_is_none_ends_in_time(self, greeting: bytes) -> None:
        begun = time.monotonic()
        assert self.sent(SmtpScript(greeting=greeting)).state is QUEUED
        assert time.monotonic() - begun < 5

    def test_a_server_that_trickles_is_left_in_time(self) -> None:
        begun = time.monotonic()
        assert self.sent(SmtpScript(greeting=b"220-more\r\n" * 500, is_slow=True)).state is QUEUED
        assert time.monotonic() - begun < 5

    @pytest.mark.parametrize("answer", [b"nonsense\r\n", b"354 more?\r\n", b"199 hm\r\n", b"421 bye\r\n", b"2\r\n"])
    def test_an_answer_without_sense_after_the_content_leaves_doubt(self, answer: bytes) -> None:
        assert self.sent(SmtpScript({".": answer})).state is UNSURE

    @pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
    def test_an_answer_without_sense_before_the_content_is_tried_again(self, verb: str) -> None:
        for answer in (b"nonsense\r\n", b"199 hm\r\n"):
            assert self.sent(SmtpScript({verb: answer})).state is QUEUED

    @pytest.mark.parametrize("step", ["credential", "_options"])
    def test_whatever_breaks_before_the_content_leaves_no_doubt(
        self, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        def break_off(*_anything: object) -> str:
            raise ZeroDivisionError

        monkeypatch.setattr(smtp, step, break_off)
        script = SmtpScript({"EHLO": b"250-hi\r\n250 AUTH PLAIN\r\n", "AUTH": b"235 ok\r\n"})
        result = self.sent(script, user="anna")
        assert result.state is QUEUED
        assert "(ZeroDivisionError)" in result.words
        assert "DATA" not in script.verbs

    def test_hostile_words_are_cleaned(self) -> None:
        outcome = self.sent(SmtpScript({"RCPT": b"550-\x1b]52;c;ZXZpbA==\x07no\r\n550 \xff\x9b31mway\r\n"}))
        assert outcome.state is FAILED
        assert outcome.words == f"{ANNA}: 550 no ��31mway"

    def test_one_login_with_letters_beyond_ascii(self) -> None:
        for ways, verbs in ((b"CRAM-MD5 LOGIN PLAIN", 1), (b"LOGIN", 2)):
            script = SmtpScript(
                {"EHLO": b"250-hi\r\n250 AUTH %s\r\n" % ways, "AUTH": b"535 no: gr\xc3\xbcn-canary\r\n"}
            )
            outcome = self.sent(script, user="anna")
            assert outcome.state is QUEUED
            assert outcome.words.endswith("refused the login: 535.")
            assert len(script.verbs) <= 2 + verbs

    def test_a_server_that_takes_no_password_we_have(self) -> None:
        outcome = self.sent(SmtpScript({"EHLO": b"250-hi\r\n250 AUTH GSSAPI\r\n"}), user="anna")
        assert (outcome.state, "AUTH PLAIN" in outcome.words) == (QUEUED, True)

    def test_what_the_server_cannot_carry_fails_for_good(self) -> None:
        plain = SmtpScript({"EHLO": b"250 hi\r\n"})
        with plain.serving() as port, SmtpTransport(SmtpSettings("127.0.0.1", port, "none")) as transport:
            assert transport.send(an_outgoing_mail(recipients=("jürgen@customer.example",))).state is FAILED
            assert transport.send(an_outgoing_mail(content="Subject: ä\r\n\r\n".encode())).state is FAILED
        assert "MAIL" not in plain.verbs

    def test_no_password_leaves_this_machine_in_clear_text(self) -> None:
        script, address = SmtpScript({"EHLO": b"250-hi\r\n250 AUTH PLAIN\r\n"}), own_address()
        with script.serving(address) as port, pytest.raises(HelpdeskError, match="in clear text"):
            sent(SmtpSettings(address, port, "none", user="anna", password_env=PASSWORD))
        assert script.verbs == ["EHLO"]
