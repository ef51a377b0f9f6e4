"""The mailroom: bytes are kept first, then filed in one transaction. Nothing is dropped.

`keep` commits the raw mail before anything else happens to it; `file` decides by `rules.threading` where it belongs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Desk, Several
from helpdesk_tui.desk.filing import put
from helpdesk_tui.desk.inbound import Filing, queues_by_address
from helpdesk_tui.desk.opening import Openings
from helpdesk_tui.desk.signals import already_imported, signals_of
from helpdesk_tui.errors import NotFound
from helpdesk_tui.language import _
from helpdesk_tui.rules import threading
from helpdesk_tui.rules.routing import queue_in_header
from helpdesk_tui.store import content
from helpdesk_tui.store.asking import answer, once
from helpdesk_tui.store.schema import FIRST_QUEUE
from helpdesk_tui.store.statements import add_rows, add_rows_for_ids, add_rows_unless_there, is_among
from helpdesk_tui.store.tables import MailQuarantine, MailSeen, Queue, RawMessage, Ticket
from helpdesk_tui.store.transaction import lock_name, writing
from helpdesk_tui.terms import Disposition, FiledMail, IncomingMail, Verb

#: The fate of a mail that is kept and not filed yet.
STORED = "stored"
#: The disposition of the raw copy of our own outgoing mail.
OUTGOING = "outgoing"
#: So many mails are looked up at once: both databases limit how many values a statement has.
_MOST_ASKED = 500
_SEEN = select(col(MailSeen.sha256), col(MailSeen.raw_id), col(MailSeen.fate)).where(
    col(MailSeen.mailbox) == bindparam("mailbox"),
    col(MailSeen.sha256).in_(bindparam("digests", expanding=True)),
    col(MailSeen.fate) != Disposition.DUPLICATE,
)
_BECAME = (
    update(MailSeen)
    .where(col(MailSeen.raw_id) == bindparam("raw"), col(MailSeen.fate) == STORED)
    .values(fate=bindparam("became"))
)


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
        digests = [content.digest(mail.content) for mail in mails]
        content.keep_all(session, {sha256: mail.content for sha256, mail in zip(digests, mails, strict=True)})
        lock_name(session, *[f"mail {mailbox} {sha256}" for sha256 in digests])
        place = {"mailbox": mailbox, "queue_id": queue_id, "is_queue_chosen": is_chosen}
        queues = {} if is_chosen else queues_by_address(session)
        return _keep_each(session, place, list(zip(digests, mails, strict=True)), queues)


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
            col(MailSeen.mailbox) == mailbox,
            col(MailSeen.uidvalidity) == uidvalidity,
            is_among(session, col(MailSeen.uid), uids),
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
    (one,) = file_each(desk, [(raw_id, mail)])
    return one


def file_each(desk: Desk, mails: Sequence[tuple[int, IncomingMail]]) -> list[FiledMail]:
    """File some kept mails in one transaction, each as `file` does: all of them, or none where one fails."""
    with desk.change_each(Verb.RECEIVE) as several:
        session = several.session
        raws = _lock_raws(session, [raw_id for raw_id, _mail in mails])
        new = [raw for raw in raws.values() if raw.disposition is None]
        once(session, _queues)
        numbers: dict[int, int] = {}
        openings = Openings(session, several.conclude)
        for raw_id, mail in mails:
            if (raw := raws[raw_id]).disposition is None:
                customer = openings.customer_of(mail)
                queues = once(session, queues_by_address)
                filing = Filing(several.begin(), raw, mail, queues, desk.settings.calendar, numbers, customer)
                _file_in_turn(filing, openings, several)
        openings.open()
        _remember(session, new)
        return [_as_filed(session, raws[raw_id], numbers) for raw_id, _mail in mails]


def quarantine(desk: Desk, raw_id: int, reason: str) -> FiledMail:
    """Keep aside a mail of which neither sender nor text can be read; a person decides."""
    with writing(desk.store, desk.actor) as session:
        raw = _lock_raw(session, raw_id)
        if raw.disposition is not None:
            return _as_filed(session, raw)
        session.add(MailQuarantine(queue_id=raw.queue_id, raw_id=raw.id, reason=reason, at=desk.clock()))
        raw.disposition, raw.why_row, raw.why_reason = Disposition.QUARANTINED, 0, reason
        session.flush()
        _remember(session, [raw])
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


def _keep_each(
    session: Session, place: dict[str, Any], mails: Sequence[tuple[str, ArrivedMail]], queues: Mapping[str, int]
) -> list[KeptMail]:
    """Keep these mails, named by their digests, from the first moment where only those see each whose it is."""
    seen = _seen(session, place["mailbox"], {sha256 for sha256, _mail in mails})
    new: dict[str, ArrivedMail] = {}
    for sha256, mail in mails:
        if sha256 not in seen:
            new.setdefault(sha256, mail)
    rows = [_raw_row(place, sha256, mail, queues) for sha256, mail in new.items()]
    seen |= {
        sha256: (raw_id, False) for sha256, raw_id in zip(new, add_rows_for_ids(session, RawMessage, rows), strict=True)
    }
    kept = [KeptMail(seen[sha256][0], new.get(sha256) is not mail, seen[sha256][1]) for sha256, mail in mails]
    marks = [_mark(place["mailbox"], sha256, mail, one) for (sha256, mail), one in zip(mails, kept, strict=True)]
    add_rows(session, MailSeen, [mark for mark, one in zip(marks, kept, strict=True) if not one.is_again])
    again = [mark for mark, one in zip(marks, kept, strict=True) if one.is_again and mark["uid"] is not None]
    add_rows_unless_there(session, MailSeen, again)
    return kept


def _seen(session: Session, mailbox: str, digests: Iterable[str]) -> dict[str, tuple[int, bool]]:
    """Of the mails that a mailbox has brought already, the ids of the raw mails, and whether they are filed."""
    found: dict[str, tuple[int, bool]] = {}
    in_order = sorted(digests)
    for at in range(0, len(in_order), _MOST_ASKED):
        rows = answer(session, _SEEN, {"mailbox": mailbox, "digests": in_order[at : at + _MOST_ASKED]})
        found |= {row.sha256: (row.raw_id, row.fate != STORED) for row in rows}
    return found


def _raw_row(place: dict[str, Any], sha256: str, mail: ArrivedMail, queues: Mapping[str, int]) -> dict[str, Any]:
    bound_for = queue_in_header(mail.content, queues) or place["queue_id"]
    about = {"received_at": mail.received_at, "is_backlog": mail.is_backlog}
    return {**place, "queue_id": bound_for, "sha256": sha256, **about}


def _mark(mailbox: str, sha256: str, mail: ArrivedMail, kept: KeptMail) -> dict[str, Any]:
    fate = Disposition.DUPLICATE if kept.is_again else STORED
    seen_as = {"mailbox": mailbox, "uidvalidity": mail.uidvalidity, "uid": mail.uid}
    return {**seen_as, "sha256": sha256, "fate": fate, "raw_id": kept.raw_id}


def _lock_raw(session: Session, raw_id: int) -> RawMessage:
    locked = select(RawMessage).where(col(RawMessage.id) == raw_id).with_for_update()
    return session.execute(locked).scalar_one()


def _lock_raws(session: Session, raw_ids: Sequence[int]) -> dict[int, RawMessage]:
    """These raw mails by their ids, apart from the session: what is set on them is written when each is filed."""
    locked = select(RawMessage).where(is_among(session, col(RawMessage.id), raw_ids)).order_by(col(RawMessage.id))
    raws = session.execute(locked.with_for_update()).scalars().all()
    for raw in raws:
        session.expunge(raw)
    return {raw.id: raw for raw in raws}


def _queues(session: Session) -> Sequence[Queue]:
    """All queues; while somebody holds them, the session has each at hand."""
    return session.execute(select(Queue)).scalars().all()


def _remember(session: Session, raws: Sequence[RawMessage]) -> None:
    fates = [{"raw": raw.id, "became": raw.disposition} for raw in raws]
    if fates:
        session.connection().execute(_BECAME, fates)


def _file_in_turn(filing: Filing, openings: Openings, several: Several) -> None:
    """File a mail, or let it wait for its ticket to be opened together with others."""
    session, mail = filing.session, filing.mail
    placement = already_imported(session, mail)
    if placement is None:
        signals = signals_of(session, mail, filing.changes.now, filing.customer)
        filing.raw.signals, placement = signals.as_stored(), threading.place(signals)
    if put(filing, placement):
        several.conclude(filing.changes)
    else:
        openings.add(filing, placement)


def _as_filed(session: Session, raw: RawMessage, numbers: Mapping[int, int] = MappingProxyType({})) -> FiledMail:
    """Where a mail is; `numbers` of tickets are known already."""
    unknown = {i for i in (raw.ticket_id, raw.linked_ticket_id) if i} - numbers.keys()
    known = {**numbers, **_numbers(session, unknown)} if unknown else numbers
    return FiledMail(
        disposition=Disposition(raw.disposition or ""),
        ticket=known.get(raw.ticket_id or 0),
        message=raw.message_id,
        linked_to=known.get(raw.linked_ticket_id or 0),
        row=raw.why_row or 0,
        reason=raw.why_reason,
        raw_id=raw.id,
    )


def _numbers(session: Session, ticket_ids: Iterable[int]) -> dict[int, int]:
    rows = select(col(Ticket.id), col(Ticket.number)).where(col(Ticket.id).in_(ticket_ids))
    return dict(session.execute(rows).all())
