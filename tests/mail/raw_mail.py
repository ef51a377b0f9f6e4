"""Builders of raw mails for the tests of this folder."""

from __future__ import annotations

from helpdesk_tui.mail.parse import parse
from helpdesk_tui.rules.untrusted import is_clean
from helpdesk_tui.terms import IncomingMail


def a_mail(
    body: bytes | str = "Hello", *, header: str | bytes = "", sender: str | bytes = "Anna <anna@customer.example>"
) -> bytes:
    """A raw mail; `header` holds more lines, each ending in a line feed, or `Content-Type: …` alone."""
    lines = [b"From: " + _bytes(sender), *_bytes(header).strip(b"\n").split(b"\n")]
    return b"\n".join(line for line in lines if line) + b"\n\n" + _bytes(body)


def a_multipart(kind: str, *parts: bytes | str, settings: str = "") -> bytes:
    """A multipart as it stands in a mail: its own Content-Type, then its parts."""
    boundary = f"=-{kind}-{len(parts)}"
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"{settings}\n\n'.encode()
    marks = b"".join(b"--%s\n%s\n" % (boundary.encode(), _bytes(part)) for part in parts)
    return head + marks + b"--%s--\n" % boundary.encode()


def a_part(kind: str, content: bytes | str, header: str = "") -> bytes:
    """One part with its Content-Type and more header lines."""
    return b"Content-Type: %s\n%s\n%s" % (kind.encode(), _bytes(header), _bytes(content))


def mail_of(part: bytes, *, header: str | bytes = "") -> bytes:
    """A mail around a part that brings its own Content-Type."""
    return b"From: Anna <anna@customer.example>\nSubject: Printer\n" + _bytes(header) + part


def read(raw: bytes) -> IncomingMail:
    """The parsed mail, after making sure that every text of it is clean."""
    mail = parse(raw)
    dirty = [text for text in texts(mail) if not is_clean(text)]
    assert not dirty
    return mail


def texts(mail: IncomingMail) -> list[str]:
    """Every text that may be shown of a mail."""
    people = (mail.sender, mail.written_by, mail.resent_by, *mail.reply_to, *mail.to, *mail.cc)
    report = mail.report
    return [
        *(text for person in people for text in (person.name, person.address)),
        *mail.delivered_to,
        *(mail.subject, mail.text, mail.quoted, mail.message_id, mail.auto_submitted, mail.importance),
        *(*mail.in_reply_to, *mail.references, *mail.report_ids, *mail.robot_signs, *mail.notes),
        *(text for file in mail.files for text in (file.name, file.content_type)),
        *((report.recipient, report.status, report.diagnostic) if report else ()),
        *(text for one in (report.recipients if report else ()) for text in (one.address, one.status, one.diagnostic)),
    ]


def _bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text
