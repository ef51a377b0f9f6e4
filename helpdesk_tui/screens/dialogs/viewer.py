"""A long text to be read, such as the original of a mail: drawn line by line, with a word to look for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input, Static

from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.screens.dialogs.dialog import Dialog
from helpdesk_tui.screens.widgets.thread_view import wrap


class LongText(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines cut to the width, drawn as they are needed."""

    def __init__(self, text: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._source = clean_text(text)
        self._lines: list[str] = []

    def on_resize(self) -> None:
        """Cut anew."""
        width = max(self.scrollable_content_region.width, 10)
        self._lines = list(wrap(self._source, width))
        self.virtual_size = Size(0, len(self._lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line."""
        index, width = self.scroll_offset.y + y, self.scrollable_content_region.width
        words = self._lines[index] if index < len(self._lines) else ""
        return Strip([Segment(words, self.rich_style)]).adjust_cell_length(width, self.rich_style)

    def scroll_lines(self, lines: int) -> None:
        """Scroll by lines."""
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False, force=True)

    def find(self, words: str, step: int = 1) -> bool:
        """Go to the next line (or the one before) that has these words; False where none has."""
        wanted, count = words.casefold(), len(self._lines)
        start = int(self.scroll_offset.y)
        for away in range(1, count + 1):
            at = (start + step * away) % count
            if wanted in self._lines[at].casefold():
                self.scroll_to(y=at, animate=False, force=True)
                return True
        return False


class Viewer(Dialog):
    """A text under a title; Esc or q closes it."""

    BINDINGS: ClassVar = [
        ("q,left,h", "dismiss_none", ""),
        ("j,down", "scroll(1)", ""),
        ("k,up", "scroll(-1)", ""),
        ("space,pagedown,ctrl+d", "page(1)", ""),
        ("pageup,ctrl+u", "page(-1)", ""),
        ("g,home", "end(-1)", ""),
        ("G,end", "end(1)", ""),
        ("slash,ctrl+f", "find", ""),
        ("n", "again(1)", ""),
        ("N", "again(-1)", ""),
        ("y", "copy", ""),
    ]

    def __init__(self, title: str, text: str, notes: Sequence[str] = ()) -> None:
        super().__init__()
        self._title = title
        self._words = text
        self._notes = notes
        self._wanted = ""

    def compose(self) -> ComposeResult:
        """Title, text, a field to look for something, the keys."""
        with Vertical(id="dialog", classes="viewer"):
            yield Static(Text(clean_line(self._title, 200)), classes="title", markup=False)
            yield LongText(self._words, id="long-text")
            yield Input(placeholder=_("look for"), id="look-for", classes="hidden")
            words = " · ".join([*self._notes, _("/ finds · y copies · q closes")])
            yield Static(Text(clean_line(words, 300)), classes="help", id="viewer-help", markup=False)

    @property
    def _text(self) -> LongText:
        return self.query_one("#long-text", LongText)

    def on_mount(self) -> None:
        """The keys go to the text."""
        self._text.focus()

    def action_scroll(self, lines: int) -> None:
        """Some lines on."""
        self._text.scroll_lines(lines)

    def action_page(self, pages: int) -> None:
        """A page on."""
        self._text.scroll_lines(pages * max(self._text.size.height - 2, 1))

    def action_end(self, way: int) -> None:
        """To an end of it."""
        self._text.scroll_lines(way * 10_000_000)

    def action_find(self) -> None:
        """Ask for words."""
        field = self.query_one("#look-for", Input)
        field.remove_class("hidden")
        field.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Look for them."""
        self._wanted = event.value.strip()
        event.input.add_class("hidden")
        self._text.focus()
        self.action_again(1)

    def action_again(self, step: int) -> None:
        """The next place that has them."""
        if self._wanted and not self._text.find(self._wanted, step):
            words = _("{words} is not in it").format(words=clean_line(self._wanted, 60))
            self.query_one("#viewer-help", Static).update(Text(words, "bold reverse"))

    def action_copy(self) -> None:
        """Copy all of it."""
        self.app.copy_to_clipboard(clean_text(self._words))
        self.query_one("#viewer-help", Static).update(Text(_("sent to the terminal's clipboard"), "bold"))

    def action_dismiss_none(self) -> None:
        """Leave the field, then the text."""
        if self.query_one("#look-for", Input).has_focus:
            self.query_one("#look-for", Input).add_class("hidden")
            self._text.focus()
        else:
            self.dismiss(None)
