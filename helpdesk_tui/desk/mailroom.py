"""The mailroom: bytes are kept first, then filed in one transaction. Nothing is dropped.

`keep` commits the raw mail before anything else happens to it; `file` decides by `rules.threading` where it belongs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Changes, Desk
from helpdesk_tui.desk.filing import Filing, put, queues_by_address
from helpdesk_tui.desk.signals import already_imported, signals_of
from helpdesk_tui.errors import NotFound
from helpdesk_tui.language import _
from helpdesk_tui.rules import threading
from helpdesk_tui.rules.routing import queue_in_header
from helpdesk_tui.store import content
from helpdesk_tui.store.schema import FIRST_QUEUE
from helpdesk_tui.store.statements import add_row, add_rows, add_unless_there, is_among
from helpdesk_tui.store.tables import MailQuarantine, MailSeen, Queue, RawMessage, Ticket
from helpdesk_tui.store.transaction import lock_name, writing
from helpdesk_tui.terms import Disposition, FiledMail, IncomingMail, Verb

#: The fate of a mail that is kept and not filed yet.
STORED = "stored"
#: The disposition of the raw copy of our own outgoing mail.
OUTGOING = "outgoing"


@dataclass(frozen=True, slots=True)
class ArrivedMail:
    """A mail as a source hands it over; `uid` is None where the source has none.

    `is_backlog`: it had come before its mailbox was first polled, so that nobody expects an answer of a machine now.
    """

    content: bytes
    received_at: datetime
    uidvalidity: int = 0
    uid: int | None = None
    is_backlog: bool = False


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A mail that can no longer be lost. `is_again`: the same bytes were kept before, in this mailbox."""

    raw_id: int
    is_again: bool
    is_filed: bool


@dataclass(frozen=True, slots=True)
class Fate:
    """How far a message seen in a mailbox has come."""

    is_filed: bool
    is_done: bool


def keep(
    desk: Desk, mailbox: str, mails: Sequence[ArrivedMail], queue: str = "", *, is_chosen: bool = False
) -> list[KeptMail]:
    """Store mails byte for byte and commit; from here on they cannot be lost.

    Args:
        mailbox: the name of the source; the same bytes are kept once a mailbox.
        queue: where they go unless they name an address of another queue; with `is_chosen` whatever they name.
    """
    with writing(desk.store, desk.actor) as session:
        queue_id = queue_named(session, queue or FIRST_QUEUE)
        for one in sorted({mail.content for mail in mails}, key=content.digest):
            content.keep(session, one)  # in one order, so that two who keep the same mails do not lock each other out
        lock_name(session, *[f"mail {mailbox} {content.digest(mail.content)}" for mail in mails])
        place = {"mailbox": mailbox, "queue_id": queue_id, "is_queue_chosen": is_chosen}
        queues = {} if is_chosen else queues_by_address(session)
        return [_keep(session, place, mail, queue_in_header(mail.content, queues)) for mail in mails]


def unfiled(session: Session, mailbox: str | None = None) -> list[int]:
    """The raw mails that are kept but not filed, oldest first."""
    waiting = select(col(RawMessage.id)).where(col(RawMessage.disposition).is_(None))
    if mailbox is not None:
        waiting = waiting.where(col(RawMessage.mailbox) == mailbox)
    return list(session.execute(waiting.order_by(col(RawMessage.id))).scalars())


def fates(session: Session, mailbox: str, uidvalidity: int, uids: Sequence[int]) -> dict[int, Fate]:
    """What became of these messages of a mailbox, by uid; those never seen are left out."""
    known = select(col(MailSeen.uid), col(MailSeen.fate), col(MailSeen.is_done)).where(
        col(MailSeen.mailbox) == mailbox,
        col(MailSeen.uidvalidity) == uidvalidity,
        is_among(session, col(MailSeen.uid), uids),
    )
    return {uid or 0: Fate(fate != STORED, is_done) for uid, fate, is_done in session.execute(known)}


def mark_done(desk: Desk, mailbox: str, uidvalidity: int, uids: Sequence[int]) -> None:
    """Remember that the server was told of these messages, so that it is told once."""
    with writing(desk.store, desk.actor) as session:
        told = update(MailSeen).where(
            col(MailSeen.mailbox) == mailbox, col(MailSeen.uidvalidity) == uidvalidity, col(MailSeen.uid).in_(uids)
        )
        session.execute(told.values(is_done=True).execution_options(synchronize_session=False))


def mailbox_of(session: Session, raw_id: int) -> str:
    """The name of the source that a raw mail came from."""
    return session.execute(select(col(RawMessage.mailbox)).where(col(RawMessage.id) == raw_id)).scalar_one()


def raw_content(session: Session, raw_id: int) -> bytes:
    """The bytes of a raw mail."""
    sha256 = session.execute(select(col(RawMessage.sha256)).where(col(RawMessage.id) == raw_id)).scalar_one()
    return content.whole(session, sha256)


def file(desk: Desk, raw_id: int, mail: IncomingMail) -> FiledMail:
    """File a kept mail: a new ticket, a message of an old one, or kept aside. Filing it again changes nothing."""
    with desk.change(Verb.RECEIVE) as changes:
        return _placed_and_filed(changes, desk, raw_id, mail)


def file_each(desk: Desk, mails: Sequence[tuple[int, IncomingMail]]) -> list[FiledMail]:
    """File some kept mails in one transaction, each as `file` does: all of them, or none where one fails."""
    filed = []
    with desk.change_each(Verb.RECEIVE) as begin:
        for raw_id, mail in mails:
            with begin() as changes:
                filed.append(_placed_and_filed(changes, desk, raw_id, mail))
    return filed


