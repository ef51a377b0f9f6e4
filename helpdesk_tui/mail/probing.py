"""Sending oneself a probe (`mail.probe`), and finding it again: in the mailbox, or with a poller that was quicker."""

from __future__ import annotations

import time
from collections.abc import Iterator

from helpdesk_tui.config import MailboxSettings, Settings
from helpdesk_tui.desk import mailroom
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.errors import HelpdeskError, Temporary, Usage
from helpdesk_tui.language import _
from helpdesk_tui.mail.authenticity import Trust
from helpdesk_tui.mail.ledger import looking
from helpdesk_tui.mail.mailbox import Mailbox
from helpdesk_tui.mail.outbox import open_transport
from helpdesk_tui.mail.probe import ProbeVerdict, forged_probe, judge_probe, subject_of, token_of
from helpdesk_tui.rules.routing import is_address
from helpdesk_tui.store.queries.ledger import newest_kept, raw_of_subject
from helpdesk_tui.store.queries.setup import queues
from helpdesk_tui.store.schema import FIRST_QUEUE
from helpdesk_tui.terms import OutboxState, OutgoingMail

#: How long to wait for news before looking again, in seconds.
_PAUSE = 2.0


def probe(desk: Desk, mailbox: MailboxSettings, seconds: float) -> ProbeVerdict:
    """Send a forged mail to a mailbox of ours, wait for it, and judge how it came; it is left where it is.

    Raises:
        Usage: no id is configured, no address is known or nothing can be sent. HelpdeskError: it was not accepted.
        Temporary: it has not come within so many seconds.
    """
    address = _address_of(desk, mailbox)
    raw = forged_probe(address, mailbox.authserv_id)
    with looking(mailbox) as box:
        before, after = set(box.uids()), desk.ask(newest_kept)
        _send(desk.settings, address, raw)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for arrived in (*_new_in(box, before), *_kept(desk, raw, after)):
                if token_of(arrived) == token_of(raw):
                    return judge_probe(arrived, Trust.of(mailbox))
            box.wait(min(_PAUSE, max(0.1, deadline - time.monotonic())))
    raise Temporary(
        _("The probe to {address} has not come within {seconds} seconds.").format(
            address=address, seconds=int(seconds)
        ),
        _("Look into the spam folder; wait longer with --wait."),
    )


def _address_of(desk: Desk, mailbox: MailboxSettings) -> str:
    """The address whose mail comes into this mailbox: the login where it is one, else the queue's first."""
    if is_address(mailbox.user):
        return mailbox.user
    wanted = mailbox.queue or FIRST_QUEUE
    for queue in desk.ask(queues):
        if queue.name == wanted and queue.addresses:
            return queue.addresses[0]
    raise Usage(
        _("No address of mailbox {name} is known.").format(name=mailbox.name),
        _("helpdesk queue set {queue} --address NAME@DOMAIN").format(queue=wanted),
    )


def _send(settings: Settings, address: str, raw: bytes) -> None:
    if not settings.has_smtp:
        raise Usage(_("No mail can be sent."), _("Set [smtp] in the configuration."))
    with open_transport(settings.smtp) as transport:
        result = transport.send(OutgoingMail(0, address, (address,), f"{token_of(raw)}@probe.invalid", raw))
    if result.state is not OutboxState.SENT:
        raise HelpdeskError(
            _("The probe was not accepted: {words}.").format(words=result.words or result.state),
            _("A server that refuses forged senders is fine; then send one from outside, straight to your MX."),
        )


def _new_in(box: Mailbox, before: set[int]) -> Iterator[bytes]:
    for batch in box.fetch([uid for uid in box.uids() if uid not in before]):
        before.update(mail.uid for mail in batch)
        yield from (mail.content for mail in batch)


def _kept(desk: Desk, raw: bytes, after: int) -> Iterator[bytes]:
    """The probe where a poller took it in, and perhaps moved it, before we saw it."""
    raw_id = desk.ask(raw_of_subject, subject_of(token_of(raw)), after)
    if raw_id is not None:
        yield desk.ask(mailroom.raw_content, raw_id)
