"""The preview beside the list: who, since when, and the last words."""

from __future__ import annotations

from datetime import datetime

from rich.text import Text
from textual.widgets import Static

from helpdesk_tui.desk.pages import TicketPage
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules.untrusted import clean_text
from helpdesk_tui.screens.phrases import moment, status_word, waiting
from helpdesk_tui.store.queries.thread import MessageRow
from helpdesk_tui.terms import MessageKind

_LONGEST = 6000
#: Below this height in lines there is room for one running text only.
_LOW = 9


class Preview(Static):
    """A few lines, or a whole pane, about the ticket under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self.page: TicketPage | None = None
        self._now: datetime | None = None

    def show(self, page: TicketPage | None, now: datetime) -> None:
        """Show a ticket, or nothing."""
        self.page, self._now = page, now
        self.update(_said(page, now, is_low=self.size.height < _LOW) if page else "")

    def on_resize(self) -> None:
        """Say as much as there is room for now."""
        if self.page is not None and self._now is not None:
            self.show(self.page, self._now)


def _said(page: TicketPage, now: datetime, *, is_low: bool) -> Text:
    """Who, and the last words; on a low preview as one running text."""
    ticket = page.ticket
    text = Text()
    text.append(f"#{ticket.number} {page.customer.called}", "bold")
    facts = [
        page.customer.organization,
        ngettext("{n} open", "{n} open", page.customer.open_tickets),
        waiting(ticket.waiting_for, ticket.waiting_since, now) or status_word(ticket.status),
        ticket.category or ticket.queue,
        " ".join(f"+{tag}" for tag in ticket.tags),
    ]
    text.append(" · " + " · ".join(filter(None, facts)) + "\n", "dim")
    for message in reversed(_said_by_people(page)):
        head = f"{message.sender.called} · {moment(message.received_at, now)}"
        body = clean_text(message.text.strip()) or _("(no text)")
        if is_low:
            text.append(f"{head}: ", "bold").append(" ".join(body[:_LONGEST].split()))
            break
        text.append(f"{head}\n", "bold").append(body[:_LONGEST] + "\n\n")
    return text


def _said_by_people(page: TicketPage) -> list[MessageRow]:
    """What is worth a look: a letter that the program wrote says nothing new, unless it is all there is."""
    found = [one for one in page.messages if not (one.is_automatic and one.kind is MessageKind.OUTBOUND)]
    return found or list(page.messages)
