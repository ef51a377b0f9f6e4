"""The life of a ticket, told on one page: with whom it lay and for how long, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.config import CalendarSettings
from helpdesk_tui.errors import NotFound
from helpdesk_tui.language import _
from helpdesk_tui.rules.calendar import parse_calendar
from helpdesk_tui.rules.lifeline import Stretch, Sums, Turn, Where, stretches, sums
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.queries.staff import refusal_by_person
from helpdesk_tui.store.queries.thread import EventRow, events
from helpdesk_tui.store.tables import MailQuarantine, Message, RawMessage, Ticket
from helpdesk_tui.terms import Actor, Party, Status

When = Callable[[datetime], str]


@dataclass(frozen=True, slots=True)
class Life:
    """The stretches of a ticket's life and their sums; names stand there only as far as the asker may see them."""

    number: int
    subject: str
    stretches: tuple[Stretch, ...]
    sums: Sums


def life(session: Session, number: int, asker: Actor, office: CalendarSettings, now: datetime) -> Life:
    """Where the time of a ticket went.

    Raises:
        NotFound: there is no such ticket. Usage: the calendar cannot be read.
    """
    ticket = session.execute(select(Ticket).where(col(Ticket.number) == number)).scalar_one_or_none()
    if ticket is None:
        raise NotFound(_("There is no ticket #{number}.").format(number=number), _("Check the number."))
    names = _Names(session, asker)
    turns = list(_turns(ticket, events(session, ticket.id), names))
    calendar = parse_calendar(office.hours, office.zone)
    found = stretches(_arrival(session, ticket), turns, now, calendar)
    return Life(number, clean_line(ticket.summary or ticket.subject, 200), tuple(found), sums(found))


def told(one: Life, when: When) -> list[str]:
    """The page, line by line, at most 80 columns wide where names are short."""
    lines = [f"#{one.number} {one.subject}", ""]
    for stretch in one.stretches:
        place = place_words()[stretch.where] + (f" ({stretch.who})" if stretch.who else "")
        whole, office = span_words(stretch.length), span_words(stretch.working)
        lines.append(f"{when(stretch.start):<16} {whole:>12} {office:>12}  {place}")
        if stretch.cause:
            lines.append(f"{'':<45}{stretch.cause}")
    head = f"{_('since'):<16} {_('all of it'):>12} {_('office'):>12}  {_('where')}"
    lines.insert(2, head)
    lines += ["", _("in sum")]
    for where, length in one.sums.by_place.items():
        lines.append(f"  {span_words(length):>12}  {place_words()[where]}")
    lines.append(f"  {span_words(one.sums.outside_hours):>12}  {_('with us or unassigned, outside office hours')}")
    lines.append(f"  {span_words(one.sums.whole):>12}  {_('all its life')}")
    return lines


def span_words(length: timedelta) -> str:
    """A length of time to the second, so that a sum can be checked: `2 d 03:04:05`."""
    days, rest = divmod(int(length.total_seconds()), 86_400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days} d {clock}" if days else clock


def place_words() -> dict[Where, str]:
    """With whom it lies, as people say it."""
    return {
        Where.ARRIVING: _("in the mailbox"),
        Where.QUARANTINE: _("in quarantine"),
        Where.UNASSIGNED: _("unassigned"),
        Where.US: _("with us"),
        Where.CUSTOMER: _("with the customer"),
        Where.OTHERS: _("with others"),
        Where.PUT_AWAY: _("put away"),
        Where.DONE: _("done"),
    }


class _Names:
    """Who may be named to this asker."""

    def __init__(self, session: Session, asker: Actor) -> None:
        self._session = session
        self._asker = asker
        self._known: dict[str, str] = {}

    def of(self, login: str | None) -> str | None:
        """The login, or that it is a colleague."""
        if login is None or login == "system":
            return login
        if login not in self._known:
            refusal = refusal_by_person(self._session, self._asker, login)
            self._known[login] = login if refusal is None else _("a colleague")
        return self._known[login]


def _turns(ticket: Ticket, history: list[EventRow], names: _Names) -> Iterator[Turn]:
    """How it stood from each event on that changed with whom it lies."""
    status, party, assignee = _first(ticket, history)
    yield Turn(ticket.created_at, status, party, names.of(assignee), _("it came in"))
    for event in history:
        told = event.changes
        before = (status, party, assignee)
        if "status" in told and told["status"][1]:
            status = Status(told["status"][1])
        if "waiting_for" in told:
            party = Party(told["waiting_for"][1]) if told["waiting_for"][1] else None
        if "assignee" in told:
            assignee = told["assignee"][1]
        if (status, party, assignee) != before:
            yield Turn(event.at, status, party, names.of(assignee), _cause(event, names))


def _first(ticket: Ticket, history: list[EventRow]) -> tuple[Status, Party | None, str | None]:
    """How it stood when it was made: what the first change of each field names as before, else as it stands."""
    firsts: dict[str, str | None] = {}
    for event in history:
        for name, pair in event.changes.items():
            firsts.setdefault(name, pair[0])
    status = Status(firsts.get("status") or ticket.status)
    party = firsts.get("waiting_for", ticket.waiting_for)
    return status, Party(party) if party else None, firsts.get("assignee")


def _cause(event: EventRow, names: _Names) -> str:
    """What happened, and by whom."""
    words = {
        "receive": _("a mail came"),
        "reply": _("an answer was sent"),
        "assign": _("it was assigned"),
        "timer": _("its time had come"),
        "status": _("its status was set"),
        "snooze": _("it was put away"),
        "merge": _("tickets were merged"),
        "hand_over": _("it was handed over"),
        "call": _("a call was made"),
        "log_call": _("a call was written down"),
        "undo": _("something was undone"),
        "queue": _("it was moved"),
    }
    by = names.of(event.actor)
    said = words.get(event.verb, event.verb)
    return said if by in (None, "system") else f"{said} · {by}"


def _arrival(session: Session, ticket: Ticket) -> list[tuple[datetime, Where]]:
    """Where its first mail lay before there was a ticket."""
    first = select(RawMessage).join(Message, col(Message.raw_id) == col(RawMessage.id))
    first = first.where(col(Message.ticket_id) == ticket.id).order_by(col(Message.id)).limit(1)
    raw = session.execute(first).scalar_one_or_none()
    if raw is None or raw.received_at >= ticket.created_at:
        return []
    found = [(raw.received_at, Where.ARRIVING)]
    kept = select(col(MailQuarantine.at)).where(col(MailQuarantine.raw_id) == raw.id)
    quarantined_at = session.execute(kept.order_by(col(MailQuarantine.id)).limit(1)).scalar_one_or_none()
    if quarantined_at is not None and quarantined_at < ticket.created_at:
        found.append((max(quarantined_at, raw.received_at), Where.QUARANTINE))
    return found