def quarantine(desk: Desk, raw_id: int, reason: str) -> FiledMail:
    """Keep aside a mail of which neither sender nor text can be read; a person decides."""
    with writing(desk.store, desk.actor) as session:
        raw = _lock_raw(session, raw_id)
        if raw.disposition is not None:
            return _as_filed(session, raw)
        session.add(MailQuarantine(queue_id=raw.queue_id, raw_id=raw.id, reason=reason, at=desk.clock()))
        raw.disposition, raw.why_row, raw.why_reason = Disposition.QUARANTINED, 0, reason
        session.flush()
        _remember(session, raw, Disposition.QUARANTINED)
        return _as_filed(session, raw)


def quarantined(session: Session, ids: Sequence[int] | None = None) -> list[int]:
    """The raw mails that could not be read, oldest first: all, or those of these ids."""
    found = select(col(RawMessage.id)).where(col(RawMessage.disposition) == Disposition.QUARANTINED)
    if ids is not None:
        found = found.where(is_among(session, col(RawMessage.id), ids))
    return list(session.execute(found.order_by(col(RawMessage.id))).scalars())


def release(desk: Desk, raw_id: int) -> None:
    """Let a mail out of quarantine, so that it can be filed; one that is not there stays as it is."""
    with writing(desk.store, desk.actor) as session:
        raw = _lock_raw(session, raw_id)
        if raw.disposition != Disposition.QUARANTINED:
            return
        here = update(MailQuarantine).where(
            col(MailQuarantine.raw_id) == raw_id, col(MailQuarantine.resolved_at).is_(None)
        )
        session.execute(here.values(resolved_at=desk.clock()).execution_options(synchronize_session=False))
        again = update(MailSeen).where(col(MailSeen.raw_id) == raw_id, col(MailSeen.fate) == Disposition.QUARANTINED)
        session.execute(again.values(fate=STORED).execution_options(synchronize_session=False))
        raw.disposition, raw.why_row, raw.why_reason = None, None, ""


def filed(session: Session, raw_id: int) -> FiledMail:
    """Where a raw mail ended up."""
    return _as_filed(session, session.get_one(RawMessage, raw_id))


def queue_named(session: Session, name: str) -> int:
    """The id of a queue.

    Raises:
        NotFound: there is none of this name.
    """
    queue_id = session.execute(select(col(Queue.id)).where(col(Queue.name) == name)).scalar_one_or_none()
    if queue_id is None:
        raise NotFound(_("There is no queue {name}.").format(name=name), _("`helpdesk queue list` shows them."))
    return queue_id


def _keep(session: Session, place: dict[str, Any], mail: ArrivedMail, bound_for: int | None) -> KeptMail:
    """Keep one mail, from the first moment where only those see it whose it is: `bound_for` is their queue's id."""
    mailbox, sha256 = place["mailbox"], content.digest(mail.content)
    seen = select(col(MailSeen.raw_id), col(MailSeen.fate)).where(
        col(MailSeen.mailbox) == mailbox, col(MailSeen.sha256) == sha256, col(MailSeen.fate) != Disposition.DUPLICATE
    )
    mark = {"mailbox": mailbox, "uidvalidity": mail.uidvalidity, "uid": mail.uid, "sha256": sha256}
    if first := session.execute(seen).first():
        if mail.uid is not None:
            again = {**mark, "fate": Disposition.DUPLICATE, "raw_id": first.raw_id}
            add_unless_there(session, MailSeen, again)
        return KeptMail(first.raw_id, True, first.fate != STORED)
    place = place if bound_for is None else {**place, "queue_id": bound_for}
    raw_id = add_row(
        session, RawMessage, {**place, "sha256": sha256, "received_at": mail.received_at, "is_backlog": mail.is_backlog}
    )
    add_rows(session, MailSeen, [{**mark, "fate": STORED, "raw_id": raw_id}])
    return KeptMail(raw_id, False, False)


def _lock_raw(session: Session, raw_id: int) -> RawMessage:
    locked = select(RawMessage).where(col(RawMessage.id) == raw_id).with_for_update()
    return session.execute(locked).scalar_one()


def _remember(session: Session, raw: RawMessage, fate: str) -> None:
    mark = update(MailSeen).where(col(MailSeen.raw_id) == raw.id, col(MailSeen.fate) == STORED)
    session.execute(mark.values(fate=fate).execution_options(synchronize_session=False))


def _placed_and_filed(changes: Changes, desk: Desk, raw_id: int, mail: IncomingMail) -> FiledMail:
    raw = _lock_raw(changes.session, raw_id)
    if raw.disposition is not None:
        return _as_filed(changes.session, raw)
    placement = already_imported(changes.session, mail)
    if placement is None:
        signals = signals_of(changes.session, mail, changes.now)
        raw.signals, placement = signals.as_stored(), threading.place(signals)
    put(Filing(changes, raw, mail, queues_by_address(changes.session), desk.settings.calendar), placement)
    _remember(changes.session, raw, raw.disposition or "")
    return _as_filed(changes.session, raw)


def _as_filed(session: Session, raw: RawMessage) -> FiledMail:
    wanted = [i for i in (raw.ticket_id, raw.linked_ticket_id) if i]
    rows = select(col(Ticket.id), col(Ticket.number)).where(col(Ticket.id).in_(wanted))
    known = dict(session.execute(rows).all()) if wanted else {}
    return FiledMail(
        disposition=Disposition(raw.disposition or ""),
        ticket=known.get(raw.ticket_id or 0),
        message=raw.message_id,
        linked_to=known.get(raw.linked_ticket_id or 0),
        row=raw.why_row or 0,
        reason=raw.why_reason,
        raw_id=raw.id,
    )
