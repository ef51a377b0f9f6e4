"""The conversation: messages, notes, calls and events by time, quotes folded, one message in focus.

Lines are cut to the width once and drawn as they are needed, so that a long thread opens as fast as a short one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from helpdesk_tui.desk.pages import TicketPage
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.screens.event_words import event_words, says_something
from helpdesk_tui.screens.phrases import KIND_SIGNS, delivery_word, moment, size
from helpdesk_tui.store.queries.thread import EventRow, MessageRow
from helpdesk_tui.terms import MessageKind

_INDENT = "   "
#: Longer lines are hard to read on wide screens, in cells.
_LONGEST_LINE = 100


@dataclass(frozen=True, slots=True)
class _Line:
    """One drawn line: its text, its look, and the number of the message it belongs to (-1: an event)."""

    text: str
    look: str
    message: int = -1


class ThreadView(ScrollView, can_focus=True, inherit_bindings=False):
    """A ticket's conversation."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "thread--head",
        "thread--own-head",
        "thread--note",
        "thread--event",
        "thread--fold",
        "thread--remark",
        "thread--file",
        "thread--focus",
        "thread--text",
    }

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.page: TicketPage | None = None
        self.focused_message = -1
        self._now: datetime | None = None
        self._cut_for = 0
        self._unfolded: set[int] = set()
        self._lines: list[_Line] = []
        self._starts: list[int] = []
        self._styles: dict[str, Style] = {}

    @property
    def message(self) -> MessageRow | None:
        """The message in focus."""
        if self.page is None or not 0 <= self.focused_message < len(self.page.messages):
            return None
        return self.page.messages[self.focused_message]

    def show(self, page: TicketPage, now: datetime) -> None:
        """Show a page; the place in it stays where it was, a new ticket opens at its last message."""
        is_new = self.page is None or self.page.ticket.id != page.ticket.id
        grew = self.page is not None and not is_new and len(page.messages) > len(self.page.messages)
        self.page, self._now = page, now
        if is_new:
            self._unfolded.clear()
        follows = is_new or (grew and self.focused_message >= len(page.messages) - 2)
        if follows:
            self.focused_message = len(page.messages) - 1
        self._cut()
        if follows:
            self.call_after_refresh(self._to_focus)

    def focus_message(self, step: int) -> None:
        """Put the focus on the next or previous message."""
        if self.page is None or not self.page.messages:
            return
        self.focused_message = max(0, min(self.focused_message + step, len(self.page.messages) - 1))
        self.refresh()
        self._to_focus()

    def fold(self) -> None:
        """Open or close what is quoted in the message in focus."""
        if self.message is not None and self.message.quoted:
            self._unfolded ^= {self.message.id}
            self._cut()

    def scroll_lines(self, lines: int) -> None:
        """Scroll by lines."""
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """One line of the conversation."""
        index = self.scroll_offset.y + y
        width = self.scrollable_content_region.width
        if width != self._cut_for and self.page is not None:
            self._cut_for = width
            self.call_later(self._cut)  # a scroll bar came or went, which is no resize
        if index >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        line = self._lines[index]
        style = self._style(line.look)
        is_focus = line.message == self.focused_message and line.message >= 0
        edge = Segment("▌" if is_focus else " ", self._style("thread--focus") if is_focus else style)
        return Strip([edge, Segment(set_cell_size(line.text, max(width - 1, 0)), style)], width)

    def on_resize(self) -> None:
        """Cut anew for another width; the message in focus stays in view."""
        self._cut()
        self._to_focus()

    def notify_style_update(self) -> None:
        """The theme changed."""
        super().notify_style_update()
        self._styles.clear()

    def _style(self, look: str) -> Style:
        if look not in self._styles:
            self._styles[look] = self.get_component_rich_style(look) if look else self.rich_style
        return self._styles[look]

    def _to_focus(self) -> None:
        """Bring the message in focus into view, whole where it fits, else from its head."""
        if not 0 <= self.focused_message < len(self._starts):
            return
        start = self._starts[self.focused_message]
        after = self._starts[self.focused_message + 1 :][:1] or [len(self._lines)]
        top, height = self.scroll_offset.y, self.size.height
        if top <= start and after[0] <= top + height:
            return
        below = max(after[0] - height, 0)
        self.scroll_to(y=min(start, below) if start >= top else start, animate=False, force=True)

    def _cut(self) -> None:
        """Make the lines for the present width."""
        if self.page is None or self.scrollable_content_region.width < 2:
            return
        self._cut_for = self.scrollable_content_region.width
        width = self.scrollable_content_region.width - 1
        self._lines, self._starts = [], []
        for number, item in _in_order(self.page):
            if isinstance(item, EventRow):
                self._lines += [
                    _Line(text, "thread--event") for text in wrap(f"○ {event_words(item, self._now)}", width)
                ]
            else:
                self._starts.append(len(self._lines))
                self._lines += self._message_lines(item, number, width)
        self.virtual_size = Size(0, len(self._lines))
        self.refresh()

    def _message_lines(self, message: MessageRow, number: int, width: int) -> Iterator[_Line]:
        yield _Line(_head(message, self._now, width), _head_look(message), number)
        look = "thread--note" if message.kind is MessageKind.NOTE else "thread--text"
        width = min(width, _LONGEST_LINE)
        for text in wrap(message.text or _("(no text)"), width, _INDENT):
            yield _Line(text, look, number)
        if message.quoted:
            yield from self._quoted(message, number, width)
        for one in message.files:
            yield _Line(f"{_INDENT}+ {one.name}  {size(one.size)}  {one.content_type}", "thread--file", number)
        for remark in message.remarks:
            look = "thread--remark" if remark.startswith("!") else "thread--event"
            for text in wrap(remark, width, _INDENT):
                yield _Line(text, look, number)
        if message.delivery_words:
            for text in wrap(f"! {message.delivery_words}", width, _INDENT):
                yield _Line(text, "thread--remark", number)
        yield _Line("", "", -1)

    def _quoted(self, message: MessageRow, number: int, width: int) -> Iterator[_Line]:
        count = message.quoted.count("\n") + 1
        if message.id not in self._unfolded:
            yield _Line(f"{_INDENT}⋯ {ngettext('{n} quoted line', '{n} quoted lines', count)}", "thread--fold", number)
            return
        for text in wrap(message.quoted, width, f"{_INDENT}│ "):
            yield _Line(text, "thread--fold", number)


