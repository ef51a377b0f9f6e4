"""What stands beside a thread on wide screens: who asks, and how the ticket stands."""

from __future__ import annotations

from datetime import datetime

from rich.text import Text

from helpdesk_tui.desk.pages import TicketPage
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.screens.phrases import moment, priority_word, status_word
from helpdesk_tui.terms import DueKind


def side_panel(page: TicketPage, now: datetime) -> Text:
    """The customer and the properties of a ticket, a line each."""
    ticket, customer = page.ticket, page.customer
    text = Text()
    text.append(f"{customer.called}\n", "bold")
    for line in (
        customer.organization,
        "" if customer.address == customer.called else customer.address,
        customer.phone,
    ):
        text.append(f"{line}\n" if line else "")
    text.append(ngettext("{n} open ticket", "{n} open tickets", customer.open_tickets) + "\n\n", "dim")
    due = _("agreed") if ticket.due_kind == DueKind.AGREED else ""
    facts = {
        _("queue"): ticket.queue,
        _("status"): status_word(ticket.status),
        _("priority"): priority_word(ticket.priority),
        _("category"): ticket.category or "–",
        _("assignee"): ticket.assignee or "–",
        _("tags"): " ".join(ticket.tags) or "–",
        _("due"): " ".join(filter(None, (moment(ticket.due_at, now), due))) if ticket.due_at else "–",
        _("created"): moment(ticket.created_at, now),
        _("says it belongs to"): f"#{ticket.linked_to}" if ticket.linked_to else "",
    }
    for name, value in facts.items():
        if value:
            text.append(f"{name:<10} ", "dim").append(f"{value}\n")
    if (last := page.last_word) is not None:
        text.append(
            "\n" + _("last word: {name}, {when}").format(name=last.sender.called, when=moment(last.received_at, now)),
            "dim",
        )
    return text
