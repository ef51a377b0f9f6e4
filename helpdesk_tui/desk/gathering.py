"""Mails that say the same stand as one entry: bounces of others, machines, an alert, a flood. All raw mail is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.links import final
from helpdesk_tui.rules import threading
from helpdesk_tui.rules.alerts import AlertState, alert_of
from helpdesk_tui.rules.sameness import says_same
from helpdesk_tui.rules.subjects import alike
from helpdesk_tui.store.asking import answer
from helpdesk_tui.store.statements import add_row
from helpdesk_tui.store.tables import MailGroup, Message, Queue, RawMessage, Ticket
from helpdesk_tui.store.transaction import lock_name
from helpdesk_tui.terms import ENDED, Authenticity, Disposition, IncomingMail, MailGroupKind, Status

#: So many mails of one sender within `_FLOOD_TIME` are a flood: with the same subject, and with any.
FLOOD_ALIKE, FLOOD_ANY = 50, 200
_FLOOD_TIME = timedelta(hours=1)
#: An entry to which nothing was added for so long is over; what comes then begins a new one.
_QUIET = timedelta(days=30)
#: What stands in a ticket as a message.
_SHOWN = (Disposition.NEW, Disposition.LINKED, Disposition.APPENDED, Disposition.BOUNCE)
_DIGITS = re.compile(r"\d+")
_LONGEST_KEY = 400
#: The mails of an address that stand in tickets, without one.
_SHOWN_OF_ADDRESS = (
    col(RawMessage.from_address) == bindparam("address"),
    col(RawMessage.disposition).in_(_SHOWN),
    col(RawMessage.ticket_id).is_not(None),
    col(RawMessage.id) != bindparam("id"),
)
#: When the newest of them but `passed` came in.
_EARLIER = (
    select(col(RawMessage.received_at))
    .where(*_SHOWN_OF_ADDRESS)
    .order_by(col(RawMessage.id).desc())
    .offset(bindparam("passed"))
    .limit(1)
)
_OPEN_GROUP = select(col(MailGroup.id)).where(
    col(MailGroup.queue_id) == bindparam("queue_id"),
    col(MailGroup.kind) == bindparam("kind"),
    col(MailGroup.key) == bindparam("key"),
    col(MailGroup.is_open),
)


@dataclass(frozen=True, slots=True)
class Like:
    """What mails of one entry have in common."""

    kind: MailGroupKind
    key: str


#: Reports on mail that is not ours stand together, whoever sends them.
BACKSCATTER = Like(MailGroupKind.BACKSCATTER, "")


def machine(mail: IncomingMail) -> tuple[Like, AlertState | None]:
    """The entry of a mail that a machine wrote: one for each alert, else one for each sender and subject.

    What the border server says of the sender is part of it: whoever forges a machine neither ends, hides nor takes up
    what the real one reports.
    """
    if alert := alert_of(mail):
        return Like(MailGroupKind.ALERT, f"{alert.key}\n{mail.authenticity}"), alert.state
    key = f"{mail.sender.address}\n{_DIGITS.sub('#', alike(mail.subject))}"
    return Like(MailGroupKind.ROBOT, f"{mail.authenticity}\n{key}"[:_LONGEST_KEY]), None


def flood_of(raw: RawMessage, ticket_id: int | None) -> Like:
    """The flood of a sender: of new matters, or of answers to one ticket; what is forged is another's flood."""
    return Like(MailGroupKind.FLOOD, f"{raw.from_address[:_LONGEST_KEY]}\n{_proof(raw.signals)}\n{ticket_id or ''}")


def count(session: Session, raw: RawMessage, like: Like) -> MailGroup:
    """Count a mail in its entry, which is made where there is none, or where its ticket is closed.

    An alert finds the ticket that was made of it wherever that was moved to.
    """
    lock_name(session, _name(raw.queue_id, like))
    group = _open_group(session, raw.queue_id, like)
    if group is not None and (group.last_at < raw.received_at - _QUIET or _is_over(session, group)):
        group.is_open, group = False, None
        session.flush()
    if group is None and like.kind is MailGroupKind.ALERT:
        group = _moved(session, like)
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


def locked(session: Session, group_id: int) -> MailGroup | None:
    """An entry as it is now, to which nobody adds until the transaction ends; None where it is gone or hidden."""
    group = session.get(MailGroup, group_id)
    if group is not None:
        lock_name(session, _name(group.queue_id, Like(MailGroupKind(group.kind), group.key)))
        session.refresh(group)
    return group


def is_begun_anew(session: Session, group: MailGroup) -> bool:
    """True where what is like the mails of an entry is counted in another one by now."""
    begun = _open_group(session, group.queue_id, Like(MailGroupKind(group.kind), group.key))
    return begun is not None and begun.id != group.id


