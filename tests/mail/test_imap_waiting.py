"""Waiting for mail with IDLE, and without."""

from __future__ import annotations

import time

import pytest

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.errors import Temporary
from helpdesk_tui.mail.imap import ImapMailbox
from tests.mail.servers import (
    PASSWORD,
    a_mail,
    contents,
    serving,
    settings_at,
    settings_for,
    waiting,
)
from tests.mail.servers import (
    ImapScript as Script,
)
from tests.services.dovecot import DovecotServer, Mailbox


@pytest.fixture
def settings(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> MailboxSettings:
    monkeypatch.setenv(PASSWORD, mailbox.password)
    return settings_for(mailbox)


class TestWaiting:
    def test_mail_that_arrives_meanwhile_ends_it(self, settings: MailboxSettings, mailbox: Mailbox) -> None:
        with ImapMailbox(settings) as box:
            box.uids()
            with waiting(box, 30) as outcome:
                mailbox.deliver(a_mail(1))
            assert outcome == [True]
            (mail,) = contents(box)
            assert mail.endswith(a_mail(1))

    def test_mail_that_came_since_the_last_command_is_not_slept_over(
        self, settings: MailboxSettings, mailbox: Mailbox
    ) -> None:
        with ImapMailbox(settings) as box:
            for number in range(1, 13):
                box.uids()
                mailbox.deliver(a_mail(number))
                started = time.monotonic()
                assert box.wait(30)
                assert time.monotonic() - started < 5

    def test_mail_announced_in_the_answer_to_another_command_counts(
        self, settings: MailboxSettings, mailbox: Mailbox
    ) -> None:
        mailbox.deliver(a_mail(1))
        with ImapMailbox(settings) as box:
            uids = box.uids()
            mailbox.deliver(a_mail(2))
            box.done(uids)
            list(box.fetch(uids))
            started = time.monotonic()
            assert box.wait(30)
            assert time.monotonic() - started < 5

    def test_it_ends_by_itself_and_the_mailbox_goes_on(self, settings: MailboxSettings) -> None:
        with ImapMailbox(settings) as box:
            assert not box.wait(0.1)
            assert not box.wait(0)
            assert box.uids() == []

    def test_another_thread_can_end_it(self, settings: MailboxSettings, mailbox: Mailbox) -> None:
        with ImapMailbox(settings) as box:
            with waiting(box, 30) as outcome:
                box.stop_waiting()
            assert outcome == [False]
            box.stop_waiting()
            assert not box.wait(30)
            mailbox.deliver(a_mail(1))
            assert box.wait(30)

    def test_a_server_that_dies_is_noticed_at_once_and_costs_nothing(
        self, settings: MailboxSettings, dovecot_server: DovecotServer
    ) -> None:
        with ImapMailbox(settings) as box:
            box.uids()
            begun, used = time.monotonic(), time.process_time()
            with waiting(box, 50) as outcome:
                dovecot_server.kill_sessions()
            assert isinstance(outcome[0], Temporary)
            assert time.monotonic() - begun < 5
            assert time.process_time() - used < 1

    def test_waiting_costs_no_processor_time(self, settings: MailboxSettings) -> None:
        with ImapMailbox(settings) as box:
            used = time.process_time()
            assert not box.wait(1)
            assert time.process_time() - used < 0.2


class TestServersWithAnIdleOfTheirOwn:
    @pytest.fixture(autouse=True)
    def _password(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(PASSWORD, "secret")

    def test_a_server_without_idle_gets_a_pause(self) -> None:
        script = Script({"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n"})
        with serving(script) as port, ImapMailbox(settings_at(port)) as box:
            assert box.wait(0.05)
            with waiting(box, 30) as outcome:
                box.stop_waiting()
            assert outcome == [False]
        assert not script.commands("IDLE")

    def test_a_server_that_refuses_idle_gets_a_pause(self) -> None:
        script = Script({"IDLE": b"* OK hm\r\n%T NO not today\r\n"})
        with serving(script) as port, ImapMailbox(settings_at(port)) as box:
            assert box.wait(0.05)
            assert box.wait(0.05)
            assert box.uids() == [1]
        assert len(script.commands("IDLE")) == 1

    @pytest.mark.parametrize(
        "answer",
        [
            b"* 2 EXISTS\r\n+ idling\r\n",
            b"+ idling\r\n* 2 EXISTS\r\n",
            b"+ idling\r\n* OK Still here\r\n* 1 FETCH (FLAGS ())\r\n* 2 exists\r\n* 1 RECENT\r\n",
        ],
    )
    def test_news_is_heard_before_and_after_the_go_ahead(self, answer: bytes) -> None:
        script = Script({"IDLE": answer + b"%W%T OK done\r\n"})
        with serving(script) as port, ImapMailbox(settings_at(port)) as box:
            begun = time.monotonic()
            assert box.wait(30)
            assert time.monotonic() - begun < 5
            assert box.uids() == [1]

    def test_news_with_the_last_answer_is_heard(self) -> None:
        script = Script({"IDLE": b"+ idling\r\n%W* 2 EXISTS\r\n%T OK done\r\n"})
        with serving(script) as port, ImapMailbox(settings_at(port)) as box:
            assert box.wait(0.05)

    def test_a_goodbye_while_waiting_is_heard(self) -> None:
        script = Script({"IDLE": b"+ idling\r\n* BYE for maintenance\r\n%S"})
        with (
            serving(script) as port,
            pytest.raises(Temporary, match="for maintenance"),
            ImapMailbox(settings_at(port)) as box,
        ):
            box.wait(30)

    def test_it_never_lasts_longer_than_a_minute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("helpdesk_tui.mail.imap._IDLE_SECONDS", 0.1)
        begun = time.monotonic()
        with serving(Script()) as port, ImapMailbox(settings_at(port)) as box:
            assert not box.wait(3600)
        assert time.monotonic() - begun < 5

    def test_news_in_two_pieces_is_heard(self) -> None:
        script = Script({"IDLE": b"+ idling\r\n* 2 EX%PISTS\r\n%W%T OK done\r\n"})
        with serving(script) as port, ImapMailbox(settings_at(port)) as box:
            assert box.wait(30)

    def test_other_news_does_not_end_the_wait(self) -> None:
        script = Script({"IDLE": b"+ idling\r\n* OK Still here\r\n* 1 EXPUNGE\r\n%W%T OK done\r\n"})
        with serving(script) as port, ImapMailbox(settings_at(port)) as box:
            assert not box.wait(0.3)
