"""Where answers and notes are written; what is typed is saved while it is typed."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Static, TextArea

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.pages import TicketPage
from helpdesk_tui.desk.writing_page import WritingPage
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.screens import composition as compositions
from helpdesk_tui.screens.composition import Composition
from helpdesk_tui.screens.external_editor import edited
from helpdesk_tui.screens.recipients import first_line, more_lines
from helpdesk_tui.screens.what_next import then_words
from helpdesk_tui.screens.widgets.text_box import TextBox
from helpdesk_tui.store.queries.thread import MessageRow
from helpdesk_tui.terms import MessageKind, Outcome

if TYPE_CHECKING:
    from helpdesk_tui.app import HelpdeskApp

#: At most this much typing is lost when the power goes, in seconds (and the time of one small write).
SAVE_EVERY = 0.4
#: After so long the keys go on, whatever was painted, in seconds.
_SHOWN_WITHIN = 1.0


class Composer(Vertical):
    """A text, whom it goes to, and what happens next."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.what: Composition | None = None
        self.about: WritingPage | None = None
        self._page: TicketPage | None = None
        self._seen: frozenset[int] = frozenset()
        self._begins_with = ""
        self._saved = ""
        self._handed_over: tuple[str, dict[str, Any]] = ("", {})
        self._saving: Timer | None = None
        self._batch = ""
        self._said_saved = ""

    def compose(self) -> ComposeResult:
        """A line that says where it goes, and the text."""
        yield Static("", id="address", markup=False)
        yield TextBox(id="draft", soft_wrap=True, show_line_numbers=False)

    @property
    def kind(self) -> str:
        """What is being written; "" where nothing is."""
        return self.what.kind if self.what else ""

    @property
    def is_open(self) -> bool:
        """True while something is being written."""
        return self.what is not None

    @property
    def has_focus_within(self) -> bool:
        """True while the keys go into the text."""
        return self.is_open and self._text.has_focus

    @property
    def text(self) -> str:
        """What stands there."""
        return self._text.text

    @property
    def has_text(self) -> bool:
        """True while somebody has written something there."""
        return self.is_open and bool(self.text.strip()) and self.text.strip() != self._begins_with.strip()

    @property
    def unseen(self) -> list[MessageRow]:
        """What others wrote on the ticket since the writer last looked."""
        me = self._app.desk.actor.login
        messages = self._page.messages if self._page else ()
        return [one for one in messages if one.id not in self._seen and not one.is_automatic and one.agent != me]

    @property
    def _text(self) -> TextArea:
        return self.query_one("#draft", TextArea)

    @property
    def _app(self) -> HelpdeskApp:
        return cast("HelpdeskApp", self.app)

    def open(
        self, page: TicketPage, what: Composition, about: WritingPage | None, draft: str, *, takes_keys: bool = True
    ) -> None:
        """Begin, or go on with, a text, from the draft of it as it is now."""
        self.what, self.about, self._page = what, about, page
        self._seen = frozenset(one.id for one in page.messages)
        self._batch = uuid.uuid4().hex
        salutation = about.salutation if about and what.kind == compositions.REPLY else ""
        self._begins_with = f"{salutation}\n\n" if salutation else ""
        self._show(draft or self._begins_with)
        self._handed_over = (self.text, what.as_fields())
        self.screen.add_class("writing")
        self._say(_("draft saved") if draft else "")
        if takes_keys:
            self.focus_text()

    def take_newer(self, page: TicketPage, draft: str) -> None:
        """Take in how the ticket stands now, and a draft from elsewhere (an answer taken back) unless one writes here.

        Nobody becomes a recipient by that. What somebody else wrote meanwhile is said, and asked about before sending.
        """
        if not self.is_open:
            return
        self._page = page
        is_quiet = self.text == self._saved == self._handed_over[0]
        if is_quiet and draft and draft != clean_text(self._saved):
            self._show(draft)
            self._handed_over = (self.text, self._handed_over[1])
            self._say(_("draft saved"))
        else:
            self._say()

    def has_read(self, messages: Iterable[int]) -> None:
        """The writer has seen these, by their ids; what came in while they read is another matter."""
        self._seen |= frozenset(messages)
        self._say()

    def change(self, what: Composition) -> None:
        """Send it in another way; that is kept with the draft."""
        self.what = what
        self._say()
        self.save_now()

    def insert(self, text: str) -> None:
        """Put a text in where the cursor stands."""
        self._text.insert(text)
        self.save_now()

    def _show(self, draft: str) -> None:
        self._put(draft)
        self._text.move_cursor(self._text.document.end)
        self._saved = self.text

    def close(self, *, is_sent: bool = False) -> None:
        """Put the text away; the draft stays unless it was sent."""
        if not is_sent:
            self.save_now()
        self.what = None
        self._put("")
        self.screen.remove_class("writing")

    def _put(self, text: str) -> None:
        """Let a text stand there that nobody types: what was said meanwhile is not read yet."""
        with self._text.prevent(TextArea.Changed):
            self._text.load_text(text)

    async def take_keys(self) -> None:
        """Let the keys go into the text, and return when they do: what was opened just now is not shown yet."""
        deadline = time.monotonic() + _SHOWN_WITHIN
        while self.is_open and not self._text.has_focus and time.monotonic() < deadline:
            self._text.focus()
            await asyncio.sleep(0.005)

    def focus_text(self) -> None:
        """Let the keys go into the text."""
        self._text.focus()

    def on_text_area_changed(self) -> None:
        """Save soon, and again while typing goes on."""
        if self.is_open and self._saving is None and self.text != self._handed_over[0]:
            self._saving = self.set_timer(SAVE_EVERY, self.save_now)

    def save_now(self) -> None:
        """Save the draft where it changed."""
        if self._saving is not None:
            self._saving.stop()
            self._saving = None
        if self.what is None or self._page is None:
            return
        written = (self.text, self.what.as_fields())
        if written == self._handed_over:
            return
        self._handed_over = written
        told = partial(self._told, self._batch, self.text)
        words = clean_text(self.text) if self.has_text else ""
        self._app.drafts.put(self._page.ticket.id, self.what.kind, words, told, written[1])

    def _told(self, batch: str, text: str, is_saved: bool) -> None:
        if not self.is_open or batch != self._batch:
            return
        self._saved = text if is_saved else self._saved
        self._say(_("draft saved") if is_saved else _("not saved"))

    def verb(self, quoted: str) -> Callable[[Desk], Outcome]:
        """What sending does: once for each time the composer was opened, however often it is asked for.

        Args:
            quoted: what stands below the text.
        """
        self.save_now()
        if self._page is None or self.what is None:
            raise RuntimeError("nothing is being written")
        self._app.drafts.let_go(self._page.ticket.id, self.kind)
        leaves_at = compositions.leaves(self.what, self._app.undo_window.leaves_at(self._app.desk.clock()))
        act = compositions.verb(self.what, self._page, self.text, sorted(self._seen), quoted, leaves_at)
        batch = self._batch
        return lambda desk: act(desk.in_batch(batch))

    def go_on(self) -> None:
        """It was not sent: the text is a draft again."""
        if self.is_open:
            self._handed_over = ("", {})
            self.save_now()

    def is_sent(self, outcome: Outcome) -> bool:
        """True where this outcome is of what was written here."""
        return self.is_open and outcome.batch == self._batch

    def use_editor(self) -> str:
        """Hand the text to $VISUAL or $EDITOR; returns what to tell the person.

        Raises:
            Refused: the editor failed; the text is as it was.
        """
        self.save_now()
        before = self.text
        self._put(edited(self.app, before))
        self.save_now()
        return _("Taken over from the editor.") if self.text != before else _("The editor changed nothing.")

    def _say(self, saved: str | None = None) -> None:
        """Say where it goes, and how far it is saved; None leaves the latter as it was said."""
        if self.what is None:
            return
        self._said_saved = self._said_saved if saved is None else saved
        then = then_words(self.what.then, self.what.remind_in) if self.what.kind != compositions.NOTE else ""
        right = " · ".join(filter(None, (then, *self._along(), self._said_saved)))
        line = Text(clean_line(first_line(self.what), 400), "bold")
        room = (self.size.width or 80) - 2
        is_short = cell_len(line.plain) + cell_len(right) + 3 <= room  # else an address might be cut
        line.append(f"{' · ' if is_short else chr(10)}{right}" if right else "", "dim")
        more = more_lines(self.what, self.about, self._app.desk.clock(), self._mail)
        line.append(f"\n{' · '.join(more)}" if more else "", "bold")
        if names := dict.fromkeys(clean_line(one.sender.called, 40) for one in self.unseen):
            words = _("! {names} wrote meanwhile; ^S shows it first").format(names=", ".join(names))
            line.append(f"\n{words}", "bold reverse")
        self.query_one("#address", Static).update(line)

    @property
    def _mail(self) -> MessageRow | None:
        """What is passed on, or answered where that is not the last mail; else that says itself."""
        if self.what is None or not self.what.is_mail or self._page is None:
            return None
        mails = [one for one in self._page.messages if one.kind in (MessageKind.INBOUND, MessageKind.OUTBOUND)]
        meant = next((one for one in mails if one.id == self.what.answers), None)
        theirs = [one for one in mails if one.kind is MessageKind.INBOUND and not one.is_automatic]
        return None if self.what.kind == compositions.REPLY and meant in theirs[-1:] else meant

    def _along(self) -> list[str]:
        """What goes along below the text."""
        if self.what is None or not self.what.is_mail:
            return []
        said = [_("quoting") if self.what.is_quoting else ""]
        return [*said, _("signed") if self.about and self.about.signature else ""]

    def on_resize(self) -> None:
        """Say it anew in the room there is."""
        self._say()
