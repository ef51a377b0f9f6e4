"""Questions about mail that became no ticket of its own: four lists, newest first, what is alike as one entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, select, union_all
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store import content
from helpdesk_tui.store.queries.why import raw_id_of
from helpdesk_tui.store.tables import MailGroup, MailQuarantine, Queue, RawMessage, Ticket
from helpdesk_tui.terms import MailGroupKind, Person

#: So many bytes of an original are shown beside its entry: its header, and how it begins.
FIRST_BYTES = 16 * 1024


class Aside(StrEnum):
    """The lists of what was kept aside."""

    QUARANTINE = "quarantine"
    ROBOTS = "robots"
    BACKSCATTER = "backscatter"
    FLOODS = "floods"


#: Which groups stand in which list. What became a ticket is work there; a flood has one, and says how it grows.
_KINDS = {
    Aside.ROBOTS: (MailGroupKind.ROBOT, MailGroupKind.ALERT),
    Aside.BACKSCATTER: (MailGroupKind.BACKSCATTER,),
    Aside.FLOODS: (MailGroupKind.FLOOD,),
}
_LIST_OF = {kind: aside for aside, kinds in _KINDS.items() for kind in kinds}


@dataclass(frozen=True, slots=True)
class AsideRow:
    """An entry of a list.

    Args:
        entry: its own id in its list; mail: the id of its newest mail, by which it is named; count: how many came.
        sender: whose it is, empty where that is not known; reason: why it could not be read, in the quarantine.
        ticket: the number of the ticket in which a flood is folded.
    """

    aside: Aside
    entry: int
    mail: int
    count: int
    first_at: datetime
    last_at: datetime
    queue: str
    sender: Person
    subject: str
    reason: str = ""
    ticket: int | None = None


def aside_counts(session: Session) -> dict[Aside, int]:
    """How many entries each list has, of those that have any; cheap enough to be asked every few seconds."""
    groups = select(col(MailGroup.kind), func.count(col(MailGroup.id))).where(_waits()).group_by(col(MailGroup.kind))
    unread = select(literal(str(Aside.QUARANTINE)), func.count(col(MailQuarantine.id)))
    unread = unread.where(col(MailQuarantine.resolved_at).is_(None))
    found: dict[Aside, int] = {}
    for kind, count in session.execute(union_all(unread, groups)):
        aside = Aside.QUARANTINE if kind == Aside.QUARANTINE else _LIST_OF[MailGroupKind(kind)]
        found[aside] = found.get(aside, 0) + count
    return {aside: found[aside] for aside in Aside if found.get(aside)}


def aside_rows(session: Session, aside: Aside, limit: int = 500) -> list[AsideRow]:
    """The entries of a list, newest first; 0 is all."""
    return list(_unread(session, limit) if aside is Aside.QUARANTINE else _groups(session, aside, limit))


def first_bytes(session: Session, mail: int) -> bytes:
    """How the original of a mail begins.

    Raises:
        NotFound: there is no such mail.
    """
    sha256 = session.get_one(RawMessage, raw_id_of(session, mail)).sha256
    return next(content.pieces(session, sha256))[:FIRST_BYTES]


def _waits() -> ColumnElement[bool]:
    is_flood = col(MailGroup.kind) == MailGroupKind.FLOOD
    return and_(col(MailGroup.is_open), col(MailGroup.ticket_id).is_(None) | is_flood)


def _groups(session: Session, aside: Aside, limit: int) -> Iterator[AsideRow]:
    newest = select(func.max(col(RawMessage.id))).where(col(RawMessage.group_id) == col(MailGroup.id)).scalar_subquery()
    found: Any = (
        select(MailGroup, col(Queue.name), col(Ticket.number), newest)
        .join(Queue, col(Queue.id) == col(MailGroup.queue_id))
        .outerjoin(Ticket, col(Ticket.id) == col(MailGroup.ticket_id))
        .where(_waits(), col(MailGroup.kind).in_(_KINDS[aside]))
        .order_by(col(MailGroup.last_at).desc(), col(MailGroup.id).desc())
        .limit(limit or None)
    )
    for group, queue, ticket, mail in session.execute(found):
        sender = Person("", "" if aside is Aside.BACKSCATTER else group.from_address)
        if mail is not None:
            yield AsideRow(
                aside,
                group.id,
                mail,
                group.count,
                group.first_at,
                group.last_at,
                queue,
                sender,
                group.subject,
                ticket=ticket,
            )


def _unread(session: Session, limit: int) -> Iterator[AsideRow]:
    found = (
        select(MailQuarantine, RawMessage, col(Queue.name))
        .join(RawMessage, col(RawMessage.id) == col(MailQuarantine.raw_id))
        .join(Queue, col(Queue.id) == col(MailQuarantine.queue_id))
        .where(col(MailQuarantine.resolved_at).is_(None))
        .order_by(col(MailQuarantine.id).desc())
        .limit(limit or None)
    )
    for one, raw, queue in session.execute(found):
        sender, at = Person(raw.from_name, raw.from_address), raw.received_at
        yield AsideRow(Aside.QUARANTINE, one.id, raw.id, 1, at, at, queue, sender, raw.subject, one.reason)
