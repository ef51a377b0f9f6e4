"""The board: colleagues and queues on the left, their work on the right; what is marked goes over, the effect is told before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.widgets import Static

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.handover import hand_over
from helpdesk_tui.errors import Refused
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules import permissions
from helpdesk_tui.screens.keys import Key, bindings
from helpdesk_tui.screens.list_screen import ListScreen
from helpdesk_tui.screens.phrases import load_word, moment
from helpdesk_tui.screens.widgets.columns import heading
from helpdesk_tui.screens.widgets.lines import KeyLine, StatusLine
from helpdesk_tui.screens.widgets.preview import Preview
from helpdesk_tui.screens.widgets.sides import SideList
from helpdesk_tui.screens.widgets.ticket_list import TicketList
from helpdesk_tui.store.queries.board import (
    Effect,
    Extra,
    Side,
    Standing,
    effect,
    proposal,
    side_extras,
    side_tickets,
    sides,
)
from helpdesk_tui.store.queries.tickets import ticket_rows
from helpdesk_tui.terms import LoadState, Outcome, Verb

#: Keys of lists that have nothing to do here.
NOT_HERE = ("open", "filter", "preview", "grow", "shrink", "next_view", "previous_view", "back", "peel")
_EXTRAS_SHOWN = 3


class BoardScreen(ListScreen):
    """Two panes; marks in the right one are given to the side under the left one's cursor."""

    BINDINGS: ClassVar = [*bindings("board")]
    AREAS: ClassVar[tuple[str, ...]] = ("board", "list", "verb", "any")

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[int, Standing] = {}
        self._extras: Sequence[Extra] = ()
        self._giver: Side | None = None
        #: Who gets what, where it was proposed: numbers by login.
        self._proposed: Mapping[str, Sequence[int]] | None = None

    def compose(self) -> ComposeResult:
        """Head, two panes, the effect, status, keys; a companion beside them where the app has one."""
        with Horizontal(id="frame"):
            with Container(id="desk"):
                yield Static("", id="tabs", markup=False)
                with Horizontal(id="board"):
                    yield SideList(id="sides")
                    with Container(id="body"):
                        with Container(id="rows"):
                            yield Static("", id="columns", markup=False)
                            yield TicketList(id="list")
                            yield Static("", id="empty", markup=False)
                        yield Static("", id="extras", markup=False)
                        yield Preview(id="preview")
                yield Static("", id="effect", markup=False)
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
        me = self.desk_app.desk.actor.login
        at = next((n for n, one in enumerate(self.sides.sides) if one.login == me), 0)
        self.sides.cursor = self.sides.shown = at
        self.sides.draw()
        await self._show_work()

    # -- what lies where

    async def _load_sides(self) -> None:
        desk = self.desk_app.desk
        found = await self.desk_app.read(sides, desk.actor, desk.clock())
        self.sides.show(found)
        unassigned = sum(one.unassigned for one in found)
        words = ngettext("{n} of nobody", "{n} of nobody", unassigned)
        self.query_one("#tabs", Static).update(Text(f" {_('Board')} · {words}", "bold"))

    async def _show_work(self) -> None:
        """Show the work of the side under the left cursor."""
        side = self.sides.current
        if side is None:
            return
        desk = self.desk_app.desk
        try:
            seen = await self.desk_app.read(side_tickets, desk.actor, side)
            extras = await self.desk_app.read(side_extras, desk.actor, side) if side.login else []
        except Refused as error:
            seen, extras = [], []
            self.refuse(error)
        if self.sides.current != side:
            return
        self.sides.shown, self._giver = self.sides.cursor, side
        self.sides.draw()
        self._seen = {one.id: one for one in seen}
        self._extras, self._proposed = extras, None
        self.tickets.show(list(self._seen), desk.clock(), keep=self.tickets.current)
        self.set_class(not seen, "empty")
        self.query_one("#empty", Static).update(Text(_("Nothing lies here."), justify="center"))
        self._show_extras()
        self.say_state()

    def _show_extras(self) -> None:
        """What goes along when everything goes: calls to make, unsent texts."""
        now = self.desk_app.desk.clock()
        lines = [_extra_words(one, moment(one.at, now)) for one in self._extras[:_EXTRAS_SHOWN]]
        if (more := len(self._extras) - _EXTRAS_SHOWN) > 0:
            lines.append(ngettext("and {n} more", "and {n} more", more))
        extras = self.query_one("#extras", Static)
        extras.display = bool(lines)
        extras.update(Text("\n".join(f" {line}" for line in lines), "dim", no_wrap=True, overflow="ellipsis"))

    def on_ticket_list_missing(self, message: TicketList.Missing) -> None:
        """Fetch rows that are about to be drawn."""
        self.desk_app.spawn(self._fill(message.page, message.ids))

    async def _fill(self, page: int, ids: list[int]) -> None:
        self.tickets.fill(page, ids, await self.desk_app.read(ticket_rows, ids))

    def tickets_changed(self, tickets: set[int], own: set[int]) -> None:
        """Rows change where they stand; the order changes when one asks, or by one's own hand."""
        (self.desk_app.opening if own else self.desk_app.spawn)(self._take_in(tickets, own))

    async def _take_in(self, tickets: set[int], own: set[int]) -> None:
        await self._load_sides()
        if own and not self.tickets.marks:
            await self._show_work()
        elif here := self.tickets.here(tickets):
            self.tickets.update_rows(await self.desk_app.read(ticket_rows, here), self.desk_app.desk.clock())

    # -- the effect is told before

    def say_state(self) -> None:
        """Say what would happen now."""
        self._proposed = None
        self.desk_app.spawn(self._say_effect())
        self.show_keys()

    def _shares(self) -> Mapping[str, Sequence[int]]:
        """Who would get what: numbers by login; nobody where nothing is marked, or it stays where it is."""
        if self._proposed is not None:
            return self._proposed
        to, giver = self.sides.current, self._giver
        numbers = [self._seen[one].number for one in self.tickets.marks if one in self._seen]
        if to is None or giver is None or not numbers or to == giver or (to.queue and giver.queue):
            return {}
        return {to.login: numbers}

    async def _say_effect(self) -> None:
        shares, giver = self._shares(), self._giver
        marks = len(self.tickets.marks)
        words = _("mark tickets with space, all with *; then choose on the left who gets them")
        if shares and giver is not None:
            told = await self.desk_app.read(effect, giver.login, shares, self.desk_app.desk.clock())
            words = _effect_words(told, shares)
        elif marks:
            words = ngettext("{n} marked ticket: choose on the left who gets it, = proposes",
                             "{n} marked tickets: choose on the left who gets them, = proposes", marks)  # fmt: skip
        if shares == self._shares():
            self.query_one("#effect", Static).update(Text(f" > {words}", no_wrap=True, overflow="ellipsis"))

    def on_side_list_moved(self) -> None:
        """The left cursor moved: with marks it chooses who gets them, without it shows the work there."""
        self.query_one("#status", StatusLine).clear()
        if self.tickets.marks:
            self.say_state()
        else:
            self.desk_app.opening(self._show_work())

    # -- what verbs hit

    def why_not(self, action: str) -> str:
        """Why an action cannot be done now."""
        if action in ("give", "share") and (reason := permissions.refusal(self.desk_app.desk.actor, Verb.HAND_OVER)):
            return reason
        if action == "share" and not self.tickets.marks:
            return _("Mark the tickets that are to be shared out; * marks all.")
        return super().why_not(action)

    def keys(self) -> list[Key]:
        """The keys that work here."""
        all_keys = super().keys()
        return [key for key in all_keys if key.area != "list" or key.action not in NOT_HERE]

    def acted(self, outcome: Outcome, ids: Sequence[int]) -> None:
        """A verb was done: the marks of these tickets have served."""
        self.tickets.unmark(ids)
        self.say_state()
        super().acted(outcome, ids)

    # -- keys

    def action_give(self) -> None:
        """Do what the effect says; without marks go to the tickets, or open one."""
        shares, giver = self._shares(), self._giver
        if shares and giver is not None:
            if self.can("give"):
                self._give(giver, shares)
        elif self.tickets.marks:
            self.notice(_("Choose on the left who gets them; = proposes."))
            self.sides.focus()
        else:
            self.action_enter()

    def _give(self, giver: Side, shares: Mapping[str, Sequence[int]]) -> None:
        seen = {one.number: one for one in self._seen.values()}
        given = {login: [seen[n] for n in numbers if n in seen] for login, numbers in shares.items()}
        ids = list(self.tickets.marks)
        is_all = set(ids) >= set(self._seen)
        self.perform(partial(_hand_over, giver=giver.login, shares=given, is_all=is_all), ids)

    def action_share(self) -> None:
        """Propose who gets what."""
        if self.can("share"):
            self.desk_app.opening(self._propose())

    async def _propose(self) -> None:
        numbers = [self._seen[one].number for one in self.tickets.marks if one in self._seen]
        giver = self._giver.login if self._giver else ""
        found = await self.desk_app.read(proposal, giver, numbers, self.desk_app.desk.clock())
        self.say_state()
        self._proposed = found
        await self._say_effect()

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

    def action_mark(self) -> None:
        """Mark and go on; in the left pane go to the tickets first."""
        if self.is_left:
            self.action_pane()
        super().action_mark()

    def action_back(self) -> None:
        """Peel one layer: marks, the pane, the board."""
        if self.tickets.marks:
            self.tickets.unmark()
            self.desk_app.opening(self._show_work())
        elif not self.is_left:
            self.action_pane()
        else:
            self.dismiss()

    def action_refresh(self) -> None:
        """Load what is new."""
        self.desk_app.opening(self._take_in(set(), {0}))

    def open_ticket(self, ticket_id: int) -> None:
        """Show a ticket above the board."""
        from helpdesk_tui.screens.ticket import TicketScreen

        self.app.push_screen(TicketScreen(ticket_id, self.tickets))

    def action_reply(self) -> None:
        """Open the ticket and answer it."""
        self._write("reply")

    def action_note(self) -> None:
        """Open the ticket and write a note."""
        self._write("note")

    def _write(self, kind: str) -> None:
        from helpdesk_tui.screens.ticket import TicketScreen

        if self.can(kind):
            self.app.push_screen(TicketScreen(self.chosen()[0], self.tickets, kind))

    # -- the shape

    def follow_cursor(self) -> None:
        """The preview has no room here at most widths."""
        if self.has_class("widest"):
            super().follow_cursor()

    def apply_preview(self) -> None:
        """The preview stands below the tickets on the widest screens."""
        self.query_one("#preview", Preview).set_class(not self.has_class("widest"), "hidden")

    def _fit_columns(self) -> None:
        self.apply_preview()
        heads = heading(self.query_one("#rows").size.width - self.tickets.scrollbar_size_vertical)
        self.query_one("#columns", Static).update(Text(heads, "dim", no_wrap=True, overflow="crop"))

    def save_soon(self) -> None:
        """The board begins anew each time: what was to be given away yesterday is another matter today."""


