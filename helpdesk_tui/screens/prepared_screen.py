"""Prepared texts and macros under keys: chosen, used, written, edited and thrown away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from helpdesk_tui.desk.answering import Preview
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.macro import rehearse_macro, run_macro
from helpdesk_tui.desk.texts import CannedText, MacroText, drop_macro, drop_text, keep_macro, keep_text
from helpdesk_tui.errors import Refused, Usage
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules.macros import sends
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens.dialogs.bulk_reply import BeforeMany
from helpdesk_tui.screens.dialogs.prepared import Choice, Field, PreparedForm, PreparedPicker, Save
from helpdesk_tui.screens.relation_screen import RelationScreen
from helpdesk_tui.store.queries.texts import CannedRow, MacroRow, canned_replies, macros
from helpdesk_tui.store.queries.tickets import numbers_of
from helpdesk_tui.terms import Outcome

#: What stands in a form for everybody's.
_ALL = "all"


class PreparedScreen(RelationScreen):
    """A screen whose keys do macros on the chosen tickets."""

    #: The macro that was done last where it sent something, and on which tickets.
    _sent_last: tuple[int, tuple[int, ...]] | None = None

    # -- macros

    def action_macro(self) -> None:
        """Choose a macro, and do it on the tickets."""
        if self.can("macro"):
            self.desk_app.opening(self._pick_macro(self.chosen()))

    def action_macro_under(self, digit: int) -> None:
        """Do the macro under a digit."""
        if self.can("macro"):
            self.desk_app.opening(self._run_under(str(digit), self.chosen()))

    async def _pick_macro(self, ids: list[int]) -> None:
        found = await self._macros()
        title = ngettext("Macro on {n} ticket", "Macro on {n} tickets", len(ids))
        choices = [Choice(one.id, macro_words(one), "\n".join(one.steps)) for one in found]
        by_id = {one.id: one for one in found}
        self.app.push_screen(PreparedPicker(title, choices), partial(self._macro_chosen, ids, by_id))

    async def _macros(self) -> list[MacroRow]:
        return await self.desk_app.read(macros, self.desk_app.desk.actor, self.common(lambda row: row.queue))

    async def _run_under(self, digit: str, ids: list[int]) -> None:
        under = [one for one in await self._macros() if one.digit == digit]
        if not under:
            raise Usage(
                _("There is no macro under {digit}.").format(digit=digit),
                _("z lists them, and ctrl+n there makes one."),
            )
        self._begin_macro(ids, min(under, key=lambda one: one.is_shared))

    def _macro_chosen(self, ids: list[int], known: Mapping[int, MacroRow], answer: str | None) -> None:
        word, _blank, number = (answer or "").partition(" ")
        row = known.get(int(number)) if number else None
        if word == "use" and row is not None:
            self._begin_macro(ids, row)
        elif word == "drop" and row is not None:
            self.perform(lambda desk: drop_macro(desk, row.id))
        elif word in ("new", "edit"):
            self._write_macro(row)

    def _begin_macro(self, ids: list[int], row: MacroRow) -> None:
        self.desk_app.opening(self._do_macro(ids, row))

    async def _do_macro(self, ids: list[int], row: MacroRow) -> None:
        """Do it; what it sends to several is looked at first."""
        if not sends(row.steps):
            await self._performed(lambda desk: run_macro(desk, _numbers(desk, ids), row.id), ids)
            return
        window = self.desk_app.undo_window
        if window.seconds and (row.id, tuple(ids)) == self._sent_last:
            words = _("{name} was done on it a moment ago; u takes it back.").format(name=clean_line(row.name, 60))
            raise Refused(words, _("Press it again in {n} s.").format(n=window.seconds))
        if len(ids) == 1:
            await self._send_by_macro(ids, row, ())
            return
        shown = await self.desk_app.keep(lambda desk: rehearse_macro(desk, _numbers(desk, ids), row.id))
        title = ngettext("{name} on {n} ticket", "{name} on {n} tickets", len(ids)).format(name=row.name, n=len(ids))
        self.app.push_screen(BeforeMany(title, shown), partial(self._send_shown, ids, row, shown))

    def _send_shown(self, ids: list[int], row: MacroRow, shown: Sequence[Preview], answer: str | None) -> None:
        if answer:
            self.desk_app.opening(self._send_by_macro(ids, row, shown))

    async def _send_by_macro(self, ids: list[int], row: MacroRow, shown: Sequence[Preview]) -> None:
        sending = self.sending_now()
        await self.sent(lambda desk: run_macro(desk, _numbers(desk, ids), row.id, sending, shown), ids)
        self._sent_last = (row.id, tuple(ids))

    def _write_macro(self, row: MacroRow | None) -> None:
        fields = [
            Field("name", _("Name"), row.name if row else ""),
            Field("digit", _("Digit"), row.digit if row else "", _("1 to 9 in a ticket, or nothing")),
            Field("queue", _("Queue"), row.queue if row else "", _("nothing: any")),
            Field("whose", _("For"), _ALL if row and row.is_shared else "me", "me, all"),
        ]
        help_words = _(
            "a step a line: reply …, canned …, note …, status, priority, queue, assign, tag, remind · ^S keeps"
        )
        text = "\n".join(row.steps) if row else ""
        self._show_form(_("Macro"), fields, text, help_words, partial(self._keep_macro, row))

    async def _keep_macro(self, row: MacroRow | None, values: Mapping[str, str], text: str) -> Outcome:
        steps = tuple(line for line in text.split("\n") if line.strip())
        wanted = MacroText(
            values["name"], steps, values["digit"].strip(), values["queue"].strip(), is_shared=_is_shared(values)
        )
        outcome = await self.desk_app.do(lambda desk: keep_macro(desk, wanted))
        is_same = row is None or (row.name, row.is_shared) == (clean_line(wanted.name, 100), wanted.is_shared)
        return outcome if is_same or row is None else await self._instead(outcome, drop_macro, row.id)

    # -- prepared texts

    async def pick_text(self, queue: str, language: str, then: Callable[[CannedRow], None]) -> None:
        """Let a person choose a text for this queue, those in the language of the customer first."""
        found = await self.desk_app.read(canned_replies, self.desk_app.desk.actor, queue)
        found.sort(key=lambda one: one.language not in ("", language))
        choices = [Choice(one.id, text_words(one), one.text) for one in found]
        by_id = {one.id: one for one in found}
        self.app.push_screen(PreparedPicker(_("Canned reply"), choices), partial(self._text_chosen, by_id, then))

    def _text_chosen(
        self, known: Mapping[int, CannedRow], then: Callable[[CannedRow], None], answer: str | None
    ) -> None:
        word, _blank, number = (answer or "").partition(" ")
        row = known.get(int(number)) if number else None
        if word == "use" and row is not None:
            then(row)
        elif word == "drop" and row is not None:
            self.perform(lambda desk: drop_text(desk, row.id))
        elif word in ("new", "edit"):
            self._write_text(row)

    def text_to_begin_with(self) -> str:
        """What a new prepared text begins with."""
        return ""

    def _write_text(self, row: CannedRow | None) -> None:
        fields = [
            Field("path", _("Name"), row.path if row else "", _("Folder/Name")),
            Field("language", _("Language"), row.language if row else "", _("de, en, or nothing: any")),
            Field("queue", _("Queue"), row.queue if row else "", _("nothing: any")),
            Field("whose", _("For"), _ALL if row and row.is_shared else "me", "me, all"),
        ]
        text = row.text if row else self.text_to_begin_with()
        help_words = _(
            "{{customer}} {{agent}} {{queue}} {{ticket}} {{subject}} {{free_slots:3}} are filled in · ^S keeps it"
        )
        self._show_form(_("Canned reply"), fields, text, help_words, partial(self._keep_text, row))

    async def _keep_text(self, row: CannedRow | None, values: Mapping[str, str], text: str) -> Outcome:
        folder, _slash, name = values["path"].rpartition("/")
        wanted = CannedText(
            name.strip(),
            text,
            folder.strip(),
            values["queue"].strip(),
            values["language"].strip(),
            is_shared=_is_shared(values),
        )
        outcome = await self.desk_app.do(lambda desk: keep_text(desk, wanted))
        place = (clean_line(wanted.folder, 100), clean_line(wanted.name, 100), wanted.is_shared)
        is_same = row is None or (row.folder, row.name, row.is_shared) == place
        return outcome if is_same or row is None else await self._instead(outcome, drop_text, row.id)

    # -- both

    async def _instead(self, outcome: Outcome, drop: Callable[[Desk, int], Outcome], row_id: int) -> Outcome:
        """It is called something else now: what it was before goes."""
        await self.desk_app.do(lambda desk: drop(desk, row_id))
        return outcome

    def _show_form(self, title: str, fields: Sequence[Field], text: str, help_words: str, save: Save) -> None:
        self.app.push_screen(PreparedForm(title, fields, text, help_words, save), self._kept)

    def _kept(self, outcome: Outcome | None) -> None:
        if outcome is not None:
            self.notice(outcome.text)


def macro_words(one: MacroRow) -> str:
    """A macro in the list of them."""
    return " · ".join(
        filter(
            None, (one.digit or "–", one.name, one.queue, _("everybody's") if one.is_shared else "", _uses(one.uses))
        )
    )


def text_words(one: CannedRow) -> str:
    """A prepared text in the list of them."""
    return " · ".join(
        filter(None, (one.path, one.language, one.queue, _("everybody's") if one.is_shared else "", _uses(one.uses)))
    )


def _uses(count: int) -> str:
    return ngettext("used {n} time", "used {n} times", count) if count else ""


def _is_shared(values: Mapping[str, str]) -> bool:
    word = values["whose"].strip().casefold()
    if word not in (_ALL, "me", ""):
        raise Usage(_("“{word}” is nobody.").format(word=clean_line(word, 40)), _("Write me, or all."))
    return word == _ALL


def _numbers(desk: Desk, ids: Sequence[int]) -> list[int]:
    """The numbers of these tickets, as far as one sees them."""
    return list(desk.ask(numbers_of, ids).values())
