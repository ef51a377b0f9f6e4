"""The list: what needs a human now, what is mine, which key is next."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Input, Static

from helpdesk_tui.errors import HelpdeskError, QueryError
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules.query import Query, parse
from helpdesk_tui.screens.filter_screen import FilterScreen
from helpdesk_tui.screens.keys import view_bindings
from helpdesk_tui.screens.person_screen import page_refusal
from helpdesk_tui.screens.phrases import aside_words, mail_words, marked
from helpdesk_tui.screens.place import load_place
from helpdesk_tui.screens.views import FOR_ME, ListView, calls_view, default_views
from helpdesk_tui.screens.widgets.columns import heading
from helpdesk_tui.screens.widgets.ground import Pane, Row
from helpdesk_tui.screens.widgets.lines import Heads, KeyLine, StatusLine, Tab, TabLine
from helpdesk_tui.screens.widgets.preview import Preview
from helpdesk_tui.screens.widgets.ticket_list import PAGE, TicketList
from helpdesk_tui.store.queries.aside import Aside, aside_counts
from helpdesk_tui.store.queries.callbacks import plans
from helpdesk_tui.store.queries.mail import MailHealth, mail_health
from helpdesk_tui.store.queries.setup import views
from helpdesk_tui.store.queries.tickets import (
    BY_CALL,
    BY_WORK,
    Asker,
    among,
    count_tickets,
    first_page,
    ticket_ids,
    ticket_rows,
)
from helpdesk_tui.terms import Outcome

#: How long after a change the tabs are counted anew, in seconds.
_COUNT_AFTER = 0.4
_COUNT_UP_TO = 1000


class TriageScreen(FilterScreen):
    """The list with its preview."""

    BINDINGS: ClassVar = [*view_bindings()]
    AREAS: ClassVar[tuple[str, ...]] = ("list", "verb", "any")

    def __init__(self, begins_with: str = "") -> None:
        """Make the list; `begins_with` is an action that is done as soon as it stands."""
        super().__init__()
        self._begins_with = begins_with
        self.views: list[ListView] = default_views()
        self._counts: dict[int, str] = {}
        self._has_calls = False
        self._news: set[int] = set()
        self._counting: Timer | None = None
        self._asked = 0
        self._newest: asyncio.Future[None] | None = None

    def compose(self) -> ComposeResult:
        """Tabs, list, preview, status, keys; a companion beside them where the app has one."""
        with Row(id="frame"):
            with Pane(id="desk"):
                yield TabLine(id="tabs")
                with Pane(id="body"):
                    with Pane(id="rows"):
                        yield Heads(heading)
                        yield TicketList(id="list")
                        yield Static("", id="empty", markup=False)
                    yield Preview(id="preview")
                yield Input(id="filter", placeholder=_("filter: words, is:open, queue:billing, -tag:vpn …"))
                yield Static("", id="bulk", markup=False)
                yield StatusLine(id="status")
                yield KeyLine(id="keys", markup=False)
            yield from self.desk_app.companion()

    def _query(self, filtered: str) -> Query:
        """What the list shows: the view's query and a filter."""
        return Query((*parse(self._view.query).terms, *parse(filtered).terms))

    @property
    def _view(self) -> ListView:
        if self.place.view == 0:
            return calls_view()
        return self.views[self.place.view - 1] if 0 < self.place.view <= len(self.views) else self.views[0]

    @property
    def _order(self) -> str:
        return BY_CALL if self.place.view == 0 else BY_WORK

    def on_mount(self) -> None:
        """Stand as before, then ask for the first page."""
        self.place = load_place(self.place_file)
        self.tickets.me = self.desk_app.desk.actor.login
        self.tickets.focus()
        self.apply_preview()
        self.desk_app.opening(self._start())
        self.set_interval(30, self._tick)

    async def _start(self) -> None:
        was_open = self.place.ticket
        self._show_tabs()
        self.tickets.marks = dict.fromkeys(self.place.marks)
        await self.load(keep=self.place.cursor)
        saved = await self.desk_app.read(views, self.desk_app.desk.actor.agent_id)
        if saved:
            self.views = [ListView(one.name, one.query) for one in saved]
        self.count_soon()
        if self._begins_with and self.is_current:
            await self.run_action(self._begins_with)
        elif was_open is not None and self.is_current:
            self.open_ticket(was_open)

    # -- loading

    def _asker(self) -> Asker:
        return Asker(self.desk_app.desk.actor, self.desk_app.desk.clock())

    async def load(self, keep: int | None = None, *, stays: bool = False) -> None:
        """Show the first page at once, then the whole order; where a later question comes, that one's answer counts.

        Args:
            keep: the ticket the cursor shall stand on; with `stays` the one it stands on when the answer comes.
        """
        job = self._newest = asyncio.ensure_future(self._show_found(keep, stays=stays))
        await job
        while job is not self._newest:
            job = self._newest
            await job

    async def _show_found(self, keep: int | None, *, stays: bool) -> None:
        self._asked += 1
        asked = self._asked
        asker = self._asker()
        self.say_what_is_wrong()
        try:
            query = self._query(self.filter_in_force)
            ids, rows = await self.desk_app.read(first_page, query, asker, PAGE, self._order)
        except QueryError as error:
            if asked == self._asked:
                self.not_known(error)
                self.say_state()
            return
        if asked != self._asked:
            return
        keep = self.tickets.current if stays else keep
        if keep is None or keep in ids or len(ids) < PAGE:
            self.tickets.show(ids, asker.now, keep=keep)
            self.tickets.fill(0, ids, rows)
        if len(ids) == PAGE:
            whole = await self.desk_app.read(ticket_ids, query, asker, order=self._order)
            if asked != self._asked:
                return
            self.tickets.extend(whole, asker.now, keep=self.tickets.current if stays else keep)
        self._news.clear()
        self._loaded()

    def _loaded(self) -> None:
        known = set(self.tickets.ids)
        self.tickets.marks = {one: None for one in self.tickets.marks if one in known or self.place.filter}
        self.set_class(not self.tickets.ids, "empty")
        if not self.tickets.ids:
            self.query_one("#empty", Static).update(Text(self._nothing(), justify="center"))
            self.show_preview(None)
        self.say_state()

    def _nothing(self) -> str:
        if self.place.filter:
            key = "Esc" if self.has_class("filtering") else "q"
            words = _("Nothing in {view} matches the filter. {key} takes it off.\n# opens a ticket by its number.")
            return words.format(view=self._view.name, key=key)
        if self.place.view == 0:
            return _("No call is yours or your team's today.\nb on a ticket books one, B shows the week.")
        if "is:solved" in self._view.query:
            return _("Nothing here yet.\n. goes to the next view, n takes down a new request.")
        return _("Nothing here: all done.\n. goes to the next view, n takes down a new request.")

    # -- news

    def tickets_changed(self, tickets: set[int], own: set[int]) -> None:
        """Rows change where they stand; what is new is counted, and comes when the agent asks or moves on."""
        self.look_for_calls()
        if own:
            self.desk_app.opening(self.load(stays=True))
        self.desk_app.spawn(self._take_in(tickets, own))

    async def _take_in(self, tickets: set[int], own: set[int]) -> None:
        if here := self.tickets.here(tickets):
            rows, now = await self.desk_app.read(ticket_rows, here), self.desk_app.desk.clock()
            self.tickets.update_rows(rows, now)
            if gone := set(here) - {row.id for row in rows}:
                self.tickets.drop(gone, now)
                self._loaded()
        await self._count_news(tickets - own)
        if self.tickets.current in tickets:
            self.follow_cursor()
        self.count_soon()

    async def _count_news(self, tickets: set[int]) -> None:
        unknown = list(tickets - set(self.tickets.ids))
        if not unknown:
            return
        found = set(await self.desk_app.read(among, self._query(self.filter_in_force), self._asker(), unknown))
        self._news = (self._news - set(unknown)) | found
        if not self.tickets.ids and self._news:
            await self.load(keep=self.place.cursor)
        self.say_state()

    def count_soon(self) -> None:
        """Count tabs and mail anew in a moment."""
        if self._counting is None:
            self._counting = self.set_timer(_COUNT_AFTER, self._count)

    def _count(self) -> None:
        self._counting = None
        self.desk_app.spawn(self._count_views())

    async def _count_views(self) -> None:
        asker = self._asker()
        for number, view in enumerate(self.views[:9], 1):
            count = await self.desk_app.read(count_tickets, parse(view.query), asker, _COUNT_UP_TO + 1)
            self._counts[number] = f"{_COUNT_UP_TO}+" if count > _COUNT_UP_TO else str(count)
        self._has_calls = bool(await self.desk_app.read(plans))
        if self._has_calls:
            self._counts[0] = str(await self.desk_app.read(count_tickets, parse(calls_view().query), asker))
        self._show_tabs()
        self._show_health(await self.desk_app.read(mail_health), await self.desk_app.read(aside_counts))

    def _show_tabs(self) -> None:
        tabs = [
            Tab(str(n), view.name, self._counts.get(n, ""), n == self.place.view, is_kept=self._is_kept(n, view))
            for n, view in enumerate(self.views[:9], 1)
        ]
        if self._has_calls or self.place.view == 0:
            tabs.append(Tab("0", calls_view().name, self._counts.get(0, ""), self.place.view == 0, is_kept=True))
        self.query_one("#tabs", TabLine).show(tabs, self.desk_app.desk.actor.login)

    def _is_kept(self, number: int, view: ListView) -> bool:
        """What a colleague asks one is seen on the narrowest screen, too."""
        return view.query == FOR_ME and self._counts.get(number, "0") != "0"

    def _show_health(self, health: MailHealth, aside: Mapping[Aside, int]) -> None:
        words = " · ".join([*mail_words(health, self.desk_app.desk.clock()), *aside_words(aside)])
        self.query_one("#status", StatusLine).show(right=words)

    def _tick(self) -> None:
        """Times move on: draw what is in view anew."""
        self.tickets.now = self.desk_app.desk.clock()
        self.tickets.refresh()
        self.count_soon()

    def say_state(self) -> None:
        marks = len(self.tickets.marks)
        said = [f"/{self.place.filter}" if self.place.filter else ""]
        if not self.is_applied:
            said = [_("/{filter} is not applied").format(filter=self.place.filter)]
        said.append(ngettext("{n} ticket", "{n} tickets", len(self.tickets.ids)))
        if self._news:
            said.append(_("{n} new · ctrl+r shows them").format(n=len(self._news)))
        self.query_one("#status", StatusLine).show(left=" · ".join(filter(None, said)))
        self.set_class(bool(marks), "marking")
        if marks:
            outside = len(set(self.tickets.marks) - set(self.tickets.ids))
            room = self.query_one("#desk").size.width or self.size.width
            self.query_one("#bulk", Static).update(Text(f" {marked(marks, outside, room - 2)}", no_wrap=True))
        self.place.marks = list(self.tickets.marks)
        self.save_soon()
        self.show_keys()

    # -- what verbs hit

    def why_not(self, action: str) -> str:
        """Why an action cannot be done now."""
        reason = super().why_not(action)
        if not reason and self.page is not None and [self.page.ticket.id] == self.chosen():
            return page_refusal(self.page, action)
        return reason

    def acted(self, outcome: Outcome, ids: Sequence[int]) -> None:
        """A verb was done: the marks of these tickets have served."""
        self.tickets.unmark(ids)
        self.say_state()
        super().acted(outcome, ids)

    # -- keys

    def action_view(self, number: int) -> None:
        """Show a view."""
        if 0 <= number <= len(self.views):
            self.asks_to_quit = False
            self.query_one("#status", StatusLine).clear()
            self.place.view, self.place.filter = number, ""
            self.tickets.cursor = 0
            self._show_tabs()
            self.desk_app.opening(self.load(keep=None))
        else:
            self.refuse(HelpdeskError(_("There is no view {n}.").format(n=number)))

    def action_next_view(self) -> None:
        """The view to the right."""
        self.action_view(self.place.view % len(self.views) + 1)

    def action_previous_view(self) -> None:
        """The view to the left."""
        self.action_view((self.place.view - 2) % len(self.views) + 1)

    def action_refresh(self) -> None:
        """Sort anew, load what is new."""
        self.query_one("#status", StatusLine).clear()
        self.desk_app.opening(self.load(stays=True))
        self.count_soon()

    def action_back(self) -> None:
        """Peel one layer: the filter's field, filter, marks, then the program."""
        if self._peel():
            return
        if self.asks_to_quit:
            self.app.exit()
        else:
            self.asks_to_quit = True
            self.notice(_("q once more leaves the program"))

    def action_peel(self) -> None:
        """Peel one layer, but never the program: Esc is pressed to be rid of a dialog, and once too often."""
        if not self._peel():
            self.notice(_("q leaves the program"))

    def _peel(self) -> bool:
        if self.has_class("filtering"):
            self.set_filter("")
            self.leave_filter()
        elif self.place.filter:
            self.set_filter("")
        elif self.tickets.marks:
            self.tickets.unmark()
            self.say_state()
        else:
            return False
        return True

    # -- opening

    def action_open(self) -> None:
        """Open the ticket under the cursor."""
        if self.tickets.current is None:
            self.refuse(HelpdeskError(_("No ticket is chosen.")))
        else:
            self.open_ticket(self.tickets.current)

    def on_ticket_list_opened(self) -> None:
        """A click opened it."""
        self.action_open()

    def open_ticket(self, ticket_id: int, writing: str = "") -> None:
        """Show a ticket above the list."""
        self.show_ticket(ticket_id, writing or self.place.writing, self._ticket_closed)

    def _ticket_closed(self, _answer: Any) -> None:
        self.place.ticket, self.place.writing = None, ""
        self.save_soon()
        self.query_one("#status", StatusLine).clear()
        self.tickets.focus()
        self.follow_cursor()

    def remember(self, *, ticket: int | None, writing: str) -> None:
        """The ticket's screen says what is open."""
        self.place.ticket, self.place.writing = ticket, writing
        self.save_soon()
