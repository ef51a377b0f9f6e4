"""What a line of the list says, and where: the columns for any width from 40 cells up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rich.cells import cell_len, set_cell_size

from helpdesk_tui.language import _
from helpdesk_tui.screens.call_words import call_due
from helpdesk_tui.screens.phrases import PRIORITY_SIGNS, is_fresh, owed, status_short
from helpdesk_tui.store.queries.tickets import TicketRow
from helpdesk_tui.terms import Party

_EDGE, _NUMBER = 3, 6
#: A subject as wide as this has room to give for where a ticket lies, and for how it stands.
_WITH_QUEUE, _WITH_STATUS = 56, 52
#: A list narrower than this shows subjects rather than people.
_WITH_PERSON = 56


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths in cells; 0 leaves a column out."""

    subject: int
    person: int
    queue: int
    status: int
    due: int
    who: int

    def line(self, cells: Iterable[str]) -> str:
        """Cells under their heads, a blank between."""
        widths = (self.subject, self.person, self.queue, self.status, self.due, self.who)
        return " ".join(fit(cell, width) for cell, width in zip(cells, widths, strict=True) if width)


def columns(width: int) -> Columns:
    """The columns of a list that is `width` cells wide: the subject first, then what else there is room for."""
    due, who = (12, 10) if width >= 64 else (9, 8)
    person = min(max((width - 38) // 3, 10), 22) if width >= _WITH_PERSON else 0
    subject = width - (_EDGE + _NUMBER + person + due + who + 4 + bool(person))
    queue = 10 if subject >= _WITH_QUEUE else 0
    subject -= queue + bool(queue)
    status = 11 if subject >= _WITH_STATUS else 0
    subject -= status + bool(status)
    return Columns(max(subject, 8), person, queue, status, due, who)


def heading(width: int) -> str:
    """The heads of the columns."""
    heads = (_("subject"), _("from"), _("queue"), _("status"), _("due"), _("who"))
    return f"{'':{_EDGE}}{'#':>{_NUMBER}} {columns(width).line(heads)}"


def line(row: TicketRow, width: int, now: datetime, me: str, *, is_cursor: bool, is_marked: bool) -> str:
    """One ticket as a line of exactly `width` cells where that is possible."""
    sign = "*" if is_marked else PRIORITY_SIGNS[row.priority]
    dot = "●" if row.waiting_for is Party.US else " "
    cells = (
        row.subject or "–",
        row.requester.called,
        row.queue,
        status_short(row.status),
        _owed(row, now),
        _who(row, me, now),
    )
    return f"{'▌' if is_cursor else ' '}{dot}{sign}{row.number:>{_NUMBER}} {columns(width).line(cells)}"


def _owed(row: TicketRow, now: datetime) -> str:
    """The call the customer waits for, or what else is owed where that comes first."""
    if row.call is not None and (row.due_at is None or row.call.start is None or row.call.start <= row.due_at):
        return call_due(row.call, now)
    return owed(row.due_at, row.waiting_for, row.waiting_since, now)


def _who(row: TicketRow, me: str, now: datetime) -> str:
    """Who has it: `anna`, with a draft of one's own `anna ✎`; while somebody else writes on it, that one: `✎ ben`."""
    others = [one.login for one in row.writers if one.login != me and is_fresh(one.at, now)]
    if others:
        return f"✎ {others[0]}"
    return f"{row.assignee or '–'}{' ✎' if any(one.login == me for one in row.writers) else ''}"


def fit(text: str, width: int) -> str:
    """A text cut or filled to a width; what is cut ends in an ellipsis."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)
