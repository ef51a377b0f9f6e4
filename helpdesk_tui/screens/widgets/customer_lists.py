"""The two lists of a customer's screen: what happened, by time, and their tickets."""

from __future__ import annotations

from collections.abc import Hashable

from rich.style import Style

from helpdesk_tui.desk.calls import outcome_word
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.screens.phrases import KIND_SIGNS, moment, status_short
from helpdesk_tui.screens.widgets.columns import fit
from helpdesk_tui.screens.widgets.line_list import LineList
from helpdesk_tui.store.queries.customer_history import HappenedRow
from helpdesk_tui.store.queries.tickets import TicketRow
from helpdesk_tui.terms import ENDED, MessageKind

_WHEN, _NUMBER, _STATUS, _WHO = 12, 7, 11, 14
#: What we wrote among ourselves, and what programs wrote, is dimmed.
_QUIET = Style(dim=True)


class HistoryList(LineList[HappenedRow]):
    """A line for each mail, note, call and callback: when, on which ticket, by whom, how it begins."""

    def line(self, row: HappenedRow, width: int) -> str:
        """What is said of what happened."""
        when = moment(row.at, self.now or row.at)
        said = [_kind(row), _about(row)]
        who = fit(clean_line(row.who, _WHO * 2), _WHO)
        rest = width - _WHEN - _NUMBER - _WHO - 3
        if rest < _WHO:  # a narrow screen has no room for who it was
            return f"{fit(when, _WHEN)} #{row.number:<{_NUMBER - 1}} {fit(' '.join(said), max(rest + _WHO + 1, 1))}"
        return f"{fit(when, _WHEN)} #{row.number:<{_NUMBER - 1}} {who} {fit(' '.join(filter(None, said)), rest)}"

    def identity(self, row: HappenedRow) -> Hashable:
        """Its kind and id."""
        return (row.kind is None, row.id)

    def look(self, row: HappenedRow) -> Style | None:
        """Notes and what is automatic are quieter than what was said between them and us."""
        return _QUIET if row.is_automatic or row.kind is MessageKind.NOTE else None


class CustomerTickets(LineList[TicketRow]):
    """A line for each ticket: how it stands, when it was touched last, who has it, what it is about."""

    def line(self, row: TicketRow, width: int) -> str:
        """What is said of a ticket."""
        when = moment(row.updated_at, self.now or row.updated_at)
        head = f"#{row.number:<{_NUMBER - 1}} {fit(status_short(row.status), _STATUS)} {fit(when, _WHEN)}"
        who = fit(row.assignee or "–", _WHO)
        rest = width - _NUMBER - _STATUS - _WHEN - _WHO - 4
        return f"{head} {who} {fit(clean_line(row.subject or '–', 300), max(rest, 1))}"

    def identity(self, row: TicketRow) -> Hashable:
        """The ticket."""
        return row.id

    def look(self, row: TicketRow) -> Style | None:
        """What has ended is quieter than what waits."""
        return _QUIET if row.status in ENDED else None


def history_heading(width: int) -> str:
    """The heads of the columns of what happened."""
    who = f"{fit(_('who'), _WHO)} " if width - _WHEN - _NUMBER - _WHO - 4 >= _WHO else ""
    return f" {fit(_('when'), _WHEN)} {fit('#', _NUMBER)} {who}{_('what')}"


def tickets_heading(_width: int) -> str:
    """The heads of the columns of their tickets."""
    heads = f"{fit('#', _NUMBER)} {fit(_('status'), _STATUS)} {fit(_('last'), _WHEN)} {fit(_('assignee'), _WHO)}"
    return f" {heads} {_('subject')}"


def _kind(row: HappenedRow) -> str:
    return KIND_SIGNS[row.kind] if row.kind is not None else "☎"


def _about(row: HappenedRow) -> str:
    text = clean_line(" ".join(row.text.split()), 300)
    if row.kind is None:
        how = outcome_word(row.outcome) if row.outcome else _("booked")
        return " · ".join(filter(None, (_("callback: {how}").format(how=how), text)))
    subject = clean_line(row.subject, 200) if row.is_first else ""
    return " – ".join(filter(None, (subject, text)))
