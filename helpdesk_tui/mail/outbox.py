"""Sending what is due: claim, hand over, write down what became of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from helpdesk_tui.config import SmtpSettings
from helpdesk_tui.desk.delivery import claim, conclude
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.mail.compose import compose
from helpdesk_tui.mail.smtp import SendResult
from helpdesk_tui.terms import OutboxState, OutgoingMail

#: The job that one process does at a time.
SENDER = "sender"


class Transport(Protocol):
    """Something that takes a mail off our hands."""

    def send(self, mail: OutgoingMail) -> SendResult:
        """Hand one mail over."""


def open_transport(settings: SmtpSettings) -> AbstractContextManager[Transport]:
    """The transport these settings name; nothing is opened before `with`."""
    if settings.path:
        from helpdesk_tui.mail.maildir import MaildirTransport

        return MaildirTransport(settings.path)
    from helpdesk_tui.mail.smtp import SmtpTransport

    return SmtpTransport(settings)


def send_all(desk: Desk, transport: Transport) -> int:
    """Send what is due over an open transport, holding the sender's lock already."""
    sent = 0
    while mail := claim(desk, compose):
        try:
            result = transport.send(mail)
        except HelpdeskError as error:
            conclude(desk, mail.outbox_id, OutboxState.QUEUED, error.message)
            raise
        words = result.words or "; ".join(f"{address}: {said}" for address, said in result.refused)
        conclude(desk, mail.outbox_id, result.state, words)
        sent += result.state is OutboxState.SENT
    return sent
