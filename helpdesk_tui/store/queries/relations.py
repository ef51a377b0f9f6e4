"""Questions about tickets that have to do with each other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.rules.subjects import without_noise
from helpdesk_tui.store.tables import Ticket, TicketLink
from helpdesk_tui.terms import LinkKind, Status


class Relation(StrEnum):
    """What another ticket is to the one that is looked at."""

    RELATED = "related"
    PARENT = "parent"
    CHILD = "child"
    DUPLICATE_OF = "duplicate of"
    DUPLICATE = "duplicate"
    MERGED = "merged"
    SPLIT_FROM = "split from"
    SPLIT_OFF = "split off"


_FROM_HERE = {
    LinkKind.RELATED: Relation.RELATED,
    LinkKind.PARENT: Relation.PARENT,
    LinkKind.DUPLICATE: Relation.DUPLICATE_OF,
}
_FROM_THERE = {
    LinkKind.RELATED: Relation.RELATED,
    LinkKind.PARENT: Relation.CHILD,
    LinkKind.DUPLICATE: Relation.DUPLICATE,
}
_MOST = 200


@dataclass(frozen=True, slots=True)
class RelatedRow:
    """Another ticket, and what it is to the one that is looked at."""

    id: int
    number: int
    subject: str
    status: Status
    is_what: Relation


def related(session: Session, ticket_id: int) -> list[RelatedRow]:
    """The tickets that have to do with one, by links, merges and splits; newest last."""
    to_other = select(Ticket, col(TicketLink.kind)).join(TicketLink, col(TicketLink.other_id) == col(Ticket.id))
    to_here = select(Ticket, col(TicketLink.kind)).join(TicketLink, col(TicketLink.ticket_id) == col(Ticket.id))
    found = [
        _row(ticket, _FROM_HERE[LinkKind(kind)])
        for ticket, kind in session.execute(to_other.where(col(TicketLink.ticket_id) == ticket_id).limit(_MOST))
    ]
    found += [
        _row(ticket, _FROM_THERE[LinkKind(kind)])
        for ticket, kind in session.execute(to_here.where(col(TicketLink.other_id) == ticket_id).limit(_MOST))
    ]
    own = session.get(Ticket, ticket_id)
    for condition, what in (
        (col(Ticket.merged_into) == ticket_id, Relation.MERGED),
        (col(Ticket.split_from) == ticket_id, Relation.SPLIT_OFF),
        (col(Ticket.id) == (own.split_from if own and own.split_from else 0), Relation.SPLIT_FROM),
    ):
        found += [_row(one, what) for one in session.execute(select(Ticket).where(condition).limit(_MOST)).scalars()]
    return sorted(found, key=lambda one: one.id)


def _row(ticket: Any, what: Relation) -> RelatedRow:
    subject = ticket.summary or without_noise(ticket.subject)
    return RelatedRow(ticket.id, ticket.number, subject, Status(ticket.status), what)
