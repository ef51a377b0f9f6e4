"""A probe goes out, is found wherever it lands, is judged, and becomes no ticket."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.errors import HelpdeskError, Temporary, Usage
from helpdesk_tui.mail.probing import probe
from tests.mail.installation import Installation
from tests.services.dovecot import Mailbox
from tests.services.smtp import SmtpSink

pytestmark = pytest.mark.one_store

OURS = "mx.desk.example"
HOP = b"Received: from probe by mx.desk.example; Tue, 2 Jan 2024 10:00:00 +0000\r\n"
FORGED = re.compile(rb"(?im)^authentication-results:.*\r\n(?:[ \t].*\r\n)*")


def stripping(raw: bytes) -> bytes:
    """What a border server by the book makes of a stranger's mail."""
    return HOP + FORGED.sub(b"", raw)


def trusting(raw: bytes) -> bytes:
    """What a careless one makes of it."""
    return HOP + raw


@contextmanager
def delivering(sink: SmtpSink, deliver: Callable[[bytes], None]) -> Iterator[None]:
    """A border server: takes the first mail that is sent, and puts it into a mailbox."""

    def run() -> None:
        deliver(sink.wait_for(1)[0].raw)

    server = threading.Thread(target=run)
    server.start()
    yield
    server.join()


@pytest.mark.parametrize(("server", "is_safe"), [(stripping, True), (trusting, False)])
def test_a_probe_is_judged_as_it_came_and_left_where_it_is(
    installation: Installation, mailbox: Mailbox, smtp_sink: SmtpSink, server: Callable[[bytes], bytes], is_safe: bool
) -> None:
    settings = installation.fetch_from(mailbox, authserv_id=OURS)
    installation.send_through(smtp_sink)
    mailbox.put(b"From: a@b.example\r\nSubject: helpdesk probe " + b"0" * 32 + b"\r\n\r\nAn earlier one.\r\n")
    with delivering(smtp_sink, lambda raw: mailbox.put(server(raw))):
        verdict = probe(installation.system(), settings, 30)
    assert verdict.is_safe is is_safe, verdict
    assert smtp_sink.messages[0].rcpt_tos == ("support@desk.example",)
    assert [flags for _uid, flags, _raw in mailbox.messages()] == [(), ()]
    installation.poll()
    assert installation.sql("SELECT count(*) FROM ticket") == [(1,)], "that of the earlier mail"
    assert installation.sql("SELECT count(*) FROM raw_message WHERE disposition = 'robot'") == [(1,)]


def test_a_poller_that_was_quicker_hides_it_from_nobody(
    installation: Installation, mailbox: Mailbox, smtp_sink: SmtpSink
) -> None:
    settings = installation.fetch_from(mailbox, authserv_id=OURS, after="move:Done")
    installation.send_through(smtp_sink)

    def deliver(raw: bytes) -> None:
        mailbox.put(stripping(raw), "Elsewhere")
        installation.run("mail", "receive", "-", said=stripping(raw).decode())

    with delivering(smtp_sink, deliver):
        assert probe(installation.system(), settings, 30).is_safe is True
    assert mailbox.messages() == []


def test_the_login_is_the_address_where_it_is_one(installation: Installation, tmp_path: Path) -> None:
    box = _maildir(tmp_path)
    settings = MailboxSettings("loop", path=str(box), authserv_id=OURS, user="me@desk.example")
    installation.send_into(box)
    assert probe(installation.system(), settings, 10).is_safe is False, "nobody strips anything here"
    (came,) = (box / "new").iterdir()
    assert b"To: <me@desk.example>" in came.read_bytes()


def test_what_hinders_a_probe_is_said(installation: Installation, tmp_path: Path, smtp_sink: SmtpSink) -> None:
    settings = MailboxSettings("box", path=str(_maildir(tmp_path)), authserv_id=OURS)
    desk = installation.system
    with pytest.raises(Usage, match="No mail can be sent"):
        probe(desk(), settings, 1)
    installation.send_into(tmp_path / "elsewhere")
    with pytest.raises(Temporary, match="has not come within 1 seconds"):
        probe(desk(), settings, 1)
    with pytest.raises(Usage, match="authserv_id"):
        probe(desk(), MailboxSettings("box", path=settings.path), 1)
    with pytest.raises(Usage, match="No address of mailbox"):
        probe(desk(), MailboxSettings("box", path=settings.path, authserv_id=OURS, queue="silent"), 1)
    installation.send_through(smtp_sink)
    smtp_sink.fail("MAIL", 550)
    with pytest.raises(HelpdeskError, match="was not accepted: 550"):
        probe(desk(), settings, 1)


def test_the_command_says_what_to_do(installation: Installation, tmp_path: Path) -> None:
    box = _maildir(tmp_path)
    installation.mailboxes = (MailboxSettings("loop", path=str(box), authserv_id=OURS),)
    installation.send_into(box)
    done = installation.run("doctor", "mail", "--probe", "loop", "--json")
    (check,) = json.loads(done.stdout)["checks"]
    assert (done.returncode, check["state"]) == (1, "fail")
    assert "take authserv_id out of [mailboxes.loop]" in check["hint"]
    assert installation.run("doctor", "mail", "--probe", "nowhere").returncode == 1


def _maildir(folder: Path) -> Path:
    box = folder / "box"
    for part in ("new", "cur", "tmp"):
        (box / part).mkdir(parents=True)
    return box
