"""Sending what is due: claim, hand over, write down what became of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from typing import Protocol

from helpdesk_tui.config import SmtpSettings
from helpdesk_tui.desk.delivery import claim, conclude
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.mail.compose import compose
from helpdesk_tui.mail.smtp import SendResult
from helpdesk_tui.store.locks import Hold
from helpdesk_tui.store.transaction import tried_again
from helpdesk_tui.terms import OutboxState, OutgoingMail


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


def send_all(desk: Desk, transport: Transport, still_held: Hold = lambda: None) -> int:
    """Send what is due over an open transport, holding the sender's lock already; `still_held` raises if it was lost."""
    sent = 0
    while mail := tried_again(partial(_claim, desk, still_held)):
        try:
            result = transport.send(mail)
        except HelpdeskError as error:
            conclude(desk, mail.outbox_id, OutboxState.QUEUED, error.message)
            raise
        except Exception as error:
            # It may have got through: that is said before this is told to whoever runs us.
            conclude(desk, mail.outbox_id, OutboxState.UNSURE, type(error).__name__)
            raise
        tried_again(partial(conclude, desk, mail.outbox_id, result.state, result.words, result.refused))
        sent += result.state is OutboxState.SENT
    return sent


def _claim(desk: Desk, still_held: Hold) -> OutgoingMail | None:
    still_held()
    return claim(desk, compose)