def wrap(text: str, width: int, indent: str = "") -> Iterator[str]:
    """Lines of at most `width` cells, broken between words where that is possible."""
    room = max(width - cell_len(indent), 1)
    for line in text.expandtabs(4).split("\n"):
        if len(line) <= room and (line.isascii() or cell_len(line) <= room):
            yield indent + line
        else:
            for part in _broken(line, room):
                yield indent + part


def _broken(line: str, room: int) -> Iterator[str]:
    current, used = "", 0
    for word in line.split(" "):
        cells = cell_len(word)
        if used + cells + (1 if current else 0) <= room:
            current, used = (f"{current} {word}", used + cells + 1) if current else (word, cells)
            continue
        if current:
            yield current
        if cells > room:
            *full, word = chop_cells(word, room)
            yield from full
            cells = cell_len(word)
        current, used = word, cells
    yield current


def _in_order(page: TicketPage) -> Iterator[tuple[int, MessageRow | EventRow]]:
    """Messages and the events that say something, by time; a message with its number."""
    events = [event for event in page.events if says_something(event)]
    items: list[tuple[datetime, int, int, Any]] = [(m.received_at, 0, n, m) for n, m in enumerate(page.messages)]
    items += [(event.at, 1, event.id, event) for event in events]
    last = datetime.min.replace(tzinfo=page.ticket.created_at.tzinfo)
    ordered = []
    for at, kind, number, item in items:
        last = max(last, at) if kind == 0 else last
        ordered.append((last if kind == 0 else at, kind, number, item))
    return ((number, item) for _at, _kind, number, item in sorted(ordered, key=lambda one: one[:3]))


def _head(message: MessageRow, now: datetime | None, width: int) -> str:
    is_theirs = message.kind is MessageKind.INBOUND  # whom an answer goes to is never hidden behind a name
    name = (message.sender.whole if is_theirs else message.sender.called) or _("unknown sender")
    if message.kind is MessageKind.NOTE:
        name = _("note · {name}").format(name=name)
    elif message.is_automatic:
        name = _("automatic · {name}").format(name=name)
    kinds = {MessageKind.CALL: _("call"), MessageKind.NOTE: ""}
    said = [moment(message.received_at, now or message.received_at), kinds.get(message.kind, _("mail"))]
    right = " · ".join(filter(None, [delivery_word(message.delivery), *said]))
    left = f"{KIND_SIGNS[message.kind]} {name}"
    room = width - cell_len(right) - 2
    return f"{set_cell_size(left, max(room, 0))} {right}"


def _head_look(message: MessageRow) -> str:
    if message.kind is MessageKind.NOTE:
        return "thread--note"
    return "thread--own-head" if message.kind is MessageKind.OUTBOUND else "thread--head"
