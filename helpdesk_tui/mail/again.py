"""A mail that was kept aside, read once more for somebody who wants a ticket of it."""

from __future__ import annotations

import logging

from helpdesk_tui.desk import aside, mailroom
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.errors import MailUnreadable
from helpdesk_tui.language import _
from helpdesk_tui.mail import addresses
from helpdesk_tui.mail.charsets import line
from helpdesk_tui.mail.headers import skip_envelope, split_header
from helpdesk_tui.mail.parse import parse
from helpdesk_tui.mail.words import decode_words
from helpdesk_tui.store.queries.why import raw_id_of
from helpdesk_tui.terms import IncomingFile, IncomingMail, Outcome, Person

log = logging.getLogger(__name__)
#: What the file is called that holds a mail which nobody could read.
_ORIGINAL = "original.eml"
#: So much of it is searched for who wrote it and about what, in bytes.
_HEADER_WITHIN = 64 * 1024


def ticket_of(desk: Desk, mail: int) -> Outcome:
    """Make a ticket of a mail that was kept aside; one that cannot be read is attached as it came.

    Raises:
        NotFound: there is no such mail. Refused: it has a ticket of its own.
    """
    content = desk.ask(mailroom.raw_content, desk.ask(raw_id_of, mail))
    return aside.make_ticket(desk, mail, read_again(content))


def read_again(content: bytes) -> IncomingMail:
    """What a mail says; where it cannot be read, what its header names, and all of it as a file."""
    try:
        return parse(content)
    except MailUnreadable as error:
        reason = error.message
    except Exception as error:  # noqa: BLE001  a fault of ours in one mail is no reason to have no ticket
        log.error("a mail could not be read again: %s", type(error).__name__)
        reason = _("This mail could not be read ({kind}).").format(kind=type(error).__name__)
    return _as_file(content, reason)


def _as_file(content: bytes, reason: str) -> IncomingMail:
    sender, subject = Person("", ""), ""
    try:
        headers, _end = split_header(content, skip_envelope(content), min(len(content), _HEADER_WITHIN))
        sender = addresses.sender(headers.every("from"))[0]
        subject = line(decode_words(headers.first("subject")))
    except Exception as error:  # noqa: BLE001  the same; a ticket needs neither
        log.error("not even a header could be read: %s", type(error).__name__)
    return IncomingMail(
        sender=sender,
        has_strict_sender=False,
        reply_to=(),
        to=(),
        cc=(),
        delivered_to=(),
        subject=subject or _("(a mail that cannot be read)"),
        text="",
        quoted="",
        message_id="",
        in_reply_to=(),
        references=(),
        sent_at=None,
        auto_submitted="",
        robot_signs=(),
        is_list=False,
        importance="",
        report=None,
        report_ids=(),
        files=(IncomingFile(_ORIGINAL, "message/rfc822", content),),
        notes=(reason,),
    )
