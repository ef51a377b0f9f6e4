"""The mail that became no ticket of its own: what could not be read, machines', bounces of others, floods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Static

from helpdesk_tui.desk.aside import dismiss
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens.desk_screen import ALSO, DeskScreen, also
from helpdesk_tui.screens.keys import Key, bindings, table
from helpdesk_tui.screens.list_screen import REST
from helpdesk_tui.screens.phrases import aside_word, moment
from helpdesk_tui.screens.why import as_shown, explain
from helpdesk_tui.screens.widgets.entry_list import EntryList, entry_heading
from helpdesk_tui.screens.widgets.ground import Pane, Row
from helpdesk_tui.screens.widgets.lines import Heads, KeyLine, StatusLine, Tab, TabLine
from helpdesk_tui.store.queries.aside import Aside, AsideRow, aside_counts, aside_rows, first_bytes
from helpdesk_tui.terms import Outcome

#: How often one looks what has come, in seconds: mail that is kept aside changes no ticket, and tells nobody.
_LOOK_EVERY = 5
#: So many entries are shown.
_MOST = 500


class AsideScreen(DeskScreen, inherit_bindings=False):
    """Four lists under one cursor, with the original of the entry it stands on."""

    BINDINGS: ClassVar = [*bindings("aside"), *also()]
    AREAS: ClassVar[tuple[str, ...]] = ("aside",)

    def __init__(self) -> None:
        super().__init__()
        self.aside = Aside.QUARANTINE
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        """The lists' names, the entries and an original, status, keys."""
        with Row(id="frame"):
            with Pane(id="desk"):
                yield TabLine(id="tabs")
                with Pane(id="body"):
                    with Pane(id="rows"):
                        yield Heads(entry_heading)
                        yield EntryList(id="entries")
                        yield Static("", id="empty", markup=False)
                    yield Static("", id="original", markup=False)
                yield StatusLine(id="status")
                yield KeyLine(id="keys", markup=False)
            yield from self.desk_app.companion()

    @property
    def entries(self) -> EntryList:
        """The list that is shown."""
        return self.query_one("#entries", EntryList)

    def on_mount(self) -> None:
        """Show the first list that has something in it."""
        self.entries.focus()
        self.set_interval(_LOOK_EVERY, self._look)
        self.desk_app.opening(self._begin())

    async def _begin(self) -> None:
        counts = await self.desk_app.read(aside_counts)
        self.aside = next(iter(counts), Aside.QUARANTINE)
        await self.load()

    async def load(self) -> None:
        """Ask what there is now."""
        wanted, now = self.aside, self.desk_app.desk.clock()
        counts = await self.desk_app.read(aside_counts)
        rows = await self.desk_app.read(aside_rows, wanted, _MOST)
        if wanted is not self.aside or not self.is_mounted:
            return
        tabs = [Tab("", aside_word(one), str(counts.get(one, 0)), one is wanted) for one in Aside]
        self.query_one("#tabs", TabLine).show(tabs, self.desk_app.desk.actor.login)
        self.set_class(not rows, "empty")
        self.query_one("#empty", Static).update(Text(_nothing(wanted), justify="center"))
        self.entries.show(rows, now)
        self.query_one("#status", StatusLine).show(left=_summary(rows))
        self.show_keys()

    def _look(self) -> None:
        if self.is_current:
            self.desk_app.spawn(self.load())

    def tickets_changed(self, tickets: set[int], own: set[int]) -> None:
        """A ticket may have been made of an entry."""
        self.desk_app.spawn(self.load())

    # -- the original follows when the cursor rests

    def on_line_list_moved(self) -> None:
        """The cursor moved: wait for it to rest."""
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST, self._follow)

    def _follow(self) -> None:
        if (row := self.entries.current) is not None:
            self.desk_app.spawn(self._show_original(row))

    async def _show_original(self, row: AsideRow) -> None:
        original = as_shown(await self.desk_app.read(first_bytes, row.mail))
        if self.entries.current == row:
            text = Text(f"{_facts(row, self)}\n", "bold").append(original, "not bold dim")
            self.query_one("#original", Static).update(text)

    # -- what the keys do

    def keys(self) -> list[Key]:
        """Those of the lists, and the few that make sense here, too."""
        return [key for key in table() if key.area == "aside" or (key.area == "any" and key.action in ALSO)]

    def why_not(self, action: str) -> str:
        """Why an action cannot be done now."""
        if action in ("ticket", "put_away", "why") and self.entries.current is None:
            return _("No entry is chosen.")
        return super().why_not(action)

    def acted(self, outcome: Outcome, ids: Sequence[int]) -> None:
        """Done; a list hears of nothing by itself."""
        self.notice(outcome.text, _(" · u undoes it"))
        self.desk_app.opening(self._load_and_tell())

    async def _say(self, verb: Callable[[Desk], Outcome]) -> Outcome:
        outcome = await super()._say(verb)
        await self._load_and_tell()
        return outcome

    async def _load_and_tell(self) -> None:
        await self.load()
        for screen in self.app.screen_stack:
            if isinstance(screen, DeskScreen):
                screen.count_soon()

    def action_ticket(self) -> None:
        """Make a ticket of the entry."""
        if self.can("ticket") and (row := self.entries.current) is not None:
            from helpdesk_tui.mail.again import ticket_of

            mail = row.mail
            self.perform(lambda desk: ticket_of(desk, mail))

    def action_put_away(self) -> None:
        """Put the entry away."""
        if self.can("put_away") and (row := self.entries.current) is not None:
            mail = row.mail
            self.perform(lambda desk: dismiss(desk, mail))

    def action_why(self) -> None:
        """Why it lies here."""
        if self.can("why") and (row := self.entries.current) is not None:
            explain(self, row.mail)

    def on_line_list_opened(self) -> None:
        """A click opened it."""
        self.action_why()

    def open_ticket(self, ticket_id: int, writing: str = "") -> None:
        """Show a ticket above the screen one came from."""

        self.open_below(ticket_id)

    def action_next_list(self) -> None:
        """The list to the right."""
        self._turn(1)

    def action_previous_list(self) -> None:
        """The list to the left."""
        self._turn(-1)

    def _turn(self, step: int) -> None:
        lists = list(Aside)
        self.aside = lists[(lists.index(self.aside) + step) % len(lists)]
        self.entries.cursor = 0
        self.query_one("#status", StatusLine).clear()
        self.desk_app.opening(self.load())

    def action_down(self) -> None:
        """Next entry."""
        self.entries.move(1)

    def action_up(self) -> None:
        """Previous entry."""
        self.entries.move(-1)

    def action_top(self) -> None:
        """First entry."""
        self.entries.move_to(0)

    def action_bottom(self) -> None:
        """Last entry."""
        self.entries.move_to(len(self.entries.rows) - 1)

    def action_page_down(self) -> None:
        """A page down."""
        self.entries.move(self.entries.page_lines)

    def action_page_up(self) -> None:
        """A page up."""
        self.entries.move(-self.entries.page_lines)

    def action_refresh(self) -> None:
        """Look what has come."""
        self.desk_app.opening(self.load())

    def action_back(self) -> None:
        """Back to where one was."""
        self.leave()


