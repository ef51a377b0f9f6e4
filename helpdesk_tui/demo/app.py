"""The demo's app: the desk, and beside it the customer's mailbox."""

from __future__ import annotations

import time
from typing import Any

from rich.text import Text
from textual.widgets import Static

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.demo.build import VISITOR, DemoFiles
from helpdesk_tui.demo.customer import Customer
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_text

_LOOK_EVERY = 0.4
_FRESH_FOR = 20.0


class DemoApp(HelpdeskApp):
    """The help desk with a visitor, and a customer who answers."""

    CSS = """
    .companion { display: block; width: 46; height: 1fr; border-left: heavy $accent; padding: 0 1; }
    .narrow #frame { layout: vertical; }
    .narrow .companion { width: 1fr; height: 7; border-left: none; border-top: heavy $accent; }
    """

    def __init__(self, demo: DemoFiles) -> None:
        super().__init__(demo.settings, None if demo.settings.store.startswith("postgres") else VISITOR)
        self.customer = Customer(demo.customers, demo.inbox)

    def companion(self) -> list[Any]:
        """The customer's mailbox, beside the desk or below it."""
        return [CustomerPane(self.customer)]


class CustomerPane(Static):
    """What the customer sees."""

    def __init__(self, customer: Customer) -> None:
        super().__init__("", classes="companion", markup=False)
        self._customer = customer
        self._shown: tuple[int, str, int] | None = None

    def on_mount(self) -> None:
        """Look into the mailbox now and then."""
        self.screen.set_class(self.app.size.width < 126, "narrow")
        self.set_interval(_LOOK_EVERY, self._look)
        self._look()

    def on_resize(self) -> None:
        """Below on narrow screens."""
        self.screen.set_class(self.app.size.width < 126, "narrow")
        self._shown = None

    def _look(self) -> None:
        self._customer.look()
        state = (len(self._customer.letters), self._customer.writing, self.size.height)
        if state != self._shown:
            self._shown = state
            self.update(self._said())

    def _said(self) -> Text:
        text = Text().append(_("The customer's mailbox"), "bold reverse").append("\n")
        if self._customer.writing:
            text.append(_("✎ {name} is writing …").format(name=self._customer.writing) + "\n", "italic")
        if not self._customer.letters:
            text.append(
                _("Empty. Answer a ticket: r, write, ctrl+s.\nWhat you send arrives here, as from a person."), "dim"
            )
        for letter in reversed(self._customer.letters[-12:]):
            is_fresh = time.monotonic() - letter.at < _FRESH_FOR
            who = _("she answers") if letter.is_hers else letter.who
            text.append(f"{'←' if letter.is_hers else '→'} {who}\n", "bold" if is_fresh else "dim")
            text.append(f"  {letter.subject}\n", "dim")
            text.append("  " + clean_text(letter.text).replace("\n", "\n  ")[:600] + "\n")
        return text
