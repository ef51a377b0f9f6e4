"""Why a mail lies where it lies, over any screen, and what a key can do about it."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import ClassVar

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from helpdesk_tui.desk.aside import dismiss
from helpdesk_tui.desk.why import Deed, deeds, explained
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.mail.charsets import decode, lines
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens.desk_screen import DeskScreen
from helpdesk_tui.screens.dialogs.dialog import Dialog
from helpdesk_tui.screens.phrases import moment
from helpdesk_tui.store.queries.aside import first_bytes
from helpdesk_tui.store.queries.tickets import ticket_by_number
from helpdesk_tui.store.queries.why import Why, why

_LABEL = 9
#: So many lines of the original stand below the explanation.
_MOST_LINES = 200
_KEYS = {Deed.OPEN: "o", Deed.LINKED: "O", Deed.TICKET: "t", Deed.DISMISS: "x"}


def explain(screen: DeskScreen, mail: int | None) -> None:
    """Explain a mail above a screen, and do there what is chosen; None is a message that never was one."""
    if mail is None:
        screen.refuse(HelpdeskError(_("This is no mail."), _("Notes and calls are written here.")))
    else:
        screen.desk_app.opening(_ask(screen, mail))


def as_shown(content: bytes) -> str:
    """How an original begins, as text that steers nothing."""
    return "\n".join(lines(decode(content)).expandtabs(4).splitlines()[:_MOST_LINES])


async def _ask(screen: DeskScreen, mail: int) -> None:
    found = await screen.desk_app.read(why, mail)
    original = as_shown(await screen.desk_app.read(first_bytes, mail))
    screen.app.push_screen(WhyDialog(found, original, screen.desk_app.desk.clock()), partial(_chosen, screen, found))


def _chosen(screen: DeskScreen, found: Why, answer: str | None) -> None:
    if answer == Deed.TICKET:
        from helpdesk_tui.mail.again import ticket_of

        screen.perform(lambda desk: ticket_of(desk, found.mail))
    elif answer == Deed.DISMISS:
        screen.perform(lambda desk: dismiss(desk, found.mail))
    elif answer in (Deed.OPEN, Deed.LINKED):
        number = found.ticket if answer == Deed.OPEN else found.linked_to
        screen.desk_app.opening(_open(screen, number or 0))


async def _open(screen: DeskScreen, number: int) -> None:
    row = await screen.desk_app.read(ticket_by_number, number)
    if row is not None:
        screen.open_ticket(row.id)


class WhyDialog(Dialog):
    """The explanation, what can be done, and how the original begins."""

    BINDINGS: ClassVar = [
        ("q,left,h,w", "dismiss_none", ""),
        ("j,down", "scroll(1)", ""),
        ("k,up", "scroll(-1)", ""),
        ("space,pagedown", "scroll(12)", ""),
        ("pageup", "scroll(-12)", ""),
        *((key, f"deed('{deed}')", "") for deed, key in _KEYS.items()),
    ]

    def __init__(self, found: Why, original: str, now: datetime) -> None:
        super().__init__()
        self._found, self._original, self._now = found, original, now

    def compose(self) -> ComposeResult:
        """A line a fact, then the keys, then the original."""
        with Vertical(id="dialog", classes="wide"):
            yield Static(Text(_("Why · q closes")), classes="title", markup=False)
            with VerticalScroll(id="scroll", can_focus=False):
                yield Static(self._words(), id="why-text", markup=False)

    def action_scroll(self, lines: int) -> None:
        """Scroll the explanation."""
        self.query_one("#scroll").scroll_relative(y=lines, animate=False)

    def action_deed(self, deed: str) -> None:
        """Do one of the things that can be done, and close."""
        if deed in deeds(self._found):
            self.dismiss(deed)

    def _words(self) -> Group:
        facts = Table.grid(padding=(0, 1))
        facts.add_column(min_width=_LABEL)
        facts.add_column(overflow="fold")
        for line in explained(self._found, lambda at: moment(at, self._now)):
            facts.add_row(Text(line.label, "bold"), Text(clean_line(line.words)))
        for deed in deeds(self._found):
            if key := _KEYS.get(deed):
                facts.add_row(Text(key, "bold", justify="right"), Text(_deed_words(self._found)[deed]))
        return Group(facts, Text(f"\n{_('the original begins:')}", "bold"), Text(self._original, "dim"))


def _deed_words(found: Why) -> dict[Deed, str]:
    return {
        Deed.OPEN: _("opens #{number}").format(number=found.ticket),
        Deed.LINKED: _("opens #{number}, which it names").format(number=found.linked_to),
        Deed.TICKET: _("makes a ticket of it"),
        Deed.DISMISS: _("puts its entry away; its mails stay"),
    }
