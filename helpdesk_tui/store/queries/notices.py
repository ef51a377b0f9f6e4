"""Questions about what somebody is to look at, and who watches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.rules.subjects import without_noise
from helpdesk_tui.store.parts import parts_of
from helpdesk_tui.store.tables import Agent, Notice, Ticket, Watcher
from helpdesk_tui.terms import Actor, NoticeKind

#: So many are shown.
_MOST = 200


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """Something to look at: on which ticket, what it is, and from whom ("" from the program).

    Args:
        message_id: what it is about; 0 is the ticket itself.
    """

    ticket_id: int
    number: int
    subject: str
    kind: NoticeKind
    by: str
    message_id: int
    at: datetime


def my_notices(session: Session, asker: Actor, ticket_id: int | None = None) -> list[NoticeRow]:
    """What the asker is to look at, newest first, everywhere or on one ticket.

    Of what was said when a ticket was handed on the last word counts, and only as long as they have it.
    """
    found = (
        select(Notice, col(Ticket.number), col(Ticket.summary), col(Ticket.subject), col(Agent.login))
        .join(Ticket, col(Ticket.id) == col(Notice.ticket_id))
        .outerjoin(Agent, col(Agent.id) == col(Notice.by_id))
        .where(
            col(Notice.agent_id) == asker.agent_id,
            or_(col(Notice.kind) != NoticeKind.HANDOVER, col(Ticket.assignee_id) == asker.agent_id),
            col(Notice.ticket_id) == ticket_id if ticket_id else true(),
        )
        .order_by(col(Notice.at).desc(), col(Notice.message_id).desc(), col(Notice.ticket_id), col(Notice.kind))
        .limit(_MOST)
    )
    rows = [
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
    last_words: dict[int, NoticeRow] = {}
    for one in rows:
        if one.kind is NoticeKind.HANDOVER:
            last_words.setdefault(one.ticket_id, one)
    return [one for one in rows if one.kind is not NoticeKind.HANDOVER or last_words[one.ticket_id] is one]


def notices_of(session: Session, ticket_id: int, asker: Actor) -> list[NoticeRow]:
    """What the asker is to look at on one ticket."""
    return my_notices(session, asker, ticket_id)


def watchers(session: Session, ticket_id: int) -> list[str]:
    """The logins of those who watch a ticket, or one that is part of it by now."""
    found = select(col(Agent.login)).join(Watcher, col(Watcher.agent_id) == col(Agent.id)).distinct()
    here = found.where(col(Watcher.ticket_id).in_(parts_of(session, ticket_id)))
    return list(session.execute(here.order_by(col(Agent.login))).scalars())
