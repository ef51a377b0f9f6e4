"""The poller as a process: the way of a mail to a reply and back, and how it starts, waits, complains and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from typing import Any

import psycopg
import pytest

from helpdesk_tui.desk.conversation import reply
from tests.build import a_mail, a_ticket
from tests.mail.installation import Installation
from tests.services.dovecot import DovecotServer, Mailbox
from tests.services.hosting import free_port, wait_until
from tests.services.postgres import PostgresServer
from tests.services.smtp import SmtpSink

pytestmark = pytest.mark.one_store

#: In seconds; where a machine has more to do than it can, everything takes as much longer.
SOON = 2.0 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def ticket_count(installation: Installation) -> int:
    return int(installation.sql("SELECT count(*) FROM ticket")[0][0])


def seconds_until(is_so: Callable[[], bool], what: str) -> float:
    """How long it takes until something is so."""
    started = time.monotonic()
    wait_until(is_so, what, 30)
    return time.monotonic() - started


def wait_for_word(poller: subprocess.Popen[str], installation: Installation) -> None:
    """Wait until the poller has finished its first round."""
    wait_until(
        lambda: poller.poll() is not None or bool(installation.sql("SELECT 1 FROM lease WHERE words = 'ok'")),
        "the poller has looked once",
        30,
    )
    assert poller.poll() is None, poller.communicate()


class TestThereAndBack:
    @pytest.mark.parametrize("place", ["sqlite", pytest.param("postgres", marks=pytest.mark.long)], indirect=True)
    def test_a_mail_becomes_a_ticket_and_its_answers_find_it_without_a_number(
        self, installation: Installation, mailbox: Mailbox, smtp_sink: SmtpSink
    ) -> None:
        installation.fetch_from(mailbox)
        installation.send_through(smtp_sink)
        mailbox.deliver(a_mail(subject="AW: Mein Drucker brennt", message_id="first@customer.example"))
        assert installation.answer("poll", "--once") == {"received": {"new": 1}, "sent": 0, "failures": []}
        (listed,) = installation.answer("ticket", "list")
        number = str(listed["number"])

        installation.answer("ticket", "reply", number, said="Bitte löschen.\n\nAnna")
        assert installation.answer("poll", "--once")["sent"] == 1
        (sent,) = smtp_sink.messages
        assert (sent.mail_from, sent.rcpt_tos) == ("support@desk.example", ("mira@customer.example",))
        mail: Any = message_from_bytes(sent.raw, policy=policy.default)
        assert mail["From"] == "Anna · Example Support <support@desk.example>"
        assert mail["To"] == "Mira Kern <mira@customer.example>"
        assert mail["Subject"] == "Re: Mein Drucker brennt"
        assert mail["In-Reply-To"] == mail["References"] == "<first@customer.example>"
        assert number.encode() not in sent.raw
        assert mail.get_content().splitlines() == ["Bitte löschen.", "", "Anna"]

        mailbox.deliver(sent.raw)
        answer = a_mail("Gelöscht, danke.", subject="Danke!", In_Reply_To=mail["Message-ID"])
        mailbox.deliver(answer)
        assert installation.answer("poll", "--once")["received"] == {"own_copy": 1, "appended": 1}
        shown = installation.answer("ticket", "show", number)
        assert [one["kind"] for one in shown["messages"]] == ["inbound", "outbound", "inbound"]
        assert [one["delivery"] for one in shown["messages"]] == [None, "sent", None]
        assert shown["messages"][2]["text"].strip() == "Gelöscht, danke."
        assert shown["status"] == "open"
        assert len(installation.answer("ticket", "list")) == 1

    def test_a_mail_is_given_out_byte_for_byte(self, small_installation: Installation, mailbox: Mailbox) -> None:
        small_installation.fetch_from(mailbox)
        mailbox.deliver(a_mail("Grüße\r\n.\r\nFrom me"))
        small_installation.poll_well()
        (row,) = small_installation.sql("SELECT id FROM message")
        ((_uid, _flags, raw),) = mailbox.messages()
        assert small_installation.run("mail", "raw", str(row.id)).stdout == raw.decode()


class TestTheLongRunningPoller:
    def test_mail_comes_in_and_goes_out_within_two_seconds_and_it_ends_when_told(
        self, installation: Installation, mailbox: Mailbox, smtp_sink: SmtpSink
    ) -> None:
        installation.fetch_from(mailbox)
        installation.send_through(smtp_sink)
        with installation.polling() as poller:
            wait_for_word(poller, installation)
            mailbox.deliver(a_mail())
            assert seconds_until(lambda: ticket_count(installation) == 1, "the mail is in") < SOON
            number = installation.sql("SELECT number FROM ticket")[0].number
            reply(installation.desk(), number, "Hello")
            assert seconds_until(lambda: bool(smtp_sink.messages), "the reply is out") < SOON
            poller.send_signal(signal.SIGTERM)
            assert seconds_until(lambda: poller.poll() is not None, "the poller has ended") < SOON
            assert poller.returncode == 0
            assert "Traceback" not in poller.communicate()[1]
        states = installation.sql("SELECT state FROM outbox")
        assert [row.state for row in states] == ["sent"]

    def test_a_second_poller_says_that_the_mailbox_is_taken_and_takes_nothing(
        self, installation: Installation, mailbox: Mailbox
    ) -> None:
        installation.fetch_from(mailbox)
        with installation.polling() as poller:
            wait_for_word(poller, installation)
            second = installation.run("poll", "--once")
            assert second.returncode == 75
            assert "is doing this already: mailbox inbox" in second.stderr
            assert f":{poller.pid} " in second.stderr
            assert second.stdout == "0 received, 0 sent\n"

    def test_a_server_that_goes_and_comes_back_is_found_again(
        self, small_installation: Installation, mailbox: Mailbox
    ) -> None:
        small_installation.fetch_from(mailbox)
        with small_installation.polling() as poller:
            wait_for_word(poller, small_installation)
            mailbox.server.kill_sessions()
            mailbox.deliver(a_mail())
            wait_until(lambda: ticket_count(small_installation) == 1, "the mail is in", 30)

    @pytest.mark.parametrize("place", ["postgres"], indirect=True)
    def test_a_database_that_cuts_all_connections_does_not_end_it(
        self, installation: Installation, mailbox: Mailbox, smtp_sink: SmtpSink, postgres_server: PostgresServer
    ) -> None:
        installation.fetch_from(mailbox)
        installation.send_through(smtp_sink)
        with installation.polling() as poller:
            wait_for_word(poller, installation)
            with psycopg.connect(postgres_server.superuser_url(), autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'anna' AND datname LIKE 'desk%'"
                )
            mailbox.deliver(a_mail())
            wait_until(lambda: ticket_count(installation) == 1, "the mail is in", 30)
            reply(installation.desk(), a_ticket(installation.desk()), "Hello")
            wait_until(lambda: bool(smtp_sink.messages), "the reply is out", 30)
            assert poller.poll() is None

    def test_it_ends_at_once_while_a_mailbox_is_out_of_reach(
        self, small_installation: Installation, mailbox: Mailbox
    ) -> None:
        small_installation.fetch_from(mailbox, port=free_port())
        with small_installation.polling() as poller:
            wait_until(
                lambda: bool(small_installation.sql("SELECT 1 FROM lease WHERE words LIKE '%no server listens%'")),
                "the trouble is told",
                30,
            )
            poller.send_signal(signal.SIGTERM)
            assert seconds_until(lambda: poller.poll() is not None, "the poller has ended") < SOON
            said = poller.communicate()[1]
        assert poller.returncode == 0
        assert "no server listens" in said
        assert "Traceback" not in said


class TestExitCodes:
    def test_all_is_well(self, small_installation: Installation, mailbox: Mailbox) -> None:
        small_installation.fetch_from(mailbox)
        done = small_installation.run("poll", "--once")
        assert (done.returncode, done.stdout, done.stderr) == (0, "0 received, 0 sent\n", "")

    def test_one_mailbox_is_refused_and_the_other_goes_on(
        self, small_installation: Installation, mailbox: Mailbox, dovecot_server: DovecotServer
    ) -> None:
        small_installation.fetch_from(mailbox, "bad", ca_file="")
        good = dovecot_server.new_mailbox()
        small_installation.fetch_from(good, "good")
        good.put(a_mail())
        done = small_installation.run("poll", "--once")
        assert done.returncode == 1
        assert done.stdout == "1 received, 0 sent\n"
        assert "Mailbox bad" in done.stderr
        assert "certificate of 127.0.0.1 is not accepted" in done.stderr
        assert "good" not in done.stderr

    def test_a_server_that_is_down_is_for_later(self, small_installation: Installation, mailbox: Mailbox) -> None:
        small_installation.fetch_from(mailbox, port=free_port())
        done = small_installation.run("poll", "--once")
        assert done.returncode == 75
        assert "no server listens at 127.0.0.1" in done.stderr

    def test_a_wrong_password_is_not(
        self, small_installation: Installation, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HELPDESK_TEST_WRONG", "wrong-canary")
        small_installation.fetch_from(mailbox, password_env="HELPDESK_TEST_WRONG")
        done = small_installation.run("poll", "--once")
        assert done.returncode == 1
        assert "refused the login" in done.stderr
        assert "canary" not in done.stderr + done.stdout

    def test_no_mailbox_at_all_is_a_matter_of_settings(self, small_installation: Installation) -> None:
        done = small_installation.run("poll", "--once")
        assert done.returncode == 2
        assert "No mailbox is set up" in done.stderr
