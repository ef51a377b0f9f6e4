"""The floor of reading and writing: a bare Textual view of the same text, and a bare text area.

`python -m benchmarks.bare_thread FILE`: `o` opens the text at its end, `j` and `k` scroll, `q` closes it, `w` writes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static, TextArea


class BareThread(Screen[None]):
    """The text, wrapped by Textual."""

    BINDINGS: ClassVar = [("j", "move(1)", ""), ("k", "move(-1)", ""), ("q", "app.pop_screen", "")]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """One text that scrolls."""
        with VerticalScroll():
            yield Static(self._text, markup=False)

    def on_mount(self) -> None:
        """Begin at the end."""
        self.query_one(VerticalScroll).scroll_end(animate=False)

    def action_move(self, lines: int) -> None:
        """Scroll."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


class BareText(Screen[None]):
    """A text area."""

    def compose(self) -> ComposeResult:
        """It alone."""
        yield TextArea(soft_wrap=True)

    def on_mount(self) -> None:
        """Let the keys go into it."""
        self.query_one(TextArea).focus()


class BareThreadApp(App[None]):
    """An app with both."""

    BINDINGS: ClassVar = [("o", "open", ""), ("w", "write", "")]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """What stands there before."""
        yield Static("closed", markup=False)

    def action_open(self) -> None:
        """Open the text."""
        self.push_screen(BareThread(self._text))

    def action_write(self) -> None:
        """Write."""
        self.push_screen(BareText())


if __name__ == "__main__":
    BareThreadApp(Path(sys.argv[1]).read_text(encoding="utf-8")).run()
