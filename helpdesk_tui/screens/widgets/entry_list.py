"""The entries of a list of mail that was kept aside, under a cursor."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime

from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens.phrases import moment
from helpdesk_tui.screens.widgets.columns import fit
from helpdesk_tui.screens.widgets.line_list import EDGE, LineList
from helpdesk_tui.store.queries.aside import AsideRow

_COUNT, _WHEN = 7, 12
_LEAST_FROM, _MOST_FROM = 14, 32


class EntryList(LineList[AsideRow]):
    """A line for each entry: how many, when the last one came, from whom, about what."""

    def line(self, row: AsideRow, width: int) -> str:
        """What is said of an entry."""
        return _line(row, width, self.now)

    def identity(self, row: AsideRow) -> Hashable:
        """An entry of a list stays what it is, whatever comes to it."""
        return (row.aside, row.entry)


def entry_heading(width: int) -> str:
    """The heads of the columns."""
    return f"{'':{EDGE}}{_cells(('', _('last'), _('from'), _('subject')), width - EDGE)}"


def _line(row: AsideRow, width: int, now: datetime | None) -> str:
    count = f"{row.count:,}×" if row.count > 1 else ""
    said = [
        row.subject or ("" if row.reason else _("(no subject)")),
        row.reason,
        f"#{row.ticket}" if row.ticket else "",
    ]
    about = clean_line(" · ".join(filter(None, said)))
    sender = clean_line(row.sender.called) or _("not known")
    return _cells((count, moment(row.last_at, now or row.last_at), sender, about), width)


def _cells(cells: Sequence[str], width: int) -> str:
    count, when, sender, about = cells
    room = min(max((width - _COUNT - _WHEN) // 3, _LEAST_FROM), _MOST_FROM)
    rest = max(width - _COUNT - _WHEN - room - 3, 1)
    return f"{count:>{_COUNT}} {fit(when, _WHEN)} {fit(sender, room)} {fit(about, rest)}"
