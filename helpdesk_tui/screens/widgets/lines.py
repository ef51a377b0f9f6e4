"""The quiet lines around a screen: tabs above, status and keys below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.widgets import Static

from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens.keys import Key

#: The width of a list's scrollbar in cells, which stands there always.
SCROLLBAR = 1


@dataclass(frozen=True, slots=True)
class Tab:
    """A view in the line of tabs; `count` "" while it is being counted. `is_kept`: it stands there however narrow."""

    key: str
    name: str
    count: str
    is_current: bool
    is_kept: bool = False

    @property
    def words(self) -> str:
        """What stands in the line."""
        return f" {' '.join(filter(None, (self.key, self.name, self.count)))} "


class TabLine(Static):
    """The views with their counts, and who one is."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._tabs: Sequence[Tab] = ()
        self._who = ""

    def show(self, tabs: Sequence[Tab], who: str) -> None:
        """Show these tabs; narrow screens see the current one and as many as fit."""
        self._tabs, self._who = tabs, f"{clean_line(who, 30)} ●"
        self._draw()

    def on_resize(self) -> None:
        """Fit the line anew."""
        if self._tabs:
            self._draw()

    def _draw(self) -> None:
        line = Text(no_wrap=True, overflow="crop")
        width = self.size.width or 80
        room = max(width - cell_len(self._who) - 2, width // 2)
        reserved = sum(cell_len(tab.words) for tab in self._tabs if tab.is_current or tab.is_kept)
        for tab in self._tabs:
            is_kept = tab.is_current or tab.is_kept
            reserved -= cell_len(tab.words) if is_kept else 0
            if is_kept or line.cell_len + cell_len(tab.words) + reserved <= room:
                line.append(tab.words, "reverse bold" if tab.is_current else "")
        line.append(" " * max(width - line.cell_len - cell_len(self._who) - 1, 1))
        line.append(self._who, "bold")
        self.update(line)


class Heads(Static):
    """The heads of a list's columns, which fit themselves to its width."""

    def __init__(self, heading: Callable[[int], str]) -> None:
        """Stand above a list.

        Args:
            heading: the words for so many cells, without those of the scrollbar.
        """
        super().__init__("", id="columns", markup=False)
        self._heading = heading

    def show(self, heading: Callable[[int], str]) -> None:
        """Stand above another list from now on."""
        self._heading = heading
        self.on_resize()

    def on_resize(self) -> None:
        """Fit the words anew."""
        words = self._heading(self.size.width - SCROLLBAR)
        self.update(Text(words, "dim", no_wrap=True, overflow="crop"))


class StatusLine(Static):
    """What the list holds on the left, a notice when there is one, mail on the right."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._left = ""
        self._right = ""
        self._notice = ""
        self._after = ""
        self._is_error = False

    def show(self, left: str | None = None, right: str | None = None) -> None:
        """Change what the line says."""
        self._left = self._left if left is None else left
        self._right = self._right if right is None else right
        self._draw()

    def notice(self, text: str, *, after: str = "", is_error: bool = False) -> None:
        """Say something until the next notice or `clear`; `after` stands behind it however long it is."""
        self._notice, self._after, self._is_error = text, after, is_error
        self._draw()

    def clear(self) -> None:
        """Take the notice away."""
        if self._notice:
            self.notice("")

    @property
    def said(self) -> str:
        """The notice that stands there."""
        return self._notice

    def on_resize(self) -> None:
        """Fit the line anew."""
        self._draw()

    def _draw(self) -> None:
        width = max((self.size.width or 80) - 2, 10)
        room = max(width // 2, width - cell_len(clean_line(self._left)) - 2)
        right = "" if self._notice else clean_line(self._right, room)
        left = self._fitted(clean_line(self._notice or self._left), max(width - cell_len(right) - 1, 0))
        self.styles.height = len(left)
        style = "bold reverse" if self._is_error and self._notice else "bold" if self._notice else ""
        shown = "\n".join(f" {line.plain} " for line in left)
        if self._notice and self._after:
            room = width - cell_len(self._after)
            words = Text(clean_line(self._notice))
            words.truncate(room, overflow="ellipsis")
            shown = f" {set_cell_size(words.plain + self._after, width)} "
        self.update(Text(shown, style, no_wrap=True).append(right, "dim"))

    def _fitted(self, words: str, width: int) -> list[Text]:
        """The words in one line, an error in up to two; what does not fit ends with an ellipsis."""
        lines = [Text(words)]
        if self._is_error and self._notice and cell_len(words) > width:
            first = Text(words).wrap(self.app.console, width)[0]
            lines = [first, Text(words[len(first.plain) :].strip())]
        for line in lines:
            line.truncate(width, overflow="ellipsis", pad=True)
        return lines


class KeyLine(Static):
    """The most used keys; what cannot be done now is dim."""

    def show(self, keys: Sequence[Key], dim: set[str]) -> None:
        """Show as many of these keys as fit."""
        line = Text(no_wrap=True, overflow="crop")
        width = max((self.size.width or 80) - 1, 10)
        help_words = next((f" {key.short} {key.word}" for key in keys if key.action == "help"), "")
        for key in keys:
            words = f" {key.short} {key.word}"
            if key.action == "help" or line.cell_len + cell_len(words) + cell_len(help_words) > width:
                continue
            look = "dim strike" if key.id in dim else ""
            line.append(f" {key.short}", look or "bold").append(f" {key.word}", look)
        line.append(help_words, "bold")
        self.update(line)
