"""The keys of the composer: whom it goes to, what goes along, what happens then, and the last look before it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from helpdesk_tui.desk.pages import TicketPage
from helpdesk_tui.desk.wording import below_forward, quotation
from helpdesk_tui.errors import HelpdeskError, Overtaken
from helpdesk_tui.language import _
from helpdesk_tui.rules.before_sending import oddities
from helpdesk_tui.screens import composition as compositions
from helpdesk_tui.screens.composing_screen import ComposingScreen
from helpdesk_tui.screens.composition import CALL, FORWARD, NOTE, REPLY, Composition
from helpdesk_tui.screens.dialogs.before_sending import BeforeSending
from helpdesk_tui.screens.widgets.composer import Composer
from helpdesk_tui.store.queries.thread import DraftRow, MessageRow, drafts
from helpdesk_tui.terms import Outcome, ResolutionRule, Status

_WRITING = frozenset({"send", "then", "recipients", "attach", "canned", "editor", "leave", "thread"})
_OF_MAIL = frozenset({"recipients", "attach"})


class WritingScreen(ComposingScreen):
    """A screen where one writes."""

    # -- beginning

    def action_reply(self) -> None:
        """Answer the customer, or who wrote the message in focus."""
        self._begin_writing(REPLY)

    def action_reply_all(self) -> None:
        """Answer all whom the message in focus names."""
        self._begin_writing(REPLY, to_all=True)

    def action_ask_back(self) -> None:
        """Ask the customer something, and be reminded."""
        self._begin_writing(REPLY, remind_in=self.desk_app.settings.replies.ask_back_days)

    def action_forward(self) -> None:
        """Pass the message in focus on."""
        self._begin_writing(FORWARD)

    def action_note(self) -> None:
        """Write a note."""
        self._begin_writing(NOTE)

    def action_log_call(self) -> None:
        """Write down a call."""
        self._begin_writing(CALL)

    def _begin_writing(self, kind: str, *, to_all: bool = False, remind_in: int = 0) -> None:
        action = {CALL: "log_call", NOTE: "note", FORWARD: "forward"}.get(kind, "reply")
        if self.page is None or not self.can(action):
            return
        if self.composer.kind == kind and not to_all and not remind_in:
            self.composer.focus_text()
        else:
            self.desk_app.opening(self._open_composer(kind, to_all=to_all, remind_in=remind_in))

    async def _open_composer(self, kind: str, *, to_all: bool = False, remind_in: int = 0) -> None:
        wanted, focus = self.ticket_id, self.in_focus
        self.composer.save_now()
        found = await self.desk_app.read(drafts, wanted)
        about = await self.about()
        if wanted != self.ticket_id or self.page is None:
            return
        text, fields = self.own_draft(found, kind)
        what = self._usual(kind, self.page, focus)
        if text:  # a text that was begun goes on, to the people it was for, about the message that is meant now
            what = replace(compositions.from_fields(what, fields), answers=what.answers)
        if to_all and about is not None:
            what = compositions.to_all(what, self.page, focus, about)
        if remind_in:
            what = replace(what, then=Status.WAITING_CUSTOMER, remind_in=remind_in)
        self.composer.open(self.page, what, about, text)
        self.remember()
        self.show_keys()
        if kind == FORWARD and not what.to:
            await self.composer.take_keys()
            self.action_recipients()

    def _usual(self, kind: str, page: TicketPage, focus: MessageRow | None) -> Composition:
        settings = self.desk_app.settings
        now = self.desk_app.desk.clock()
        return compositions.begun(kind, page, focus, is_quoting=settings.ui.quotes == "yes", now=now)

    def own_draft(self, found: Sequence[DraftRow], kind: str) -> tuple[str, dict[str, Any]]:
        """One's own text of a kind and what was kept with it: the one on its way into the store, else the store's."""
        unsaved = self.desk_app.drafts.unsaved(self.ticket_id, kind)
        if unsaved is not None:
            return unsaved[0], dict(unsaved[1])
        me = self.desk_app.desk.actor.agent_id
        stored = next((one for one in found if one.agent_id == me and one.kind == kind), None)
        return (stored.text, stored.fields) if stored else ("", {})

    def quote_in(self, message: MessageRow) -> None:
        """Put what a message says into the text, with `>` before each line."""
        self.desk_app.opening(self._quote_in(message))

    async def _quote_in(self, message: MessageRow) -> None:
        if not self.composer.is_open:
            await self._open_composer(REPLY)
        quoted = await self._quotation(message.id)
        if self.composer.is_open:
            if (what := self.composer.what) is not None:
                self.composer.change(replace(what, is_quoting=False))
            self.composer.insert(f"{quoted}\n\n")
            self.composer.focus_text()
            self.show_keys()

    async def _quotation(self, message_id: int) -> str:
        about = self.composer.about
        language = about.language if about else ""
        return await self.desk_app.read(quotation, message_id, language, self.desk_app.settings.calendar.zone)

    # -- sending

    def action_send(self) -> None:
        """Send or save what is written, after a last look where something is odd."""
        if not self.can("send") or (what := self.composer.what) is None:
            return
        about = self.composer.about
        if what.is_mail and not what.to:
            self.action_recipients()
            return
        if what.then is Status.SOLVED and about and about.resolution_rule is ResolutionRule.REQUIRED:
            known = what.resolution or (self.page.ticket.resolution if self.page else "")
            if not known:
                self.ask_resolution(self._take_resolution)
                return
        belongs = about.belongs if about else ()
        has_files = bool(what.files) or what.kind == FORWARD
        odd = oddities(self.composer.text, what.people, belongs, has_files=has_files) if what.is_mail else []
        theirs = self.composer.unseen if what.kind == REPLY else []
        if odd or theirs:
            now = self.desk_app.desk.clock()
            shown = [one.id for one in theirs]
            self.app.push_screen(
                BeforeSending(odd, theirs, self.composer.text, now), partial(self._after_last_look, shown)
            )
        else:
            self.desk_app.opening(self._send())

    def _after_last_look(self, shown: Sequence[int], answer: str | None) -> None:
        self.composer.has_read(shown)
        if answer == "send":
            self.desk_app.opening(self._send())
        else:
            self.composer.focus_text()

    async def _send(self) -> None:
        try:
            quoted = await self._below()
            await self._performed(self.composer.verb(quoted), [])
        except Overtaken as error:
            self.composer.go_on()
            await self.reload()
            self.refuse(error)
            self.action_send()
        except HelpdeskError:
            self.composer.go_on()
            raise

    async def _below(self) -> str:
        """What stands below the text: the signature, and what is quoted or passed on."""
        what, about = self.composer.what, self.composer.about
        if what is None or about is None or not what.is_mail:
            return ""
        parts = [about.signature]
        if what.answers is not None and what.kind == FORWARD:
            return await self.desk_app.read(below_forward, what.answers, self._writer())
        if what.answers is not None and what.is_quoting:
            parts.append(await self._quotation(what.answers))
        return "\n\n".join(filter(None, parts))

    async def reload(self) -> None:
        """Load the ticket anew."""

    def acted(self, outcome: Outcome, ids: Sequence[int]) -> None:
        """Done: the composer has served, where it was the composer's verb."""
        super().acted(outcome, ids)
        if not self.composer.is_sent(outcome):
            return
        what, window = self.composer.what, self.desk_app.undo_window
        if what is not None and what.is_mail:
            window.open()
            if window.length and what.leaves_at is None:
                self.notice(outcome.text, _(" · u undoes it, {n} s").format(n=window.length))
        self.composer.close(is_sent=True)
        self.leave_text()
        self.remember()
        self.show_keys()

    # -- leaving

    def keep_text(self) -> None:
        """Save what is being written."""
        self.composer.save_now()

    def asks_before_quit(self) -> bool:
        """True where it has just asked, since an answer is being written."""
        if self.asks_to_quit or not self.composer.has_text:
            return super().asks_before_quit()
        self.asks_to_quit = True
        self.notice(_("Your text stays as a draft; ctrl+q once more leaves the program"))
        return True

    def on_text_area_changed(self) -> None:
        """Whoever writes on does not leave, and has read what was said."""
        if self.composer.has_focus_within:
            self.before("write")

    def action_undo(self) -> None:
        """Take back one's last change; a text it brings back comes before what is being written."""
        self.composer.save_now()
        super().action_undo()

    def action_leave(self) -> None:
        """Leave the composer; the draft stays."""
        if self.can("leave"):
            self.composer.close()
            self.leave_text()
            self.remember()
            self.show_keys()


def writing_refusal(composer: Composer, action: str) -> str:
    """Why a key of the composer cannot be used now; "" where it can."""
    if action in _WRITING and not composer.is_open:
        return _("Nothing is being written; r answers, c writes a note.")
    if action == "recipients" and composer.kind == CALL:
        return ""
    if action in _OF_MAIL and composer.what is not None and not composer.what.is_mail:
        return _("This stays in the house.")
    return ""