def ends_problem(session: Session, raw: RawMessage, group: MailGroup) -> bool:
    """True where the mail of an entry before this one told of a problem: only that is over with a recovery."""
    before = select(RawMessage).where(col(RawMessage.group_id) == group.id, col(RawMessage.id) != raw.id)
    last = session.execute(before.order_by(col(RawMessage.id).desc()).limit(1)).scalar_one_or_none()
    return last is not None and last.signals.get("alert") in (AlertState.PROBLEM, AlertState.ACKNOWLEDGED)


def is_repeated(session: Session, group: MailGroup, mail: IncomingMail) -> bool:
    """True where a mail has the words of the one of its entry that was shown last."""
    shown = select(Message).join(RawMessage, col(RawMessage.message_id) == col(Message.id))
    shown = shown.where(col(RawMessage.group_id) == group.id).order_by(col(Message.id).desc()).limit(1)
    last = session.execute(shown).scalar_one_or_none()
    return last is not None and says_same(mail.text, mail.quoted, last.text, last.quoted)


def is_flood(session: Session, raw: RawMessage, ticket_id: int | None = None) -> bool:
    """True where this sender has sent so much within the hour that one ticket has to do for it all.

    Args:
        ticket_id: the ticket it belongs to: answers to one are no part of a flood of anything else.
    """
    since = raw.received_at - _FLOOD_TIME
    earlier = {"address": raw.from_address, "id": raw.id, "passed": FLOOD_ALIKE - 1}
    first = answer(session, _EARLIER, earlier).scalar_one_or_none()
    if first is None:
        return False  # nor is a flood running: one began with as many
    running = _open_group(session, raw.queue_id, flood_of(raw, ticket_id))
    if running is not None:
        if running.last_at >= since:
            return True
        running.is_open = False
        session.flush()
    if first < since:
        return False
    theirs = select(RawMessage).where(*_SHOWN_OF_ADDRESS).order_by(col(RawMessage.id).desc()).limit(FLOOD_ANY)
    like, found = flood_of(raw, ticket_id), session.execute(theirs, earlier).scalars()
    recent = [one.subject for one in found if one.received_at >= since and flood_of(one, _answered(one)) == like]
    same = sum(alike(subject) == alike(raw.subject) for subject in recent)
    return same >= FLOOD_ALIKE or len(recent) >= FLOOD_ANY


def makes_tickets(session: Session, queue_id: int) -> bool:
    """True where a queue wants a ticket of what machines write."""
    return session.get_one(Queue, queue_id).robots == "ticket"


def tokens(mail: IncomingMail) -> list[str]:
    """The tokens of ours in what a report refers to."""
    return threading.tokens_in_order(mail.in_reply_to, [*mail.report_ids, *mail.references])


def end_of_ticket(session: Session, ticket_id: int) -> None:
    """End the entries that go on in a ticket which moves: another queue may have one of the same key."""
    theirs = update(MailGroup).where(col(MailGroup.ticket_id) == ticket_id, col(MailGroup.is_open))
    session.execute(theirs.values(is_open=False).execution_options(synchronize_session=False))


def _name(queue_id: int, like: Like) -> str:
    return f"group {queue_id} {like.kind} {like.key}"


def _proof(signals: Mapping[str, Any]) -> str:
    return str(signals.get("authenticity", Authenticity.NONE))


def _answered(raw: RawMessage) -> int | None:
    """The ticket that a mail was added to, None where it opened one."""
    return raw.ticket_id if raw.disposition in (Disposition.APPENDED, Disposition.BOUNCE) else None


def _is_over(session: Session, group: MailGroup) -> bool:
    """True where what comes now is another matter than the ticket of an entry; a flood goes on in one that is closed."""
    if group.ticket_id is None or group.kind == MailGroupKind.FLOOD:
        return False
    ticket = final(session, group.ticket_id)
    return ticket.status in ENDED or (group.kind == MailGroupKind.BACKSCATTER and ticket.status == Status.SOLVED)


def _open_group(session: Session, queue_id: int, like: Like) -> MailGroup | None:
    like_this = {"queue_id": queue_id, "kind": like.kind, "key": like.key}
    group_id = answer(session, _OPEN_GROUP, like_this).scalar_one_or_none()
    if group_id is None:
        return None
    return _as_it_is_now(session, select(MailGroup).where(col(MailGroup.id) == group_id, col(MailGroup.is_open)))


def _moved(session: Session, like: Like) -> MailGroup | None:
    """The newest entry of this key whose ticket was moved, and is not closed."""
    found = select(MailGroup).join(Ticket, col(Ticket.id) == col(MailGroup.ticket_id))
    found = found.where(
        col(MailGroup.kind) == like.kind, col(MailGroup.key) == like.key, col(Ticket.status).not_in(ENDED)
    )
    return _as_it_is_now(session, found.where(~col(MailGroup.is_open)).order_by(col(MailGroup.id).desc()).limit(1))


def _as_it_is_now(session: Session, found: Select[Any]) -> MailGroup | None:
    """An entry as it is in the store: what was read before somebody else was waited for may be old."""
    locked = found.with_for_update(of=MailGroup)
    group: MailGroup | None = session.execute(
        locked, execution_options={"populate_existing": True}
    ).scalar_one_or_none()
    return group
