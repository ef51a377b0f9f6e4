"""Two panes: colleagues and queues on the left, the work of one of them on the right."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from helpdesk_tui.errors import Refused
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.screens.effect_words import extra_words
from helpdesk_tui.screens.list_screen import ListScreen
from helpdesk_tui.screens.widgets.columns import heading
from helpdesk_tui.screens.widgets.effect_line import EffectLine
from helpdesk_tui.screens.widgets.ground import Pane, Row
from helpdesk_tui.screens.widgets.lines import Heads, KeyLine, StatusLine
from helpdesk_tui.screens.widgets.preview import Preview
from helpdesk_tui.screens.widgets.sides import SideList
from helpdesk_tui.screens.widgets.ticket_list import TicketList
from helpdesk_tui.store.queries.board import Extra, Side, Standing, side_extras, side_tickets, sides
from helpdesk_tui.store.queries.tickets import numbers_of, ticket_rows

_EXTRAS_SHOWN = 3


class SidesScreen(ListScreen):
    """The sides under one cursor, the tickets of the one that is shown under another."""

    def __init__(self) -> None:
        super().__init__()
        self.giver: Side | None = None
        self.seen: dict[int, Standing] = {}
        self.extras: Sequence[Extra] = ()
        #: True where the calls and texts are meant of somebody who has no ticket.
        self.is_else_meant = False

    def compose(self) -> ComposeResult:
        """Head, two panes, the effect, status, keys; a companion beside them where the app has one."""
        with Row(id="frame"):
            with Pane(id="desk"):
                yield Static("", id="tabs", markup=False)
                with Row(id="board"):
                    yield SideList(id="sides")
                    with Pane(id="body"):
                        with Pane(id="rows"):
                            yield Heads(heading)
                            yield TicketList(id="list")
                            yield Static("", id="empty", markup=False)
                        yield Static("", id="extras", markup=False)
                        yield Preview(id="preview")
                yield EffectLine(id="effect")
                yield StatusLine(id="status")
                yield KeyLine(id="keys", markup=False)
            yield from self.desk_app.companion()

    @property
    def sides(self) -> SideList:
        """The left pane."""
        return self.query_one("#sides", SideList)

    @property
    def is_left(self) -> bool:
        """True where the keys move the left pane's cursor."""
        return self.sides.has_focus

    def on_mount(self) -> None:
        """Ask who there is, and show the work of the first one."""
        self.tickets.me = self.desk_app.desk.actor.login
        self.sides.focus()
        self.desk_app.opening(self._start())

    async def _start(self) -> None:
        await self._load_sides()
        self.sides.stand_on(self.desk_app.desk.actor.login)
        await self.show_work()

    # -- what lies where

    async def _load_sides(self) -> None:
        desk = self.desk_app.desk
        found = await self.desk_app.read(sides, desk.actor, desk.clock())
        self.sides.show(found)
        unassigned = sum(one.unassigned for one in found)
        words = ngettext("{n} of nobody", "{n} of nobody", unassigned)
        self.query_one("#tabs", Static).update(Text(f" {_('Board')} · {words}", "bold"))

    async def show_work(self) -> None:
        """Show the work of the side under the left cursor."""
        side = self.sides.current
        if side is None:
            return
        try:
            seen = await self.desk_app.read(side_tickets, self.desk_app.desk.actor, side)
            extras = await self._extras_of(side)
        except Refused as error:
            seen, extras = [], []
            self.refuse(error)
        if self.sides.current is None or self.sides.current.key != side.key:
            return
        self.sides.mark_shown(side)
        self.giver, self.seen, self.extras = side, {one.id: one for one in seen}, extras
        self.is_else_meant = False
        self.tickets.show(list(self.seen), self.desk_app.desk.clock(), keep=self.tickets.current)
        self._show_emptiness()
        self.say_state()

    async def _extras_of(self, side: Side | None) -> Sequence[Extra]:
        if side is None or not side.login:
            return []
        return await self.desk_app.read(side_extras, self.desk_app.desk.actor, side)

    @property
    def is_anything_meant(self) -> bool:
        """True where something is marked that is to go elsewhere."""
        return bool(self.tickets.marks) or self.is_else_meant

    @property
    def is_all_meant(self) -> bool:
        """True where calls and texts go along that hang on none of the tickets shown."""
        return self.is_else_meant or (bool(self.tickets.marks) and self.tickets.marks.keys() >= self.seen.keys())

    async def say_effect(self) -> None:
        """Say what would happen now."""

    def _show_emptiness(self) -> None:
        self.set_class(not self.tickets.ids, "empty")
        self.query_one("#empty", Static).update(Text(_("Nothing lies here."), justify="center"))

    def show_extras(self) -> None:
        """What goes along when everything goes: calls to make, unsent texts."""
        now, is_meant = self.desk_app.desk.clock(), self.is_all_meant
        lines = [extra_words(one, now) for one in self.extras[:_EXTRAS_SHOWN]]
        if (more := len(self.extras) - _EXTRAS_SHOWN) > 0:
            lines.append(ngettext("and {n} more", "and {n} more", more))
        extras, mark = self.query_one("#extras", Static), "*" if is_meant else " "
        extras.display = bool(lines)
        words = "\n".join(f"{mark}{line}" for line in lines)
        extras.update(Text(words, "" if is_meant else "dim", no_wrap=True, overflow="ellipsis"))

    def tickets_changed(self, tickets: set[int], own: set[int]) -> None:
        """Rows change where they stand; the order changes when one asks, or by one's own hand."""
        self.look_for_calls()
        (self.desk_app.opening if own else self.desk_app.spawn)(self._take_in(tickets, own))

    async def _take_in(self, tickets: set[int], own: set[int]) -> None:
        await self._load_sides()
        if own and not self.is_anything_meant:
            await self.show_work()
            return
        if here := self.tickets.here(tickets):
            self.tickets.update_rows(await self.desk_app.read(ticket_rows, here), self.desk_app.desk.clock())
        await self._drop_hidden()
        await self.say_effect()

    async def _drop_hidden(self) -> None:
        """Let go at once of what has gone out of sight, and of calls and texts that are no longer theirs."""
        ids, giver = list(self.tickets.ids), self.giver
        there = await self.desk_app.read(numbers_of, ids)
        extras = await self._extras_of(giver)
        if self.giver is not giver:
            return
        gone = set(ids) - there.keys()
        self.extras = extras
        self.seen = {one: seen for one, seen in self.seen.items() if one not in gone}
        self.tickets.drop(gone, self.desk_app.desk.clock())
        self._show_emptiness()

    # -- moving

    def action_enter(self) -> None:
        """To the tickets; there, open one."""
        if self.is_left:
            self.tickets.focus()
            self.show_keys()
        elif self.tickets.current is not None:
            self.open_ticket(self.tickets.current)

    def action_pane(self) -> None:
        """To the other pane."""
        (self.tickets if self.is_left else self.sides).focus()
        self.show_keys()

    def action_down(self) -> None:
        """Next line."""
        (self.sides if self.is_left else self.tickets).move(1)

    def action_up(self) -> None:
        """Previous line."""
        (self.sides if self.is_left else self.tickets).move(-1)

    def action_top(self) -> None:
        """First line."""
        (self.sides if self.is_left else self.tickets).move_to(0)

    def action_bottom(self) -> None:
        """Last line."""
        if self.is_left:
            self.sides.move_to(len(self.sides.sides) - 1)
        else:
            super().action_bottom()

    def action_refresh(self) -> None:
        """Load what is new."""
        self.desk_app.opening(self._take_in(set(), {0}))

    def open_ticket(self, ticket_id: int, writing: str = "") -> None:
        """Show a ticket above the board."""
        self.show_ticket(ticket_id, writing)

    # -- the shape

    def follow_cursor(self) -> None:
        """The preview has no room here at most widths."""
        if self.tickets.current is None:
            self.show_preview(None)
        elif self.has_class("widest"):
            super().follow_cursor()

    def apply_preview(self) -> None:
        """The preview stands below the tickets on the widest screens."""
        self.query_one("#preview", Preview).set_class(not self.has_class("widest"), "hidden")

    def save_soon(self) -> None:
        """The board begins anew each time: what was to be given away yesterday is another matter today."""
