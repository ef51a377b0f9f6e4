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


class LastLook(Dialog):
    """Something to be read before it goes; answers with "send" where it shall go all the same."""

    BINDINGS: ClassVar = [
        ("ctrl+s", "send", ""),
        ("q,left", "dismiss_none", ""),
        ("j,down", "scroll(2)", ""),
        ("k,up", "scroll(-2)", ""),
        ("space,pagedown", "scroll(10)", ""),
        ("pageup", "scroll(-10)", ""),
    ]

    def __init__(self, title: str, words: Text, help: str) -> None:
        super().__init__()
        self._title, self._words, self._help = title, words, help
        self._shown_at = 0.0

    def compose(self) -> ComposeResult:
        """What is to be read, and the two ways on."""
        with Vertical(id="dialog", classes="wide"):
            yield Static(Text(clean_line(self._title, 100)), classes="title", markup=False)
            with VerticalScroll(id="scroll", can_focus=False):
                yield Static(self._words, id="before-text", markup=False)
            yield Static(Text(self._help), classes="help", markup=False)

    def on_mount(self) -> None:
        """From now on it can be read."""
        self._shown_at = monotonic()

    def action_send(self) -> None:
        """Send it all the same, once it can have been read."""
        if can_have_read(self._shown_at):
            self.dismiss("send")

    def action_scroll(self, lines: int) -> None:
        """Scroll what there is to read."""
        self.query_one("#scroll").scroll_relative(y=lines, animate=False)


class BeforeSending(LastLook):
    """What is odd about a mail, what others wrote meanwhile, and one's own text."""

    def __init__(self, oddities: Sequence[str], theirs: Sequence[MessageRow], own: str, now: datetime) -> None:
        words = _meanwhile(oddities, theirs, own, now)
        super().__init__(_("Before it goes"), words, _("^S sends all the same · Esc back to the text"))


def _meanwhile(oddities: Sequence[str], theirs: Sequence[MessageRow], own: str, now: datetime) -> Text:
    text = Text()
    for one in oddities:
        text.append(f"! {clean_line(one, 400)}\n", "bold")
    for message in theirs:
        when = moment(message.received_at, now)
        head = _("{name} wrote meanwhile, {when}:").format(name=clean_line(message.sender.called, 60), when=when)
        text.append(f"\n{head}\n", "bold reverse")
        text.append(f"{clean_text(message.text)[:_MOST]}\n")
    if theirs:
        text.append("\n" + _("Yours, not sent yet:") + "\n", "bold reverse")
        text.append(f"{clean_text(own)[:_MOST]}\n")
    return text
