"""The customer: how they are known, their tickets, and which records are the same person."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from helpdesk_tui.desk import customers, joining
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules.impostors import true_spelling
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens.dialogs.dialog import Ask, Dialog, Picker
from helpdesk_tui.screens.keys import Key, bindings, table
from helpdesk_tui.screens.phrases import status_short
from helpdesk_tui.store.queries.people import CustomerPage, customer_page, find_customers
from helpdesk_tui.store.queries.tickets import TicketRow, ticket_rows

if TYPE_CHECKING:
    from helpdesk_tui.app import HelpdeskApp
    from helpdesk_tui.desk.door import Desk
    from helpdesk_tui.terms import Outcome

#: Lines of the dialog beside the customer and the tickets: its border, title, what was said, and the keys.
_AROUND = 6


class CustomerDialog(Dialog):
    """Answers with the id of a ticket to open; without one where it was left."""

    BINDINGS: ClassVar = [*bindings("customer")]

    def __init__(self, customer_id: int) -> None:
        super().__init__()
        self._customer_id = customer_id
        self._page: CustomerPage | None = None
        self._rows: list[TicketRow] = []

    @property
    def desk_app(self) -> HelpdeskApp:
        """The app, as what it is."""
        return cast("HelpdeskApp", self.app)

    def compose(self) -> ComposeResult:
        """How they are known, their tickets, what was said, the keys."""
        with Vertical(id="dialog", classes="wide"):
            yield Static("", classes="title", id="customer-name", markup=False)
            with VerticalScroll(id="customer-body", can_focus=False):
                yield Static("", id="customer-known", markup=False)
            yield OptionList(id="options", markup=False)
            yield Static("", id="customer-said", markup=False)
            yield Static(_key_words(), classes="help", markup=False)

    def on_mount(self) -> None:
        """Ask for the customer."""
        self.query_one("#options", OptionList).can_focus = False
        self.desk_app.opening(self._load())

    def on_resize(self) -> None:
        """Half of what room there is for each."""
        room = max((self.size.height * 9 // 10 - _AROUND) // 2, 1)
        self.query_one("#customer-body").styles.max_height = room
        self.query_one("#options").styles.max_height = room

    def tickets_changed(self, _tickets: set[int], _own: set[int]) -> None:
        """Something changed somewhere: show the customer anew."""
        self.desk_app.spawn(self._load())

    def refuse(self, error: HelpdeskError) -> None:
        """Say why something was not done, and what to do."""
        self._say(f"{error.message} {error.hint}".strip(), "bold reverse")

    async def _load(self) -> None:
        page = await self.desk_app.read(customer_page, self._customer_id)
        rows = await self.desk_app.read(ticket_rows, page.tickets) if page is not None else []
        if page is None or not self.is_attached:
            self.action_back()
            return
        self._page, self._rows = page, rows
        name = " · ".join(filter(None, (page.row.called, page.row.organization)))
        self.query_one("#customer-name", Static).update(Text(clean_line(name, 200)))
        self.query_one("#customer-known", Static).update(_known_by(page))
        options = self.query_one("#options", OptionList)
        at = options.highlighted or 0
        options.set_options([Option(Text(_ticket_words(row))) for row in self._rows])
        options.highlighted = min(at, len(self._rows) - 1) if self._rows else None

    def _say(self, text: str, style: str = "") -> None:
        self.query_one("#customer-said", Static).update(Text(clean_line(text, 400), style))

    def _do(self, verb: Callable[[Desk], Outcome]) -> None:
        self.desk_app.opening(self._done(verb))

    async def _done(self, verb: Callable[[Desk], Outcome]) -> None:
        outcome = await self.desk_app.do(verb)
        await self._load()
        self._say(outcome.text)

    def action_down(self) -> None:
        """The next ticket."""
        self.query_one("#options", OptionList).action_cursor_down()

    def action_up(self) -> None:
        """The previous ticket."""
        self.query_one("#options", OptionList).action_cursor_up()

    def action_open(self) -> None:
        """Open the ticket under the cursor."""
        at = self.query_one("#options", OptionList).highlighted
        if at is not None and at < len(self._rows):
            self.dismiss(str(self._rows[at].id))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the ticket that was clicked."""
        self.dismiss(str(self._rows[event.option_index].id))

    def action_back(self) -> None:
        """Back to where one was."""
        if self.is_current:
            self.dismiss(None)

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
            self._do(lambda desk: customers.set_customer(desk, self._customer_id, **{what: answer}))

    def action_add(self) -> None:
        """Give them one address or phone more."""
        self.app.push_screen(Ask(_("One more address or phone")), self._add)

    def _add(self, answer: str | None) -> None:
        if answer and answer.strip():
            verb = customers.add_address if "@" in answer else customers.add_phone
            self._do(lambda desk: verb(desk, self._customer_id, answer))

    def action_remove(self) -> None:
        """Take an address or a phone away."""
        if self._page is not None:
            known = [*self._page.addresses, *self._page.phones]
            self.app.push_screen(Picker(_("Take away"), [(one, one) for one in known]), self._remove)

    def _remove(self, answer: str | None) -> None:
        if answer:
            verb = customers.remove_address if "@" in answer else customers.remove_phone
            self._do(lambda desk: verb(desk, self._customer_id, answer))

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
            self._say(_("Nobody else fits {words}.").format(words=typed), "bold reverse")
            return
        options = [(str(one.id), _other_words(one.called, one.address, one.phone, one.organization)) for one in others]
        self.app.push_screen(Picker(_("Is one with this customer"), options), self._join)

    def _join(self, answer: str | None) -> None:
        if answer:
            self._do(lambda desk: joining.join(desk, self._customer_id, int(answer)))

    def action_split(self) -> None:
        """Take apart what was joined."""
        if self._page is not None and self._page.joins:
            options = [(str(one.id), f"{one.name} · {one.agent}") for one in self._page.joins]
            self.app.push_screen(Picker(_("Is somebody else after all"), options), self._split)
        else:
            self._say(_("No other record was joined with this one."), "bold reverse")

    def _split(self, answer: str | None) -> None:
        if answer:
            self._do(lambda desk: joining.split(desk, int(answer)))


def _known_by(page: CustomerPage) -> Text:
    """Addresses with the true spelling of what deceives, phones, fields, records that were joined; a line each."""
    text = Text()
    for address in page.addresses:
        spelling = true_spelling(address)
        text.append(clean_line(f"{address} = {spelling}" if spelling else address, 340) + "\n")
    for phone in page.phones:
        text.append(clean_line(phone, 60) + "\n")
    for name, value in page.fields:
        text.append(f"{clean_line(name, 40)}  ", "dim").append(clean_line(value, 200) + "\n")
    for one in page.joins:
        text.append(_("one with {name}").format(name=clean_line(one.name, 80)) + "\n", "dim")
    return text.append(ngettext("{n} ticket", "{n} tickets", page.ticket_count), "dim")


def _other_words(*words: str) -> str:
    return " · ".join(dict.fromkeys(filter(None, words)))


def _ticket_words(row: TicketRow) -> str:
    return clean_line(f"#{row.number} {status_short(row.status)} · {row.subject or '–'}", 200)


def _key_words() -> Text:
    words = (key for key in table() if key.area == "customer" and key.word)
    return Text(" ".join(map(_shown, words)))


def _shown(key: Key) -> str:
    return f"{key.shown} {key.word}"
