"""The IMAP mailbox where settings, network or server are at fault."""

from __future__ import annotations

import base64
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.errors import HelpdeskError, Temporary
from helpdesk_tui.mail.imap import ImapMailbox
from helpdesk_tui.mail.mailbox import MAX_MAIL_BYTES
from tests.mail.servers import (
    PASSWORD,
    contents,
    own_address,
    serving,
    settings_at,
    settings_for,
)
from tests.mail.servers import (
    ImapScript as Script,
)
from tests.services.dovecot import Mailbox
from tests.services.hosting import free_port


@pytest.fixture
def settings(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> MailboxSettings:
    monkeypatch.setenv(PASSWORD, mailbox.password)
    return settings_for(mailbox)


class TestWhatIsWrong:
    def error(self, settings: MailboxSettings) -> HelpdeskError:
        with pytest.raises(HelpdeskError) as caught, ImapMailbox(settings) as box:
            box.uids()
        assert caught.value.message.startswith("Mailbox support: ")
        assert caught.value.hint
        return caught.value

    def lasting(self, settings: MailboxSettings) -> str:
        error = self.error(settings)
        assert not isinstance(error, Temporary)
        return error.message

    def passing(self, settings: MailboxSettings) -> str:
        error = self.error(settings)
        assert isinstance(error, Temporary)
        return error.message

    def test_a_wrong_password(self, settings: MailboxSettings, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(PASSWORD, "wrong-canary")
        message = self.lasting(settings)
        assert "refused the login: [AUTHENTICATIONFAILED]" in message
        assert "canary" not in message

    def test_a_server_that_does_not_listen(self, settings: MailboxSettings) -> None:
        assert "no server listens at 127.0.0.1" in self.passing(replace(settings, port=free_port()))

    def test_a_name_that_nobody_knows(self, settings: MailboxSettings) -> None:
        assert "the name mail.invalid cannot be found" in self.passing(replace(settings, host="mail.invalid"))

    @pytest.mark.parametrize(("host", "port"), [("a..b", 993), ("x" * 70, 993), ("127.0.0.1", 123456)])
    def test_an_address_that_cannot_be(self, settings: MailboxSettings, host: str, port: int) -> None:
        assert "is no address of a server" in self.lasting(replace(settings, host=host, port=port))

    def test_a_certificate_of_an_unknown_authority(self, settings: MailboxSettings) -> None:
        assert "certificate of 127.0.0.1 is not accepted" in self.lasting(replace(settings, ca_file=""))

    def test_a_certificate_for_another_name(self, settings: MailboxSettings, mailbox: Mailbox) -> None:
        assert "certificate is not valid for '127.0.0.2'" in self.lasting(replace(settings, host=mailbox.other_host))

    def test_starttls_looks_at_the_certificate_as_well(self, settings: MailboxSettings, mailbox: Mailbox) -> None:
        plain = replace(settings, port=mailbox.plain_port, security="starttls")
        with ImapMailbox(plain) as box:
            assert box.uids() == []
        assert "is not accepted" in self.lasting(replace(plain, ca_file=""))

    def test_a_file_of_certificates_that_is_none(self, settings: MailboxSettings) -> None:
        for file in ("/does/not/exist.pem", __file__):
            with (
                pytest.raises(HelpdeskError, match=r"certificate file .* cannot be used"),
                ImapMailbox(replace(settings, ca_file=file)),
            ):
                pass

    def test_tls_at_a_port_without(self, settings: MailboxSettings, mailbox: Mailbox) -> None:
        assert "does not speak TLS" in self.lasting(replace(settings, port=mailbox.plain_port))

    def test_clear_text_at_a_port_with_tls(self, settings: MailboxSettings) -> None:
        mute = replace(settings, security="starttls", read_seconds=1, connect_seconds=1)
        assert "does not answer in time" in self.passing(mute)

    def test_a_folder_that_does_not_exist(self, settings: MailboxSettings) -> None:
        message = self.lasting(replace(settings, folder="Nowhere"))
        assert "opening folder Nowhere" in message
        assert "doesn't exist" in message

    def test_no_password_at_all(self, settings: MailboxSettings, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(PASSWORD)
        with pytest.raises(HelpdeskError, match="no password for Mailbox support"), ImapMailbox(settings):
            pass


class TestServersThatMisbehave:
    """Scripted servers; the client is on the same machine, so that no TLS is needed."""

    @pytest.fixture(autouse=True)
    def _password(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(PASSWORD, "top-canary")

    def fetched(self, script: Script, **more: Any) -> list[bytes]:
        with serving(script) as port, ImapMailbox(settings_at(port, **more)) as box:
            return contents(box)

    def problem(self, script: Script) -> str:
        with serving(script) as port, ImapMailbox(settings_at(port)) as box:
            assert contents(box) == []
            (problem,) = box.problems
        return problem

    def polled(self, script: Script) -> None:
        with serving(script) as port, ImapMailbox(settings_at(port)) as box:
            list(box.fetch(box.uids()))
            box.done([1])
            box.wait(0)

    def test_the_script_itself_works(self) -> None:
        assert self.fetched(Script()) == [b"0123456789"]

    def test_a_mute_server_is_left_in_time(self) -> None:
        begun = time.monotonic()
        with pytest.raises(Temporary, match="does not answer in time"):
            self.fetched(Script(greeting=b""))
        assert time.monotonic() - begun < 5

    def test_a_server_that_falls_silent_is_left_in_time(self) -> None:
        with pytest.raises(Temporary, match="does not answer in time"):
            self.fetched(Script({"BODY.PEEK": b"* 1 FETCH (UID 1 BODY[] {10}\r\n01234%S"}))

    def test_a_server_that_trickles_is_left_in_time(self) -> None:
        begun = time.monotonic()
        with pytest.raises(Temporary, match="does not answer in time"):
            self.fetched(Script(greeting=b"* OK " + b"x" * 10_000, seconds_per_byte=0.02))
        assert time.monotonic() - begun < 5

    def test_a_slow_server_that_goes_on_is_not_left(self) -> None:
        pieces = b"%P".join([b"x" * 70_000] * 5)
        slow = Script({"BODY.PEEK": b"* 1 FETCH (UID 1 BODY[] {350000}\r\n" + pieces + b")\r\n%T OK done\r\n"})
        assert self.fetched(slow) == [b"x" * 350_000]

    def test_a_literal_that_is_cut_gives_no_mail(self) -> None:
        cut = Script({"BODY.PEEK": b"* 1 FETCH (UID 1 BODY[] {10}\r\n01234%H"})
        assert "hung up" in self.problem(cut)

    @pytest.mark.parametrize(
        "answer",
        [
            b"* 1 FETCH (UID 1 BODY[] {10}\r\n0123456789abc def)\r\n",
            b"* 1 FETCH (UID 1 BODY[] {5}\r\n0123456789)\r\n",
            b"* 1 FETCH (UID one BODY[] {2}\r\nok)\r\n",
            b"* 1 FETCH (UID 1 BODY[]\r\n",
            b"* 1 FETCH " + b"(" * 50_000 + b"\r\n",
            b'* 1 FETCH (UID 1 INTERNALDATE "99-Foo-99999999999999999999 99:99:99 +99999999" BODY[] {2}\r\nok)\r\n',
            b"* 1 FETCH (UID 1 BODY[] {99999999999999999999}\r\n",
            b"* \xff\xfe\x00\r\n",
            b"what?\r\n",
            b"+ go on\r\n",
        ],
    )
    def test_an_answer_without_sense_ends_in_one_of_our_errors_or_a_mail(self, answer: bytes) -> None:
        try:
            mails = self.fetched(Script({"BODY.PEEK": answer}))
        except Temporary:
            return
        assert mails in ([b"ok"], [b"01234"], [b"0123456789"], [])

    def test_a_literal_of_two_gigabytes_is_not_read(self) -> None:
        huge = Script({"BODY.PEEK": b"* 1 FETCH (UID 1 BODY[] {2147483648}\r\n%W"})
        assert "2147483648 bytes is too long" in self.problem(huge)

    def test_a_mail_that_claims_to_be_too_large_is_left_with_a_note(self) -> None:
        script = Script({"RFC822.SIZE": b"* 1 FETCH (UID 1 RFC822.SIZE %d)\r\n" % (MAX_MAIL_BYTES + 1)})
        with serving(script) as port, ImapMailbox(settings_at(port)) as box:
            assert contents(box) == []
            assert box.problems == [
                "Mailbox support: UID 1 is too large to take in (157286401 bytes); it was left where it is."
            ]

    def test_a_flood_of_lines_is_bounded(self) -> None:
        script = Script({"SEARCH": b"* 1 EXISTS\r\n" * 2_000_000})
        with pytest.raises(Temporary, match="too long"):
            self.fetched(script, read_seconds=20)
        assert script.sent < 16_000_000

    def test_a_line_without_end_is_bounded(self) -> None:
        script = Script({"SEARCH": b"* SEARCH " + b"1 " * 10_000_000})
        with pytest.raises(Temporary, match="too long"):
            self.fetched(script, read_seconds=20)

    @pytest.mark.parametrize("greeting", [b"* BYE too many connections\r\n", b"* NO\r\n", b"HTTP/1.1 400 Bad\r\n"])
    def test_a_greeting_that_is_none(self, greeting: bytes) -> None:
        with pytest.raises(HelpdeskError):
            self.fetched(Script(greeting=greeting))

    def test_a_goodbye_is_temporary(self) -> None:
        for command in ("LOGIN", "SELECT", "NOOP", "SEARCH", "STORE", "IDLE"):
            with pytest.raises(Temporary):
                self.polled(Script({command: b"* BYE shutting down\r\n%H"}))

    @pytest.mark.parametrize("answer", [b"%T NO no\r\n", b"%T BAD bad\r\n", b"%H", b"* 1 EX%H", b"\r\n", b"* \r\n"])
    def test_whatever_command_fails_ends_in_one_of_our_errors_or_a_problem(self, answer: bytes) -> None:
        for command in ("CAPABILITY", "LOGIN", "SELECT", "NOOP", "SEARCH", "STORE"):
            with pytest.raises(HelpdeskError):
                self.polled(Script({command: answer}))
        for command in ("RFC822.SIZE", "BODY.PEEK"):
            assert "UID 1 was not handed over" in self.problem(Script({command: answer}))
        self.polled(Script({"LOGOUT": answer}))

    @pytest.mark.parametrize("answer", [b"%T NO [OVERQUOTA] \x1b[31mfull\x1b[0m\r\n", b"%T BAD [NOPERM] full\r\n"])
    def test_a_refusal_is_said_in_clean_words(self, answer: bytes) -> None:
        with serving(Script({"STORE": answer})) as port, ImapMailbox(settings_at(port)) as box:
            with pytest.raises(HelpdeskError, match=r"marking mail as read: 127.0.0.1 refused: .*full") as caught:
                box.done([1])
            assert "\x1b" not in caught.value.message
            assert not isinstance(caught.value, Temporary)
            assert box.uids() == [1]

    def test_a_refusal_that_passes_is_temporary(self) -> None:
        for command, code in (("LOGIN", b"UNAVAILABLE"), ("SELECT", b"INUSE")):
            with pytest.raises(Temporary, match=rf"\[{code.decode()}\]"):
                self.fetched(Script({command: b"%T NO [" + code + b"] later\r\n"}))

    def test_a_folder_that_can_only_be_read(self) -> None:
        script = Script({"SELECT": b"* OK [UIDVALIDITY 7] x\r\n%T OK [READ-ONLY] done\r\n"})
        for after, remarked in (("seen", 1), ("leave", 0)):
            script.heard.clear()
            with serving(script) as port, ImapMailbox(settings_at(port, after=after)) as box:
                assert contents(box) == [b"0123456789"]
                assert len(box.remarks) == remarked
                box.done([1])
            assert script.commands("EXAMINE")
            assert not script.commands("STORE")

    def test_a_folder_without_lasting_numbers_is_not_read(self) -> None:
        with pytest.raises(HelpdeskError, match="no lasting numbers"):
            self.fetched(Script({"SELECT": b"* 1 EXISTS\r\n"}))

    def test_a_server_that_repeats_the_password_does_not_get_it_shown(self) -> None:
        with pytest.raises(HelpdeskError) as caught:
            self.fetched(Script({"LOGIN": b"%T NO bad: anna top-canary\r\n"}))
        assert "canary" not in caught.value.message

    def test_letters_beyond_ascii_reach_the_server_as_utf8(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(PASSWORD, 'grün"ü ')
        script = Script({"CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"})
        assert self.fetched(script) == [b"0123456789"]
        assert base64.b64decode(script.heard[2]).decode() == '\0anna\0grün"ü '

    def test_without_starttls_no_password_is_sent(self) -> None:
        script = Script()
        with pytest.raises(HelpdeskError, match="STARTTLS"):
            self.fetched(script, security="starttls")
        assert not script.commands("LOGIN")

    def test_a_server_that_says_who_we_are_before_tls_is_refused(self) -> None:
        script = Script({"CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n"}, greeting=b"* PREAUTH hello\r\n")
        with pytest.raises(HelpdeskError) as caught:
            self.fetched(script, security="starttls")
        assert not isinstance(caught.value, Temporary)
        assert not script.commands("LOGIN")

    def test_words_slipped_in_before_tls_are_refused(self, tmp_path: Path) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        script = Script(
            {
                "CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n",
                "STARTTLS": b"%T OK go\r\n* CAPABILITY IMAP4rev1 EVIL\r\n",
            },
            certificate=authority.issue_cert("127.0.0.1"),
        )
        with pytest.raises(Temporary, match="before the encryption began"):
            self.fetched(script, security="starttls", ca_file=str(tmp_path / "ca.pem"))
        assert not script.commands("LOGIN")

    def test_no_password_leaves_this_machine_in_clear_text(self) -> None:
        address = own_address()
        script = Script()
        with serving(script, address) as port:
            outside = replace(settings_at(port), host=address)
            with pytest.raises(HelpdeskError, match="in clear text"), ImapMailbox(outside):
                pass
        assert not script.commands("LOGIN")
