"""The servers of the tests do what their users rely on."""

from __future__ import annotations

import imaplib
import os
import signal
import smtplib
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.services.dovecot import Mailbox
from tests.services.hosting import wait_until
from tests.services.postgres import PostgresServer
from tests.services.smtp import Received, SmtpSink, Tls, running_smtp

MAIL = b"From: a@customer.example\r\nSubject: Printer\r\n\r\n.It is on fire.\r\n"
ROOT = Path(__file__).parents[2]

HAS_ALL = "from tests.services.fixtures import *"
LACKS_DOVECOT = f"""
from tests.services import available
available.dovecot_program = lambda: None
{HAS_ALL}
"""
LASTS_LONG = """
import pathlib
def test(smtp_sink):
    pathlib.Path("starting").write_text(str(smtp_sink.ca_file))
    pathlib.Path("starting").rename("started")
    smtp_sink.wait_for(1, timeout=60)
"""


# Dovecot


def test_a_delivered_mail_is_seen_over_tls(mailbox: Mailbox) -> None:
    mailbox.deliver(MAIL)
    ((uid, flags, raw),) = mailbox.messages()
    assert (uid, flags) == (1, ())
    assert raw.endswith(MAIL)


def test_an_address_with_a_detail_delivers_to_the_same_mailbox(mailbox: Mailbox) -> None:
    mailbox.deliver(MAIL, detail="t-4711")
    ((_, _, raw),) = mailbox.messages()
    assert f"Delivered-To: {mailbox.user}+t-4711@".encode() in raw


def test_put_keeps_bytes_and_order(mailbox: Mailbox) -> None:
    mails = [b"Subject: %d\n\n\xff" % number for number in range(20)]
    for mail in mails:
        mailbox.put(mail)
    assert [(uid, raw) for uid, _, raw in mailbox.messages()] == [
        (number, mail.replace(b"\n", b"\r\n")) for number, mail in enumerate(mails, 1)
    ]


def test_put_makes_a_folder(mailbox: Mailbox) -> None:
    mailbox.put(MAIL, "Archive.2026")
    assert [raw for _, _, raw in mailbox.messages("Archive.2026")] == [MAIL]
    assert mailbox.messages() == []
    assert {"INBOX", "Sent", "Archive.2026"} <= set(mailbox.folders())


def test_a_recreated_inbox_has_the_same_mail_under_a_new_uidvalidity(mailbox: Mailbox) -> None:
    mailbox.put(MAIL)
    mailbox.put(MAIL)
    before, seen = mailbox.uidvalidity(), mailbox.messages()
    mailbox.recreate_inbox()
    assert mailbox.uidvalidity() > before
    assert [raw for _, _, raw in mailbox.messages()] == [raw for _, _, raw in seen]


def test_a_session_that_is_killed_breaks_off(mailbox: Mailbox) -> None:
    with mailbox.session() as imap:
        imap.select()
        mailbox.server.kill_sessions()
        with pytest.raises((imaplib.IMAP4.abort, OSError)):
            imap.noop()
    assert mailbox.messages() == []


def test_dovecot_comes_back_on_its_ports_with_its_mail(mailbox: Mailbox) -> None:
    mailbox.put(MAIL)
    mailbox.server.stop()
    with pytest.raises(ConnectionRefusedError):
        mailbox.messages()
    mailbox.server.start()
    assert len(mailbox.messages()) == 1


def test_failed_logins_do_not_slow_down_the_next(mailbox: Mailbox) -> None:
    started_at = time.perf_counter()
    for _ in range(3):
        with imaplib.IMAP4(mailbox.host, mailbox.plain_port) as imap, pytest.raises(imaplib.IMAP4.error):
            imap.login(mailbox.user, "wrong")
    assert time.perf_counter() - started_at < 5


def test_dovecot_takes_no_password_in_clear_from_elsewhere(mailbox: Mailbox) -> None:
    with imaplib.IMAP4(mailbox.other_host, mailbox.plain_port) as imap:
        assert "LOGINDISABLED" in imap.capabilities
        with pytest.raises(imaplib.IMAP4.error, match="PRIVACYREQUIRED"):
            imap.login(mailbox.user, mailbox.password)


