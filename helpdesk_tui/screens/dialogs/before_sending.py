"""The last look before a mail goes: what is odd about it, and what a colleague or the customer wrote meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.screens.dialogs.dialog import Dialog
from helpdesk_tui.screens.phrases import moment
from helpdesk_tui.store.queries.thread import MessageRow

#: So much of a text is shown, in characters; all of it stands in the thread.
_MOST = 4_000
#: Sooner than this nobody has read a line: the second of two quick ^S was typed for what stood there before. Seconds.
_READS = 0.5


def can_have_read(shown_at: float) -> bool:
    """False while what was shown at this `time.monotonic()` is too new for a key to mean it."""
    return monotonic() - shown_at >= _READS


class BeforeSending(Dialog):
    """Answers with "send" where it shall go all the same."""

    BINDINGS: ClassVar = [
        ("ctrl+s", "send", ""),
        ("q,left", "dismiss_none", ""),
        ("j,down", "scroll(2)", ""),
        ("k,up", "scroll(-2)", ""),
        ("space,pagedown", "scroll(10)", ""),
        ("pageup", "scroll(-10)", ""),
    ]

    def __init__(self, oddities: Sequence[str], theirs: Sequence[MessageRow], own: str, now: datetime) -> None:
        super().__init__()
        self._oddities = oddities
        self._theirs = theirs
        self._own = own
        self._now = now
        self._shown_at = 0.0

    def compose(self) -> ComposeResult:
        """What is odd, what they wrote, what one wrote oneself, and the two ways on."""
        with Vertical(id="dialog", classes="wide"):
            yield Static(Text(_("Before it goes")), classes="title", markup=False)
            with VerticalScroll(id="scroll", can_focus=False):
                yield Static(self._words(), id="before-text", markup=False)
            yield Static(Text(_("^S sends all the same · Esc back to the text")), classes="help", markup=False)

    def on_mount(self) -> None:
        """From now on it can be read."""
        self._shown_at = monotonic()

    def _words(self) -> Text:
        text = Text()
        for one in self._oddities:
            text.append(f"! {clean_line(one, 400)}\n", "bold")
        for message in self._theirs:
            when = moment(message.received_at, self._now)
            head = _("{name} wrote meanwhile, {when}:").format(name=clean_line(message.sender.called, 60), when=when)
            text.append(f"\n{head}\n", "bold reverse")
            text.append(f"{clean_text(message.text)[:_MOST]}\n")
        if self._theirs:
            text.append("\n" + _("Yours, not sent yet:") + "\n", "bold reverse")
            text.append(f"{clean_text(self._own)[:_MOST]}\n")
        return text

    def action_send(self) -> None:
        """Send it all the same, once it can have been read."""
        if can_have_read(self._shown_at):
            self.dismiss("send")

    def action_scroll(self, lines: int) -> None:
        """Scroll what there is to read."""
        self.query_one("#scroll").scroll_relative(y=lines, animate=False)
