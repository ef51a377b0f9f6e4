"""Dialogs that ask for one thing: a choice, a word, or nothing but to be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.events import Paste
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.rules.words import fold
from helpdesk_tui.screens.keys import Key


class Dialog(ModalScreen[str | None]):
    """A small screen above another; Esc leaves it without an answer."""

    BINDINGS: ClassVar = [("escape", "dismiss_none", ""), ("ctrl+c", "dismiss_none", "")]

    def action_dismiss_none(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)


class OneLine(Input):
    """A field of one line; of a text of several lines that is pasted all words are taken."""

    def on_paste(self, event: Paste) -> None:
        """Make one line of it; the field itself takes it in after this."""
        event.text = " ".join(event.text.split())


class Picker(Dialog):
    """A list that narrows as one types; Enter takes the highlighted line."""

    BINDINGS: ClassVar = [("down,ctrl+j", "move(1)", ""), ("up,ctrl+k", "move(-1)", "")]

    def __init__(self, title: str, options: Sequence[tuple[str, str]], chosen: str = "") -> None:
        """Ask.

        Args:
            options: (answer, words) in the order they are offered.
            chosen: the answer highlighted first.
        """
        super().__init__()
        self._title = title
        self._options = [(answer, clean_line(words, 200)) for answer, words in options]
        self._chosen = chosen
        self._offered: list[str] = []

    def compose(self) -> ComposeResult:
        """Title, field, list."""
        with Vertical(id="dialog"):
            yield Static(Text(self._title), classes="title", markup=False)
            yield Input(placeholder=self.hint, id="narrow")
            yield OptionList(id="options", markup=False)

    @property
    def hint(self) -> str:
        """What can be typed."""
        return _("type to narrow, Enter takes it")

    def on_mount(self) -> None:
        """Offer everything."""
        self.query_one("#options", OptionList).can_focus = False
        self._offer("")
        if self._chosen in self._offered:
            self.query_one("#options", OptionList).highlighted = self._offered.index(self._chosen)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the list."""
        self._offer(event.value)

    def on_input_submitted(self) -> None:
        """Take what is meant."""
        self.take_typed(self.query_one("#narrow", Input).value.strip())

    def take_typed(self, _typed: str) -> None:
        """Take what is highlighted."""
        highlighted = self.query_one("#options", OptionList).highlighted
        if highlighted is not None and highlighted < len(self._offered):
            self.take(self._offered[highlighted])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take what was clicked."""
        self.take(self._offered[event.option_index])

    def take(self, answer: str) -> None:
        """Leave with an answer."""
        self.dismiss(answer)

    def action_move(self, step: int) -> None:
        """Move the highlight."""
        options = self.query_one("#options", OptionList)
        if self._offered:
            options.highlighted = ((options.highlighted or 0) + step) % len(self._offered)

    def _offer(self, typed: str) -> None:
        wanted = fold(typed.strip())
        fitting = [(answer, words) for answer, words in self._options if wanted in fold(words)]
        fitting.sort(key=lambda one: not fold(one[1]).startswith(wanted))
        self._offered = [answer for answer, _words in fitting]
        options = self.query_one("#options", OptionList)
        nothing = Option(Text(_("nothing fits; type something else, Esc leaves"), "dim"), disabled=True)
        options.set_options([Option(Text(words)) for _answer, words in fitting] or [nothing])
        options.highlighted = 0 if fitting else None


class NumberPicker(Picker):
    """A list of tickets, answered by their numbers; any other number can be typed, too."""

    @property
    def hint(self) -> str:
        """What can be typed."""
        return _("a number, or words to narrow; Enter takes it")

    def take_typed(self, typed: str) -> None:
        """A number is that ticket, whatever else it stands in."""
        if typed.lstrip("#").isdecimal():
            self.take(typed)
        else:
            super().take_typed(typed)


class Ask(Dialog):
    """One line of text; an answer that is no use is said to be so, and stays to be mended."""

    def __init__(
        self, title: str, help: str = "", value: str = "", check: Callable[[str], object] = lambda _answer: None
    ) -> None:
        """Ask.

        Args:
            check: raises HelpdeskError where an answer is no use.
        """
        super().__init__()
        self._title, self._help, self._value, self._check = title, help, value, check

    def compose(self) -> ComposeResult:
        """Title, field, a word of help."""
        with Vertical(id="dialog"):
            yield Static(Text(self._title), classes="title", markup=False)
            yield OneLine(self._value, id="answer")
            yield Static(Text(self._help), classes="help", id="ask-help", markup=False)

    def on_input_changed(self) -> None:
        """Whoever mends it has read what was wrong."""
        self.query_one("#ask-help", Static).update(Text(self._help))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """That is the answer, if it is one."""
        try:
            self._check(event.value)
        except HelpdeskError as error:
            words = clean_line(f"{error.message} {error.hint}")
            self.query_one("#ask-help", Static).update(Text(words, "bold reverse"))
        else:
            self.dismiss(event.value)


class Help(Dialog):
    """All keys of a screen."""

    BINDINGS: ClassVar = [
        ("q,question_mark,left,h", "dismiss_none", ""),
        ("j,down", "scroll(2)", ""),
        ("k,up", "scroll(-2)", ""),
        ("space,pagedown", "scroll(12)", ""),
        ("pageup", "scroll(-12)", ""),
    ]

    def __init__(self, keys: Sequence[Key]) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        """A line a key."""
        lines = Text()
        for key in self._keys:
            lines.append(f" {key.all_shown:<18}", "bold").append(f" {key.help}\n")
        lines.append(f" {'1 … 9':<18}", "bold").append(" " + _("the views above the list") + "\n\n")
        for sign, meaning in _signs():
            lines.append(f" {sign:<18}", "bold").append(f" {meaning}\n")
        with Vertical(id="dialog", classes="wide"):
            yield Static(Text(_("Keys · q closes")), classes="title", markup=False)
            with VerticalScroll(id="scroll", can_focus=False):
                yield Static(lines, id="help-text", markup=False)

    def action_scroll(self, lines: int) -> None:
        """Scroll the list of keys."""
        self.query_one("#scroll").scroll_relative(y=lines, animate=False)


def _signs() -> tuple[tuple[str, str], ...]:
    """What the signs of the list and the thread mean."""
    return (
        ("●", _("waits for us")),
        ("‼  !  ·", _("urgent, high, low")),
        ("*", _("marked")),
        ("✎ ben", _("ben is writing on it")),
        ("anna ✎", _("anna has it; you have a draft on it")),
        ("▸  ◂", _("a mail from the customer, an answer of ours")),
        ("▪  ☎  ○", _("a note, a call, a change")),
    )
