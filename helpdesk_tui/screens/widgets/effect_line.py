"""The line that tells before a key what it would do: as many of the words as fit, and the key always."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import Static


class EffectLine(Static):
    """Words in one line, followed by what does it."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._words: Sequence[str] = ("",)
        self._ending = ""

    def say(self, words: Sequence[str], ending: str = "") -> None:
        """Say these words, or shorter ones (`words` has the longest first); `ending` stands behind them in any case."""
        self._words, self._ending = words, f"   {ending}" if ending else ""
        self._draw()

    def on_resize(self) -> None:
        """Fit the words anew."""
        self._draw()

    def _draw(self) -> None:
        room = max((self.size.width or 80) - cell_len(self._ending) - len(" > "), 1)
        fitting = next((words for words in self._words if cell_len(words) <= room), self._words[-1])
        line = Text(f" > {fitting}", no_wrap=True)
        line.truncate(room + len(" > "), overflow="ellipsis")
        self.update(line.append(self._ending))
