"""A mail becomes a ticket on an open screen, the answer leaves, and the customer's answer comes to the same ticket."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes

import pytest

from tests.build import a_mail, sql
from tests.screens.stage import OpenApp, Stage, wait_until
from tests.services.dovecot import Mailbox
from tests.services.smtp import Received, SmtpSink

SUPPORT = "support@desk.example"


@pytest.fixture
def connected(stage: Stage, mailbox: Mailbox, smtp_sink: SmtpSink) -> Stage:
    """A help desk that fetches from a real mailbox and sends through a real server."""
    config = stage.home / "config.toml"
    config.write_text(
        f"""
poll_seconds = 60
[mailboxes.inbox]
host = "{mailbox.host}"
port = {mailbox.port}
user = "{mailbox.user}"
password_env = "STORY_IMAP"
ca_file = "{mailbox.ca_file}"
[smtp]
host = "{smtp_sink.host}"
port = {smtp_sink.port}
user = "{smtp_sink.user}"
password_env = "STORY_SMTP"
ca_file = "{smtp_sink.ca_file}"
"""
    )
    config.chmod(0o600)
    stage.more = {
        "STORY_IMAP": mailbox.password,
        "STORY_SMTP": smtp_sink.password,
        "HELPDESK_CONFIG": str(config),
    }
    return stage


def test_from_mail_to_answer_to_answer(connected: Stage, mailbox: Mailbox, smtp_sink: SmtpSink) -> None:
    with polling(connected), connected.app() as app:
        app.up().press("5").shows("Nothing here: all done.")
        _wait_for_the_poller(connected)
        _arrives_on_an_empty_list(app, mailbox)
        _arrives_above_a_full_list(app, mailbox)
        letter = _answered(app, smtp_sink)
        number = _number(app)
        _answer_of_the_customer(app, mailbox, letter)
        assert app.quit() == 0
    subjects = [str(message_from_bytes(one.raw)["Subject"]) for one in smtp_sink.messages]
    assert subjects == ["Re: Printer on fire"]
    assert not any(re.search(r"\d", subject) for subject in subjects)
    shown = connected.answer("ticket", "show", str(number))
    assert [one["kind"] for one in shown["messages"]] == ["inbound", "outbound", "inbound"]
    assert len(connected.answer("ticket", "list", "is:any")) == 2


@contextmanager
def polling(stage: Stage) -> Iterator[subprocess.Popen[bytes]]:
    """A poller beside the app, as an admin runs it."""
    words = [sys.executable, "-m", "helpdesk_tui", "--as", "anna", "poll"]
    with open(stage.folder / "poller.log", "wb") as log:
        poller = subprocess.Popen(words, env={**os.environ, **stage.environment}, stdout=log, stderr=log)
    try:
        yield poller
    finally:
        poller.terminate()
        poller.wait(10)


def _wait_for_the_poller(stage: Stage) -> None:
    """Until it has looked once and waits at the server."""
    looked = "SELECT name FROM lease WHERE words != ''"
    wait_until(lambda: sql(stage.desk().store, looked), "the poller has looked once", 20)


def _arrives_on_an_empty_list(app: OpenApp, mailbox: Mailbox) -> None:
    delivered_at = time.monotonic()
    mailbox.deliver(a_mail("The printer is on fire.", subject="Printer on fire", to=SUPPORT))
    app.shows(re.compile("▌●.*Printer on fire"), timeout=2.5)
    assert time.monotonic() - delivered_at < 2.5


def _arrives_above_a_full_list(app: OpenApp, mailbox: Mailbox) -> None:
    mailbox.deliver(a_mail("And the scanner.", subject="Scanner smokes", sender="Ben Bell <ben@other.example>"))
    app.shows("1 new · ctrl+r shows them", timeout=2.5)
    assert "Scanner smokes" not in "\n".join(app.screen())
    app.press("ctrl+r").shows("Scanner smokes")
    app.shows(re.compile("▌●.*Printer on fire"))


def _answered(app: OpenApp, sink: SmtpSink) -> Received:
    app.press("r").shows("To Mira Kern")
    app.write("Please use the extinguisher.").press("ctrl+s").shows("is on its way to Mira Kern")
    (letter,) = sink.wait_for(1, timeout=5)
    assert letter.rcpt_tos == ("mira@customer.example",)
    app.shows(re.compile(r"◂ .*sent"))
    return letter


def _answer_of_the_customer(app: OpenApp, mailbox: Mailbox, letter: Received) -> None:
    sent = message_from_bytes(letter.raw)
    answer = a_mail(
        "Thank you, it is out.",
        subject=str(sent["Subject"]),
        to=str(sent["From"]),
        In_Reply_To=str(sent["Message-ID"]),
    )
    assert b"References" not in answer
    mailbox.deliver(answer)
    app.shows("Thank you, it is out.", timeout=2.5)


def _number(app: OpenApp) -> int:
    found = re.search(r"^ #(\d+) ", "\n".join(app.screen()), re.MULTILINE)
    assert found is not None
    return int(found[1])
