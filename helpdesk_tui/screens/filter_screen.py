"""A list that is narrowed while one types. A filter that cannot be read leaves the list as it was."""

from __future__ import annotations

from textual.timer import Timer
from textual.widgets import Input

from helpdesk_tui.errors import QueryError
from helpdesk_tui.language import _
from helpdesk_tui.rules.query import parse
from helpdesk_tui.screens.keys import Key
from helpdesk_tui.screens.list_screen import ListScreen
from helpdesk_tui.screens.widgets.lines import StatusLine

#: How long typing pauses before the list follows, in seconds.
_PAUSE = 0.08


class FilterScreen(ListScreen):
    """A list with a filter in its place (`place.filter`)."""

    def __init__(self) -> None:
        super().__init__()
        self._applied = ""
        self._unknown = ""
        self._filter_timer: Timer | None = None

    async def load(self, keep: int | None = None, *, stays: bool = False) -> None:
        """Show what matches."""
        raise NotImplementedError

    @property
    def filter_in_force(self) -> str:
        """The filter the list shows: the one that stands there, or the one before it where that makes no sense."""
        return self.place.filter if self.is_applied else self._applied

    @property
    def is_applied(self) -> bool:
        """True where the filter that stands there can be read, and names nothing that the store does not know."""
        try:
            parse(self.place.filter)
        except QueryError:
            return False
        return not self.place.filter or self.place.filter != self._unknown

    def say_what_is_wrong(self) -> None:
        """Say why the filter cannot be read."""
        try:
            parse(self.place.filter)
        except QueryError as error:
            self.refuse(error)

    def not_known(self, error: QueryError) -> None:
        """The store does not know a name in the filter."""
        self._unknown = self.place.filter
        self.refuse(error)

    def keys(self) -> list[Key]:
        """While the filter is typed, what leaves it."""
        if self.has_class("filtering"):
            keep, drop = _("keeps the filter"), _("takes it off")
            return [Key("filter.keep", "enter", keep, ""), Key("filter.drop", "escape", drop, "")]
        return super().keys()

    def action_filter(self) -> None:
        """Filter while typing."""
        self._applied = self.filter_in_force
        field = self.query_one("#filter", Input)
        self.add_class("filtering")
        field.value = self.place.filter
        field.focus()
        self.show_keys()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look again when typing pauses for a moment."""
        if event.input.id != "filter" or not self.has_class("filtering"):
            return
        if self._filter_timer is not None:
            self._filter_timer.stop()
        value = event.value
        self._filter_timer = self.set_timer(_PAUSE, lambda: self.set_filter(value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter and go back to the list."""
        if event.input.id == "filter":
            self.set_filter(event.value)
            self.leave_filter()

    def leave_filter(self) -> None:
        """Go back to the list; the filter stays."""
        if self._filter_timer is not None:
            self._filter_timer.stop()
        self.remove_class("filtering")
        self.tickets.focus()
        self.show_keys()
        self.desk_app.opening(self.load(stays=True))

    def set_filter(self, text: str) -> None:
        """Show what this filter means."""
        if text.strip() == self.place.filter:
            return
        self.place.filter = text.strip()
        self.query_one("#status", StatusLine).clear()
        (self.desk_app.spawn if self.has_class("filtering") else self.desk_app.opening)(self.load(stays=True))
        self.save_soon()
