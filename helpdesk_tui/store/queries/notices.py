"""Questions about what somebody is to look at, and who watches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.rules.subjects import without_noise
from helpdesk_tui.store.tables import Agent, Notice, Ticket, Watcher
from helpdesk_tui.terms import Actor, NoticeKind

#: So many are shown.
_MOST = 200


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """Something to look at: on which ticket, what it is, and from whom ("" from the program)."""

    ticket_id: int
    number: int
    subject: str
    kind: NoticeKind
    by: str
    message_id: int | None
    at: datetime


def my_notices(session: Session, asker: Actor) -> list[NoticeRow]:
    """What the asker is to look at, newest first."""
    found = (
        select(Notice, col(Ticket.number), col(Ticket.summary), col(Ticket.subject), col(Agent.login))
        .join(Ticket, col(Ticket.id) == col(Notice.ticket_id))
        .outerjoin(Agent, col(Agent.id) == col(Notice.by_id))
        .where(col(Notice.agent_id) == asker.agent_id)
        .order_by(col(Notice.at).desc(), col(Notice.ticket_id).desc(), col(Notice.kind))
        .limit(_MOST)
    )
    return [
        NoticeRow(
            one.ticket_id,
            number,
            summary or without_noise(subject),
            NoticeKind(one.kind),
            login or "",
            one.message_id,
            one.at,
        )
        for one, number, summary, subject, login in session.execute(found)
    ]


def notices_of(session: Session, ticket_id: int, asker: Actor) -> list[NoticeRow]:
    """What the asker is to look at on one ticket."""
    return [one for one in my_notices(session, asker) if one.ticket_id == ticket_id]


def watchers(session: Session, ticket_id: int) -> list[str]:
    """The logins of those who watch a ticket."""
    found = select(col(Agent.login)).join(Watcher, col(Watcher.agent_id) == col(Agent.id))
    return list(session.execute(found.where(col(Watcher.ticket_id) == ticket_id).order_by(col(Agent.login))).scalars())
