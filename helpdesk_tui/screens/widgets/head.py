"""The head of a ticket: what it is, how it stands, whose it is, and who else is at it."""

from __future__ import annotations

from datetime import datetime

from rich.cells import cell_len
from rich.text import Text

from helpdesk_tui.desk.pages import TicketPage
from helpdesk_tui.language import _
from helpdesk_tui.screens.phrases import due, is_fresh, moment, priority_word, status_word, waiting
from helpdesk_tui.screens.relation_words import snoozed_words
from helpdesk_tui.store.queries.presence import STILL_HERE
from helpdesk_tui.terms import Actor

#: So many cells of the subject are shown however narrow the screen is.
_LEAST = 20


def head_text(page: TicketPage, now: datetime, reader: Actor, width: int) -> Text:
    """Two lines of at most `width` cells: the subject gives way to how the ticket stands."""
    ticket = page.ticket
    facts = [ticket.category or ticket.queue, priority_word(ticket.priority), status_word(ticket.status)]
    state = f"   {' · '.join([*facts, ticket.assignee or _('nobody')])}"
    said = [
        page.customer.called,
        _("an incident") if ticket.is_incident else "",
        others(page, now, reader),
        page.customer.organization,
        _("part of #{number}").format(number=ticket.merged_into) if ticket.merged_into else "",
        _("due {when}").format(when=due(ticket.due_at, now)) if ticket.due_at else "",
        waiting(ticket.waiting_for, ticket.waiting_since, now),
        snoozed_words(page, now),
        ticket.queue if ticket.category not in (None, ticket.queue) else "",
        " ".join(f"+{tag}" for tag in ticket.tags),
    ]
    text = Text(no_wrap=True, overflow="ellipsis")
    subject = Text(f" #{ticket.number} {ticket.subject}", "bold")
    subject.truncate(max(width - cell_len(state), _LEAST), overflow="ellipsis")
    text.append_text(subject).append(f"{state}\n", "dim")
    return text.append(f" {' · '.join(filter(None, said))}", "dim")


def others(page: TicketPage, now: datetime, reader: Actor) -> str:
    """Who else is writing here or has it open, or has left a text."""
    theirs = [one for one in page.drafts if one.agent_id != reader.agent_id]
    writing = [one.agent for one in theirs if is_fresh(one.updated_at, now)]
    here = [one.agent for one in page.present if one.agent_id != reader.agent_id and now - one.at < STILL_HERE]
    looking = [one for one in here if one not in writing]
    said = [
        _("{name} is writing").format(name=", ".join(writing)) if writing else "",
        _("{name} has it open").format(name=", ".join(looking)) if looking else "",
    ]
    if not writing and (left := next(iter(theirs), None)):
        said.append(_("{name} left a draft, {when}").format(name=left.agent, when=moment(left.updated_at, now)))
    return " · ".join(filter(None, said))
