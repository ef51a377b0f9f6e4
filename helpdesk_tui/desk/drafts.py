"""Texts being written: saved while typing, found again on any machine with the same store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.errors import Refused
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
    """Write a draft within a transaction."""
    draft = _draft(session, actor, ticket_id, kind)
    if draft is None:
        queue_id = session.get_one(Ticket, ticket_id).queue_id if ticket_id else None
        draft = Draft(ticket_id=ticket_id, queue_id=queue_id, agent_id=actor.agent_id or 0, kind=kind, updated_at=at)
        session.add(draft)
    draft.text, draft.fields, draft.updated_at = text, dict(fields), at
    session.flush()


def bring_back(session: Session, actor: Actor, ticket_id: int, kind: str, text: str, *, at: Any) -> None:
    """Make a draft of a text that was taken back, in front of what has been written since."""
    newer = _draft(session, actor, ticket_id, kind)
    both = f"{text}\n\n{newer.text}" if newer and newer.text not in ("", text) else text
    put_draft(session, actor, ticket_id, kind, both, newer.fields if newer else {}, at=at)


def clear_draft(session: Session, actor: Actor, ticket_id: int | None, kind: str, text: str | None = None) -> None:
    """Empty a draft that has been sent; where a text is given, only if it holds just that."""
    if actor.agent_id and (draft := _draft(session, actor, ticket_id, kind)) and text in (None, draft.text):
        draft.text, draft.fields = "", {}


def _draft(session: Session, actor: Actor, ticket_id: int | None, kind: str) -> Draft | None:
    mine = select(Draft).where(col(Draft.agent_id) == actor.agent_id, col(Draft.kind) == kind)
    return session.execute(mine.where(col(Draft.ticket_id) == ticket_id)).scalars().first()
