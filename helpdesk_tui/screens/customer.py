"""A customer: how they are known, everything they and we had to do with each other, and which records are the same person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.timer import Timer
from textual.widgets import Static

from helpdesk_tui.desk import customers, joining
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules.impostors import true_spelling
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens.desk_screen import ALSO, DeskScreen, also
from helpdesk_tui.screens.dialogs.dialog import Ask, Picker
from helpdesk_tui.screens.keys import Key, bindings, table
from helpdesk_tui.screens.widgets.customer_lists import (
    CustomerTickets,
    HistoryList,
    history_heading,
    tickets_heading,
)
from helpdesk_tui.screens.widgets.ground import Pane, Row
from helpdesk_tui.screens.widgets.line_list import LineList
from helpdesk_tui.screens.widgets.lines import Heads, KeyLine, StatusLine, Tab, TabLine
from helpdesk_tui.store.queries.customer_history import HappenedRow, happened
from helpdesk_tui.store.queries.people import CustomerPage, customer_page, find_customers
from helpdesk_tui.store.queries.tickets import TicketRow, ticket_rows
from helpdesk_tui.terms import Outcome

#: So much is shown of what happened, and so many tickets; the newest.
_MOST, _MOST_TICKETS = 5_000, 1_000
#: What changes is shown within so many seconds.
_CALM = 0.5
_HISTORY, _TICKETS = "history", "tickets"
#: So much of the screen's height those facts take at most that say how they are known.
_KNOWN = 0.3


class CustomerScreen(DeskScreen, inherit_bindings=False):
    """Who they are above, what happened below."""

    BINDINGS: ClassVar = [*bindings("customer"), *also()]
    AREAS: ClassVar[tuple[str, ...]] = ("customer",)

    def __init__(self, customer_id: int) -> None:
        super().__init__()
        self._customer_id = customer_id
        self._page: CustomerPage | None = None
        self._shown = _HISTORY
        self._happened: Sequence[HappenedRow] = ()
        self._soon: Timer | None = None

    def compose(self) -> ComposeResult:
        """Name, how they are known, the lists, status, keys."""
        with Row(id="frame"):
            with Pane(id="desk"):
                yield Static("", id="customer-name", markup=False)
                with VerticalScroll(id="customer-body", can_focus=False):
                    yield Static("", id="customer-known", markup=False)
                yield TabLine(id="tabs")
                with Pane(id="body"), Pane(id="rows"):
                    yield Heads(history_heading)
                    yield HistoryList(id=_HISTORY)
                    yield CustomerTickets(id=_TICKETS)
                    yield Static("", id="empty", markup=False)
                yield StatusLine(id="status")
                yield KeyLine(id="keys", markup=False)
            yield from self.desk_app.companion()

    @property
    def lines(self) -> LineList[Any]:
        """The list that is shown."""
        return self.query_one(f"#{self._shown}", LineList)

    def on_mount(self) -> None:
        """Ask for the customer."""
        self._turn_to(_HISTORY)
        self.desk_app.opening(self.load())

    # -- loading

    async def load(self) -> None:
        """Ask what is known now."""
        page = await self.desk_app.read(customer_page, self._customer_id, _MOST_TICKETS)
        rows = await self.desk_app.read(happened, self._customer_id, _MOST) if page is not None else []
        if not self.is_mounted:
            return
        if page is None:
            self.leave_saying(HelpdeskError(_("This customer is no longer known in a queue you belong to.")))
            return
        self._page, self._happened = page, rows
        name = clean_line(" · ".join(filter(None, (page.row.called, page.row.organization))), 200)
        self.query_one("#customer-name", Static).update(Text(f" {name}", "bold", no_wrap=True, overflow="ellipsis"))
        self.query_one("#customer-known", Static).update(_known_by(page))
        self.query_one(f"#{_HISTORY}", HistoryList).show(rows, self.desk_app.desk.clock())
        if self._shown == _TICKETS:
            await self._load_tickets(page)
        self._say_how_much(page)
        self.show_keys()

    async def _load_tickets(self, page: CustomerPage) -> None:
        rows = {row.id: row for row in await self.desk_app.read(ticket_rows, page.tickets)}
        if self.is_mounted:
            in_order = [rows[one] for one in page.tickets if one in rows]
            self.query_one(f"#{_TICKETS}", CustomerTickets).show(in_order, self.desk_app.desk.clock())

    def _say_how_much(self, page: CustomerPage) -> None:
        most = {_HISTORY: (len(self._happened), _MOST), _TICKETS: (len(page.tickets), _MOST_TICKETS)}
        count, limit = most[self._shown]
        tickets = ngettext("{n} ticket", "{n} tickets", page.ticket_count)
        pending = ngettext("{n} open", "{n} open", page.row.open_tickets)
        cut = _("the newest {n} are shown").format(n=f"{limit:,}") if count >= limit else ""
        self.query_one("#status", StatusLine).show(left=" · ".join(filter(None, (tickets, pending, cut))))
        is_empty = not count
        self.set_class(is_empty, "empty")
        self.query_one("#empty", Static).update(Text(_("Nothing yet."), justify="center"))
        tabs = [
            Tab("", _("everything"), f"{len(self._happened):,}", self._shown == _HISTORY, is_kept=True),
            Tab("", _("tickets"), f"{page.ticket_count:,}", self._shown == _TICKETS, is_kept=True),
        ]
        self.query_one("#tabs", TabLine).show(tabs, self.desk_app.desk.actor.login)

    def tickets_changed(self, tickets: set[int], own: set[int]) -> None:
        """Something changed somewhere: show the customer anew, but not for every mail of a busy morning."""
        if self._soon is None:
            self._soon = self.set_timer(_CALM, self._load_soon)

    def _load_soon(self) -> None:
        self._soon = None
        self.desk_app.spawn(self.load())

    def acted(self, outcome: Outcome, ids: Sequence[int]) -> None:
        """Done: what hangs on a customer changes no ticket, and nobody tells of it."""
        self.notice(outcome.text, _(" · u undoes it"))
        self.desk_app.opening(self.load())

    async def _say(self, verb: Callable[[Desk], Outcome]) -> Outcome:
        outcome = await super()._say(verb)
        await self.load()
        return outcome

    # -- the shape

    def fit(self) -> None:
        """Fit what is known to the new size, too."""
        super().fit()
        self.query_one("#customer-body").styles.max_height = max(int(self.size.height * _KNOWN), 2)

    def _turn_to(self, which: str) -> None:
        self._shown = which
        for one in (_HISTORY, _TICKETS):
            self.query_one(f"#{one}").display = one == which
        self.lines.focus()
        self.query_one(Heads).show(history_heading if which == _HISTORY else tickets_heading)

    # -- what the keys do

    def keys(self) -> list[Key]:
        """Those of the customer, and the few that make sense here, too."""
        return [key for key in table() if key.area == "customer" or (key.area == "any" and key.action in ALSO)]

    def why_not(self, action: str) -> str:
        """Why an action cannot be done now."""
        if action == "open" and self.lines.current is None:
            return _("Nothing is chosen.")
        if action == "split" and (self._page is None or not self._page.joins):
            return _("No other record was joined with this one.")
        if action == "remove" and (self._page is None or not (self._page.addresses or self._page.phones)):
            return _("There is neither an address nor a phone.")
        return ""

    def action_open(self) -> None:
        """Open the ticket under the cursor."""
        if self.can("open") and (row := self.lines.current) is not None:
            self.open_ticket(row.id if isinstance(row, TicketRow) else row.ticket_id)

    def on_line_list_opened(self) -> None:
        """A click opens it."""
        self.action_open()

    def open_ticket(self, ticket_id: int, writing: str = "") -> None:
        """Show a ticket above the screen one came from."""
        self.open_below(ticket_id)

    def action_next_list(self) -> None:
        """Everything, or the tickets alone."""
        self._turn_to(_TICKETS if self._shown == _HISTORY else _HISTORY)
        self.desk_app.opening(self.load())

    def action_down(self) -> None:
        """The next line."""
        self.lines.move(1)

    def action_up(self) -> None:
        """The line before."""
        self.lines.move(-1)

    def action_top(self) -> None:
        """The newest."""
        self.lines.move_to(0)

    def action_bottom(self) -> None:
        """The oldest."""
        self.lines.move_to(len(self.lines.rows) - 1)

    def action_page_down(self) -> None:
        """A page down."""
        self.lines.move(self.lines.page_lines)

    def action_page_up(self) -> None:
        """A page up."""
        self.lines.move(-self.lines.page_lines)

    def action_refresh(self) -> None:
        """Look what is new."""
        self.desk_app.opening(self.load())

    def action_back(self) -> None:
        """Back to where one was."""
        self.leave()

    # -- who they are

    def action_rename(self) -> None:
        """Say what they are called."""
        if self._page is not None:
            asked = Ask(_("What they are called"), "", self._page.row.name)
            self.app.push_screen(asked, partial(self._set, "name"))

    def action_company(self) -> None:
        """Say whose company they belong to."""
        if self._page is not None:
            asked = Ask(_("Company"), _("empty takes it away"), self._page.row.organization)
            self.app.push_screen(asked, partial(self._set, "organization"))

    def _set(self, what: str, answer: str | None) -> None:
        if answer is not None:
            self.perform(lambda desk: customers.set_customer(desk, self._customer_id, **{what: answer}))

    def action_add(self) -> None:
        """Give them one address or phone more."""
        self.app.push_screen(Ask(_("One more address or phone")), self._add)

    def _add(self, answer: str | None) -> None:
        if answer and answer.strip():
            verb = customers.add_address if "@" in answer else customers.add_phone
            self.perform(lambda desk: verb(desk, self._customer_id, answer))

    def action_remove(self) -> None:
        """Take an address or a phone away."""
        if self.can("remove") and self._page is not None:
            known = [*self._page.addresses, *self._page.phones]
            self.app.push_screen(Picker(_("Take away"), [(one, one) for one in known]), self._remove)

    def _remove(self, answer: str | None) -> None:
        if answer:
            verb = customers.remove_address if "@" in answer else customers.remove_phone
            self.perform(lambda desk: verb(desk, self._customer_id, answer))

    def action_join(self) -> None:
        """Say which other record is the same person."""
        help_words = _("three characters of a name, an address or a number")
        self.app.push_screen(Ask(_("Who is the same person"), help_words), self._look)

    def _look(self, answer: str | None) -> None:
        if answer and answer.strip():
            self.desk_app.opening(self._offer(answer))

    async def _offer(self, typed: str) -> None:
        found = await self.desk_app.read(find_customers, typed, 20)
        others = [one for one in found if one.id != self._customer_id]
        if not others:
            self.refuse(HelpdeskError(_("Nobody else fits {words}.").format(words=clean_line(typed, 60))))
            return
        options = [(str(one.id), _other_words(one.called, one.address, one.phone, one.organization)) for one in others]
        self.app.push_screen(Picker(_("Is one with this customer"), options), self._join)

    def _join(self, answer: str | None) -> None:
        if answer:
            self.perform(lambda desk: joining.join(desk, self._customer_id, int(answer)))

    def action_split(self) -> None:
        """Take apart what was joined."""
        if self.can("split") and self._page is not None:
            options = [(str(one.id), f"{one.name} · {one.agent}") for one in self._page.joins]
            self.app.push_screen(Picker(_("Is somebody else after all"), options), self._split)

    def _split(self, answer: str | None) -> None:
        if answer:
            self.perform(lambda desk: joining.split(desk, int(answer)))


def _known_by(page: CustomerPage) -> Text:
    """Addresses with the true spelling of what deceives, phones, fields, records that were joined, one after the other."""
    parts = [Text(_address_words(one)) for one in page.addresses]
    parts += [Text(clean_line(phone, 60)) for phone in page.phones]
    for name, value in page.fields:
        parts.append(Text(f"{clean_line(name, 40)} ", "dim").append(clean_line(value, 200), "not dim"))
    parts += [Text(_("one with {name}").format(name=clean_line(one.name, 80)), "dim") for one in page.joins]
    return Text(" · ").join(parts)


def _address_words(address: str) -> str:
    spelling = true_spelling(address)
    return clean_line(f"{address} = {spelling}" if spelling else address, 340)


def _other_words(*words: str) -> str:
    return " · ".join(dict.fromkeys(filter(None, words)))
