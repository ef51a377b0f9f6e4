"""Questions about mail: the outbox, what was kept, how the poller is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.tables import Lease, MailQuarantine, MailSeen, Message, Outbox, RawMessage, Ticket
from helpdesk_tui.terms import Disposition, OutboxState, Person

_PENDING = (OutboxState.QUEUED, OutboxState.SENDING, OutboxState.FAILED, OutboxState.UNSURE)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An outgoing mail and how far it has come."""

    id: int
    ticket: int
    sender: Person
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    subject: str
    state: str
    message_id: str
    words: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class MailHealth:
    """What the status line says about mail.

    Args:
        received, accounted: mails kept, and of these the ones that have a disposition.
        by_disposition: how many ended in each.
        poller: who polls, when it was heard of last, and what it said; None where nobody ever did.
    """

    received: int
    accounted: int
    by_disposition: dict[str, int]
    queued: int
    failed: int
    poller: str | None
    poller_at: datetime | None
    poller_words: str

    @property
    def lost(self) -> int:
        """Mails seen on a server of which nothing is kept."""
        return self.received - self.accounted


def outbox(session: Session) -> list[OutboxRow]:
    """Every outgoing mail that was not taken back, oldest first."""
    found = (
        select(Outbox, Message, col(Ticket.number))
        .join(Message, col(Message.id) == col(Outbox.message_id))
        .join(Ticket, col(Ticket.id) == col(Outbox.ticket_id))
        .where(col(Outbox.state) != OutboxState.WITHDRAWN)
        .order_by(col(Outbox.id))
    )
    return [
        OutboxRow(
            id=entry.id,
            ticket=number,
            sender=Person(message.from_name, message.from_address),
            to=tuple(Person(*person) for person in message.to),
            cc=tuple(Person(*person) for person in message.cc),
            subject=message.subject,
            state=entry.state,
            message_id=entry.header_message_id,
            words=entry.words,
            due_at=entry.due_at,
        )
        for entry, message, number in session.execute(found)
    ]


def mail_health(session: Session) -> MailHealth:
    """How mail is doing."""
    seen = dict(
        session.execute(select(col(MailSeen.fate), func.count(col(MailSeen.id))).group_by(col(MailSeen.fate))).all()
    )
    stored = seen.pop("stored", 0)
    states = dict(
        session.execute(
            select(col(Outbox.state), func.count(col(Outbox.id)))
            .where(col(Outbox.state).in_(_PENDING))
            .group_by(col(Outbox.state))
        ).all()
    )
    lease = session.execute(
        select(Lease).where(col(Lease.name).startswith("mailbox ")).order_by(col(Lease.at).desc()).limit(1)
    ).scalar_one_or_none()
    return MailHealth(
        received=stored + sum(seen.values()),
        accounted=sum(seen.values()),
        by_disposition=seen,
        queued=states.get(OutboxState.QUEUED, 0) + states.get(OutboxState.SENDING, 0),
        failed=states.get(OutboxState.FAILED, 0) + states.get(OutboxState.UNSURE, 0),
        poller=lease.holder if lease else None,
        poller_at=lease.at if lease else None,
        poller_words=lease.words if lease else "",
    )


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A mail that was kept: where from, and where it ended up. `message` names it even where no ticket has it."""

    message: int
    mailbox: str
    received_at: datetime
    disposition: str | None
    ticket: int | None
    reason: str


def kept_mails(session: Session, disposition: str | None = None, limit: int = 50) -> list[KeptRow]:
    """Mails as they were kept, newest first; of one disposition where it is named."""
    found = select(RawMessage, col(Ticket.number)).outerjoin(Ticket, col(Ticket.id) == col(RawMessage.ticket_id))
    if disposition:
        found = found.where(col(RawMessage.disposition) == disposition)
    rows = session.execute(found.order_by(col(RawMessage.id).desc()).limit(limit or None))
    return [
        KeptRow(raw.message_id or raw.id, raw.mailbox, raw.received_at, raw.disposition, number, raw.why_reason)
        for raw, number in rows
    ]


def quarantined(session: Session) -> int:
    """How many mails wait in quarantine for a person."""
    waiting = select(func.count(col(MailQuarantine.id))).where(col(MailQuarantine.resolved_at).is_(None))
    return session.execute(waiting).scalar_one()


def duplicates(session: Session) -> int:
    """How many mails were seen again with the same bytes."""
    again = select(func.count(col(MailSeen.id))).where(col(MailSeen.fate) == Disposition.DUPLICATE)
    return session.execute(again).scalar_one()
