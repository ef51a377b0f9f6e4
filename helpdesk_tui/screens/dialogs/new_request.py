"""A new request or call: three characters find the customer, their open tickets come first."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from helpdesk_tui.desk.conversation import NewRequest, create
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.outreach import write_first
from helpdesk_tui.desk.sending import Sending
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.rules.callers import Caller, read_caller
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens.dialogs.dialog import Dialog
from helpdesk_tui.screens.dialogs.first_mail import FirstMail
from helpdesk_tui.screens.dialogs.found_customers import customer_words, open_tickets_of
from helpdesk_tui.screens.widgets.text_box import TextBox
from helpdesk_tui.store.queries.people import CustomerRow, find_customers
from helpdesk_tui.store.queries.setup import queues
from helpdesk_tui.store.queries.thread import drafts
from helpdesk_tui.store.queries.tickets import TicketRow
from helpdesk_tui.store.schema import FIRST_QUEUE
from helpdesk_tui.terms import Channel, Outcome, Person

if TYPE_CHECKING:
    from helpdesk_tui.app import HelpdeskApp

_SAVE_EVERY = 0.4
#: How it came in; the last is a mail that we write first.
_CHANNELS = (Channel.PHONE, Channel.WALK_IN, Channel.EMAIL)


class NewRequestDialog(Dialog):
    """Who, about what, in which words. Answers with the id of the ticket to open, "" where one was made."""

    BINDINGS: ClassVar = [
        ("ctrl+s", "save", ""),
        ("ctrl+t", "channel", ""),
        ("ctrl+n", "empty", ""),
        ("ctrl+o", "queue", ""),
        Binding("ctrl+r", "people", priority=True),
        Binding("ctrl+f", "attach", priority=True),
        ("down", "move(1)", ""),
        ("up", "move(-1)", ""),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._found: list[CustomerRow] = []
        self._customer: CustomerRow | None = None
        self._open: list[TicketRow] = []
        self._channel = Channel.PHONE
        self._queues: list[str] = []
        self._queue = FIRST_QUEUE
        self._is_saving = False
        self._is_made = False
        self._handed_over: dict[str, Any] = {}
        self._batch = uuid.uuid4().hex
        self._asks = ""
        self._told_over: dict[str, str] | None = None

    @property
    def desk_app(self) -> HelpdeskApp:
        """The app, as what it is."""
        return cast("HelpdeskApp", self.app)

    @property
    def _mail(self) -> FirstMail:
        return self.query_one(FirstMail)

    def compose(self) -> ComposeResult:
        """The form."""
        with Vertical(id="dialog", classes="wide"):
            yield Static(Text(_("New request")), classes="title", id="title", markup=False)
            yield Static(Text(_("Who: a name, an address or a phone number")), classes="label", markup=False)
            yield Input(id="who")
            yield OptionList(id="options", markup=False)
            yield Static(Text(_("About")), classes="label", markup=False)
            yield Input(id="subject")
            yield Static(Text(_("What was said")), classes="label", markup=False)
            yield TextBox(id="text", soft_wrap=True)
            yield FirstMail()
            yield Static("", classes="help", id="form-help", markup=False)

    def on_mount(self) -> None:
        """Bring back what was being written."""
        self.query_one("#options", OptionList).can_focus = False
        self.query_one("#options", OptionList).display = False
        self._say_channel()
        self.desk_app.opening(self._restore())

    async def _restore(self) -> None:
        self._queues = [one.name for one in await self.desk_app.read(queues)]
        if self._queues and self._queue not in self._queues:
            self._queue = self._queues[0]
        self._say_channel()
        mine = self.desk_app.desk.actor.agent_id
        saved = [one for one in await self.desk_app.read(drafts, None) if one.agent_id == mine and one.kind == "new"]
        if saved:
            fields = saved[0].fields
            self._customer = await self._known(fields)
            self._mail.restore(fields)
            self._take_way(str(fields.get("channel", "")), str(fields.get("queue", "")))
            self._fill(str(fields.get("who", "")), str(fields.get("subject", "")), str(fields.get("text", "")))
            self._say(_("Kept from before; ctrl+n begins an empty one"))

    def _take_way(self, channel: str, queue: str) -> None:
        """How it came in, and where it goes, as it was kept."""
        self._channel = next((one for one in _CHANNELS if one == channel), self._channel)
        self._queue = queue if queue in self._queues else self._queue
        self._say_channel()

    def _fill(self, who: str, subject: str, text: str) -> None:
        """Put words into the fields, the cursors behind them."""
        for name, words in (("#who", who), ("#subject", subject)):
            field = self.query_one(name, Input)
            field.value = words
            field.cursor_position = len(words)
        area = self.query_one("#text", TextArea)
        area.load_text(text)
        area.move_cursor(area.document.end)

    async def _known(self, fields: Mapping[str, Any]) -> CustomerRow | None:
        """The customer who was chosen, unless they are called something else by now."""
        found = await self.desk_app.read(find_customers, str(fields.get("known_by", "")))
        chosen = (fields.get("customer"), fields.get("who"))
        return next((one for one in found if (one.id, one.called) == chosen), None)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look for the customer while they say their name; keep what is written."""
        if event.input.id == "who" and (self._customer is None or event.value != self._customer.called):
            self._customer = None
            self.desk_app.opening(self._find(event.value))
        self._save_soon()

    def on_input_blurred(self, event: Input.Blurred) -> None:
        """Who has gone on takes nobody from the list any more."""
        if event.input.id == "who":
            self.query_one("#options", OptionList).display = False

    def on_text_area_changed(self) -> None:
        """Keep what is written."""
        self._save_soon()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter takes the highlighted line, then goes on to the next field."""
        options = self.query_one("#options", OptionList)
        if event.input.id == "who" and options.display and options.highlighted is not None:
            self._take(options.highlighted)
        else:
            self.focus_next()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take what was clicked."""
        self._take(event.option_index)

    def action_move(self, step: int) -> None:
        """Move the highlight of the list below the name."""
        options = self.query_one("#options", OptionList)
        if options.display and options.option_count:
            options.highlighted = ((options.highlighted or 0) + step) % options.option_count

    def action_channel(self) -> None:
        """By phone, at the counter, or a mail of ours to them."""
        self._channel = _CHANNELS[(_CHANNELS.index(self._channel) + 1) % len(_CHANNELS)]
        self._say_channel()
        self._save_soon()

    def action_queue(self) -> None:
        """In the next queue."""
        if self._queues:
            self._queue = self._queues[(self._queues.index(self._queue) + 1) % len(self._queues)]
            self._say_channel()
            self._save_soon()

    def action_people(self) -> None:
        """Of a mail, who else gets it."""
        if self._channel is not Channel.EMAIL:
            return
        if (person := self._written_to()) is None or not person.address:
            self._say(_("Say first to whom, with an address; then who else gets it."), "bold reverse")
            return
        self._mail.choose_people(person, self._write_to)

    def _written_to(self) -> Person | None:
        with suppress(HelpdeskError):
            return self._caller().person
        return None

    def _write_to(self, person: Person | None) -> None:
        """Another one stands in To now; who stood there alone stays."""
        before = self._written_to()
        if person is not None and (before is None or before.address != person.address):
            self._customer = None
            self.query_one("#who", Input).value = person.whole
        self._save_soon()

    def action_attach(self) -> None:
        """Of a mail, what goes along."""
        if self._channel is Channel.EMAIL:
            self._mail.choose_files(self._save_soon)

    def action_empty(self) -> None:
        """Begin anew, for the next caller; asks first, for what stands there would be gone."""
        if self._has_something and self._asks != "empty":
            self._asks = "empty"
            self._say(_("ctrl+n once more empties the form"))
            return
        self._customer = None
        self._asks = ""
        self._fill("", "", "")
        self._mail.restore({})
        self.query_one("#who", Input).focus()

    def action_save(self) -> None:
        """Make the ticket."""
        try:
            caller = self._caller()
        except HelpdeskError as error:
            self.refuse(error)
            return
        request = NewRequest(
            person=caller.person,
            subject=self.query_one("#subject", Input).value,
            text=self.query_one("#text", TextArea).text,
            phone=caller.phone,
            channel=self._channel,
            queue=self._queue,
            customer_id=self._customer.id if self._customer else None,
            is_from_draft=True,
        )
        if self._channel is Channel.EMAIL:
            self._mail.look_before(request.person, request.text, lambda: self._make(request))
        else:
            self._make(request)

    def _make(self, request: NewRequest) -> None:
        if not self._is_made:
            self.keep_text()  # taken back, it comes again as it was sent
            self._is_made = True
            self.desk_app.opening(self._create(request))

    def _caller(self) -> Caller:
        """Who asks: the customer that was chosen, else what is typed."""
        if (one := self._customer) is not None:
            return Caller(Person(one.name, one.address), one.phone)
        return read_caller(self.query_one("#who", Input).value)

    def action_dismiss_none(self) -> None:
        """Leave; what is written is kept."""
        self.keep_text()
        super().action_dismiss_none()

    def refuse(self, error: Any) -> None:
        """Say what is wrong, in the dialog."""
        self._say(f"{error.message} {error.hint}", "bold reverse")

    def _say(self, words: str, look: str = "bold") -> None:
        """Say something until the next letter."""
        self._told_over = self._written()
        self.query_one("#form-help", Static).update(Text(clean_line(words), look))

    async def _create(self, request: NewRequest) -> None:
        window = self.desk_app.undo_window
        mail = self._mail
        sending = Sending(leaves_at=window.leaves_at(self.desk_app.desk.clock()), files=mail.files)

        def made(desk: Desk) -> Outcome:
            if request.channel is Channel.EMAIL:
                own = desk.in_batch(self._batch)
                return write_first(own, request, request.text, sending, also=mail.also, cc=mail.cc)
            return create(desk.in_batch(self._batch), request)

        try:
            outcome = await self.desk_app.do(made)
        except HelpdeskError:
            self._is_made = False
            raise
        if request.channel is Channel.EMAIL:
            window.open()
        self.desk_app.drafts.let_go(None, "new")
        self.dismiss(outcome.text)

    async def _find(self, typed: str) -> None:
        self._found = await self.desk_app.read(find_customers, typed)
        if self.query_one("#who", Input).value != typed:
            return
        self._open = []
        self._offer([customer_words(one) for one in self._found])

    def _take(self, index: int) -> None:
        if self._customer is None and index < len(self._found):
            self._customer = self._found[index]
            who = self.query_one("#who", Input)
            who.value = self._customer.called
            who.cursor_position = len(who.value)
            self.desk_app.opening(self._show_open(self._customer.id))
        elif index < len(self._open):
            self.desk_app.opening(self._go_to(self._open[index].id))
        else:
            self.query_one("#options", OptionList).display = False
            self.query_one("#subject", Input).focus()

    async def _go_to(self, ticket_id: int) -> None:
        """Open a ticket they have already; what was written here becomes a note on it, still to be sent."""
        text = self.query_one("#text", TextArea).text.strip()
        if text:
            me = self.desk_app.desk.actor.agent_id
            found = await self.desk_app.read(drafts, ticket_id)
            before = next((one.text for one in found if (one.agent_id, one.kind) == (me, "note")), "")
            both = "\n\n".join(filter(None, (before, text)))
            self.desk_app.drafts.put(ticket_id, "note", both, lambda _is_saved: None)
        self._is_made = True
        self.desk_app.drafts.put(None, "new", "", lambda _is_saved: None)
        self.dismiss(f"open {ticket_id}")

    async def _show_open(self, customer_id: int) -> None:
        self._open = await self.desk_app.read(open_tickets_of, customer_id)
        lines = [f"#{one.number} {one.subject}" for one in self._open]
        first = len(lines) if self._channel is Channel.EMAIL else 0  # a mail is a matter of its own
        self._offer([*lines, _("+ new request")] if lines else [], first)
        if not lines:
            self.query_one("#subject", Input).focus()

    def _offer(self, lines: list[str], first: int = 0) -> None:
        options = self.query_one("#options", OptionList)
        options.set_options([Option(Text(clean_line(line, 200))) for line in lines])
        options.display = bool(lines)
        options.highlighted = first if lines else None

    def _say_channel(self) -> None:
        titles = {
            Channel.PHONE: _("New request · by phone"),
            Channel.WALK_IN: _("New request · at the counter"),
            Channel.EMAIL: _("New mail · to them"),
        }
        title = f"{titles[self._channel]} · {clean_line(self._queue, 60)}"
        self.query_one("#title", Static).update(Text(title))
        is_mail = self._channel is Channel.EMAIL
        words = _("Enter next · ^S sends it") if is_mail else _("Enter next · ^S makes it")
        words += _(" · ^R who else · ^F file") if is_mail else ""
        words += _(" · ^T phone, counter, mail · ^O queue · Esc keeps, leaves")
        self.query_one("#form-help", Static).update(Text(words))
        self._mail.show(is_mail=is_mail)

    def _save_soon(self) -> None:
        if self._told_over is not None and self._told_over != self._written():
            self._asks, self._told_over = "", None
            self._say_channel()
        if not self._is_saving:
            self._is_saving = True
            self.set_timer(_SAVE_EVERY, self.keep_text)

    def keep_text(self) -> None:
        """Save what is written, where it changed and no ticket has been made of it."""
        self._is_saving = False
        written = self._written()
        fields: dict[str, Any] = {**written, "channel": str(self._channel), "queue": self._queue, **self._mail.fields()}
        if (chosen := self._customer) is not None:
            fields |= {"customer": chosen.id, "known_by": chosen.address or chosen.phone or chosen.called}
        if self._is_made or fields == self._handed_over or not (self._has_something or self._handed_over):
            return
        self._handed_over = fields
        text = " ".join(filter(None, (part.strip() for part in written.values()))) or self._mail.in_words
        self.desk_app.drafts.put(None, "new", text, self._told, fields)

    @property
    def _has_something(self) -> bool:
        return bool(any(self._written().values()) or self._mail.fields())

    def _written(self) -> dict[str, str]:
        return {
            "who": self.query_one("#who", Input).value,
            "subject": self.query_one("#subject", Input).value,
            "text": self.query_one("#text", TextArea).text,
        }

    def _told(self, is_saved: bool) -> None:
        if not is_saved and self.is_mounted:
            self.refuse(HelpdeskError(_("not saved")))

    def asks_before_quit(self) -> bool:
        """True where it has just asked, since a request is being written."""
        if self._asks == "quit" or not self._has_something:
            return False
        self._asks = "quit"
        self._say(_("Your text stays as a draft; ctrl+q once more leaves the program"))
        return True