def test_an_unknown_authority_is_refused(mailbox: Mailbox) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        imaplib.IMAP4_SSL(mailbox.host, mailbox.port, ssl_context=ssl.create_default_context())


# SMTP


@contextmanager
def client(sink: SmtpSink, password: str | None = None, timeout: float = 5) -> Iterator[smtplib.SMTP]:
    """Log in as a careful program would."""
    trust = ssl.create_default_context(cafile=sink.ca_file)
    if sink.tls == "implicit":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(sink.host, sink.port, timeout=timeout, context=trust)
    else:
        smtp = smtplib.SMTP(sink.host, sink.port, timeout=timeout)
    try:
        if sink.tls == "starttls":
            smtp.starttls(context=trust)
        if sink.auth_required:
            smtp.login(sink.user, password or sink.password)
        yield smtp
    finally:
        smtp.close()


def send(sink: SmtpSink, *to: str) -> dict[str, tuple[int, bytes]]:
    """Send one mail."""
    with client(sink) as smtp:
        return smtp.sendmail("help@desk.example", to or ("b@customer.example",), MAIL)


@pytest.mark.parametrize("tls", ["starttls", "implicit", "none"])
def test_a_sent_mail_arrives_byte_for_byte(tls: Tls) -> None:
    with running_smtp(tls=tls, auth_required=tls != "none") as sink:
        assert send(sink, "b@customer.example", "c@customer.example") == {}
        expected = Received("help@desk.example", ("b@customer.example", "c@customer.example"), MAIL)
        assert sink.wait_for(1) == [expected]


@pytest.mark.parametrize("code", [451, 421])
def test_a_refused_sender(smtp_sink: SmtpSink, code: int) -> None:
    smtp_sink.fail("MAIL", code)
    with pytest.raises(smtplib.SMTPSenderRefused, match=str(code)):
        send(smtp_sink)
    assert send(smtp_sink) == {}


def test_a_refused_recipient_does_not_stop_the_others(smtp_sink: SmtpSink) -> None:
    smtp_sink.fail("RCPT", 550, for_address="gone@customer.example")
    refused = send(smtp_sink, "b@customer.example", "gone@customer.example")
    assert {to: code for to, (code, _) in refused.items()} == {"gone@customer.example": 550}
    assert [mail.rcpt_tos for mail in smtp_sink.messages] == [("b@customer.example",)]


def test_all_recipients_refused(smtp_sink: SmtpSink) -> None:
    smtp_sink.fail("RCPT", 450, times=2)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(smtp_sink, "a@customer.example", "b@customer.example")


@pytest.mark.parametrize("code", [451, 554, 421])
def test_a_refused_mail_is_not_kept(smtp_sink: SmtpSink, code: int) -> None:
    smtp_sink.fail("DATA", code)
    with pytest.raises(smtplib.SMTPDataError, match=str(code)):
        send(smtp_sink)
    assert smtp_sink.messages == []


def test_a_client_cannot_tell_whether_a_mail_was_kept(smtp_sink: SmtpSink) -> None:
    smtp_sink.drop_after_data()
    smtp_sink.drop_after_data(stores=False)
    smtp_sink.drop_before_data()
    for _ in range(3):
        with pytest.raises(smtplib.SMTPServerDisconnected):
            send(smtp_sink)
    assert len(smtp_sink.messages) == 1


def test_a_slow_server_keeps_the_mail_of_a_client_that_gave_up(smtp_sink: SmtpSink) -> None:
    smtp_sink.slow(60)
    with client(smtp_sink, timeout=0.5) as smtp, pytest.raises(smtplib.SMTPServerDisconnected):
        smtp.sendmail("help@desk.example", "b@customer.example", MAIL)
    smtp_sink.recover()
    assert len(smtp_sink.wait_for(1)) == 1


