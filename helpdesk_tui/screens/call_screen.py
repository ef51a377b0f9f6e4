"""What list, board and ticket have to do with calls: the week under `b`, the card under `T`, and the line that rings."""

from __future__ import annotations

from functools import partial

from rich.text import Text
from textual.css.query import NoMatches
from textual.widgets import Static

from helpdesk_tui.desk.calls import Ended, record_outcome
from helpdesk_tui.desk.pages import call_card
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.screens.call_words import banner
from helpdesk_tui.screens.desk_screen import DeskScreen
from helpdesk_tui.store.queries.callbacks import CallRow, end_of_day, todays_calls
from helpdesk_tui.terms import CallOutcome, Outcome

#: How often one looks at the clock for a call that begins, and at the store for calls that are new, in seconds.
_LOOK_EVERY, _ASK_EVERY = 1, 15


class CallScreen(DeskScreen):
    """A screen that tells of calls."""

    def __init__(self) -> None:
        super().__init__()
        self._todays: list[CallRow] = []

    def on_mount(self) -> None:
        """Look for calls from now on."""
        self.query_one("#desk").mount(Static("", id="ring", markup=False), before="#status")
        self.set_interval(_LOOK_EVERY, self.ring)
        self.set_interval(_ASK_EVERY, self.look_for_calls)
        self.look_for_calls()

    def look_for_calls(self) -> None:
        """Ask which calls are one's to make today."""
        if self.is_current:
            self.desk_app.spawn(self._ask_for_calls())

    async def _ask_for_calls(self) -> None:
        desk = self.desk_app.desk
        self._todays = await self.desk_app.read(todays_calls, desk.actor, end_of_day(desk.clock()))
        self.ring()

    @property
    def due_now(self) -> CallRow | None:
        """The earliest call whose time has come."""
        now = self.desk_app.desk.clock()
        return next((one for one in self._todays if one.start is not None and one.start <= now), None)

    def ring(self) -> None:
        """Show the line of the call that is due, or none."""
        call = self.due_now
        try:
            line = self.query_one("#ring", Static)
        except NoMatches:
            return
        self.set_class(call is not None, "ringing")
        if call is not None:
            words = Text(f" {banner(call, self.desk_app.desk.clock())}", no_wrap=True, overflow="ellipsis")
            line.update(words)

    # -- keys

    def action_callback(self) -> None:
        """Open the week for the chosen ticket."""
        if self.can("callback"):
            self._open_week(self.chosen()[0])

    def action_calendar(self) -> None:
        """Look at the week."""
        self._open_week(None)

    def _open_week(self, ticket_id: int | None, later_than: int | None = None) -> None:
        from helpdesk_tui.screens.calendar import CallbackScreen

        self.app.push_screen(CallbackScreen(ticket_id, self._done, later_than))

    def action_card(self) -> None:
        """Open the card of the call that is due, else of the one that is booked for the chosen ticket."""
        chosen = self.chosen()
        if (call := self.due_now) is not None:
            self.desk_app.opening(self._open_card(call.ticket_id))
        elif len(chosen) == 1:
            self.desk_app.opening(self._open_card(chosen[0]))
        else:
            self.refuse(HelpdeskError(_("No call is due now.")))

    async def _open_card(self, ticket_id: int) -> None:
        from helpdesk_tui.screens.dialogs.call_card import CallCardDialog

        card = await self.desk_app.read(call_card, ticket_id)
        if card is None:
            self.look_for_calls()
            self.refuse(HelpdeskError(_("No call is due now, and none is booked here."), _("b books one.")))
        elif self.is_current:
            dialog = CallCardDialog(card, self.desk_app.desk.clock)
            self.app.push_screen(dialog, partial(self._ended, card.call))

    def _ended(self, call: CallRow, answer: str | None) -> None:
        if answer == CallOutcome.LATER:
            self._open_week(call.ticket_id, later_than=call.booking_id)
        elif answer is not None:
            ended = Ended(CallOutcome(answer), booking_id=call.booking_id)
            self.desk_app.opening(self._recorded(call.number, ended))

    async def _recorded(self, number: int, ended: Ended) -> None:
        self._done(await self.desk_app.do(record_outcome, number, ended))

    def _done(self, outcome: Outcome) -> None:
        """A call was booked, moved or made: say so, and see which one is next."""
        self.acted(outcome, [])
        self.look_for_calls()
