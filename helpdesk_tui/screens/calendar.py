"""The week of a team's calls beside a thread: book, move, give up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Static

from helpdesk_tui.desk.callback_places import when
from helpdesk_tui.desk.callbacks import Wish, book, cancel_booking, move_booking
from helpdesk_tui.desk.calls import Ended, record_outcome
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.pages import CallPage, call_page
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.rules.phones import read_number, shown
from helpdesk_tui.rules.slots import Offer
from helpdesk_tui.screens.call_words import city, there
from helpdesk_tui.screens.desk_screen import DeskScreen
from helpdesk_tui.screens.dialogs.dialog import Ask
from helpdesk_tui.screens.keys import Key, bindings, table
from helpdesk_tui.screens.widgets.ground import Pane, Row
from helpdesk_tui.screens.widgets.lines import KeyLine, StatusLine
from helpdesk_tui.screens.widgets.preview import Preview
from helpdesk_tui.screens.widgets.slot_grid import SlotGrid
from helpdesk_tui.terms import CallOutcome, Outcome

_WEEK = timedelta(days=7)
#: How often one looks at the clock, in seconds.
_LOOK_EVERY = 1
#: Of the keys that work everywhere, those that make sense over a week.
_ALSO = ("help", "palette", "refresh", "redraw", "suspend", "quit")


def _also() -> list[Binding]:
    return [one for one in bindings("any") if one.action in _ALSO]


class CallbackScreen(DeskScreen, inherit_bindings=False):
    """A week of slots, for one ticket or only to look at."""

    BINDINGS: ClassVar = [*bindings("slots"), *_also()]
    AREAS: ClassVar[tuple[str, ...]] = ("slots",)

    def __init__(self, ticket_id: int | None, told: Callable[[Outcome], None], later_than: int | None = None) -> None:
        """Show the week.

        Args:
            ticket_id: whose customer is to be called; None only looks.
            told: hears of what was done here, when the screen has gone.
            later_than: the call (a booking's id) in which the customer asked for another time; choosing one ends it.
        """
        super().__init__()
        self.page: CallPage | None = None
        self._ticket_id, self._told, self._later_than = ticket_id, told, later_than
        self._team = ""
        self._as_of = ""

    def compose(self) -> ComposeResult:
        """Head, week and thread, foot, status, keys."""
        with Row(id="frame"):
            with Pane(id="desk"):
                yield Static("", id="week-head", markup=False)
                with Row(id="week-body"):
                    yield SlotGrid(id="week")
                    yield Preview(id="beside")
                yield Static("", id="foot", markup=False)
                yield StatusLine(id="status")
                yield KeyLine(id="keys", markup=False)
            yield from self.desk_app.companion()

    @property
    def grid(self) -> SlotGrid:
        """The week."""
        return self.query_one("#week", SlotGrid)

    def on_mount(self) -> None:
        """Ask for the week of the next free slot."""
        self.grid.focus()
        self.set_interval(_LOOK_EVERY, self._age)
        self.desk_app.opening(self._load())

    def chosen(self) -> list[int]:
        """The ticket."""
        return [self._ticket_id] if self._ticket_id is not None else []

    def keys(self) -> list[Key]:
        """Those of the week, and the few that make sense here, too."""
        return [key for key in table() if key.area == "slots" or (key.area == "any" and key.action in _ALSO)]

    def why_not(self, action: str) -> str:
        """Why an action cannot be done now."""
        if action == "book" and self._ticket_id is None:
            return _("Here one only looks; b on a ticket books a call.")
        if action == "book" and self.grid.current is None:
            return _("No free slot is chosen.")
        if action == "give_up" and (self.page is None or self.page.call is None):
            return _("No call is booked.")
        return super().why_not(action)

    async def _load(self, first: date | None = None, at: datetime | None = None) -> None:
        desk = self.desk_app.desk
        region = desk.settings.callbacks.region
        page = await self.desk_app.read(call_page, self._ticket_id, desk.actor, desk.clock(), region, self._team, first)
        if not self.is_mounted:
            return
        if page.week is None or (self._ticket_id is not None and page.ticket is None):
            said = _("No team has times for callbacks yet.") if page.week is None else _("This ticket is gone.")
            lead = _("A lead runs: helpdesk callback pattern set TEAM") if page.week is None else ""
            self.leave_saying(HelpdeskError(said, lead))
            return
        self.page, self._team, self._as_of = page, page.team, f"{desk.clock():%H:%M}"
        self.query_one("#week-head", Static).update(self._head(page))
        wanted = at or (page.next.start if page.next else None)
        self.grid.show(page.week, page.call.start if page.call else None, wanted)
        self.query_one("#beside", Preview).show(page.ticket, desk.clock())
        self.show_keys()

    def _head(self, page: CallPage) -> Text:
        week = page.week
        assert week is not None
        matter = page.ticket
        title = _("Callback for {name}").format(name=self._called(page)) if matter else _("Callbacks")
        number = shown(page.phone) if page.phone else _("number not known yet")
        if len(page.phones) > 1:
            number = _("{n} numbers known").format(n=len(page.phones))
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {title}", "bold").append(f" · {_('{n} min').format(n=week.slot_minutes)}")
        text.append(f"   {_('Team {team} · week {n}').format(team=week.team, n=week.first.isocalendar().week)}", "dim")
        if matter:
            text.append(f"\n #{matter.ticket.number}", "dim")
            if page.call is not None and page.call.start is not None:
                booked = _("booked {when}").format(when=when(page.call.start, page.call.zone))
                text.append(f" · {booked}", "bold")
            text.append(f" · {number} · {matter.ticket.subject}", "dim")
        return text

    @staticmethod
    def _called(page: CallPage) -> str:
        """What the customer is called: by name or address, else by number."""
        called = page.ticket.customer.called if page.ticket else ""
        return called or (shown(page.phone) if page.phone else _("nobody known"))

    def on_slot_grid_moved(self) -> None:
        """Say when that is, here and where the customer is."""
        self._show_foot()
        self.show_keys()

    def on_slot_grid_chosen(self) -> None:
        """A click took it."""
        self.action_book()

    def _show_foot(self) -> None:
        page, offer = self.page, self.grid.current
        if page is None or page.week is None:
            return
        if offer is None:
            said = [_("Nothing is free in this week"), _("n next free") if page.next else _("nor later")]
        else:
            zone = page.week.zone
            said = [
                self._what(page),
                f"{when(offer.start, zone)} ({city(zone)})",
                there(offer.start, zone, page.phone_zone),
            ]
        words = f" {' · '.join(filter(None, said))}"
        self.query_one("#foot", Static).update(Text(words, no_wrap=True, overflow="ellipsis"))

    def _what(self, page: CallPage) -> str:
        if page.ticket is None:
            return ""
        if not page.team:
            return _("t chooses who calls")
        return _("Enter moves the call") if page.call is not None and page.call.start is not None else _("Enter books")

    def tickets_changed(self, tickets: set[int], own: set[int]) -> None:
        """Somebody may have taken a place: show what is left, with the cursor where it is."""
        if self.page is not None and self.page.week is not None:
            at = self.grid.current.start if self.grid.current else None
            self.desk_app.spawn(self._load(self.page.week.first, at))

    def _age(self) -> None:
        """Slots pass while one looks at them: show what is left, on the minute."""
        minute = f"{self.desk_app.desk.clock():%H:%M}"
        if minute != self._as_of:
            self._as_of = minute
            self.action_refresh()

    # -- moving

    def action_down(self) -> None:
        """Later on the same day."""
        self.grid.go(1, 0)

    def action_up(self) -> None:
        """Earlier on the same day."""
        self.grid.go(-1, 0)

    def action_right(self) -> None:
        """A later day."""
        self.grid.go(0, 1)

    def action_left(self) -> None:
        """An earlier day."""
        self.grid.go(0, -1)

    def action_first(self) -> None:
        """The first of the day."""
        self.grid.ends(is_last=False)

    def action_last(self) -> None:
        """The last of the day."""
        self.grid.ends(is_last=True)

    def action_next_free(self) -> None:
        """To the next slot that is free, whatever week it is in."""
        if self.page is None or self.page.next is None:
            self.refuse(HelpdeskError(_("Nothing is free.")))
        elif not self.grid.go_to(self.page.next.start):
            self.desk_app.opening(self._load())

    def action_next_week(self) -> None:
        """The week after."""
        self._turn(_WEEK)

    def action_previous_week(self) -> None:
        """The week before."""
        self._turn(-_WEEK)

    def _turn(self, by: timedelta) -> None:
        if self.page is not None and self.page.week is not None:
            self.desk_app.opening(self._load(self.page.week.first + by))

    def action_refresh(self) -> None:
        """Load it anew."""
        self.tickets_changed(set(), set())

    def action_team(self) -> None:
        """Choose who calls."""
        if self.page is not None and self.page.week is not None:
            teams = [(team, team) for team in self.page.teams]
            self.pick(_("Who calls"), teams, self._choose_team, self.page.week.team)

    def _choose_team(self, team: str) -> None:
        self._team = team
        self.desk_app.opening(self._load())

    # -- acting

    def action_book(self) -> None:
        """Take the slot under the cursor."""
        if not self.can("book") or self.page is None or self.page.ticket is None or self.grid.current is None:
            return
        number, offer, team = self.page.ticket.ticket.number, self.grid.current, self._team
        if not team:
            self.action_team()
        elif self._later_than is not None:
            ended = Ended(CallOutcome.LATER, at=offer.start, team=team, booking_id=self._later_than)
            self._finish(lambda desk: record_outcome(desk, number, ended))
        elif self.page.call is not None and self.page.call.start is not None:
            self._finish(lambda desk: move_booking(desk, number, offer.start, team))
        else:
            self._ask_number(self.page, partial(self._book, number, offer))

    def _ask_number(self, page: CallPage, then: Callable[[str | None], None]) -> None:
        """Which number shall be called, where that is not clear."""
        title, is_wrong = _("Which number shall be called"), self._is_wrong(page)
        ask = Ask(title, _("with its country code, such as +49 69 1234567"), check=self._checked)
        if page.phone and not is_wrong:
            then("")
        elif len(page.phones) > 1:
            options = [*((one, shown(one)) for one in page.phones), ("", _("another one"))]
            self.pick(title, options, lambda one: then(one) if one else self._ask(ask, then))
        else:
            self._ask(ask, then)

    def _ask(self, ask: Ask, then: Callable[[str | None], None]) -> None:
        self.app.push_screen(ask, then)

    @staticmethod
    def _is_wrong(page: CallPage) -> bool:
        return page.call is not None and page.call.last_outcome is CallOutcome.WRONG_NUMBER

    def _checked(self, typed: str) -> str:
        return read_number(typed, self.desk_app.desk.settings.callbacks.region)

    def _book(self, ticket: int, offer: Offer, typed: str | None) -> None:
        if typed is not None:
            wish = Wish(self._team, offer.start, typed)
            self._finish(lambda desk: book(desk, ticket, wish))

    def action_give_up(self) -> None:
        """Nobody shall be called any more."""
        if self.can("give_up") and self.page is not None and self.page.ticket is not None:
            number = self.page.ticket.ticket.number
            self._finish(lambda desk: cancel_booking(desk, number))

    def _finish(self, verb: Callable[[Desk], Outcome]) -> None:
        self.desk_app.opening(self._finished(verb))

    async def _finished(self, verb: Callable[[Desk], Outcome]) -> None:
        """Do it and go back; a place that is gone is said here, beside those that are left."""
        try:
            outcome = await self.desk_app.do(verb)
        except HelpdeskError as error:
            await self._load(self.page.week.first if self.page and self.page.week else None)
            self.refuse(error)
            return
        self.leave(lambda: self._told(outcome))

    def action_back(self) -> None:
        """Back; nothing is booked."""
        self.leave()
