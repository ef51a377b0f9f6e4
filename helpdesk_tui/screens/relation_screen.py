"""The keys by which tickets have to do with each other, come back later, and are watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from helpdesk_tui.desk import followups, parting, relations, tickets, watching
from helpdesk_tui.desk.answering import reply_each
from helpdesk_tui.desk.beside import beside
from helpdesk_tui.desk.followups import USUAL_DAYS
from helpdesk_tui.desk.sending import Sending
from helpdesk_tui.errors import HelpdeskError, Refused
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules.promise import read_later
from helpdesk_tui.screens.dialogs.bulk_reply import BULK, NEW, SOLVING, BulkReply, ForMany
from helpdesk_tui.screens.dialogs.dialog import Ask
from helpdesk_tui.screens.person_screen import PersonScreen
from helpdesk_tui.screens.relation_words import relation_word
from helpdesk_tui.store.queries.notices import watchers
from helpdesk_tui.store.queries.relations import Relation, related
from helpdesk_tui.store.queries.setup import resolution_rules
from helpdesk_tui.store.queries.tickets import TicketRow
from helpdesk_tui.terms import ENDED, LinkKind, ResolutionRule, Status


class RelationScreen(PersonScreen):
    """A screen whose keys link, snooze and watch the chosen tickets."""

    # -- later

    def action_snooze(self) -> None:
        """Put the tickets away until a time, or until they answer."""
        if not self.can("snooze"):
            return
        options = [
            ("morning", _("until the office opens next")),
            ("answer", _("until they answer")),
            ("at", _("until another time …")),
        ]
        if len(self.chosen()) == 1:
            back = [ngettext("come back in {n} working day", "come back in {n} working days", n) for n in USUAL_DAYS]
            options += [(f"remind {n}", words) for n, words in zip(USUAL_DAYS, back, strict=True)]
        self.pick(_("Later"), options, partial(self._later_by, self.chosen()))

    def _later_by(self, ids: list[int], way: str) -> None:
        if way == "answer":
            self.act(ids, followups.snooze, None)
        elif way == "morning":
            self.act(ids, followups.snooze_until_opening)
        elif way == "at":
            help_words = _("14:00, tomorrow 9:00, mon, 1.12., +4h of working time, +2d")
            asked = Ask(_("Snoozed until"), help_words, check=self._time_to_come)
            self.app.push_screen(asked, partial(self._snooze_until, ids))
        else:
            days = int(way.removeprefix("remind "))
            self.act(ids, lambda desk, numbers: followups.remind(desk, numbers[0], days))

    def _time_to_come(self, answer: str) -> datetime:
        now = self.desk_app.desk.clock()
        found = read_later(answer, now, self.desk_app.settings.calendar)
        if not isinstance(found, datetime) or found <= now:
            raise Refused(_("That time has passed."), _("Name one that is to come: tomorrow 9:00, mon, +2d."))
        return found

    def _snooze_until(self, ids: list[int], answer: str | None) -> None:
        if answer:
            self.act(ids, followups.snooze, self._time_to_come(answer))

    # -- watching

    def action_watch(self) -> None:
        """Be told what is new on the tickets, or no more."""
        if self.can("watch"):
            self.desk_app.opening(self._turn_watching(self.chosen()))

    async def _turn_watching(self, ids: Sequence[int]) -> None:
        me = self.desk_app.desk.actor.login
        watched = [me in await self.desk_app.read(watchers, one) for one in ids]
        self.act(ids, watching.unwatch if all(watched) else watching.watch)

    # -- relations

    def action_relations(self) -> None:
        """Choose what another ticket is to this one, or take one apart."""
        if self.can("relations"):
            self.desk_app.opening(self._pick_relation(self.chosen()[0]))

    async def _pick_relation(self, ticket_id: int) -> None:
        others = await self.desk_app.read(related, ticket_id)
        around = await self.desk_app.read(beside, ticket_id, self.desk_app.desk.actor)
        options = [_suggested(one) for one in (around.suggestions if around else ())]
        options += [(f"open {one.id}", f"#{one.number} {relation_word(one.is_what)} · {one.subject}") for one in others]
        options += [
            ("link", _("link it to another ticket …")),
            ("parent", _("make it part of another matter …")),
            ("duplicate", _("it is a duplicate of …")),
        ]
        linked = [
            one for one in others if one.is_what not in (Relation.MERGED, Relation.SPLIT_FROM, Relation.SPLIT_OFF)
        ]
        options += [("unlink", _("take a link away …"))] if linked else []
        options += self._more_relations(
            [one.id for one in others if one.is_what is Relation.CHILD and one.status not in ENDED]
        )
        self.pick(_("Relations"), options, partial(self._with_relation, ticket_id))

    def _more_relations(self, parts: Sequence[int]) -> list[tuple[str, str]]:
        row = next(iter(self.chosen_rows()), None)
        if row is None:
            return []
        options = []
        if row.merged_into:
            options.append(("unmerge", _("let it be a ticket of its own again, out of #{n}").format(n=row.merged_into)))
        if row.is_incident:
            hanging = ngettext("its {n} ticket", "its {n} tickets", len(parts))
            words = _("answer it and {tickets}, and solve them").format(tickets=hanging)
            options.append((f"answer {' '.join(map(str, parts))}", words))
            options.append(("end incident", _("it is no incident any more")))
        else:
            options.append(("incident", _("it is an incident: offer it to what looks like it")))
        return options

    def _with_relation(self, ticket_id: int, answer: str) -> None:
        word, _blank, which = answer.partition(" ")
        if word == "open":
            self.open_ticket(int(which))
        elif word in ("parent", "duplicate") and which:
            self._link(ticket_id, word, which)
        elif word == "answer":
            ids = [ticket_id, *map(int, which.split())]
            self.write_to_many(ids, SOLVING)
        elif answer in _ON_ONE:
            self.act([ticket_id], lambda desk, numbers: _ON_ONE[answer](desk, numbers[0]))
        else:
            titles = {
                "link": _("Link it to ticket"),
                "parent": _("Part of the matter of ticket"),
                "duplicate": _("A duplicate of ticket"),
                "unlink": _("Take away the link to ticket"),
            }
            self.app.push_screen(Ask(titles[answer], _("such as 1042")), partial(self._link, ticket_id, answer))

    def write_to_many(self, ids: list[int], begun: ForMany = NEW) -> None:
        """Write one text for many, and send it; what solved them is asked once for all, where it does that."""
        self.app.push_screen(BulkReply(ids, begun), partial(self._answer_all, ids))

    def _answer_all(self, ids: list[int], wanted: ForMany | None) -> None:
        if wanted is None:
            return
        if wanted.then is not Status.SOLVED:
            self._send_to_many(ids, wanted, "")
            return
        asked = Ask(_("What solved it"), _("one line for all of them; empty skips it"))
        self.app.push_screen(asked, partial(self._solve_all, ids, wanted))

    def _solve_all(self, ids: list[int], wanted: ForMany, answer: str | None) -> None:
        if answer is None:
            self.write_to_many(ids, wanted)
        else:
            self._send_to_many(ids, wanted, answer)

    def _send_to_many(self, ids: Sequence[int], wanted: ForMany, resolution: str) -> None:
        sending = replace(self.sending_now(), canned=wanted.canned, remind_in=wanted.remind_in, resolution=resolution)
        self.desk_app.opening(self._sent_to_many(ids, wanted, sending))

    async def _sent_to_many(self, ids: Sequence[int], wanted: ForMany, sending: Sending) -> None:
        """Send one text to many; it stays a draft until that is done."""
        tickets, text, shown = wanted.tickets, wanted.text, wanted.shown
        await self.sent(
            lambda desk: reply_each(desk, tickets, text, then=wanted.then, sending=sending, shown=shown), ids
        )
        self.desk_app.drafts.put(None, BULK, "", lambda _is_saved: None)

    def _link(self, ticket_id: int, way: str, answer: str | None) -> None:
        digits = (answer or "").strip().lstrip("#")
        if not (digits.isdecimal() and len(digits) < 19):
            if digits:
                self.refuse(HelpdeskError(_("{words} is not a ticket number.").format(words=digits[:20])))
            return
        other = int(digits)
        if way == "unlink":
            self.act([ticket_id], lambda desk, numbers: relations.unlink(desk, numbers[0], other))
        else:
            kind = {"link": LinkKind.RELATED, "parent": LinkKind.PARENT, "duplicate": LinkKind.DUPLICATE}[way]
            self.act([ticket_id], lambda desk, numbers: relations.link(desk, numbers[0], other, kind))

    # -- solved

    def action_solve(self) -> None:
        """Mark as solved, and say what solved it."""
        if self.can("solve"):
            self.desk_app.opening(self._ask_resolution(self.chosen()))

    async def _ask_resolution(self, ids: list[int]) -> None:
        """Ask for it, unless the queues of all of them do without."""
        rules = await self.desk_app.read(resolution_rules, ids)
        if rules <= {ResolutionRule.SKIPPED}:
            self.act(ids, tickets.solve)
            return
        rows = self.chosen_rows()
        now = rows[0].resolution or "" if len(rows) == 1 else ""
        is_wanted = ResolutionRule.REQUIRED in rules
        help_words = _("one line, found by search later") if is_wanted else _("one line for later; empty skips it")
        self.app.push_screen(Ask(_("What solved it"), help_words, now), partial(self._solve, ids))

    def _solve(self, ids: list[int], answer: str | None) -> None:
        if answer is not None:
            self.act(ids, tickets.solve, answer)


def _suggested(row: TicketRow) -> tuple[str, str]:
    """To hang it on an incident that it looks like, or to call it a duplicate of what the customer asked before."""
    if row.is_incident:
        return f"parent {row.number}", _("it is part of the incident #{n} · {subject}").format(
            n=row.number, subject=row.subject
        )
    return f"duplicate {row.number}", _("it looks like #{n}: a duplicate · {subject}").format(
        n=row.number, subject=row.subject
    )


_ON_ONE = {
    "unmerge": parting.unmerge,
    "incident": relations.make_incident,
    "end incident": relations.end_incident,
}
