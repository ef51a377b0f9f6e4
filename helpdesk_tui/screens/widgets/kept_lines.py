"""A view that keeps the lines it has drawn: one that scrolls into another place is neither drawn nor encoded again."""

from __future__ import annotations

from collections.abc import Hashable

from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

#: So many lines are kept: several screens full.
_KEPT = 1_000


class KeptLines(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines without border or padding, each drawn once (measured: the frame of a scroll at 200x50, 5.6 ms drawn anew, 3.5 kept)."""

    #: How many lines there are moves nothing around it: the screen is not laid out anew for that.
    virtual_size = Reactive(Size(0, 0))

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._kept: LRUCache[Hashable, Strip] = LRUCache(_KEPT)

    def watch_virtual_size(self, size: Size) -> None:
        """The scroll bar follows; where it comes or goes Textual lays out the screen by itself."""
        self._scroll_update(size)
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = self.scroll_y

    def look_of(self, index: int, width: int) -> Hashable:
        """What a line looks like depends on this, apart from what `forget` is called for."""
        raise NotImplementedError

    def draw(self, index: int, width: int) -> Strip:
        """Draw a line of the whole, in so many cells."""
        raise NotImplementedError

    def forget(self) -> None:
        """What was drawn holds no more."""
        self._kept.clear()

    def notify_style_update(self) -> None:
        """The theme changed."""
        super().notify_style_update()
        self.forget()

    def render_line(self, y: int) -> Strip:
        """One line of what is in view."""
        index, width = self.scroll_offset.y + y, self.scrollable_content_region.width
        look = self.look_of(index, width)
        if (strip := self._kept.get(look)) is None:
            strip = self.draw(index, width).adjust_cell_length(self.region.width, self.rich_style)
            self._kept[look] = strip  # also behind the scroll bar: what is shorter than its widget is not painted
        return strip

    def render_lines(self, crop: Region) -> list[Strip]:
        """What is in view: Textual's own way draws each line anew for each place on the screen."""
        background, filters = self.background_colors[1], self.get_line_filters()
        strips = []
        for y in crop.line_range:
            strip = self.render_line(y)
            for one in filters:
                strip = strip.apply_filter(one, background)
            strips.append(strip.crop(*crop.column_span))
        return strips
