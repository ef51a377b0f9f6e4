"""Where longer texts are typed."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import TextArea


class TextBox(TextArea):
    """A text; `ctrl+z` leaves for the shell here, too, and what was typed is taken back by `ctrl+_`, as in a shell."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "app.suspend_process", show=False),
        Binding("ctrl+underscore", "undo", show=False),
    ]

    def on_resize(self) -> None:
        """Where one writes stays in view."""
        self.call_after_refresh(self.scroll_cursor_visible)
