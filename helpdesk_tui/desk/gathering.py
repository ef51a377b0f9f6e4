"""Mails that say the same stand as one entry: bounces of others, machines, an alert, a flood. All raw mail is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.rules import threading
from helpdesk_tui.rules.alerts import AlertState, alert_of
from helpdesk_tui.rules.subjects import alike
from helpdesk_tui.store.statements import add_row
from helpdesk_tui.store.tables import MailGroup, Queue, RawMessage
from helpdesk_tui.store.transaction import lock_name
from helpdesk_tui.terms import Authenticity, Disposition, IncomingMail, MailGroupKind

#: So many mails of one sender within `_FLOOD_TIME` are a flood: with the same subject, and with any.
FLOOD_ALIKE, FLOOD_ANY = 50, 200
_FLOOD_TIME = timedelta(hours=1)
#: An entry to which nothing was added for so long is over; what comes then begins a new one.
_QUIET = timedelta(days=30)
_TICKETS = (Disposition.NEW, Disposition.LINKED, Disposition.APPENDED)
_DIGITS = re.compile(r"\d+")
_LONGEST_KEY = 400


@dataclass(frozen=True, slots=True)
class Like:
    """What mails of one entry have in common."""

    kind: MailGroupKind
    key: str


#: Reports on mail that is not ours stand together, whoever sends them.
BACKSCATTER = Like(MailGroupKind.BACKSCATTER, "")


def machine(mail: IncomingMail) -> tuple[Like, AlertState | None]:
    """The entry of a mail that a machine wrote: one for each alert, else one for each sender and subject.

    A recovery whose sender failed the check ends nothing.
    """
    if alert := alert_of(mail):
        is_doubtful = alert.state is AlertState.RECOVERY and mail.authenticity is Authenticity.FAIL
        return Like(MailGroupKind.ALERT, alert.key), None if is_doubtful else alert.state
    key = f"{mail.sender.address}\n{_DIGITS.sub('#', alike(mail.subject))}"
    return Like(MailGroupKind.ROBOT, key[:_LONGEST_KEY]), None


def flood_of(raw: RawMessage) -> Like:
    """The flood of a sender."""
    return Like(MailGroupKind.FLOOD, raw.from_address[:_LONGEST_KEY])


def count(session: Session, raw: RawMessage, like: Like) -> MailGroup:
    """Count a mail in its entry, which is made where there is none."""
    lock_name(session, f"group {raw.queue_id} {like.kind} {like.key}")
    group = _open_group(session, raw.queue_id, like)
    if group is not None and group.last_at < raw.received_at - _QUIET:
        group.is_open, group = False, None
        session.flush()
    if group is None:
        first = {"queue_id": raw.queue_id, "kind": like.kind, "key": like.key, "is_open": True, "count": 0}
        when = {"first_at": raw.received_at, "last_at": raw.received_at}
        said = {"subject": raw.subject, "from_address": raw.from_address}
        group = session.get_one(MailGroup, add_row(session, MailGroup, {**first, **when, **said}))
    group.count += 1
    group.last_at = max(group.last_at, raw.received_at)
    group.subject = raw.subject
    raw.group_id = group.id
    return group


def is_flood(session: Session, raw: RawMessage) -> bool:
    """True where this sender has sent so much within the hour that one ticket has to do for it all."""
    since = raw.received_at - _FLOOD_TIME
    running = _open_group(session, raw.queue_id, flood_of(raw))
    if running is not None:
        if running.last_at >= since:
            return True
        running.is_open = False
        session.flush()
    theirs = select(col(RawMessage.subject), col(RawMessage.received_at)).where(
        col(RawMessage.from_address) == raw.from_address, col(RawMessage.disposition).in_(_TICKETS)
    )
    newest = theirs.where(col(RawMessage.id) != raw.id).order_by(col(RawMessage.id).desc())
    first = session.execute(newest.offset(FLOOD_ALIKE - 1).limit(1)).first()
    if first is None or first.received_at < since:
        return False
    recent = [subject for subject, at in session.execute(newest.limit(FLOOD_ANY)) if at >= since]
    same = sum(alike(subject) == alike(raw.subject) for subject in recent)
    return same >= FLOOD_ALIKE or len(recent) >= FLOOD_ANY


def makes_tickets(session: Session, queue_id: int) -> bool:
    """True where a queue wants a ticket of what machines write."""
    return session.get_one(Queue, queue_id).robots == "ticket"


def tokens(mail: IncomingMail) -> list[str]:
    """The tokens of ours in what a report refers to."""
    return threading.tokens_in_order(mail.in_reply_to, [*mail.report_ids, *mail.references])


def close(session: Session, group_id: int) -> None:
    """End an entry: what comes then begins a new one."""
    session.execute(update(MailGroup).where(col(MailGroup.id) == group_id).values(is_open=False))


def _open_group(session: Session, queue_id: int, like: Like) -> MailGroup | None:
    found = select(MailGroup).where(
        col(MailGroup.queue_id) == queue_id,
        col(MailGroup.kind) == like.kind,
        col(MailGroup.key) == like.key,
        col(MailGroup.is_open),
    )
    return session.execute(found).scalar_one_or_none()
