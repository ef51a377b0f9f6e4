"""Saying that one has a ticket open, so that two do not do the same work.

No verb: it changes no ticket and leaves no event, and what is not true any more is deleted, so that nobody can count
where somebody was.
"""

from __future__ import annotations

from sqlalchemy import delete, or_
from sqlmodel import col

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.store.queries.presence import STILL_HERE
from helpdesk_tui.store.statements import add_rows_unless_there
from helpdesk_tui.store.tables import Presence, Ticket
from helpdesk_tui.store.transaction import writing


def say_where(desk: Desk, ticket_id: int | None, left: int | None = None) -> None:
    """Say that one has a ticket open now, and no longer the one that was left; what is stale goes as well.

    Args:
        ticket_id: None where nothing is open. A ticket that is out of one's sight is not said.
    """
    me, now = desk.actor.agent_id, desk.clock()
    if me is None:
        return
    with writing(desk.store, desk.actor) as session:
        old = or_(
            col(Presence.ticket_id).in_([one for one in (ticket_id, left) if one]), col(Presence.at) < now - STILL_HERE
        )
        gone = delete(Presence).where(col(Presence.agent_id) == me, old)
        session.execute(gone.execution_options(synchronize_session=False))
        ticket = session.get(Ticket, ticket_id) if ticket_id else None
        if ticket is not None:
            row = {"agent_id": me, "ticket_id": ticket.id, "queue_id": ticket.queue_id, "at": now}
            add_rows_unless_there(session, Presence, [row])
