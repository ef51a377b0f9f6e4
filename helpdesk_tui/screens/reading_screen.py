"""The keys of reading: moving in the thread, finding words, files and links, originals, what became of a mail."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.widgets import Input

from helpdesk_tui.desk import resending
from helpdesk_tui.desk.parting import split
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.rules.links import Link, links_in
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens.dialogs.viewer import Viewer
from helpdesk_tui.screens.files import cannot_open, open_link, save, scp_line
from helpdesk_tui.screens.phrases import size
from helpdesk_tui.screens.widgets.thread_view import ThreadView
from helpdesk_tui.screens.writing_screen import WritingScreen
from helpdesk_tui.store.content import PIECE, pieces
from helpdesk_tui.store.queries.thread import FileRow, MessageRow, raw_of_message
from helpdesk_tui.terms import MessageKind, OutboxState

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

#: So much of an original or a file is shown, in bytes; all of it can be saved.
_MOST_SHOWN = 512 * 1024


class ReadingScreen(WritingScreen):
    """A screen with a thread."""

    @property
    def thread(self) -> ThreadView:
        """The conversation."""
        return self.query_one("#thread", ThreadView)

    @property
    def in_focus(self) -> MessageRow | None:
        """The message that an answer means."""
        return self.thread.message

    def leave_text(self) -> None:
        """The keys go into the thread."""
        self.thread.focus()

    def reading_refusal(self, action: str) -> str:
        """Why a key of reading cannot be used now; "" where it can."""
        message = self.thread.message
        if action == "original" and (message is None or message.raw_id is None):
            return _("This is no mail; it has no original.")
        if action == "files" and not self._files() and not self._links():
            return _("There is neither a file nor a link here.")
        if action == "delivery" and self._to_deliver() is None:
            return _("This mail needs nothing: it was sent, or it is no mail of ours.")
        if action == "split" and (self.page is None or len(self.page.messages) < 2):
            return _("It is the only message here; it is a ticket of its own already.")
        if action == "quote_in" and (
            message is None or message.kind not in (MessageKind.INBOUND, MessageKind.OUTBOUND)
        ):
            return _("Notes and calls stay in the house.")
        return ""

    # -- moving

    def action_line_down(self) -> None:
        """A line down; among places that were found, the next one."""
        if self.is_finding:
            self.find_next(1)
            return
        self.thread.scroll_lines(1)

    def action_line_up(self) -> None:
        """A line up; among places that were found, the one before."""
        if self.is_finding:
            self.find_next(-1)
            return
        self.thread.scroll_lines(-1)

    def action_page_down(self) -> None:
        """A page down."""
        self.thread.scroll_lines(self.thread.size.height - 2)

    def action_page_up(self) -> None:
        """A page up."""
        self.thread.scroll_lines(2 - self.thread.size.height)

    def action_top(self) -> None:
        """To the first message."""
        self.thread.focus_message(-len(self.page.messages) if self.page else 0)

    def action_bottom(self) -> None:
        """To the last message."""
        self.thread.focus_message(len(self.page.messages) if self.page else 0)

    def action_next_message(self) -> None:
        """Next message."""
        self.thread.focus_message(1)

    def action_previous_message(self) -> None:
        """Previous message."""
        self.thread.focus_message(-1)

    def action_unfold(self) -> None:
        """Open or fold the quote."""
        self.thread.fold()

    # -- finding words

    def action_find(self) -> None:
        """Ask for words; while one writes, its second key attaches a file."""
        if self.composer.has_focus_within:
            self.action_attach()
            return
        field = self.query_one("#find", Input)
        field.remove_class("hidden")
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Go to where they stand while they are typed."""
        if event.input.id == "find":
            self.thread.find(event.value.strip())
            self._say_found()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The next place that has them."""
        if event.input.id == "find":
            self.find_next(1)

    def find_next(self, step: int) -> None:
        """The next place that has the words, or the one before."""
        self.thread.find_next(step)
        self._say_found()

    def _say_found(self) -> None:
        words, (at, count) = self.query_one("#find", Input).value.strip(), self.thread.found
        if count:
            self.notice(_("{n} of {m}").format(n=at, m=count))
        elif words:
            self.refuse(HelpdeskError(_("{words} is not in this thread.").format(words=clean_line(words, 60))))

    @property
    def is_finding(self) -> bool:
        """True while words are asked for."""
        return not self.query_one("#find", Input).has_class("hidden")

    def end_finding(self) -> bool:
        """Leave the field for words; False where nobody is in it."""
        field = self.query_one("#find", Input)
        if not self.is_finding:
            return False
        field.add_class("hidden")
        field.value = ""
        self.thread.find("")
        self.thread.focus()
        return True

    # -- files, links, originals

    def action_files(self) -> None:
        """Choose a file or a link of the message in focus, else of the ticket."""
        if not self.can("files"):
            return
        options = [(f"file {one.id}", f"{one.name}  {size(one.size)}  {one.content_type}") for one in self._files()]
        options += [(f"link {n}", _link_words(one)) for n, one in enumerate(self._links())]
        self.pick(_("Files and links"), options, self._chosen_one)

    def _files(self) -> list[FileRow]:
        messages = self.page.messages if self.page else ()
        focus = self.thread.message
        own = list(focus.files) if focus else []
        return own + [one for message in messages if message is not focus for one in message.files]

    def _links(self) -> list[Link]:
        focus = self.thread.message
        return links_in(f"{focus.text}\n{focus.quoted}") if focus else []

    def _chosen_one(self, answer: str) -> None:
        word, _blank, which = answer.partition(" ")
        if word == "file":
            file = next(one for one in self._files() if one.id == int(which))
            options = [("save", _("save it")), ("view", _("show it as text")), ("open", self._opening_words())]
            self.pick(f"{file.name}  {size(file.size)}", options, partial(self._with_file, file))
        else:
            link = self._links()[int(which)]
            options = [("copy", _("copy it")), ("open", self._opening_words())]
            self.pick(link.target, options, partial(self._with_link, link))

    def _opening_words(self) -> str:
        reason = cannot_open()
        opener = clean_line(self.desk_app.settings.ui.opener, 60)
        return _("open it with {opener}").format(opener=opener) + (f" · {reason}" if reason else "")

    def _with_link(self, link: Link, deed: str) -> None:
        if deed == "copy":
            self.copy_text(link.target, _("the link"))
            return
        try:
            open_link(self.desk_app.settings.ui.opener, link.target)
        except HelpdeskError as error:
            self.refuse(error)
        else:
            self.notice(_("{host} is opened").format(host=link.host or link.target))

    def _with_file(self, file: FileRow, deed: str) -> None:
        if deed == "open" and (reason := cannot_open()):
            self.refuse(HelpdeskError(reason, _("Save it, and open it there.")))
        else:
            self.desk_app.opening({"save": self._save, "view": self._view, "open": self._open_file}[deed](file))

    async def _save(self, file: FileRow) -> None:
        folder = self.desk_app.settings.ui.downloads
        path = await self.desk_app.read(lambda session: save(folder, file.name, pieces(session, file.sha256)))
        line = scp_line(path)
        self.app.copy_to_clipboard(line)
        self.notice(_("Saved as {path} · copied: {line}").format(path=path, line=line))

    async def _open_file(self, file: FileRow) -> None:
        opener, shown = self.desk_app.settings.ui.opener, self.desk_app.openings
        await self.desk_app.read(lambda session: shown.show(opener, file.name, pieces(session, file.sha256)))
        self.notice(_("{name} is opened; its copy goes when you quit").format(name=clean_line(file.name, 60)))

    async def _view(self, file: FileRow) -> None:
        body = await self.desk_app.read(_beginning, file.sha256)
        await self.app.push_screen(Viewer(file.name, body.decode("utf-8", "replace"), _shortened(file.size, body)))

    def action_original(self) -> None:
        """The mail in focus as it came or left, its head first."""
        if self.can("original") and (message := self.thread.message) is not None:
            self.desk_app.opening(self._show_original(message.id))

    async def _show_original(self, message_id: int) -> None:
        body = await self.desk_app.read(_first_bytes, message_id)
        title = _("Original of message {id}").format(id=message_id)
        hint = _("all of it: helpdesk mail raw {id}").format(id=message_id)
        await self.app.push_screen(Viewer(title, body.decode("utf-8", "replace"), [hint]))

    def action_quote_in(self) -> None:
        """Put what the message in focus says into the answer."""
        if self.can("quote_in") and (message := self.thread.message) is not None:
            self.quote_in(message)

    def action_split(self) -> None:
        """Make a ticket of the message in focus."""
        if self.can("split") and (message := self.thread.message) is not None:
            self.perform(lambda desk: split(desk, message.id))

    def action_copy(self) -> None:
        """Copy the message in focus."""
        if (message := self.thread.message) is not None:
            self.copy_text(message.text, _("the message"))

    # -- what became of a mail

    def action_delivery(self) -> None:
        """Choose what is done about a mail that did not arrive, or perhaps did not."""
        if not self.can("delivery") or (message := self._to_deliver()) is None:
            return
        states = {message.delivery, *(one.state for one in message.not_reached)}
        ways = []
        if OutboxState.FAILED in states:
            ways.append(("again", _("send it again, to those who have not got it")))
        if (message.delivery == OutboxState.FAILED and not message.not_reached) or self._waits(message):
            ways.append(("edit", _("take it back and edit it")))
        if self._waits(message):
            ways.append(("now", _("let it leave now")))
        if OutboxState.UNSURE in states:
            ways += [
                ("sent", _("it has arrived: count it as sent")),
                ("unsure", _("send it again; it may arrive twice")),
            ]
        title = _("This mail waits for its time") if self._waits(message) else _("This mail did not arrive")
        self.pick(title, ways, partial(self._with_mail, message.id))

    def _to_deliver(self) -> MessageRow | None:
        """The mail that something can be done about: the one in focus, or the one that a report in focus is about."""
        message, page = self.thread.message, self.page
        if message is None or page is None:
            return None
        is_report = message.is_automatic and message.kind is MessageKind.INBOUND
        meant = [one for one in reversed(page.messages) if one.id < message.id] if is_report else [message]
        return next((one for one in meant if _is_undelivered(one) or self._waits(one)), None)

    def _waits(self, message: MessageRow) -> bool:
        """True for a mail that leaves later."""
        return message.leaves_at is not None and message.leaves_at > self.desk_app.desk.clock()

    def _with_mail(self, message_id: int, deed: str) -> None:
        verb = {
            "again": resending.send_again,
            "edit": resending.edit_instead,
            "now": resending.send_now,
            "sent": resending.take_as_sent,
            "unsure": resending.send_though_unsure,
        }[deed]
        self.perform(lambda desk: verb(desk, message_id))


def _is_undelivered(message: MessageRow) -> bool:
    states = {message.delivery, *(one.state for one in message.not_reached)}
    return bool(states & {OutboxState.FAILED, OutboxState.UNSURE})


def _link_words(link: Link) -> str:
    return f"{link.host}  {link.target}" if link.host else link.target


def _shortened(whole: int, shown: bytes) -> list[str]:
    return [_("the first {n} of it").format(n=size(len(shown)))] if len(shown) < whole else []


def _beginning(session: Session, sha256: str) -> bytes:
    return _cut(pieces(session, sha256))


def _first_bytes(session: Session, message_id: int) -> bytes:
    return _cut(raw_of_message(session, message_id))


def _cut(found: Iterator[bytes]) -> bytes:
    body = b""
    for piece in found:
        body += piece
        if len(body) >= min(_MOST_SHOWN, PIECE):
            break
    return body[:_MOST_SHOWN]
