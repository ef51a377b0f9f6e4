"""Copies of sent mail in Sent folders, and mail in doubt that is found there: rows say when to look next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.config import Settings
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.reaching import rows_of, worst
from helpdesk_tui.store import content
from helpdesk_tui.store.schema import FIRST_QUEUE
from helpdesk_tui.store.tables import Message, Outbox, Queue, RawMessage
from helpdesk_tui.store.transaction import writing
from helpdesk_tui.terms import OutboxState, Verb

#: So many times one looks for a mail in doubt, each time after a longer pause; then a person decides.
_LOOKS = 5
#: A server that puts sent mail there by itself may take a moment, and then ours would lie there twice.
_FIRST_LOOK = timedelta(seconds=20)
_LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail of ours whose copy is due, or which is looked for."""

    outbox_id: int
    queue: str
    message_id: str
    is_in_doubt: bool
    sent_at: datetime


def looks_from(settings: Settings, queue: str, now: datetime) -> datetime | None:
    """When the Sent folder of a queue's mail is to be looked at first; None where it has none."""
    return now + _FIRST_LOOK if queue in queues_with_sent_folder(settings) else None


def queues_with_sent_folder(settings: Settings) -> dict[str, str]:
    """The name of the mailbox whose Sent folder takes a queue's mail, by the queue."""
    return {one.queue or FIRST_QUEUE: one.name for one in settings.mailboxes if one.sent_folder}


def due(session: Session, queues: Iterable[str], now: datetime, limit: int) -> list[SentMail]:
    """The mails of these queues for which a Sent folder is to be looked at now, the longest waiting first."""
    found = (
        select(Outbox, col(Queue.name))
        .join(Queue, col(Queue.id) == col(Outbox.queue_id))
        .where(col(Outbox.copy_due_at) <= now, col(Queue.name).in_(list(queues)))
        .order_by(col(Outbox.copy_due_at), col(Outbox.id))
        .limit(limit)
    )
    return [
        SentMail(one.id, queue, one.header_message_id, one.state == OutboxState.UNSURE, one.updated_at)
        for one, queue in session.execute(found)
    ]


def content_of(session: Session, outbox_id: int) -> bytes:
    """The bytes of a mail as it was handed over."""
    kept = (
        select(col(RawMessage.sha256))
        .join(Message, col(Message.raw_id) == col(RawMessage.id))
        .join(Outbox, col(Outbox.message_id) == col(Message.id))
    )
    return content.whole(session, session.execute(kept.where(col(Outbox.id) == outbox_id)).scalar_one())


def lies_there(desk: Desk, outbox_id: int) -> None:
    """Write down that a mail lies in the Sent folder: what was in doubt has been sent.

    Where some of its recipients had it before, the copy there may be of that time, and says nothing of the others.
    """
    with desk.change(Verb.DELIVERY) as changes:
        session = changes.session
        entry = session.get_one(Outbox, outbox_id)
        changes.load_ids([entry.ticket_id])
        entry = session.get_one(Outbox, outbox_id, with_for_update=True, populate_existing=True)
        entry.copy_due_at = None
        if entry.state != OutboxState.UNSURE:
            return
        rows = list(rows_of(session, outbox_id))
        if any(row.state == OutboxState.SENT for row in rows):
            return
        for row in rows:
            if row.state == OutboxState.UNSURE:
                row.state, row.words = OutboxState.SENT, ""
        entry.state = worst(row.state for row in rows_of(session, outbox_id))
        entry.words, entry.updated_at = "", changes.now
        changes.only.record("delivery", OutboxState.UNSURE, entry.state)
        changes.only.record("delivery_of", None, entry.message_id)


def look_later(desk: Desk, mail: SentMail) -> None:
    """Look again after a pause that gets longer; of a mail in doubt only so often."""
    with writing(desk.store, desk.actor) as session:
        entry = session.get_one(Outbox, mail.outbox_id, with_for_update=True)
        entry.copy_tries += 1
        pause = min(_FIRST_LOOK * 2 ** min(entry.copy_tries, 10), _LONGEST_PAUSE)
        is_over = mail.is_in_doubt and entry.copy_tries >= _LOOKS
        entry.copy_due_at = None if is_over else desk.clock() + pause
