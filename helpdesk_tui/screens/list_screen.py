"""A screen with a list under the keys: moving, marking, a preview that follows, and a place that is remembered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual.timer import Timer

from helpdesk_tui.desk.pages import TicketPage, preview_page, ticket_page
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens.keys import bindings
from helpdesk_tui.screens.phrases import out_of_sight
from helpdesk_tui.screens.place import Place, save_place, state_folder
from helpdesk_tui.screens.verb_screen import VerbScreen
from helpdesk_tui.screens.widgets.lines import StatusLine
from helpdesk_tui.screens.widgets.preview import Preview
from helpdesk_tui.screens.widgets.ticket_list import TicketList
from helpdesk_tui.store.queries.tickets import TicketRow, ticket_rows

#: How long the cursor rests before the preview follows, in seconds.
REST = 0.12
_SAVE_AFTER = 0.3
#: The head of the columns and some tickets stay in view; a preview lower than this, with its rule, says nothing.
_LEAST_ROWS, _LEAST_PREVIEW = 4, 3


class ListScreen(VerbScreen):
    """A list of tickets, its cursor, marks and preview."""

    BINDINGS: ClassVar = [*bindings("list")]

    def __init__(self) -> None:
        super().__init__()
        self.place = Place()
        self.page: TicketPage | None = None
        self._rest: Timer | None = None
        self._saving: Timer | None = None
        self._is_told_unsaved = False

    @property
    def tickets(self) -> TicketList:
        """The list."""
        return self.query_one("#list", TicketList)

    def chosen(self) -> list[int]:
        """The marked tickets, or the one under the cursor."""
        return self.tickets.chosen()

    def chosen_rows(self) -> list[TicketRow]:
        """The chosen tickets that are shown."""
        return [row for one in self.chosen() if (row := self.tickets.row_of(one)) is not None]

    def say_state(self) -> None:
        """Say what the list holds, and what the next verb hits."""

    # -- the preview follows when the cursor rests

    def on_ticket_list_missing(self, message: TicketList.Missing) -> None:
        """Fetch rows that are about to be drawn."""
        self.desk_app.spawn(self._fill(message.page, message.ids))

    async def _fill(self, page: int, ids: list[int]) -> None:
        self.tickets.fill(page, ids, await self.desk_app.read(ticket_rows, ids))

    def on_ticket_list_moved(self, message: TicketList.Moved) -> None:
        """The cursor moved: wait for it to rest."""
        if message.is_by_hand:
            self.asks_to_quit = False
            self.query_one("#status", StatusLine).clear()
        self.place.cursor = message.ticket_id
        self.save_soon()
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST, self.follow_cursor)

    def follow_cursor(self) -> None:
        if self.tickets.current is not None:
            self.desk_app.spawn(self._preview(self.tickets.current))

    async def _preview(self, ticket_id: int) -> None:
        page = await self.desk_app.read(preview_page, ticket_id)
        if self.tickets.current == ticket_id:
            self.show_preview(page)

    def show_preview(self, page: TicketPage | None) -> None:
        self.page = page
        self.query_one("#preview", Preview).show(page, self.desk_app.desk.clock())
        self.show_keys()

    def fit(self) -> None:
        """Fit columns and preview to the new size, too."""
        super().fit()
        self.afterwards(self.apply_preview)

    def apply_preview(self) -> None:
        preview = self.query_one("#preview", Preview)
        is_wide = self.has_class("wide")
        room = self.query_one("#body").size.height - _LEAST_ROWS
        lines = min(self.place.preview_lines, room)
        preview.set_class(not self.place.has_preview or not (is_wide or lines >= _LEAST_PREVIEW), "hidden")
        preview.styles.height = None if is_wide else lines

    def others_moved(self, tickets: set[int]) -> None:
        """Who writes stands in the list; nothing is counted anew for that."""
        self.desk_app.spawn(self._show_anew(tickets))

    async def _show_anew(self, tickets: set[int]) -> None:
        """A screen that is only just opening has no list yet; it will read them anyway."""
        if here := self.tickets.here(tickets):
            self.tickets.update_rows(await self.desk_app.read(ticket_rows, here), self.desk_app.desk.clock())

    # -- opening

    def show_ticket(self, ticket_id: int, writing: str = "", then: Callable[[None], None] | None = None) -> None:
        """Show a ticket above this screen; `then` is done when it is left."""
        self.desk_app.opening(self._show_ticket(ticket_id, writing, then))

    async def _show_ticket(self, ticket_id: int, writing: str, then: Callable[[None], None] | None) -> None:
        from helpdesk_tui.screens.ticket import TicketScreen

        page = await self.desk_app.read(ticket_page, ticket_id)
        if page is None:
            raise HelpdeskError(out_of_sight())
        await self.desk_app.kept(TicketScreen).show_over(page, self.tickets, writing, then)

    # -- keys

    def action_down(self) -> None:
        """Next line."""
        self.tickets.move(1)

    def action_up(self) -> None:
        """Previous line."""
        self.tickets.move(-1)

    def action_top(self) -> None:
        """First line."""
        self.tickets.move_to(0)

    def action_bottom(self) -> None:
        """Last line."""
        self.tickets.move_to(len(self.tickets.ids) - 1)

    def action_half_down(self) -> None:
        """Half a page down."""
        self.tickets.move(self.tickets.page_lines // 2)

    def action_half_up(self) -> None:
        """Half a page up."""
        self.tickets.move(-(self.tickets.page_lines // 2))

    def action_page_down(self) -> None:
        """A page down."""
        self.tickets.move(self.tickets.page_lines)

    def action_page_up(self) -> None:
        """A page up."""
        self.tickets.move(-self.tickets.page_lines)

    def action_mark(self) -> None:
        """Mark and go on."""
        self.tickets.mark()
        self.say_state()

    def action_mark_range(self) -> None:
        """Mark from the last mark to here."""
        self.tickets.mark_range()
        self.say_state()

    def action_mark_all(self) -> None:
        """Mark all that match."""
        self.tickets.mark_all()
        self.say_state()

    def action_preview(self) -> None:
        """Show or hide the preview."""
        self.place.has_preview = not self.place.has_preview
        self.apply_preview()
        self.save_soon()

    def action_grow(self) -> None:
        """More lines for the preview."""
        room = max(self.query_one("#body").size.height - _LEAST_ROWS, _LEAST_PREVIEW)
        self.place.preview_lines = min(self.place.preview_lines + 2, 20, room)
        self.apply_preview()

    def action_shrink(self) -> None:
        """Fewer lines for the preview."""
        self.place.preview_lines = max(self.place.preview_lines - 2, 3)
        self.apply_preview()

    # -- writing, which is done in the ticket

    def action_reply(self) -> None:
        """Open the ticket and answer it; several get one text."""
        if len(self.chosen()) > 1 and self.can("reply"):
            self.write_to_many(self.chosen())
        else:
            self._write("reply")

    def action_reply_all(self) -> None:
        """Open the ticket and answer all whom its last mail names."""
        self._write("reply_all")

    def action_ask_back(self) -> None:
        """Open the ticket and ask back."""
        self._write("ask_back")

    def action_forward(self) -> None:
        """Open the ticket and pass its last mail on."""
        self._write("forward")

    def action_note(self) -> None:
        """Open the ticket and write a note."""
        self._write("note")

    def action_log_call(self) -> None:
        """Open the ticket and write down a call."""
        self._write("log_call")

    def _write(self, action: str) -> None:
        if self.can(action):
            self.open_ticket(self.chosen()[0], action)

    def action_copy(self) -> None:
        """Copy the number."""
        if (row := self.tickets.current_row) is not None:
            self.copy_text(f"#{row.number}", f"#{row.number}")

    # -- standing the same after a restart

    @property
    def place_file(self) -> Path:
        return state_folder(self.desk_app.settings) / f"{self.desk_app.desk.actor.login}.json"

    def save_soon(self) -> None:
        if self._saving is None:
            self._saving = self.set_timer(_SAVE_AFTER, self._save)

    def _save(self) -> None:
        self._saving = None
        try:
            save_place(self.place_file, self.place)
        except OSError as error:
            self._say_unsaved(clean_line(error.strerror or str(error), 100))
        else:
            self._is_told_unsaved = False

    def _say_unsaved(self, words: str) -> None:
        """Say it once; a full disk is no reason to stop working."""
        if not self._is_told_unsaved and self.is_mounted:
            self._is_told_unsaved = True
            said = _("The place in the list cannot be remembered: {words}.").format(words=words)
            self.refuse(HelpdeskError(said, _("All else works.")))

    def on_unmount(self) -> None:
        """The program ends: what was to be remembered in a moment is remembered now."""
        if self._saving is not None:
            self._save()