def _summary(rows: Sequence[AsideRow]) -> str:
    mails = sum(row.count for row in rows)
    said = [ngettext("{n} entry", "{n} entries", len(rows)), ngettext("{n} mail", "{n} mails", mails)]
    said.append(_("the newest {n} are shown").format(n=_MOST) if len(rows) == _MOST else "")
    return " · ".join(filter(None, said))


def _nothing(aside: Aside) -> str:
    words = {
        Aside.QUARANTINE: _("Every mail could be read."),
        Aside.ROBOTS: _("No machine's mail waits."),
        Aside.BACKSCATTER: _("No report on mail that is not ours."),
        Aside.FLOODS: _("Nobody sends too much."),
    }[aside]
    return f"{words}\n{_('. goes to the next list, q back.')}"


def _facts(row: AsideRow, screen: DeskScreen) -> str:
    """An entry in words: how many since when, in which queue, and why it could not be read."""
    now = screen.desk_app.desk.clock()
    since = _("{n} since {when}").format(n=f"{row.count:,}", when=moment(row.first_at, now)) if row.count > 1 else ""
    ticket = _("they go on in #{number}").format(number=row.ticket) if row.ticket else ""
    said = [clean_line(row.sender.whole), since, row.queue, ticket, row.reason]
    return f"{clean_line(row.subject)}\n{' · '.join(filter(None, said))}\n".lstrip("\n")
