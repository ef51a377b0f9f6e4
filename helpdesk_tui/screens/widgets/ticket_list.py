"""The list under the keys: any number of tickets, drawn from pages; the cursor never waits for the store.

It knows the order of the ids and keeps a few pages of rows; what is missing is asked for by a message and drawn as
dots until it comes. It moves by half a page at its edge, so that most moves repaint two lines.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from helpdesk_tui.screens.widgets.columns import line
from helpdesk_tui.store.queries.tickets import TicketRow
from helpdesk_tui.terms import ENDED, Party, Priority, Status

PAGE = 64
_PAGES_KEPT = 32


class TicketList(ScrollView, can_focus=True, inherit_bindings=False):
    """Tickets by id, with a cursor and marks."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "list--cursor",
        "list--urgent",
        "list--late",
        "list--marked",
        "list--done",
        "list--missing",
    }

    class Missing(Message):
        """Rows are needed that are not here yet."""

        def __init__(self, page: int, ids: list[int]) -> None:
            super().__init__()
            self.page = page
            self.ids = ids

    class Moved(Message):
        """The cursor stands on another ticket, or on none."""

        def __init__(self, ticket_id: int | None, *, is_by_hand: bool = False) -> None:
            super().__init__()
            self.ticket_id = ticket_id
            self.is_by_hand = is_by_hand

    class Opened(Message):
        """Somebody clicked the ticket under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ids: list[int] = []
        self.marks: dict[int, None] = {}
        self.cursor = 0
        self.now: datetime | None = None
        self.me = ""
        self._pages: OrderedDict[int, dict[int, TicketRow]] = OrderedDict()
        self._asked: set[int] = set()
        self._styles: dict[str, Style] = {}
        self._mark_from: int | None = None  # a ticket's id

    # -- what is shown

    @property
    def current(self) -> int | None:
        """The id under the cursor."""
        return self.ids[self.cursor] if self.cursor < len(self.ids) else None

    @property
    def current_row(self) -> TicketRow | None:
        """The row under the cursor, None while it is on its way."""
        return self.row_of(self.current) if self.current is not None else None

    def row_of(self, ticket_id: int) -> TicketRow | None:
        """A row that is here."""
        return next((page[ticket_id] for page in self._pages.values() if ticket_id in page), None)

    def show(self, ids: Sequence[int], now: datetime, *, keep: int | None = None) -> None:
        """Show other ids, with the cursor on `keep` where it is among them, else where it was."""
        self.ids, self.now = list(ids), now
        self._pages.clear()
        self._asked.clear()
        if keep is not None and keep in self.ids:
            self.cursor = self.ids.index(keep)
        self.cursor = max(min(self.cursor, len(self.ids) - 1), 0)
        self.virtual_size = Size(0, len(self.ids))
        self._follow()
        self.refresh()
        self.post_message(self.Moved(self.current))

    def extend(self, ids: Sequence[int], now: datetime, *, keep: int | None = None) -> None:
        """The whole order is known now; rows and place stay where the order agrees."""
        self.now = now
        if ids[: len(self.ids)] == self.ids:
            self.ids = list(ids)
            self.virtual_size = Size(0, len(self.ids))
            if keep is not None and keep in self.ids and self.current != keep:
                self.move_to(self.ids.index(keep))
        else:
            self.show(ids, now, keep=keep if keep is not None else self.current)

    def fill(self, page: int, ids: Sequence[int], rows: Iterable[TicketRow]) -> None:
        """Take in the rows of a page that was missing; an answer to an older list is dropped."""
        self._asked.discard(page)
        if self.ids[page * PAGE : (page + 1) * PAGE] != list(ids):
            return
        self._pages[page] = {row.id: row for row in rows}
        while len(self._pages) > _PAGES_KEPT:
            self._pages.popitem(last=False)
        self.refresh_lines(page * PAGE, PAGE)
        if self.cursor // PAGE == page:
            self.post_message(self.Moved(self.current))

    def update_rows(self, rows: Iterable[TicketRow], now: datetime) -> None:
        """Show changed tickets where they stand; nothing moves."""
        self.now = now
        for row in rows:
            for number, page in self._pages.items():
                if row.id in page:
                    page[row.id] = row
                    at = self.ids.index(row.id, number * PAGE)
                    self.refresh_line(at)

    def drop(self, gone: Iterable[int], now: datetime) -> None:
        """Take tickets out that are no longer there, or no longer to be seen; the cursor stays where it stands."""
        lost = set(gone)
        if not lost & {*self.ids, *self.marks}:
            return
        self.marks = {one: None for one in self.marks if one not in lost}
        current = self.current
        self.show([one for one in self.ids if one not in lost], now, keep=current if current not in lost else None)

    def here(self, ids: Iterable[int]) -> list[int]:
        """Which of these tickets have a row here."""
        wanted = set(ids)
        return [ticket_id for page in self._pages.values() for ticket_id in page if ticket_id in wanted]

    # -- moving and marking

    def index_of(self, ticket_id: int) -> int:
        """Where a ticket stands, or the cursor where it is not in the list."""
        return self.ids.index(ticket_id) if ticket_id in self.ids else self.cursor

    def move_to(self, index: int) -> None:
        """Put the cursor on a line."""
        index = max(min(index, len(self.ids) - 1), 0)
        if index == self.cursor or not self.ids:
            return
        before, self.cursor = self.cursor, index
        if not self._follow():
            self.refresh_line(before)
            self.refresh_line(index)
        self.post_message(self.Moved(self.current, is_by_hand=True))

    def move(self, lines: int) -> None:
        """Move the cursor by lines."""
        self.move_to(self.cursor + lines)

    @property
    def page_lines(self) -> int:
        """How many lines are in view."""
        return max(self.size.height, 1)

    def mark(self) -> None:
        """Mark or unmark the ticket under the cursor, and go on to the next."""
        if (ticket_id := self.current) is None:
            return
        if ticket_id in self.marks:
            del self.marks[ticket_id]
        else:
            self.marks[ticket_id] = None
            self._mark_from = ticket_id
        self.refresh_line(self.cursor)
        self.move(1)

    def mark_range(self) -> None:
        """Mark everything from the last mark to the cursor."""
        start = self.ids.index(self._mark_from) if self._mark_from in self.ids else self.cursor
        for ticket_id in self.ids[min(start, self.cursor) : max(start, self.cursor) + 1]:
            self.marks[ticket_id] = None
        self.refresh()

    def mark_all(self) -> None:
        """Mark all tickets of the list, or unmark them where all are marked."""
        everything = dict.fromkeys(self.ids)
        self.marks = {} if everything.keys() <= self.marks.keys() else {**self.marks, **everything}
        self.refresh()

    def unmark(self, ids: Iterable[int] | None = None) -> None:
        """Take the marks off these tickets; off all where none are named."""
        gone = set(self.marks if ids is None else ids)
        self.marks = {one: None for one in self.marks if one not in gone}
        if self._mark_from in gone or not self.marks:
            self._mark_from = None
        self.refresh()

    def chosen(self) -> list[int]:
        """The marked tickets, or the one under the cursor."""
        if self.marks:
            return list(self.marks)
        return [self.current] if self.current is not None else []

    # -- drawing

    def render_line(self, y: int) -> Strip:
        """One line of the list."""
        index = self.scroll_offset.y + y
        width = self.scrollable_content_region.width
        if index >= len(self.ids):
            return Strip.blank(width, self.rich_style)
        ticket_id = self.ids[index]
        page = index // PAGE
        row = self._pages.get(page, {}).get(ticket_id)
        if row is None:
            self._ask(page)
            return self._strip("   …", width, "list--missing", index)
        self._pages.move_to_end(page)
        return self._row_strip(row, index, width)

    def notify_style_update(self) -> None:
        """The theme changed."""
        super().notify_style_update()
        self._styles.clear()

    def on_resize(self) -> None:
        """The cursor stays in view."""
        self._follow()

    def on_click(self, event: Click) -> None:
        """A click chooses, a click on the chosen one opens."""
        index = self.scroll_offset.y + event.y
        if index < len(self.ids):
            if index == self.cursor:
                self.post_message(self.Opened())
            self.move_to(index)

    def _row_strip(self, row: TicketRow, index: int, width: int) -> Strip:
        now = self.now or row.updated_at
        is_marked = row.id in self.marks
        text = line(row, width, now, self.me, is_cursor=index == self.cursor, is_marked=is_marked)
        return self._strip(text, width, self._look(row, is_marked, now), index)

    def _look(self, row: TicketRow, is_marked: bool, now: datetime) -> str:
        if is_marked:
            return "list--marked"
        if row.status in (*ENDED, Status.SOLVED):
            return "list--done"
        if row.due_at is not None and row.due_at < now:
            return "list--late"
        return "list--urgent" if row.priority is Priority.URGENT and row.waiting_for is not Party.THEM else ""

    def _strip(self, text: str, width: int, look: str, index: int) -> Strip:
        style = self._style(look)
        if index == self.cursor:
            style = style + self._style("list--cursor")
        if cell_len(text) != width:
            text = set_cell_size(text, width)
        return Strip([Segment(text, style)], width)

    def _style(self, look: str) -> Style:
        if look not in self._styles:
            self._styles[look] = self.get_component_rich_style(look) if look else self.rich_style
        return self._styles[look]

    def _ask(self, page: int) -> None:
        if page not in self._asked:
            self._asked.add(page)
            self.post_message(self.Missing(page, self.ids[page * PAGE : (page + 1) * PAGE]))

    def _follow(self) -> bool:
        """Bring the cursor into view, by half a page at least; True where the view moved."""
        height, top = self.page_lines, self.scroll_offset.y
        if top <= self.cursor < top + height:
            return False
        jump = max(height // 2, 1)
        if self.cursor == top - 1:
            target = self.cursor - jump
        elif self.cursor == top + height:
            target = self.cursor - height + 1 + jump
        else:
            target = self.cursor - height // 2
        self.scroll_to(y=max(target, 0), animate=False, force=True, immediate=True)
        return True