def test_a_wrong_password_and_a_failing_login(smtp_sink: SmtpSink) -> None:
    smtp_sink.fail("AUTH", 454)
    for code in (454, 535):
        with (
            pytest.raises(smtplib.SMTPAuthenticationError, match=str(code)),
            client(smtp_sink, password="wrong"),
        ):
            pass


def test_a_stopped_server_comes_back_on_its_port(smtp_sink: SmtpSink) -> None:
    smtp_sink.stop()
    with pytest.raises(ConnectionRefusedError):
        send(smtp_sink)
    smtp_sink.start()
    assert send(smtp_sink) == {}


def test_a_sent_mail_can_travel_on_into_a_mailbox(mailbox: Mailbox) -> None:
    with running_smtp(on_message=lambda mail: mailbox.deliver(mail.raw)) as sink:
        send(sink)
    assert [raw.endswith(MAIL) for _, _, raw in mailbox.messages()] == [True]


# PostgreSQL


def test_roles_see_what_they_may(postgres_server: PostgresServer) -> None:
    postgres_server.create_role("team", login=False)
    postgres_server.create_role("anna", member_of=["team"])
    postgres_server.create_role("eve")
    with psycopg.connect(postgres_server.create_database("desk", owner="anna")) as anna:
        anna.execute("CREATE TABLE tickets AS SELECT 'Printer' AS subject")
        assert anna.execute("SELECT pg_has_role('team', 'member')").fetchone() == (True,)
    with (
        psycopg.connect(postgres_server.url("desk", "eve")) as eve,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        eve.execute("SELECT * FROM tickets")


def test_a_template_is_copied_and_a_copy_dropped(postgres_server: PostgresServer) -> None:
    with psycopg.connect(postgres_server.create_database("pattern")) as pattern:
        pattern.execute("CREATE EXTENSION pg_trgm")
        pattern.execute("CREATE TABLE tickets AS SELECT 'Köln' AS subject")
    with psycopg.connect(postgres_server.create_database("copy", template="pattern")) as copy:
        assert copy.execute("SELECT similarity(subject, 'Köln') FROM tickets").fetchone() == (1,)
    postgres_server.drop_database("copy")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(postgres_server.superuser_url("copy"))


@pytest.mark.parametrize("immediate", [False, True])
def test_a_restart_cuts_connections_and_keeps_data(postgres_server: PostgresServer, immediate: bool) -> None:
    url = postgres_server.create_database(f"kept_{immediate}".lower())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept ()")
        postgres_server.restart(immediate=immediate)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


# The fixtures


def run_pytest(folder: Path, conftest: str, test: str, **variables: str) -> subprocess.Popen[str]:
    """Start pytest on one test of its own."""
    (folder / "conftest.py").write_text(conftest)
    (folder / "test_one.py").write_text(test)
    env = {name: value for name, value in os.environ.items() if name not in ("CI", "HELPDESK_REQUIRE_SERVICES")}
    env |= {"PYTHONPATH": os.pathsep.join([str(ROOT), env.get("PYTHONPATH", "")]), **variables}
    argv = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "-p", "no:cacheprovider", "."]
    return subprocess.Popen(argv, env=env, cwd=folder, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(("variables", "code", "outcome"), [({}, 0, "1 skipped"), ({"CI": "1"}, 1, "1 error")])
def test_a_missing_service_is_said_aloud(tmp_path: Path, variables: dict[str, str], code: int, outcome: str) -> None:
    with run_pytest(tmp_path, LACKS_DOVECOT, "def test(mailbox): ...", **variables) as run:
        said, _ = run.communicate()
    assert run.returncode == code
    assert outcome in said
    assert "NOT TESTED: Dovecot (apt-get install dovecot-imapd dovecot-lmtpd)" in said


def test_a_run_that_is_told_to_end_cleans_up(tmp_path: Path) -> None:
    with run_pytest(tmp_path, HAS_ALL, LASTS_LONG) as run:
        wait_until((tmp_path / "started").exists, "the inner test runs", seconds=30)
        run.terminate()
        run.communicate()
    assert run.returncode == 128 + signal.SIGTERM
    assert not Path((tmp_path / "started").read_text()).exists()
