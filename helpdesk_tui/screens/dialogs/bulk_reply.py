"""One text for several tickets: written once, looked at as each customer would get it, then sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Static, TextArea

from helpdesk_tui.desk.answering import Preview, previews
from helpdesk_tui.desk.free_slots import Writer
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.screens import what_next
from helpdesk_tui.screens.dialogs.before_sending import LastLook, can_have_read
from helpdesk_tui.screens.dialogs.dialog import Picker
from helpdesk_tui.screens.dialogs.prepared import Choice, PreparedPicker
from helpdesk_tui.screens.recipients import shown
from helpdesk_tui.screens.widgets.composer import SAVE_EVERY
from helpdesk_tui.screens.widgets.text_box import TextBox
from helpdesk_tui.store.queries.texts import canned_replies
from helpdesk_tui.store.queries.thread import drafts
from helpdesk_tui.store.queries.tickets import numbers_of
from helpdesk_tui.terms import Status

if TYPE_CHECKING:
    from helpdesk_tui.app import HelpdeskApp


#: The kind of its draft, which is no ticket's.
BULK = "bulk"


@dataclass(frozen=True, slots=True)
class ForMany:
    """What is to be sent: the text, what each was shown to get, the prepared texts in it, and what happens then.

    Args:
        is_solving: it solves all of them, and that is not to be chosen.
    """

    text: str = ""
    shown: tuple[Preview, ...] = ()
    canned: tuple[int, ...] = ()
    then: Status | None = Status.WAITING_CUSTOMER
    remind_in: int = 0
    is_solving: bool = False

    @property
    def tickets(self) -> tuple[int, ...]:
        """The numbers of those that are answered."""
        return tuple(one.number for one in self.shown)


NEW = ForMany()
#: An incident's, which solves all that hangs on it.
SOLVING = ForMany(then=Status.SOLVED, is_solving=True)


class BulkReply(ModalScreen[ForMany | None]):
    """Answers with what is to be sent."""

    BINDINGS: ClassVar = [
        ("ctrl+s", "go_on", ""),
        ("ctrl+t", "canned", ""),
        ("ctrl+o", "then", ""),
        ("escape", "back", ""),
        ("pagedown", "scroll(8)", ""),
        ("pageup", "scroll(-8)", ""),
    ]

    def __init__(self, ids: Sequence[int], begun: ForMany = NEW) -> None:
        """Write to the tickets with these ids; without a text it goes on with what was left."""
        super().__init__()
        self._ids = ids
        self._what = begun
        self._previews: list[Preview] | None = None
        self._shown_at = 0.0
        self._saving: Timer | None = None

    @property
    def _app(self) -> HelpdeskApp:
        return cast("HelpdeskApp", self.app)

    def compose(self) -> ComposeResult:
        """The text, and below it what would be sent."""
        title = ngettext("One text for {n} ticket", "One text for {n} tickets", len(self._ids))
        with Vertical(id="dialog", classes="wide"):
            yield Static(Text(title), classes="title", markup=False)
            yield TextBox(self._what.text, id="text", soft_wrap=True)
            yield Static("", id="bulk-then", markup=False)
            with VerticalScroll(id="scroll", can_focus=False):
                yield Static("", id="bulk-preview", markup=False)
            yield Static("", classes="help", id="bulk-help", markup=False)

    def on_mount(self) -> None:
        """Begin to write."""
        self.query_one("#text", TextArea).focus()
        self._say(
            _("{{customer}} {{agent}} {{subject}} are filled in · ^T canned · ^S shows what each gets · Esc leaves")
        )
        self._say_then()
        if not self._what.text:
            self._app.opening(self._go_on())

    async def _go_on(self) -> None:
        """Begin with what was left, or could not be sent."""
        me = self._app.desk.actor.agent_id
        kept = self._app.drafts.unsaved(None, BULK)
        if kept is None:
            stored = [one for one in await self._app.read(drafts, None) if (one.agent_id, one.kind) == (me, BULK)]
            kept = next(((one.text, one.fields) for one in stored), ("", {}))
        text = self.query_one("#text", TextArea)
        if kept[0] and not text.text:
            text.load_text(kept[0])
            text.move_cursor(text.document.end)
            if not self._what.is_solving:
                self._take_way(kept[1].get("way"))
            self._say(_("Your text from before; ^S shows what each gets · Esc leaves, it stays"))

    def _save(self) -> None:
        """Keep what is written: it is there again after Esc, a refusal, or the end of the program."""
        self._saving = None
        words = clean_text(self.query_one("#text", TextArea).text)
        way = what_next.answer(self._what.then, self._what.remind_in)
        fields = {} if self._what.is_solving else {"way": way}
        self._app.drafts.put(None, BULK, words if words.strip() else "", lambda _is_saved: None, fields)

    def on_text_area_changed(self) -> None:
        """What was shown is not what stands there now; and it is saved soon."""
        if self._saving is None:
            self._saving = self.set_timer(SAVE_EVERY, self._save)
        if self._previews is not None:
            self._previews = None
            self.query_one("#bulk-preview", Static).update("")
            self._say(_("^S shows what each gets · Esc leaves"))

    def action_go_on(self) -> None:
        """Show what would be sent; when that is shown, send it."""
        if self._previews is None:
            self._app.opening(self._look())
            return
        able = tuple(one for one in self._previews if not one.refusal)
        if able and can_have_read(self._shown_at):
            self._save()
            text = self.query_one("#text", TextArea).text
            self.dismiss(replace(self._what, text=text, shown=able))

    def action_then(self) -> None:
        """Choose what happens after sending."""
        if self._what.is_solving:
            return
        ways = what_next.statuses() + what_next.coming_back()
        now = what_next.answer(self._what.then, self._what.remind_in)
        self.app.push_screen(Picker(_("What happens after sending"), ways, now), self._take_way)

    def _take_way(self, way: str | None) -> None:
        if way is not None:
            then, days = what_next.taken(way)
            self._what = replace(self._what, then=then, remind_in=days)
            self._say_then()

    def _say_then(self) -> None:
        words = what_next.then_words(self._what.then, self._what.remind_in)
        self.query_one("#bulk-then", Static).update(Text(words if self._what.is_solving else f"{words} · ^O"))

    def action_canned(self) -> None:
        """Put a prepared text in; its places are filled in for each."""
        self._app.opening(self._pick_text())

    async def _pick_text(self) -> None:
        found = await self._app.read(canned_replies, self._app.desk.actor)
        by_id = {str(one.id): one for one in found}
        choices = [Choice(one.id, one.path, one.text) for one in found]

        def put_in(answer: str | None) -> None:
            if (row := by_id.get((answer or "").removeprefix("use "))) is not None:
                self.query_one("#text", TextArea).insert(row.text)
                self._what = replace(self._what, canned=tuple(dict.fromkeys((*self._what.canned, row.id))))

        self.app.push_screen(PreparedPicker(_("Canned reply"), choices, can_edit=False), put_in)

    async def _look(self) -> None:
        text = self.query_one("#text", TextArea).text
        if not clean_text(text).strip():
            self._say(_("Write something first."), is_error=True)
            return
        desk = self._app.desk
        numbers = await self._app.read(numbers_of, self._ids)
        wanted = [numbers[one] for one in self._ids if one in numbers]
        try:
            writer = Writer(desk.actor, desk.settings, desk.clock())
            found = await self._app.read(previews, wanted, text, writer)
        except HelpdeskError as error:
            self._say(f"{error.message} {error.hint}", is_error=True)
            return
        self._previews, self._shown_at = found, monotonic()
        self.query_one("#bulk-preview", Static).update(_as_text(found))
        able = sum(not one.refusal for one in found)
        words = ngettext("^S sends {n} answer", "^S sends {n} answers", able)
        self._say(words + " · " + _("Esc back to the text"))

    def action_back(self) -> None:
        """Back to the text, then away."""
        if self._previews is None:
            self._save()
            self.dismiss(None)
        else:
            self.on_text_area_changed()

    def action_scroll(self, lines: int) -> None:
        """Scroll what would be sent."""
        self.query_one("#scroll").scroll_relative(y=lines, animate=False)

    def _say(self, words: str, *, is_error: bool = False) -> None:
        self.query_one("#bulk-help", Static).update(Text(clean_line(words, 400), "bold reverse" if is_error else ""))


class BeforeMany(LastLook):
    """What goes to many, one below the other."""

    def __init__(self, title: str, shown: Sequence[Preview]) -> None:
        words = ngettext("^S sends {n} answer", "^S sends {n} answers", len(shown))
        super().__init__(title, _as_text(shown), words + " · " + _("Esc leaves, and nothing is done"))


def _as_text(found: Sequence[Preview]) -> Text:
    text = Text()
    for one in found:
        to = shown(one.to) if one.to else "–"
        text.append(f"#{one.number} {to}\n", "bold")
        if one.cc and not one.refusal:
            text.append(f"  Cc {', '.join(map(shown, one.cc))}\n", "bold")
        if one.refusal:
            text.append(f"! {_('gets nothing: {reason}').format(reason=one.refusal)}\n", "bold reverse")
        else:
            text.append(f"{clean_text(one.text)}\n\n")
    return text
