"""Questions about mail: the outbox, what was kept, how the poller is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.signs import POLLING, Sign
from helpdesk_tui.store.statements import is_among
from helpdesk_tui.store.tables import Lease, MailSeen, Message, Outbox, RawMessage, Ticket
from helpdesk_tui.terms import Disposition, OutboxState, Person

#: What names a mail; its text is not wanted.
_HEAD = (
    col(Message.from_name),
    col(Message.from_address),
    col(Message.to),
    col(Message.cc),
    col(Message.subject),
)
_PENDING = (OutboxState.QUEUED, OutboxState.SENDING, OutboxState.FAILED, OutboxState.UNSURE)


#: A UIDVALIDITY has 32 bits (RFC 3501 §9); what is above was made by us.
_MADE = 1 << 32

#: A mailbox that nobody looked into for so long, while others were, is no longer polled.
_FORGOTTEN = timedelta(days=3)
#: The job of sending, as leases name it.
SENDER = "sender"


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
class MailboxHealth:
    """How a mailbox is doing.

    Args:
        looked_at, words: when somebody looked into it last, and how that went: `ok`, or what is the matter.
        well_at: when somebody last could look into it; None where nobody ever could.
        failing_since: since when it cannot be looked into at all; None where it can.
        trouble_at, trouble: the last failure, also one that is over.
    """

    name: str
    looked_at: datetime
    words: str
    well_at: datetime | None = None
    failing_since: datetime | None = None
    trouble_at: datetime | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class MailHealth:
    """What the status line says about mail.

    Args:
        queued, failed: how many answers wait, and how many did not arrive, or perhaps not.
        poller_at, poller_words: when the mailbox that needs it most was last looked into, and how that went; None and
            "" where nobody ever polled. sender_at, sender_words: the same of sending.
        mailboxes: all of them, that one first. waiting_since: since when the oldest mail waits that is no ticket yet.
    """

    queued: int
    failed: int
    poller_at: datetime | None = None
    poller_words: str = ""
    sender_at: datetime | None = None
    sender_words: str = ""
    mailboxes: tuple[MailboxHealth, ...] = ()
    waiting_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class MailAccount:
    """What became of all mail that ever came.

    Args:
        received, accounted: mails kept, and of these the ones that have a disposition.
        by_disposition: how many ended in each.
    """

    received: int
    accounted: int
    by_disposition: dict[str, int]

    @property
    def lost(self) -> int:
        """Mails that are kept and have no disposition yet."""
        return self.received - self.accounted


def outbox(session: Session) -> list[OutboxRow]:
    """Every outgoing mail that was not taken back, oldest first."""
    found = (
        select(Outbox, *_HEAD, col(Ticket.number))
        .join(Message, col(Message.id) == col(Outbox.message_id))
        .join(Ticket, col(Ticket.id) == col(Outbox.ticket_id))
        .where(col(Outbox.state) != OutboxState.WITHDRAWN)
        .order_by(col(Outbox.id))
    )
    return [
        OutboxRow(
            id=entry.id,
            ticket=number,
            sender=Person(name, address),
            to=tuple(Person(*person) for person in to),
            cc=tuple(Person(*person) for person in cc),
            subject=subject,
            state=entry.state,
            message_id=entry.header_message_id,
            words=entry.words,
            due_at=entry.due_at,
        )
        for entry, name, address, to, cc, subject, number in session.execute(found)
    ]


def mail_health(session: Session) -> MailHealth:
    """How mail is doing; cheap enough to be asked every few seconds."""
    states = dict(
        session.execute(
            select(col(Outbox.state), func.count(col(Outbox.id)))
            .where(col(Outbox.state).in_(_PENDING))
            .group_by(col(Outbox.state))
        ).all()
    )
    kinds = [col(Lease.name).startswith(kind.of("")) for kind in Sign]
    leases = session.execute(
        select(Lease).where(or_(col(Lease.name) == SENDER, col(Lease.name).startswith(POLLING), *kinds))
    )
    signs = {lease.name: lease for lease in leases.scalars()}
    sender = signs.get(SENDER)
    boxes = sorted(_mailboxes(signs), key=lambda one: (one.words == "ok", one.looked_at))
    return MailHealth(
        queued=states.get(OutboxState.QUEUED, 0) + states.get(OutboxState.SENDING, 0),
        failed=states.get(OutboxState.FAILED, 0) + states.get(OutboxState.UNSURE, 0),
        poller_at=boxes[0].looked_at if boxes else None,
        poller_words=boxes[0].words if boxes else "",
        sender_at=sender.at if sender else None,
        sender_words=sender.words if sender else "",
        mailboxes=tuple(boxes),
        waiting_since=_waiting_since(session, signs),
    )


def _mailboxes(signs: Mapping[str, Lease]) -> list[MailboxHealth]:
    states = {name.removeprefix(POLLING): one for name, one in signs.items() if name.startswith(POLLING)}
    newest = max((one.at for one in states.values()), default=None)
    found = []
    for name, state in states.items():
        if newest and state.at < newest - _FORGOTTEN:
            continue
        trouble = signs.get(Sign.TROUBLE.of(name))
        is_failing = trouble is not None and trouble.at == state.at
        before = signs.get(Sign.WELL.of(name))
        found.append(
            MailboxHealth(
                name=name,
                looked_at=state.at,
                words=state.words,
                well_at=(before.at if before else None) if is_failing else state.at,
                failing_since=trouble.since if trouble and is_failing else None,
                trouble_at=trouble.at if trouble else None,
                trouble=trouble.words if trouble else "",
            )
        )
    return found


def _waiting_since(session: Session, signs: Mapping[str, Lease]) -> datetime | None:
    """Since when the oldest mail waits: kept and not filed, or known to lie in a mailbox."""
    kept = (
        select(col(RawMessage.mailbox), func.min(col(RawMessage.received_at)))
        .where(col(RawMessage.disposition).is_(None))
        .group_by(col(RawMessage.mailbox))
    )
    waiting = [one.since for name, one in signs.items() if name.startswith(Sign.WAITING.of("")) and one.words]
    for mailbox, received_at in session.execute(kept):
        first_round = signs.get(Sign.FIRST_ROUND.of(mailbox))
        waiting.append(max(received_at, first_round.at) if first_round else received_at)
    return min(waiting, default=None)


def mail_account(session: Session) -> MailAccount:
    """What became of all mail that ever came; reads a row for each."""
    fates = select(col(MailSeen.fate), func.count(col(MailSeen.id))).group_by(col(MailSeen.fate))
    seen = dict(session.execute(fates).all())
    stored, accounted = seen.pop("stored", 0), sum(seen.values())
    return MailAccount(stored + accounted, accounted, seen)


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


def newest_numbering(session: Session, mailbox: str, uidvalidity: int) -> int:
    """The number under which the uids of a folder are known: its UIDVALIDITY, or one that was made above it."""
    if uidvalidity >= _MADE:
        return uidvalidity
    numberings = select(func.max(col(MailSeen.uidvalidity))).where(
        col(MailSeen.mailbox) == mailbox, col(MailSeen.uidvalidity) % _MADE == uidvalidity
    )
    return session.execute(numberings).scalar() or uidvalidity


def received_by_uid(session: Session, mailbox: str, numbering: int, uids: Sequence[int]) -> dict[int, datetime]:
    """When mails of a mailbox were received, by uid; without those whose content was known before."""
    found = (
        select(col(MailSeen.uid), col(RawMessage.received_at))
        .join(RawMessage, col(RawMessage.id) == col(MailSeen.raw_id))
        .where(
            col(MailSeen.mailbox) == mailbox,
            col(MailSeen.uidvalidity) == numbering,
            col(MailSeen.fate) != Disposition.DUPLICATE,
            is_among(session, col(MailSeen.uid), uids),
        )
    )
    return {uid or 0: received_at for uid, received_at in session.execute(found)}
