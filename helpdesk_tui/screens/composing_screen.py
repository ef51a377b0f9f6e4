"""How what is being written is sent: to whom, with what, when, and what happens then."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from helpdesk_tui.desk.free_slots import Writer
from helpdesk_tui.desk.pages import TicketPage
from helpdesk_tui.desk.sending import Sending
from helpdesk_tui.desk.wording import as_on
from helpdesk_tui.desk.writing_page import WritingPage, writing_page
from helpdesk_tui.errors import HelpdeskError, Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules.calendar import is_wait
from helpdesk_tui.rules.promise import read_later
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens import attaching, what_next
from helpdesk_tui.screens import composition as compositions
from helpdesk_tui.screens.composition import CALL, Composition
from helpdesk_tui.screens.dialogs.attach import AttachDialog
from helpdesk_tui.screens.dialogs.call_facts import CallFacts, CallFactsDialog
from helpdesk_tui.screens.dialogs.dialog import Ask
from helpdesk_tui.screens.dialogs.people_of_mail import Chosen, PeopleDialog
from helpdesk_tui.screens.phrases import moment
from helpdesk_tui.screens.verb_screen import VerbScreen
from helpdesk_tui.screens.widgets.composer import Composer
from helpdesk_tui.store.queries.texts import CannedRow
from helpdesk_tui.store.queries.thread import MessageRow
from helpdesk_tui.terms import CallDirection, ResolutionRule, Status


class ComposingScreen(VerbScreen):
    """A screen with a composer."""

    page: TicketPage | None = None
    ticket_id: int

    @property
    def composer(self) -> Composer:
        """The place to write."""
        return self.query_one("#composer", Composer)

    @property
    def in_focus(self) -> MessageRow | None:
        """The message that an answer means."""
        return None

    def remember(self) -> None:
        """Remember what is being written, for the next start."""

    def leave_text(self) -> None:
        """Let the keys go elsewhere than into the text."""

    async def about(self) -> WritingPage | None:
        """What one has to know to write here."""
        return await self.desk_app.read(writing_page, self.ticket_id, self._writer())

    def _writer(self) -> Writer:
        desk = self.desk_app.desk
        return Writer(desk.actor, desk.settings, desk.clock())

    # -- how it is sent

    def action_recipients(self) -> None:
        """Choose who gets it; of a call, say the number and from when to when it was."""
        what, page = self.composer.what, self.page
        if not self.can("recipients") or what is None or page is None:
            return
        if what.kind == CALL:
            now = self.desk_app.desk.clock()
            facts = CallFacts(what.number, what.started_at or now, what.ended_at)
            self.app.push_screen(CallFactsDialog(facts, now), self._take_facts)
            return
        about = self.composer.about
        offered = compositions.offered(page, about, self.in_focus) if about else []
        belongs = about.belongs if about else frozenset()
        self.app.push_screen(PeopleDialog(what.to, what.cc, offered, belongs), self._take_recipients)

    def _take_facts(self, facts: CallFacts | None) -> None:
        what = self.composer.what
        if facts is not None and what is not None:
            known = replace(what, number=facts.number, started_at=facts.started_at, ended_at=facts.ended_at)
            self.composer.change(known)
        self.desk_app.opening(self.composer.take_keys())

    def _take_recipients(self, chosen: Chosen | None) -> None:
        if chosen is not None and self.composer.what is not None:
            self.composer.change(replace(self.composer.what, to=chosen[0], cc=chosen[1]))
            self.desk_app.opening(self.composer.take_keys())

    def action_then(self) -> None:
        """Choose what happens after sending, and when it leaves."""
        what = self.composer.what
        if not self.can("then") or what is None:
            return
        if what.kind == CALL:
            other = CallDirection.OUT if what.direction is CallDirection.IN else CallDirection.IN
            self.composer.change(replace(what, direction=other))
            return
        now = what_next.answer(what.then, what.remind_in)
        self.pick(_("What happens after sending"), self._ways(what), self._take_way, now)

    def _ways(self, what: Composition) -> list[tuple[str, str]]:
        """Every way on that is usual, the status alone first."""
        ways = what_next.statuses()
        about = self.composer.about
        if about is not None and about.opens_at is not None:
            opens = moment(about.opens_at, self.desk_app.desk.clock())
            ways.append(("opens", _("leaves when their day begins: {when}").format(when=opens)))
        ways.append(("at", _("leaves at another time …")))
        if what.leaves_at is not None:
            ways.append(("now", _("leaves at once")))
        ways.append(("quote", _("without quoting") if what.is_quoting else _("quote what it answers")))
        return [*ways, *what_next.coming_back(), ("days", _("back in another number of working days …"))]

    def _take_way(self, way: str) -> None:
        what, about = self.composer.what, self.composer.about
        if what is None:
            return
        if way == "days":
            self.app.push_screen(Ask(_("Back in how many working days"), "1 – 250", check=_days), self._take_days)
        elif way == "at":
            help_words = _("tomorrow 8:00, mon, 1.12. 9:00, +4h of working time")
            self.app.push_screen(Ask(_("When it leaves"), help_words, check=self._later), self._take_time)
        elif way == "opens" and about is not None:
            self.composer.change(replace(what, leaves_at=about.opens_at))
        elif way == "now":
            self.composer.change(replace(what, leaves_at=None))
        elif way == "quote":
            self.composer.change(replace(what, is_quoting=not what.is_quoting))
        else:
            self._take_then(what, way)

    def _take_then(self, what: Composition, way: str) -> None:
        then, days = what_next.taken(way)
        self.composer.change(replace(what, then=then, remind_in=days))
        about = self.composer.about
        asks = about is not None and about.resolution_rule is not ResolutionRule.SKIPPED
        if then is Status.SOLVED and asks and not what.resolution:
            self.ask_resolution(self._take_resolution)

    def ask_resolution(self, then: Any) -> None:
        """Ask what solved it, in a line."""
        now = self.page.ticket.resolution or "" if self.page else ""
        self.app.push_screen(Ask(_("What solved it"), _("one line, found by search later; empty skips it"), now), then)

    def _take_resolution(self, line: str | None) -> None:
        if line and self.composer.what is not None:
            self.composer.change(replace(self.composer.what, resolution=line))

    def _take_days(self, answer: str | None) -> None:
        if answer and self.composer.what is not None:
            self.composer.change(replace(self.composer.what, remind_in=_days(answer)))

    def _later(self, answer: str) -> datetime:
        found = read_later(answer, self.desk_app.desk.clock(), self.desk_app.settings.calendar)
        if not isinstance(found, datetime) or found <= self.desk_app.desk.clock():
            raise Refused(_("That is not later."), _("Name a time that is to come: tomorrow 8:00, mon, +4h."))
        return found

    def _take_time(self, answer: str | None) -> None:
        if answer and self.composer.what is not None:
            self.composer.change(replace(self.composer.what, leaves_at=self._later(answer)))

    def action_attach(self) -> None:
        """Attach a file, or take one away."""
        if self.can("attach") and self.composer.what is not None:
            self.app.push_screen(AttachDialog(self.composer.what.files), self._take_file)

    def _take_file(self, answer: str | None) -> None:
        what = self.composer.what
        if answer is None or what is None:
            return
        if (left := attaching.without(what.files, answer)) is not None:
            self.composer.change(replace(what, files=left))
        else:
            self.desk_app.opening(self._attach_file(answer))

    async def _attach_file(self, answer: str) -> None:
        kept = await attaching.kept(self.desk_app, answer)
        if self.composer.what is not None:
            self.composer.change(replace(self.composer.what, files=(*self.composer.what.files, kept)))
            self.composer.focus_text()

    def action_canned(self) -> None:
        """Put a prepared text in."""
        about, page = self.composer.about, self.page
        if self.can("canned") and page is not None:
            language = about.language if about else ""
            self.desk_app.opening(self.pick_text(page.ticket.queue, language, self._put_in))

    def _put_in(self, row: CannedRow) -> None:
        self.desk_app.opening(self._filled_in(row))

    async def _filled_in(self, row: CannedRow) -> None:
        text = await self.desk_app.read(as_on, self.ticket_id, row.text, self._writer())
        what = self.composer.what
        if what is not None:
            self.composer.insert(text)
            self.composer.change(replace(what, canned=tuple(dict.fromkeys((*what.canned, row.id)))))
            self.composer.focus_text()

    def text_to_begin_with(self) -> str:
        """What is being written."""
        return self.composer.text.strip() if self.composer.has_text else ""

    def sending_now(self) -> Sending:
        """Late enough to be taken back, and refused where somebody wrote what is not shown here yet."""
        seen = frozenset(one.id for one in self.page.messages) if self.page else None
        return replace(super().sending_now(), seen=seen)

    def action_editor(self) -> None:
        """Write in one's own editor."""
        if not self.can("editor"):
            return
        try:
            self.notice(self.composer.use_editor())
        except HelpdeskError as error:
            self.notice(error.message)


def _days(answer: str) -> int:
    if not is_wait(answer.strip()):
        words = clean_line(answer, 40)
        raise Refused(_("{words} is no number of working days.").format(words=words), _("Use 1 to 250."))
    return int(answer)
