"""The board's left pane: the colleagues with how much room they have, then the queues with what nobody has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.events import Click
from textual.message import Message
from textual.widgets import Static

from helpdesk_tui.language import _, ngettext
from helpdesk_tui.screens.effect_words import until as until_day
from helpdesk_tui.screens.phrases import load_word
from helpdesk_tui.screens.widgets.columns import fit
from helpdesk_tui.store.queries.board import Side
from helpdesk_tui.terms import LoadState

_NAME, _STATE = 10, 12
_LOOKS = {LoadState.FREE: "green", LoadState.NEARLY_FULL: "yellow", LoadState.FULL: "bold red", LoadState.ABSENT: "dim"}


class SideList(VerticalScroll, can_focus=True, inherit_bindings=False):
    """Sides under a cursor; the one whose work is shown on the right has a mark."""

    class Moved(Message):
        """The cursor stands on another side."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.sides: Sequence[Side] = ()
        self.cursor = 0
        self._shown: tuple[str, str] | None = None

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static("", id="side-lines", markup=False)

    @property
    def current(self) -> Side | None:
        """The side under the cursor."""
        return self.sides[self.cursor] if self.cursor < len(self.sides) else None

    def show(self, sides: Sequence[Side]) -> None:
        """Show these; the cursor stays on the side it stands on, whatever line that is by now."""
        here, self.sides = self.current, sides
        at = [n for n, one in enumerate(sides) if here is not None and one.key == here.key]
        self.cursor = at[0] if at else max(min(self.cursor, len(sides) - 1), 0)
        self.draw()

    def mark_shown(self, side: Side) -> None:
        """The work of this side is shown on the right."""
        self._shown = side.key
        self.draw()

    def stand_on(self, login: str) -> None:
        """Put the cursor on a colleague, where they are among the sides."""
        self.cursor = next((n for n, one in enumerate(self.sides) if one.login == login), self.cursor)
        self.draw()

    def move(self, lines: int) -> None:
        """Move the cursor."""
        self.move_to(self.cursor + lines)

    def move_to(self, index: int) -> None:
        """Put the cursor on a line."""
        index = max(min(index, len(self.sides) - 1), 0)
        if index != self.cursor:
            self.cursor = index
            self.draw()
            self.scroll_to(y=max(index - self.size.height // 2, 0), animate=False)
            self.post_message(self.Moved())

    def on_click(self, event: Click) -> None:
        """A click chooses."""
        self.move_to(int(self.scroll_offset.y) + event.y)

    def on_resize(self) -> None:
        """Fit the lines to the new width."""
        self.draw()

    def draw(self) -> None:
        """Draw all lines anew."""
        width = max((self.size.width or 34) - 1, 20)
        text = Text(no_wrap=True, overflow="crop")
        for index, side in enumerate(self.sides):
            line = _line(side, width, is_cursor=index == self.cursor, is_shown=side.key == self._shown)
            text.append_text(line).append("\n")
        self.query_one("#side-lines", Static).update(text)


def _line(side: Side, width: int, *, is_cursor: bool, is_shown: bool) -> Text:
    mark = "▌" if is_cursor else "▸" if is_shown else " "
    text = Text(f"{mark} ", "bold" if is_cursor else "", no_wrap=True)
    if side.colleague is None:
        waiting = ngettext("{n} of nobody", "{n} of nobody", side.unassigned) if side.unassigned else _("nothing waits")
        text.append(fit(f"» {side.queue}", _NAME + 2)).append(f" {waiting}")
    else:
        one = side.colleague
        state = _absent(one.away_until) if one.away_until else fit(load_word(one.state), _STATE)
        text.append(f"{fit(one.login, _NAME)} ").append(f"{state} ", _LOOKS[one.state]).append(" ".join(one.teams))
    text.truncate(width, overflow="ellipsis")
    text.append(" " * max(width - text.cell_len, 0))
    if is_cursor:
        text.stylize("reverse")
    elif is_shown:
        text.stylize("bold")
    return text


def _absent(until: datetime) -> str:
    return _("absent till {day}").format(day=until_day(until))
