"""A week of slots: days are columns, times are lines. The cursor stands on what is free and passes over all else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from rich.segment import Segment
from rich.style import Style
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from helpdesk_tui.language import _
from helpdesk_tui.rules.slots import Offer, SlotState
from helpdesk_tui.screens.widgets.columns import fit
from helpdesk_tui.store.queries.callbacks import Week

_LABEL = 8
_LEAST_CELL, _WIDEST_CELL = 9, 14
_WORKING_DAYS = 5


class Row(NamedTuple):
    """A time of day; `fold` 1 is the second of an hour that comes twice."""

    minutes: int
    fold: int


class SlotGrid(ScrollView, can_focus=True, inherit_bindings=False):
    """Slots under a cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"slot--free", "slot--not", "slot--cursor", "slot--own", "slot--head"}

    class Moved(Message):
        """The cursor stands on another slot."""

    class Chosen(Message):
        """Somebody clicked the slot under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.current: Offer | None = None
        self._days: list[date] = []
        self._rows: list[Row] = []
        self._cells: dict[tuple[Row, date], Offer] = {}
        self._own: datetime | None = None
        self._styles: dict[str, Style] = {}

    def show(self, week: Week, own: datetime | None, at: datetime | None) -> None:
        """Show a week.

        Args:
            own: the slot that this customer has; at: where the cursor shall stand, else on the first that is free.
        """
        zone, self._own = ZoneInfo(week.zone), own
        self._cells = {}
        for offer in week.offers:
            local = offer.start.astimezone(zone)
            self._cells[Row(local.hour * 60 + local.minute, local.fold), local.date()] = offer
        self._rows = _in_order({row for row, _day in self._cells})
        used = {day for _row, day in self._cells}
        all_days = [week.first + timedelta(days=n) for n in range(week.days)]
        self._days = [day for day in all_days if day in used or day.weekday() < _WORKING_DAYS]
        free = list(self._free())
        self.current = next((one for one in free if one.start == at), min(free, key=lambda o: o.start, default=None))
        self.virtual_size = Size(0, len(self._rows) + 1)
        self._follow()
        self.refresh()
        self.post_message(self.Moved())

    def go(self, lines: int, columns: int) -> None:
        """To the next free slot in this direction."""
        if self.current is None:
            return
        here = self._place(self.current)
        ways = self._along_column(*here, lines) if lines else self._along_line(*here, columns)
        self._stand_on(next(iter(ways), None))

    def go_to(self, start: datetime) -> bool:
        """To the slot that begins then; False where it is not free, or not in this week."""
        found = next((one for one in self._free() if one.start == start), None)
        self._stand_on(found)
        return found is not None

    def ends(self, *, is_last: bool) -> None:
        """To the first or the last free slot of the day."""
        if self.current is not None:
            _row, day = self._place(self.current)
            there = sorted((one for one in self._free() if self._place(one)[1] == day), key=lambda one: one.start)
            self._stand_on(there[-1 if is_last else 0])

    def render_line(self, y: int) -> Strip:
        """The days on the first line, which stays; below them a line for each time of day."""
        width = self.scrollable_content_region.width
        if y == 0:
            return self._heads(width)
        index = self.scroll_offset.y + y - 1
        if index >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        row = self._rows[index]
        mark = "²" if row.fold else ""
        segments = [
            Segment(fit(f" {row.minutes // 60:02}:{row.minutes % 60:02}{mark}", _LABEL), self._style("slot--head"))
        ]
        segments += [self._cell(self._cells.get((row, day))) for day in self._days]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def on_click(self, event: Click) -> None:
        """A click chooses a free slot; one on the chosen slot takes it."""
        row, column = self.scroll_offset.y + event.y - 1, (event.x - _LABEL) // self._cell_width
        if event.y > 0 and row < len(self._rows) and 0 <= column < len(self._days):
            found = self._cells.get((self._rows[row], self._days[column]))
            if found is not None and found == self.current:
                self.post_message(self.Chosen())
            elif found is not None and self._is_free(found):
                self._stand_on(found)

    def on_resize(self) -> None:
        """The cursor stays in view."""
        self._follow()

    def notify_style_update(self) -> None:
        """The theme changed."""
        super().notify_style_update()
        self._styles.clear()

    @property
    def _cell_width(self) -> int:
        room = (self.scrollable_content_region.width or 80) - _LABEL
        return max(min(room // max(len(self._days), 1), _WIDEST_CELL), _LEAST_CELL)

    def _heads(self, width: int) -> Strip:
        words = (_("Mo"), _("Tu"), _("We"), _("Th"), _("Fr"), _("Sa"), _("Su"))
        heads = [fit(f" {words[day.weekday()]} {day.day}", self._cell_width) for day in self._days]
        return Strip([Segment(f"{'':{_LABEL}}{''.join(heads)}", self._style("slot--head"))]).adjust_cell_length(
            width, self.rich_style
        )

    def _cell(self, offer: Offer | None) -> Segment:
        width = self._cell_width
        if offer is None:
            return Segment(" " * width, self.rich_style)
        if offer == self.current:
            return Segment(f"▌{fit(_words(offer), width - 2)}▐", self._style("slot--cursor"))
        if offer.start == self._own:
            return Segment(fit(" " + _("☎ booked"), width), self._style("slot--own"))
        look = "slot--free" if self._is_free(offer) else "slot--not"
        return Segment(fit(f" {_words(offer)}", width), self._style(look))

    def _is_free(self, offer: Offer) -> bool:
        return offer.state is SlotState.FREE and offer.start != self._own

    def _free(self) -> Iterator[Offer]:
        return (offer for offer in self._cells.values() if self._is_free(offer))

    def _place(self, offer: Offer) -> tuple[Row, date]:
        return next(place for place, there in self._cells.items() if there == offer)

    def _along_column(self, row: Row, day: date, step: int) -> Iterator[Offer]:
        index = self._rows.index(row) + step
        while 0 <= index < len(self._rows):
            found = self._cells.get((self._rows[index], day))
            if found is not None and self._is_free(found):
                yield found
            index += step

    def _along_line(self, row: Row, day: date, step: int) -> Iterator[Offer]:
        """The free slot nearest in time of each day in this direction."""
        index = self._days.index(day) + step
        while 0 <= index < len(self._days):
            there = [(at, self._cells.get((at, self._days[index]))) for at in self._rows]
            free = [(abs(at.minutes - row.minutes), one) for at, one in there if one is not None and self._is_free(one)]
            if free:
                yield min(free, key=lambda pair: pair[0])[1]
            index += step

    def _stand_on(self, offer: Offer | None) -> None:
        if offer is not None and offer != self.current:
            self.current = offer
            self._follow()
            self.refresh()
            self.post_message(self.Moved())

    def _follow(self) -> None:
        """Bring the cursor into view, below the line of days."""
        if self.current is None:
            return
        index, top, height = self._rows.index(self._place(self.current)[0]), self.scroll_offset.y, self.size.height - 1
        if height > 0 and not top <= index < top + height:
            self.scroll_to(y=max(index - height // 2, 0), animate=False, force=True, immediate=True)

    def _style(self, look: str) -> Style:
        if look not in self._styles:
            self._styles[look] = self.get_component_rich_style(look)
        return self._styles[look]


def _in_order(rows: set[Row]) -> list[Row]:
    """Times of a day as they pass: an hour that comes twice is gone through twice, one after the other."""
    last_twice = max((row.minutes for row in rows if row.fold), default=-1)
    return sorted(rows, key=lambda row: (last_twice if row.fold else row.minutes, row.fold, row.minutes))


def _words(offer: Offer) -> str:
    """A slot in words, so that it is told without colour."""
    return {
        SlotState.FREE: _("{n} free").format(n=offer.free),
        SlotState.FULL: _("░ full"),
        SlotState.PAST: _("past"),
        SlotState.TOO_SOON: _("too soon"),
        SlotState.CLOSED: _("closed"),
    }[offer.state]
