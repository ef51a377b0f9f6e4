"""The verbs under the keys, the same in list, board and ticket."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from helpdesk_tui.desk import assignment, tickets
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.rules.promise import read_due
from helpdesk_tui.screens.dialogs.dialog import Ask
from helpdesk_tui.screens.phrases import load_word, priority_word, status_word
from helpdesk_tui.screens.prepared_screen import PreparedScreen
from helpdesk_tui.store.queries import setup
from helpdesk_tui.store.queries.staff import ColleagueRow, colleagues
from helpdesk_tui.store.queries.tickets import ticket_rows
from helpdesk_tui.terms import Priority, Status


class VerbScreen(PreparedScreen):
    """A screen whose keys do something to the chosen tickets."""

    def action_take(self) -> None:
        """Take the tickets."""
        if self.can("take"):
            self.act(self.chosen(), assignment.take)

    def action_assign(self) -> None:
        """Give the tickets to somebody."""
        if self.can("assign"):
            self.desk_app.opening(self._pick_agent(self.chosen()))

    def action_hand_on(self) -> None:
        """Give the tickets to somebody with a word on them."""
        if self.can("hand_on"):
            self.desk_app.opening(self._pick_agent(self.chosen(), with_note=True))

    async def _pick_agent(self, ids: list[int], *, with_note: bool = False) -> None:
        asker = self.desk_app.desk.actor
        found = await self.desk_app.read(colleagues, asker, self.desk_app.desk.clock())
        me, queues = asker.login, {row.queue for row in self.chosen_rows()}
        agents = sorted((one for one in found if queues <= set(one.queues)), key=lambda one: one.login != me)
        options = [(one.login, _with_room(one)) for one in agents if not (with_note and one.login == me)]
        now = self.common(lambda row: row.assignee or me)
        if with_note and not options:
            self.refuse(HelpdeskError(_("Nobody else belongs there."), _("An admin lets somebody in.")))
        elif with_note:
            self.pick(_("Who shall go on with it"), options, partial(self._ask_note, ids), now)
        else:
            options.append(("", _("nobody, back to the queue")))
            self.pick(_("Who has it"), options, partial(self._assign, ids), now)

    def _assign(self, ids: list[int], login: str) -> None:
        if login:
            self.act(ids, assignment.assign, login)
        else:
            self.act(ids, assignment.unassign)

    def _ask_note(self, ids: list[int], login: str) -> None:
        title = _("What {login} should know").format(login=login)
        help_words = _("it is the first thing they see on it")
        self.app.push_screen(Ask(title, help_words), partial(self._hand_on, ids, login))

    def _hand_on(self, ids: list[int], login: str, note: str | None) -> None:
        if note is not None:
            self.act(ids, assignment.assign, login, note)

    def action_priority(self) -> None:
        """Choose a priority."""
        if self.can("priority"):
            ids, options = self.chosen(), [(str(one), priority_word(one)) for one in reversed(Priority)]
            now = self.common(lambda row: row.priority)
            self.pick(_("Priority"), options, lambda one: self.act(ids, tickets.set_priority, Priority(one)), now)

    def action_status(self) -> None:
        """Choose a status."""
        if self.can("status"):
            ids = self.chosen()
            options = [(str(one), status_word(one)) for one in Status if one is not Status.SNOOZED]
            now = self.common(lambda row: row.status)
            self.pick(_("Status"), options, partial(self._set_status, ids), now)

    def _set_status(self, ids: list[int], answer: str) -> None:
        if Status(answer) is Status.SOLVED:
            self.action_solve()
        else:
            self.act(ids, tickets.set_status, Status(answer))

    def action_reopen(self) -> None:
        """Open again."""
        if self.can("reopen"):
            self.act(self.chosen(), tickets.set_status, Status.OPEN)

    def action_category(self) -> None:
        """Choose a category."""
        if self.can("category"):
            self.desk_app.opening(self._pick_category(self.chosen()))

    async def _pick_category(self, ids: list[int]) -> None:
        names = await self.desk_app.read(setup.categories)
        options = [(name, name) for name in names] + [("", _("none"))]
        now = self.common(lambda row: row.category or "")
        self.pick(_("Category"), options, lambda one: self.act(ids, tickets.set_category, one), now)

    def action_queue(self) -> None:
        """Move to another queue."""
        if self.can("queue"):
            self.desk_app.opening(self._pick_queue(self.chosen()))

    async def _pick_queue(self, ids: list[int]) -> None:
        queues = await self.desk_app.read(setup.queues)
        options = [(one.name, _called(one.name, one.display_name)) for one in queues]
        now = self.common(lambda row: row.queue)
        self.pick(_("Move to queue"), options, lambda one: self.act(ids, tickets.move, one), now)

    def action_tags(self) -> None:
        """Put tags on and take others off."""
        if self.can("tags"):
            help_words = _("vpn puts on, -vpn takes off; several with blanks")
            on = sorted({tag for row in self.chosen_rows() for tag in row.tags})
            title = _("Tags · now: {tags}").format(tags=" ".join(on)) if on else _("Tags · none yet")
            self.app.push_screen(Ask(title, help_words), partial(self._tag, self.chosen()))

    def _tag(self, ids: list[int], answer: str | None) -> None:
        names = (answer or "").split()
        if names:
            add = [name.lstrip("+") for name in names if not name.startswith("-")]
            self.act(ids, tickets.tag, add=add, remove=[name[1:] for name in names if name.startswith("-")])

    def action_due(self) -> None:
        """Agree on a due date."""
        if self.can("due"):
            help_words = _("14:00, tomorrow 9:00, fri, 1.12., 2026-12-01, +4h of working time, +2d, or none")
            self.app.push_screen(Ask(_("Due"), help_words, check=self._due_from), partial(self._set_due, self.chosen()))

    def _due_from(self, answer: str) -> datetime | str:
        return read_due(answer, self.desk_app.desk.clock(), self.desk_app.settings.calendar)

    def _set_due(self, ids: list[int], answer: str | None) -> None:
        if answer is not None:
            self.act(ids, tickets.set_fields, tickets.Fields(due=self._due_from(answer)))

    def action_summary(self) -> None:
        """Say in one line what it is about."""
        if self.can("summary"):
            self.desk_app.opening(self._ask_summary(self.chosen()))

    async def _ask_summary(self, ids: list[int]) -> None:
        rows = await self.desk_app.read(ticket_rows, ids)
        now = (rows[0].summary or rows[0].subject) if rows else ""
        help_words = _("stands in the list instead of the subject; empty takes it away")
        self.app.push_screen(Ask(_("Summary"), help_words, now), partial(self._set_summary, ids))

    def _set_summary(self, ids: list[int], answer: str | None) -> None:
        if answer is not None:
            self.act(ids, tickets.set_fields, tickets.Fields(summary=answer))


def _with_room(colleague: ColleagueRow) -> str:
    """A colleague, and how much room they have."""
    return f"{_called(colleague.login, colleague.name)} · {load_word(colleague.state)}"


def _called(login: str, name: str) -> str:
    return login if name.casefold() in ("", login.casefold()) else f"{login}  {name}"