def _hand_over(desk: Desk, giver: str, shares: Mapping[str, Sequence[Standing]], *, is_all: bool) -> Outcome:
    return hand_over(desk, giver, shares, with_all_else=is_all)


def _extra_words(extra: Extra, when: str) -> str:
    if extra.kind == "call":
        return _("☎ call {when} · #{number}").format(when=when, number=extra.ticket)
    if extra.ticket is None:
        return _("✎ unsent text of a new request")
    return _("✎ unsent text · #{number}").format(number=extra.ticket)


def _change_words(login: str, before: LoadState, after: LoadState) -> str:
    if before is after:
        return _("{login} stays {state}").format(login=login, state=load_word(before))
    return f"{login}: {load_word(before)} → {load_word(after)}"


def _effect_words(told: Effect, shares: Mapping[str, Sequence[int]]) -> str:
    """`cara: free → nearly full · ben: full → free`, and what stays where it is."""
    said = [_change_words(*state) for state in told.states if state[1] is not LoadState.ABSENT]
    if "" in shares:
        said.insert(0, ngettext("{n} back to its queue", "{n} back to their queues", len(shares[""])))
    for login, count in told.strangers:
        words = ngettext("{n} stays, {login} does not belong there", "{n} stay, {login} does not belong there", count)
        said.append(words.format(login=login))
    return f"{' · '.join(said)}   {_('Enter does it')}"
