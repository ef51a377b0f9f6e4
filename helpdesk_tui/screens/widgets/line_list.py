"""A list of short lines under a cursor, a line for each row."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import ClassVar, Generic, TypeVar

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

_T = TypeVar("_T")
#: The width of what marks the cursor, in cells.
EDGE = 1


class LineList(ScrollView, Generic[_T], can_focus=True, inherit_bindings=False):
    """Rows, one of them under the cursor; what a line says is its kind's own matter. Only what is in view is drawn."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--cursor"}

    class Moved(Message):
        """The cursor stands on another row, or on none."""

    class Opened(Message):
        """Somebody clicked the row under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: Sequence[_T] = ()
        self.cursor = 0
        self.now: datetime | None = None

    def line(self, row: _T, width: int) -> str:
        """What is said of a row, in so many cells."""
        raise NotImplementedError

    def identity(self, row: _T) -> Hashable:
        """What tells a row from others, however often it is read."""
        raise NotImplementedError

    def look(self, row: _T) -> Style | None:
        """How its line looks, where that is not as usual."""
        return None

    @property
    def current(self) -> _T | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    @property
    def page_lines(self) -> int:
        """How many lines are in view."""
        return max(self.size.height, 1)

    def show(self, rows: Sequence[_T], now: datetime) -> None:
        """Show these; the cursor stays on its row, or else on its line."""
        here = self.current
        at = [n for n, row in enumerate(rows) if here is not None and self.identity(row) == self.identity(here)]
        self.rows, self.now = rows, now
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
        row, is_here = self.rows[index], index == self.cursor
        style = self.rich_style + (self.look(row) or Style.null())
        if is_here:
            style = style + self.get_component_rich_style("list--cursor")
        text = f"{'▌' if is_here else ' '}{self.line(row, width - EDGE)}"
        return Strip([Segment(set_cell_size(text, width), style)], width)

    def _follow(self) -> None:
        """Bring the cursor into view."""
        top, height = self.scroll_offset.y, self.page_lines
        if not top <= self.cursor < top + height:
            self.scroll_to(y=max(self.cursor - height // 2, 0), animate=False, force=True, immediate=True)
