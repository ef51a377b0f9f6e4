"""Tickets that are part of another one."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.tables import Ticket


def parts_of(session: Session, ticket_id: int) -> set[int]:
    """The tickets that went into one, it among them."""
    found, new = {ticket_id}, {ticket_id}
    while new:
        into_here = select(col(Ticket.id)).where(col(Ticket.merged_into).in_(new))
        new = set(session.execute(into_here).scalars()) - found
        found |= new
    return found
