"""The mailroom: bytes are kept first, then filed in one transaction. Nothing is dropped.

`keep` commits the raw mail before anything else happens to it; `file` decides by `rules.threading` where it belongs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Changes, Desk
from helpdesk_tui.desk.people import customer_for
from helpdesk_tui.desk.signals import already_imported, signals_of
from helpdesk_tui.desk.tickets import apply_status, wait_for
from helpdesk_tui.errors import NotFound
from helpdesk_tui.language import _
from helpdesk_tui.rules import threading
from helpdesk_tui.rules.routing import queue_in_header, queue_of
from helpdesk_tui.rules.threading import Placement
from helpdesk_tui.store import content, numbers, search
from helpdesk_tui.store.schema import FIRST_QUEUE
from helpdesk_tui.store.statements import add_row, add_rows, add_unless_there, is_among
from helpdesk_tui.store.tables import (
    Attachment,
    MailQuarantine,
    MailSeen,
    Message,
    Queue,
    QueueAddress,
    RawMessage,
    Ticket,
)
from helpdesk_tui.store.transaction import lock_name, writing
from helpdesk_tui.terms import (
    Channel,
    Disposition,
    FiledMail,
    IncomingMail,
    MessageKind,
    Party,
    Status,
    Verb,
)

#: The fate of a mail that is kept and not filed yet.
STORED = "stored"
#: The disposition of the raw copy of our own outgoing mail.
OUTGOING = "outgoing"
#: A longer Message-ID, in bytes, fits into no index; mail servers pass on no line that long either.
_LONGEST_ID = 1000


@dataclass(frozen=True, slots=True)
class ArrivedMail:
    """A mail as a source hands it over; `uid` is None where the source has none."""

    content: bytes
    received_at: datetime
    uidvalidity: int = 0
    uid: int | None = None


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
        queues = {} if is_chosen else _queues_by_address(session)
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


def raw_content(session: Session, raw_id: int) -> bytes:
    """The bytes of a raw mail."""
    sha256 = session.execute(select(col(RawMessage.sha256)).where(col(RawMessage.id) == raw_id)).scalar_one()
    return content.whole(session, sha256)


def file(desk: Desk, raw_id: int, mail: IncomingMail) -> FiledMail:
    """File a kept mail: a new ticket, a message of an old one, or kept aside. Filing it again changes nothing."""
    with desk.change(Verb.RECEIVE) as changes:
        raw = _lock_raw(changes.session, raw_id)
        if raw.disposition is not None:
            return _as_filed(changes.session, raw)
        placement = already_imported(changes.session, mail)
        placement = placement or threading.place(signals_of(changes.session, mail, changes.now))
        filed = _file(changes, raw, mail, placement)
        _remember(changes.session, raw, filed.disposition)
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
    raw_id = add_row(session, RawMessage, {**place, "sha256": sha256, "received_at": mail.received_at})
    add_rows(session, MailSeen, [{**mark, "fate": STORED, "raw_id": raw_id}])
    return KeptMail(raw_id, False, False)


def _lock_raw(session: Session, raw_id: int) -> RawMessage:
    locked = select(RawMessage).where(col(RawMessage.id) == raw_id).with_for_update()
    return session.execute(locked).scalar_one()


def _remember(session: Session, raw: RawMessage, fate: str) -> None:
    mark = update(MailSeen).where(col(MailSeen.raw_id) == raw.id, col(MailSeen.fate) == STORED)
    session.execute(mark.values(fate=fate).execution_options(synchronize_session=False))


def _file(changes: Changes, raw: RawMessage, mail: IncomingMail, placement: Placement) -> FiledMail:
    session = changes.session
    raw.disposition, raw.why_row, raw.why_reason = placement.disposition, placement.row, placement.reason
    raw.linked_ticket_id = placement.linked_to
    queues = _queues_by_address(session)
    if placement.ticket is not None:
        _append(changes, raw, mail, placement, queues)
    else:
        named = None if raw.is_queue_chosen else queue_of(_addressed_to(mail), queues)
        raw.queue_id = named or raw.queue_id
        if placement.disposition is Disposition.DUPLICATE:
            raw.queue_id = session.get_one(Ticket, placement.linked_to).queue_id
        if placement.disposition in (Disposition.NEW, Disposition.LINKED):
            _open(changes, raw, mail, placement, queues)
    session.flush()
    return _as_filed(session, raw)


def _queues_by_address(session: Session) -> dict[str, int]:
    return dict(session.execute(select(col(QueueAddress.address), col(QueueAddress.queue_id))).all())


def _addressed_to(mail: IncomingMail) -> list[str]:
    return [*mail.delivered_to, *(person.address for person in (*mail.to, *mail.cc))]


def _append(
    changes: Changes, raw: RawMessage, mail: IncomingMail, placement: Placement, queues: Mapping[str, int]
) -> None:
    changes.load_ids([placement.ticket or 0])
    change = changes.only
    ticket = change.ticket
    message_id = _add_message(changes.session, raw, mail, placement, ticket.id, ticket.queue_id)
    change.record("message", None, message_id)
    search.index_more(changes.session, ticket.id, _searched(mail, queues))
    if placement.linked_to and not ticket.linked_to:
        ticket.linked_to = placement.linked_to
    if placement.reopens:
        if ticket.status not in (Status.NEW, Status.OPEN):
            apply_status(ticket, Status.OPEN, raw.received_at)
        wait_for(ticket, Party.US, raw.received_at)


def _open(
    changes: Changes, raw: RawMessage, mail: IncomingMail, placement: Placement, queues: Mapping[str, int]
) -> None:
    session, queue_id = changes.session, raw.queue_id
    number, requester_id = numbers.draw(session), customer_for(session, mail.sender, changes.now)
    row = {
        "number": number,
        "queue_id": queue_id,
        "requester_id": requester_id,
        "subject": mail.subject,
        "status": Status.NEW,
        "channel": Channel.EMAIL,
        "linked_to": placement.linked_to,
        "waiting_for": Party.US,
        "waiting_since": raw.received_at,
        "created_at": changes.now,
        "updated_at": changes.now,
    }
    ticket_id = add_row(session, Ticket, row)
    message_id = _add_message(session, raw, mail, placement, ticket_id, queue_id)
    about = [mail.subject, *search.customer_texts(session, requester_id)]
    search.index_new(session, ticket_id, queue_id, about, _searched(mail, queues))
    changes.event(ticket_id, queue_id, {"number": [None, number], "message": [None, message_id]})


def _add_message(
    session: Session, raw: RawMessage, mail: IncomingMail, placement: Placement, ticket_id: int, queue_id: int
) -> int:
    row = {
        "ticket_id": ticket_id,
        "queue_id": queue_id,
        "kind": MessageKind.INBOUND,
        "is_automatic": placement.is_by_machine,
        "from_name": mail.sender.name,
        "from_address": mail.sender.address,
        "to": [[person.name, person.address] for person in mail.to],
        "cc": [[person.name, person.address] for person in mail.cc],
        "subject": mail.subject,
        "text": mail.text,
        "quoted": mail.quoted,
        "remarks": _remarks(mail, placement),
        "message_id": mail.message_id if len(mail.message_id.encode()) <= _LONGEST_ID else "",
        "references": list(mail.references),
        "sent_at": mail.sent_at,
        "received_at": raw.received_at,
        "raw_id": raw.id,
    }
    message_id = add_row(session, Message, row)
    raw.ticket_id, raw.queue_id, raw.message_id = ticket_id, queue_id, message_id
    _add_files(session, mail, message_id, ticket_id, queue_id)
    return message_id


def _add_files(session: Session, mail: IncomingMail, message_id: int, ticket_id: int, queue_id: int) -> None:
    place = {"message_id": message_id, "ticket_id": ticket_id, "queue_id": queue_id}
    for one in sorted(mail.files, key=lambda file: content.digest(file.content)):
        content.keep(session, one.content)  # in one order: two mails with the same files must not wait for each other
    rows: list[dict[str, Any]] = [
        {
            **place,
            "name": one.name,
            "content_type": one.content_type,
            "size": len(one.content),
            "sha256": content.digest(one.content),
        }
        for one in mail.files
    ]
    add_rows(session, Attachment, rows)


def _remarks(mail: IncomingMail, placement: Placement) -> list[str]:
    said = [placement.remark] if placement.remark else []
    if mail.report:
        what = _("! Not delivered to {address}.") if mail.report.is_permanent else _("Not yet delivered to {address}.")
        said.append(" ".join(filter(None, (what.format(address=mail.report.recipient), mail.report.diagnostic))))
    return [*said, *mail.notes]


def _searched(mail: IncomingMail, queues: Mapping[str, int]) -> list[str]:
    people, names = (mail.sender, *mail.to, *mail.cc), (one.name for one in mail.files)
    return search.mail_texts(mail.subject, people, names, mail.text, mail.quoted, queues)


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
