"""What an agent is to look at: a colleague's question, what was handed over, a reminder, news on what they watch."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Changes, Desk
from helpdesk_tui.store.parts import parts_of
from helpdesk_tui.store.statements import add_unless_there, is_postgres
from helpdesk_tui.store.tables import Message, Notice, Ticket, Watcher
from helpdesk_tui.store.transaction import writing
from helpdesk_tui.terms import NoticeKind


def give_notice(changes: Changes, ticket: Ticket, agent_id: int, kind: NoticeKind, message_id: int = 0) -> None:
    """Let an agent know, once of each message and kind.

    Args:
        message_id: what they are told of; 0 is the ticket, of which one notice is enough until they have looked.
    """
    row = {
        "agent_id": agent_id,
        "ticket_id": ticket.id,
        "queue_id": ticket.queue_id,
        "kind": kind,
        "message_id": message_id,
        "by_id": changes.actor.agent_id,
        "at": changes.now,
    }
    add_unless_there(changes.session, Notice, row)


def tell_watchers(changes: Changes, ticket: Ticket, beside: Iterable[int | None] = ()) -> None:
    """Let those who watch a ticket know that somebody wrote on it, but not whoever did.

    Args:
        beside: who hears of it in another way.
    """
    parts = parts_of(changes.session, ticket.id)  # who watches what went into it watches it
    watching = select(col(Watcher.agent_id)).where(col(Watcher.ticket_id).in_(parts)).distinct()
    others = {changes.actor.agent_id, *beside}
    for agent_id in changes.session.execute(watching.order_by(col(Watcher.agent_id))).scalars():
        if agent_id not in others:
            give_notice(changes, ticket, agent_id, NoticeKind.WATCHED)


def looked_at(desk: Desk, ticket_id: int, *, but: Iterable[NoticeKind] = ()) -> None:
    """Whoever opens a ticket needs to be told of it no more. No verb: nothing is kept of who looked when.

    Args:
        but: what stays until something is done about it.
    """
    if desk.actor.agent_id is None or not desk.ask(_is_any, ticket_id, desk.actor.agent_id):
        return
    with writing(desk.store, desk.actor) as session:
        mine = delete(Notice).where(col(Notice.ticket_id) == ticket_id, col(Notice.agent_id) == desk.actor.agent_id)
        gone = mine.where(col(Notice.kind).not_in([str(kind) for kind in but]))
        session.execute(gone.execution_options(synchronize_session=False))


def settle(changes: Changes, ticket: Ticket) -> None:
    """What the actor was handed over has been taken up."""
    mine = delete(Notice).where(col(Notice.ticket_id) == ticket.id, col(Notice.agent_id) == changes.actor.agent_id)
    changes.session.execute(mine.execution_options(synchronize_session=False))


def take_back_notices(session: Session, message: Message) -> None:
    """Nobody needs to look at what was taken back."""
    if is_postgres(session):  # an agent's login does not see what others are told of
        session.execute(select(func.helpdesk_take_back_notices(message.id)))
        return
    told = delete(Notice).where(col(Notice.message_id) == message.id)
    session.execute(told.execution_options(synchronize_session=False))


def _is_any(session: Session, ticket_id: int, agent_id: int) -> bool:
    mine = select(col(Notice.kind)).where(col(Notice.ticket_id) == ticket_id, col(Notice.agent_id) == agent_id)
    return session.execute(mine.limit(1)).first() is not None
