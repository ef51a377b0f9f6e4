"""What people see of a mail once it is filed, and what the store kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.mailroom import raw_content
from helpdesk_tui.store.content import digest
from helpdesk_tui.store.tables import Attachment, MailQuarantine, Message, RawMessage
from helpdesk_tui.store.transaction import reading
from helpdesk_tui.terms import SYSTEM


@dataclass(frozen=True, slots=True)
class Seen:
    """A kept mail with its message, where it has one; files by name, content type, size and sha256."""

    raw: bytes
    disposition: str
    reason: str
    signals: dict[str, Any]
    name: str
    address: str
    subject: str
    text: str = ""
    quoted: str = ""
    to: tuple[tuple[str, str], ...] = ()
    cc: tuple[tuple[str, str], ...] = ()
    message_id: str = ""
    references: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    sent_at: datetime | None = None
    received_at: datetime | None = None
    files: tuple[tuple[str, str, int, str], ...] = ()

    @property
    def file_names(self) -> list[str]:
        """The names of its files."""
        return [name for name, *_rest in self.files]

    @property
    def said(self) -> str:
        """All remarks beside it."""
        return "\n".join(self.remarks)

    def texts(self) -> list[str]:
        """Every text of it that is shown somewhere."""
        people = (one for person in (*self.to, *self.cc) for one in person)
        files = (one for name, kind, *_rest in self.files for one in (name, kind))
        own = (self.name, self.address, self.subject, self.text, self.quoted, self.message_id, self.reason)
        return [*own, *people, *files, *self.references, *self.remarks]


def seen(desk: Desk, raw_id: int) -> Seen:
    """What became of a kept mail."""
    with reading(desk.store, SYSTEM) as session:
        kept = session.get_one(RawMessage, raw_id)
        fate = {
            "raw": raw_content(session, raw_id),
            "disposition": kept.disposition or "",
            "reason": kept.why_reason,
            "signals": kept.signals,
            "name": kept.from_name,
            "address": kept.from_address,
            "subject": kept.subject,
        }
        if kept.message_id is None:
            return Seen(**fate)
        message = session.get_one(Message, kept.message_id)
        files = select(Attachment).where(col(Attachment.message_id) == message.id).order_by(col(Attachment.id))
        found = tuple((f.name, f.content_type, f.size, f.sha256) for f in session.execute(files).scalars())
        return Seen(**fate, files=found, **_said(message))


def fates(desk: Desk, raw: bytes) -> list[tuple[str | None, bool]]:
    """The disposition of every row that has these bytes, and whether it stands in quarantine."""
    with reading(desk.store, SYSTEM) as session:
        put_aside = select(col(MailQuarantine.raw_id)).where(col(MailQuarantine.raw_id) == RawMessage.id).exists()
        rows = select(col(RawMessage.disposition), put_aside).where(col(RawMessage.sha256) == digest(raw))
        return [(disposition, is_aside) for disposition, is_aside in session.execute(rows)]


def _said(message: Message) -> dict[str, Any]:
    return {
        "text": message.text,
        "quoted": message.quoted,
        "to": tuple((name, address) for name, address in message.to),
        "cc": tuple((name, address) for name, address in message.cc),
        "message_id": message.message_id,
        "references": tuple(message.references),
        "remarks": tuple(message.remarks),
        "sent_at": message.sent_at,
        "received_at": message.received_at,
    }
