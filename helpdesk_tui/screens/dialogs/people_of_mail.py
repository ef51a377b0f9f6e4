"""Who gets a mail: everybody who may be meant stands in one list, each with To, Cc or nothing before them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.callers import read_caller
from helpdesk_tui.rules.impostors import true_spelling
from helpdesk_tui.rules.routing import is_address, plain_address
from helpdesk_tui.rules.words import fold
from helpdesk_tui.screens.recipients import shown
from helpdesk_tui.store.queries.people import find_customers
from helpdesk_tui.terms import Person

if TYPE_CHECKING:
    from helpdesk_tui.app import HelpdeskApp

_WAYS = ("", "To", "Cc")
Chosen = tuple[tuple[Person, ...], tuple[Person, ...]]


class PeopleDialog(ModalScreen[Chosen | None]):
    """Answers with those in To and those in Cc."""

    BINDINGS: ClassVar = [
        ("escape,ctrl+r,ctrl+s,tab", "done", ""),
        ("down", "move(1)", ""),
        ("up", "move(-1)", ""),
        ("ctrl+t", "turn", ""),
    ]

    def __init__(
        self,
        to: Sequence[Person],
        cc: Sequence[Person],
        offered: Sequence[tuple[Person, str]],
        belongs: Collection[str],
    ) -> None:
        """Ask.

        Args:
            offered: others who may be meant, with a word on where each comes from.
        """
        super().__init__()
        self._belongs = belongs
        self._people: list[tuple[Person, str]] = []
        self._way: dict[str, str] = {}
        for way, people in (("To", to), ("Cc", cc)):
            for one in people:
                self._add(one, "", way)
        for one, word in offered:
            self._add(one, word, "")
        self._shown: list[tuple[Person, str]] = []

    @property
    def _app(self) -> HelpdeskApp:
        return cast("HelpdeskApp", self.app)

    def compose(self) -> ComposeResult:
        """A field to find or add somebody, and the list."""
        with Vertical(id="dialog", classes="wide"):
            yield Static(Text(_("Who gets it")), classes="title", markup=False)
            yield Input(placeholder=_("a name or an address finds or adds somebody"), id="narrow")
            yield OptionList(id="options", markup=False)
            yield Static(Text(_("Enter To, Cc or not · Esc done")), classes="help", markup=False)

    def on_mount(self) -> None:
        """Offer everybody."""
        self.query_one("#options", OptionList).can_focus = False
        self._offer("", [])

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the list, and look for others by that name."""
        self._offer(event.value, [])
        if len(event.value.strip()) > 2:
            self._app.opening(self._look_for(event.value))

    async def _look_for(self, typed: str) -> None:
        found = await self._app.read(find_customers, typed)
        if self.is_mounted and self.query_one("#narrow", Input).value == typed:
            people = [Person(one.name, one.address) for one in found if one.address]
            self._offer(typed, people)

    def on_input_submitted(self) -> None:
        """Turn the one in question: To, Cc, not."""
        self.action_turn()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """The one that was clicked is in question."""
        self.query_one("#options", OptionList).highlighted = event.option_index
        self.action_turn()

    def action_move(self, step: int) -> None:
        """Another one is in question."""
        options = self.query_one("#options", OptionList)
        if options.option_count:
            options.highlighted = ((options.highlighted or 0) + step) % options.option_count

    def action_turn(self) -> None:
        """To, Cc, not."""
        at = self.query_one("#options", OptionList).highlighted
        if at is None or at >= len(self._shown):
            return
        person, word = self._shown[at]
        key = plain_address(person.address)
        self._add(person, word, "")
        self._way[key] = _WAYS[(_WAYS.index(self._way[key]) + 1) % len(_WAYS)]
        field = self.query_one("#narrow", Input)
        with field.prevent(Input.Changed):  # the one that was added stays the one in question
            field.value = ""
        self._offer("", [], key)

    def action_done(self) -> None:
        """That is them."""
        people = [(one, self._way[plain_address(one.address)]) for one, _word in self._people]
        self.dismiss(
            (tuple(one for one, way in people if way == "To"), tuple(one for one, way in people if way == "Cc"))
        )

    def _add(self, person: Person, word: str, way: str) -> None:
        key = plain_address(person.address)
        if key and key not in self._way:
            self._people.append((person, word))
            self._way[key] = way

    def _offer(self, typed: str, found: Sequence[Person], keep: str = "") -> None:
        wanted = fold(typed.strip())
        fitting = [one for one in self._people if wanted in fold(one[0].whole)]
        known = {plain_address(one.address) for one, _word in fitting}
        fitting += [(one, "known") for one in found if plain_address(one.address) not in known]
        person = _typed(typed)
        if person is not None and plain_address(person.address) not in known:
            fitting.append((person, "typed"))
        self._shown = fitting
        options = self.query_one("#options", OptionList)
        options.set_options([Option(self._line(*one)) for one in fitting])
        at = next((n for n, (one, _word) in enumerate(fitting) if plain_address(one.address) == keep), 0)
        options.highlighted = at if fitting else None

    def _line(self, person: Person, word: str) -> Text:
        key = plain_address(person.address)
        way = self._way.get(key, "")
        line = Text(f"{way or '–':<3} {shown(person)}", "bold" if way else "")
        said = [_words().get(word, "")]
        if key not in self._belongs:
            said.append(_("! new here"))
        if odd := true_spelling(person.address):
            said.append(_("! truly {domain}").format(domain=odd))
        line.append("".join(f" · {one}" for one in said if one), "dim" if not way else "bold")
        return line


def _words() -> dict[str, str]:
    """Where somebody comes from."""
    return {
        "customer": _("the customer"),
        "participant": _("belongs here"),
        "newcomer": _("wrote last, not let in yet"),
        "elsewhere": _("! not where they wrote from"),
        "named": _("named in the mail"),
        "known": _("a customer"),
        "typed": _("as you typed it"),
    }


def _typed(words: str) -> Person | None:
    """Whom these words name by an address; None as long as it is not whole."""
    try:
        person = read_caller(words).person
    except Usage:
        return None
    return person if is_address(person.address) else None
