"""What the screens of the desk share: the verbs under the keys, notices, and the lines below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, Concatenate, ParamSpec, cast

from textual.binding import Binding
from textual.containers import Container
from textual.css.query import NoMatches
from textual.events import Resize
from textual.screen import Screen

from helpdesk_tui.desk import history
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.sending import Sending
from helpdesk_tui.errors import CannotUndo, HelpdeskError, Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules import permissions
from helpdesk_tui.screens.dialogs.dialog import Ask, Help, Picker
from helpdesk_tui.screens.dialogs.new_request import NewRequestDialog
from helpdesk_tui.screens.keys import Key, bindings, footer, table
from helpdesk_tui.screens.widgets.ground import Ground
from helpdesk_tui.screens.widgets.lines import KeyLine, StatusLine
from helpdesk_tui.store.queries.tickets import TicketRow, numbers_of, ticket_by_number
from helpdesk_tui.terms import Outcome, Verb

if TYPE_CHECKING:
    from helpdesk_tui.app import HelpdeskApp

_P = ParamSpec("_P")
WIDE, WIDEST = 120, 160


#: Of the keys that work everywhere, those that make sense above a screen with tickets, too.
ALSO = ("undo", "redo", "jump", "help", "palette", "refresh", "redraw", "suspend", "quit")


def also() -> list[Binding]:
    """The bindings of these."""
    return [one for one in bindings("any") if one.action in ALSO]


class DeskScreen(Screen[None], Ground):
    """A screen with tickets in hand."""

    BINDINGS: ClassVar = [*bindings("any", "verb")]
    AREAS: ClassVar[tuple[str, ...]] = ("verb", "any")

    def __init__(self) -> None:
        super().__init__()
        self.asks_to_quit = False
        self._once_left: Callable[[], object] | None = None
        self.has_left = False

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
        if action == "board":
            return permissions.refusal(self.desk_app.desk.actor, Verb.HAND_OVER) or ""
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

    def open_ticket(self, ticket_id: int, writing: str = "") -> None:
        """Show a ticket; `writing` is the action to begin with, such as `reply`."""

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

    # -- leaving

    def leave(self, then: Callable[[], object] = lambda: None) -> None:
        """Leave this screen, as soon as nothing lies over it; what `then` says is said on the one below."""
        self._once_left = then
        if self.is_active and not self.has_left:
            self.has_left = True
            self.dismiss()
            then()

    def open_below(self, ticket_id: int) -> None:
        """Leave, and show a ticket above the screen one came from."""

        def on_what_is_below() -> None:
            if isinstance(below := self.app.screen, DeskScreen):
                below.open_ticket(ticket_id)

        self.leave(lambda: self.app.call_after_refresh(on_what_is_below))

    def stay(self) -> None:
        """It is shown anew, after it was left once."""
        self.asks_to_quit, self._once_left, self.has_left = False, None, False

    def leave_saying(self, error: HelpdeskError) -> None:
        """Leave this screen, and say why."""
        self.leave(lambda: self.app.call_after_refresh(self.desk_app.tell, error))

    def on_screen_resume(self) -> None:
        """Nothing lies over it any more: leave, where that was to be."""
        if self._once_left is not None:
            self.leave(self._once_left)

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

    def send(self, verb: Callable[[Desk], Outcome]) -> None:
        """Do a verb whose answers leave in a moment, and say how long they can be taken back."""
        self.desk_app.opening(self.sent(verb))

    async def sent(self, verb: Callable[[Desk], Outcome], ids: Sequence[int] = ()) -> None:
        """The same on the tickets with these ids, until it is done."""
        outcome, window = await self.desk_app.do(verb), self.desk_app.undo_window
        window.open()
        self.acted(outcome, ids)
        if window.length:
            self.notice(outcome.text, _(" · u undoes it, {n} s").format(n=window.length))

    def acted(self, outcome: Outcome, ids: Sequence[int]) -> None:
        """A verb was done on the tickets with these ids."""
        self.desk_app.undo_window.passed_over.clear()
        self.notice(outcome.text, _(" · u undoes it") if outcome.tickets and not outcome.is_final else "")

    def sending_now(self) -> Sending:
        """How an answer leaves that is not written in the composer: late enough to be taken back."""
        return Sending(leaves_at=self.desk_app.undo_window.leaves_at(self.desk_app.desk.clock()))

    def can(self, action: str) -> bool:
        """True where an action can be done; else the reason is shown."""
        reason = self.why_not(action)
        if reason:
            self.refuse(HelpdeskError(reason))
        return not reason

    def pick(self, title: str, options: Sequence[tuple[str, str]], then: Callable[[str], None], now: str = "") -> None:
        """Let a person choose, then go on."""
        self.app.push_screen(Picker(title, options, now), lambda answer: then(answer) if answer is not None else None)

    # -- everywhere

    def action_undo(self) -> None:
        """Take back one's last change."""
        self.desk_app.opening(self._undo())

    async def _undo(self) -> None:
        """What cannot be taken back is said once, and stepped over the next time."""
        over = self.desk_app.undo_window.passed_over
        try:
            await self._say(lambda desk: history.undo(desk, but=frozenset(over)))
        except CannotUndo as error:
            over.add(error.batch)
            hint = _("Nothing was undone; u once more takes back what was done before it.")
            raise Refused(error.message, hint) from error

    def action_redo(self) -> None:
        """Do again what was undone."""
        leaves_at = self.sending_now().leaves_at
        self.desk_app.opening(self._say(lambda desk: history.redo(desk, leaves_at)))

    async def _say(self, verb: Callable[[Desk], Outcome]) -> Outcome:
        outcome = await self.desk_app.do(verb)
        self.notice(outcome.text)
        return outcome

    def action_new(self) -> None:
        """Take down a new request or call."""
        self.app.push_screen(NewRequestDialog(), self._after_new)

    def _after_new(self, answer: str | None) -> None:
        if answer and answer.startswith("open "):
            self.open_ticket(int(answer.removeprefix("open ")))
        elif answer:
            self.notice(answer, _(" · u undoes it"))

    def action_board(self) -> None:
        """Open the board."""
        if self.can("board"):
            from helpdesk_tui.screens.board import BoardScreen

            self.app.push_screen(BoardScreen())

    def action_aside(self) -> None:
        """Look through the mail that was kept aside."""
        from helpdesk_tui.screens.aside import AsideScreen

        self.app.push_screen(AsideScreen())

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

    def asks_before_quit(self) -> bool:
        """True where it has just asked, since an answer can still be taken back."""
        seconds = self.desk_app.undo_window.seconds
        if self.asks_to_quit or not seconds:
            return False
        self.asks_to_quit = True
        words = _("Your answer leaves in {n} s, u takes it back; ctrl+q once more leaves the program")
        self.notice(words.format(n=seconds))
        return True

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

    def count_soon(self) -> None:
        """Count anew in a moment what this screen counts."""

    def tickets_changed(self, tickets: set[int], own: set[int]) -> None:
        """Tickets changed somewhere."""


_VERBS = (
    "take",
    "assign",
    "hand_on",
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
    "reply_all",
    "forward",
    "ask_back",
    "note",
    "log_call",
    "callback",
    "customer",
    "accept",
    "requester",
    "merge",
    "relations",
    "snooze",
    "watch",
    "macro",
)
_NEEDS_TICKET = frozenset(_VERBS)
_ONE_TICKET = frozenset(
    {
        "reply_all",
        "forward",
        "ask_back",
        "note",
        "log_call",
        "summary",
        "callback",
        "customer",
        "accept",
        "requester",
        "merge",
        "relations",
    }
)
