"""What a screen needs at once about one ticket, answered in one reading."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from helpdesk_tui.desk.conversation import answers_to, cannot_reply
from helpdesk_tui.store.queries.people import CustomerRow, customer_of_ticket
from helpdesk_tui.store.queries.thread import DraftRow, EventRow, MessageRow, drafts, events, messages
from helpdesk_tui.store.queries.tickets import TicketRow, ticket_rows
from helpdesk_tui.terms import Person


@dataclass(frozen=True, slots=True)
class TicketPage:
    """A ticket as its screen shows it.

    Args:
        reply_refusal: why it cannot be answered, "" where it can; answers_to: whom an answer goes to.
    """

    ticket: TicketRow
    customer: CustomerRow
    messages: tuple[MessageRow, ...]
    events: tuple[EventRow, ...]
    drafts: tuple[DraftRow, ...]
    reply_refusal: str
    answers_to: Person | None

    @property
    def last_word(self) -> MessageRow | None:
        """The newest message that a person wrote."""
        return next((one for one in reversed(self.messages) if not one.is_automatic), None)


def preview_page(session: Session, ticket_id: int) -> TicketPage | None:
    """What the preview of a ticket shows: the last messages, no history."""
    return _page(session, ticket_id, last=3)


def ticket_page(session: Session, ticket_id: int) -> TicketPage | None:
    """Everything about a ticket; None where it does not exist."""
    return _page(session, ticket_id)


def _page(session: Session, ticket_id: int, last: int | None = None) -> TicketPage | None:
    rows = ticket_rows(session, [ticket_id])
    if not rows:
        return None
    return TicketPage(
        ticket=rows[0],
        customer=customer_of_ticket(session, ticket_id),
        messages=tuple(messages(session, ticket_id, last)),
        events=() if last else tuple(events(session, ticket_id)),
        drafts=tuple(drafts(session, ticket_id)),
        reply_refusal=cannot_reply(session, ticket_id) or "",
        answers_to=answers_to(session, ticket_id),
    )
