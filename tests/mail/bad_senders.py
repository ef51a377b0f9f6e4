"""Bad inputs B58–B84: ids that are none, and what machines write; where it belongs to is tried in `test_bad_places`."""

from __future__ import annotations

from helpdesk_tui.terms import Disposition
from tests.mail.bad_mail import TICKETS, BadInput, header, mixed, subject
from tests.mail.raw_mail import a_mail, a_multipart, a_part, mail_of

_ROBOT, _BOUNCE = (Disposition.ROBOT,), (Disposition.BOUNCE,)
_STATUS = "Reporting-MTA: dns; mx.b.example\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n"
_LOST = "From: support@desk.example\nMessage-ID: <lost@desk.example>\nSubject: Your printer\n\nWords"


def _bounce(*parts: bytes) -> bytes:
    told = (a_part("text/plain", "It was not delivered."), a_part("message/delivery-status", _STATUS))
    body = a_multipart("report", *told, *parts, settings="; report-type=delivery-status")
    return b"From: MAILER-DAEMON@b.example\nReturn-Path: <>\nSubject: Undelivered\n" + body


SENDERS = {
    "B58 no id": BadInput(a_mail, holds=lambda seen: seen.message_id == ""),
    "B59 an empty id": BadInput(lambda: header("Message-ID: <>"), holds=lambda seen: seen.message_id == ""),
    "B59 an id of blanks": BadInput(lambda: header("Message-ID: < >\nReferences: <> <  >\nIn-Reply-To: <>")),
    "an id of 60,000 letters": BadInput(lambda: header("Message-ID: <" + "x" * 60_000 + "@y>"), ("own id cannot be kept",)),
    "B65 another's number in the subject": BadInput(lambda: subject("[#1] Re: your order")),
    "B75 a machine answers nothing of ours": BadInput(
        lambda: header("Auto-Submitted: auto-replied\nSubject: Out of office"), becomes=_ROBOT
    ),
    "B76 an absence without any mark": BadInput(
        lambda: a_mail("I am away until Monday.", header="Subject: Away"), becomes=(*TICKETS, Disposition.ROBOT)
    ),
    "B77 a bounce with the lost mail": BadInput(lambda: _bounce(a_part("message/rfc822", _LOST)), becomes=_BOUNCE),
    "B77 a bounce with a broken mail": BadInput(
        lambda: _bounce(a_part("message/rfc822", b"\0\xff" * 1_000)), becomes=_BOUNCE
    ),
    "B80 a mailing list": BadInput(
        lambda: header("List-Id: <users.lists.example>\nPrecedence: list\nList-Unsubscribe: <mailto:x@lists.example>")
    ),
    "B83 a receipt is asked for": BadInput(
        lambda: header("Disposition-Notification-To: anna@customer.example\nReturn-Receipt-To: anna@customer.example")
    ),
    "V6 fields of our own from outside": BadInput(
        lambda: header("".join(f"X-Helpdesk-{name}: 1\n" for name in ("Queue", "Priority", "Assignee", "Internal", "Status")))
    ),
    "a forward with blanks without end in its head": BadInput(
        lambda: a_mail("From: " + " " * 60_000 + "\nOld words", header="Subject: WG: Printer")
    ),
    "a mail that orders a password": BadInput(lambda: mixed(a_part("text/x-sh; name=run.sh", "#!/bin/sh\nid\n"))),
    "B84 an invitation with words": BadInput(
        lambda: mail_of(
            a_multipart("alternative", a_part("text/plain", "Please come"), a_part("text/calendar; method=REQUEST", "BEGIN:"))
        ),
        holds=lambda seen: "Please come" in seen.text,
    ),
}  # fmt: skip
