"""Mail as it stands at our door: written by somebody, checked by our border server, and taken in with its word."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from helpdesk_tui.desk import mailroom
from helpdesk_tui.desk.delivery import claim, conclude
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.mailroom import ArrivedMail
from helpdesk_tui.errors import MailUnreadable
from helpdesk_tui.mail.authenticity import Trust
from helpdesk_tui.mail.compose import compose
from helpdesk_tui.mail.ids import first_id
from helpdesk_tui.mail.parse import parse
from helpdesk_tui.terms import SYSTEM, FiledMail, OutboxState
from tests.build import MAILBOX, SUPPORT

BORDER = "mx.desk.example"
TRUST = Trust(BORDER)
_numbers = count(1)


def taken_in(desk: Desk, raw: bytes, mailbox: str = MAILBOX) -> FiledMail:
    """Where a mail ends up that our border server has looked at."""
    system = desk.acting_as(SYSTEM)
    (kept,) = mailroom.keep(system, mailbox, [ArrivedMail(raw, desk.clock())])
    try:
        mail = parse(raw, TRUST)
    except MailUnreadable as error:
        return mailroom.quarantine(system, kept.raw_id, error.message)
    return mailroom.file(system, kept.raw_id, mail)


def sent_mails(desk: Desk) -> list[bytes]:
    """The mails that leave now, byte for byte."""
    system, gone = desk.acting_as(SYSTEM), []
    while mail := claim(system, compose):
        conclude(system, mail.outbox_id, OutboxState.SENT)
        gone.append(mail.content)
    return gone


def field_of(raw: bytes, name: str) -> str:
    """The first field of this name, unfolded; "" where there is none."""
    head = raw.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").decode("ascii")
    lines = (line.partition(":") for line in head.split("\r\n"))
    return next((value.strip() for found, _colon, value in lines if found.lower() == name.lower()), "")


def id_of(raw: bytes) -> str:
    """The Message-ID of a mail without its brackets."""
    return first_id(field_of(raw, "message-id"))


def new_id(domain: str = "customer.example") -> str:
    """A Message-ID as a customer's program makes it."""
    return f"{next(_numbers)}.letter@{domain}"


def seen_by_border(verdict: str, domain: str) -> list[str]:
    """The fields that our border server puts on top of a mail that comes from this domain.

    Args:
        verdict: `pass`, `fail`, or "" where it checks nothing.
    """
    said = [f"Authentication-Results: {BORDER}; dmarc={verdict} header.from={domain}"] if verdict else []
    return [*said, f"Received: from out.{domain} by {BORDER} with ESMTPS id 1; Wed, 25 Nov 2026 10:00:00 +0000"]


def written(
    sender: Sequence[str],
    subject: str = "Quite another matter",
    text: str = "It still burns.",
    *,
    border: Sequence[str] = (),
    to: str = SUPPORT,
    fields: Sequence[str] = (),
    message_id: str = "",
) -> bytes:
    """A mail, line by line; a sender for each From line that it has."""
    head = [
        *border,
        *(f"From: {one}" for one in sender),
        f"To: {to}",
        f"Subject: {subject}",
        "Date: Wed, 25 Nov 2026 10:59:00 +0100",
        f"Message-ID: <{message_id or new_id()}>",
        *fields,
    ]
    if not any(one.lower().startswith("content-type:") for one in fields):
        head += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8"]
    return "\r\n".join((*head, "", text, "")).encode()
