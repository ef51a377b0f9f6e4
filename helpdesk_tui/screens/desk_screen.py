"""What the screens of the desk share: the verbs under the keys, notices, and the lines below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Concatenate, ParamSpec, cast

from textual.containers import Container
from textual.css.query import NoMatches
from textual.events import Resize
from textual.screen import Screen

from helpdesk_tui.desk import assignment, history, tickets
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.rules.promise import read_due
from helpdesk_tui.screens.dialogs.dialog import Ask, Help, Picker
from helpdesk_tui.screens.dialogs.new_request import NewRequestDialog
from helpdesk_tui.screens.keys import Key, bindings, footer, table
from helpdesk_tui.screens.phrases import load_word, priority_word, status_word
from helpdesk_tui.screens.widgets.lines import KeyLine, StatusLine
from helpdesk_tui.store.queries import setup
from helpdesk_tui.store.queries.staff import ColleagueRow, colleagues
from helpdesk_tui.store.queries.tickets import TicketRow, numbers_of, ticket_by_number, ticket_rows
from helpdesk_tui.terms import Outcome, Priority, Status

if TYPE_CHECKING:
    from helpdesk_tui.app import HelpdeskApp

_P = ParamSpec("_P")
WIDE, WIDEST = 120, 160


class DeskScreen(Screen[None]):
    """A screen with tickets in hand."""

    BINDINGS: ClassVar = [*bindings("any", "verb")]
    AREAS: ClassVar[tuple[str, ...]] = ("verb", "any")

    def __init__(self) -> None:
        super().__init__()
        self.asks_to_quit = False

    @property
    def desk_app(self) -> HelpdeskApp:
        """The app, as what it is."""
        return cast("HelpdeskApp", self.app)

    # -- what the screens say of themselves

    def chosen(self) -> list[int]:
        """The ids of the tickets a verb would hit."""
        return []

    def why_not(self, action: str) -> str:
        """Why an action cannot be done now; "" where it can."""
        if action in _NEEDS_TICKET and not self.chosen():
            return _("No ticket is chosen.")
        if action in _ONE_TICKET and len(self.chosen()) > 1:
            return _("This works on one ticket at a time; unmark the others with q.")
        return ""

    def chosen_rows(self) -> list[TicketRow]:
        """The tickets a verb would hit, as far as they are shown."""
        return []

    def common(self, value: Callable[[TicketRow], str]) -> str:
        """What all chosen tickets have in common, "" where they differ: where a choice begins."""
        found = {str(value(row)) for row in self.chosen_rows()}
        return found.pop() if len(found) == 1 else ""

    def open_ticket(self, ticket_id: int) -> None:
        """Show a ticket."""

    # -- notices and lines

    def notice(self, text: str, after: str = "") -> None:
        """Say something on the status line; `after` stands behind it however long it is."""
        self.query_one("#status", StatusLine).notice(text, after=after)

    def refuse(self, error: HelpdeskError) -> None:
        """Say why something was not done, and what to do."""
        self.query_one("#status", StatusLine).notice(f"{error.message} {error.hint}".strip(), is_error=True)

    def show_keys(self) -> None:
        """Draw the line of keys."""
        keys = footer(self.keys())
        self.query_one("#keys", KeyLine).show(keys, {key.id for key in keys if self.why_not(key.action)})

    def keys(self) -> list[Key]:
        """The keys that work here."""
        return [key for key in table() if key.area in self.AREAS]

    def on_resize(self, event: Resize) -> None:
        """Wide screens show more."""
        self.afterwards(self.fit)

    def afterwards(self, draw: Callable[[], None]) -> None:
        """Draw something once the screen has its new shape, unless it is being taken down by then."""

        def draw_what_stands() -> None:
            with suppress(NoMatches):
                draw()

        self.call_after_refresh(draw_what_stands)

    def fit(self) -> None:
        """Show as much as the desk's own width allows, once it is known."""
        width = self.query_one("#desk", Container).size.width or self.size.width
        self.set_class(width >= WIDE, "wide")
        self.set_class(width >= WIDEST, "widest")
        self.refresh(layout=True)
        self.afterwards(self.show_keys)

    # -- acting

    def act(
        self,
        ids: Sequence[int],
        verb: Callable[Concatenate[Desk, Sequence[int], _P], Outcome],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> None:
        """Do a verb on the tickets with these ids: those that were chosen when the key was pressed."""

        def on_ids(desk: Desk) -> Outcome:
            numbers = desk.ask(numbers_of, ids)
            return verb(desk, [numbers[one] for one in ids if one in numbers], *args, **kwargs)

        self.perform(on_ids, ids)

    def perform(self, verb: Callable[[Desk], Outcome], ids: Sequence[int] = ()) -> None:
        """Do a verb and say what came of it; the next keys wait until the screen shows it."""
        self.desk_app.opening(self._performed(verb, ids))

    async def _performed(self, verb: Callable[[Desk], Outcome], ids: Sequence[int]) -> None:
        self.acted(await self.desk_app.do(verb), ids)

    def acted(self, outcome: Outcome, ids: Sequence[int]) -> None:
        """A verb was done on the tickets with these ids."""
        self.notice(outcome.text, _(" · u undoes it") if outcome.tickets and not outcome.is_final else "")

    def can(self, action: str) -> bool:
        """True where an action can be done; else the reason is shown."""
        reason = self.why_not(action)
        if reason:
            self.refuse(HelpdeskError(reason))
        return not reason

    def pick(self, title: str, options: Sequence[tuple[str, str]], then: Callable[[str], None], now: str = "") -> None:
        """Let a person choose, then go on."""
        self.app.push_screen(Picker(title, options, now), lambda answer: then(answer) if answer is not None else None)

    # -- the verbs under the keys

    def action_take(self) -> None:
        """Take the tickets."""
        if self.can("take"):
            self.act(self.chosen(), assignment.take)

    def action_assign(self) -> None:
        """Give the tickets to somebody."""
        if self.can("assign"):
            self.desk_app.opening(self._pick_agent(self.chosen()))

    async def _pick_agent(self, ids: list[int]) -> None:
        asker = self.desk_app.desk.actor
        found = await self.desk_app.read(colleagues, asker, self.desk_app.desk.clock())
        me, queues = asker.login, {row.queue for row in self.chosen_rows()}
        agents = sorted((one for one in found if queues <= set(one.queues)), key=lambda one: one.login != me)
        options = [(one.login, _with_room(one)) for one in agents]
        options.append(("", _("nobody, back to the queue")))
        self.pick(_("Who has it"), options, partial(self._assign, ids), self.common(lambda row: row.assignee or me))

    def _assign(self, ids: list[int], login: str) -> None:
        if login:
            self.act(ids, assignment.assign, login)
        else:
            self.act(ids, assignment.unassign)

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
            self.pick(_("Status"), options, lambda one: self.act(ids, tickets.set_status, Status(one)), now)

    def action_solve(self) -> None:
        """Mark as solved."""
        if self.can("solve"):
            self.act(self.chosen(), tickets.set_status, Status.SOLVED)

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

    def action_undo(self) -> None:
        """Take back one's last change."""
        self.desk_app.opening(self._say(history.undo))

    def action_redo(self) -> None:
        """Do again what was undone."""
        self.desk_app.opening(self._say(history.redo))

    async def _say(self, verb: Callable[[Desk], Outcome]) -> None:
        outcome = await self.desk_app.do(verb)
        self.notice(outcome.text)

    # -- everywhere

    def action_new(self) -> None:
        """Take down a new request or call."""
        self.app.push_screen(NewRequestDialog(), self._after_new)

    def _after_new(self, answer: str | None) -> None:
        if answer and answer.startswith("open "):
            self.open_ticket(int(answer.removeprefix("open ")))
        elif answer:
            self.notice(answer, _(" · u undoes it"))

    def action_jump(self) -> None:
        """Go to a ticket by its number."""
        self.app.push_screen(Ask(_("Ticket number"), _("such as 1042")), self._jump)

    def _jump(self, answer: str | None) -> None:
        digits = (answer or "").strip().lstrip("#")
        if digits:
            self.desk_app.opening(self._open_number(digits))

    async def _open_number(self, digits: str) -> None:
        row = (
            await self.desk_app.read(ticket_by_number, int(digits)) if digits.isdecimal() and len(digits) < 19 else None
        )
        if row is None:
            self.refuse(HelpdeskError(_("There is no ticket #{number}.").format(number=digits[:20])))
        else:
            self.open_ticket(row.id)

    def action_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(Help(self.keys()))

    def action_palette(self) -> None:
        """Choose an action by name."""
        keys = [key for key in self.keys() if key.action != "palette"]
        options = [(key.action, f"{key.all_shown:<14} {key.name}: {key.help}") for key in keys]
        self.pick(_("What to do"), options, self._run)

    def _run(self, action: str) -> None:
        self.desk_app.opening(self.run_action(action))

    def action_redraw(self) -> None:
        """Draw everything anew."""
        self.app.refresh(repaint=True, layout=True)
        self.refresh(repaint=True, layout=True)

    def action_suspend(self) -> None:
        """Leave for the shell."""
        self.app.action_suspend_process()

    def action_refresh(self) -> None:
        """Load what is new."""

    async def action_quit(self) -> None:
        """Leave the program."""
        await self.app.action_quit()

    def before(self, action: str) -> None:
        """Something else is done now: what was said has been read, and whoever goes on does not leave."""
        if self.asks_to_quit and action in ("back", "quit"):
            return
        self.asks_to_quit = False
        self.query_one("#status", StatusLine).clear()

    def say_busy(self, *, is_over: bool) -> None:
        """The store lets keys wait: say so, and take it back when it has answered."""
        line, words = self.query_one("#status", StatusLine), _("The store is busy; your keys wait.")
        if not is_over:
            line.notice(words)
        elif line.said == words:
            line.clear()

    def action_copy(self) -> None:
        """Copy something; each screen says what."""

    def copy_text(self, text: str, what: str) -> None:
        """Send a text to the terminal's clipboard."""
        self.app.copy_to_clipboard(text)
        self.notice(_("{what} sent to the terminal's clipboard").format(what=what))

    def tickets_changed(self, tickets: set[int], own: set[int]) -> None:
        """Tickets changed somewhere."""


def _with_room(colleague: ColleagueRow) -> str:
    """A colleague, and how much room they have."""
    return f"{_called(colleague.login, colleague.name)} · {load_word(colleague.state)}"


def _called(login: str, name: str) -> str:
    return login if name.casefold() in ("", login.casefold()) else f"{login}  {name}"


_VERBS = (
    "take",
    "assign",
    "priority",
    "status",
    "solve",
    "reopen",
    "category",
    "queue",
    "tags",
    "due",
    "summary",
    "reply",
    "note",
)
_NEEDS_TICKET = frozenset(_VERBS)
_ONE_TICKET = frozenset({"reply", "note", "summary"})
