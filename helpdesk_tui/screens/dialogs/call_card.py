"""The card of a call: the number, what was asked, the last words, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from helpdesk_tui.desk.calls import outcome_word
from helpdesk_tui.desk.pages import CallCard
from helpdesk_tui.language import _
from helpdesk_tui.rules.phones import shown
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.screens.call_words import there
from helpdesk_tui.screens.dialogs.dialog import Dialog
from helpdesk_tui.screens.keys import bindings
from helpdesk_tui.screens.phrases import moment
from helpdesk_tui.terms import CallOutcome

#: So much of each of the last messages is shown, in characters.
_LAST_WORDS = 600
#: Lines of the card beside what was written: its border, who, the keys, and two rules.
_AROUND = 8
#: So long what was said stays in the place of the keys.
_NOTICE_STAYS = timedelta(seconds=5)


class CallCardDialog(Dialog):
    """Answers with the outcome of the call; without one where it was left."""

    BINDINGS: ClassVar = [*bindings("card")]

    def __init__(self, card: CallCard, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self.card = card
        self._clock = clock
        self._opened = clock()
        self._notice, self._notice_until = "", self._opened

    def compose(self) -> ComposeResult:
        """Who, the matter, the keys with the time that has run."""
        with Vertical(id="dialog", classes="wide"):
            yield Static(self._who(), id="card-who", markup=False)
            with VerticalScroll(id="card-body", can_focus=False):
                yield Static(self._matter(), id="card-matter", markup=False)
            yield Static("", id="card-keys", markup=False)

    def on_mount(self) -> None:
        """Let the time run."""
        self._tick()
        self.set_interval(1, self._tick)

    def on_resize(self) -> None:
        """The keys stay in view on any terminal; what was written scrolls."""
        self.query_one("#card-body").styles.max_height = max(self.size.height * 9 // 10 - _AROUND, 1)

    def _tick(self) -> None:
        passed = max(int((self._clock() - self._opened).total_seconds()), 0)
        keys = "  ".join(f"{n} {outcome_word(one)}" for n, one in enumerate(CallOutcome, 1))
        running = f"{passed // 60:02}:{passed % 60:02}"
        said = self._notice if self._clock() < self._notice_until else _("y copies the number · q leaves")
        self.query_one("#card-keys", Static).update(Text(f"{keys}\n{said} · {running}"))

    def _who(self) -> Text:
        call, now = self.card.call, self._opened
        begins = call.start or now
        text = Text()
        parts = (f"☎ {begins.astimezone():%H:%M}", clean_line(call.customer, 80))
        text.append(" · ".join(filter(None, parts)) + " · ", "bold")
        text.append(shown(call.phone), Style(bold=True, underline=True, link=f"tel:{call.phone}"))
        said = [
            _("try {n} of {m}").format(n=call.attempt, m=call.attempts),
            there(begins, call.zone, call.phone_zone),
            clean_line(self.card.ticket.customer.organization, 80),
        ]
        return text.append(f"\n{' · '.join(filter(None, said))}", "dim")

    def _matter(self) -> Text:
        call, page = self.card.call, self.card.ticket
        text = Text()
        text.append(f"#{page.ticket.number} {clean_line(call.subject, 200)}\n", "bold")
        if call.asked:
            text.append(_("Asked: {words}").format(words=clean_line(call.asked, 300)) + "\n")
        for message in reversed([one for one in page.messages if not one.is_automatic]):
            head = f"{clean_line(message.sender.called, 80)} · {moment(message.received_at, self._opened)}"
            words = clean_text(message.text.strip())[:_LAST_WORDS] or _("(no text)")
            text.append(f"\n{head}\n", "dim").append(f"{words}\n")
        return text

    def action_reached(self) -> None:
        """The customer was spoken to."""
        self.dismiss(CallOutcome.REACHED)

    def action_no_answer(self) -> None:
        """Nobody answered."""
        self.dismiss(CallOutcome.NO_ANSWER)

    def action_voicemail(self) -> None:
        """A machine answered."""
        self.dismiss(CallOutcome.VOICEMAIL)

    def action_wrong_number(self) -> None:
        """Somebody else answered."""
        self.dismiss(CallOutcome.WRONG_NUMBER)

    def action_later(self) -> None:
        """The customer asked for another time."""
        self.dismiss(CallOutcome.LATER)

    def action_copy(self) -> None:
        """Send the number to the terminal's clipboard."""
        self.app.copy_to_clipboard(self.card.call.phone)
        number = shown(self.card.call.phone)
        self._notice = _("{what} sent to the terminal's clipboard").format(what=number)
        self._notice_until = self._clock() + _NOTICE_STAYS
        self._tick()

    def action_down(self) -> None:
        """Further down in what was written."""
        self.query_one("#card-body").scroll_relative(y=2, animate=False)

    def action_up(self) -> None:
        """Further up in what was written."""
        self.query_one("#card-body").scroll_relative(y=-2, animate=False)

    def action_leave(self) -> None:
        """Leave it; the call stays booked."""
        self.dismiss(None)
