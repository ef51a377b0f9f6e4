"""Choosing a prepared text or a macro, with a look at it; and the form in which one is written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static, TextArea

from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.screens.dialogs.dialog import Picker
from helpdesk_tui.screens.widgets.text_box import TextBox
from helpdesk_tui.terms import Outcome

if TYPE_CHECKING:
    from helpdesk_tui.app import HelpdeskApp

#: Keeps what stands in the lines of a form and in its text.
Save = Callable[[Mapping[str, str], str], Awaitable[Outcome]]
#: So much of a text is looked at, in letters.
_LOOK = 1_200


@dataclass(frozen=True, slots=True)
class Choice:
    """One that is offered: its id, its line, and what is in it."""

    id: int
    words: str
    text: str


class PreparedPicker(Picker):
    """Answers with `use ID`, `edit ID`, `drop ID` or `new`."""

    BINDINGS: ClassVar = [
        ("ctrl+n", "answer_new", ""),
        ("ctrl+o", "answer_edit", ""),
        ("ctrl+r", "answer_drop", ""),
    ]

    def __init__(self, title: str, choices: Sequence[Choice], *, can_edit: bool = True) -> None:
        """Offer these; where they cannot be edited from, they are only used."""
        super().__init__(title, [(str(one.id), one.words) for one in choices])
        self._can_edit = can_edit
        self._texts = {str(one.id): one.text for one in choices}
        self._to_drop = ""

    def compose(self) -> ComposeResult:
        """Title, field, list, what the highlighted one says, and the keys."""
        with Vertical(id="dialog", classes="wide"):
            yield Static(Text(self._title), classes="title", markup=False)
            yield Input(placeholder=_("type to narrow, Enter takes it"), id="narrow")
            yield OptionList(id="options", markup=False)
            yield Static("", id="prepared-look", markup=False)
            yield Static("", classes="help", id="prepared-help", markup=False)

    def on_mount(self) -> None:
        """Say what there is to do; the list is offered by the picker that this is."""
        if not self._texts:
            self.query_one("#prepared-look", Static).update(
                Text(_("There is none yet; ^N writes one.") if self._can_edit else _("There is none yet."))
            )
        self._say()

    def on_option_list_option_highlighted(self) -> None:
        """Show what the highlighted one says."""
        text = self._texts.get(self._highlighted, "")
        self.query_one("#prepared-look", Static).update(Text(clean_text(text[:_LOOK])))
        self._to_drop = ""
        self._say()

    def take(self, answer: str) -> None:
        """Use it."""
        self.dismiss(f"use {answer}")

    def action_answer_new(self) -> None:
        """Write one."""
        if self._can_edit:
            self.dismiss("new")

    def action_answer_edit(self) -> None:
        """Edit the highlighted one."""
        if self._can_edit and self._highlighted:
            self.dismiss(f"edit {self._highlighted}")

    def action_answer_drop(self) -> None:
        """Throw the highlighted one away, asked twice."""
        if not (self._can_edit and self._highlighted):
            return
        if self._to_drop == self._highlighted:
            self.dismiss(f"drop {self._highlighted}")
            return
        self._to_drop = self._highlighted
        self._say(_("^R once more throws it away for good"), is_urgent=True)

    @property
    def _highlighted(self) -> str:
        at = self.query_one("#options", OptionList).highlighted
        return self._offered[at] if at is not None and at < len(self._offered) else ""

    def _say(self, words: str = "", *, is_urgent: bool = False) -> None:
        usual = _("^N a new one · ^O edit · ^R throw away · Esc back") if self._can_edit else _("Esc back")
        self.query_one("#prepared-help", Static).update(Text(words or usual, "bold reverse" if is_urgent else ""))


@dataclass(frozen=True, slots=True)
class Field:
    """A line of the form: its name, what stands before it, and in it."""

    name: str
    label: str
    value: str = ""
    hint: str = ""


class PreparedForm(ModalScreen[Outcome | None]):
    """Some lines and a text; what cannot be kept is said, and stays to be mended. Answers with what keeping it did."""

    BINDINGS: ClassVar = [("ctrl+s", "save", ""), ("escape", "back", "")]

    def __init__(
        self,
        title: str,
        fields: Sequence[Field],
        text: str,
        help: str,
        save: Save,
    ) -> None:
        super().__init__()
        self._title, self._fields, self._begins_with, self._help, self._save = title, fields, text, help, save
        self._asked = False

    @property
    def _app(self) -> HelpdeskApp:
        return cast("HelpdeskApp", self.app)

    def compose(self) -> ComposeResult:
        """The lines, the text, the keys."""
        with Vertical(id="dialog", classes="wide"):
            yield Static(Text(self._title), classes="title", markup=False)
            for one in self._fields:
                with Horizontal(classes="field"):
                    yield Static(Text(one.label), classes="field-label", markup=False)
                    yield Input(one.value, id=f"field-{one.name}", placeholder=one.hint, select_on_focus=False)
            yield TextBox(self._begins_with, id="text", soft_wrap=True)
            yield Static("", classes="help", id="prepared-help", markup=False)

    def on_mount(self) -> None:
        """Begin with the first line."""
        self.query_one(Input).focus()
        self._say(self._help)

    def on_input_submitted(self) -> None:
        """Enter goes on to the next line, and to the text."""
        self.focus_next()

    def on_input_changed(self) -> None:
        """Whoever goes on does not leave."""
        self._asked = False

    def on_text_area_changed(self) -> None:
        """Whoever goes on does not leave."""
        self._asked = False

    def action_save(self) -> None:
        """Keep it."""
        self._asked = False
        self._app.opening(self._saved())

    async def _saved(self) -> None:
        try:
            outcome = await self._save(self._values, self.query_one("#text", TextArea).text)
        except HelpdeskError as error:
            self._say(f"{error.message} {error.hint}", is_error=True)
            return
        self.dismiss(outcome)

    def action_back(self) -> None:
        """Leave; what was changed asks once."""
        was = ({one.name: one.value for one in self._fields}, self._begins_with)
        if self._asked or (self._values, self.query_one("#text", TextArea).text) == was:
            self.dismiss(None)
            return
        self._asked = True
        self._say(_("Esc once more leaves without keeping it; ^S keeps it"), is_error=True)

    @property
    def _values(self) -> dict[str, str]:
        return {one.name: self.query_one(f"#field-{one.name}", Input).value for one in self._fields}

    def _say(self, words: str, *, is_error: bool = False) -> None:
        self.query_one("#prepared-help", Static).update(
            Text(clean_line(words, 400), "bold reverse" if is_error else "")
        )
