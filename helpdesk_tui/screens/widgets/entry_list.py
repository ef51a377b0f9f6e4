"""The entries of a list of mail that was kept aside, under a cursor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens.phrases import moment
from helpdesk_tui.screens.widgets.columns import fit
from helpdesk_tui.store.queries.aside import AsideRow

_EDGE, _COUNT, _WHEN = 1, 7, 12
_LEAST_FROM, _MOST_FROM = 14, 32


class EntryList(ScrollView, can_focus=True, inherit_bindings=False):
    """A line for each entry: how many, when the last one came, from whom, about what."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--cursor"}

    class Moved(Message):
        """The cursor stands on another entry, or on none."""

    class Opened(Message):
        """Somebody clicked the entry under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: Sequence[AsideRow] = ()
        self.cursor = 0
        self._now: datetime | None = None

    @property
    def current(self) -> AsideRow | None:
        """The entry under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    @property
    def page_lines(self) -> int:
        """How many lines are in view."""
        return max(self.size.height, 1)

    def show(self, rows: Sequence[AsideRow], now: datetime) -> None:
        """Show these; the cursor stays on its entry, or else on its line."""
        here = self.current
        at = [
            n for n, row in enumerate(rows) if here is not None and (row.aside, row.entry) == (here.aside, here.entry)
        ]
        self.rows, self._now = rows, now
        self.cursor = at[0] if at else max(min(self.cursor, len(rows) - 1), 0)
        self.virtual_size = Size(0, len(rows))
        self._follow()
        self.refresh()
        self.post_message(self.Moved())

    def move(self, lines: int) -> None:
        """Move the cursor by lines."""
        self.move_to(self.cursor + lines)

    def move_to(self, index: int) -> None:
        """Put the cursor on a line."""
        index = max(min(index, len(self.rows) - 1), 0)
        if index != self.cursor:
            self.cursor = index
            self._follow()
            self.refresh()
            self.post_message(self.Moved())

    def on_click(self, event: Click) -> None:
        """A click chooses, a click on the chosen one opens."""
        index = self.scroll_offset.y + event.y
        if index == self.cursor and self.rows:
            self.post_message(self.Opened())
        elif index < len(self.rows):
            self.move_to(index)

    def on_resize(self) -> None:
        """The cursor stays in view."""
        self._follow()

    def render_line(self, y: int) -> Strip:
        """One line of the list."""
        index, width = self.scroll_offset.y + y, self.scrollable_content_region.width
        if index >= len(self.rows):
            return Strip.blank(width, self.rich_style)
        style = self.rich_style
        if index == self.cursor:
            style = style + self.get_component_rich_style("list--cursor")
        edge = "▌" if index == self.cursor else " "
        text = f"{edge}{_line(self.rows[index], width - _EDGE, self._now)}"
        return Strip([Segment(set_cell_size(text, width), style)], width)

    def _follow(self) -> None:
        """Bring the cursor into view."""
        top, height = self.scroll_offset.y, self.page_lines
        if not top <= self.cursor < top + height:
            self.scroll_to(y=max(self.cursor - height // 2, 0), animate=False, force=True, immediate=True)


def entry_heading(width: int) -> str:
    """The heads of the columns."""
    return f"{'':{_EDGE}}{_cells(('', _('last'), _('from'), _('subject')), width - _EDGE)}"


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
