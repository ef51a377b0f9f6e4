"""The floor of moving in a list: fifty lines that never change, drawn one by one, in a Textual app of their own."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.scroll_view import ScrollView
from textual.strip import Strip

LINES = 50
_CURSOR, _PLAIN = Style(bold=True, reverse=True), Style()


class BareList(ScrollView, can_focus=True):
    """Lines with a cursor; "other" shows other lines, so that all are drawn anew."""

    BINDINGS: ClassVar = [("j", "move(1)", ""), ("k", "move(-1)", ""), ("o", "other", "")]

    def __init__(self) -> None:
        super().__init__()
        self._cursor = 0
        self._first = 1000

    def action_move(self, lines: int) -> None:
        """Move the cursor; two lines are drawn."""
        before, self._cursor = self._cursor, (self._cursor + lines) % LINES
        self.refresh_line(before)
        self.refresh_line(self._cursor)

    def action_other(self) -> None:
        """Show other lines."""
        self._first = 201_000 - self._first
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line."""
        is_cursor = y == self._cursor
        words = f"{'▌' if is_cursor else ' '}● {self._first + y:>6} A line of a list that never changes"
        return Strip([Segment(words, _CURSOR if is_cursor else _PLAIN)]).adjust_cell_length(self.size.width)


class BareListApp(App[None]):
    """An app with that list."""

    def compose(self) -> ComposeResult:
        """The list."""
        yield BareList()


if __name__ == "__main__":
    BareListApp().run()
