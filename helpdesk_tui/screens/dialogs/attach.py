"""Files from this machine that are to go along: a path that completes as one types, and what is attached already."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from helpdesk_tui.desk.sending import KeptFile
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens.dialogs.dialog import Dialog
from helpdesk_tui.screens.phrases import size

#: So many names of a folder are offered.
_MOST = 200


class AttachDialog(Dialog):
    """Answers with `add PATH` or `drop N`, N the place among those that are attached."""

    BINDINGS: ClassVar = [("tab", "complete", ""), ("down", "move(1)", ""), ("up", "move(-1)", "")]

    def __init__(self, attached: Sequence[KeptFile]) -> None:
        super().__init__()
        self._attached = attached
        self._offered: list[str] = []

    def compose(self) -> ComposeResult:
        """A path, and what there is."""
        with Vertical(id="dialog", classes="wide"):
            yield Static(Text(_("Attach a file")), classes="title", markup=False)
            yield Input(placeholder=_("a path; Tab completes it"), id="path")
            yield OptionList(id="options", markup=False)
            yield Static(Text(_help_words()), classes="help", id="attach-help", markup=False)

    def on_mount(self) -> None:
        """Show what is attached."""
        self.query_one("#options", OptionList).can_focus = False
        self._offer("")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what the path may become."""
        self.query_one("#attach-help", Static).update(Text(_help_words()))
        self._offer(event.value)

    def action_complete(self) -> None:
        """Take as much of the path as is certain, or the one that is chosen."""
        field = self.query_one("#path", Input)
        options = self.query_one("#options", OptionList)
        if not self._offered or not field.value:
            return
        common = _common(self._offered)
        if len(common) <= len(field.value) and options.highlighted is not None:
            common = self._offered[options.highlighted]
        field.value = common
        field.cursor_position = len(common)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """That one."""
        at = self.query_one("#options", OptionList).highlighted
        if event.value.strip():
            self._take(event.value.strip())
        elif at is not None and at < len(self._attached):
            self.dismiss(f"drop {at}")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """The one that was clicked."""
        if self.query_one("#path", Input).value:
            self._take(self._offered[event.option_index])
        else:
            self.dismiss(f"drop {event.option_index}")

    def action_move(self, step: int) -> None:
        """Another one."""
        options = self.query_one("#options", OptionList)
        if options.option_count:
            options.highlighted = ((options.highlighted or 0) + step) % options.option_count

    def _take(self, path: str) -> None:
        """A folder is gone into, a file attached."""
        chosen = path if os.path.isfile(os.path.expanduser(path)) else self._chosen() or path
        if chosen.endswith("/"):
            field = self.query_one("#path", Input)
            field.value, field.cursor_position = chosen, len(chosen)
        elif os.path.isfile(os.path.expanduser(chosen)):
            self.dismiss(f"add {chosen}")
        else:
            words = _("There is no file {path}.").format(path=clean_line(chosen, 200))
            self.query_one("#attach-help", Static).update(Text(words, "bold reverse"))

    def _chosen(self) -> str:
        at = self.query_one("#options", OptionList).highlighted
        return self._offered[at] if at is not None and at < len(self._offered) else ""

    def _offer(self, typed: str) -> None:
        options = self.query_one("#options", OptionList)
        if typed:
            self._offered = completions(typed)
            lines = [clean_line(one, 200) for one in self._offered]
        else:
            self._offered = []
            lines = [f"✕ {clean_line(one.name, 60)}  {size(one.size)}" for one in self._attached]
        options.set_options([Option(Text(line)) for line in lines])
        options.highlighted = 0 if lines else None


def completions(typed: str) -> list[str]:
    """What a path may become, folders with a slash at the end; hidden names only where one asks for them."""
    head, part = os.path.split(typed)
    try:
        names = sorted(os.listdir(Path(os.path.expanduser(head or ".")) if head else Path()))
    except OSError:
        return []
    fitting = [one for one in names if one.startswith(part) and (part.startswith(".") or not one.startswith("."))]
    found = [os.path.join(head, one) for one in fitting[:_MOST]]
    return [f"{one}/" if os.path.isdir(os.path.expanduser(one)) else one for one in found]


def _common(paths: Sequence[str]) -> str:
    """How all of them begin, letter by letter."""
    first, last = min(paths), max(paths)
    same = next((n for n, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    return first[:same]


def _help_words() -> str:
    return _("Enter attaches it, or takes away the one chosen · Esc back")
