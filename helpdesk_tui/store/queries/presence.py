"""Who has a ticket open, and who is writing on it: only as it is now, nothing is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import false, select, true, union_all
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.tables import Agent, Draft, Presence

#: Who has not been heard of for so long is not there any more; a terminal says that it is there more often.
STILL_HERE = timedelta(seconds=60)
#: A text that nobody has touched for so long is left lying, not being written.
STILL_WRITING = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class PresenceRow:
    """Somebody who has a ticket open, and when their terminal said so last."""

    agent_id: int
    agent: str
    at: datetime


def around(session: Session, now: datetime) -> set[tuple[int, int, bool]]:
    """Who has which ticket open, and who is writing where: (ticket, agent, whether they write)."""
    looking = select(col(Presence.ticket_id), col(Presence.agent_id), false().label("writes")).where(
        col(Presence.at) > now - STILL_HERE
    )
    writing = select(col(Draft.ticket_id), col(Draft.agent_id), true()).where(
        col(Draft.updated_at) > now - STILL_WRITING, col(Draft.text) != "", col(Draft.ticket_id).is_not(None)
    )
    found: Any = session.execute(union_all(looking, writing))
    return {(ticket_id, agent_id, bool(is_writing)) for ticket_id, agent_id, is_writing in found}


def present(session: Session, ticket_id: int) -> list[PresenceRow]:
    """Whose terminal said last that a ticket is open there; the reader's clock says for whom that still holds."""
    found = (
        select(col(Presence.agent_id), col(Agent.login), col(Presence.at))
        .join(Agent, col(Agent.id) == col(Presence.agent_id))
        .where(col(Presence.ticket_id) == ticket_id)
        .order_by(col(Agent.login))
    )
    return [PresenceRow(*row) for row in session.execute(found)]
