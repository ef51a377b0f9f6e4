"""The conversation: messages, notes, calls and events by time, quotes folded, one message in focus.

Lines are cut to the width once and drawn as they are needed, so that a long thread opens as fast as a short one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from helpdesk_tui.desk.pages import TicketPage
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.screens.delivery_words import call_words, delivery_lines
from helpdesk_tui.screens.event_words import event_words, says_something
from helpdesk_tui.screens.phrases import KIND_SIGNS, delivery_word, moment, size
from helpdesk_tui.screens.recipients import usual_addresses, went_to
from helpdesk_tui.screens.widgets.columns import fit
from helpdesk_tui.screens.widgets.finder import Finder, Mark
from helpdesk_tui.screens.widgets.kept_lines import KeptLines
from helpdesk_tui.store.queries.thread import EventRow, MessageRow
from helpdesk_tui.terms import MessageKind

_INDENT = "   "
#: Longer lines are hard to read on wide screens, in cells.
_LONGEST_LINE = 100


class _Line(NamedTuple):
    """One drawn line: its text and its look."""

    text: str
    look: str


class _Cut(NamedTuple):
    """The lines of a message, and what they were cut from: as long as that is the same, they are."""

    message: MessageRow
    width: int
    is_open: bool
    is_new: bool
    day: date
    lines: list[_Line]


class ThreadView(KeptLines, can_focus=True, inherit_bindings=False):
    """A ticket's conversation."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "thread--head",
        "thread--own-head",
        "thread--note",
        "thread--call",
        "thread--event",
        "thread--fold",
        "thread--remark",
        "thread--file",
        "thread--focus",
        "thread--text",
        "thread--found",
        "thread--new",
    }

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.page: TicketPage | None = None
        self.focused_message = -1
        self._now: datetime | None = None
        self._cut_for = 0
        self._unfolded: set[int] = set()
        self._seen_until: int | None = None
        self._lines: list[_Line] = []
        #: The number of the message that each line belongs to; -1 for an event.
        self._owners: list[int] = []
        self._starts: list[int] = []
        self._cuts: dict[int, _Cut] = {}
        self._usual: frozenset[str] = frozenset()
        self._styles: dict[str, Style] = {}
        self._wanted = ""
        #: The line each place begins on, and what is marked on each line.
        self._found: list[int] = []
        self._marks: dict[int, list[Mark]] = {}
        self._at = -1

    @property
    def message(self) -> MessageRow | None:
        """The message in focus."""
        if self.page is None or not 0 <= self.focused_message < len(self.page.messages):
            return None
        return self.page.messages[self.focused_message]

    def show(self, page: TicketPage, now: datetime, seen_until: int | None = None) -> None:
        """Show a page; the place in it stays where it was.

        A ticket that is opened shows the newest message that is new to its reader, else the last one.

        Args:
            seen_until: the id of the newest message they have seen; None where that is not known.
        """
        is_new = self.page is None or self.page.ticket.id != page.ticket.id
        grew = self.page is not None and not is_new and len(page.messages) > len(self.page.messages)
        self.page, self._now = page, now
        usual = usual_addresses(page)
        if is_new or usual != self._usual:
            self._usual = usual
            self._cuts.clear()
        if is_new:
            self._unfolded.clear()
            self._seen_until = seen_until
        follows = is_new or (grew and self.focused_message >= len(page.messages) - 2)
        if follows:
            self.focused_message = self._newest_unseen(page) if is_new else len(page.messages) - 1
        self._cut()
        if follows:
            self._to_focus()  # so that it is painted once, where it shall stand
            self.call_after_refresh(self._to_focus)  # and where its size is known only then

    def clear(self) -> None:
        """Show nothing, and know nothing of what was shown."""
        self.page, self.focused_message = None, -1
        self._lines, self._owners, self._starts = [], [], []
        self._cuts.clear()
        self._unfolded.clear()
        self.forget()
        self.scroll_to(y=0, animate=False, force=True)

    def _newest_unseen(self, page: TicketPage) -> int:
        unseen = [n for n, one in enumerate(page.messages) if self._is_new(one) and not one.is_automatic]
        return unseen[-1] if unseen else len(page.messages) - 1

    def _is_new(self, message: MessageRow) -> bool:
        """True for what somebody else wrote since its reader was here last."""
        return self._seen_until is not None and message.id > self._seen_until

    def find(self, words: str) -> None:
        """Mark all places that have these words, and go to the first from where one is; "" takes the marks away."""
        self._wanted = words
        if words and self.page is not None:
            wanted = " ".join(words.casefold().split())
            folded = {one.id for one in self.page.messages if wanted in " ".join(one.quoted.casefold().split())}
            if folded - self._unfolded:
                self._unfolded |= folded
                self._cut()
        self._look()
        top = self.scroll_offset.y
        self._at = next((n for n, line in enumerate(self._found) if line >= top), 0) if self._found else -1
        self._go_to_found()

    @property
    def found(self) -> tuple[int, int]:
        """Which of the places one is at, from 1, and how many there are."""
        return self._at + 1, len(self._found)

    def find_next(self, step: int) -> bool:
        """Go to the next place that has the words, or the one before; False where none has."""
        if self._found:
            self._at = (self._at + step) % len(self._found)
            self._go_to_found()
        return bool(self._found)

    def _look(self) -> None:
        self.forget()
        self._marks.clear()
        self._found.clear()
        if not self._wanted:
            return
        for place in Finder([line.text for line in self._lines], self._owners).find(self._wanted):
            self._found.append(place[0].line)
            for mark in place:
                self._marks.setdefault(mark.line, []).append(mark)

    def _go_to_found(self) -> None:
        if self._found:
            line = self._found[self._at]
            if self._owners[line] >= 0:
                self.focused_message = self._owners[line]
            self.scroll_to(y=max(line - self.size.height // 2, 0), animate=False, force=True)
        self.refresh()

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

    def look_of(self, index: int, width: int) -> tuple[int, int, bool]:
        """A line looks as it is, but for the edge of the message in focus."""
        if width != self._cut_for and self.page is not None:
            self._cut_for = width
            self.call_later(self._cut)  # a scroll bar came or went, which is no resize
        return index, width, self._is_in_focus(index)

    def _is_in_focus(self, index: int) -> bool:
        return index < len(self._owners) and self._owners[index] == self.focused_message >= 0

    def draw(self, index: int, width: int) -> Strip:
        """One line of the conversation."""
        if index >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        line = self._lines[index]
        style = self._style(line.look)
        edge = Segment("▌", self._style("thread--focus")) if self._is_in_focus(index) else Segment(" ", style)
        if marks := self._marks.get(index):
            return Strip([edge, *self._marked(line.text, style, marks)]).adjust_cell_length(width, style)
        return Strip([edge, Segment(set_cell_size(line.text, max(width - 1, 0)), style)], width)

    def _marked(self, text: str, style: Style, marks: Sequence[Mark]) -> Iterator[Segment]:
        """A line with the words that are looked for marked in it."""
        look, at = self._style("thread--found"), 0
        for mark in marks:
            yield Segment(text[at : mark.start], style)
            yield Segment(text[mark.start : mark.end], look)
            at = mark.end
        yield Segment(text[at:], style)

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
        self._lines, self._owners, self._starts = [], [], []
        for number, item in _in_order(self.page):
            if isinstance(item, EventRow):
                lines = [_Line(text, "thread--event") for text in wrap(f"○ {event_words(item, self._now)}", width)]
                self._owners += [-1] * len(lines)
            else:
                self._starts.append(len(self._lines))
                lines = self._cut_message(item, width)
                self._owners += [number] * (len(lines) - 1) + [-1]
            self._lines += lines
        self._look()
        self.virtual_size = Size(0, len(self._lines))
        self.refresh()

    def _cut_message(self, message: MessageRow, width: int) -> list[_Line]:
        """The lines of a message; they are cut once as long as nothing about it changes."""
        is_open, is_new = message.id in self._unfolded, self._is_new(message)
        today = (self._now or message.received_at).astimezone().date()
        known = self._cuts.get(message.id)
        if known is None or known[:-1] != (message, width, is_open, is_new, today):
            lines = list(self._message_lines(message, width))
            known = self._cuts[message.id] = _Cut(message, width, is_open, is_new, today, lines)
        return known.lines

    def _message_lines(self, message: MessageRow, width: int) -> Iterator[_Line]:
        """What is drawn of a message, and an empty line behind it."""
        look = "thread--new" if self._is_new(message) else _head_look(message)
        yield _Line(_head(message, self._now, width, is_new=self._is_new(message)), look)
        yield from _lines(went_to(message, self._usual), width, "thread--event")
        look = _TEXT_LOOKS.get(message.kind, "thread--text")
        width = min(width, _LONGEST_LINE)
        if message.call:
            yield from _lines(call_words(message.call), width, "thread--call")
        for text in wrap(message.text or _("(no text)"), width, _INDENT):
            yield _Line(text, look)
        if message.quoted:
            yield from self._quoted(message, width)
        for one in message.files:
            yield _Line(f"{_INDENT}+ {one.name}  {size(one.size)}  {one.content_type}", "thread--file")
        for remark in message.remarks:
            yield from _lines(remark, width, "thread--remark" if remark.startswith("!") else "thread--event")
        for words in delivery_lines(message, self._now):
            yield from _lines(f"! {words}", width, "thread--remark")
        yield _Line("", "")

    def _quoted(self, message: MessageRow, width: int) -> Iterator[_Line]:
        count = message.quoted.count("\n") + 1
        if message.id not in self._unfolded:
            yield _Line(f"{_INDENT}⋯ {ngettext('{n} quoted line', '{n} quoted lines', count)}", "thread--fold")
            return
        for text in wrap(message.quoted, width, f"{_INDENT}│ "):
            yield _Line(text, "thread--fold")


#: What texts of a kind look like, where they have a look of their own.
_TEXT_LOOKS = {MessageKind.NOTE: "thread--note", MessageKind.CALL: "thread--call"}


def _lines(words: str, width: int, look: str) -> Iterator[_Line]:
    return (_Line(text, look) for text in wrap(words, width, _INDENT)) if words else iter(())


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


def _head(message: MessageRow, now: datetime | None, width: int, *, is_new: bool) -> str:
    is_theirs = message.kind is MessageKind.INBOUND  # whom an answer goes to is never hidden behind a name
    name = (message.sender.whole if is_theirs else message.sender.called) or _("unknown sender")
    if message.kind is MessageKind.NOTE:
        name = _("note · {name}").format(name=name)
    elif message.is_automatic:
        name = _("automatic · {name}").format(name=name)
    kinds = {MessageKind.CALL: _("call"), MessageKind.NOTE: ""}
    said = [moment(message.received_at, now or message.received_at), kinds.get(message.kind, _("mail"))]
    leaves = _leaves_words(message, now)
    right = " · ".join(filter(None, [leaves or delivery_word(message.delivery), *said]))
    left = f"{'● ' if is_new else ''}{KIND_SIGNS[message.kind]} {name}"
    room = width - cell_len(right) - 2
    return f"{fit(left, max(room, 0))} {right}"


def _leaves_words(message: MessageRow, now: datetime | None) -> str:
    """When an answer leaves that waits for its time; "" for any other."""
    if message.leaves_at is None or message.delivery_words or now is None or message.leaves_at <= now:
        return ""
    return _("leaves {when}").format(when=moment(message.leaves_at, now))


def _head_look(message: MessageRow) -> str:
    if message.kind in _TEXT_LOOKS:
        return _TEXT_LOOKS[message.kind]
    return "thread--own-head" if message.kind is MessageKind.OUTBOUND else "thread--head"
