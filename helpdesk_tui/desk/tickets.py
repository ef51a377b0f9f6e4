"""Verbs on the fields of tickets: status, priority, category, queue, tags, due date, summary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.config import CalendarSettings
from helpdesk_tui.desk import gathering, standing
from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.desk.timers import remind_anew
from helpdesk_tui.errors import NotFound, Refused, Usage
from helpdesk_tui.language import _, ngettext
from helpdesk_tui.rules import permissions
from helpdesk_tui.rules.tags import tag_name
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store import search
from helpdesk_tui.store.sight import sees
from helpdesk_tui.store.statements import add_rows
from helpdesk_tui.store.tables import Category, Queue, Tag, TicketTag
from helpdesk_tui.store.tags import tag_named
from helpdesk_tui.terms import DueKind, Outcome, Priority, Status, Verb

Numbers = Sequence[int]
_Edit = Callable[[Changes, Change], None]


@dataclass(frozen=True, slots=True)
class Fields:
    """What `set_fields` changes; None leaves a field alone, "" empties category, due date, summary or resolution."""

    status: Status | None = None
    priority: Priority | None = None
    category: str | None = None
    queue: str | None = None
    due: datetime | str | None = None
    summary: str | None = None
    resolution: str | None = None


def solve(desk: Desk, tickets: Numbers, resolution: str = "") -> Outcome:
    """Mark tickets as solved.

    Args:
        resolution: what solved them, in a line.
    Raises:
        Refused: the queue of one wants a resolution, and there is none.
    """
    return set_fields(desk, tickets, Fields(status=Status.SOLVED, resolution=resolution or None))


def set_status(desk: Desk, tickets: Numbers, status: Status) -> Outcome:
    """Put tickets into a status."""
    return set_fields(desk, tickets, Fields(status=status))


def set_priority(desk: Desk, tickets: Numbers, priority: Priority) -> Outcome:
    """Give tickets a priority."""
    return set_fields(desk, tickets, Fields(priority=priority))


def set_category(desk: Desk, tickets: Numbers, category: str) -> Outcome:
    """Say what tickets are about; "" takes the category away."""
    return set_fields(desk, tickets, Fields(category=category))


def move(desk: Desk, tickets: Numbers, queue: str) -> Outcome:
    """Move tickets, with all that belongs to them, to another queue."""
    return set_fields(desk, tickets, Fields(queue=queue))


def set_fields(desk: Desk, tickets: Numbers, fields: Fields) -> Outcome:
    """Change several fields of several tickets at once: one batch, one undo."""
    verbs = _verbs(fields)
    if not verbs:
        raise Usage(_("Nothing is to be changed."), _("Name at least one of status, priority, category, queue, due."))
    for verb in verbs:
        if reason := permissions.refusal(desk.actor, verb):
            raise Refused(reason, "")
    with desk.change(verbs[0], tickets) as changes:
        wanted = edits(changes.session, fields, desk.settings.calendar)
        for change in changes:
            for edit in wanted:
                edit(changes, change)
        changes.say(_sentence(changes.numbers, fields) + _farewell(changes))
    return changes.outcome


def _farewell(changes: Changes) -> str:
    is_gone = any(not sees(changes.session, change.ticket.queue_id) for change in changes)
    return _(" · out of your sight now, since you do not belong there") if is_gone else ""


def tag(desk: Desk, tickets: Numbers, add: Iterable[str] = (), remove: Iterable[str] = ()) -> Outcome:
    """Put tags on tickets and take others off."""
    wanted, unwanted = {_tag_name(n) for n in add}, {_tag_name(n) for n in remove}
    with desk.change(Verb.TAG, tickets) as changes:
        for change in changes:
            before = tags_of(changes.session, change.ticket.id)
            after = sorted((set(before) | wanted) - unwanted)
            if after != before:
                write_tags(changes.session, change.ticket.id, before, after)
                change.record("tags", before, after)
        signs = [f"+{name}" for name in sorted(wanted)] + [f"-{name}" for name in sorted(unwanted)]
        changes.say(_("{tickets}: tags {signs}").format(tickets=name_tickets(changes.numbers), signs=" ".join(signs)))
    return changes.outcome


def tags_of(session: Session, ticket_id: int) -> list[str]:
    """The tags of a ticket, in order of name."""
    names = select(col(Tag.name)).join(TicketTag, col(TicketTag.tag_id) == col(Tag.id))
    return sorted(session.execute(names.where(col(TicketTag.ticket_id) == ticket_id)).scalars())


def write_tags(session: Session, ticket_id: int, before: Iterable[str], after: Iterable[str]) -> None:
    """Make the tags of a ticket `after`, knowing that they are `before`."""
    for name in sorted(set(after) - set(before)):
        add_rows(session, TicketTag, [{"ticket_id": ticket_id, "tag_id": tag_named(session, name)}])
    if gone := set(before) - set(after):
        ids = select(col(Tag.id)).where(col(Tag.name).in_(gone))
        here = delete(TicketTag).where(col(TicketTag.ticket_id) == ticket_id, col(TicketTag.tag_id).in_(ids))
        session.execute(here.execution_options(synchronize_session=False))


def name_tickets(numbers: Sequence[int]) -> str:
    """Tickets as a sentence names them."""
    return f"#{numbers[0]}" if len(numbers) == 1 else ngettext("{n} ticket", "{n} tickets", len(numbers))


def _verbs(fields: Fields) -> list[Verb]:
    given = {
        Verb.STATUS: fields.status,
        Verb.PRIORITY: fields.priority,
        Verb.CATEGORY: fields.category,
        Verb.QUEUE: fields.queue,
        Verb.DUE: fields.due,
        Verb.SUMMARY: fields.summary,
        Verb.RESOLUTION: fields.resolution,
    }
    return [verb for verb, value in given.items() if value is not None]


def edits(session: Session, fields: Fields, office: CalendarSettings) -> list[_Edit]:
    """What is to be done to each ticket for these fields.

    Raises:
        NotFound: there is no such queue or category.
    """
    found: list[_Edit] = []
    if fields.status is not None:
        found.append(_stand(fields.status, fields.resolution or "", office))
    elif fields.resolution is not None:
        found.append(_resolve(clean_line(fields.resolution, 300) or None))
    if fields.priority is not None:
        found.append(_setter("priority", fields.priority.rank))
    if fields.category is not None:
        found.append(_setter("category_id", _category_id(session, fields.category)))
    if fields.queue is not None:
        found.append(_move_to(_queue_id(session, fields.queue)))
    if fields.summary is not None:
        found.append(_summarise(clean_line(fields.summary, 200) or None))
    if fields.due is not None:
        found.append(_agree(fields.due if isinstance(fields.due, datetime) else None))
    return found


def _stand(status: Status, resolution: str, office: CalendarSettings) -> _Edit:
    def edit(changes: Changes, change: Change) -> None:
        if status is Status.SOLVED:
            standing.solve(changes, change, office, resolution)
        else:
            standing.apply_status(change.ticket, status, changes.now)

    return edit


def _resolve(resolution: str | None) -> _Edit:
    def edit(changes: Changes, change: Change) -> None:
        change.ticket.resolution = resolution
        changes.session.flush()
        search.rebuild(changes.session, change.ticket.id)

    return edit


def _setter(name: str, value: Any) -> _Edit:
    def edit(_changes: Changes, change: Change) -> None:
        setattr(change.ticket, name, value)

    return edit


def _move_to(queue_id: int) -> _Edit:
    def edit(changes: Changes, change: Change) -> None:
        if change.ticket.queue_id != queue_id:
            gathering.end_of_ticket(changes.session, change.ticket.id)
            change.ticket.queue_id = queue_id

    return edit


def _summarise(summary: str | None) -> _Edit:
    def edit(changes: Changes, change: Change) -> None:
        had_one = change.ticket.summary
        change.ticket.summary = summary
        if had_one:
            changes.session.flush()
            search.rebuild(changes.session, change.ticket.id)
        else:
            search.index_more(changes.session, change.ticket.id, [summary or ""])

    return edit


def _agree(due_at: datetime | None) -> _Edit:
    def edit(changes: Changes, change: Change) -> None:
        change.ticket.due_at = due_at
        change.ticket.due_kind = DueKind.AGREED if due_at else None
        remind_anew(changes.session, change.ticket, changes.now)

    return edit


def _category_id(session: Session, name: str) -> int | None:
    if not name:
        return None
    known = dict(session.execute(select(col(Category.name), col(Category.id))).all())
    return _known(known, name, _("category"))


def _queue_id(session: Session, name: str) -> int:
    known = dict(session.execute(select(col(Queue.name), col(Queue.id))).all())
    return _known(known, name, _("queue"))


def _known(known: dict[str, int], name: str, what: str) -> int:
    if name not in known:
        raise NotFound(
            _("There is no {what} {name}.").format(what=what, name=clean_line(name, 80)),
            _("Known: {names}").format(names=", ".join(sorted(known))),
        )
    return known[name]


def _tag_name(text: str) -> str:
    name = tag_name(text)
    if not name:
        raise Usage(_("A tag needs a name."), _("Write +name to add one, -name to remove one."))
    return name


def _due_words(due: datetime | str | None) -> str:
    if isinstance(due, datetime):
        return _("due {when}").format(when=f"{due.astimezone():%Y-%m-%d %H:%M}")
    return "" if due is None else _("no due date")


def _sentence(numbers: Sequence[int], fields: Fields) -> str:
    said = [
        _("status {value}").format(value=fields.status) if fields.status else "",
        _("priority {value}").format(value=fields.priority) if fields.priority else "",
        _("category {value}").format(value=fields.category or _("none")) if fields.category is not None else "",
        _("queue {value}").format(value=fields.queue) if fields.queue else "",
        _due_words(fields.due),
        _("summary changed") if fields.summary is not None else "",
        _("resolution kept") if fields.resolution else "",
    ]
    return f"{name_tickets(numbers)}: {', '.join(filter(None, said))}"
