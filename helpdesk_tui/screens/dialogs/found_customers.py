"""The customers that are found while somebody says their name, and what is open of theirs."""

from __future__ import annotations

from sqlalchemy.orm import Session

from helpdesk_tui.language import ngettext
from helpdesk_tui.store.queries.people import CustomerRow, open_ticket_ids
from helpdesk_tui.store.queries.tickets import TicketRow, ticket_rows


def open_tickets_of(session: Session, customer_id: int) -> list[TicketRow]:
    """The tickets of a customer that are not done."""
    return ticket_rows(session, open_ticket_ids(session, customer_id))


def customer_words(one: CustomerRow) -> str:
    """A customer in a line: name, company, address, phone, how many tickets are open."""
    pending = ngettext("{n} open", "{n} open", one.open_tickets) if one.open_tickets else ""
    return " · ".join(filter(None, (one.name, one.organization, one.address, one.phone, pending)))
