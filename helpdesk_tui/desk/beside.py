"""What stands beside a ticket: what its reader is to look at, who watches, other tickets, what is known of the customer."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.rules.likeness import ALIKE, likeness, telling
from helpdesk_tui.store.queries.callbacks import CallRow, call_of
from helpdesk_tui.store.queries.notices import NoticeRow, notices_of, watchers
from helpdesk_tui.store.queries.people import customer_page
from helpdesk_tui.store.queries.relations import RelatedRow, related
from helpdesk_tui.store.queries.tickets import TicketRow, ticket_rows
from helpdesk_tui.store.tables import FieldDefinition, Message, Ticket, TicketField, TicketLink
from helpdesk_tui.terms import ACTIVE, ENDED, Actor

#: So many other tickets of the customer are named.
_OTHERS = 8
#: So many open tickets are compared.
_CANDIDATES = 20


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known around a ticket.

    Args:
        notices: what the asker is to look at here. others: the customer's other tickets, the newest first; other_count: how
            many there are. suggestions: open tickets that may be the same matter, incidents first. customer_fields, ticket_fields: (name, value).
    """

    notices: tuple[NoticeRow, ...]
    watchers: tuple[str, ...]
    related: tuple[RelatedRow, ...]
    others: tuple[TicketRow, ...]
    other_count: int
    customer_fields: tuple[tuple[str, str], ...]
    ticket_fields: tuple[tuple[str, str], ...]
    phones: tuple[str, ...]
    call: CallRow | None
    suggestions: tuple[TicketRow, ...]


def beside(session: Session, ticket_id: int, asker: Actor) -> Beside | None:
    """What stands beside a ticket; None where it is out of sight."""
    ticket = session.get(Ticket, ticket_id)
    if ticket is None:
        return None
    customer = customer_page(session, ticket.requester_id, _OTHERS + 1)
    ids = [one for one in customer.tickets if one != ticket_id][:_OTHERS] if customer else []
    rows = {row.id: row for row in ticket_rows(session, ids)}
    fields = select(col(FieldDefinition.name), col(TicketField.value)).join(
        TicketField, col(TicketField.definition_id) == col(FieldDefinition.id)
    )
    named = session.execute(fields.where(col(TicketField.ticket_id) == ticket_id).order_by(col(FieldDefinition.name)))
    return Beside(
        notices=tuple(notices_of(session, ticket_id, asker)),
        watchers=tuple(watchers(session, ticket_id)),
        related=tuple(related(session, ticket_id)),
        others=tuple(rows[one] for one in ids if one in rows),
        other_count=max(customer.ticket_count - 1, 0) if customer else 0,
        customer_fields=customer.fields if customer else (),
        ticket_fields=tuple((name, value) for name, value in named),
        phones=customer.phones if customer else (),
        call=call_of(session, ticket_id),
        suggestions=tuple(_suggestions(session, ticket)),
    )


def _suggestions(session: Session, ticket: Ticket) -> list[TicketRow]:
    """Incidents that look like this ticket, and what the same customer asked before in like words."""
    if ticket.status in ENDED or ticket.is_incident or ticket.merged_into is not None:
        return []
    linked = select(col(TicketLink.other_id)).where(col(TicketLink.ticket_id) == ticket.id)
    candidates = select(Ticket).where(
        col(Ticket.id) != ticket.id,
        col(Ticket.status).in_(ACTIVE),
        col(Ticket.merged_into).is_(None),
        col(Ticket.id).not_in(linked),
    )
    newest = candidates.order_by(col(Ticket.id).desc()).limit(_CANDIDATES)
    incidents = session.execute(newest.where(col(Ticket.is_incident))).scalars().all()
    theirs = session.execute(newest.where(col(Ticket.requester_id) == ticket.requester_id)).scalars().all()
    own = _telling(session, ticket)
    each = {one.id: one for one in (*incidents, *theirs)}
    alike = [one.id for one in each.values() if likeness(own, _telling(session, one)) >= ALIKE]
    rows = {row.id: row for row in ticket_rows(session, alike)}
    return [rows[one] for one in alike if one in rows]


def _telling(session: Session, ticket: Ticket) -> frozenset[str]:
    first = select(col(Message.text)).where(col(Message.ticket_id) == ticket.id, col(Message.is_withdrawn).is_(False))
    text = session.execute(first.order_by(col(Message.id)).limit(1)).scalar_one_or_none() or ""
    return telling(ticket.subject, text)
