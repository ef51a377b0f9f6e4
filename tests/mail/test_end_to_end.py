"""From a customer's mail to the agent's screen, by keys back to the customer, and her answer into the same ticket."""

from __future__ import annotations

import email
import email.policy
import re
import sys
import time
from email.message import EmailMessage

import pytest

from tests.mail.installation import Installation
from tests.services.dovecot import Mailbox
from tests.services.hosting import wait_until
from tests.services.smtp import SmtpSink
from tests.services.terminal import PtyProgram

pytestmark = pytest.mark.one_store

#: What the design promises between a mail's delivery and the screen, and how much slower a busy machine may be.
PROMISED, PATIENCE = 2.0, 3.0
ASKED = "Guten Tag, das Tor am Lager schließt nicht mehr."


def test_a_mail_is_answered_by_keys_and_the_answer_comes_home(
    installation: Installation, mailbox: Mailbox, smtp_sink: SmtpSink
) -> None:
    installation.fetch_from(mailbox)
    installation.send_through(smtp_sink)
    with installation.polling(), _app(installation) as app:
        app.wait_for("Nothing here")
        arrived = _deliver(mailbox, _mail(ASKED, subject="Lagertor klemmt"))
        app.wait_for("Lagertor klemmt", timeout=PROMISED * PATIENCE)
        assert time.monotonic() - arrived < PROMISED * PATIENCE
        number = _number(app)
        app.send(b"\r")
        app.wait_for("Lager schließt nicht")
        app.send(b"r")
        app.wait_for("then: waiting for the customer")
        app.send(b"Wir schicken morgen jemanden.")
        app.wait_for("schicken morgen jemanden.")
        app.send(b"\x13")
        app.wait_for("u undoes it")
        assert not smtp_sink.messages, "it can still be taken back"
        smtp_sink.wait_for(1, timeout=10 + 2 * PATIENCE)
        sent = email.message_from_bytes(smtp_sink.messages[0].raw, policy=email.policy.default)
        assert str(sent["Subject"]) == "Re: Lagertor klemmt"
        assert not re.search(rf"\b{number}\b", f"{sent['Subject']} {smtp_sink.messages[0].raw.decode()}")
        assert "Anna" in str(sent["From"])
        app.wait_for(re.compile("sent · "))
        _deliver(mailbox, _mail("Vielen Dank, bis morgen!", subject="Lagertor klemmt", to_id=str(sent["Message-ID"])))
        app.wait_for("bis morgen!", timeout=PROMISED * PATIENCE)
    shown = installation.answer("ticket", "show", number)
    assert [one["kind"] for one in shown["messages"]] == ["inbound", "outbound", "inbound"]
    assert (shown["status"], len(installation.answer("ticket", "list"))) == ("open", 1)
    flags = [flags for _uid, flags, _raw in mailbox.messages("INBOX")]
    assert all(b"\\Seen" in one for one in flags), flags


def _app(installation: Installation) -> PtyProgram:
    return PtyProgram(
        [sys.executable, "-m", "helpdesk_tui", *installation.argv()],
        width=80,
        height=24,
        env=installation.environment_of_a_process(),
    )


def _deliver(mailbox: Mailbox, raw: bytes) -> float:
    before = len(mailbox.messages("INBOX"))
    mailbox.deliver(raw)
    wait_until(lambda: len(mailbox.messages("INBOX")) > before, "the mail is in the mailbox")
    return time.monotonic()


def _number(app: PtyProgram) -> str:
    line = next(line for line in app.screen() if "Lagertor" in line and "▌" in line)
    found = re.search(r"\d{4,}", line)
    assert found, line
    return found[0]


def _mail(text: str, *, subject: str, to_id: str = "") -> bytes:
    mail = EmailMessage(email.policy.SMTP)
    mail["From"] = "Mira Kern <mira@customer.example>"
    mail["To"] = "support@desk.example"
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{time.time_ns()}@customer.example>"
    if to_id:
        mail["In-Reply-To"] = to_id
    mail.set_content(text)
    return mail.as_bytes()
