"""Where answers and notes are written; what is typed is saved while it is typed."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult, SuspendNotSupported
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Static, TextArea

from helpdesk_tui.config import folder
from helpdesk_tui.desk.conversation import note, reply
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.pages import TicketPage
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.screens.phrases import status_word
from helpdesk_tui.screens.recipients import Recipients, choices, more_words, to_words
from helpdesk_tui.screens.widgets.text_box import TextBox
from helpdesk_tui.terms import Outcome, Status

if TYPE_CHECKING:
    from helpdesk_tui.app import HelpdeskApp

#: At most this much typing is lost when the power goes, in seconds (and the time of one small write).
SAVE_EVERY = 0.4
_THENS: tuple[Status | None, ...] = (Status.WAITING_CUSTOMER, Status.SOLVED, None)


class Composer(Vertical):
    """A text, whom it goes to, and what happens next."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.kind = ""
        self._page: TicketPage | None = None
        self._then: Status | None = Status.WAITING_CUSTOMER
        self._recipients: Recipients | None = None
        self._saved = ""
        self._handed_over = ""
        self._saving: Timer | None = None
        self._batch = ""
        self._said_saved = ""

    def compose(self) -> ComposeResult:
        """A line that says where it goes, and the text."""
        yield Static("", id="address", markup=False)
        yield TextBox(id="draft", soft_wrap=True, show_line_numbers=False)

    @property
    def is_open(self) -> bool:
        """True while something is being written."""
        return bool(self.kind)

    @property
    def has_focus_within(self) -> bool:
        """True while the keys go into the text."""
        return self.is_open and self._text.has_focus

    @property
    def _text(self) -> TextArea:
        return self.query_one("#draft", TextArea)

    @property
    def _app(self) -> HelpdeskApp:
        return cast("HelpdeskApp", self.app)

    @property
    def has_text(self) -> bool:
        """True while something stands there."""
        return self.is_open and bool(self._text.text.strip())

    def open(self, page: TicketPage, kind: str, draft: str, *, takes_keys: bool = True) -> None:
        """Begin, or go on with, a `reply` or a `note`, from the draft of it as it is now."""
        self.kind, self._page = kind, page
        self._batch = uuid.uuid4().hex
        self._then = Status.WAITING_CUSTOMER
        self._recipients = next(iter(choices(page)), None)
        self._show(draft)
        self.screen.add_class("writing")
        self._say(_("draft saved") if draft else "")
        if takes_keys:
            self.focus_text()

    def take_newer(self, page: TicketPage, draft: str) -> None:
        """Take in how the ticket stands now, and a draft from elsewhere (an answer taken back) unless one writes here.

        Nobody becomes a recipient by that; where those that are shown are offered no more, it is the customer alone.
        """
        if self.is_open:
            self._page = page
            if self._recipients not in choices(page):
                self._recipients = Recipients(page.answers_to) if page.answers_to else None
            self._say()
        is_quiet = self.is_open and self._text.text == self._saved == self._handed_over
        if is_quiet and draft and draft != clean_text(self._saved):
            self._show(draft)
            self._say(_("draft saved"))

    def _show(self, draft: str) -> None:
        self._put(draft)
        self._text.move_cursor(self._text.document.end)
        self._saved = self._handed_over = self._text.text

    def close(self, *, is_sent: bool = False) -> None:
        """Put the text away; the draft stays unless it was sent."""
        if not is_sent:
            self.save_now()
        self.kind = ""
        self._put("")
        self.screen.remove_class("writing")

    def _put(self, text: str) -> None:
        """Let a text stand there that nobody types: what was said meanwhile is not read yet."""
        with self._text.prevent(TextArea.Changed):
            self._text.load_text(text)

    def focus_text(self) -> None:
        """Let the keys go into the text."""
        self._text.focus()

    def on_text_area_changed(self) -> None:
        """Save soon, and again while typing goes on."""
        if self.is_open and self._saving is None and self._text.text != self._handed_over:
            self._saving = self.set_timer(SAVE_EVERY, self.save_now)

    def save_now(self) -> None:
        """Save the draft where it changed."""
        if self._saving is not None:
            self._saving.stop()
            self._saving = None
        if not self.is_open or self._page is None or self._text.text == self._handed_over:
            return
        text = self._handed_over = self._text.text
        told = partial(self._told, self._batch, text)
        self._app.drafts.put(self._page.ticket.id, self.kind, clean_text(text), told)

    def _told(self, batch: str, text: str, is_saved: bool) -> None:
        if not self.is_open or batch != self._batch:
            return
        self._saved = text if is_saved else self._saved
        self._say(_("draft saved") if is_saved else _("not saved"))

    def verb(self) -> Callable[[Desk], Outcome]:
        """What sending does: once for each time the composer was opened, however often it is asked for."""
        self.save_now()
        text, batch, write = self._text.text, self._batch, partial(reply, then=self._then)
        if self._recipients is not None:  # those that were shown, whoever was let in meanwhile
            write = partial(write, to=[self._recipients.to], cc=self._recipients.cc)
        if self._page is None:
            raise RuntimeError("nothing is being written")
        self._app.drafts.let_go(self._page.ticket.id, self.kind)
        number, is_reply = self._page.ticket.number, self.kind == "reply"
        return lambda desk: (write if is_reply else note)(desk.in_batch(batch), number, text)

    def go_on(self) -> None:
        """It was not sent: the text is a draft again."""
        if self.is_open:
            self._handed_over = ""
            self.save_now()

    def is_sent(self, outcome: Outcome) -> bool:
        """True where this outcome is of what was written here."""
        return self.is_open and outcome.batch == self._batch

    def next_then(self) -> None:
        """Choose what happens after sending."""
        if self.kind == "reply":
            self._then = _THENS[(_THENS.index(self._then) + 1) % len(_THENS)]
            self._say()

    def next_recipients(self) -> None:
        """Choose who gets the answer."""
        offered = choices(self._page) if self.kind == "reply" and self._page else ()
        if offered:
            at = offered.index(self._recipients) if self._recipients in offered else -1
            self._recipients = offered[(at + 1) % len(offered)]
            self._say()

    def use_editor(self) -> str:
        """Hand the text to $VISUAL or $EDITOR; returns what to tell the person.

        An editor that fails, or leaves nothing, changes nothing.
        """
        self.save_now()
        try:
            with _file_of(self._text.text) as name:
                written = self._edited(name)
        except (OSError, ValueError, SuspendNotSupported) as error:
            words = clean_line(str(error), 100)
            return _("The editor cannot be started: {words}").format(words=words)
        if not written.strip() and self._text.text.strip():
            return _("The editor ended without a text; what you had is still here.")
        self._put(written.rstrip("\n"))
        self.save_now()
        return _("Taken over from the editor.")

    def _edited(self, name: str) -> str:
        """What the editor made of a file; "" where it failed.

        Raises:
            OSError, ValueError: there is no such editor, or its name cannot be read.
        """
        command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "") or ["vi"]
        failure: OSError | None = None
        with self.app.suspend():
            try:
                status = subprocess.run([*command, name], check=False).returncode
            except OSError as error:  # the screen comes back only where this block ends in peace
                failure = error
        if failure is not None:
            raise failure
        if status != 0 or not Path(name).is_file():
            return ""
        return clean_text(Path(name).read_bytes().decode("utf-8", "replace"))

    def _say(self, saved: str | None = None) -> None:
        """Say where it goes, and how far it is saved; None leaves the latter as it was said."""
        if self._page is None:
            return
        self._said_saved = self._said_saved if saved is None else saved
        if self.kind == "note":
            words, then = _("Note · stays in the house"), ""
        else:
            then = status_word(self._then) if self._then else _("unchanged")
            words, then = self._to(self._page), _("then: {then}").format(then=then)
        right = " · ".join(filter(None, (then, self._said_saved)))
        line = Text(clean_line(words, 400), "bold")
        room = (self.size.width or 80) - 2
        is_short = cell_len(line.plain) + cell_len(right) + 3 <= room  # else an address might be cut
        line.append(f"{' · ' if is_short else chr(10)}{right}" if right else "", "dim")
        if self.kind == "reply" and self._recipients is not None:
            more = more_words(self._recipients, len(choices(self._page)))
            line.append(f"\n{more}" if more else "", "bold")
        self.query_one("#address", Static).update(line)

    def _to(self, page: TicketPage) -> str:
        """Whom it goes to; what else there is to see of it stands on lines of its own, however long."""
        return to_words(self._recipients) if self._recipients else _("To {to}").format(to=page.customer.called)

    def on_resize(self) -> None:
        """Say it anew in the room there is."""
        self._say()


@contextmanager
def _file_of(text: str) -> Iterator[str]:
    """A file of one's own with a text, for as long as an editor needs it.

    Raises:
        OSError: it cannot be written.
    """
    place = folder("state")
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix="draft-", suffix=".txt", dir=place)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        yield name
    finally:
        with suppress(OSError):
            Path(name).unlink()
