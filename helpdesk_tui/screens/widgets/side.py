"""What stands beside a thread on wide screens: who asks, and how the ticket stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.text import Text

from helpdesk_tui.desk.beside import Beside
from helpdesk_tui.desk.pages import TicketPage
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules.calendar import BusinessCalendar
from helpdesk_tui.screens.clocks import clocks
from helpdesk_tui.screens.phrases import moment, priority_word, status_word
from helpdesk_tui.screens.relation_words import relation_word
from helpdesk_tui.store.queries.tickets import TicketRow
from helpdesk_tui.terms import CallDirection, DueKind, MessageKind


def side_panel(
    page: TicketPage, now: datetime, beside: Beside | None = None, calendar: BusinessCalendar | None = None
) -> Text:
    """The customer and the properties of a ticket, a line each, its clocks, then what it has to do with.

    Args:
        calendar: when we work; None counts every hour.
    """
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
    if running := clocks(ticket, now, calendar):
        text.append("\n" + (_("clocks, working time") if calendar else _("clocks")) + "\n", "dim")
    for name, value in running:
        text.append(f"{name:<10} ", "dim").append(f"{value}\n")
    if (last := page.last_word) is not None:
        is_theirs = last.kind is MessageKind.INBOUND or last.call.get("direction") == CallDirection.IN
        party = _("them") if is_theirs else _("us")
        said = _("last word: {party}, {name}, {when}")
        text.append(
            "\n" + said.format(party=party, name=last.sender.called, when=moment(last.received_at, now)) + "\n", "dim"
        )
    if beside is not None:
        _append_beside(text, beside, now)
    return text


def _append_beside(text: Text, beside: Beside, now: datetime) -> None:
    for name, value in (*beside.customer_fields, *beside.ticket_fields):
        text.append(f"{name:<10} ", "dim").append(f"{value}\n")
    if beside.call is not None and beside.call.start is not None:
        text.append(_("☎ call {when}").format(when=moment(beside.call.start, now)) + "\n", "bold")
    if beside.watchers:
        text.append(_("watching: {names}").format(names=", ".join(beside.watchers)) + "\n", "dim")
    _append_tickets(text, _("may be the same matter · L links, m merges"), beside.suggestions, now)
    if beside.related:
        text.append("\n" + _("relations · L") + "\n", "dim")
        for one in beside.related:
            text.append(f"#{one.number} {relation_word(one.is_what)} · {one.subject}\n")
    title = ngettext("{n} other ticket · i", "{n} other tickets · i", beside.other_count)
    _append_tickets(text, title, beside.others, now)


def _append_tickets(text: Text, title: str, rows: Sequence[TicketRow], now: datetime) -> None:
    if rows:
        text.append(f"\n{title}\n", "dim")
    for row in rows:
        text.append(f"#{row.number} ", "bold").append(f"{row.subject}\n")
        text.append(f"   {status_word(row.status)} · {moment(row.updated_at, now)}\n", "dim")
