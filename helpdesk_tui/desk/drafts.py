"""Texts being written: saved while typing, found again on any machine with the same store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.errors import NotFound, Refused
from helpdesk_tui.language import _
from helpdesk_tui.store.tables import Draft, Ticket
from helpdesk_tui.store.transaction import writing
from helpdesk_tui.terms import Actor


def save_draft(
    desk: Desk, ticket_id: int | None, kind: str, text: str, fields: Mapping[str, Any] | None = None
) -> None:
    """Keep what is being written. Not a verb: it changes no ticket, leaves no event, and is nobody else's business.

    Args:
        kind: `reply`, `note` or `new`. An empty text is an empty draft.
    """
    if desk.actor.agent_id is None:
        raise Refused(_("The system writes no drafts."), "")
    with writing(desk.store, desk.actor) as session:
        put_draft(session, desk.actor, ticket_id, kind, text, fields or {}, at=desk.clock())


def put_draft(
    session: Session, actor: Actor, ticket_id: int | None, kind: str, text: str, fields: Mapping[str, Any], *, at: Any
) -> None:
    """Write a draft within a transaction.

    Raises:
        NotFound: the ticket has gone out of the writer's sight, and they had not begun a text there before.
    """
    draft = _draft(session, actor.agent_id, ticket_id, kind)
    if draft is None:
        ticket = session.get(Ticket, ticket_id) if ticket_id else None
        if ticket_id and ticket is None:
            raise NotFound(
                _("The ticket is no longer in a queue you belong to; your text is not saved."), _("Copy what you need.")
            )
        queue_id = ticket.queue_id if ticket else None
        draft = Draft(ticket_id=ticket_id, queue_id=queue_id, agent_id=actor.agent_id or 0, kind=kind, updated_at=at)
        session.add(draft)
    draft.text, draft.fields, draft.updated_at = text, dict(fields), at
    session.flush()


def pass_on(
    session: Session, ticket: Ticket | None, kind: str, giver_id: int, taker_id: int, *, as_of: datetime
) -> bool:
    """Give an unsent text to a colleague.

    Args:
        ticket: None for a new request. as_of: when it was last touched, as far as is known.
    Returns:
        False where it was left alone: somebody has written on since, or the other one has a text of that kind there.
    """
    ticket_id, queue_id = (ticket.id, ticket.queue_id) if ticket else (None, None)
    given, taken = _draft(session, giver_id, ticket_id, kind), _draft(session, taker_id, ticket_id, kind)
    if given is None or not given.text or given.updated_at > as_of or (taken is not None and taken.text):
        return False
    if taken is None:
        taken = Draft(ticket_id=ticket_id, queue_id=queue_id, agent_id=taker_id, kind=kind, updated_at=as_of)
        session.add(taken)
    taken.text, taken.fields, taken.updated_at = given.text, given.fields, given.updated_at
    given.text, given.fields = "", {}
    session.flush()
    return True


def bring_back(session: Session, actor: Actor, ticket_id: int, kind: str, text: str, *, at: Any) -> None:
    """Make a draft of a text that was taken back, in front of what has been written since."""
    newer = _draft(session, actor.agent_id, ticket_id, kind)
    both = f"{text}\n\n{newer.text}" if newer and newer.text not in ("", text) else text
    put_draft(session, actor, ticket_id, kind, both, newer.fields if newer else {}, at=at)


def clear_draft(session: Session, actor: Actor, ticket_id: int | None, kind: str, text: str | None = None) -> None:
    """Empty a draft that has been sent; where a text is given, only if it holds just that."""
    if actor.agent_id and (draft := _draft(session, actor.agent_id, ticket_id, kind)) and text in (None, draft.text):
        draft.text, draft.fields = "", {}


def _draft(session: Session, agent_id: int | None, ticket_id: int | None, kind: str) -> Draft | None:
    mine = select(Draft).where(col(Draft.agent_id) == agent_id, col(Draft.kind) == kind)
    return session.execute(mine.where(col(Draft.ticket_id) == ticket_id)).scalars().first()
