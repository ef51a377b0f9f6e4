"""The board: colleagues and queues on the left, their work on the right; what is marked goes over, the effect is told before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.handover import hand_over
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules import permissions
from helpdesk_tui.rules.sharing import rest_goes_to
from helpdesk_tui.screens.effect_words import effect_words, rest_words
from helpdesk_tui.screens.keys import Key, bindings
from helpdesk_tui.screens.sides_screen import SidesScreen
from helpdesk_tui.screens.widgets.effect_line import EffectLine
from helpdesk_tui.screens.widgets.lines import StatusLine
from helpdesk_tui.store.queries.board import Side, Standing, effect, proposal
from helpdesk_tui.terms import Outcome, Verb

#: Keys of lists that have nothing to do here.
NOT_HERE = ("open", "filter", "preview", "grow", "shrink", "next_view", "previous_view", "back", "peel")
Shares = Mapping[str, Sequence[int]]


class BoardScreen(SidesScreen):
    """Marks in the right pane are given to the side under the left one's cursor."""

    BINDINGS: ClassVar = [*bindings("board")]
    AREAS: ClassVar[tuple[str, ...]] = ("board", "list", "verb", "any")

    def __init__(self) -> None:
        super().__init__()
        #: Who gets what, where it was proposed: numbers by login.
        self._proposed: Shares | None = None
        #: What the line above the keys said last that Enter does, and the words it said it with.
        self._told: tuple[Shares, str] | None = None

    # -- the effect is told before

    def say_state(self) -> None:
        """Say what would happen now; the next key waits for it."""
        self._proposed = None
        self.desk_app.opening(self.say_effect())

    def _marked(self) -> list[int]:
        return [self.seen[one].number for one in self.tickets.marks if one in self.seen]

    def _shares(self) -> Shares:
        """Who would get what: numbers by login; nobody where nothing is marked, or it stays where it is."""
        to, giver, numbers = self.sides.current, self.giver, self._marked()
        if self._proposed is not None:
            there = set(numbers)
            return {login: [n for n in share if n in there] for login, share in self._proposed.items()}
        if to is None or giver is None or not (numbers or self.is_else_meant):
            return {}
        return {} if to.key == giver.key or (to.queue and giver.queue) else {to.login: numbers}

    async def say_effect(self) -> None:
        """Say what would happen now, or what to do for it."""
        shares, giver = self._shares(), self.giver
        words: Sequence[str] = (self._hint(),)
        if shares and giver is not None:
            words = await self._foretold(giver, shares)
        if shares == self._shares():  # else somebody is saying what holds by now
            self._told = (shares, words[0]) if shares else None
            self.query_one("#effect", EffectLine).say(words, _("Enter does it") if shares else "")
            self.show_extras()
            self.show_keys()

    async def _foretold(self, giver: Side, shares: Shares) -> Sequence[str]:
        told = await self.desk_app.read(effect, giver.login, shares, self.desk_app.desk.clock())
        people = [one.colleague for one in self.sides.sides if one.colleague is not None]
        numbers = {one.number for one in self.seen.values()}
        beside = [one for one in self.extras if one.ticket not in numbers] if self.is_all_meant else []
        rest = rest_words(beside, giver.login, rest_goes_to(shares))
        return effect_words(told, {one.login: one.away_until for one in people if one.away_until}, rest)

    def _hint(self) -> str:
        if self.is_else_meant and self.giver is not None:
            return _("all of {login} is marked: choose on the left who gets it").format(login=self.giver.login)
        if marks := len(self.tickets.marks):
            return ngettext("{n} marked ticket: choose on the left who gets it, = proposes",
                            "{n} marked tickets: choose on the left who gets them, = proposes", marks)  # fmt: skip
        return _("mark tickets with space, all with *; then choose on the left who gets them")

    def on_side_list_moved(self) -> None:
        """The left cursor moved: with marks it chooses who gets them, without it shows the work there."""
        self.query_one("#status", StatusLine).clear()
        if self.is_anything_meant:
            self.say_state()
        else:
            self.desk_app.opening(self.show_work())

    # -- what verbs hit

    def chosen(self) -> list[int]:
        """The marked tickets, or the one under the cursor while that is where the keys move."""
        return list(self.tickets.marks) if self.is_left else super().chosen()

    def why_not(self, action: str) -> str:
        """Why an action cannot be done now."""
        if action in ("give", "share") and (reason := permissions.refusal(self.desk_app.desk.actor, Verb.HAND_OVER)):
            return reason
        if action == "share" and not self.tickets.marks:
            return _("Mark the tickets that are to be shared out; * marks all.")
        reason = super().why_not(action)
        if reason and self.is_left and not self.tickets.marks and self.tickets.ids:
            return _("Mark tickets, or go to them with Tab: the cursor is on the left.")
        return reason

    def keys(self) -> list[Key]:
        """The keys that work here."""
        all_keys = super().keys()
        return [key for key in all_keys if key.area != "list" or key.action not in NOT_HERE]

    def acted(self, outcome: Outcome, ids: Sequence[int]) -> None:
        """A verb was done: the marks of these tickets have served."""
        self.tickets.unmark(ids)
        self.is_else_meant = False
        self.say_state()
        super().acted(outcome, ids)

    # -- keys

    def action_give(self) -> None:
        """Do what the effect says; without marks go to the tickets, or open one."""
        if self._shares():
            if self.can("give"):
                self.desk_app.opening(self._do_what_was_told())
        elif self.is_anything_meant:
            self.notice(_("Choose on the left who gets them; = proposes."))
            self.sides.focus()
        else:
            self.action_enter()

    async def _do_what_was_told(self) -> None:
        """Hand over as the line says, if that is so still; else say what would happen now."""
        told, giver, is_all, ids = self._told, self.giver, self.is_all_meant, list(self.tickets.marks)
        seen = {one.number: one for one in self.seen.values()}
        await self.say_effect()
        if told is None or giver is None or self._told != told:
            self.notice(_("That has changed meanwhile: read the line above, then Enter does it."))
            return
        given = {login: [seen[n] for n in numbers if n in seen] for login, numbers in told[0].items()}
        await self._performed(partial(_hand_over, giver=giver.login, shares=given, is_all=is_all), ids)
        if not self.tickets.marks:
            await self.show_work()

    def action_share(self) -> None:
        """Propose who gets what."""
        if self.can("share"):
            self.desk_app.opening(self._propose())

    async def _propose(self) -> None:
        giver = self.giver.login if self.giver else ""
        self._proposed = await self.desk_app.read(proposal, giver, self._marked(), self.desk_app.desk.clock())
        await self.say_effect()

    def action_mark(self) -> None:
        """Mark and go on; in the left pane go to the tickets first."""
        if self.is_left:
            self.action_pane()
        super().action_mark()

    def action_mark_all(self) -> None:
        """Mark all tickets; of a colleague who has none, the calls and texts."""
        self.is_else_meant = not self.is_else_meant and not self.seen and bool(self.extras)
        super().action_mark_all()

    def action_left(self) -> None:
        """To the left pane, with all that is marked; there, back."""
        if self.is_left:
            self.action_back()
        else:
            self.action_pane()

    def action_back(self) -> None:
        """Peel one layer: marks, the pane, the board."""
        if self.is_anything_meant:
            self.tickets.unmark()
            self.desk_app.opening(self.show_work())
        elif not self.is_left:
            self.action_pane()
        else:
            self.dismiss()


def _hand_over(desk: Desk, giver: str, shares: Mapping[str, Sequence[Standing]], *, is_all: bool) -> Outcome:
    return hand_over(desk, giver, shares, with_all_else=is_all)
