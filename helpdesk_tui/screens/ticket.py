"""One ticket: the conversation, its properties, and the place where the answer is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.events import ScreenResume
from textual.message import Message
from textual.widgets import Input, Static

from helpdesk_tui.desk.beside import Beside, beside
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.life import life, told
from helpdesk_tui.desk.notices import looked_at
from helpdesk_tui.desk.pages import TicketPage, ticket_page
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens.clocks import office
from helpdesk_tui.screens.composition import from_fields
from helpdesk_tui.screens.dialogs.dialog import Help
from helpdesk_tui.screens.dialogs.viewer import Viewer
from helpdesk_tui.screens.keys import Key, bindings, macro_bindings, table
from helpdesk_tui.screens.person_screen import page_refusal
from helpdesk_tui.screens.phrases import out_of_sight
from helpdesk_tui.screens.reading_screen import ReadingScreen
from helpdesk_tui.screens.relation_words import notice_words
from helpdesk_tui.screens.why import explain
from helpdesk_tui.screens.widgets.composer import Composer
from helpdesk_tui.screens.widgets.ground import Pane, Row
from helpdesk_tui.screens.widgets.head import head_text
from helpdesk_tui.screens.widgets.lines import KeyLine, StatusLine
from helpdesk_tui.screens.widgets.side import side_panel
from helpdesk_tui.screens.widgets.thread_view import ThreadView
from helpdesk_tui.screens.widgets.ticket_list import TicketList
from helpdesk_tui.screens.writing_screen import writing_refusal
from helpdesk_tui.store.queries.tickets import TicketRow
from helpdesk_tui.terms import NoticeKind, Outcome


class TicketScreen(ReadingScreen):
    """A ticket with its conversation and composer."""

    BINDINGS: ClassVar = [*bindings("ticket", "write"), *macro_bindings()]
    AREAS: ClassVar[tuple[str, ...]] = ("ticket", "verb", "any")

    def __init__(self) -> None:
        """Make the screen; `show_over` fills it, as often as one likes."""
        super().__init__()
        self.ticket_id = 0
        self.page: TicketPage | None = None
        self._siblings: TicketList | None = None
        self._writing = ""
        self._index = 0
        self._shown_beside = 0

    def post_message(self, message: Message) -> bool:
        """Styles stay as they were while it was away: a theme is chosen once, at the start (measured: 6 ms a time)."""
        if isinstance(message, ScreenResume):
            message.refresh_styles = False
        return super().post_message(message)

    def compose(self) -> ComposeResult:
        """Head, thread and side panel, composer, status, keys."""
        with Row(id="frame"):
            with Pane(id="desk"):
                yield Static("", id="head", markup=False)
                yield Static("", id="pinned", markup=False, classes="hidden")
                with Row(id="ticket-body"):
                    yield ThreadView(id="thread")
                    yield Static("", id="side", markup=False)
                yield Input(
                    placeholder=_("find in this thread; Enter next, ↑ previous, Esc closes"),
                    id="find",
                    classes="hidden",
                )
                yield Composer(id="composer")
                yield StatusLine(id="status")
                yield KeyLine(id="keys", markup=False)
            yield from self.desk_app.companion()

    def on_descendant_focus(self) -> None:
        """Other keys count in the composer than in the thread."""
        self.show_keys()

    def on_descendant_blur(self) -> None:
        """Other keys count in the thread than in the composer."""
        self.show_keys()

    async def show_over(
        self, page: TicketPage, siblings: TicketList, writing: str = "", then: Callable[[None], None] | None = None
    ) -> None:
        """Show a ticket above the screen one is on; a screen that was made before is filled before it is seen.

        Args:
            siblings: the list it is opened from; J and K go through it.
            writing: the name of an action, such as `reply` or `note`, to begin with writing at once.
            then: what is done when it is left.
        """
        self._begin(page.ticket.id, siblings, writing)
        if self.is_mounted:
            self._show_page(page)
            await self.app.push_screen(self, then)
        else:
            await siblings.app.push_screen(self, then)
            self._show_page(page)
        self.thread.focus()
        self.remember()
        await self._go_on(page)
        self._look_around(page)

    def _begin(self, ticket_id: int, siblings: TicketList, writing: str) -> None:
        self.stay()
        self.ticket_id, self.page, self._writing = ticket_id, None, writing
        self._siblings, self._index = siblings, siblings.index_of(ticket_id)

    def leave(self, then: Callable[[], object] = lambda: None) -> None:
        """Leave, and put away what it shows: the next one is told nothing of it."""
        super().leave(then)
        if self.has_left:
            self.composer.close()
            self.end_finding()
            self.ticket_id, self.page = 0, None
            self.thread.clear()
            self.query_one("#status", StatusLine).clear()
            self.desk_app.whereabouts.at(None)

    def on_screen_resume(self) -> None:
        """It is seen, and nothing lies over it; leaving, where that was to be, comes after this."""
        if self.ticket_id:
            self.desk_app.whereabouts.at(self.ticket_id)

    def chosen(self) -> list[int]:
        """This ticket."""
        return [self.ticket_id]

    def chosen_rows(self) -> list[TicketRow]:
        """This ticket, once it is here."""
        return [self.page.ticket] if self.page is not None else []

    def why_not(self, action: str) -> str:
        """Why an action cannot be done now."""
        if self.page is not None and (reason := page_refusal(self.page, action)):
            return reason
        return writing_refusal(self.composer, action) or self.reading_refusal(action) or super().why_not(action)

    def fit(self) -> None:
        """Fit the head to the new size, too."""
        super().fit()
        if self.page is not None:
            self._show_head(self.page, self.desk_app.desk.clock())

    def keys(self) -> list[Key]:
        """While writing, the keys of the composer."""
        if self.composer.has_focus_within:
            return [key for key in table() if key.area == "write"]
        return super().keys()

    def action_help(self) -> None:
        """Show the keys, those of the composer too: there `?` is a letter."""
        self.app.push_screen(Help([*super().keys(), *(key for key in table() if key.area == "write")]))

    # -- loading

    async def _load(self, *, begins: bool = False) -> None:
        wanted = self.ticket_id
        page = await self.desk_app.read(ticket_page, wanted)
        if wanted != self.ticket_id or not self.is_mounted:
            return
        if page is None:
            self.leave_saying(HelpdeskError(out_of_sight()))
            return
        self._show_page(page)
        if begins:
            await self._go_on(page)
        elif self.composer.is_open:
            self.composer.take_newer(page, self.own_draft(page.drafts, self.composer.kind)[0])
        self.show_keys()
        self._look_around(page)

    def _show_page(self, page: TicketPage) -> None:
        """The conversation and the head; beside it, until more is known, what the page itself knows."""
        is_another, self.page = self._shown_beside != page.ticket.id, page
        now, seen = self.desk_app.desk.clock(), self.desk_app.seen
        self.thread.show(page, now, seen.until(page.ticket.id))
        seen.read(page.ticket.id, max((one.id for one in page.messages), default=0))
        self._show_head(page, now)
        if is_another:
            self._show_beside(page, None, now)

    def _look_around(self, page: TicketPage) -> None:
        """Ask what stands beside it once the ticket itself is painted: no key waits for that."""
        self.call_after_refresh(lambda: self.desk_app.spawn(self._show_around(page)))

    async def _show_around(self, page: TicketPage) -> None:
        around = await self.desk_app.read(beside, page.ticket.id, self.desk_app.desk.actor)
        if page.ticket.id == self.ticket_id and self.is_mounted:
            self._show_beside(page, around, self.desk_app.desk.clock())

    def _show_beside(self, page: TicketPage, around: Beside | None, now: datetime) -> None:
        """What stands beside the thread, and on top of it what somebody is to look at first."""
        self._shown_beside = page.ticket.id
        beside_it = side_panel(page, now, around, office(self.desk_app.settings.calendar))
        self.query_one("#side", Static).update(beside_it, layout=False)
        notices = around.notices if around else ()
        said = {one.id: one.text for one in page.messages}
        lines = [notice_words(one, clean_line(said.get(one.message_id or 0, ""), 300)) for one in notices]
        if around is not None and not lines:
            lines = [
                _("Looks like the incident #{number}: {subject} · L").format(number=one.number, subject=one.subject)
                for one in around.suggestions
                if one.is_incident
            ]
        pinned = self.query_one("#pinned", Static)
        pinned.set_class(not lines, "hidden")
        pinned.update(Text("\n".join(f" {line}" for line in lines), "bold"), layout=bool(lines))
        if notices:  # a note that hands it on stays until one has taken it up
            kept = [NoticeKind.HANDOVER]
            self.desk_app.spawn(self.desk_app.keep(looked_at, page.ticket.id, but=kept))

    async def _go_on(self, page: TicketPage) -> None:
        """Go on with what was being written here."""
        me = self.desk_app.desk.actor.agent_id
        mine = next((one for one in page.drafts if one.agent_id == me), None)
        wanted, self._writing = self._writing, ""
        if wanted:
            await self.run_action("log_call" if wanted == "call" else wanted)
        elif mine and not (mine.kind == "reply" and page.reply_refusal):
            text, fields = self.own_draft(page.drafts, mine.kind)
            what = from_fields(self._usual(mine.kind, page, self.in_focus), fields)
            self.composer.open(page, what, await self.about(), text, takes_keys=False)
            self.notice(_("Your draft is still here; Tab goes on writing."))

    async def _say(self, verb: Callable[[Desk], Outcome]) -> Outcome:
        """Undo or redo; a text that comes back by it stands in the composer again."""
        before = self._own_kinds()
        outcome = await super()._say(verb)
        page = await self.desk_app.read(ticket_page, self.ticket_id)
        if page is None or self.composer.is_open:
            return outcome
        self.page = page
        back = [kind for kind in self._own_kinds() if kind not in before]
        if back:
            text, fields = self.own_draft(page.drafts, back[0])
            what = from_fields(self._usual(back[0], page, self.in_focus), fields)
            self.composer.open(page, what, await self.about(), text, takes_keys=False)
            self.show_keys()
            self.notice(outcome.text, _(" · Tab goes on writing"))
        return outcome

    def _own_kinds(self) -> list[str]:
        """What one is writing here, the newest first."""
        me = self.desk_app.desk.actor.agent_id
        return [one.kind for one in self.page.drafts if one.agent_id == me] if self.page else []

    async def reload(self) -> None:
        """Load the ticket anew."""
        await self._load()

    def _show_head(self, page: TicketPage, now: datetime) -> None:
        head = self.query_one("#head", Static)
        head.update(head_text(page, now, self.desk_app.desk.actor, head.size.width or self.size.width), layout=False)

    def tickets_changed(self, tickets: set[int], own: set[int]) -> None:
        """This ticket changed: show it anew, where it stands."""
        self.look_for_calls()
        if self.ticket_id in tickets:
            (self.desk_app.opening if self.ticket_id in own else self.desk_app.spawn)(self._load())

    def others_moved(self, tickets: set[int]) -> None:
        """A colleague opened it or left it, or writes here now, or no more."""
        if self.ticket_id in tickets:
            self.desk_app.spawn(self._load())

    # -- moving

    def action_next_ticket(self) -> None:
        """The next ticket of the list."""
        self._go(1)

    def action_previous_ticket(self) -> None:
        """The previous ticket of the list."""
        self._go(-1)

    def _go(self, step: int) -> None:
        if self._siblings is None:
            return
        ids = self._siblings.ids
        if self.ticket_id in ids:
            index = ids.index(self.ticket_id) + step
        else:  # it has left the list: the one after it stands where it stood
            index = self._index if step > 0 else self._index - 1
        if not 0 <= index < len(ids):
            self.notice(
                _("That was the last one of the list.") if step > 0 else _("That was the first one of the list.")
            )
            return
        self._siblings.move_to(index)
        self.open_ticket(ids[index])

    def action_back(self) -> None:
        """Out of the composer, else back to the list; the draft stays."""
        if self.end_finding():
            return
        if self.composer.has_focus_within:
            self.action_leave()
        else:
            self.composer.save_now()
            self.leave()

    def action_properties(self) -> None:
        """Show or hide the side panel; a narrow screen shows what stands in it above the thread."""
        if self.has_class("widest"):
            self.toggle_class("no-side")
        elif self.page is not None:
            self.desk_app.opening(self._show_properties(self.page))

    async def _show_properties(self, page: TicketPage) -> None:
        around = await self.desk_app.read(beside, page.ticket.id, self.desk_app.desk.actor)
        now = self.desk_app.desk.clock()
        words = side_panel(page, now, around, office(self.desk_app.settings.calendar)).plain
        await self.app.push_screen(Viewer(f"#{page.ticket.number}", words))

    def action_why(self) -> None:
        """Why the mail in focus lies here, or where the time went."""
        options = [("mail", _("why this mail lies here")), ("wait", _("where the time went"))]
        self.pick(_("Why"), options, self._explain)

    def _explain(self, what: str) -> None:
        if what == "mail":
            explain(self, self.thread.message.raw_id if self.thread.message else None)
        elif self.page is not None:
            self.desk_app.opening(self._show_life(self.page.ticket.number))

    async def _show_life(self, number: int) -> None:
        desk = self.desk_app.desk
        found = await self.desk_app.read(life, number, desk.actor, desk.settings.calendar, desk.clock())
        lines = told(found, lambda at: f"{at.astimezone():%d.%m.%y %H:%M}")
        hint = _("to print: helpdesk why wait {number}").format(number=number)
        await self.app.push_screen(Viewer(_("Where the time went"), "\n".join(lines), [hint]))

    def action_refresh(self) -> None:
        """Load it anew."""
        self.desk_app.spawn(self._load())

    def open_ticket(self, ticket_id: int, writing: str = "") -> None:
        """Show another ticket instead."""
        self.composer.close()
        if self._siblings is not None:
            self._begin(ticket_id, self._siblings, writing)
            self.remember()
            self.desk_app.whereabouts.at(ticket_id)
            self.desk_app.opening(self._load(begins=True))

    # -- beside the thread

    def action_thread(self) -> None:
        """Between thread and composer; the draft stays."""
        if self.composer.is_open and not self.composer.has_focus_within:
            self.composer.focus_text()
        else:
            self.thread.focus()
        self.show_keys()

    def remember(self) -> None:
        """Remember the place, for the next start."""
        if self._siblings is not None and (remember := getattr(self._siblings.screen, "remember", None)):
            remember(ticket=self.ticket_id, writing=self.composer.kind if self.composer.is_open else "")
